"""People, teams, what was granted to whom, and tokens."""

from portal.accounts.models.grants import RoleGrant
from portal.accounts.models.teams import Team
from portal.accounts.models.tokens import ApiToken
from portal.accounts.models.users import User

__all__ = ["ApiToken", "RoleGrant", "Team", "User"]
