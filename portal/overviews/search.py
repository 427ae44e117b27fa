"""Search over everything the reader may see: one query for each kind of thing, grouped, with the words that matched."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchVector
from django.db.models import (
    Case,
    CharField,
    F,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from governance.models import ApprovalRequest, PolicyCheck, PolicyVersion
from governance.selectors.requests import state_now
from portal.accounts.selectors import people_known_to
from portal.core.actors import Actor
from portal.ui.words import spoken
from registry.choices import CardState
from registry.models import CardRevision, Dataset, DatasetSnapshot, ModelVersion, RegisteredModel, Release, UseCase
from registry.selectors import with_state_now

SHOWN = 8
"""Hits of a kind; where there are more, the page says so."""
MOST_WORDS = 8
WORD = re.compile(r"[^\W_]+")
DIGEST = re.compile(r"[0-9a-f]{6,64}")
GAP = " … "
START, STOP = "\x02", "\x03"
"""What PostgreSQL puts around the words it found; no keyboard types them."""
MARKED = re.compile(f"{START}(.*?){STOP}", re.DOTALL)
CONFIG = "english"


@dataclass(frozen=True)
class Piece:
    """A part of a text, which matched or did not."""

    text: str
    matched: bool


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
class Asked:
    """What somebody typed: its words, and the beginning of a digest where it is one."""

    words: tuple[str, ...]
    digest: str

    @property
    def query(self) -> SearchQuery:
        """Return the words as PostgreSQL reads them: each by its stem or its beginning, all of them."""
        return SearchQuery(" & ".join(f"{word}:*" for word in self.words), search_type="raw", config=CONFIG)

    def marked(self, text: str) -> list[Piece]:
        """Return a name in pieces, the typed words set apart."""
        return _pieces(re.sub("|".join(map(re.escape, self.words)), rf"{START}\g<0>{STOP}", text, flags=re.IGNORECASE))


@dataclass(frozen=True)
class Kind:
    """How one kind of thing is searched: its name as the reader knows it, its texts, its digest."""

    title: str
    icon: str
    rows: Callable[[Actor], QuerySet[Any]]
    name: Combinable
    texts: tuple[str, ...]
    shown: Callable[[Any], str]
    note: Callable[[Any], str]
    url: Callable[[Any], str]
    digest: str = ""


def asked(text: str) -> Asked:
    """Return what to look for; without words nothing is found."""
    compact = "".join(text.lower().split())
    return Asked(tuple(WORD.findall(text)[:MOST_WORDS]), compact if DIGEST.fullmatch(compact) else "")


def search(actor: Actor, text: str) -> list[Group]:
    """Return what the actor may see and that holds all the words, by kind; names before texts, then the newest."""
    wanted = asked(text)
    if not wanted.words:
        return []
    found = (_group(kind, actor, wanted) for kind in KINDS)
    return [group for group in found if group.hits]


def _group(kind: Kind, actor: Actor, wanted: Asked) -> Group:
    rows = list(_matching(kind, kind.rows(actor), wanted)[: SHOWN + 1])
    return Group(kind.title, kind.icon, [_hit(kind, row, wanted) for row in rows[:SHOWN]], len(rows) > SHOWN)


def _matching(kind: Kind, rows: QuerySet[Any], wanted: Asked) -> QuerySet[Any]:
    """Keep the rows whose name holds every word, whose texts hold them, or whose digest begins with what was typed."""
    rows = rows.alias(found_name=kind.name)
    in_name = Q()
    for word in wanted.words:
        in_name &= Q(found_name__icontains=word)
    kept = in_name
    if kind.texts:
        text = Concat(*_between(kind.texts), output_field=TextField()) if len(kind.texts) > 1 else F(kind.texts[0])
        rows = rows.alias(found_vector=SearchVector("found_name", *kind.texts, config=CONFIG)).annotate(
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
        kept |= Q(found_vector=wanted.query)
    if kind.digest and wanted.digest:
        kept |= Q(**{f"{kind.digest}__startswith": wanted.digest})
    order = Case(When(in_name, then=0), default=1, output_field=IntegerField())
    return rows.filter(kept).order_by(order, "-pk")


def _between(texts: Sequence[str]) -> Iterator[F | Value]:
    """Yield the columns with a gap between each two."""
    for number, column in enumerate(texts):
        if number:
            yield Value(GAP)
        yield F(column)


def _hit(kind: Kind, row: Model, wanted: Asked) -> Hit:
    text = (getattr(row, "found_text", "") or "").strip(GAP)
    extract = _pieces(text) if START in text else ()
    return Hit(kind.url(row), wanted.marked(kind.shown(row)), kind.note(row), extract)


def _pieces(text: str) -> list[Piece]:
    return [Piece(part, matched=bool(i % 2)) for i, part in enumerate(MARKED.split(text)) if part]


def _joined(*parts: str) -> Combinable:
    """Return the name that a reader would type: columns, and the words between them, which begin with a space."""
    made = [Value(part) if part.startswith(" ") else Cast(part, CharField()) for part in parts]
    return Concat(*made, output_field=CharField()) if len(made) > 1 else made[0]


def _page(row: Any) -> str:
    address: str = row.get_absolute_url()
    return address


def _cards(actor: Actor) -> QuerySet[Any]:
    """Return the revisions that say something now; superseded ones repeat what others say."""
    rows = CardRevision.objects.visible_to(actor).exclude(state=CardState.SUPERSEDED)
    return rows.select_related("model", "author")


def _policies(actor: Actor) -> QuerySet[Any]:  # noqa: ARG001 (readable by all who sign in)
    checks = PolicyCheck.objects.filter(policy_version=OuterRef("pk")).order_by().values("policy_version")
    said = StringAgg(Concat("title", Value(": "), "message", output_field=TextField()), GAP, order_by="position")
    text = Subquery(checks.annotate(said=said).values("said"), output_field=TextField())
    return PolicyVersion.objects.select_related("policy").annotate(checks_text=text)


KINDS = (
    Kind(
        title="Use cases",
        icon="use_cases",
        rows=lambda actor: with_state_now(UseCase.objects.visible_to(actor).select_related("team")),
        name=_joined("slug", " ", "name"),
        texts=("purpose", "affected_persons", "decision", "rationale"),
        shown=lambda row: f"{row.slug}, {row.name}",
        note=lambda row: f"{'Not a model' if row.not_a_model else spoken(row.state_now)}, {row.team.name}",
        url=_page,
    ),
    Kind(
        title="Models",
        icon="models",
        rows=lambda actor: RegisteredModel.objects.visible_to(actor).with_names(),
        name=_joined("slug", " ", "name", " ", "mlflow_name"),
        texts=("purpose", "retirement"),
        shown=lambda row: f"{row.slug}, {row.name}",
        note=lambda row: f"Tier {row.tier}, {row.team.name}{', retired' if row.retired_at else ''}",
        url=_page,
    ),
    Kind(
        title="Versions",
        icon="models",
        rows=lambda actor: ModelVersion.objects.visible_to(actor).select_related("model"),
        name=_joined("model__slug", " v", "number"),
        texts=("description", "reason"),
        shown=str,
        note=lambda row: row.get_state_display(),
        url=_page,
        digest="digest",
    ),
    Kind(
        title="Cards",
        icon="draft",
        rows=_cards,
        name=_joined("model__slug", " card revision ", "number"),
        texts=("intended_use", "limitations", "out_of_scope_use"),
        shown=lambda row: f"Card of {row.model.slug}",
        note=lambda row: f"Revision {row.number}, {row.get_state_display().lower()}, by {row.author.name}",
        url=_page,
        digest="digest",
    ),
    Kind(
        title="Reviews",
        icon="reviews",
        rows=lambda actor: ApprovalRequest.objects.visible_to(actor).select_related(
            "release__model", "release__version", "opened_by"
        ),
        name=_joined("release__model__slug", " v", "release__version__number", " request #", "pk"),
        texts=("summary",),
        shown=lambda row: f"{row.release.model.slug} v{row.release.version.number}, request #{row.pk}",
        note=lambda row: f"To {row.release.environment}, by {row.opened_by.name}, {spoken(state_now(row)).lower()}",
        url=_page,
        digest="bundle_digest",
    ),
    Kind(
        title="Releases",
        icon="releases",
        rows=lambda actor: Release.objects.visible_to(actor).select_related("version__model"),
        name=_joined("model__slug", " v", "version__number", " ", "environment", " release ", "pk"),
        texts=("fallback",),
        shown=lambda row: f"{row.version} in {row.environment}, release {row.pk}",
        note=lambda row: row.get_state_display(),
        url=_page,
    ),
    Kind(
        title="Datasets",
        icon="data",
        rows=lambda actor: Dataset.objects.visible_to(actor).select_related("team"),
        name=_joined("slug", " ", "name"),
        texts=("description",),
        shown=lambda row: f"{row.slug}, {row.name}",
        note=lambda row: row.team.name,
        url=_page,
    ),
    Kind(
        title="Snapshots",
        icon="data",
        rows=lambda actor: DatasetSnapshot.objects.visible_to(actor).select_related("dataset"),
        name=_joined("dataset__slug", " ", "number"),
        texts=(),
        shown=str,
        note=lambda row: row.get_state_display(),
        url=_page,
        digest="sha256",
    ),
    Kind(
        title="Policies",
        icon="policies",
        rows=_policies,
        name=_joined("policy__slug", " ", "policy__title", " v", "number"),
        texts=("checks_text",),
        shown=str,
        note=lambda row: row.get_state_display(),
        url=_page,
        digest="digest",
    ),
    Kind(
        title="People",
        icon="admin",
        rows=people_known_to,
        name=_joined("name"),
        texts=(),
        shown=lambda row: row.name,
        note=lambda _: "What the ledger says they did",
        url=lambda row: f"{reverse('audit')}?actor={row.actor_id}",
    ),
)
