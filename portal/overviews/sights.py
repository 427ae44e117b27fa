"""What somebody may see of a dataset's columns: the one place where values are masked.

Pages, API, files and evidence packs all come here. Without the grant nothing of a sensitive column is handed on but its
name and its type; where a run's rows were cut by it, its levels go by a number.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from monitoring.choices import Measured
from monitoring.models import Measurement, ValidationRun
from monitoring.rules.masks import COLUMN_MASKED, TOO_FEW, UNKNOWN, MaskedLevel, masked_levels, masked_results
from portal.core.actors import Actor
from registry.models import Dataset
from registry.rules.datasheets import is_sensitive
from registry.selectors import sensitive_columns


@dataclass(frozen=True)
class Sight:
    """What somebody may see of a dataset's columns; the sensitive ones are those of the datasheet in force."""

    sensitive: Sequence[str]
    sees_sensitive: bool

    def masks(self, column: str) -> bool:
        """Whether the values of a column are kept from them."""
        return not self.sees_sensitive and is_sensitive(column, self.sensitive)

    def of(self, values: dict[str, Any], column: str) -> dict[str, Any] | None:
        """Return a column's summary or cells; None where they are masked."""
        return None if self.masks(column) else values

    def masked_among(self, columns: Iterable[str]) -> list[str]:
        """Return which of some columns are masked, each once."""
        return [column for column in dict.fromkeys(columns) if self.masks(column)]


def sight_of(actor: Actor, dataset: Dataset) -> Sight:
    """Return what the actor may see of the dataset's columns."""
    return Sight(sensitive_columns(dataset), actor.may("read_sensitive", dataset.team_id))


def sight_of_nobody(dataset: Dataset) -> Sight:
    """Return what everybody may see: for documents that are handed on."""
    return Sight(sensitive_columns(dataset), sees_sensitive=False)


def seen_results(run: ValidationRun, sight: Sight) -> dict[str, Any]:
    """Return a run's results as far as they may be seen; empty until it has any."""
    return masked_results(run.results or {}, sight.masks, label=run.plan.specification.get("label_column", ""))


def seen_measurements(run: ValidationRun, sight: Sight) -> list[Measurement]:
    """Return what a run measured as far as it may be seen: of masked columns copies, which are never saved."""
    levels = masked_levels(run.results or {}, sight.masks)
    return [_masked(one, levels) if sight.masks(one.slice_column) else one for one in run.measurements.all()]


def _masked(one: Measurement, levels: Mapping[tuple[str, str], MaskedLevel]) -> Measurement:
    found = copy(one)
    if one.measured == Measured.DATA:
        found.value, found.reason = None, COLUMN_MASKED
        return found
    found.slice_level, small = levels.get((one.slice_column, one.slice_level), UNKNOWN)
    if small:
        found.value = found.lower = found.upper = None
        found.n, found.reason = None, TOO_FEW  # type: ignore[assignment]
    return found
