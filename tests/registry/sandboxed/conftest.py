import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.core.sandbox.child import CagedTask

MakeTask = Callable[..., CagedTask]


@pytest.fixture
def caged(tmp_path: Path) -> Iterator[MakeTask]:
    """Make what a caged entry point is given, here without the cage: files under names, and a request."""
    opened: list[int] = []

    def make(data: bytes, **request: Any) -> CagedTask:
        path = tmp_path / f"input-{len(opened)}"
        path.write_bytes(data)
        opened.append(os.open(path, os.O_RDONLY))
        return CagedTask(request=request, inputs={"file": opened[-1]}, outputs=frozenset(), folder=tmp_path, channel=-1)

    yield make
    for handle in opened:
        os.close(handle)
