import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.choices import Role
from portal.accounts.models import User
from portal.pages.paging import ROWS
from portal.threads.models import Comment
from registry.models import ModelVersion
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import FindingFactory, SealedVersionFactory
from tests.factories.threads import CommentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> ModelVersion:
    made: ModelVersion = SealedVersionFactory.create(model__slug="late-arrival", number=2)
    return made


@pytest.fixture
def dana(client: Client, version: ModelVersion) -> User:
    user = person_with(Role.DEVELOPER, team=version.model.team, name="Dana")
    client.force_login(user)
    return user


@pytest.fixture
def address(version: ModelVersion) -> str:
    return reverse("version_comments", args=[version.model.slug, version.number])


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_comment_is_written_from_the_versions_page_and_stands_there(
    client: Client, dana: User, version: ModelVersion, address: str
) -> None:
    assert f'href="{address}#write"' in client.get(version.get_absolute_url()).content.decode()
    answer = client.post(address, {"text": "See **run 3**."})
    assert answer["Location"] == f"{address}#comment-1"
    page = client.get(address).content.decode()
    assert '<li id="comment-1">' in page
    assert "See <strong>run 3</strong>." in page
    own = client.get(version.get_absolute_url())
    assert "1 comment" in text(own)
    assert Comment.objects.get().get_absolute_url() in own.content.decode()
    assert client.get(Comment.objects.get().get_absolute_url())["Location"] == answer["Location"]


def test_models_and_findings_have_comments_of_their_own(client: Client, dana: User, version: ModelVersion) -> None:
    finding = FindingFactory.create(model=version.model)
    for subject, name, arguments in (
        (version.model, "model_comments", ["late-arrival"]),
        (finding, "finding_comments", ["late-arrival", finding.number]),
    ):
        address = reverse(name, args=arguments)
        answer = client.post(address, {"text": "Noted."}, follow=True)
        assert f"Comments on {subject}" in text(answer)
        assert "Noted." in text(client.get(subject.get_absolute_url()))
        assert address in client.get(subject.get_absolute_url()).content.decode()


def test_a_preview_keeps_nothing_and_the_text_stays(client: Client, dana: User, address: str) -> None:
    page = client.post(address, {"text": "So *it* reads", "preview": "1"}).content.decode()
    assert "So <em>it</em> reads" in page
    assert ">\nSo *it* reads</textarea>" in page
    assert not Comment.objects.exists()


def test_a_refused_text_stays_in_the_form(client: Client, dana: User, address: str) -> None:
    long = "a" * 10_001
    answer = client.post(address, {"text": long})
    assert answer.status_code == 422
    assert "a comment has at most 10,000" in text(answer)
    assert f">\n{long}</textarea>" in answer.content.decode()
    assert client.post(address, {"text": long, "preview": "1"}).status_code == 422
    assert client.post(address, {"text": " "}).status_code == 422


