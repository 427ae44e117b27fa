"""What the machine's own shell may do."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.accounts.selectors import actor_for_token, actor_for_user
from portal.accounts.services.passwords import set_password_by_link
from portal.accounts.services.tokens import use_token
from tests.factories.accounts import ServiceAccountFactory, person_with

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().splitlines()


def test_first_two_admins_get_passwords_shown_once() -> None:
    lines = run("create_admins", "Ann@example.org", "bo@example.org")
    for line, email in zip(lines, ["ann@example.org", "bo@example.org"], strict=False):
        user = User.objects.get(email=email)
        assert line.split()[0] == email
        assert user.check_password(line.split()[1])
        assert actor_for_user(user, interactive=True).may("manage_users", None)
    with pytest.raises(CommandError, match="already"):
        run("create_admins", "c@example.org", "d@example.org")


def test_where_one_administrator_is_left_the_shell_makes_the_second_and_no_third() -> None:
    person_with(Role.ADMIN)
    person_with(Role.ADMIN, is_active=False)
    with pytest.raises(CommandError, match="one administers already"):
        run("create_admins", "a@example.org", "b@example.org")
    run("create_admins", "bo@example.org")
    assert actor_for_user(User.objects.get(email="bo@example.org"), interactive=True).may("manage_users", None)
    with pytest.raises(CommandError, match="already"):
        run("create_admins", "c@example.org")


def test_password_link_of_the_shell_works_alone_and_for_people_only() -> None:
    user = person_with(Role.ADMIN, email="ann@example.org")
    [link] = run("create_password_link", "Ann@example.org")
    set_password_by_link(secret=link.rpartition("/")[2], password="a new pass phrase", repeated="a new pass phrase")
    assert User.objects.get(pk=user.pk).check_password("a new pass phrase")
    with pytest.raises(CommandError, match="no account"):
        run("create_password_link", "nobody@example.org")
    ServiceAccountFactory.create(email="ci@example.org")
    with pytest.raises(CommandError, match="no password"):
        run("create_password_link", "ci@example.org")


def test_both_admins_are_made_or_none() -> None:
    with pytest.raises(CommandError, match="can't be made"):
        run("create_admins", "ann@example.org", "nonsense")
    assert User.objects.count() == 0


def test_token_of_the_shell_works_and_is_narrow() -> None:
    user = person_with(Role.DEVELOPER)
    [secret] = run("create_token", user.email.upper(), "--days", "1", "--scope", "read")
    token = use_token(secret)
    assert token is not None
    assert {grant.capability for grant in actor_for_token(token).grants} == {"read"}
    with pytest.raises(CommandError, match="no account"):
        run("create_token", "nobody@example.org")
    with pytest.raises(CommandError, match="1 to 365"):
        run("create_token", user.email, "--days", "400")
