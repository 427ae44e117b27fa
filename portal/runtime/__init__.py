"""What starts and keeps the portal running: embedded PostgreSQL, roles, keys, supervisor, sequencer loop."""
