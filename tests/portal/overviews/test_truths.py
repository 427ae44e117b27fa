import pytest
from django import forms

from portal.overviews.truths import TruthField


@pytest.mark.parametrize(("said", "heard"), [("true", True), ("false", False), ("", None), (None, None)])
def test_true_false_and_nothing_are_told_apart(said: str | None, heard: object) -> None:
    assert TruthField(required=False).clean(said) is heard


@pytest.mark.parametrize("said", ["1", "True", "null", "yes", "tru e"])
def test_every_other_word_is_refused(said: str) -> None:
    with pytest.raises(forms.ValidationError, match="Say true or false"):
        TruthField(required=False).clean(said)
