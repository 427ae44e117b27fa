"""What search finds: each kind of thing with its name, its texts and its digest, as indexes hold them.

The name of most things is their model's (or dataset's) and something of their own, "late-arrival v3, request #58".
So models and datasets are found first, and the others by them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import SearchVector
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.urls import reverse

from governance.models import ApprovalRequest, PolicyCheck, PolicyVersion
from governance.selectors.requests import state_now
from portal.accounts.selectors import people_known_to
from portal.core.actors import Actor
from portal.core.fulltext import CONFIG, NamesWithin, Words
from portal.overviews.documents import documents_now
from portal.overviews.search_words import number_in
from portal.threads.models import Comment
from portal.ui.words import spoken
from registry.choices import CardState, Environment, ReleaseState, SnapshotState
from registry.models import (
    CardRevision,
    Dataset,
    DatasetSnapshot,
    Finding,
    ModelVersion,
    RegisteredModel,
    Release,
    UseCase,
)
from registry.selectors import with_state_now

GAP = " … "
ALWAYS = Q(pk__isnull=False)
Own = Callable[[str], Q | None]
"""What a word says of a thing beside its parent's name; None: nothing."""


@dataclass(frozen=True)
class Kind:
    """How one kind of thing is searched.

    Its name stands in columns of its own (`names`), or is its `parent`'s and what `own` reads. `vector` is spelled as
    its index; `texts` are shown where they hold the words; of the names `listed_in` a column one must hold them.
    """

    title: str
    icon: str
    rows: Callable[[Actor], QuerySet[Any]]
    shown: Callable[[Any], str]
    note: Callable[[Any], str]
    url: Callable[[Any], str]
    names: tuple[str, ...] = ()
    parent: str = ""
    own: Own = lambda _: None
    vector: Combinable | None = None
    texts: tuple[str, ...] = ()
    listed_in: str = ""
    digest: str = ""


def _numbered(*columns: str, words: Iterable[str] = ()) -> Own:
    """Return what reads numbers, and words that are only said."""
    said = tuple(words)

    def own(word: str) -> Q | None:
        number = number_in(word)
        if number is not None:
            found = Q()
            for column in columns:
                found |= Q(**{column: number})
            return found
        return ALWAYS if _begins(word, said) else None

    return own


def _of_release(word: str) -> Q | None:
    environment = next((one for one in Environment.values if _begins(word, [one])), None)
    if environment is not None:
        return Q(environment=environment)
    if _begins(word, [ReleaseState.DECLARED]):
        return Q(state=ReleaseState.DECLARED)
    return _numbered("version__number", "pk", words=("release",))(word)


def _begins(word: str, said: Iterable[str]) -> bool:
    return len(word) > 2 and any(one.startswith(word.lower()) for one in said)  # noqa: PLR2004


def _page(row: Any) -> str:
    address: str = row.get_absolute_url()
    return address


def _cards(actor: Actor) -> QuerySet[Any]:
    """Return the revisions that say something now; superseded ones repeat what others say."""
    rows = CardRevision.objects.visible_to(actor).exclude(state=CardState.SUPERSEDED)
    return rows.select_related("model", "author")


def _comments(actor: Actor) -> QuerySet[Any]:
    """Return the comments whose text everybody may read who sees the thing."""
    return Comment.objects.visible_to(actor).standing().with_names()


def _newest_snapshots(actor: Actor) -> QuerySet[Any]:
    """Return each dataset's newest snapshot that can be read: the columns that it has now."""
    ready = DatasetSnapshot.objects.filter(state=SnapshotState.READY)
    newer = ready.filter(dataset=OuterRef("dataset"), number__gt=OuterRef("number"))
    rows = ready.visible_to(actor).filter(~Exists(newer))
    return rows.select_related("dataset__team")


def _policies(actor: Actor) -> QuerySet[Any]:  # noqa: ARG001 (readable by all who sign in)
    return PolicyVersion.objects.select_related("policy").annotate(checks_text=CHECKS_TEXT)


_said = PolicyCheck.objects.filter(policy_version=OuterRef("pk")).order_by().values("policy_version")
CHECKS_TEXT = Subquery(
    _said.annotate(
        said=StringAgg(Concat("title", Value(": "), "message", output_field=TextField()), GAP, order_by="position")
    ).values("said"),
    output_field=TextField(),
)
"""What the checks of a policy's version say; there are few policies, so no index."""


