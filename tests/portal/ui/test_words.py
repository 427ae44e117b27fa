import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from portal.ui.words import LOOKS, UnknownStateError, look_of, spoken


def test_a_state_has_one_look_as_stored_and_as_read() -> None:
    assert look_of("timed_out") == look_of("Timed out") == ("stale", "bad")


def test_an_unknown_state_is_a_defect_that_shows() -> None:
    with pytest.raises(UnknownStateError, match="happy"):
        look_of("happy")


def test_every_shape_is_in_the_sprite() -> None:
    symbols = re.findall(r'<symbol id="(\w+)"', Path(str(finders.find("countersign/icons.svg"))).read_text())
    assert {look.shape for look in LOOKS.values()} <= set(symbols)


def test_two_states_that_mean_something_else_never_look_the_same_in_grey() -> None:
    assert look_of("passed").shape != look_of("failed").shape != look_of("no_data").shape
    assert look_of("waived").shape not in {look_of("passed").shape, look_of("failed").shape}


def test_a_stored_state_is_spoken_in_words() -> None:
    assert spoken("rolled_back") == "Rolled back"
