"""Sample data of the style page: every part in every state. The stories are invented."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator

from portal.charts.specification import Axis, Band, ChartSpecification, Mark, Series, Threshold
from portal.ui.forms import VerbForm

DIGEST = "7c1e09d4b6a83f52c07e52a1d3b94f6008f2a6c1d97b3e5431c907b2aa65ef10"
OTHER = "c07e52a1d3b94f6008f2a6c1d97b3e5431c907b2aa65ef107c1e09d4b6a83f52"
WHEN = datetime(2026, 11, 22, 15, 42, 7, tzinfo=UTC)

VOCABULARY = (
    ("Version", "receiving inspecting sealed quarantined failed withdrawn"),
    ("Snapshot", "inspecting ready refused failed referenced erased"),
    ("Run elsewhere", "named started running complete failed aborted"),
    ("Card, policy", "draft submitted published superseded"),
    ("Run, job", "queued running passed failed errored timed_out cancelled skipped done"),
    ("Request", "draft open approved changes_requested rejected withdrawn expired lapsed voided revoked"),
    ("Seat", "waiting signed voided"),
    ("Release", "planned in_approval shadow canary ramping active superseded rolled_back halted retired declared"),
    ("Rollout step", "pending baking passed breached no_data aborted"),
    ("Check, gate", "passed not_passed waived skipped pending stale no_data not_assessed blocked"),
    ("Compared", "better not_worse worse"),
    ("Comment", "written edited withdrawn"),
    ("Pipeline stage", "owned no_owner owner_deactivated"),
    ("Tier", "not_assessed assessed_by_first_line assessed_by_second_line in_force"),
    ("Use case", "proposed tiered approved_for_development in_use rejected not_a_model retired"),
    ("Waiver", "requested expired revoked rejected"),
    ("Incident", "contained resolved reviewed"),
    ("Retrained", "triggered training registered"),
    ("Finding", "in_remediation ready_to_verify closed reopened accepted overdue"),
    ("Document", "awaited upcoming valid expiring expired replaced withdrawn"),
    ("Severity", "high medium low"),
    ("Alert", "acknowledged muted severe"),
    ("Claim, proof", "holds does_not_hold missing verified included"),
    ("Health", "passing healthy held sending"),
    ("Account, grant", "active planned waiting lapsed revoked deactivated"),
    ("Drift", "no_drift drift severe not_enough_data"),
)


@dataclass(frozen=True)
class SampleJob:
    """What the job part reads of a job."""

    state: str
    done: int = 0
    total: int = 0
    message: str = ""


@dataclass(frozen=True)
class SamplePart:
    """One covered part of a bundle."""

    name: str
    digest: str
    changed: bool = False


@dataclass(frozen=True)
class SamplePiece:
    """A part of a name that search found."""

    text: str
    matched: bool = False


@dataclass(frozen=True)
class SampleView:
    """A saved filter."""

    pk: int
    name: str
    query: str


class SampleForm(VerbForm):
    """A form with every kind of field."""

    name = forms.CharField(help_text="Lower-case letters, digits and hyphens.")
    review_by = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    team = forms.ChoiceField(choices=[("ops", "Flight Operations"), ("net", "Network Planning")])
    scopes = forms.MultipleChoiceField(
        choices=[("read", "read"), ("register", "register versions")], widget=forms.CheckboxSelectMultiple
    )
    purpose = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    verdict = forms.ChoiceField(
        choices=[("approve", "Approve"), ("request_changes", "Request changes"), ("reject", "Reject")],
        initial="approve",
        widget=forms.RadioSelect,
    )


def style_context() -> dict[str, Any]:
    """Return the context of style.html."""
    refused = SampleForm({"name": "Flight Delay Risk", "team": "ops", "scopes": ["read"], "verdict": "approve"})
    refused.add_error("name", "Use lower-case letters, digits and hyphens: flight-delay-risk")
    refused.add_error(None, "Not registered: a model of this name exists in another team.")
    return {
        "vocabulary": [(name, words.split()) for name, words in VOCABULARY],
        "digest_sample": DIGEST,
        "other_digest": OTHER,
        "when": WHEN,
        "form": refused,
        "hints": {
            "approve": "v3 may go to production, all flights at once.",
            "request_changes": "Goes back to Developer; both seats open again.",
            "reject": "Ends this request. One reject outweighs any approval.",
        },
        "jobs": [
            ("Evidence pack, request #58", SampleJob("queued")),
            ("Validation of v3", SampleJob("running", 131, 214, "Resampling days for AUC")),
            ("Inspection of v4", SampleJob("running")),
            ("Segment search, v3", SampleJob("timed_out", 74, 120, "Not passed: stopped after 30 minutes")),
        ],
        "parts": [
            SamplePart("version", DIGEST, changed=True),
            SamplePart("card r7", OTHER, changed=True),
            SamplePart("policy v4", DIGEST[8:]),
            SamplePart("gate", OTHER[8:], changed=True),
            SamplePart("results", DIGEST[16:]),
            SamplePart("production", OTHER[16:]),
        ],
        "text_before": "Ranks flights by risk of delay. Knows three airports and no cancelled flights.",
        "text_after": "Ranks flights by their risk of delay. Knows five airports and no cancelled flights.",
        "pieces": [SamplePiece("flight-"), SamplePiece("delay", matched=True), SamplePiece("-risk")],
        "saved_sample": {
            "page": "models",
            "query": "q=delay",
            "views": [SampleView(1, "Delays", "q=delay"), SampleView(2, "First tier", "tier=1")],
        },
        "page": Paginator(range(214), 4).page(2),
        "production": (0.701, 0.709, 0.716),
        "candidate": (0.722, 0.729, 0.736),
        "trend": [0.02, 0.03, 0.02, None, 0.05, 0.06, 0.09, 0.11],
        "charts": sample_charts(),
    }


def sample_charts() -> list[ChartSpecification]:
    """Return one chart of each kind."""
    return [_reliability(), _cost(), _segments(), _histogram(), _weeks(), _importance()]


def _reliability() -> ChartSpecification:
    candidate = Series(
        "v3, candidate",
        (0.05, 0.1, 0.17, 0.25, 0.36, 0.51),
        (0.04, 0.08, 0.13, 0.17, 0.23, 0.31),
        low=(0.03, 0.07, 0.115, 0.15, 0.21, 0.28),
        high=(0.05, 0.09, 0.145, 0.19, 0.25, 0.34),
        n=(5563,) * 6,
    )
    production = Series(
        "v2, production",
        (0.06, 0.13, 0.21, 0.3, 0.42, 0.58),
        (0.04, 0.08, 0.12, 0.15, 0.2, 0.27),
        role="production",
    )
    return ChartSpecification(
        key="reliability",
        kind="reliability",
        title="Reliability",
        description="Both versions predict more delays than happen; v3 lies nearer to the diagonal.",
        x=Axis("predicted risk", "percent", 0.0, 0.65),
        y=Axis("observed share late", "percent", 0.0, 0.65),
        series=(production, candidate),
        note="Groups of equal size. Intervals 95 %.",
    )


def _cost() -> ChartSpecification:
    steps = [round(0.05 * i, 2) for i in range(2, 13)]
    new = [520 - 900 * (t - 0.05) + 1900 * (t - 0.05) ** 2 for t in steps]
    old = [value + 24 + 60 * t for value, t in zip(new, steps, strict=True)]
    return ChartSpecification(
        key="cost",
        kind="line",
        title="Threshold and its cost",
        description="Expected cost per 1,000 flights by threshold. v3 is lowest at 0.30; v2 costs more everywhere.",
        x=Axis("threshold on predicted risk"),
        y=Axis("cost units per 1,000 flights"),
        series=(
            Series("v2, production", tuple(steps), tuple(old), role="production"),
            Series(
                "v3, candidate",
                tuple(steps),
                tuple(new),
                low=tuple(v - 12 for v in new),
                high=tuple(v + 12 for v in new),
            ),
        ),
        marks=(Mark(0.3, new[4], "chosen 0.30"),),
    )


def _segments() -> ChartSpecification:
    return ChartSpecification(
        key="segments",
        kind="intervals",
        title="AUC by carrier",
        description="AUC of v3 by carrier with 95 % intervals. 9E lies under the limit; OO has no data.",
        x=Axis("carrier", "text"),
        y=Axis("AUC"),
        series=(
            Series(
                "v3, candidate",
                ("UA", "DL", "9E", "OO"),
                (0.741, 0.72, 0.643, None),
                low=(0.73, 0.705, 0.611, None),
                high=(0.752, 0.735, 0.675, None),
                n=(9021, 7410, 2110, 17),
            ),
        ),
        thresholds=(Threshold(0.65, "at least 0.650", fails="below"),),
    )


def _histogram() -> ChartSpecification:
    edges = tuple(float(v) for v in range(10, 101, 10))
    return ChartSpecification(
        key="temperature",
        kind="histogram",
        title="Reference and window",
        description="Distribution of temperature. The reference lies around 42 °F, the window around 64 °F.",
        x=Axis("°F at the departure airport", "count"),
        y=Axis("share of flights", "percent"),
        series=(
            Series("reference", edges, (0.04, 0.1, 0.22, 0.31, 0.2, 0.09, 0.03, 0.01, 0.0), role="production"),
            Series("window", edges, (0.0, 0.0, 0.01, 0.08, 0.27, 0.39, 0.2, 0.05, 0.0)),
        ),
    )


def _weeks() -> ChartSpecification:
    return ChartSpecification(
        key="weeks",
        kind="step",
        title="Drift by week",
        description="Kolmogorov–Smirnov distance by week; severe from week 5 on, no data in week 3.",
        x=Axis("week", "count", ticks=tuple((float(i), f"week {i}") for i in range(1, 9, 2))),
        y=Axis("Kolmogorov–Smirnov", start=0.0),
        series=(
            Series("window", tuple(float(i) for i in range(1, 9)), (0.03, 0.04, None, 0.12, 0.21, 0.31, 0.3, 0.28)),
        ),
        thresholds=(Threshold(0.05, "drift 0.05", "warn"), Threshold(0.2, "severe 0.20", fails="above")),
        bands=(Band(2.6, 3.4, "no labels yet"),),
    )


def _importance() -> ChartSpecification:
    return ChartSpecification(
        key="importance",
        kind="bar",
        title="Importance",
        description="Loss of AUC when a feature is shuffled. Hour matters most.",
        x=Axis("feature", "text"),
        y=Axis("loss of AUC"),
        series=(Series("v3, candidate", ("hour", "temp", "carrier", "dest"), (0.061, 0.042, 0.02, 0.011)),),
    )
