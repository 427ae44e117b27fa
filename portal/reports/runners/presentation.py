"""What the templates of a pack are given: the cleaned document, with rows grouped, drawn and numbered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitoring.charts import run_charts
from monitoring.rules.measures import measure_named
from portal.charts import numbers
from portal.charts.scales import names
from portal.charts.specification import ChartSpecification
from portal.charts.svg import draw
from portal.reports.rules import proofs
from portal.reports.rules.free_text import clean_all
from portal.reports.rules.openings import status_of
from portal.reports.rules.tiles import places_of
from portal.reports.rules.words import GLOSSARY
from registry.rules.datasheets import TOPICS

Document = Mapping[str, Any]
CONTENTS = (
    ("1", "decision", "Decision", "signatures, seats, who may not sign, what was signed"),
    ("2", "model", "Model and lineage", "purpose, files, training, card"),
    ("3", "data", "Data", "snapshots by digest, datasheets"),
    ("4", "validation", "Validation", "comparison, calibration, segments, claims, checks of the run"),
    ("5", "gate", "Gate", "every check with the value read, the limit and the result"),
    ("6", "ledger", "Ledger", "entries, checkpoint, proof"),
    ("7", "verify", "How to check it", "with programs that others wrote"),
    ("", "glossary", "Glossary", "words as they are used here"),
)
LEGEND = ("passed", "failed", "better", "not_worse", "stale", "open", "no_data", "superseded")
WIDE, HALF = 134.0, 83.0
"""Millimetres: a chart beside its caption, one of two."""
MOST_ROWS = 26
"""Of a chart of intervals; the table beside it has them all."""
MOST_LISTED = 40
SEGMENT_MEASURES = ("auc", "rmse")
SMALL = 0.001
"""Below this three digits are enough."""
SIGNIFICANT = 6
"""Digits of the values that a gate read: nearer to the limit than three would show."""
TINY = 0.002
"""A share below this can't be told from none: perfect calibration is drawn 500 times."""
JUDGED = (
    "The gate judges slope and intercept, each with its interval. With many rows a small error is still visible: a "
    "small share in the last column says that it is not chance, not that it is large."
)


def values_of(document: Document, *, content_digest: str, pdf_name: str, snapshot_bytes: int) -> dict[str, Any]:
    """Return the context of `reports/pack.html`."""
    shown: dict[str, Any] = clean_all(document)
    entry = proofs.proved_entry(shown)
    found = steps_and_files(document, content_digest, pdf_name)
    return {
        **shown,
        "content_digest": content_digest,
        "pdf_name": pdf_name,
        "contents": CONTENTS,
        "legend": LEGEND,
        "glossary": GLOSSARY,
        "attached": [("snapshot.json", snapshot_bytes, "everything shown here, canonical JSON (RFC 8785)")]
        + [(one.name, len(one.content), one.about) for one in found[1]],
        "steps": found[0],
        "proof": {"entry": entry, "path": proofs.audit_path(entry, shown["ledger"]["checkpoint"]["size"])}
        if entry
        else None,
        "register": [(name, digest) for name, digest in _register(shown, content_digest) if digest],
        "checks": [_gate_row(one) for one in shown["gate"]["checks"]] if shown["gate"] else [],
        "named": _lists(shown),
        "datasheets": _datasheets(shown),
        "profiled": _profiled(shown),
        **_validation(shown),
    }


def steps_and_files(
    document: Document, content_digest: str, pdf_name: str
) -> tuple[list[proofs.Step], list[proofs.File]]:
    """Return what can be checked and the files needed for it; the commands name no free text."""
    shown: dict[str, Any] = clean_all(document)
    return proofs.steps(shown, content_digest=content_digest, pdf_name=pdf_name), proofs.files(document)


