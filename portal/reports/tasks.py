"""Long work of the reports app."""

from portal.jobs.decorators import job
from portal.jobs.progress import JobProgress
from portal.reports import services
from portal.reports.choices import MAKE_PACK
from portal.reports.runners import rendering


@job(MAKE_PACK)
def make_pack(pack_id: int, progress: JobProgress) -> None:
    """Freeze the evidence, render it, keep both files."""
    with progress.first_step():
        order = services.begin_pack(pack_id=pack_id)
    content_digest, pdf = rendering.render(order.snapshot, progress)
    with progress.last_step():
        services.finish_pack(order=order, rendered=services.RenderedPack(content_digest, pdf))
