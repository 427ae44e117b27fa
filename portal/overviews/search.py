"""Search over everything the reader may see: two queries for a kind of thing, grouped, with the words that matched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchHeadline, TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    F,
    Func,
    IntegerField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Greatest, Upper

from portal.core.actors import Actor
from portal.core.fulltext import CONFIG, Alike, holding
from portal.core.querysets import ScopedQuerySet
from portal.overviews.search_kinds import GAP, KINDS, Kind
from portal.overviews.search_words import START, STOP, Asked, Piece, asked, pieces
from registry.models import Dataset, FeaturePipelineVersion, ModelVersion, RegisteredModel, TrainingRun

SHOWN = 8
"""Hits of a kind; where there are more, the page says so."""
MOST_PARENTS = 200
"""Models, and datasets, by whose names other things are found."""
MOST_RUNS = 50
LIKENESS = 0.36
"""Which share of their three-letter parts two words have in common at least: "defualt" and "default" have 3 of 8."""
LONG_ENOUGH = 4
"""Letters of a word that may be misspelt."""


KEYS = ArrayField(BigIntegerField())


class OneOf(Func):
    """Whether a key is one of a list, which is one parameter however long it is."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    arity = 2
    output_field = BooleanField()


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    url: str
    name: Sequence[Piece]
    note: str
    extract: Sequence[Piece] = ()


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `more` says that there are others."""

    title: str
    icon: str
    hits: Sequence[Hit]
    more: bool


@dataclass(frozen=True)
class Named:
    """Keys by which other things are found: models and datasets by their names, versions by their commit."""

    models: Sequence[int]
    datasets: Sequence[int]
    versions: Sequence[int]
    said: Sequence[str]
    """Words that some kind of thing may say of itself, so that its model need not hold them."""


def search(actor: Actor, text: str) -> list[Group]:
    """Return what the actor may see and that holds all the words, by kind; names before texts, then the newest."""
    wanted = asked(text)
    if not wanted.words:
        return []
    said = [word for word in wanted.words if any(kind.own(word) is not None for kind in KINDS)]
    named = Named(
        _parents(RegisteredModel.objects.visible_to(actor), wanted, said),
        _parents(Dataset.objects.visible_to(actor), wanted, said),
        _of_commit(actor, wanted),
        said,
    )
    found = (_group(kind, actor, wanted, named) for kind in KINDS)
    return [group for group in found if group.hits]


def nearly(actor: Actor, text: str) -> list[Group]:
    """Return what has a name that is spelled nearly so, the likest first: for where nothing is called so."""
    words = [word for word in asked(text).words if len(word) >= LONG_ENOUGH]
    if not words:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(LIKENESS)])
        found = [_alike(kind, actor, words) for kind in KINDS if kind.names[:2] == ("slug", "name")]
    return [group for group in found if group.hits]


def _parents(rows: ScopedQuerySet[Any], wanted: Asked, said: Sequence[str]) -> list[int]:
    """Return the keys of what holds the words in its name; words that others say of themselves only order them."""
    plain = [word for word in wanted.words if word not in said] or wanted.words
    order = [Case(When(holding([word], "slug", "name"), then=0), default=1) for word in said]
    found = rows.filter(holding(plain, "slug", "name")).order_by(*order, "-pk").values_list("pk", flat=True)
    return list(found[:MOST_PARENTS])


def _of_commit(actor: Actor, wanted: Asked) -> list[int]:
    """Return the keys of versions that were trained at a commit, or whose feature pipeline is of one."""
    if not wanted.digest:
        return []
    runs = TrainingRun.objects.visible_to(actor).filter(commit__startswith=wanted.digest).order_by()
    pipelines = FeaturePipelineVersion.objects.visible_to(actor).filter(commit__startswith=wanted.digest).order_by()
    rows = ModelVersion.objects.visible_to(actor).order_by()
    of_runs = rows.filter(training_run__in=runs.values("pk")[:MOST_RUNS]).values_list("pk", flat=True)
    of_pipelines = rows.filter(feature_pipeline_version__in=pipelines.values("pk")[:MOST_RUNS])
    return list(of_runs.union(of_pipelines.values_list("pk", flat=True)))


def _group(kind: Kind, actor: Actor, wanted: Asked, named: Named) -> Group:
    """Find the keys first: what a line names is joined to the few that are shown."""
    scoped = kind.rows(actor)
    keys = list(_keys(kind, scoped, wanted, named)[: SHOWN + 1])
    rows = {row.pk: row for row in _with_text(scoped.filter(pk__in=keys).order_by(), kind, wanted)} if keys else {}
    hits = [_hit(kind, rows[key], wanted) for key in keys[:SHOWN] if key in rows]
    return Group(kind.title, kind.icon, hits, len(keys) > SHOWN)


def _keys(kind: Kind, rows: QuerySet[Any], wanted: Asked, named: Named) -> QuerySet[Any, int]:
    """Return the keys of those whose name or texts hold every word, or whose digest begins so.

    Each of these ways is a query of its own below that of the rows, so that each goes by its own index.
    """
    everything = rows.model.objects.order_by()
    by_name = _names(kind, wanted, named)
    ways = [everything.filter(way) for way in by_name]
    if kind.vector is not None:
        way = everything.alias(found_vector=kind.vector).filter(found_vector=wanted.query)
        if kind.listed_in:
            listed = Cast(kind.listed_in, TextField())
            way = way.alias(found_listed=listed).filter(found_listed__iregex=wanted.in_one_name)
        ways.append(way)
    if kind.digest and wanted.digest:
        ways.append(everything.filter(**{f"{kind.digest}__startswith": wanted.digest}))
    keys = rows.values_list("pk", flat=True)
    if not ways:
        return keys.none()
    first, *others = (way.values("pk") for way in ways)
    names_first = [Case(*(When(way, then=0) for way in by_name), default=1, output_field=IntegerField())]
    # Not by the key's index: the planner would walk it backwards through everything, to find the few that match.
    order = [*(names_first if by_name else ()), (F("pk") + 0).desc()]
    return keys.filter(pk__in=first.union(*others, all=True) if others else first).order_by(*order)


def _names(kind: Kind, wanted: Asked, named: Named) -> list[Q]:
    """Return the ways in which a thing's name can hold all the words."""
    ways = [Q(pk__in=named.versions)] if kind.title == "Versions" and named.versions else []
    own = {word: kind.own(word) for word in wanted.words}
    if kind.names:
        ways.append(_each(wanted.words, own, *kind.names))
    if kind.parent:
        parents = named.datasets if kind.parent == "dataset" else named.models
        if parents:
            within = _each(named.said, own, f"{kind.parent}__slug", f"{kind.parent}__name")
            ways.append(Q(OneOf(F(kind.parent), Value(parents, output_field=KEYS))) & within)
        if all(said is not None for said in own.values()):
            ways.append(_each(wanted.words, own))
    return ways


