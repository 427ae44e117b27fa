"""Verbs on people, teams, grants and tokens: what they refuse, and what they leave in the log."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.choices import Role
from portal.accounts.errors import (
    GrantIsSettled,
    GrantNeedsAnotherAdmin,
    GrantNotForServiceAccounts,
    OwnAccountForbidden,
    TokenOfAnotherForbidden,
)
from portal.accounts.models import ApiToken, RoleGrant, Team, User
from portal.accounts.selectors import actor_for_token, actor_for_user
from portal.accounts.services.grants import confirm_grant, grant_role, revoke_grant
from portal.accounts.services.reauthentication import confirm_password
from portal.accounts.services.teams import create_team, rename_team
from portal.accounts.services.tokens import create_token, revoke_token, use_token
from portal.accounts.services.users import create_user, deactivate_user
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.errors import Forbidden, Invalid
from portal.ledger.models import PendingEntry
from tests.factories.accounts import (
    PASSWORD,
    RoleGrantFactory,
    ServiceAccountFactory,
    TeamFactory,
    UserFactory,
    actor_with,
    person_with,
)
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db


def payloads() -> bytes:
    return b"\n".join(bytes(row.payload) for row in PendingEntry.objects.all())


def test_person_is_made_with_lower_case_address_and_argon2() -> None:
    user = create_user(actor=SYSTEM, email=" Nora@Example.org ", name="Nora", password="a long pass phrase")
    assert user.email == "nora@example.org"
    assert user.password.startswith("argon2")
    assert User.objects.get_by_natural_key("NORA@example.org") == user


def test_name_and_address_stay_out_of_the_payload() -> None:
    create_user(actor=SYSTEM, email="nora@example.org", name="Nora Unusual", password="a long pass phrase")
    create_team(actor=SYSTEM, slug="risk", name="Team Unusual")
    assert b"nora@" not in payloads()
    assert b"Unusual" not in payloads()


def test_address_is_taken_whatever_its_case() -> None:
    UserFactory.create(email="nora@example.org")
    with pytest.raises(Invalid) as refused:
        create_user(actor=SYSTEM, email="NORA@example.org", name="Nora")
    assert "email" in refused.value.fields
    with pytest.raises(IntegrityError), transaction.atomic():
        UserFactory.create(email="Nora@example.org")


def test_weak_password_and_empty_name_are_refused_by_field() -> None:
    with pytest.raises(Invalid) as refused:
        create_user(actor=SYSTEM, email="nobody", name=" ", password="password")
    assert set(refused.value.fields) == {"email", "name", "password"}


def test_names_hold_nothing_that_is_not_seen() -> None:
    ada, team = UserFactory.create(), create_team(actor=SYSTEM, slug="risk", name="Risk")
    name = "Ada\u202eassirG"
    verbs = (
        lambda: create_user(actor=SYSTEM, email="ada@example.org", name=name),
        lambda: create_team(actor=SYSTEM, slug="a", name=name),
        lambda: rename_team(actor=SYSTEM, team=team, name=name),
        lambda: create_token(actor=SYSTEM, user=ada, name=name, scopes=["read"], days=1),
    )
    for verb in verbs:
        with pytest.raises(Invalid) as refused:
            verb()
        assert "U+202E" in refused.value.fields["name"][0]


def test_only_admins_manage_people() -> None:
    developer, user = actor_with(Role.DEVELOPER, Role.AUDITOR), UserFactory.create()
    with pytest.raises(Forbidden):
        create_user(actor=developer, email="a@example.org", name="A")
    with pytest.raises(Forbidden):
        create_team(actor=developer, slug="a", name="A")
    with pytest.raises(Forbidden):
        grant_role(actor=developer, user=user, role=Role.VIEWER)
    with pytest.raises(Forbidden):
        deactivate_user(actor=developer, user=user)
    assert PendingEntry.objects.count() == 0


def test_service_account_needs_an_active_person_as_owner() -> None:
    owner = UserFactory.create()
    account = create_user(actor=SYSTEM, email="ci@example.org", name="CI", owner=owner)
    assert account.actor_id == f"service:{account.pk}"
    assert not account.has_usable_password()
    with pytest.raises(Invalid):
        create_user(actor=SYSTEM, email="ci2@example.org", name="CI", owner=account)


def test_deactivated_account_can_do_nothing_and_admin_stays() -> None:
    admin, user = actor_with(Role.ADMIN), person_with(Role.DEVELOPER)
    made = create_token(actor=SYSTEM, user=user, name="ci", scopes=["read"], days=1)
    assert use_token(made.secret) is not None
    deactivate_user(actor=admin, user=user)
    assert use_token(made.secret) is None
    user.refresh_from_db()
    assert actor_for_user(user, interactive=True).grants == frozenset()
    with pytest.raises(OwnAccountForbidden):
        deactivate_user(actor=admin, user=User.objects.get(pk=admin.user_id or 0))


def test_team_slug_is_unique_and_well_formed() -> None:
    create_team(actor=SYSTEM, slug="credit-risk", name="Credit risk", line="second")
    for slug in ("credit-risk", "no spaces"):
        with pytest.raises(Invalid):
            create_team(actor=SYSTEM, slug=slug, name="Other")


def test_approver_signs_only_after_a_second_admin_confirmed() -> None:
    first, second = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    user, team = UserFactory.create(), TeamFactory.create()
    grant = grant_role(actor=first, user=user, role=Role.APPROVER, team=team)
    assert not actor_for_user(user, interactive=True).may("sign", team.pk)
    with pytest.raises(GrantNeedsAnotherAdmin):
        confirm_grant(actor=first, grant=grant, password=PASSWORD)
    confirm_grant(actor=second, grant=grant, password=PASSWORD)
    assert actor_for_user(user, interactive=True).may("sign", team.pk)
    with pytest.raises(GrantIsSettled):
        confirm_grant(actor=actor_with(Role.ADMIN), grant=grant, password=PASSWORD)


def test_holder_can_not_confirm_own_grant() -> None:
    first, holder = actor_with(Role.ADMIN), person_with(Role.ADMIN)
    grant = grant_role(actor=first, user=holder, role=Role.POLICY_STEWARD)
    with pytest.raises(GrantNeedsAnotherAdmin):
        confirm_grant(actor=actor_for_user(holder, interactive=True), grant=grant, password=PASSWORD)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.filter(pk=grant.pk).update(confirmed_by=holder)


def test_database_refuses_confirmation_by_the_giver() -> None:
    admin = UserFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrantFactory.create(role=Role.APPROVER, granted_by=admin, confirmed_by=admin)


def test_grant_is_a_role_or_a_capability_within_sound_dates() -> None:
    user = UserFactory.create()
    with pytest.raises(Invalid):
        grant_role(actor=SYSTEM, user=user)
    with pytest.raises(Invalid):
        grant_role(actor=SYSTEM, user=user, role="king")
    with pytest.raises(Invalid):
        grant_role(actor=SYSTEM, user=user, role=Role.VIEWER, capability="read")
    with pytest.raises(Invalid):
        grant_role(actor=SYSTEM, user=user, role=Role.VIEWER, granted_until=now() - timedelta(hours=1))
    with pytest.raises(Invalid):
        grant_role(actor=SYSTEM, user=user, role=Role.ADMIN, team=TeamFactory.create())


def test_grant_never_begins_in_the_past() -> None:
    before = now()
    user = UserFactory.create()
    grant = grant_role(actor=SYSTEM, user=user, role=Role.VIEWER, granted_from=before - timedelta(days=9))
    assert grant.granted_from >= before


def test_service_account_is_never_granted_what_people_decide() -> None:
    account = ServiceAccountFactory.create()
    for role in (Role.APPROVER, Role.VALIDATOR, Role.POLICY_STEWARD, Role.ADMIN):
        with pytest.raises(GrantNotForServiceAccounts):
            grant_role(actor=SYSTEM, user=account, role=role)
    with pytest.raises(GrantNotForServiceAccounts):
        grant_role(actor=SYSTEM, user=account, capability="sign")
    grant_role(actor=SYSTEM, user=account, role=Role.DEVELOPER)


def test_revoked_grant_ends_now_and_once() -> None:
    admin, user = actor_with(Role.ADMIN), UserFactory.create()
    grant = grant_role(actor=admin, user=user, role=Role.DEVELOPER)
    revoke_grant(actor=admin, grant=grant)
    assert actor_for_user(user, interactive=True).grants == frozenset()
    with pytest.raises(GrantIsSettled):
        revoke_grant(actor=admin, grant=grant)


def test_admin_can_not_revoke_own_administration() -> None:
    admin = actor_with(Role.ADMIN)
    with pytest.raises(OwnAccountForbidden):
        revoke_grant(actor=admin, grant=RoleGrant.objects.get(user_id=admin.user_id or 0))


def test_token_is_shown_once_and_kept_as_a_hash() -> None:
    user = UserFactory.create()
    made = create_token(actor=SYSTEM, user=user, name="Laptop of Nora", scopes=["read"], days=30)
    scheme, prefix, secret = made.secret.split("_")
    assert (scheme, prefix, len(secret)) == ("cs", made.token.prefix, 64)
    assert secret not in str(ApiToken.objects.values())
    assert secret.encode() not in payloads()
    assert b"Nora" not in payloads()
    assert secret not in repr(made)
    found = use_token(made.secret)
    assert found == made.token
    assert actor_for_token(found).user_id == user.pk


def test_wrong_expired_and_revoked_tokens_do_not_work() -> None:
    user = person_with(Role.DEVELOPER)
    me = actor_for_user(user, interactive=True)
    made = create_token(actor=me, user=user, name="ci", scopes=["read"], days=30)
    prefix = made.token.prefix
    for raw in (
        "",
        "cs",
        "cs_",
        f"cs_{prefix}_",
        f"cs_{prefix}_{'0' * 64}",
        f"xx_{made.secret[3:]}",
        made.secret + "0",
    ):
        assert use_token(raw) is None
    ApiToken.objects.update(expires_at=now())
    assert use_token(made.secret) is None
    ApiToken.objects.update(expires_at=now() + timedelta(days=1))
    assert use_token(made.secret) is not None
    revoke_token(actor=me, token=made.token)
    assert use_token(made.secret) is None
    assert actor_for_token(ApiToken.objects.get()).grants == frozenset()


def test_use_of_a_token_is_noted_once_a_minute(django_assert_num_queries: object) -> None:
    made = create_token(actor=SYSTEM, user=UserFactory.create(), name="ci", scopes=["read"], days=30)
    use_token(made.secret)
    first = ApiToken.objects.get().last_used_at
    use_token(made.secret)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=now() - timedelta(minutes=2))
    use_token(made.secret)
    latest = ApiToken.objects.get().last_used_at
    assert first is not None
    assert latest is not None
    assert latest >= first


def test_token_stops_with_the_owner_of_its_service_account() -> None:
    account = ServiceAccountFactory.create()
    made = create_token(actor=SYSTEM, user=account, name="ci", scopes=["read"], days=30)
    assert use_token(made.secret) is not None
    User.objects.filter(pk=account.owner_id).update(is_active=False)
    assert use_token(made.secret) is None


def test_nobody_makes_a_token_for_another_person_and_no_token_makes_tokens() -> None:
    user = UserFactory.create()
    for actor in (actor_with(Role.ADMIN), actor_for_user(user, interactive=False)):
        with pytest.raises(TokenOfAnotherForbidden):
            create_token(actor=actor, user=user, name="ci", scopes=["read"], days=1)
    account = ServiceAccountFactory.create(owner=user)
    create_token(actor=actor_for_user(user, interactive=True), user=account, name="ci", scopes=["read"], days=1)
    create_token(actor=actor_with(Role.ADMIN), user=account, name="ci", scopes=["read"], days=1)


def test_no_token_carries_signing_or_lasts_over_a_year() -> None:
    user = UserFactory.create()
    for scopes, days in ((["sign"], 1), (["manage_users"], 1), ([], 1), (["read"], 366), (["read"], 0)):
        with pytest.raises(Invalid):
            create_token(actor=SYSTEM, user=user, name="ci", scopes=scopes, days=days)


def test_only_its_person_its_owner_or_a_manager_revokes_a_token() -> None:
    made = create_token(actor=SYSTEM, user=UserFactory.create(), name="ci", scopes=["read"], days=1)
    with pytest.raises(Forbidden):
        revoke_token(actor=actor_with(Role.DEVELOPER), token=made.token)
    revoke_token(actor=actor_with(Role.ADMIN), token=made.token)


def test_wrong_password_and_closed_account_do_not_reauthenticate() -> None:
    user = UserFactory.create()
    confirm_password(user=user, password=PASSWORD)
    with pytest.raises(Invalid) as refused:
        confirm_password(user=user, password="wrong")
    assert "password" in refused.value.fields
    User.objects.update(is_active=False)
    with pytest.raises(Invalid):
        confirm_password(user=user, password=PASSWORD)


def test_replaying_the_log_gives_the_tables() -> None:
    first, second = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    team = create_team(actor=first, slug="risk", name="Risk")
    user = create_user(actor=first, email="n@example.org", name="N", password="a long pass phrase")
    gone = create_user(actor=first, email="m@example.org", name="M")
    approver = grant_role(actor=first, user=user, role=Role.APPROVER, team=team)
    confirm_grant(actor=second, grant=approver, password=PASSWORD)
    revoke_grant(actor=first, grant=grant_role(actor=first, user=user, capability="read_sensitive"))
    deactivate_user(actor=first, user=gone)
    made = create_token(actor=SYSTEM, user=user, name="ci", scopes=["read"], days=1)
    revoke_token(actor=first, token=made.token)
    known = {user.pk, gone.pk}
    assert replayed("user") == {str(row.pk): row.public_state() for row in User.objects.filter(pk__in=known)}
    assert replayed("team") == {str(row.pk): row.public_state() for row in Team.objects.all()}
    assert replayed("grant") == {
        str(row.pk): row.public_state() for row in RoleGrant.objects.select_related("user").filter(user_id__in=known)
    }
    assert replayed("token") == {str(row.pk): row.public_state() for row in ApiToken.objects.select_related("user")}
