"""What was published, evaluated, asked or signed can't change, not even by who owns the tables."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY, frozen_columns, insert_only, no_return


class Migration(migrations.Migration):
    dependencies = [DEPENDENCY, ("governance", "0001_initial")]

    operations = [
        insert_only("governance_policycheck"),
        insert_only("governance_gateevaluation"),
        insert_only("governance_checkresult"),
        insert_only("governance_seat"),
        insert_only("governance_decision"),
        frozen_columns("governance_policyversion", "state", ["published", "superseded"], ["state"]),
        no_return(
            "governance_policyversion",
            "OLD.state = 'published' AND NEW.state = 'draft' OR OLD.state = 'superseded' AND NEW.state <> 'superseded'",
        ),
        # What a request covers is fixed from the moment it is opened.
        frozen_columns(
            "governance_approvalrequest",
            "state",
            ["open", "approved", "rejected", "changes_requested", "withdrawn", "voided"],
            ["state", "closed_at", "void_cause"],
        ),
        no_return(
            "governance_approvalrequest",
            "OLD.state <> 'open' AND NEW.state = 'open'"
            " OR OLD.state NOT IN ('open', 'approved') AND OLD.* IS DISTINCT FROM NEW.*",
        ),
    ]
