import copy
import json
from typing import Any

import pytest

from governance.choices import PolicyState
from governance.errors import PolicyInvalid
from governance.models import Policy, PolicyVersion
from governance.services.policies import SOBER_DEFAULT, draft_policy, ensure_default_policy, publish_policy
from portal.accounts.choices import Role
from portal.core.actors import SYSTEM
from portal.core.errors import Conflict, Forbidden
from tests.factories.accounts import actor_with
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
DEFAULT: dict[str, Any] = json.loads(SOBER_DEFAULT.read_text())


def other(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DEFAULT), **fields}


def test_the_system_publishes_the_sober_default_once_as_an_event() -> None:
    first = ensure_default_policy()
    assert ensure_default_policy() == first
    assert (first.state, first.published_by, first.number) == (PolicyState.PUBLISHED, "system", 1)
    assert [check.key for check in first.checks.all()] == [check["key"] for check in DEFAULT["checks"]]
    assert replayed("policy_version") == {str(first.pk): first.public_state()}


def test_a_policy_that_stewards_made_their_own_is_left_alone() -> None:
    ensure_default_policy()
    document = other(title="Ours", expires_after_days=3)
    ours = publish_policy(
        actor=actor_with(Role.POLICY_STEWARD), policy_version=draft_policy(actor=SYSTEM, document=document)
    )
    assert ensure_default_policy() == ours


def test_another_steward_publishes_and_the_former_version_is_superseded() -> None:
    first = ensure_default_policy()
    drafter, publisher = actor_with(Role.POLICY_STEWARD), actor_with(Role.POLICY_STEWARD)
    draft = draft_policy(actor=drafter, document=other(expires_after_days=7))
    assert (draft.state, draft.number, draft.drafted_by) == (PolicyState.DRAFT, 2, drafter.id)
    with pytest.raises(Forbidden, match="another policy steward publishes it"):
        publish_policy(actor=drafter, policy_version=draft)
    published = publish_policy(actor=publisher, policy_version=draft)
    first.refresh_from_db()
    assert (published.state, first.state) == (PolicyState.PUBLISHED, PolicyState.SUPERSEDED)
    assert replayed("policy_version") == {
        str(version.pk): version.public_state() for version in PolicyVersion.objects.select_related("policy")
    }
    with pytest.raises(Conflict, match="only a draft can be published"):
        publish_policy(actor=publisher, policy_version=published)


def test_draft_older_than_what_is_published_is_not_published() -> None:
    old, new = (draft_policy(actor=SYSTEM, document=other(evidence_days=days)) for days in (10, 20))
    publish_policy(actor=SYSTEM, policy_version=new)
    with pytest.raises(Conflict, match="v2 has been published already"):
        publish_policy(actor=SYSTEM, policy_version=old)


def test_typo_in_an_expression_is_refused_at_the_check_and_saves_nothing() -> None:
    document = other()
    document["checks"][1]["expression"] = "card.publishd"
    with pytest.raises(PolicyInvalid) as refused:
        draft_policy(actor=SYSTEM, document=document)
    assert refused.value.fields == {
        "card": ["1:5: undeclared reference to 'card.publishd'; did you mean card.published?"]
    }
    assert not Policy.objects.exists()


def test_two_policies_never_judge_the_same_models() -> None:
    ensure_default_policy()
    overlapping = draft_policy(actor=SYSTEM, document=other(slug="strict", title="Strict", tiers=[1]))
    with pytest.raises(Conflict, match="Sober default v1 is already the policy for production, staging, tier 1"):
        publish_policy(actor=SYSTEM, policy_version=overlapping)
    publish_policy(actor=SYSTEM, policy_version=draft_policy(actor=SYSTEM, document=other(tiers=[2, 3])))
    publish_policy(actor=SYSTEM, policy_version=overlapping)
    assert PolicyVersion.objects.filter(state=PolicyState.PUBLISHED).count() == 2


@pytest.mark.parametrize("role", [role for role in Role if role != Role.POLICY_STEWARD])
def test_only_policy_stewards_draft_and_publish(role: Role) -> None:
    with pytest.raises(Forbidden):
        draft_policy(actor=actor_with(role), document=DEFAULT)
    draft = draft_policy(actor=SYSTEM, document=DEFAULT)
    with pytest.raises(Forbidden):
        publish_policy(actor=actor_with(role), policy_version=draft)
