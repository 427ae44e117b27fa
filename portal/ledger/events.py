"""Events of the ledger itself."""

from portal.ledger.catalogue import declare

PRIVATE_TEXT_ERASED = declare("ledger.private_text.erased", "erased private texts of the entry")
EPOCH_OPENED = declare("ledger.epoch.opened", "went on after entries were lost, in a new epoch of the log")
