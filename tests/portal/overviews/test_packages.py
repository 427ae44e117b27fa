import pytest

from portal.overviews.packages import bill_of, packages_of
from registry.choices import ArtifactRole
from registry.models import ModelVersion
from registry.rules.kinds import MOST_PACKAGES
from tests.factories.registry import ArtifactFactory, VersionFactory

pytestmark = pytest.mark.django_db


def with_lock(packages: dict[str, str]) -> ModelVersion:
    version: ModelVersion = VersionFactory.create()
    ArtifactFactory.create(version=version)
    read = {"verdict": "accepted", "details": {"packages": packages}}
    ArtifactFactory.create(version=version, name="lock", role=ArtifactRole.ENVIRONMENT, inspection=read)
    return version


def test_packages_are_those_that_inspection_read_in_order() -> None:
    assert list(packages_of(with_lock({"scipy": "1.17", "numpy": "2.4"}))) == ["numpy", "scipy"]
    assert packages_of(VersionFactory.create()) == {}


def test_a_bill_names_model_and_lock_by_their_bytes() -> None:
    version = with_lock({"numpy": "2.4"})
    bill = bill_of(version)
    assert bill is not None
    assert (bill.model, bill.number, bill.cut) == (version.model.slug, 1, False)
    assert {bill.model_sha256, bill.lock_sha256} == {artifact.sha256 for artifact in version.artifacts.all()}
    assert bill_of(with_lock({})) is None


def test_a_lock_longer_than_is_kept_is_told_as_cut() -> None:
    bill = bill_of(with_lock({f"package-{number}": "1" for number in range(MOST_PACKAGES)}))
    assert bill is not None
    assert bill.cut
