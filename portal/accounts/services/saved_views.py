"""Saved filters: kept and dropped by their person."""

from django.db import transaction

from portal.accounts.models import SavedView, User
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Conflict, Forbidden, Invalid

MOST = 30
"""Filters of one person on one list; more would be a list of its own."""
LONGEST_NAME, LONGEST_QUERY = 60, 1000


@transaction.atomic
def save_view(*, actor: Actor, page: str, name: str, query: str) -> SavedView:
    """Keep the filter of a list under a name; the same name on the same list takes the new filter.

    Raises Invalid for a name or filter that can't be kept, Conflict when there are too many, Forbidden for machines.
    """
    if actor.user_id is None or not actor.interactive:
        raise Forbidden("Filters are kept for people who are signed in.")
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        text = f"A name has 1 to {LONGEST_NAME} characters."
        raise Invalid("The filter was not saved: its name can't be used.", fields={"name": [text]})
    if not 0 < len(query) <= LONGEST_QUERY:
        raise Invalid("The filter was not saved: " + ("it is too long." if query else "nothing is filtered."))
    person = User.objects.select_for_update(of=("self",)).get(pk=actor.user_id)  # so that two at once are counted
    if SavedView.objects.filter(user=person, page=page).exclude(name=name).count() >= MOST:
        raise Conflict(f"You have {MOST} saved filters on this list. Delete one, then save this one.")
    view, _ = SavedView.objects.update_or_create(
        user=person,
        page=page,
        name=name,
        defaults={"query": query},
        create_defaults={"query": query, "created_at": now()},
    )
    return view


@transaction.atomic
def delete_view(*, actor: Actor, view: SavedView) -> None:
    """Drop a filter of one's own; raises Forbidden for another's."""
    if actor.user_id != view.user_id or not actor.interactive:
        raise Forbidden("A saved filter is deleted by its own person.")
    view.delete()
