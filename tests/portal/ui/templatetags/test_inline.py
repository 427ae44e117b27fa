from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.template import TemplateSyntaxError

from portal.core import clock
from portal.ui.words import UnknownStateError

DIGEST = "7c1e09d4b6a83f52" * 4
Render = Callable[..., str]


def test_a_status_is_a_shape_and_a_word(rendered: Render) -> None:
    shown = rendered('{% status "timed_out" %}')
    assert shown == (
        '<span class="st bad"><svg class="i" aria-hidden="true"><use href="/static/countersign/icons.svg#stale"/></svg>'
        "Timed out</span>"
    )


def test_a_status_may_have_its_own_word(rendered: Render) -> None:
    assert "1 failed, waived" in rendered('{% status "waived" "1 failed, waived" %}')


def test_an_open_finding_does_not_look_like_an_open_request(rendered: Render) -> None:
    assert "#warn" in rendered('{% status "open" qualifier="finding" %}')
    assert "#open" in rendered('{% status "open" %}')


def test_an_unknown_state_breaks_the_page(rendered: Render) -> None:
    with pytest.raises(UnknownStateError):
        rendered('{% status "happy" %}')


def test_a_digest_is_short_to_read_and_whole_to_copy(rendered: Render) -> None:
    shown = rendered("{% digest value %}", value=DIGEST)
    assert "<span>7c1e</span><span>09d4</span>" in shown
    assert f'<span class="rest" aria-hidden="true">{DIGEST[8:]}</span>' in shown
    assert f'title="{DIGEST}"' in shown
    assert f'data-copy="{DIGEST}" aria-label="Copy digest {DIGEST[:8]}"' in shown
    assert "data-copy" not in rendered("{% digest value copied=False %}", value=DIGEST)


def test_no_digest_says_so(rendered: Render) -> None:
    assert "none yet" in rendered("{% digest value %}", value=None)


def test_an_estimate_stands_beside_its_interval_with_all_digits_on_hover(rendered: Render) -> None:
    shown = rendered("{% measure 0.72912345 0.7222 0.7361 %}")
    assert shown == '<span title="0.72912345">0.729</span> <small>[0.722,\N{NO-BREAK SPACE}0.736]</small>'


def test_a_percent_carries_its_n(rendered: Render) -> None:
    assert rendered("{% rate 0.0932 55628 %}") == "9.32\N{NARROW NO-BREAK SPACE}% <small>of 55,628</small>"


def test_nothing_measured_is_no_data_never_zero(rendered: Render) -> None:
    assert "no data" in rendered("{% measure value %}", value=None)
    assert "no data" in rendered("{% mark_interval None None None %}")
    assert rendered("{{ value|significant }}", value=None) == "no data"


def test_an_instant_is_utc_until_the_script_has_run(rendered: Render) -> None:
    at = datetime(2026, 11, 22, 15, 42, 7, tzinfo=UTC)
    shown = rendered("{% moment at %}", at=at)
    assert 'datetime="2026-11-22T15:42:07Z"' in shown
    assert 'title="22 Nov 2026, 15:42:07 UTC"' in shown
    assert ">22 Nov 2026, 15:42 UTC<" in shown
    assert "never" in rendered("{% moment at %}", at=None)


def test_how_long_ago_is_told_in_words(rendered: Render) -> None:
    assert "3 days ago" in rendered("{% since at %}", at=clock.now() - timedelta(days=3, minutes=1))


def test_text_of_people_is_escaped(rendered: Render) -> None:
    assert "<b>" not in rendered('{% fact "Owner" name %}{% mark_interval 1 2 3 label=name %}', name="<b>x</b>")


def test_a_mark_needs_its_three_numbers(rendered: Render) -> None:
    with pytest.raises(TemplateSyntaxError):
        rendered("{% mark_interval 1 %}")
