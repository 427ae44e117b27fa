"""Who acts, and what that one may do. Doors build an Actor; services ask it."""

from dataclasses import dataclass
from typing import Literal

from portal.core.capabilities import WORDS, named, who_may
from portal.core.errors import Forbidden

ActorKind = Literal["user", "service", "system"]


@dataclass(frozen=True)
class Grant:
    """One capability in one team, or in every team where `team_id` is None."""

    capability: str
    team_id: int | None = None


@dataclass(frozen=True)
class Actor:
    """The one who acts: `id` is stable ("user:12"), grants hold at the instant the actor was built.

    `interactive` is true only for a person in a browser session: no token can sign.
    """

    id: str
    kind: ActorKind
    name: str
    user_id: int | None = None
    grants: frozenset[Grant] = frozenset()
    on_behalf_of: str | None = None
    interactive: bool = False

    def may(self, capability: str, team_id: int | None) -> bool:
        """Whether the actor holds the capability for this team (None: for the whole installation)."""
        if self.kind == "system":
            return True
        return Grant(capability, None) in self.grants or Grant(capability, team_id) in self.grants

    def require(self, capability: str, team_id: int | None) -> None:
        """Raise Forbidden, naming the roles that may and who grants them, unless the actor holds the capability."""
        if not self.may(capability, team_id):
            words = WORDS.get(capability) or named(capability)
            token = "" if self.interactive else " A token carries it only as one of its scopes."
            raise Forbidden(
                f"{self.name} may not {words} here. {who_may(capability)}{token}", code="missing_capability"
            )

    def teams_for(self, capability: str) -> frozenset[int] | None:
        """Ids of the teams in which the actor holds the capability; None means every team."""
        if self.kind == "system" or Grant(capability, None) in self.grants:
            return None
        return frozenset(
            grant.team_id for grant in self.grants if grant.capability == capability and grant.team_id is not None
        )


SYSTEM = Actor(id="system", kind="system", name="System")
