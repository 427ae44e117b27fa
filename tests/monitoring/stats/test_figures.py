import math
from typing import Any

import pytest

from monitoring.stats.figures import BrierParts, Measurement, ScoreHistogram


def measurement(**changes: Any) -> Measurement:
    values: dict[str, Any] = {
        "subject": "candidate", "name": "auc", "value": 0.7, "lower": 0.6, "upper": 0.8, "standard_error": 0.05,
        "n": 10, "unit": "row", "n_units": 10,
    }  # fmt: skip
    return Measurement(**values | changes)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="say None and why"):
        measurement(value=value)
    with pytest.raises(ValueError, match=r"ScoreHistogram\.edges"):
        ScoreHistogram("candidate", (0.0, value), (1,), (1,))


def test_records_come_back_from_their_json() -> None:
    histogram = ScoreHistogram("candidate", (0.0, 1.0), (3,), ())
    assert (
        ScoreHistogram.from_dict({**vars(histogram), "edges": [0.0, 1.0], "negatives": [3], "positives": []})
        == histogram
    )
    assert Measurement.from_dict(vars(measurement())) == measurement()


def test_a_record_with_missing_fields_is_refused() -> None:
    with pytest.raises(TypeError):
        BrierParts.from_dict({"subject": "candidate"})
