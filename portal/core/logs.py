"""Log lines: one JSON object per record for machines, or plain text for people at a terminal.

Ids come from the trace, facts from `extra={"facts": {...}}`. Messages hold ids, too, by habit; what a library says is
scrubbed of what must not be kept: passwords, tokens, addresses, query strings, values of rows.
"""

import json
import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from portal.core.traces import current

LONGEST, LONGEST_ARGUMENT = 16_000, 4_000
"""Characters of a message or traceback, and of one value in a message: the rest is cut before anything reads it."""
# Repetitions have bounds where the same characters could be tried from many beginnings: senders choose the text.
_SECRETS = (
    (re.compile(r"(://[^\s:/@]*:)[^\s/]+@"), r"\1…@"),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s'\",]+", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\bcs_[0-9a-zA-Z_]{6,}"), "cs_…"),
    (re.compile(r"(?i)\b(password|passwd|secret|token|api[_-]?key)(['\"]?\s*[=:]\s*)(['\"]?)[^\s'\",;&]+"), r"\1\2\3…"),
    (re.compile(r"[^\s@'\"<>(=:]{1,64}@[\w-]+(?:\.[\w-]+)+"), "…@…"),
    (re.compile(r"\?[\w.~%+-]+=[^\s'\"]*"), "?…"),
    # PostgreSQL tells the values of the row that broke a rule.
    (re.compile(r"^(DETAIL|CONTEXT):.*$", re.MULTILINE), r"\1: …"),
    (re.compile(r"\bKey \([^)]{0,200}\)=\(.{0,1000}?\)(?= )"), "Key …"),
)
_BEGUN = re.compile(r"[^\s@]{1,64}@[\w.-]{0,255}\Z")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))} | {10: "\\n", 13: "\\r", 9: "\\t"}
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def scrubbed(text: str) -> str:
    """Return the text without what must not be kept, cut where it is very long."""
    cut = len(text) > LONGEST
    # What the cut leaves of an address is no address any more.
    text = _BEGUN.sub("…@", text[:LONGEST]) if cut else text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return f"{text}…" if cut else text


def message_of(record: logging.LogRecord) -> str:
    """Return the record's message, scrubbed; a long value in it is cut, so that what stands behind it is told, too."""
    if not isinstance(record.args, tuple) or not record.args:
        return scrubbed(record.getMessage())
    return scrubbed(str(record.msg) % tuple(_short(value) for value in record.args))


def _short(value: object) -> object:
    long = isinstance(value, str) and len(value) > LONGEST_ARGUMENT
    return f"{str(value)[:LONGEST_ARGUMENT]}…" if long else value


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the ids of the trace that are known, and the record's own facts."""
    trace = current()
    ids = {
        name: value
        for name in ("request_id", "job_id", "user_id", "entry", "event_id")
        if (value := getattr(trace, name, None)) not in {None, ""}
    }
    own = getattr(record, "facts", None)
    return {**ids, **own} if isinstance(own, Mapping) else ids


def time_of(record: logging.LogRecord) -> str:
    """Return when, as RFC 3339 in UTC, with milliseconds."""
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def trace_of(error: ExcInfo) -> str:
    """Return the traceback as Python prints it, scrubbed."""
    return scrubbed("".join(traceback.format_exception(*error)).rstrip())


class JsonLines(logging.Formatter):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": time_of(record),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **facts_of(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = f"{record.exc_info[0].__module__}.{record.exc_info[0].__qualname__}"
            line["traceback"] = trace_of(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Time, level, logger, message, facts; a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = " ".join(f"{name}={value}" for name, value in facts_of(record).items())
        message = message_of(record).translate(_CONTROLS)
        line = f"{time_of(record)[11:]} {record.levelname:<7} {record.name}: {message}{'  ' if facts else ''}{facts}"
        if record.exc_info and record.exc_info[0] is not None:
            line += f"\n{trace_of(record.exc_info)}"
        return line


class DefectsOnly(logging.Filter):
    """Of what Django says of answers, keeps those that a defect made; the access line tells of the others."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record has an exception."""
        return bool(record.exc_info)


class RouteNamed(logging.Filter):
    """Of what Django says of a request keeps why and the route's name: a path can be a secret, a host name anything."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the name where the path stood, and keep no traceback of a refusal: its frames repeat what was sent."""
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        route = (match and match.view_name) or "unknown"
        if record.name.startswith("django.security.Disallowed"):
            record.msg, record.args = "%s: refused", (record.name.rpartition(".")[2],)
            record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        elif isinstance(record.args, tuple) and len(record.args) == 2:  # noqa: PLR2004  (why, and the path)
            # Behind the dash stand addresses that the sender named.
            record.args = (str(record.args[0]).partition(" - ")[0], route)
        return True


FORMATS: dict[str, type[logging.Formatter]] = {"json": JsonLines, "text": TextLines}
