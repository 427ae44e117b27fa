"""Comments as each reader may see them."""

import pytest

from portal.accounts.choices import Role
from portal.core.actors import Actor
from portal.overviews.comments import comment_lines, comments_on, comments_summary, subject_of
from portal.overviews.search import search
from registry.models import RegisteredModel
from tests.factories.accounts import TeamFactory, actor_with
from tests.factories.registry import FindingFactory, RegisteredModelFactory, SealedVersionFactory
from tests.factories.threads import CommentFactory, EarlierTextFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def model() -> RegisteredModel:
    made: RegisteredModel = RegisteredModelFactory.create(slug="late-arrival")
    return made


def test_the_page_of_a_thing_shows_the_newest_that_stand(model: RegisteredModel) -> None:
    viewer = actor_with(Role.VIEWER, team=model.team)
    assert comments_summary(viewer, model).words == ""
    made = [CommentFactory.create(subject=model, text=f"Number {number}.") for number in range(5)]
    CommentFactory.create(subject=model, withdrawn=True)
    CommentFactory.create(subject=SealedVersionFactory.create(model=model))
    found = comments_summary(viewer, model)
    assert (found.words, list(found.newest), found.may_write) == ("5 comments", made[:1:-1], False)
    assert comments_summary(actor_with(Role.APPROVER, team=model.team), model).may_write


def test_withdrawn_and_earlier_texts_are_for_who_may_read_them(model: RegisteredModel) -> None:
    withdrawn = CommentFactory.create(subject=model, withdrawn=True)
    EarlierTextFactory.create(comment=withdrawn)
    edited = EarlierTextFactory.create(comment__subject=model).comment
    rows = list(comments_on(model))
    assert rows == [withdrawn, edited]
    shown = {
        role: [(line.hidden, len(line.earlier)) for line in comment_lines(actor_with(role, team=model.team), rows)]
        for role in (Role.VIEWER, Role.VALIDATOR, Role.AUDITOR)
    }
    assert shown == {
        Role.VIEWER: [(True, 0), (False, 1)],
        Role.VALIDATOR: [(True, 0), (False, 1)],
        Role.AUDITOR: [(False, 1), (False, 1)],
    }


def test_a_comment_knows_what_it_is_on(model: RegisteredModel) -> None:
    for subject in (model, SealedVersionFactory.create(model=model), FindingFactory.create(model=model)):
        assert subject_of(CommentFactory.create(subject=subject)) == subject


def test_search_finds_comments_by_words_and_by_the_models_name(model: RegisteredModel) -> None:
    comment = CommentFactory.create(subject=SealedVersionFactory.create(model=model), text="The *schedule* changed.")
    CommentFactory.create(subject=model, text="An old schedule.", withdrawn=True)
    viewer, stranger = actor_with(Role.VIEWER, team=model.team), actor_with(Role.VIEWER, team=TeamFactory.create())
    for words in ("schedule", "late-arrival comment"):
        assert comments_found(viewer, words) == [comment.get_absolute_url()]
        assert comments_found(stranger, words) == []


def comments_found(actor: Actor, words: str) -> list[str]:
    return [hit.url for group in search(actor, words) if group.title == "Comments" for hit in group.hits]