KINDS = (
    Kind(
        title="Use cases",
        icon="use_cases",
        rows=lambda actor: with_state_now(UseCase.objects.visible_to(actor).select_related("team")),
        names=("slug", "name"),
        vector=Words("slug", "name", "purpose", "affected_persons", "decision", "rationale"),
        texts=("purpose", "affected_persons", "decision", "rationale"),
        shown=lambda row: f"{row.slug}, {row.name}",
        note=lambda row: f"{'Not a model' if row.not_a_model else spoken(row.state_now)}, {row.team.name}",
        url=_page,
    ),
    Kind(
        title="Models",
        icon="models",
        rows=lambda actor: RegisteredModel.objects.visible_to(actor).with_names(),
        names=("slug", "name", "mlflow_name", "tags"),
        vector=Words("slug", "name", "purpose", "retirement"),
        texts=("purpose", "retirement"),
        shown=lambda row: f"{row.slug}, {row.name}",
        note=lambda row: f"Tier {row.tier}, {row.team.name}{', retired' if row.retired_at else ''}",
        url=_page,
    ),
    Kind(
        title="Versions",
        icon="models",
        rows=lambda actor: ModelVersion.objects.visible_to(actor).select_related("model"),
        parent="model",
        own=_numbered("number"),
        vector=Words("description", "reason"),
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
        parent="model",
        own=_numbered("number", words=("card", "revision")),
        vector=Words("intended_use", "limitations", "out_of_scope_use"),
        texts=("intended_use", "limitations", "out_of_scope_use"),
        shown=lambda row: f"Card of {row.model.slug}",
        note=lambda row: f"Revision {row.number}, {row.get_state_display().lower()}, by {row.author.name}",
        url=_page,
        digest="digest",
    ),
    Kind(
        title="Findings",
        icon="findings",
        rows=lambda actor: Finding.objects.visible_to(actor).select_related("model"),
        parent="model",
        own=_numbered("number", words=("finding",)),
        vector=Words("title", "description"),
        texts=("description",),
        shown=lambda row: f"{row.title}, finding {row.number} of {row.model.slug}",
        note=lambda row: f"{row.get_severity_display()}, {row.get_state_display().lower()}",
        url=_page,
    ),
    Kind(
        title="Documents",
        icon="draft",
        rows=documents_now,
        parent="model",
        own=_numbered("number", words=("document",)),
        vector=Words("title", "withdrawal"),
        texts=("withdrawal",),
        shown=lambda row: f"{row.title}, document {row.number} of {row.model.slug}",
        note=lambda row: f"{row.get_kind_display()}, {spoken(row.state_now).lower()}",
        url=_page,
        digest="sha256",
    ),
    Kind(
        title="Comments",
        icon="draft",
        rows=_comments,
        parent="thread__discussion__model",
        own=_numbered("number", words=("comment",)),
        vector=Words("text"),
        texts=("text",),
        shown=lambda row: f"Comment {row.number} on {row.thread.about}",
        note=lambda row: f"By {row.author.name}, {row.get_state_display().lower()}",
        url=_page,
    ),
    Kind(
        title="Reviews",
        icon="reviews",
        rows=lambda actor: ApprovalRequest.objects.visible_to(actor).select_related(
            "release__model", "release__version", "opened_by"
        ),
        parent="release__model",
        own=_numbered("release__version__number", "pk", words=("request",)),
        vector=Words("summary"),
        texts=("summary",),
        shown=lambda row: f"{row.release.model.slug} v{row.release.version.number}, request #{row.pk}",
        note=lambda row: f"To {row.release.environment}, by {row.opened_by.name}, {spoken(state_now(row)).lower()}",
        url=_page,
        digest="bundle_digest",
    ),
    Kind(
        title="Releases",
        icon="releases",
        rows=lambda actor: Release.objects.visible_to(actor).select_related("model", "version__model"),
        parent="model",
        own=_of_release,
        vector=Words("fallback", "description", "reason"),
        texts=("fallback", "description", "reason"),
        shown=lambda row: f"{row}, release {row.pk}",
        note=lambda row: row.get_state_display(),
        url=_page,
    ),
    Kind(
        title="Datasets",
        icon="data",
        rows=lambda actor: Dataset.objects.visible_to(actor).select_related("team"),
        names=("slug", "name"),
        vector=Words("slug", "name", "description"),
        texts=("description",),
        shown=lambda row: f"{row.slug}, {row.name}",
        note=lambda row: row.team.name,
        url=_page,
    ),
    Kind(
        title="Columns",
        icon="data",
        rows=_newest_snapshots,
        vector=NamesWithin("columns"),
        listed_in="columns",
        shown=str,
        note=lambda row: row.dataset.team.name,
        url=_page,
    ),
    Kind(
        title="Snapshots",
        icon="data",
        rows=lambda actor: DatasetSnapshot.objects.visible_to(actor).select_related("dataset"),
        parent="dataset",
        own=_numbered("number"),
        shown=str,
        note=lambda row: row.get_state_display(),
        url=_page,
        digest="sha256",
    ),
    Kind(
        title="Policies",
        icon="policies",
        rows=_policies,
        names=("policy__slug", "policy__title"),
        own=_numbered("number"),
        vector=SearchVector(CHECKS_TEXT, config=CONFIG),
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
        names=("name",),
        shown=lambda row: row.name,
        note=lambda _: "What the ledger says they did",
        url=lambda row: f"{reverse('audit')}?actor={row.actor_id}",
    ),
)
