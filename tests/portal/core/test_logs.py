import json
import logging
import re
import sys
import time
from typing import Any

import pytest

from portal.core.logs import LONGEST, LONGEST_ARGUMENT, JsonLines, TextLines, scrubbed
from portal.core.traces import Trace, traced


def record(message: str, *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord(
        "portal.trial", logging.WARNING, __file__, 1, message, arguments, more.pop("exc_info", None)
    )
    vars(made).update(more)
    return made


def line_of(made: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(made)
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def test_a_line_tells_when_where_and_what() -> None:
    line = line_of(record("job %s waits", 7))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {"level": "WARNING", "logger": "portal.trial", "message": "job 7 waits"}


def test_ids_of_the_trace_and_facts_of_the_record_stand_beside() -> None:
    with traced(Trace(request_id="r1", job_id=3, user_id=12, entry=0, event_id="e1")):
        line = line_of(record("x", facts={"route": "home"}))
    told = {name: line[name] for name in ("request_id", "job_id", "user_id", "entry", "event_id", "route")}
    assert told == {"request_id": "r1", "job_id": 3, "user_id": 12, "entry": 0, "event_id": "e1", "route": "home"}


def refuse() -> None:
    raise ValueError('duplicate key\nDETAIL:  Key (email)=(ada@example.org) already exists.\nfor "Ada"')


def test_a_defect_is_one_line_with_its_traceback_and_without_values_of_rows() -> None:
    try:
        refuse()
    except ValueError:
        line = line_of(record("no", exc_info=sys.exc_info()))
    assert line["error"] == "builtins.ValueError"
    assert "test_logs.py" in line["traceback"]
    assert "ada@" not in line["traceback"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://app:s3cret@db/x", "postgresql://app:…@db/x"),
        ("Authorization: Bearer cs_ab_cd", "Authorization: Bearer …"),
        ("token cs_0a1b2c3d4e_99aabb was used", "token cs_… was used"),
        ("mail to ada.l@mail.example.org failed", "mail to …@… failed"),
        ("GET /models?q=ada&sort=x took long", "GET /models?… took long"),
        ("password=hunter2 api_key: 'k1'", "password=… api_key: '…'"),
        ("short@local is ready; is it? yes", "short@local is ready; is it? yes"),
    ],
)
def test_what_must_not_be_kept_is_scrubbed(text: str, kept: str) -> None:
    assert scrubbed(text) == kept


def test_long_messages_are_cut() -> None:
    assert len(line_of(record("x" * 50_000))["message"]) == LONGEST + 1


def test_a_person_reads_one_line_and_nobody_forges_a_second() -> None:
    with traced(Trace(request_id="r1")):
        text = TextLines().format(record("path %s", "/a\n2026 ERROR forged\x1b[31m\u009b", facts={"status": 404}))
    assert text.endswith("portal.trial: path /a\\n2026 ERROR forged\\x1b[31m\\x9b  request_id=r1 status=404")


@pytest.mark.parametrize(
    "hostile", ["a" * 60_000, "Key (" * 12_000, "Key ()=(" * 8_000, "://a:" * 12_000, "token " * 10_000, "?a@" * 20_000]
)
def test_hostile_text_costs_little(hostile: str) -> None:
    begin = time.process_time()
    line = line_of(record("Forbidden: %s", hostile))
    scrubbed(hostile)
    assert time.process_time() - begin < 2, "half a minute where the patterns try again from every character"
    assert len(line["message"]) <= LONGEST_ARGUMENT + 20


def test_a_long_value_leaves_what_stands_behind_it() -> None:
    message = line_of(record("%s is refused: %s, %d", "x" * 50_000, "too long", 7))["message"]
    assert message.endswith("x… is refused: too long, 7")


def test_the_cut_leaves_no_half_of_an_address() -> None:
    assert "ada" not in scrubbed("x " * (LONGEST // 2 - 5) + "ada@example.org and more")
