"""Why a comment was withdrawn stays as it was said."""

import pytest

from tests.factories.threads import WithdrawalFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_why_somebody_elses_comment_was_withdrawn_is_insert_only() -> None:
    withdrawal = WithdrawalFactory.create()
    assert refused(withdrawal, reason="Another one.")
    assert delete_refused(withdrawal)
