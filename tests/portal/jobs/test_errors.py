from portal.core.errors import Invalid
from portal.jobs.errors import problem_of


def test_refusal_keeps_its_words_and_fields() -> None:
    body = problem_of(Invalid("The file has no column y.", fields={"y": ["Missing."]}))
    assert (body["status"], body["code"], body["detail"]) == (422, "invalid", "The file has no column y.")
    assert body["errors"] == [{"field": "y", "messages": ["Missing."]}]


def test_defect_shows_its_name_but_not_its_words() -> None:
    body = problem_of(ValueError("row of nora@example.org"))
    assert body["code"] == "defect"
    assert "ValueError" in body["detail"]
    assert "nora" not in str(body)
