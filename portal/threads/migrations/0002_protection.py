"""Comments stay who wrote them and when; only their author's words change, and what they were is kept."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY, frozen_columns, insert_only, no_return


class Migration(migrations.Migration):
    dependencies = [("threads", "0001_initial"), DEPENDENCY]

    operations = [
        insert_only("threads_thread"),
        insert_only("threads_earliertext"),
        frozen_columns(
            "threads_comment",
            "state",
            ["written", "edited", "withdrawn"],
            ["state", "text", "salt", "edited_at", "withdrawn_at"],
        ),
        no_return(
            "threads_comment",
            "OLD.state = 'withdrawn' OR NEW.state = 'written' OR NEW.state = 'withdrawn' AND (NEW.text, NEW.salt) <> (OLD.text, OLD.salt)",
        ),
    ]
