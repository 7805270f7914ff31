"""Dates as precise as they are known: a day, a month or a year, and the days that each may mean."""

from __future__ import annotations

import calendar
import datetime
import re

from graph_service.errors import MalformedValue

_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def parse_period(given: str, *, parameter: str) -> tuple[datetime.date, datetime.date]:
    """Read a day, month or year as its first and last day.

    Raises:
        MalformedValue: names the parameter.

    >>> [day.isoformat() for day in parse_period("2024-02", parameter="as_of")]
    ['2024-02-01', '2024-02-29']
    """
    match = _FORM.fullmatch(given.strip())
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        first = datetime.date(year, month or 1, day or 1)
        last_month = month or 12
        return first, datetime.date(year, last_month, day or calendar.monthrange(year, last_month)[1])
    except ValueError:
        expected = "write a day as YYYY-MM-DD, a month as YYYY-MM or a year as YYYY"
        raise MalformedValue(parameter, given=given, expected=expected) from None
