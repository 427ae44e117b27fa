from portal.core.problems import problem


def test_problem_says_what_happened_and_where() -> None:
    document = problem(status=422, code="slug_taken", detail="Taken.", fields={"slug": ["Another model has it."]})
    assert document == {
        "type": "urn:countersign:problem:slug_taken",
        "title": "Unprocessable Entity",
        "status": 422,
        "code": "slug_taken",
        "detail": "Taken.",
        "errors": [{"field": "slug", "messages": ["Another model has it."]}],
    }


def test_problem_without_fields_has_no_errors() -> None:
    assert "errors" not in problem(status=404, code="not_found", detail="Nothing here.")
