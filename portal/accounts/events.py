"""Events of accounts: `data` is the subject's whole public state; names and addresses are private."""

from portal.ledger.catalogue import declare

USER_CREATED = declare("accounts.user.created", "created the account")
USER_DEACTIVATED = declare("accounts.user.deactivated", "deactivated the account")
USER_REACTIVATED = declare("accounts.user.reactivated", "opened the account again")
USER_EMAIL_CHANGED = declare("accounts.user.email_changed", "changed the e-mail address of the account")
USER_PASSWORD_CHANGED = declare("accounts.user.password_changed", "changed their own password")
TEAM_CREATED = declare("accounts.team.created", "created the team")
TEAM_RENAMED = declare("accounts.team.renamed", "renamed the team")
TEAM_PICKLES_ALLOWED = declare("accounts.team.pickles_allowed", "let models be pickles in the team")
TEAM_PICKLES_ENDED = declare("accounts.team.pickles_ended", "let no model be a pickle any more in the team")
GRANT_GIVEN = declare("accounts.grant.given", "granted a role or capability")
GRANT_CONFIRMED = declare("accounts.grant.confirmed", "confirmed the grant")
GRANT_REVOKED = declare("accounts.grant.revoked", "revoked the grant")
TOKEN_CREATED = declare("accounts.token.created", "created an API token")
TOKEN_REVOKED = declare("accounts.token.revoked", "revoked the API token")
CREDENTIAL_REQUESTED = declare("accounts.credential.requested", "asked for a change of credentials")
CREDENTIAL_CONFIRMED = declare("accounts.credential.confirmed", "confirmed the change of credentials")
CREDENTIAL_WITHDRAWN = declare("accounts.credential.withdrawn", "withdrew the change of credentials")
CREDENTIAL_DONE = declare("accounts.credential.done", "put the change of credentials into effect")
