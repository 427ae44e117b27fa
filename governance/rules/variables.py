"""What an expression of a policy may read: one typed table. A value that is missing is missing, never a default."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitoring.stats import binary, regression


class VariableType(StrEnum):
    """The type of a variable, by its CEL name."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    STRINGS = "list(string)"


Value = bool | int | float | str | list[str] | None


@dataclass(frozen=True)
class Variable:
    """A value that expressions may read; `judges_run` marks what comes from the validation run (invariant 17)."""

    name: str
    type: VariableType
    meaning: str
    judges_run: bool = False


_METRICS = tuple(dict.fromkeys((*binary.METRICS, *regression.METRICS)))
_COMPARED = tuple(dict.fromkeys((*binary.COMPARED, *regression.COMPARED)))

_PLAIN = (
    ("version.sealed", VariableType.BOOL, "The version passed inspection in the cage and is sealed."),
    ("model.tier", VariableType.INT, "1 is the highest impact, 3 the lowest."),
    ("model.task", VariableType.STRING, "What the model does, such as binary or regression."),
    ("card.published", VariableType.BOOL, "A revision of the model's card is published."),
    ("card.complete", VariableType.BOOL, "The published card says intended use, limitations and out-of-scope use."),
    ("people.commit_authors", VariableType.INT, "How many commit authors the training run names."),
    (
        "people.authors_known",
        VariableType.BOOL,
        "The training run names its commit authors and each is a person with an account here.",
    ),
    (
        "training.commit_verified",
        VariableType.BOOL,
        "A key that the team trusts signed the commit that was sent, or the token of a CI job that it trusts names it.",
    ),
    (
        "stages.without_owner",
        VariableType.INT,
        "Stages of the model’s pipeline, of six, that nobody owns, or only somebody whose account was closed.",
    ),
    ("tier.assessed", VariableType.BOOL, "The tier rests on answers to the questionnaire; it was not given by hand."),
    (
        "tier.independent",
        VariableType.BOOL,
        "Those answers are the second line’s: of a validator who had no hand in the model.",
    ),
    (
        "findings.open",
        VariableType.INT,
        "Findings about the version, or about its model as a whole, that are not closed.",
    ),
    ("findings.open_high", VariableType.INT, "Those among them of high severity."),
    ("findings.overdue", VariableType.INT, "Those among them whose due time has passed."),
    ("documents.valid", VariableType.INT, "Documents about the model that are valid on the day of the evaluation."),
    (
        "documents.expired",
        VariableType.INT,
        "Documents about the model whose time is over, and that were neither replaced nor withdrawn.",
    ),
    (
        "documents.valid_kinds",
        VariableType.STRINGS,
        "The kinds of those that are valid, such as vendor_report; with none it has no value.",
    ),
    ("production.exists", VariableType.BOOL, "Another version of the model is active in production."),
)
_OF_RUN = (
    ("validation.passed", VariableType.BOOL, "The newest finished validation run of the version passed."),
    ("validation.state", VariableType.STRING, "The state in which that run ended."),
    ("validation.age_days", VariableType.DOUBLE, "Days since that run finished."),
    ("validation.rows", VariableType.INT, "Held-out rows that were scored."),
    ("validation.units", VariableType.INT, "Resampling units among those rows, such as days."),
    (
        "comparison.current",
        VariableType.BOOL,
        "The run compared with the version that production runs now, or neither has one.",
    ),
    ("comparison.metrics", VariableType.INT, "Metrics with a margin that were compared with production."),
    (
        "comparison.unproven",
        VariableType.INT,
        "Compared metrics that are worse than production, or not shown to be within the margin.",
    ),
    ("data.held_out_apart", VariableType.BOOL, "The held-out snapshot is not the training snapshot."),
    ("data.missing_share_max", VariableType.DOUBLE, "The highest share of missing values in a used column, 0 to 1."),
    ("claims.total", VariableType.INT, "Metrics that the submitter claims."),
    ("claims.refuted", VariableType.INT, "Claims that recomputing refutes."),
    ("claims.not_comparable", VariableType.INT, "Claims that could not be compared."),
    ("segments.declared", VariableType.INT, "Slices that the plan declares."),
    ("segments.assessed", VariableType.INT, "Levels of slices with enough rows to be assessed."),
    ("segments.bare", VariableType.INT, "Declared slices of which no level could be assessed."),
)


def _measured() -> Iterator[Variable]:
    for name in _METRICS:
        words = name.replace("_", " ")
        for suffix, what in (("", "value"), ("_lower", "lower 95 % limit"), ("_upper", "upper 95 % limit")):
            meaning = f"The candidate's {words} over all held-out rows: {what}."
            yield Variable(f"validation.{name}{suffix}", VariableType.DOUBLE, meaning, judges_run=True)
    for name in _COMPARED:
        words = name.replace("_", " ")
        for suffix, what in (("", "value"), ("_lower", "lower 95 % limit"), ("_upper", "upper 95 % limit")):
            meaning = f"Candidate minus production in {words}, on the same rows: {what}; missing without production."
            yield Variable(f"comparison.{name}{suffix}", VariableType.DOUBLE, meaning, judges_run=True)


VARIABLES: tuple[Variable, ...] = (
    *(Variable(*row) for row in _PLAIN),
    *(Variable(*row, judges_run=True) for row in _OF_RUN),
    *_measured(),
)
"""Every variable, in the order in which policies' pages list them."""
BY_NAME: Mapping[str, Variable] = {variable.name: variable for variable in VARIABLES}


def unusable(variable: Variable, values: Mapping[str, object]) -> str:
    """Return why the value can't be read, in words; empty where it is present, finite, of its type and not empty."""
    value = values.get(variable.name)
    if value is None:
        return f"{variable.name} has no value"
    if variable.type is VariableType.STRINGS:
        return _unusable_list(variable.name, value)
    # bool is an int to Python, never to a policy.
    if isinstance(value, bool) is not (variable.type is VariableType.BOOL):
        return f"{variable.name} is not of type {variable.type}"
    if variable.type is VariableType.DOUBLE and isinstance(value, float) and not math.isfinite(value):
        return f"{variable.name} is {value}, not a finite number"
    kinds = {VariableType.BOOL: bool, VariableType.INT: int, VariableType.DOUBLE: float, VariableType.STRING: str}
    if not isinstance(value, kinds[variable.type]):
        return f"{variable.name} is not of type {variable.type}"
    return f"{variable.name} is empty" if value == "" else ""


def storable(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values as JSON can hold them: NaN and infinities become their names, which are as unusable."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }


def _unusable_list(name: str, value: object) -> str:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return f"{name} is not of type {VariableType.STRINGS}"
    return "" if value else f"{name} is empty"
