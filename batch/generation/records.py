"""Records of the output folder, in JSON: generations that were rolled back, and files that replace others."""

from dataclasses import dataclass
from typing import Any


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
class Replacement:
    """Files in the work folder, and what they take the place of."""

    new: list[str]  # ids of generations
    old: list[str]  # ids of those that go
    published: str | None  # which of the new ones the link shows from then on; None: it stays as it is
    taken_back: list[RolledBack]  # all generations that are rolled back from then on
    records: list[str]  # names of files of the output folder


def rollbacks_from(found: Any) -> list[RolledBack]:
    """Return what was read from `rolled_back.json`, in which versions before 0.6 wrote ids alone."""
    return [RolledBack(each) if isinstance(each, str) else RolledBack(**each) for each in found]


def replacement_from(found: Any) -> Replacement:
    """Return what was read from the record of a replacement."""
    return Replacement(**found | {"taken_back": rollbacks_from(found["taken_back"])})
