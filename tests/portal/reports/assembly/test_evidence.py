import pytest

from portal.reports.assembly.evidence import validation_part
from tests.factories.monitoring import FinishedRunFactory

pytestmark = pytest.mark.django_db


def test_levels_not_assessed_stand_under_their_own_column() -> None:
    levels = [("carrier", "large"), ("origin", "large"), ("carrier", "small")]
    run = FinishedRunFactory.create(
        also_measured=[
            {
                "name": "auc", "measured": "candidate", "slice_column": column, "slice_level": level, "n": 9,
                "unit": "row", "reason": "9 rows; 400 are needed.",
            }
            for column, level in levels
        ]
    )  # fmt: skip
    part = validation_part(run)
    assert part is not None
    found = {one["column"]: [level["level"] for level in one["levels"]] for one in part["segments"]}
    assert len(found) == len(part["segments"])
    assert found["carrier"][-2:] == ["large", "small"]
