import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.charts import marks
from portal.charts.marks import Estimate
from portal.charts.palette import PAPER

DIGEST = "7c1e09d4b6a83f52" * 4


def test_same_bytes_give_the_same_seal_and_others_another() -> None:
    assert marks.seal(DIGEST) == marks.seal(DIGEST)
    assert marks.seal(DIGEST) != marks.seal("8d" + DIGEST[2:])


def test_a_void_seal_is_struck_through_and_an_open_one_has_no_rosette() -> None:
    assert "M8 92L92 8" in marks.seal(DIGEST, state="void")
    assert "ellipse" not in marks.seal(DIGEST, state="open")


def test_a_seal_on_paper_names_no_property_of_the_page() -> None:
    assert "var(" not in marks.seal(DIGEST, palette=PAPER)


@pytest.mark.parametrize(
    "drawn",
    [
        marks.seal(DIGEST, label='a "label" & <more>'),
        marks.interval(Estimate(0.6, 0.7, 0.8), start=0.5, end=1, limit=0.65, production=0.62, label="<b>"),
        marks.pair(Estimate(0.6, 0.7, 0.8), Estimate(0.7, 0.75, 0.8), start=0.5, end=1),
        marks.share(0.1, 0.9, end=1),
        marks.sparkline([0.1, None, 0.3, 0.2], limit=0.25),
    ],
)
def test_marks_are_well_formed_and_carry_no_style(drawn: str) -> None:
    root = ET.fromstring(drawn)  # noqa: S314 (drawn by us)
    assert root.tag.endswith("svg")
    assert "style" not in drawn
    assert root.get("role") == "img" or root.get("aria-hidden") == "true"


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_an_interval_never_leaves_its_box(low: float, value: float, high: float) -> None:
    drawn = marks.interval(Estimate(low, value, high), start=-1, end=1, width=150)
    places = [float(x) for x in re.findall(r'cx="([-\d.]+)"', drawn)]
    assert all(0 <= x <= 150 for x in places)


def test_a_scale_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="shows nothing"):
        marks.interval(Estimate(1, 1, 1), start=1, end=1)
