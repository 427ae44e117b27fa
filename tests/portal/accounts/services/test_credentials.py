"""Who changes how others get in, and when it takes two."""

import pytest

from portal.accounts.choices import Role
from portal.accounts.errors import (
    ChangeIsSettled,
    ChangeNeedsAnotherAdmin,
    LinkNotUsable,
    LinkWaits,
    OwnAccountForbidden,
)
from portal.accounts.models import CredentialChange, RoleGrant, User
from portal.accounts.selectors import actor_for_user, people_of_addresses
from portal.accounts.services import changes
from portal.accounts.services.credentials import (
    change_email,
    confirm_change,
    invite,
    issue_link,
    reactivate_user,
    withdraw_change,
)
from portal.accounts.services.grants import grant_role, revoke_grant
from portal.accounts.services.passwords import set_password_by_link, usable_link
from portal.accounts.services.users import create_user, deactivate_user
from portal.core.actors import SYSTEM
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.ledger.models import PendingEntry
from tests.factories.accounts import PASSWORD, ServiceAccountFactory, UserFactory, actor_with, person_with
from tests.portal.ledger.replay import replayed

pytestmark = pytest.mark.django_db
NEW = "an entirely new pass phrase"
OF_TWO = (Role.APPROVER, Role.VALIDATOR, Role.POLICY_STEWARD, Role.ADMIN)


