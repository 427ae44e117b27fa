"""Events of accounts: `data` is the subject's whole public state; names and addresses are private."""

from portal.ledger.catalogue import declare

USER_CREATED = declare("accounts.user.created", "created the account")
USER_DEACTIVATED = declare("accounts.user.deactivated", "deactivated the account")
TEAM_CREATED = declare("accounts.team.created", "created the team")
GRANT_GIVEN = declare("accounts.grant.given", "granted a role or capability")
GRANT_CONFIRMED = declare("accounts.grant.confirmed", "confirmed the grant")
GRANT_REVOKED = declare("accounts.grant.revoked", "revoked the grant")
TOKEN_CREATED = declare("accounts.token.created", "created an API token")
TOKEN_REVOKED = declare("accounts.token.revoked", "revoked the API token")
