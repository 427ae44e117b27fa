"""Days that people choose, as instants: days are in UTC, and the last one counts in full."""

from datetime import UTC, date, datetime, time, timedelta

from django import forms

DAY = forms.DateInput(attrs={"type": "date"})


def begin_of(day: date | None) -> datetime | None:
    """Return when a day begins."""
    return datetime.combine(day, time(), UTC) if day else None


def end_of(day: date | None) -> datetime | None:
    """Return when a day is over."""
    begins = begin_of(day)
    return begins + timedelta(days=1) if begins else None