def said(value: Any) -> str:
    """Return a value that a gate read, with up to six significant digits; what is missing is "no data"."""
    if value is None:
        return numbers.NO_DATA
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _few_digits(value)
    if isinstance(value, int):
        return numbers.count(value)
    if isinstance(value, list):
        return ", ".join(said(one) for one in value) or "none"
    return str(value) or "empty"


def _few_digits(value: float) -> str:
    if value and abs(value) < SMALL:
        return numbers.significant(value)
    return f"{value:.{SIGNIFICANT}g}".replace("-", numbers.MINUS)


def _gate_row(check: Document) -> dict[str, Any]:
    read = [{"name": name, "value": said(value)} for name, value in sorted(check["read"].items())]
    return {**check, "reads": read, "status": status_of(check["outcome"])}


def _lists(shown: Document) -> dict[str, str]:
    """Return long lists as texts."""
    training, signature = shown["version"]["training"], shown["version"]["signature"]
    parameters = [f"{name} = {said(value)}" for name, value in sorted(training["hyperparameters"].items())]
    return {
        "parameters": _listed(parameters),
        "inputs": _listed([_column(one) for one in signature.get("inputs") or []]),
        "outputs": _listed([_column(one) for one in signature.get("outputs") or []]),
    }


def _profiled(shown: Document) -> list[dict[str, Any]]:
    """Return the columns of the validation rows, each with what its profile says."""
    of = next((one for one in shown["data"] if one["use"] == "validation"), None)
    if of is None:
        return []
    profile = of.get("profile") or {"columns": [{}] * len(of["columns"])}
    return [{**column, **told} for column, told in zip(of["columns"], profile["columns"], strict=True)]


def _datasheets(shown: Document) -> list[dict[str, Any]]:
    """Return each dataset's datasheet once; a pack from before there were any shows none."""
    found = {one["dataset"]: one["datasheet"] for one in shown["data"] if "datasheet" in one}
    return [
        {"of": dataset, "sheet": sheet, "topics": _topics(sheet["says"]) if sheet else []}
        for dataset, sheet in found.items()
    ]


def _topics(says: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(topic.title, says[name]) for name, topic in TOPICS.items()]


def _column(one: Any) -> str:
    return str(one.get("name", one)) if isinstance(one, Mapping) else str(one)


def _listed(texts: Sequence[str]) -> str:
    if len(texts) <= MOST_LISTED:
        return ", ".join(texts)
    return f"{', '.join(texts[:MOST_LISTED])} and {len(texts) - MOST_LISTED} more, in the attachment"


def _validation(shown: Document) -> dict[str, Any]:
    validation = shown["validation"]
    if validation is None:
        return {}
    charts = _charts(shown, validation) if validation["results"] else {}
    return {
        "measures": [_measure_row(one) for one in validation["measures"]],
        "claims": [_claim_row(one) for one in validation["claims"]],
        "run_checks": validation["checks"],
        "segments": [_segment_table(one) for one in validation["segments"]],
        "differences": _drawn(charts.get("differences"), WIDE),
        "calibration": [one for key in ("reliability", "scores") if (one := _drawn(charts.get(key), HALF))],
        "by_segment": [
            one
            for key, chart in charts.items()
            if key.startswith("segments-") and (one := _drawn(chart, WIDE)) is not None
        ],
        "errors": [_error_row(one) for one in validation["results"].get("calibration_errors", [])],
        "judged": JUDGED if _judges_calibration(shown["gate"]) else "",
    }


def _charts(shown: Document, validation: Document) -> dict[str, ChartSpecification]:
    """Return the run's charts by key; versions go by their number, for the model's name is on every page."""
    versions = {"candidate": shown["subject"]["version"]}
    if validation["champion"]:
        versions["champion"] = f"v{validation['champion']['number']}"
    return {one.key: one for one in run_charts({**validation["results"], "versions": versions})}


