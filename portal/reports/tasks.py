"""Long work of the reports app."""

from portal.core.progress import Progress
from portal.jobs.decorators import job
from portal.reports import services
from portal.reports.choices import MAKE_PACK
from portal.reports.runners import rendering


@job(MAKE_PACK)
def make_pack(pack_id: int, progress: Progress) -> None:
    """Freeze the evidence, render it, keep both files."""
    order = services.begin_pack(pack_id=pack_id)
    content_digest, pdf = rendering.render(order.snapshot, progress)
    services.finish_pack(order=order, rendered=services.RenderedPack(content_digest, pdf))
