"""The kept generations: what each says of itself.

Nobody has tried their files, so they are read by a process of its own, which may end or hang without harm. As
long as a file stays what it is, it is read once.
"""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from api.preflight import NotCheckedError, failure_of, run_apart
from api.watcher import Identity, identity

# A folder may hold more if somebody has kept them by hand; the newest are shown.
MAX_GENERATIONS = 30
# Of the process that reads files; it takes a part of a second.
MAX_SECONDS = 10.0
# After which a file that could not be read is read again.
SECONDS_BEFORE_ANOTHER_TRY = 60.0

File = tuple[Path, Identity]

log = logging.getLogger("api")


class Past(NamedTuple):
    """A kept generation, and the metrics of its run; None if it has none."""

    id: str
    finished_at: datetime
    users: int
    rows_read: int
    rows_rejected: int
    ndcg: float | None
    ndcg_of_popular: float | None
    hit_rate: float | None
    coverage: float | None
    hit_rate_of_lists_before: float | None  # by what users did after these were published
    users_back: int | None  # how many users evaluated them


class Kept(NamedTuple):
    """The kept generations that can be shown, oldest first; how many there are; which were rolled back."""

    past: list[Past]
    total: int
    rolled_back: frozenset[str]


class KeptFiles:
    """Reads what kept generations say of themselves, and remembers it."""

    def __init__(self) -> None:
        self._known: dict[File, Past] = {}
        self._unreadable: dict[File, float] = {}  # and until when it is not read again
        self._turn = asyncio.Lock()

    async def read(self, output: Path) -> Kept:
        """Return the kept generations; those that can't be read just now are only counted."""
        # The names sort by time.
        files = sorted((output / "generations").glob("*.duckdb"))
        found = [(file, identity(file)) for file in files[-MAX_GENERATIONS:] if file.is_file()]
        shown = [(file, known_as) for file, known_as in found if known_as]
        async with self._turn:
            await self._learn(shown)
            self._known = {file: self._known[file] for file in shown if file in self._known}
        return Kept([*self._known.values()], len(files), _rolled_back(output))

    async def _learn(self, files: Sequence[File]) -> None:
        """Read what is not known of files; after one with which the process ends, another goes on."""
        now = time.monotonic()
        self._unreadable = {file: until for file, until in self._unreadable.items() if until > now}
        unread = [file for file in files if file not in self._known and file not in self._unreadable]
        while unread:
            try:
                paths = (str(file) for file, _ in unread)
                ended = await run_apart("api.page.kept_generations", *paths, seconds=MAX_SECONDS)
            except NotCheckedError as error:
                log.warning("kept generations are not shown: %s", error)
                return
            # The last may be cut short.
            lines = ended.stdout.split("\n")[:-1]
            for file, line in zip(unread, lines, strict=False):
                self._take(file, json.loads(line))
            unread = unread[len(lines) :]
            if unread:
                self._take(unread.pop(0), failure_of(ended))

    def _take(self, file: File, facts: str | list[Any]) -> None:
        """Remember what a file says of itself, or why it can't be read."""
        if isinstance(facts, str):
            log.warning("%s is not shown among the generations: %s", file[0].name, facts)
            self._unreadable[file] = time.monotonic() + SECONDS_BEFORE_ANOTHER_TRY
        else:
            known_as, finished_at, *figures = facts
            self._known[file] = Past(known_as, datetime.fromisoformat(finished_at), *figures)


def _rolled_back(output: Path) -> frozenset[str]:
    try:
        found = json.loads((output / "rolled_back.json").read_text(encoding="utf-8"))
        # Jobs before 0.6 wrote ids alone.
        return frozenset(each["generation"] if isinstance(each, dict) else str(each) for each in found)
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("which generations were rolled back is not shown: %s", error)
        return frozenset()
