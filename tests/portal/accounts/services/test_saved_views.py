import pytest

from portal.accounts.choices import Role
from portal.accounts.models import SavedView
from portal.accounts.services.saved_views import MOST, delete_view, save_view
from portal.core.actors import SYSTEM, Actor
from portal.core.errors import Conflict, Forbidden, Invalid
from tests.factories.accounts import actor_with

pytestmark = pytest.mark.django_db


def filter_saved(actor: Actor, name: str = "Open", query: str = "state=open", page: str = "reviews") -> SavedView:
    return save_view(actor=actor, page=page, name=name, query=query)


def test_a_filter_saved_under_the_same_name_takes_the_new_one() -> None:
    actor = actor_with(Role.VIEWER)
    filter_saved(actor)
    kept = filter_saved(actor, name="  Open ", query="state=voided")
    filter_saved(actor, page="releases")
    assert SavedView.objects.get(user=kept.user, page="reviews").query == "state=voided"
    assert str(kept) == "Open (reviews)"


def test_a_filter_needs_a_name_and_something_to_filter() -> None:
    actor = actor_with(Role.VIEWER)
    for name, query in ((" ", "a=1"), ("x" * 61, "a=1"), ("x", ""), ("x", "a=" + "1" * 1000)):
        with pytest.raises(Invalid):
            filter_saved(actor, name=name, query=query)


def test_a_person_keeps_only_so_many_filters_on_a_list() -> None:
    actor = actor_with(Role.VIEWER)
    for number in range(MOST):
        filter_saved(actor, name=f"Filter {number}")
    with pytest.raises(Conflict, match="Delete one"):
        filter_saved(actor, name="One more")
    filter_saved(actor, name="Filter 0", query="state=voided")
    filter_saved(actor, name="One more", page="models")


def test_no_program_saves_filters_and_nobody_deletes_anothers() -> None:
    for actor in (actor_with(Role.VIEWER, interactive=False), SYSTEM):
        with pytest.raises(Forbidden):
            filter_saved(actor)
    owner = actor_with(Role.VIEWER)
    view = filter_saved(owner)
    with pytest.raises(Forbidden):
        delete_view(actor=actor_with(Role.ADMIN), view=view)
    delete_view(actor=owner, view=view)
    assert not SavedView.objects.exists()
