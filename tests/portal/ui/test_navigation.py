import re
from pathlib import Path

from django.contrib.staticfiles import finders

from portal.ui.navigation import ENTRIES, entry_at


def test_an_address_lies_under_its_entry() -> None:
    known = {
        path: entry.name
        for path in ("/", "/models/delay/versions/3", "/validation-runs/7")
        if (entry := entry_at(path))
    }
    assert known == {"/": "Home", "/models/delay/versions/3": "Models", "/validation-runs/7": "Models"}
    assert entry_at("/style") is None


def test_every_entry_has_its_icon() -> None:
    symbols = re.findall(r'<symbol id="(\w+)"', Path(str(finders.find("countersign/icons.svg"))).read_text())
    assert {entry.icon for entry in ENTRIES} <= set(symbols)
