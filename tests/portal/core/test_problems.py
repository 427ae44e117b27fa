from django.conf import settings

from portal.core.problems import problem


def test_problem_says_what_happened_and_where() -> None:
    document = problem(status=422, code="slug_taken", detail="Taken.", fields={"slug": ["Another model has it."]})
    assert document == {
        "type": f"{settings.PUBLIC_URL}/problems/slug_taken",
        "title": "The name is taken",
        "status": 422,
        "code": "slug_taken",
        "detail": "Taken.",
        "errors": [{"field": "slug", "messages": ["Another model has it."]}],
    }


def test_problem_without_fields_has_no_errors() -> None:
    assert "errors" not in problem(status=404, code="not_found", detail="Nothing here.")


def test_code_that_no_table_holds_has_the_titles_of_http() -> None:
    assert problem(status=409, code="brand_new", detail="So it is.")["title"] == "Conflict"
