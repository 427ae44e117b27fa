"""What `doctor` tells of each thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` is empty when it holds."""

    name: str
    detail: str
    remedy: str = ""

    @property
    def holds(self) -> bool:
        """Say whether there is nothing to do."""
        return not self.remedy
