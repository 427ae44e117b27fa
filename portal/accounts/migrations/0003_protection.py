"""Nobody is deleted; of a grant or a change only what happens to it later can change, and that once."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return

ROLES = ["", "viewer", "developer", "validator", "approver", "operator", "policy_steward", "auditor", "admin"]


def once(*columns: str) -> str:
    """Return the condition that one of these was set, and changes."""
    return " OR ".join(f"OLD.{name} IS NOT NULL AND OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)


class Migration(migrations.Migration):
    dependencies = [DEPENDENCY, ("accounts", "0002_credentials_and_sessions")]

    operations = [
        frozen_columns(
            "accounts_user",
            "is_active",
            ["true", "false"],
            ["password", "last_login", "email", "name", "is_active", "time_zone"],
        ),
        frozen_columns("accounts_rolegrant", "role", ROLES, ["confirmed_by_id", "revoked_at"]),
        no_return("accounts_rolegrant", once("confirmed_by_id", "revoked_at")),
        frozen_columns(
            "accounts_credentialchange",
            "kind",
            ["password", "email", "reactivation"],
            ["code_sha256", "confirmed_by_id", "done_at", "withdrawn_at"],
        ),
        no_return("accounts_credentialchange", once("confirmed_by_id", "done_at", "withdrawn_at")),
    ]
