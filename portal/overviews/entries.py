"""Entries of the ledger as lists show them: who by name, the subject by name and address."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from governance.models import ApprovalRequest
from portal.core.actors import SYSTEM, Actor
from portal.ledger.selectors import EntryRow
from portal.overviews.people import names_of
from registry.models import Dataset, ModelVersion, RegisteredModel, Release


@dataclass(frozen=True)
class EntryLine:
    """One entry; `kind` is the subject's type in words, `url` is empty where the subject has no page.

    `behalf` names for whom the system acted; empty where it was for nobody.
    """

    entry: EntryRow
    who: str
    behalf: str
    kind: str
    name: str
    url: str


_Data = Mapping[str, Any]
_Place = tuple[str, str]
"""A subject's name and its page's address; empty where the reader may not see it."""
NOWHERE: _Place = ("", "")


@dataclass(frozen=True)
class _Names:
    """What the subjects of some entries are called, as far as the reader may see: slugs, and (slug, number)."""

    models: Mapping[int, str]
    versions: Mapping[int, tuple[str, int]]
    releases: Mapping[int, tuple[str, int | None]]
    """The number is None where what is in use has no version here."""
    datasets: Mapping[int, str]
    requests: Mapping[int, tuple[str, int | None]]
    people: Mapping[str, str]
    administers: bool
    """Whether the reader may open somebody's page."""


def entry_lines(actor: Actor, rows: Sequence[EntryRow]) -> list[EntryLine]:
    """Return the entries with their names, in the order given; at most five queries however many they are."""
    acted = [one for row in rows for one in (row.actor_id, row.on_behalf_of or SYSTEM.id)]
    people = names_of([*acted, *(_account_of(row.data) for row in rows)])
    names = _names(actor, rows, people)
    lines = []
    for row in rows:
        name, url = _PLACES.get(row.subject_type, _plain)(row.data, names)
        spoken = row.subject_type.replace("_", " ")
        behalf = "" if row.on_behalf_of in {None, SYSTEM.id} else people[row.on_behalf_of]
        lines.append(EntryLine(row, people[row.actor_id], behalf, spoken, name or row.subject_id, url))
    return lines


def _names(actor: Actor, rows: Sequence[EntryRow], people: Mapping[str, str]) -> _Names:
    of = {
        key: {value for row in rows if isinstance(value := row.data.get(key), int)}
        for key in ("model", "version", "release", "dataset")
    }
    models = RegisteredModel.objects.visible_to(actor).filter(pk__in=of["model"])
    versions = ModelVersion.objects.visible_to(actor).filter(pk__in=of["version"])
    # A decision names its request alone: the release and its version come by the same query as the others.
    decided = {row.data.get("request", 0) for row in rows if row.subject_type == "decision"}
    # A union of keys: an OR across the join would read every release there is.
    named = Release.objects.filter(pk__in=of["release"]).order_by().values("pk")
    wanted = named.union(ApprovalRequest.objects.filter(pk__in=decided).order_by().values("release"))
    releases = Release.objects.visible_to(actor).filter(pk__in=wanted)
    found = list(releases.values_list("pk", "approval_request", "model__slug", "version__number"))
    datasets = Dataset.objects.visible_to(actor).filter(pk__in=of["dataset"])
    return _Names(
        models=dict(models.values_list("pk", "slug")),
        versions={pk: (slug, number) for pk, slug, number in versions.values_list("pk", "model__slug", "number")},
        releases={pk: (slug, number) for pk, _, slug, number in found},
        datasets=dict(datasets.values_list("pk", "slug")),
        requests={request: (slug, number) for _, request, slug, number in found if request is not None},
        people=people,
        administers=actor.may("manage_users", None),
    )


def _account_of(data: _Data) -> str:
    """Return the actor id of the account that an entry is about; SYSTEM's where it is about none."""
    user = data.get("user")
    if isinstance(user, int):
        return f"{'service' if data.get('kind') == 'service' else 'user'}:{user}"
    return user if isinstance(user, str) else SYSTEM.id


