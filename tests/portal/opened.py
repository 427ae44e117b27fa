"""Requests of another day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from governance.services import requests
from portal.core.clock import now


@contextmanager
def opened(*, days_ago: float) -> Iterator[None]:
    """Let the requests opened in this block be as old as that; the sober default gives them 14 days."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "now", lambda: now() - timedelta(days=days_ago))
        yield
