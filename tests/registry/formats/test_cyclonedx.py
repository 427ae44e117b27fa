"""The bill is CycloneDX as its own strict validator reads it."""

import json
from datetime import UTC, datetime

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from registry.formats.cyclonedx import Bill, bill_of_materials

AT = datetime(2026, 11, 28, 1, 15, tzinfo=UTC)
VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9][A-Za-z0-9.+!-]{0,20}", fullmatch=True)


def bill(packages: dict[str, str], *, cut: bool = False) -> Bill:
    return Bill("late-arrival", 3, "a" * 64, "b" * 64, packages, AT, cut=cut)


@given(st.dictionaries(NAMES, VERSIONS, max_size=5))
@settings(max_examples=25, deadline=None)
def test_any_lock_becomes_a_bill_that_is_valid_and_names_every_package(packages: dict[str, str]) -> None:
    made = bill_of_materials(bill(packages))
    assert VALIDATOR.validate_str(json.dumps(made)) is None
    read = [PackageURL.from_string(one["purl"]) for one in made["components"]]
    pinned = {(name.lower().replace("_", "-"), version) for name, version in packages.items()}
    assert {(one.name, one.version) for one in read} == pinned


def test_the_same_version_has_the_same_bill_and_another_has_another() -> None:
    made = bill_of_materials(bill({"numpy": "2.4.6"}))
    assert made == bill_of_materials(bill({"numpy": "2.4.6"}))
    other = bill_of_materials(Bill("late-arrival", 4, "a" * 64, "b" * 64, {}, AT))
    assert made["serialNumber"] != other["serialNumber"]


def test_it_says_what_it_does_not_know() -> None:
    made = bill_of_materials(bill({"numpy": "2.4.6"}))
    assert made["components"][0]["properties"] == [{"name": "countersign:licence", "value": "unknown"}]
    assert made["compositions"] == [{"aggregate": "unknown", "dependencies": ["model"]}]
    assert bill_of_materials(bill({}, cut=True))["compositions"][0]["aggregate"] == "incomplete"
