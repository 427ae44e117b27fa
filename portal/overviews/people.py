"""Names of those who acted: entries and runs hold actor ids only."""

from collections.abc import Iterable

from portal.accounts.models import User
from portal.core.actors import SYSTEM


def names_of(actor_ids: Iterable[str]) -> dict[str, str]:
    """Return a name for each actor id ("user:12", "service:7", "system"); an unknown one keeps its id."""
    wanted = set(actor_ids)
    keys = {one: int(key) for one in wanted if (key := one.rpartition(":")[2]).isdigit()}
    found = dict(User.objects.filter(pk__in=keys.values()).values_list("pk", "name")) if keys else {}
    names = {SYSTEM.id: SYSTEM.name} | {one: found[key] for one, key in keys.items() if key in found}
    return {one: names.get(one, one) for one in wanted}
