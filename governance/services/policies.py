"""Policies: drafted by one steward, published by another; a published version never changes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from governance.choices import PolicyState
from governance.errors import PolicyInvalid
from governance.events import POLICY_DRAFTED, POLICY_PUBLISHED, POLICY_SUPERSEDED
from governance.models import Policy, PolicyCheck, PolicyVersion
from governance.rules.policies import problems
from portal.core.actors import SYSTEM, Actor
from portal.core.canonical import digest_of
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append
from registry.choices import Environment, Task

SOBER_DEFAULT = Path(__file__).parent.parent / "packs" / "sober_default.json"


@transaction.atomic
def draft_policy(*, actor: Actor, document: Mapping[str, Any]) -> PolicyVersion:
    """Save the next version of a policy as a draft.

    Raises Forbidden, and PolicyInvalid with every problem: typos and wrong types in expressions, too.
    """
    actor.require("draft_policy", None)
    _require_valid(document)
    policy, _ = Policy.objects.get_or_create(slug=document["slug"], defaults={"title": document["title"].strip()})
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    version = PolicyVersion.objects.create(
        policy=policy,
        number=(policy.versions.aggregate(last=Max("number"))["last"] or 0) + 1,
        document=dict(document),
        digest=digest_of(dict(document)),
        drafted_by=actor.id,
        drafted_at=now(),
    )
    PolicyCheck.objects.bulk_create(
        PolicyCheck(
            policy_version=version,
            position=position,
            key=check["key"],
            title=check["title"],
            severity=check["severity"],
            tasks=check.get("tasks", []),
            expression=check["expression"],
            limit=check["limit"],
            message=check["message"],
        )
        for position, check in enumerate(document["checks"], start=1)
    )
    _record(version, actor=actor, event=POLICY_DRAFTED)
    return version


@transaction.atomic
def publish_policy(*, actor: Actor, policy_version: PolicyVersion) -> PolicyVersion:
    """Publish a draft; the version before it is superseded. Open requests keep the version they were opened under.

    Raises Forbidden for who drafted it, Conflict unless it is the newest draft and no other policy is for the same
    environment and tier, and PolicyInvalid.
    """
    actor.require("publish_policy", None)
    list(Policy.objects.select_for_update().order_by("pk"))  # one publication at a time: they must not overlap
    version = PolicyVersion.objects.select_for_update(of=("self",)).select_related("policy").get(pk=policy_version.pk)
    if version.state != PolicyState.DRAFT:
        raise Conflict(f"{version} is {version.state}; only a draft can be published.")
    if actor.kind != "system" and actor.id == version.drafted_by:
        raise Forbidden("You drafted this version; another policy steward publishes it.", code="conflict_of_duty")
    _require_valid(version.document)
    _require_newest(version)
    _require_alone(version)
    for former in version.policy.versions.select_for_update().filter(state=PolicyState.PUBLISHED):
        former.state = PolicyState.SUPERSEDED
        former.save(update_fields=["state"])
        _record(former, actor=actor, event=POLICY_SUPERSEDED)
    version.state, version.published_by, version.published_at = PolicyState.PUBLISHED, actor.id, now()
    version.save(update_fields=["state", "published_by", "published_at"])
    _record(version, actor=actor, event=POLICY_PUBLISHED)
    return version


@transaction.atomic
def ensure_default_policy(*, actor: Actor = SYSTEM) -> PolicyVersion:
    """Publish the sober default, as the system does at set-up; a policy that was ever published is left alone."""
    document = json.loads(SOBER_DEFAULT.read_text())
    policy, _ = Policy.objects.get_or_create(slug=document["slug"], defaults={"title": document["title"]})
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    published = policy.versions.filter(state=PolicyState.PUBLISHED).first()
    if published is not None:
        return published
    return publish_policy(actor=actor, policy_version=draft_policy(actor=actor, document=document))


def _require_valid(document: Mapping[str, Any]) -> None:
    found = problems(document, environments=Environment.values, tasks=Task.values)
    if found:
        raise PolicyInvalid("The policy can't be used; see the fields.", fields=found)


def _require_newest(version: PolicyVersion) -> None:
    later = version.policy.versions.filter(number__gt=version.number, published_at__isnull=False).first()
    if later is not None:
        raise Conflict(f"{later} has been published already; draft a new version.")


def _require_alone(version: PolicyVersion) -> None:
    """Require that no other policy judges the same models: exactly one decides."""
    others = PolicyVersion.objects.filter(state=PolicyState.PUBLISHED).exclude(policy=version.policy)
    own = version.document
    for other in others.select_related("policy"):
        places = sorted(set(own["environments"]) & set(other.document["environments"]))
        tiers = sorted(set(own["tiers"]) & set(other.document["tiers"]))
        if places and tiers:
            where = f"{', '.join(places)}, tier {', '.join(map(str, tiers))}"
            raise Conflict(f"{other} is already the policy for {where}; publish a version of it that leaves these out.")


def _record(version: PolicyVersion, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("policy_version", str(version.pk), str(version)),
        data=version.public_state(),
        topics=(f"policy:{version.policy.slug}", f"policy_version:{version.pk}"),
    )
