import pytest
from django import forms

from portal.core.errors import Conflict, Invalid
from portal.ui.forms import VerbForm, WrittenField


class RenameForm(VerbForm):
    name = forms.CharField()


def form() -> RenameForm:
    made = RenameForm({"name": "delay"})
    assert made.is_valid()
    return made


def test_the_verb_gets_the_values_and_its_result_comes_back() -> None:
    def rename(*, name: str) -> str:
        return name.upper()

    assert form().attempt(rename, name="delay") == "DELAY"


def test_a_refusal_stands_in_the_form_and_under_its_field() -> None:
    def refuse() -> str:
        raise Invalid("The name is taken.", fields={"name": ["Choose another."], "team": ["Not yours."]})

    bound = form()
    assert bound.attempt(refuse) is None
    assert bound.errors["name"] == ["Choose another."]
    assert bound.non_field_errors() == ["The name is taken.", "Not yours."]
    assert bound.refusal is not None
    assert bound.refusal.status == 422


def test_a_refusal_that_only_points_at_its_fields_is_not_said_twice() -> None:
    def refuse() -> str:
        raise Invalid("It can't be renamed; see the field.", fields={"name": ["Choose another."]})

    bound = form()
    bound.attempt(refuse)
    assert bound.errors == {"name": ["Choose another."]}


def test_a_refusal_without_fields_is_the_forms_own() -> None:
    def refuse() -> str:
        raise Conflict("Version 3 is sealed.")

    bound = form()
    bound.attempt(refuse)
    assert bound.non_field_errors() == ["Version 3 is sealed."]
    assert not bound.is_valid()


def test_a_defect_is_not_hidden() -> None:
    def break_down() -> str:
        raise RuntimeError("defect")

    with pytest.raises(RuntimeError):
        form().attempt(break_down)


def test_a_longer_text_says_that_markdown_is_understood() -> None:
    assert WrittenField(rows=4, help_text="Why.").help_text == "Why. Markdown is understood."
    assert WrittenField(rows=4).widget.attrs["rows"] == 4
