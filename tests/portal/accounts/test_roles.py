"""The table of roles, as pure values."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.choices import Role
from portal.accounts.roles import (
    CAPABILITIES,
    CONFIRMED_CAPABILITIES,
    ROLES,
    TOKEN_SCOPES,
    HeldGrant,
    capabilities_of,
    counts,
    narrowed,
    needs_confirmation,
)
from portal.core.actors import Actor, Grant
from portal.core.capabilities import WORDS
from portal.core.errors import Forbidden

people = st.one_of(st.none(), st.integers(1, 3))
teams = st.one_of(st.none(), st.integers(1, 3))
grants_of_roles = st.builds(
    HeldGrant,
    role=st.sampled_from(list(Role)),
    capability=st.just(""),
    team_id=teams,
    granted_by=people,
    confirmed_by=people,
)
grants_of_capabilities = st.builds(
    HeldGrant,
    role=st.just(""),
    capability=st.sampled_from(sorted(CAPABILITIES)),
    team_id=teams,
    granted_by=people,
    confirmed_by=people,
)
held_grants = st.lists(grants_of_roles | grants_of_capabilities)


def held(
    role: str = "", capability: str = "", *, granted_by: int | None = 1, confirmed_by: int | None = None
) -> HeldGrant:
    return HeldGrant(role, capability, 7, granted_by, confirmed_by)


def test_every_role_has_a_row() -> None:
    assert set(ROLES) == set(Role)


def test_only_approvers_sign() -> None:
    assert [role for role in Role if "sign" in ROLES[role]] == [Role.APPROVER]


def test_auditor_writes_nothing_but_own_exports() -> None:
    assert ROLES[Role.AUDITOR] == {"read", "read_ledger", "read_withdrawn", "verify_ledger", "export_evidence"}


def test_reading_sensitive_columns_is_in_no_role() -> None:
    assert not any("read_sensitive" in capabilities for capabilities in ROLES.values())


def test_second_line_approval_policy_and_administration_take_a_second_admin() -> None:
    assert {role for role in Role if needs_confirmation(role=role, capability="")} == {
        Role.APPROVER,
        Role.VALIDATOR,
        Role.POLICY_STEWARD,
        Role.ADMIN,
    }
    assert {"manage_users", "manage_tokens", "administer"} <= CONFIRMED_CAPABILITIES
    assert {"sign", "publish_policy", "plan_validation"} <= CONFIRMED_CAPABILITIES
    assert "read" not in CONFIRMED_CAPABILITIES


def test_single_capability_is_no_way_around_the_second_admin() -> None:
    assert capabilities_of([held(capability="sign")]) == frozenset()
    assert capabilities_of([held(capability="sign", confirmed_by=2)]) == {Grant("sign", 7)}


def test_confirmation_by_the_giver_does_not_count() -> None:
    assert not counts(held(Role.APPROVER, confirmed_by=1))
    assert counts(held(Role.APPROVER, confirmed_by=2))
    assert not counts(held(Role.APPROVER))


def test_an_administrator_made_by_one_counts_only_when_confirmed_and_those_of_the_set_up_count() -> None:
    assert not counts(held(Role.ADMIN))
    assert not counts(held(capability="manage_users"))
    assert counts(held(Role.ADMIN, confirmed_by=2))
    assert counts(held(Role.ADMIN, granted_by=None))
    assert not counts(held(Role.APPROVER, granted_by=None))


def test_who_manages_people_never_signs_even_when_approver() -> None:
    for administration in (held(Role.ADMIN, confirmed_by=2), held(capability="manage_users", confirmed_by=2)):
        both = [administration, held(Role.APPROVER, confirmed_by=2)]
        assert "sign" not in {grant.capability for grant in capabilities_of(both)}


@given(held_grants)
def test_nobody_signs_without_a_confirmed_grant_or_as_admin(grants: list[HeldGrant]) -> None:
    signs = {grant.team_id for grant in capabilities_of(grants) if grant.capability == "sign"}
    confirmed = {
        one.team_id
        for one in grants
        if (one.role == Role.APPROVER or one.capability == "sign") and one.confirmed_by not in {None, one.granted_by}
    }
    admin = any(counts(one) and (one.role == Role.ADMIN or one.capability == "manage_users") for one in grants)
    assert signs == (set() if admin else confirmed)


@given(held_grants, held_grants)
def test_roles_add_up_except_for_signing(first: list[HeldGrant], second: list[HeldGrant]) -> None:
    def unsigned(grants: list[HeldGrant]) -> set[Grant]:
        return {grant for grant in capabilities_of(grants) if grant.capability != "sign"}

    assert unsigned(first + second) == unsigned(first) | unsigned(second)


@given(held_grants, st.sets(st.sampled_from([*sorted(CAPABILITIES), "unheard_of"])))
def test_token_carries_no_more_than_its_scopes_and_its_user(grants: list[HeldGrant], scopes: set[str]) -> None:
    given_ = capabilities_of(grants)
    carried = narrowed(given_, scopes)
    assert carried <= given_
    assert {grant.capability for grant in carried} <= scopes & set(TOKEN_SCOPES)
    assert not {"sign", "manage_users", "manage_tokens"} & {grant.capability for grant in carried}


def test_every_capability_has_words_and_no_other() -> None:
    assert set(WORDS) == CAPABILITIES


def test_a_refusal_says_which_roles_may_and_who_grants_them() -> None:
    person = Actor(id="user:1", kind="user", name="Vera", interactive=True)
    with pytest.raises(Forbidden) as refused:
        person.require("request_validation", 1)
    assert refused.value.message == (
        "Vera may not have versions validated here. It takes the role developer or validator "
        "(capability “request validation”), which an administrator grants."
    )
    with pytest.raises(Forbidden, match=r"of no role: an administrator grants it by itself\. A token carries it only"):
        replace(person, interactive=False).require("erase_data", 1)
