"""Events of the ledger itself."""

from portal.ledger.catalogue import declare

PRIVATE_TEXT_ERASED = declare("ledger.private_text.erased", "erased private texts of the entry")
