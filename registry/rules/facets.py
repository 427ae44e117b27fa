"""Facets of OpenLineage events: which are understood, and what each says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from portal.core.canonical import canonical_json
from registry.rules.values import DIGEST, LARGEST_INTEGER, is_text, repository_problems, text_problems
from registry.rules.versions import MOST_HYPERPARAMETERS

OWN = "countersign_training"
"""Our own facet of a run: what OpenLineage has no facet for."""
MOST_COLUMNS, LONGEST_COLUMN = 10_000, 200
LONGEST_HARDWARE = 200
LONGEST_FAILURE = 2000
MOST_UNREAD = 200
_KEPT = "Kept with the event; nothing here reads it."
_MEASURES = ("dataQualityMetrics", "inputStatistics", "outputStatistics")
_READ_OF_DATASETS = {"schema", "version", *_MEASURES}


@dataclass(frozen=True)
class Unread:
    """A part of an event that leads to nothing, and why."""

    where: str
    why: str

    def as_dict(self) -> dict[str, str]:
        """Return what the event's row keeps."""
        return asdict(self)


def run_facets(facets: Mapping[str, Any], unread: list[Unread]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the parent facet, and columns of the run: parameters, environment lock, hardware, seed, failure."""
    _note_others(facets, {"parent", "errorMessage", OWN}, "run.facets", unread)
    values: dict[str, Any] = {}
    message = facets.get("errorMessage", {}).get("message")
    if isinstance(message, str) and is_text(message):
        values["failure"] = message[:LONGEST_FAILURE]
    for name, value in facets.get(OWN, {}).items():
        if name.startswith("_"):
            continue
        if name in _FITS and _FITS[name](value):
            values[name] = value
        elif len(unread) < MOST_UNREAD:
            known = f"Read are {', '.join(_FITS)}." if name not in _FITS else "Its value breaks the rule of this field."
            unread.append(Unread(f"run.facets.{OWN}.{name[:100]}", known))
    return facets.get("parent", {}), values


def job_facets(facets: Mapping[str, Any], unread: list[Unread]) -> dict[str, Any]:
    """Return repository and commit out of the facet sourceCodeLocation."""
    _note_others(facets, {"sourceCodeLocation"}, "job.facets", unread)
    facet = facets.get("sourceCodeLocation", {})
    repository = facet.get("repoUrl") or facet.get("url")
    values = {"repository": repository, "commit": facet.get("version")}
    found: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, str) and not _text_problem(name, value):
            found[name] = value
        else:
            unread.append(Unread(f"job.facets.sourceCodeLocation, as {name}", _text_problem(name, value)))
    return found


def dataset_facets(
    facets: Mapping[str, Any], more: Mapping[str, Any], where: str, unread: list[Unread]
) -> dict[str, Any]:
    """Return sha256, columns, rows and size of a dataset, as far as its facets say."""
    _note_others(facets, _READ_OF_DATASETS, f"{where}.facets", unread)
    _note_others(more, _READ_OF_DATASETS, f"{where}.inputFacets or outputFacets", unread)
    both = {**facets, **more}
    found: dict[str, Any] = {}
    version = both.get("version", {}).get("datasetVersion")
    digest = version.lower().removeprefix("sha256:") if isinstance(version, str) else ""
    if DIGEST.fullmatch(digest):
        found["sha256"] = digest
    columns = both.get("schema", {}).get("fields")
    if columns is not None:
        found["columns"] = _columns(columns, where, unread)
    for name, keys in (("rows", ("rowCount",)), ("size", ("bytes", "size"))):
        told = [both.get(facet, {}).get(key) for facet in _MEASURES for key in keys]
        number = next((one for one in told if _is_count(one)), None)
        if number is not None:
            found[name] = number
    return found


def _columns(sent: Any, where: str, unread: list[Unread]) -> list[dict[str, str]]:
    fits = isinstance(sent, list) and len(sent) <= MOST_COLUMNS
    found = []
    for one in sent if fits else ():
        name, kind = (one.get("name"), one.get("type") or "") if isinstance(one, Mapping) else (None, "")
        if not (isinstance(name, str) and isinstance(kind, str) and is_text(name) and is_text(kind)):
            fits = False
            break
        found.append({"name": name[:LONGEST_COLUMN], "type": kind[:LONGEST_COLUMN]})
    if fits:
        return found
    unread.append(Unread(f"{where}.facets.schema", f"It is no list of at most {MOST_COLUMNS} fields with names."))
    return []


def _note_others(facets: Mapping[str, Any], known: set[str], where: str, unread: list[Unread]) -> None:
    others = [name for name in sorted(facets) if name not in known]
    unread.extend(Unread(f"{where}.{name[:100]}", _KEPT) for name in others[: max(0, MOST_UNREAD - len(unread))])


def _text_problem(name: str, value: Any) -> str:
    if not isinstance(value, str):
        return "It is no text."
    problems = text_problems({name: value})
    if name == "repository":
        problems = problems or repository_problems(value)
    return problems[name][0] if problems else ""


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_INTEGER


def _is_parameters(value: Any) -> bool:
    return isinstance(value, Mapping) and len(canonical_json(dict(value))) <= MOST_HYPERPARAMETERS


def _is_lock(value: Any) -> bool:
    return isinstance(value, str) and bool(DIGEST.fullmatch(value))


def _is_hardware(value: Any) -> bool:
    return isinstance(value, str) and is_text(value) and len(value) <= LONGEST_HARDWARE


def _is_seed(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER


_FITS = {
    "parameters": _is_parameters,
    "environment_lock_sha256": _is_lock,
    "hardware": _is_hardware,
    "seed": _is_seed,
}