def test_a_page_that_posts_in_place_gets_the_comment_among_the_others(
    client: Client, dana: User, version: ModelVersion, address: str
) -> None:
    for _ in range(ROWS):
        CommentFactory.create(subject=version, author=dana)
    answer = client.post(address, {"text": "The last."}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Push-Url"]) == (200, f"{address}?page=2#comment-51")
    page = answer.content.decode()
    assert '<li id="comment-51" tabindex="-1" autofocus>' in page
    assert 'id="comment-50"' not in page
    assert ">\n</textarea>" in page, "the form is empty again"


def test_a_long_thread_has_pages_and_each_comment_its_place(
    client: Client, dana: User, version: ModelVersion, address: str
) -> None:
    made = [CommentFactory.create(subject=version) for _ in range(ROWS + 1)]
    assert "1 to 50 of 51 comments" in text(client.get(address))
    assert client.get(made[-1].get_absolute_url())["Location"] == f"{address}?page=2#comment-51"
    assert client.get(made[0].get_absolute_url())["Location"] == f"{address}#comment-1"


def test_its_author_edits_a_comment_and_how_it_read_before_is_shown(client: Client, dana: User, address: str) -> None:
    client.post(address, {"text": "One."})
    comment = Comment.objects.get()
    edit = reverse("comment_edit", args=[comment.pk])
    assert edit in client.get(address).content.decode()
    assert ">\nOne.</textarea>" in client.get(edit).content.decode()
    assert "Two <strong>" in client.post(edit, {"text": "Two **!**", "preview": "1"}).content.decode()
    assert client.post(edit, {"text": ""}).status_code == 422
    page = text(client.post(edit, {"text": "Two."}, follow=False) and client.get(address))
    assert "Two." in page
    assert "edited" in page
    assert "How it read before" in page
    assert "One." in page


def test_a_withdrawn_comment_leaves_a_line_and_its_text_to_auditors(
    client: Client, dana: User, version: ModelVersion, address: str
) -> None:
    client.post(address, {"text": "Wombat."})
    comment = Comment.objects.get()
    withdraw = reverse("comment_withdraw", args=[comment.pk])
    assert "are shown to nobody but auditors" in text(client.get(withdraw))
    assert client.post(withdraw)["Location"] == comment.get_absolute_url()
    for role, seen in ((Role.DEVELOPER, False), (Role.VALIDATOR, False), (Role.AUDITOR, True)):
        client.force_login(person_with(role, team=version.model.team))
        page = text(client.get(address))
        assert "Withdrawn by Dana on" in page
        assert ("Wombat." in page) is seen
        assert "Wombat." not in text(client.get(version.get_absolute_url()))
    assert client.post(withdraw).status_code == 403
    client.force_login(dana)
    assert client.get(reverse("comment_edit", args=[comment.pk])).status_code == 409


def test_who_may_only_read_finds_no_form(client: Client, version: ModelVersion, address: str) -> None:
    CommentFactory.create(subject=version)
    client.force_login(person_with(Role.VIEWER, team=version.model.team))
    page = client.get(address).content.decode()
    assert "You may read here, not comment." in page
    assert "<textarea" not in page
    client.force_login(person_with(Role.DEVELOPER, team=TeamFactory.create()))
    for path in (address, Comment.objects.get().get_absolute_url()):
        assert client.get(path).status_code == 404


def test_an_empty_thread_says_what_it_is_for(client: Client, dana: User, version: ModelVersion, address: str) -> None:
    assert "nobody is bound by it" in text(client.get(address))
    client.force_login(person_with(Role.VIEWER, team=version.model.team))
    assert "Everybody with a part in the work" in text(client.get(address))


def test_what_is_written_acts_nowhere(client: Client, dana: User, version: ModelVersion, address: str) -> None:
    client.post(address, {"text": "<script>wombat()</script> [x](javascript:wombat()) <img src=x onerror=wombat()>"})
    shown = (address, version.get_absolute_url(), reverse("search") + "?q=wombat")
    for path in shown:
        page = client.get(path).content.decode()
        assert "wombat" in page
        assert "<script>wombat" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


def test_the_comment_of_a_closed_account_is_withdrawn_by_who_may_with_a_reason(client: Client) -> None:
    comment = CommentFactory.create(author__is_active=False, text="Call **Mr Smith**.")
    address = reverse("comment_withdraw", args=[comment.pk])
    client.force_login(person_with(Role.DEVELOPER, team=comment.thread.team))
    assert client.post(address, {"reason": "Mine."}).status_code == 403
    client.force_login(person_with(Role.ADMIN))
    assert client.get(address).status_code == 404
    client.force_login(person_with(Role.ADMIN, Role.VIEWER, name="Ada Admin"))
    page = client.get(comment.get_absolute_url(), follow=True).content.decode()
    assert f'href="{address}"' in page
    assert reverse("comment_edit", args=[comment.pk]) not in page
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "It names a customer."}).status_code == 302
    page = client.get(comment.get_absolute_url(), follow=True).content.decode()
    assert "Mr Smith" not in page
    assert "by Ada Admin on" in page
    assert "Why it was withdrawn: It names a customer." in page
