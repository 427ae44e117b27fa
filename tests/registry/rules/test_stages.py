import pytest

from registry.choices import Stage
from registry.rules.stages import Candidate, problems

ADA = Candidate(1, is_person=True, is_active=True, sees_model=True)
BO = Candidate(2, is_person=True, is_active=True, sees_model=True)


def test_two_people_who_may_read_the_model_answer_for_a_stage() -> None:
    assert problems(owner=ADA, backup=BO, response_hours=1) == {}
    assert problems(owner=None, backup=None, response_hours=720) == {}


@pytest.mark.parametrize(
    ("unfit", "words"),
    [
        (Candidate(3, is_person=False, is_active=True, sees_model=True), "service account"),
        (Candidate(3, is_person=True, is_active=False, sees_model=False), "deactivated"),
        (Candidate(3, is_person=True, is_active=True, sees_model=False), "may not read the model"),
    ],
)
def test_who_can_not_answer_is_told_why_by_field(unfit: Candidate, words: str) -> None:
    for field, found in (
        ("owner", problems(owner=unfit, backup=BO, response_hours=None)),
        ("backup", problems(owner=ADA, backup=unfit, response_hours=None)),
    ):
        assert set(found) == {field}
        assert words in found[field][0]


def test_nobody_stands_in_for_themselves() -> None:
    assert set(problems(owner=ADA, backup=ADA, response_hours=None)) == {"backup"}


@pytest.mark.parametrize("hours", [-1, 0, 721])
def test_a_response_time_is_an_hour_to_a_month(hours: int) -> None:
    assert set(problems(owner=None, backup=None, response_hours=hours)) == {"response_hours"}


def test_each_stage_stands_before_a_gate() -> None:
    assert [stage.gate for stage in Stage] == [
        "data gate", "data gate", "training gate", "release gate", "release gate", "serving gate",
    ]  # fmt: skip
    assert all(stage.closed.endswith(".") for stage in Stage)
