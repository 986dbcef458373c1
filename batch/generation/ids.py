"""Ids of generations, such as `20261124T014700Z-1a2b3c`: they sort by time.

The digits at the end are the first six of the fingerprint of the input. They are for people to see; nothing
is decided by them.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{6}")
_TIME = "%Y%m%dT%H%M%SZ"


def time_of(generation: str) -> datetime | None:
    """Return the time in the id of a generation; None if it is no such id."""
    match = _ID.fullmatch(generation)
    with suppress(ValueError):
        return datetime.strptime(match[1], _TIME).replace(tzinfo=UTC) if match else None
    return None


def next_id(newest: str | None, digits: str, now: datetime) -> str:
    """Return an id that is greater than the newest one, also when the clock was set back."""
    last = time_of(newest) if newest else None
    if last:
        now = max(now, last + timedelta(seconds=1))
    return f"{now.strftime(_TIME)}-{digits}"
