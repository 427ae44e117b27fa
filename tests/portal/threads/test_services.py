"""Comments: written, edited, withdrawn, and what the ledger says of it."""

import hashlib
import json
from typing import Any

import pytest
from django.core.cache import cache

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.errors import Forbidden, Invalid
from portal.core.throttles import COMMENT, TooManyTries
from portal.ledger.models import PendingEntry
from portal.threads.errors import CommentWithdrawn, NotYourComment
from portal.threads.models import Comment, Thread
from portal.threads.rules import LIMIT
from portal.threads.services import edit_comment, open_thread, withdraw_comment, write_comment
from tests.factories.accounts import TeamFactory, actor_with

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread() -> Thread:
    return open_thread(team=TeamFactory.create(), about="late-arrival v2", topics=["model:1", "version:2"])


@pytest.fixture
def developer(thread: Thread) -> Actor:
    return actor_with(Role.DEVELOPER, team=thread.team)


def told() -> list[dict[str, Any]]:
    rows = PendingEntry.objects.order_by("pk")
    return [one for row in rows if (one := json.loads(bytes(row.payload)))["subject"]["type"] == "comment"]


def test_comments_of_a_thread_are_numbered_and_told_without_their_text(thread: Thread, developer: Actor) -> None:
    first = write_comment(actor=developer, thread=thread, text=" Which **rows**?\r\nAll? ")
    second = write_comment(actor=actor_with(Role.APPROVER, team=thread.team), thread=thread, text="Those of run 3.")
    assert (first.number, second.number, str(first)) == (1, 2, "comment 1 on late-arrival v2")
    assert first.text == "Which **rows**?\nAll?"
    entry = told()[0]
    assert entry["event"] == "threads.comment.written"
    assert entry["data"] == first.public_state()
    assert entry["data"]["digest"] == hashlib.sha256(bytes.fromhex(first.salt) + first.text.encode()).hexdigest()
    assert first.salt not in json.dumps(entry)
    assert entry["topics"] == ["model:1", "version:2", f"comment:{first.pk}"]
    assert "rows" not in json.dumps(entry)


def test_an_edit_keeps_how_it_read_before(thread: Thread, developer: Actor) -> None:
    made = write_comment(actor=developer, thread=thread, text="One.")
    for text in ("Two.", "Two.", "Three."):
        edit_comment(actor=developer, comment=made, text=text)
    made.refresh_from_db()
    assert (made.text, made.state) == ("Three.", "edited")
    assert list(made.earlier_texts.values_list("text", flat=True)) == ["One.", "Two."]
    salts = {made.salt, *made.earlier_texts.values_list("salt", flat=True)}
    assert [len(bytes.fromhex(salt)) for salt in salts] == [32, 32, 32]
    assert [one["event"].rpartition(".")[2] for one in told()] == ["written", "edited", "edited"]


def test_a_withdrawn_comment_is_kept_and_changes_no_more(thread: Thread, developer: Actor) -> None:
    made = write_comment(actor=developer, thread=thread, text="One.")
    withdrawn = withdraw_comment(actor=developer, comment=made)
    assert (withdrawn.state, withdrawn.text, withdrawn.is_withdrawn) == ("withdrawn", "One.", True)
    assert list(Comment.objects.standing()) == []
    with pytest.raises(CommentWithdrawn):
        withdraw_comment(actor=developer, comment=made)
    with pytest.raises(CommentWithdrawn):
        edit_comment(actor=developer, comment=made, text="Two.")
    assert write_comment(actor=developer, thread=thread, text="Two.").number == 2


def test_nobody_changes_what_somebody_else_said(thread: Thread, developer: Actor) -> None:
    made = write_comment(actor=developer, thread=thread, text="One.")
    for other in (actor_with(Role.DEVELOPER, team=thread.team), actor_with(Role.VALIDATOR)):
        with pytest.raises(NotYourComment):
            edit_comment(actor=other, comment=made, text="Two.")
        with pytest.raises(NotYourComment):
            withdraw_comment(actor=other, comment=made)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VALIDATOR])
def test_the_comment_of_a_closed_account_is_withdrawn_with_a_reason_and_the_record_stays(
    thread: Thread, developer: Actor, role: Role
) -> None:
    made, other = write_comment(actor=developer, thread=thread, text="Mr Smith, of 4 Main Street."), actor_with(role)
    with pytest.raises(NotYourComment, match="once that account is closed"):
        withdraw_comment(actor=other, comment=made, reason="It names a customer.")
    User.objects.filter(pk=made.author_id).update(is_active=False)
    with pytest.raises(Forbidden) as refused:
        withdraw_comment(
            actor=actor_with(Role.DEVELOPER, team=thread.team), comment=made, reason="It names a customer."
        )
    assert refused.value.code == "missing_capability"
    for reason in (" ", "a\0b", "x" * 2001):
        with pytest.raises(Invalid):
            withdraw_comment(actor=other, comment=made, reason=reason)
    gone = withdraw_comment(actor=other, comment=made, reason=" It names a customer. ")
    assert (gone.state, gone.text, gone.author_id) == ("withdrawn", "Mr Smith, of 4 Main Street.", developer.user_id)
    assert (gone.withdrawal.by_id, gone.withdrawal.reason) == (other.user_id, "It names a customer.")
    entry = told()[-1]
    assert (entry["event"], entry["actor"]["id"]) == ("threads.comment.withdrawn", other.id)
    assert entry["data"] == gone.public_state()
    assert "customer" not in json.dumps(entry)
    with pytest.raises(CommentWithdrawn):
        withdraw_comment(actor=other, comment=made, reason="Again.")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.ADMIN])
def test_viewers_auditors_and_administrators_do_not_comment(thread: Thread, role: Role) -> None:
    team = None if role in (Role.AUDITOR, Role.ADMIN) else thread.team
    with pytest.raises(Forbidden):
        write_comment(actor=actor_with(role, team=team), thread=thread, text="One.")


def test_another_teams_developer_and_the_system_do_not_comment(thread: Thread) -> None:
    for actor in (actor_with(Role.DEVELOPER, team=TeamFactory.create()), SYSTEM):
        with pytest.raises(Forbidden):
            write_comment(actor=actor, thread=thread, text="One.")


@pytest.mark.parametrize("text", ["", " \n ", "a" * (LIMIT + 1), "a\0b"])
def test_a_text_that_is_none_or_too_long_is_refused(thread: Thread, developer: Actor, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        write_comment(actor=developer, thread=thread, text=text)
    assert refused.value.fields.keys() == {"text"}


def test_a_person_comments_so_often_and_then_waits(
    thread: Thread, developer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    began = now()
    monkeypatch.setattr("portal.core.throttles.now", lambda: began)
    for _ in range(COMMENT.tries):
        write_comment(actor=developer, thread=thread, text="Again.")
    with pytest.raises(TooManyTries, match="Too many comments"):
        write_comment(actor=developer, thread=thread, text="Again.")
    write_comment(actor=actor_with(Role.APPROVER, team=thread.team), thread=thread, text="Mine.")
    cache.clear()
