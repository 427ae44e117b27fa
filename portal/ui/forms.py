"""A form that hands its values to a service and shows what a rule refused."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django import forms

from portal.core.errors import DomainError

Given = ParamSpec("Given")
Result = TypeVar("Result")
POINTERS = ("; see the field.", "; see the fields.")
"""How a refusal ends that says nothing but where to look."""


class WrittenField(forms.CharField):
    """A longer text, which pages show as Markdown; its help says so."""

    def __init__(self, *, rows: int = 3, help_text: str = "", **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(widget=widget, help_text=f"{help_text} Markdown is understood.".strip(), **kwargs)


class VerbForm(forms.Form):
    """A form for one verb of the domain."""

    required_css_class = "required"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal: DomainError | None = None

    def attempt(self, verb: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result | None:
        """Call the verb and return its result, or None after a refusal, which the form then shows.

        The verb's own transaction has rolled back by then. Only DomainError is caught: all else is a defect.
        """
        try:
            return verb(*args, **kwargs)
        except DomainError as refused:
            self.refusal = refused
            self._take_over(refused)
            return None

    def _take_over(self, refused: DomainError) -> None:
        """Put each message under its field; one about no field of this form joins the form's own.

        One that only points at fields says no more than the form's heading and what stands under them.
        """
        points = refused.message.endswith(POINTERS) and refused.fields.keys() <= self.fields.keys()
        elsewhere = [] if points else [refused.message]
        for name, texts in refused.fields.items():
            for text in texts:
                if name in self.fields:
                    self.add_error(name, text)
                else:
                    elsewhere.append(text)
        for text in dict.fromkeys(elsewhere):
            self.add_error(None, text)
