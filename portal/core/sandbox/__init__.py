"""The cage: code that touches untrusted bytes runs in a limited child process, or not at all.

`run_caged` starts a fresh interpreter without environment, keys, network or a way to start programs; it sees the
interpreter, the libraries and the open inputs, and writes to a temporary folder of its own. Nothing here knows Django.
"""

from portal.core.sandbox.cage import cage_report, run_caged
from portal.core.sandbox.contract import CagedResult, CageReport, CageUnavailable, Limits, Outcome

__all__ = ["CageReport", "CageUnavailable", "CagedResult", "Limits", "Outcome", "cage_report", "run_caged"]