def _drawn(chart: ChartSpecification | None, width: float) -> dict[str, str] | None:
    """Return a chart at its final size with its caption; one of too many rows is left to its table."""
    if chart is None or (chart.kind == "intervals" and len(names(chart)) > MOST_ROWS):
        return None
    height = 24.0 + 6.5 * len(names(chart)) if chart.kind == "intervals" else width
    return {"svg": draw(chart, width, height), "caption": f"{chart.title}. {chart.note}".strip()}


def _measure_row(one: Document) -> dict[str, Any]:
    estimates = [one[subject] for subject in ("candidate", "champion") if one[subject]]
    places = places_of(*(estimate[end] for estimate in estimates for end in ("value", "lower", "upper")))
    return {**one, "title": measure_named(one["name"]).title, "places": places}


def _claim_row(one: Document) -> dict[str, Any]:
    recomputed = one["recomputed"] or {"value": None}
    places = places_of(one["claimed"], recomputed["value"])
    return {**one, "title": measure_named(one["name"]).title, "places": places}


def _segment_table(found: Document) -> dict[str, Any]:
    measure = next((name for name in SEGMENT_MEASURES if name in found["levels"][0]["measures"]), "")
    empty = {"candidate": None, "difference": None}
    rows = [{**one, "found": one["measures"].get(measure, empty)} for one in found["levels"]]
    values = [row["found"]["candidate"] for row in rows if row["found"]["candidate"]]
    places = places_of(*(value[end] for value in values for end in ("value", "lower", "upper")))
    return {"column": found["column"], "measure": measure_named(measure).title, "rows": rows, "places": places}


def _error_row(one: Document) -> dict[str, Any]:
    groups = {"equal_width": "ten of equal width", "equal_mass": "ten of equal size"}
    share = one["share_as_large"]
    is_tiny = share is not None and share < TINY
    as_large = f"< {TINY * 100:g}{numbers.NARROW}%" if is_tiny else numbers.percent(share)
    return {**one, "groups": groups.get(one["bins"], one["bins"]), "as_large": as_large}


def _judges_calibration(gate: Document | None) -> bool:
    """Whether a check of the gate read slope and intercept."""
    read = {name for check in gate["checks"] for name in check["read"]} if gate else set()
    return all(any(f"calibration_{part}" in name for name in read) for part in ("slope", "intercept"))


def _register(shown: Document, content_digest: str) -> Iterator[tuple[str, str]]:
    decision, gate, validation, version = (shown[name] for name in ("decision", "gate", "validation", "version"))
    yield "Content of this pack", content_digest
    if decision:
        yield f"Bundle of request {decision['request']['id']}", decision["bundle_digest"]
        for one in decision["signatures"]:
            yield f"Key of the decision on seat {one['seat']}", one["key_id"]
    yield "Ledger root at the checkpoint", shown["ledger"]["checkpoint"]["root"]
    yield f"Version {shown['subject']['version']}", version["digest"]
    for one in version["artifacts"]:
        yield f"File {one['name']}", one["sha256"]
    yield "Environment lock", version["training"]["environment_lock_sha256"]
    if version["feature_pipeline"]:
        yield f"Feature pipeline {version['feature_pipeline']['name']}", version["feature_pipeline"]["digest"]
    for one in shown["data"]:
        yield f"Snapshot {one['name']}, {one['use']}", one["sha256"]
    yield from (
        (f"Datasheet {one['sheet']['number']} of {one['of']}", one["sheet"]["digest"])
        for one in _datasheets(shown)
        if one["sheet"]
    )
    if shown["card"]:
        yield f"Card revision {shown['card']['number']}", shown["card"]["digest"]
    if validation:
        yield f"Validation plan {validation['plan']['number']}", validation["plan"]["digest"]
        yield f"Results of run {validation['id']}", validation["results_digest"]
    if gate:
        yield f"{gate['policy']['title']}, version {gate['policy']['number']}", gate["policy"]["digest"]
        yield f"Gate evaluation {gate['id']}", gate["digest"]
        yield f"Values read by evaluation {gate['id']}", gate["inputs_digest"]
