"""Queries: what nobody reads is refused, because a misspelt filter would show everything."""

from collections.abc import Set as AbstractSet

from django.http import QueryDict
from rest_framework.exceptions import ValidationError


def refuse_unknown(query: QueryDict, known: AbstractSet[str]) -> None:
    """Raise ValidationError for a parameter that is not known here, or that is given more than once."""
    words = f"Known here: {', '.join(sorted(known))}." if known else "None is known here."
    found = {name: [f"There is no such parameter. {words}"] for name in sorted(query) if name not in known}
    found |= {name: ["Given more than once."] for name in query if name in known and len(query.getlist(name)) > 1}
    if found:
        raise ValidationError({name[:100]: texts for name, texts in found.items()})
