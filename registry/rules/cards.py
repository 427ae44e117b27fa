"""The text of a card."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from portal.core.canonical import digest_of
from registry.rules.values import text_problems


@dataclass(frozen=True)
class CardText:
    """What a card revision says."""

    intended_use: str
    limitations: str
    out_of_scope_use: str

    def as_fields(self) -> Mapping[str, str]:
        """Return the texts by field."""
        return asdict(self)

    def digest(self) -> str:
        """Return the identity of the text; raises ValueError for what can't be stored."""
        return digest_of(asdict(self))


def problems(text: CardText) -> dict[str, list[str]]:
    """Return what is wrong with the text, by field."""
    return text_problems(text.as_fields())
