"""What a validation run is told: the plan, the held-out rows, the models and their claims; names files by digest."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.rules.claims import Claim
from monitoring.rules.masks import unquoted
from monitoring.rules.plans import PlanSpecification


@dataclass(frozen=True)
class ModelFile:
    """An inspected model in the store; `features` are what it reads, in order (none: nobody has named them)."""

    name: str
    sha256: str
    media_type: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class ValidationOrder:
    """All that a run needs; `table` is the digest of the held-out rows, columns are {name: Arrow type}.

    `may_quote` tells whether what libraries say, which can quote a row, is kept: not where columns are sensitive.
    """

    plan: PlanSpecification
    table: str
    columns: Mapping[str, str]
    training_columns: Mapping[str, str]
    candidate: ModelFile
    champion: ModelFile | None
    claims: tuple[Claim, ...] = ()
    may_quote: bool = True

    def told(self, message: str) -> str:
        """Return words about the rows as the run may keep them."""
        return message if self.may_quote else unquoted(message)
