"""Events of keys: `data` is the whole row, public part included, so that the ledger alone tells which key held when."""

from portal.ledger.catalogue import declare

KEY_REGISTERED = declare("keys.key.registered", "registered a public key")
KEY_RETIRED = declare("keys.key.retired", "retired a public key")
