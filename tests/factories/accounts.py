"""People, teams and grants for tests, and the actors they become."""

from functools import cache
from typing import Any

import factory
from django.contrib.auth.hashers import make_password

from portal.accounts.choices import Line, Role, UserKind
from portal.accounts.models import RoleGrant, Team, User
from portal.accounts.roles import needs_confirmation
from portal.accounts.selectors import actor_for_user
from portal.core.actors import Actor
from portal.core.clock import now

PASSWORD = "correct horse battery staple"


@cache
def hashed_password() -> str:
    """Return one hash for all."""
    return make_password(PASSWORD)


class TeamFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    class Meta:
        model = Team

    slug = factory.Sequence(lambda n: f"team-{n}")
    name = factory.LazyAttribute(lambda team: team.slug.replace("-", " ").capitalize())
    line = Line.FIRST
    created_at = factory.LazyFunction(now)


class UserFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A person whose password is PASSWORD."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.LazyFunction(hashed_password)
    created_at = factory.LazyFunction(now)


class ServiceAccountFactory(UserFactory):
    kind = UserKind.SERVICE
    owner = factory.SubFactory(UserFactory)
    password = "!"


class RoleGrantFactory(factory.django.DjangoModelFactory):  # type: ignore[misc]
    """A grant in force; where a role needs a second administrator, one has confirmed it.

    Given by nobody, as at set-up, where an administrator needs none.
    """

    class Meta:
        model = RoleGrant

    user = factory.SubFactory(UserFactory)
    role = Role.VIEWER
    granted_from = factory.LazyFunction(now)
    granted_by = None
    confirmed_by = factory.Maybe(
        factory.LazyAttribute(
            lambda grant: (
                grant.role != Role.ADMIN
                and needs_confirmation(role=grant.role, capability=getattr(grant, "capability", ""))
            )
        ),
        yes_declaration=factory.SubFactory(UserFactory),
        no_declaration=None,
    )
    created_at = factory.LazyFunction(now)


def person_with(*roles: str, team: Team | None = None, **columns: Any) -> User:
    """Return a new person holding these roles in the team (None: in every team)."""
    user: User = UserFactory.create(**columns)
    for role in roles:
        RoleGrantFactory.create(user=user, role=role, team=team)
    return user


def actor_with(*roles: str, team: Team | None = None, interactive: bool = True) -> Actor:
    """Return a new person holding these roles, as a browser session's actor."""
    return actor_for_user(person_with(*roles, team=team), interactive=interactive)