def _each(words: Sequence[str], own: Mapping[str, Q | None], *columns: str) -> Q:
    """Return the condition that each word stands in one of the columns, or is what the thing says of itself."""
    found = Q()
    for word in words:
        said = own[word]
        held = holding([word], *columns) if columns else None
        found &= said | held if said is not None and held is not None else said or held or Q()
    return found


def _with_text(rows: QuerySet[Any], kind: Kind, wanted: Asked) -> QuerySet[Any]:
    """Give rows the parts of their texts that hold the words."""
    if not kind.texts:
        return rows
    text = Concat(*_between(kind.texts), output_field=TextField()) if len(kind.texts) > 1 else F(kind.texts[0])
    return rows.annotate(  # type: ignore[no-any-return]  # of which model, the kind knows
        found_text=SearchHeadline(
            text,
            wanted.query,
            config=CONFIG,
            start_sel=START,
            stop_sel=STOP,
            max_words=24,
            min_words=10,
            max_fragments=2,
            fragment_delimiter=GAP,
        ),
    )


def _between(texts: Sequence[str]) -> Iterator[F | Value]:
    """Yield the columns with a gap between each two."""
    for number, column in enumerate(texts):
        if number:
            yield Value(GAP)
        yield F(column)


def _hit(kind: Kind, row: Model, wanted: Asked) -> Hit:
    if kind.listed_in:
        words = [word.lower() for word in wanted.words]
        names = [one["name"] for one in getattr(row, kind.listed_in)]
        held = [one for one in names if all(word in one.lower() for word in words)]
        extract = wanted.marked(", ".join(held[:SHOWN]) + (GAP if len(held) > SHOWN else ""))
    else:
        text = (getattr(row, "found_text", "") or "").strip(GAP)
        extract = pieces(text) if START in text else ()
    return Hit(kind.url(row), wanted.marked(kind.shown(row)), kind.note(row), extract)


def _alike(kind: Kind, actor: Actor, words: Sequence[str]) -> Group:
    """Return what of a kind has words like these in its slug or its name."""
    rows = kind.rows(actor)
    likest: list[Any] = []
    for word in words:
        rows = rows.filter(Q(*(Alike(Upper(column), Value(word)) for column in kind.names), _connector=Q.OR))
        likest.append(Greatest(*(TrigramWordSimilarity(word, Upper(column)) for column in kind.names)))
    found = list(rows.annotate(likeness=sum(likest[1:], likest[0])).order_by("-likeness", "-pk")[: SHOWN + 1])
    hits = [Hit(kind.url(row), [Piece(kind.shown(row), matched=False)], kind.note(row)) for row in found[:SHOWN]]
    return Group(kind.title, kind.icon, hits, len(found) > SHOWN)
