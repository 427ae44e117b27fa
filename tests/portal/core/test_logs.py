import json
import logging
import re
import sys
from typing import Any

import pytest

from portal.core.logs import LONGEST, JsonLines, TextLines, scrubbed
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
