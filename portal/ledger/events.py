from portal.ledger.catalogue import declare

EPOCH_OPENED = declare("ledger.epoch.opened", "went on after entries were lost, in a new epoch of the log")
