import json

from portal.reports.runners.presentation import values_of


def test_a_share_too_small_to_count_is_printed_as_a_bound_and_the_gates_limits_are_named(snapshot: bytes) -> None:
    document = json.loads(snapshot)
    [first, *_] = document["validation"]["results"]["calibration_errors"]
    first["share_as_large"] = 0.0
    document["gate"]["checks"][0]["read"] = {
        "validation.calibration_slope_lower": 0.9,
        "validation.calibration_intercept_upper": 0.1,
    }
    values = values_of(document, content_digest="0" * 64, pdf_name="pack.pdf", snapshot_bytes=1)
    assert values["errors"][0]["as_large"] == "< 0.2\u202f%"
    assert values["judged"].startswith("The gate judges slope and intercept")


def test_the_gate_is_not_said_to_judge_calibration_when_it_does_not(snapshot: bytes) -> None:
    document = json.loads(snapshot)
    for check in document["gate"]["checks"]:
        check["read"] = {}
    assert not values_of(document, content_digest="0" * 64, pdf_name="pack.pdf", snapshot_bytes=1)["judged"]