@pytest.fixture
def days_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let changes be asked for so long ago that they have expired."""
    monkeypatch.setattr(changes, "now", lambda: now() - changes.LASTS)


def test_open_session_alone_confirms_no_change() -> None:
    ann, bo, approver = actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(Role.APPROVER)
    change = change_email(actor=ann, user=approver, email="new@example.org").change
    with pytest.raises(Invalid, match="password is wrong"):
        confirm_change(actor=bo, change=change, password="a guess")
    assert CredentialChange.objects.get(pk=change.pk).confirmed_by is None


def test_only_administrators_change_how_others_get_in() -> None:
    nobody, user = actor_with(Role.DEVELOPER, Role.AUDITOR), UserFactory.create()
    closed = UserFactory.create(is_active=False)
    change = issue_link(actor=SYSTEM, user=user).change
    written = PendingEntry.objects.count()
    with pytest.raises(Forbidden):
        invite(actor=nobody, email="a@example.org", name="A")
    with pytest.raises(Forbidden):
        issue_link(actor=nobody, user=user)
    with pytest.raises(Forbidden):
        change_email(actor=nobody, user=user, email="a@example.org")
    with pytest.raises(Forbidden):
        reactivate_user(actor=nobody, user=closed)
    with pytest.raises(Forbidden):
        confirm_change(actor=nobody, change=change, password=PASSWORD)
    with pytest.raises(Forbidden):
        withdraw_change(actor=nobody, change=change)
    assert PendingEntry.objects.count() == written


def test_invited_person_sets_the_first_password_and_no_administrator_knows_it() -> None:
    issued = invite(actor=actor_with(Role.ADMIN), email="Nora@example.org", name="Nora")
    assert not issued.waits
    assert not issued.change.user.has_usable_password()
    assert issued.secret not in repr(issued)
    assert issued.secret not in str(CredentialChange.objects.values())
    user = set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW)
    assert (user.email, user.check_password(NEW)) == ("nora@example.org", True)
    with pytest.raises(LinkNotUsable):
        set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW)


@pytest.mark.parametrize("role", OF_TWO)
def test_link_for_whose_word_takes_two_opens_by_a_second_administrator_and_with_their_code(role: str) -> None:
    ann, bo, user = actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(role)
    issued = issue_link(actor=ann, user=user)
    assert issued.waits
    with pytest.raises(LinkWaits):
        set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW)
    for same in (ann, actor_for_user(user, interactive=True)):
        with pytest.raises(Forbidden):
            confirm_change(actor=same, change=issued.change, password=PASSWORD)
    code = confirm_change(actor=bo, change=issued.change, password=PASSWORD).secret
    for wrong in ("", code[:-1], "AAAA-AAAA-AAAA-AAAA"):
        with pytest.raises(Invalid) as refused:
            set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW, code=wrong)
        assert set(refused.value.fields) == {"code"}
    set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW, code=code.lower())
    assert User.objects.get(pk=user.pk).check_password(NEW)


def test_administrator_whose_credentials_change_does_not_confirm_that() -> None:
    ann, bo = actor_with(Role.ADMIN), person_with(Role.ADMIN)
    issued = issue_link(actor=ann, user=bo)
    with pytest.raises(ChangeNeedsAnotherAdmin):
        confirm_change(actor=actor_for_user(bo, interactive=True), change=issued.change, password=PASSWORD)


def test_link_made_before_somebody_became_an_approver_takes_a_second_administrator_now() -> None:
    ann, bo = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    issued = invite(actor=ann, email="nora@example.org", name="Nora")
    grant_role(actor=ann, user=issued.change.user, role=Role.APPROVER)
    with pytest.raises(LinkWaits):
        usable_link(issued.secret)
    code = confirm_change(actor=bo, change=issued.change, password=PASSWORD).secret
    set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW, code=code)


def test_expired_change_is_neither_confirmed_nor_used(days_ago: None) -> None:
    ann, bo = actor_with(Role.ADMIN), actor_with(Role.ADMIN)
    issued, other = issue_link(actor=ann, user=person_with(Role.APPROVER)), issue_link(actor=ann, user=UserFactory())
    with pytest.raises(ChangeIsSettled):
        confirm_change(actor=bo, change=issued.change, password=PASSWORD)
    with pytest.raises(ChangeIsSettled):
        withdraw_change(actor=bo, change=issued.change)
    for secret in (issued.secret, other.secret, "nonsense", ""):
        with pytest.raises(LinkNotUsable):
            usable_link(secret)


def test_withdrawn_or_replaced_change_is_neither_confirmed_nor_used() -> None:
    ann, bo, user = actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(Role.APPROVER)
    first = issue_link(actor=ann, user=user)
    second = issue_link(actor=bo, user=user)
    withdraw_change(actor=ann, change=second.change)
    for issued, other in ((first, bo), (second, ann)):
        with pytest.raises(ChangeIsSettled):
            confirm_change(actor=other, change=issued.change, password=PASSWORD)
        with pytest.raises(LinkNotUsable):
            usable_link(issued.secret)


def test_change_is_confirmed_once_and_by_nobody_who_was_revoked() -> None:
    ann, bo, cy, user = *(actor_with(Role.ADMIN) for _ in range(3)), person_with(Role.VALIDATOR)
    change = issue_link(actor=ann, user=user).change
    confirm_change(actor=bo, change=change, password=PASSWORD)
    with pytest.raises(ChangeIsSettled):
        confirm_change(actor=cy, change=change, password=PASSWORD)
    again = issue_link(actor=ann, user=user).change
    revoke_grant(actor=cy, grant=RoleGrant.objects.get(user_id=bo.user_id or 0))
    with pytest.raises(Forbidden):
        confirm_change(actor=bo, change=again, password=PASSWORD)
    revoke_grant(actor=cy, grant=RoleGrant.objects.get(user_id=ann.user_id or 0))
    with pytest.raises(ChangeNeedsAnotherAdmin, match="no longer administers"):
        confirm_change(actor=cy, change=again, password=PASSWORD)


def test_address_of_a_developer_changes_at_once_and_of_an_approver_after_confirmation() -> None:
    ann, bo, developer, approver = (
        actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(Role.DEVELOPER), person_with(Role.APPROVER)
    )  # fmt: skip
    assert not change_email(actor=ann, user=developer, email=" Dana@Example.org ").waits
    assert User.objects.get(pk=developer.pk).email == "dana@example.org"
    issued = change_email(actor=ann, user=approver, email="new@example.org")
    assert User.objects.get(pk=approver.pk).email == approver.email
    confirm_change(actor=bo, change=issued.change, password=PASSWORD)
    assert User.objects.get(pk=approver.pk).email == "new@example.org"
    with pytest.raises(ChangeIsSettled, match="confirmed or withdrawn"):
        confirm_change(actor=bo, change=CredentialChange.objects.get(user=developer), password=PASSWORD)


def test_former_address_is_nobody_elses_and_may_be_taken_back() -> None:
    ann, vera, other = actor_with(Role.ADMIN), person_with(Role.DEVELOPER), person_with(Role.DEVELOPER)
    was = vera.email
    change_email(actor=ann, user=vera, email="married@example.org")
    assert people_of_addresses({was, "married@example.org"}) == {was: vera.pk, "married@example.org": vera.pk}
    with pytest.raises(Invalid):
        change_email(actor=ann, user=other, email=was)
    with pytest.raises(Invalid):
        create_user(actor=ann, email=was, name="Another")
    change_email(actor=ann, user=vera, email=was)
    assert User.objects.get(pk=vera.pk).email == was


def test_address_that_is_taken_is_refused_also_where_it_was_taken_meanwhile() -> None:
    ann, bo, approver = actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(Role.APPROVER)
    for wrong in (approver.email, "nonsense"):
        with pytest.raises(Invalid):
            change_email(actor=ann, user=approver, email=wrong)
    issued = change_email(actor=ann, user=approver, email="new@example.org")
    UserFactory.create(email="new@example.org")
    with pytest.raises(Conflict, match="already"):
        confirm_change(actor=bo, change=issued.change, password=PASSWORD)


def test_closed_account_of_an_approver_opens_by_two() -> None:
    ann, bo, approver = actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(Role.APPROVER)
    with pytest.raises(Conflict, match="active already"):
        reactivate_user(actor=ann, user=approver)
    deactivate_user(actor=ann, user=approver)
    with pytest.raises(Conflict, match="deactivated"):
        issue_link(actor=ann, user=approver)
    issued = reactivate_user(actor=ann, user=approver)
    assert not User.objects.get(pk=approver.pk).is_active
    confirm_change(actor=bo, change=issued.change, password=PASSWORD)
    assert User.objects.get(pk=approver.pk).is_active


def test_own_credentials_and_those_of_machines_are_not_changed_here() -> None:
    admin = person_with(Role.ADMIN)
    actor = actor_for_user(admin, interactive=True)
    with pytest.raises(OwnAccountForbidden):
        issue_link(actor=actor, user=admin)
    with pytest.raises(OwnAccountForbidden):
        change_email(actor=actor, user=admin, email="a@example.org")
    with pytest.raises(Conflict, match="no password"):
        issue_link(actor=actor, user=ServiceAccountFactory.create())


def test_link_of_the_machines_own_shell_needs_nobody_else() -> None:
    issued = issue_link(actor=SYSTEM, user=person_with(Role.ADMIN))
    assert not issued.waits
    set_password_by_link(secret=issued.secret, password=NEW, repeated=NEW)


def test_replaying_the_log_gives_the_changes_and_no_address_is_in_it() -> None:
    ann, bo, approver = actor_with(Role.ADMIN), actor_with(Role.ADMIN), person_with(Role.APPROVER)
    confirm_change(
        actor=bo, change=change_email(actor=ann, user=approver, email="new@example.org").change, password=PASSWORD
    )
    withdraw_change(actor=bo, change=issue_link(actor=ann, user=approver).change)
    invite(actor=ann, email="nora@example.org", name="Nora")
    rows = CredentialChange.objects.select_related("user")
    assert replayed("credential") == {str(row.pk): row.public_state() for row in rows}
    assert b"example.org" not in b"".join(bytes(row.payload) for row in PendingEntry.objects.all())
