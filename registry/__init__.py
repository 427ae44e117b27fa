"""What exists: models, versions, artifacts, data, runs, cards and releases."""
