"""A release's evidence packs: the progress of those that are being made, the files of those that are."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.blobs.downloads import Download, download_of
from portal.jobs.models import Job
from portal.overviews.work import WorkDone, work_of
from portal.reports.models import EvidencePack
from registry.models import Release

TYPES = {"pdf": "application/pdf", "json": "application/json"}


@dataclass(frozen=True)
class PackLine:
    """An evidence pack, and where its making is; None once it has ended."""

    pack: EvidencePack
    work: WorkDone | None


def pack_lines(release: Release) -> list[PackLine]:
    """Return the release's packs, newest first."""
    packs = list(EvidencePack.objects.filter(release=release).select_related("pdf", "snapshot", "requested_by"))
    jobs = Job.objects.in_bulk([pack.job_id for pack in packs if pack.job_id and pack.finished_at is None])
    return [PackLine(pack, None if pack.finished_at else work_of(jobs.get(pack.job_id or 0))) for pack in packs]


def working(lines: Sequence[PackLine]) -> bool:
    """Return whether a pack is still being made."""
    return any(line.work is not None for line in lines)


def pack_file(pack: EvidencePack, kind: str) -> Download | None:
    """Return the pack's pdf or json as a download; None where it has none of that kind."""
    blob = {"pdf": pack.pdf, "json": pack.snapshot}.get(kind)
    if blob is None:
        return None
    version = pack.release.released
    name = f"{pack.name}-{version.model.slug}-v{version.number}.{kind}"
    return download_of(blob, name=name, media_type=TYPES[kind])
