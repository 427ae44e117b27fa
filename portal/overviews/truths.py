"""Filters that are true or false."""

from typing import Any

import django_filters
from django import forms


class TruthField(forms.NullBooleanField):
    """`true`, `false` or nothing. To Django's own field other words are nothing, and the list would show everything."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> bool | None:  # type: ignore[override]  # as Django's own, which the stubs miss
        """Return what was said; raises ValidationError for any other word."""
        if value in self.empty_values:
            return None
        if value not in {"true", "false"}:
            raise forms.ValidationError("Say true or false.")
        return bool(value == "true")


class TruthFilter(django_filters.BooleanFilter):  # type: ignore[misc]  # django-filter ships no types
    """Rows of which something is so, or is not."""

    field_class = TruthField
