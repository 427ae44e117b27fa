"""The default policy is published once, by the system."""

from io import StringIO

import pytest
from django.core.management import call_command

from governance.models import PolicyVersion
from portal.core.actors import SYSTEM

pytestmark = pytest.mark.django_db


def test_the_default_policy_is_published_once() -> None:
    out = StringIO()
    call_command("ensure_policies", stdout=out)
    call_command("ensure_policies", stdout=out)
    found = PolicyVersion.objects.get()
    assert (found.state, found.published_by) == ("published", SYSTEM.id)
    assert out.getvalue().splitlines() == [f"{found} is published."] * 2


def test_it_can_be_silent() -> None:
    out = StringIO()
    call_command("ensure_policies", "-v0", stdout=out)
    assert out.getvalue() == ""
