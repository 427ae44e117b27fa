"""A form whose verb asks for the password once more, as often as the limit of wrong ones allows."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from portal.core.actors import Actor
from portal.core.throttles import PASSWORD, TooManyTries, give_back, take
from portal.ui.forms import VerbForm

Result = TypeVar("Result")


class PasswordForm(VerbForm):
    """The password of who acts, entered again, and whatever else a form adds."""

    password = forms.CharField(
        label="Your password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def attempt_as(self, actor: Actor, verb: Callable[..., Result], **given: Any) -> Result | None:
        """Call the verb with the fields of this form; a try counts unless the password was right."""
        if wait := take((PASSWORD, actor.id)):
            refused = TooManyTries("Too many wrong passwords; nothing was done.", wait=wait)
            self.add_error("password", refused.message)
            return None
        result = self.attempt(verb, actor=actor, **given, **self.cleaned_data)
        if "password" not in self.errors:
            give_back((PASSWORD, actor.id))
        return result
