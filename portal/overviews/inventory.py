"""The inventory: models narrowed and sorted, with the columns that somebody chose; for pages, files and programs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from portal.core.fulltext import Words, holding
from portal.overviews.declared import today
from portal.overviews.models import with_standing
from portal.overviews.search_words import asked
from portal.overviews.truths import TruthFilter
from portal.ui.words import spoken
from registry.choices import Environment, Implementation, Origin, Stage, Task, TierStanding
from registry.models import PipelineStage, RegisteredModel, Release
from registry.rules.tags import normalised
from registry.selectors import tier_standing

SORTS = ("slug", "name", "tier", "created_at")
"""Columns with an index, which ends with the slug where values repeat."""
TIERS = [(1, "Tier 1"), (2, "Tier 2"), (3, "Tier 3")]
NONE = "none"
UNOWNED = [
    ("true", "Some without an owner"),
    ("false", "All owned"),
    *((stage.value, f"{stage.label} without an owner") for stage in Stage),
]
DECLARED = [("true", "Declared"), ("overdue", "Declared and overdue"), ("false", "Not declared")]
CHUNK = 500


class InventoryFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """What a list of models can be narrowed to; it stands in the address."""

    q = django_filters.CharFilter(method="with_words", label="Words of the name or the purpose.")
    team = django_filters.CharFilter(field_name="team__slug", label="Slug of the team.")
    owner = django_filters.CharFilter(method="with_owner", label="A part of the owner's name, or the whole address.")
    tier = django_filters.ChoiceFilter(choices=TIERS, empty_label="Any tier")
    task = django_filters.ChoiceFilter(choices=Task.choices, empty_label="Any task")
    implementation = django_filters.ChoiceFilter(choices=Implementation.choices, empty_label="Any implementation")
    serving = TruthFilter(method="with_serving", label="Whether a version is in production.")
    unowned = django_filters.ChoiceFilter(
        choices=UNOWNED, method="with_unowned", empty_label="Any", label="Stages for which nobody answers."
    )
    tier_standing = django_filters.ChoiceFilter(
        choices=TierStanding.choices, method="with_standing", empty_label="Anything", label="What the tier rests on."
    )
    origin = django_filters.ChoiceFilter(choices=Origin.choices, empty_label="Any origin")
    mlflow_name = django_filters.CharFilter(label="Its name for MLflow clients.")
    tag = django_filters.CharFilter(method="with_tag", label="A tag that it bears.")
    retired = TruthFilter(field_name="retired_at", lookup_expr="isnull", exclude=True, label="Whether it is retired.")
    declared = django_filters.ChoiceFilter(
        choices=DECLARED,
        method="with_declared",
        empty_label="Any",
        label="Whether it is declared as in use before the portal; `overdue`: and its deadline has passed.",
    )
    use_case = django_filters.CharFilter(
        method="with_use_case", label=f"A part of the use case's slug or name; `{NONE}`: models without one."
    )

    class Meta:
        model = RegisteredModel
        fields = [
            "q", "team", "owner", "tier", "tier_standing", "task", "implementation", "origin", "serving", "declared",
            "retired", "unowned", "use_case", "mlflow_name", "tag",
        ]  # fmt: skip

    def with_words(self, rows: Any, _: str, text: str) -> Any:
        """Keep models whose slug and name hold every word, or whose texts do."""
        wanted = asked(text)
        if not wanted.words:
            return rows.none()
        everything = RegisteredModel.objects.order_by()
        named = everything.filter(holding(wanted.words, "slug", "name", "mlflow_name", "tags"))
        said = everything.alias(words=Words("slug", "name", "purpose", "retirement")).filter(words=wanted.query)
        return rows.filter(pk__in=named.values("pk").union(said.values("pk"), all=True))

    def with_tag(self, rows: Any, _: str, text: str) -> Any:
        """Keep models that bear a tag, however it is spelled."""
        return rows.tagged("".join(normalised([text])))

    def with_owner(self, rows: Any, _: str, text: str) -> Any:
        """Keep models of an owner."""
        return rows.filter(Q(owner__name__icontains=text) | Q(owner__email=text.lower()))

    def with_standing(self, rows: Any, _: str, wanted: str) -> Any:
        """Keep models whose tier rests on somebody's answers, or on nobody's."""
        return rows.alias(standing=tier_standing()).filter(standing=wanted)

    def with_serving(self, rows: Any, _: str, wanted: bool) -> Any:  # noqa: FBT001 (django-filter calls it so)
        """Keep models of which a version is in production, or those of which none is."""
        active = Exists(Release.objects.active_in(Environment.PRODUCTION).filter(model=OuterRef("pk")))
        return rows.filter(active) if wanted else rows.filter(~active)

    def with_declared(self, rows: Any, _: str, wanted: str) -> Any:
        """Keep models that are declared as in use, those whose deadline has passed, or those that are not declared."""
        declared = Release.objects.overdue(today()) if wanted == "overdue" else Release.objects.declared()
        found = declared.order_by().values("model")
        return rows.exclude(pk__in=found) if wanted == "false" else rows.filter(pk__in=found)

    def with_unowned(self, rows: Any, _: str, wanted: str) -> Any:
        """Keep models with stages that nobody owns, those without any, or those of which one stage has no owner."""
        owned = PipelineStage.objects.owned().order_by()
        if wanted in Stage.values:
            return rows.filter(~Exists(owned.filter(model=OuterRef("pk"), stage=wanted)))
        whole = owned.values("model").annotate(owned=Count("pk")).filter(owned=len(Stage)).values("model")
        return rows.exclude(pk__in=whole) if wanted == "true" else rows.filter(pk__in=whole)

    def with_use_case(self, rows: Any, _: str, text: str) -> Any:
        """Keep models that serve a use case, or none."""
        if text == NONE:
            return rows.filter(use_case=None)
        return rows.filter(holding(text.split(), "use_case__slug", "use_case__name"))


@dataclass(frozen=True)
class Column:
    """A column that can be shown: its head, what it can be sorted by, and its cells in a file."""

    key: str
    title: str
    heads: Sequence[str]
    cells: Callable[[Any], Sequence[Any]]
    sort: str = ""


def _said(state: str | None) -> str:
    return spoken(state or "no_data")


COLUMNS = (
    Column("tier", "Tier", ["tier", "tier_rests_on"], lambda row: [row.tier, row.tier_standing], "tier"),
    Column(
        "serving", "Serving", ["serving", "serving_since"], lambda row: [row.production_number, row.production_since]
    ),
    Column(
        "declared",
        "Declared",
        ["declared_since", "declared_deadline"],
        lambda row: [row.declared_since, row.declared_deadline],
    ),
    Column(
        "newest",
        "Newest version",
        ["newest_version", "newest_version_state"],
        lambda row: [row.newest_number, _said(row.newest_state)],
    ),
    Column(
        "validation",
        "Validation",
        ["validation_run", "validation_state"],
        lambda row: [row.newest_run_id, _said(row.newest_run_state)],
    ),
    Column("gate", "Gate", ["gate"], lambda row: [_said(row.gate_outcome)]),
    Column("owner", "Owner", ["owner"], lambda row: [row.owner.name]),
    Column("team", "Team", ["team"], lambda row: [row.team.slug]),
    Column("stages", "Stages", ["stages_without_owner"], lambda row: [row.stages_without_owner]),
    Column("use_case", "Use case", ["use_case"], lambda row: [row.use_case.slug if row.use_case else ""]),
    Column("tags", "Tags", ["tags"], lambda row: [", ".join(row.labels)]),
    Column("task", "Task", ["task"], lambda row: [row.task]),
    Column("implementation", "Implementation", ["implementation"], lambda row: [row.implementation]),
    Column("registered", "Registered", ["registered"], lambda row: [row.created_at], "created_at"),
)
USUAL = ("tier", "serving", "newest", "validation", "gate", "owner", "stages", "registered")


def sorted_keys(rows: QuerySet[RegisteredModel], wanted: str) -> QuerySet[Any, int]:
    """Return the keys of models in an order, from the other end with a minus; by slug where it is none of ours.

    Nothing more is read of a model until it is known to be shown.
    """
    sort = wanted if wanted.removeprefix("-") in SORTS else "slug"
    last = [] if sort.endswith("slug") else ["-slug" if sort.startswith("-") else "slug"]
    return rows.order_by(sort, *last).values_list("pk", flat=True)


def chosen(names: Sequence[str]) -> list[Column]:
    """Return the columns of these names, in their own order; the usual ones where none is known."""
    found = [column for column in COLUMNS if column.key in names]
    return found or [column for column in COLUMNS if column.key in USUAL]


def in_order(keys: Sequence[int], columns: Sequence[Column]) -> list[Any]:
    """Return the models of these keys with what the columns show; one that is gone meanwhile is left out."""
    shown = {column.key for column in columns}
    rows = with_standing(RegisteredModel.objects.filter(pk__in=keys).with_names(), shown)
    found = {row.pk: row for row in rows.order_by()}
    return [found[key] for key in keys if key in found]


def lines(keys: Sequence[int], columns: Sequence[Column]) -> Iterator[list[Any]]:
    """Yield a head and a line for each model, a chunk at a time: a slow reader holds no transaction."""
    yield ["slug", "name", *(head for column in columns for head in column.heads)]
    for first in range(0, len(keys), CHUNK):
        for row in in_order(keys[first : first + CHUNK], columns):
            yield [row.slug, row.name, *(cell for column in columns for cell in column.cells(row))]
