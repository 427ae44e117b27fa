"""Examples of what is sent, as the interactive documentation shows them."""

from typing import Any

from registry.selectors import questionnaire

_COMMIT = "5f2c1e0b7a9d4c3e8b6f0a1d2c3b4a5968778695"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

EXAMPLES: dict[str, Any] = {
    "use_cases_create": {
        "slug": "late-arrival-warning",
        "name": "Warn of late arrivals",
        "team": "flight-operations",
        "sponsor": "sponsor@example.org",
        "purpose": "Connecting passengers choose another flight in time.",
        "affected_persons": "Passengers: a warning that is wrong or missing costs them time.",
        "decision": "Whether to warn the passengers of a flight an hour before it departs.",
    },
    "models_create": {
        "slug": "late-arrival",
        "name": "Late arrival",
        "purpose": "Decides which passengers are rebooked before they miss a connection.",
        "team": "flight-operations",
        "tier": 2,
        "task": "binary",
        "implementation": "onnx",
    },
    "datasets_create": {
        "slug": "nyc-flights-2013",
        "name": "Flights from New York, 2013",
        "description": "One row a flight, with what was known before departure.",
        "team": "flight-operations",
    },
    "datasets_referenced_snapshots_create": {
        "location": "s3://lake/flights/2014/",
        "sha256": _SHA256,
        "rows": 253_916,
        "columns": [{"name": "carrier", "type": "string"}],
    },
    "datasets_datasheets_create": {
        "origin": "Departures from New York in 2013, as the airports recorded them.",
        "collection": "By the airlines, for the authority that publishes them.",
        "gaps": "Cancelled flights have no arrival.",
        "sensitive": ["tailnum"],
    },
    "feature_pipelines_create": {"slug": "flight-features", "name": "Flight features", "team": "flight-operations"},
    "feature_pipelines_versions_create": {
        "repository": "https://git.example.org/flight-operations/features",
        "commit": _COMMIT,
        "columns": ["carrier", "origin", "distance"],
    },
    "models_card_revisions_create": {
        "intended_use": "Ranks flights by how likely they arrive late.",
        "limitations": "Trained on departures from New York only.",
        "out_of_scope_use": "Setting prices.",
    },
    "models_tier_assessments_create": {
        "shown_digest": questionnaire().digest,
        "answers": {key: question.answers[1].key for key, question in questionnaire().questions.items()},
        "rationale": "Some 300,000 flights a year; a wrong warning costs a passenger time, no money.",
    },
    "models_documents_create": {
        "kind": "vendor_report",
        "title": "Model documentation 4.2",
        "sha256": _SHA256,
        "signed_by": "Vera Vendor, head of models",
        "signed_on": "2026-03-02",
        "valid_until": "2027-03-01",
    },
    "models_documents_withdraw_create": {"reason": "It is about release 4.1."},
    "models_findings_create": {
        "title": "Probabilities are far too high",
        "description": "Calibration fails on the held-out months. Weights of classes must be taken back.",
        "severity": "high",
        "stage": "training",
        "version": 3,
        "holder": "dana@example.org",
    },
    "models_findings_moves_create": {"move": "hand_in", "comment": "Recalibrated on recent rows; see version 4."},
    "models_comments_create": {"text": "Who uses the scores **after** departure? See `late-arrival` v2."},
    "models_versions_comments_create": {"text": "The drop in March is the new schedule, not the model."},
    "models_findings_comments_create": {"text": "Is this the same as finding 2?"},
    "comments_partial_update": {"text": "The drop in March is the *summer* schedule, not the model."},
    "models_stages_update": {"owner": "dana@example.org", "backup": "omar@example.org", "response_hours": 4},
    "models_validation_plans_create": {
        "held_out": {"dataset": "nyc-flights-2013", "number": 3},
        "specification": {"label_column": "late", "unit_column": "day", "slices": ["carrier"]},
    },
    "models_versions_create": {
        "description": "Eight months of flights.",
        "training_run": {
            "repository": "https://git.example.org/flight-operations/late-arrival",
            "commit": _COMMIT,
            "commit_authors": ["developer@example.org"],
            "hyperparameters": {"C": 1.0},
            "environment_lock_sha256": _SHA256,
            "seed": 7,
            "training_snapshot": {"dataset": "nyc-flights-2013", "number": 2},
        },
        "feature_pipeline_version": {"pipeline": "flight-features", "number": 1},
        "claims": [{"metric": "auc", "value": 0.71, "n": 15000, "snapshot_sha256": _SHA256}],
    },
    "lineage_create": {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-31T08:00:00Z",
        "producer": "https://git.example.org/flight-operations/late-arrival/train.py",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "0197e0a1-4c3b-7f00-8000-000000000001"},
        "job": {"namespace": "flight-operations", "name": "late-arrival.train"},
        "inputs": [{"namespace": "countersign", "name": "snapshot:nyc-flights-2013:2"}],
        "outputs": [],
    },
    "lineage_dependencies_create": {
        "upstream": "model:late-arrival",
        "downstream": "version:arrival-challenger:1",
    },
    "models_releases_create": {
        "version": 1,
        "environment": "production",
        "fallback": "A dispatcher decides.",
    },
    "models_declared_releases_create": {
        "in_use_since": "2021-03-01",
        "deadline": "2027-05-31",
        "description": "Version 4.2 on the dispatchers' server.",
    },
    "releases_end_create": {"reason": "The dispatchers switched it off."},
    "releases_approval_requests_create": {"summary": "Two more months of flights; better calibrated."},
}
