"""People, teams, what was granted to whom, how they get in, sessions and tokens."""

from portal.accounts.models.addresses import FormerAddress
from portal.accounts.models.counters import Counter
from portal.accounts.models.credentials import CredentialChange
from portal.accounts.models.grants import RoleGrant
from portal.accounts.models.saved_views import SavedView
from portal.accounts.models.sessions import UserSession
from portal.accounts.models.teams import Team
from portal.accounts.models.tokens import ApiToken
from portal.accounts.models.users import User

__all__ = [
    "ApiToken",
    "Counter",
    "CredentialChange",
    "FormerAddress",
    "RoleGrant",
    "SavedView",
    "Team",
    "User",
    "UserSession",
]
