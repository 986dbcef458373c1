"""Records: what the output folder writes down in JSON, and the ids of generations.

An id such as `20261124T014700Z-1a2b3c` sorts by time. The digits at the end are the first six of the
fingerprint of the input: they are for people, and nothing depends on them.
"""

import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{6}")
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class RolledBack:
    """A generation that was rolled back; none of the same origin is published again. None stands for any.

    Without a fingerprint, every run is published. Versions before 0.6 recorded nothing but the id.
    """

    generation: str
    fingerprint: str | None = None  # of the input
    settings: dict[str, str] | None = None
    versions: dict[str, str] | None = None
    exclusions: str | None = None  # digest of them


@dataclass(frozen=True)
class Transaction:
    """One change of the output folder, which is committed when the link shows `published`."""

    published: str | None  # id; None if nothing is published, before and after
    taken_back: list[RolledBack]  # all that are rolled back afterwards
    new: list[str] = field(default_factory=list)  # ids; their files come from the work folder
    old: list[str] = field(default_factory=list)  # ids; their files are deleted
    records: list[str] = field(default_factory=list)  # names of other files that come from there

    def to_json(self) -> str:
        """Return the transaction as the journal has it."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "Transaction":
        """Return the transaction that a journal has."""
        found = json.loads(text)
        return Transaction(**found | {"taken_back": _rollbacks(found["taken_back"])})


def rollbacks_from_json(text: str) -> list[RolledBack]:
    """Return what `rolled_back.json` has. Raises ValueError or TypeError if it is damaged."""
    return _rollbacks(json.loads(text))


def rollbacks_to_json(taken_back: list[RolledBack]) -> str:
    """Return the text of `rolled_back.json`, in the order of ids."""
    by_id = sorted(taken_back, key=lambda each: each.generation)
    return json.dumps([asdict(each) for each in by_id], indent=2) + "\n"


def _rollbacks(found: Any) -> list[RolledBack]:
    """Return records; versions before 0.6 wrote ids alone."""
    return [RolledBack(each) if isinstance(each, str) else RolledBack(**each) for each in found]


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
