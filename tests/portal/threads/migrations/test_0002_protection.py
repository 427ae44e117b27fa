"""What the database refuses of comments, whoever asks."""

from typing import Any

import pytest

from portal.core.clock import now
from tests.factories.accounts import UserFactory
from tests.factories.threads import CommentFactory, EarlierTextFactory
from tests.registry.migrations.test_0002_protection import delete_refused, refused

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_who_said_it_and_when_stays() -> None:
    comment = CommentFactory.create()
    changes: dict[str, Any] = {"number": 9, "author": UserFactory.create(), "written_at": now()}
    for name, value in changes.items():
        assert refused(comment, **{name: value}), name
    assert delete_refused(comment)
    assert not refused(comment, text="Other.", state="edited", edited_at=now())


def test_what_was_withdrawn_changes_no_more() -> None:
    comment = CommentFactory.create()
    assert not refused(comment, state="withdrawn", withdrawn_at=now())
    assert refused(comment, state="withdrawn", withdrawn_at=now(), text="Other.")
    gone = CommentFactory.create(withdrawn=True)
    assert refused(gone, state="written", withdrawn_at=None)
    assert refused(gone, text="Other.")


def test_earlier_texts_and_threads_are_insert_only() -> None:
    earlier = EarlierTextFactory.create()
    for row in (earlier, earlier.comment.thread):
        assert refused(row, id=row.pk)
        assert delete_refused(row)
