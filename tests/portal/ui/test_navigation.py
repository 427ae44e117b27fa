import re
from pathlib import Path

from django.contrib.staticfiles import finders

from portal.ui.navigation import ENTRIES, entry_at


def test_an_address_lies_under_its_entry() -> None:
    expected = {
        "/": "Home",
        "/models/delay/versions/3": "Models",
        "/validation-runs/7": "Models",
        "/compare": "Models",
        "/models/findings": "Models",
        "/models/delay/findings/3/close": "Findings",
        "/models/delay/raise-finding": "Findings",
    }
    assert {path: entry.name for path in expected if (entry := entry_at(path))} == expected
    assert entry_at("/style") is None


def test_every_entry_has_its_icon() -> None:
    symbols = re.findall(r'<symbol id="(\w+)"', Path(str(finders.find("countersign/icons.svg"))).read_text())
    assert {entry.icon for entry in ENTRIES} <= set(symbols)