def _plain(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
    return str(data.get("slug") or data.get("name") or ""), ""


def _named_by_slug(view: str) -> Callable[[_Data, _Names], _Place]:
    def place(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
        return (data["slug"], reverse(view, args=[data["slug"]])) if data.get("slug") else NOWHERE

    return place


def _part_of_model(view: str) -> Callable[[_Data, _Names], _Place]:
    def place(data: _Data, names: _Names) -> _Place:
        slug = names.models.get(data.get("model", 0))
        if slug is None:
            return NOWHERE
        number = data.get("number") or data.get("training_run")
        return f"{number} of {slug}", reverse(view, args=[slug])

    return place


def _stage(data: _Data, names: _Names) -> _Place:
    slug, stage = names.models.get(data.get("model", 0)), data.get("stage")
    return (f"{stage} of {slug}", reverse("stage", args=[slug, stage])) if slug and stage else NOWHERE


def _finding(data: _Data, names: _Names) -> _Place:
    slug, number = names.models.get(data.get("model", 0)), data.get("number")
    return (f"{number} of {slug}", reverse("finding", args=[slug, number])) if slug and number else NOWHERE


def _comment(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
    comment, number = data.get("comment"), data.get("number")
    name = f"{number} on {data.get('about')}"
    return (name, reverse("comment", args=[comment])) if comment and number else NOWHERE


def _version(data: _Data, names: _Names) -> _Place:
    found = names.versions.get(data.get("version", 0))
    return (_spoken(found), reverse("version", args=found)) if found else NOWHERE


def _artifact(data: _Data, names: _Names) -> _Place:
    name, url = _version(data, names)
    return (f"{data.get('name')} of {name}", url) if name else NOWHERE


def _release(data: _Data, names: _Names) -> _Place:
    found = names.releases.get(data.get("release", 0))
    if found is None:
        return NOWHERE
    place = f" in {data['environment']}" if "environment" in data else ""
    return f"{_spoken(found)}{place}", reverse("release", args=[data["release"]])


def _request(data: _Data, names: _Names) -> _Place:
    found = names.releases.get(data.get("release", 0))
    number = data.get("request")
    return (f"#{number} on {_spoken(found)}", reverse("review", args=[number])) if found and number else NOWHERE


def _decision(data: _Data, names: _Names) -> _Place:
    number = data.get("request", 0)
    found = names.requests.get(number)
    return (f"#{number} on {_spoken(found)}", reverse("review", args=[number])) if found else NOWHERE


def _run(data: _Data, names: _Names) -> _Place:
    found, number = names.versions.get(data.get("version", 0)), data.get("run")
    if found is None or not number:
        return NOWHERE
    return f"{number} of {_spoken(found)}", reverse("validation_run", args=[number])


def _snapshot(data: _Data, names: _Names) -> _Place:
    slug, number = names.datasets.get(data.get("dataset", 0)), data.get("number")
    return (f"{slug} {number}", reverse("snapshot", args=[slug, number])) if slug and number else NOWHERE


def _datasheet(data: _Data, names: _Names) -> _Place:
    slug, number = names.datasets.get(data.get("dataset", 0)), data.get("number")
    return (
        (f"{number} of {slug}", f"{reverse('datasheet', args=[slug])}?number={number}") if slug and number else NOWHERE
    )


def _lineage_run(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
    number = data.get("lineage_run")
    return (f"run {number}", reverse("lineage_run", args=[number])) if number else NOWHERE


def _lineage_edge(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
    ends = (data.get("downstream"), data.get("upstream"))
    spoken = [f"{kind} {key}" for end in ends if isinstance(end, list) for kind, key in [end]]
    return (f"of {' on '.join(spoken)}", "") if spoken else NOWHERE


def _policy(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
    slug, number = data.get("policy"), data.get("number")
    return (f"{slug} v{number}", reverse("policy", args=[slug, number])) if slug and number else NOWHERE


def _job(data: _Data, names: _Names) -> _Place:  # noqa: ARG001  (one signature for all)
    deed = str(data.get("kind") or "").rpartition(".")[2].replace("_", " ")
    return (f"{data['job']} ({deed})", "") if deed and "job" in data else NOWHERE


def _account(data: _Data, names: _Names) -> _Place:
    account = _account_of(data)
    key = account.partition(":")[2]
    if not key.isdigit():
        return NOWHERE
    told = str(data.get("role") or data.get("capability") or data.get("prefix") or "").replace("_", " ")
    name = names.people[account]
    url = reverse("admin_person", args=[key]) if names.administers else ""
    return f"{told} of {name}" if told else name, url


def _spoken(found: tuple[str, int | None]) -> str:
    slug, number = found
    return slug if number is None else f"{slug} v{number}"


_PLACES: Mapping[str, Callable[[_Data, _Names], _Place]] = {
    "use_case": _named_by_slug("use_case"),
    "model": _named_by_slug("model"),
    "dataset": _named_by_slug("dataset"),
    "snapshot": _snapshot,
    "profile": _snapshot,
    "datasheet": _datasheet,
    "version": _version,
    "artifact": _artifact,
    "gate_evaluation": _version,
    "training_run": _part_of_model("model"),
    "card_revision": _part_of_model("card"),
    "tier_assessment": _part_of_model("tier"),
    "document": _part_of_model("documents"),
    "pipeline_stage": _stage,
    "finding": _finding,
    "comment": _comment,
    "plan": _part_of_model("model"),
    "run": _run,
    "job": _job,
    "release": _release,
    "pack": _release,
    "request": _request,
    "decision": _decision,
    "policy_version": _policy,
    "lineage_run": _lineage_run,
    "lineage_event": _lineage_run,
    "lineage_edge": _lineage_edge,
    "user": _account,
    "grant": _account,
    "token": _account,
    "credential": _account,
}
