"""What the registry of keys refuses, as facts."""

from portal.core.errors import Conflict


class KeyRetired(Conflict):
    """A key that was closed does not sign again."""

    code = "key_retired"


class KeyNotCurrent(Conflict):
    """The private key at hand is not the one that is registered for signing now."""

    code = "key_not_current"


class KeyUnknown(Conflict):
    """No public key is registered that could verify this."""

    code = "key_unknown"
