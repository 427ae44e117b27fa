"""Events of the reports app: an export is an event."""

from portal.ledger.catalogue import declare

PACK_REQUESTED = declare("reports.pack.requested", "asked for an evidence pack")
PACK_STARTED = declare("reports.pack.started", "began to make the evidence pack")
PACK_MADE = declare("reports.pack.made", "made the evidence pack")
PACK_ERRORED = declare("reports.pack.errored", "could not make the evidence pack")
