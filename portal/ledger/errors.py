from portal.core.errors import Conflict


class LedgerRolledBack(Conflict):
    """The database holds less than, or other than, what was already signed; nothing is signed until that is cleared."""

    code = "ledger_rolled_back"


class CheckpointKeyUnknown(Conflict):
    """The private key at hand is not the one that is kept as the last; nothing is signed with it."""

    code = "checkpoint_key_unknown"
