"""Nothing is added to a published policy, a closed request or an evaluation that was made."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY_OF_ADDITIONS, added_while, added_with


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_protection"), DEPENDENCY_OF_ADDITIONS]

    operations = [
        added_while("governance_policycheck", "policy_version_id", "governance_policyversion", ["draft"]),
        added_with("governance_checkresult", "evaluation_id", "governance_gateevaluation"),
        added_while("governance_seat", "request_id", "governance_approvalrequest", ["open"]),
        added_while("governance_decision", "request_id", "governance_approvalrequest", ["open"]),
    ]
