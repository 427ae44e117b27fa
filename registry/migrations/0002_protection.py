"""What is sealed, published, ready or recorded can't change, not even by who owns the tables."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY, frozen_columns, insert_only, no_return

ARTIFACTS = """
CREATE FUNCTION registry_refuse_late_artifact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM registry_modelversion WHERE id = NEW.version_id) IS DISTINCT FROM 'receiving' THEN
        RAISE EXCEPTION 'INSERT refused: the version is no longer being received'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_artifact_in_time BEFORE INSERT ON registry_artifact
    FOR EACH ROW EXECUTE FUNCTION registry_refuse_late_artifact();
ALTER TABLE registry_artifact ENABLE ALWAYS TRIGGER registry_artifact_in_time;

-- What inspection read is written once.
CREATE TRIGGER registry_artifact_inspected_once BEFORE UPDATE ON registry_artifact
    FOR EACH ROW WHEN (OLD.media_type <> '') EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE registry_artifact ENABLE ALWAYS TRIGGER registry_artifact_inspected_once;
"""
DROP_ARTIFACTS = """
DROP TRIGGER registry_artifact_inspected_once ON registry_artifact;
DROP TRIGGER registry_artifact_in_time ON registry_artifact;
DROP FUNCTION registry_refuse_late_artifact();
"""


class Migration(migrations.Migration):
    dependencies = [DEPENDENCY, ("registry", "0001_initial")]

    operations = [
        insert_only("registry_trainingrun"),
        insert_only("registry_featurepipelineversion"),
        frozen_columns("registry_datasetsnapshot", "state", ["ready", "refused", "failed"]),
        frozen_columns(
            "registry_modelversion", "state", ["sealed", "quarantined", "failed", "withdrawn"], ["state", "reason"]
        ),
        no_return(
            "registry_modelversion",
            "OLD.state IN ('sealed', 'quarantined', 'failed', 'withdrawn') AND NEW.state IN ('receiving', 'inspecting')"
            " OR NEW.state = 'sealed' AND OLD.state NOT IN ('sealed', 'inspecting')",
        ),
        frozen_columns(
            "registry_artifact", "role", ["model", "environment", "other"], ["media_type", "inspection"]
        ),
        migrations.RunSQL(ARTIFACTS, DROP_ARTIFACTS),
        frozen_columns("registry_cardrevision", "state", ["published", "superseded"], ["state"]),
        no_return(
            "registry_cardrevision",
            "OLD.state = 'published' AND NEW.state = 'draft' OR OLD.state = 'superseded' AND NEW.state <> 'superseded'",
        ),
        frozen_columns(
            "registry_release",
            "state",
            ["planned", "active", "superseded", "rolled_back", "halted", "retired"],
            ["state", "activated_at", "ended_at"],
        ),
        no_return(
            "registry_release",
            "OLD.state <> 'planned' AND NEW.state = 'planned'"
            " OR OLD.state NOT IN ('planned', 'active') AND OLD.* IS DISTINCT FROM NEW.*",
        ),
    ]
