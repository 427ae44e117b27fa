"""What a version's environment lock pins, and the bill of materials that it makes."""

from registry.choices import ArtifactRole
from registry.formats.cyclonedx import Bill
from registry.models import ModelVersion
from registry.rules.kinds import MOST_PACKAGES


def packages_of(version: ModelVersion) -> dict[str, str]:
    """Return the packages pinned in the version's environment lock, as inspection read them; {} where it read none."""
    for artifact in version.artifacts.all():
        if artifact.role == ArtifactRole.ENVIRONMENT:
            packages: dict[str, str] = (artifact.inspection.get("details") or {}).get("packages") or {}
            return dict(sorted(packages.items()))
    return {}


def bill_of(version: ModelVersion) -> Bill | None:
    """Return what the version's bill of materials is made of; None where no lock with pinned packages came with it."""
    files = {artifact.role: artifact for artifact in version.artifacts.all()}
    model, lock, packages = files.get(ArtifactRole.MODEL), files.get(ArtifactRole.ENVIRONMENT), packages_of(version)
    if model is None or lock is None or not packages:
        return None
    return Bill(
        model=version.model.slug,
        number=version.number,
        model_sha256=model.sha256,
        lock_sha256=lock.sha256,
        packages=packages,
        at=version.sealed_at or version.created_at,
        cut=len(packages) >= MOST_PACKAGES,
    )
