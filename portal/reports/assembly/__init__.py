"""Build what a pack shows from the three apps' rows and a slice of the ledger."""

from portal.reports.assembly.document import assemble

__all__ = ["assemble"]
