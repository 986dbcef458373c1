"""Which generation is served: the one that the link in the output folder shows, a second later at most."""

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

from api import metrics
from api.lookup import Generation
from api.preflight import NotCheckedError, preflight

POLL_EVERY_SECONDS = 1.0
REOPEN_AFTER_SECONDS = 5.0
# A preflight that takes longer goes on, but somebody should know.
LONG_PREFLIGHT_SECONDS = 60.0

# Device, inode, bytes, and time of the last change.
Identity = tuple[int, int, int, int]

log = logging.getLogger("api")


class GenerationWatcher:
    """Follows `current.duckdb`: `generation` is open, or None; `fault` says why it is not the one shown.

    A file that was restored, touched or copied once more is opened anew like a new generation: checked by
    another process and opened in another thread, beside the answers of the old one. What can't be opened is
    tried again after some seconds, or when the link says something else; until then, what is open goes on,
    also if its file has gone.
    """

    def __init__(self, output: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.output = output
        self._link = output / "current.duckdb"
        self._clock = clock
        # What could not be opened or read, and when it is tried again.
        self._failed: str | None = None
        self._retry_at = 0.0
        # What is served, and the identity of its file when it was opened; None if it is to be opened anew.
        self._served: tuple[str | None, Identity | None] = None, None
        self.generation: Generation | None = None
        self.fault: str | None = None
        self._logged: tuple[str, str] | None = None  # the last fault and its reason

    async def follow(self) -> None:
        """Poll again and again, until cancelled."""
        while True:
            await asyncio.sleep(POLL_EVERY_SECONDS)
            try:
                await self.poll()
            except Exception as error:  # noqa: BLE001 (whatever it is, polling goes on)
                self._fails(f"{self._link.name} can't be followed", error)

    async def poll(self) -> None:
        """Open what the link shows, if that is not what is served, and serve it if it is sound."""
        target = self._shown()
        if target is None:
            self._failed = None
            self._fails(f"{self._link.name} is not there, or is no link")
            return
        known_as = identity(self._link.parent / target)
        is_served = target == self._served[0]
        if known_as and (target, known_as) == self._served:
            if self.fault is not None and self.generation:
                log.info("serving generation %s again without a fault", self.generation.id)
            self._failed = self.fault = None
        elif is_served and not known_as:
            self._fails(f"{target} has gone since it was opened")
        elif target != self._failed or self._clock() >= self._retry_at:
            if is_served and self.fault is None:
                self._fails(f"{target} was changed since it was opened")
            await self._switch(target, known_as)

    async def _switch(self, target: str, known_as: Identity | None) -> None:
        """Open a generation, and serve it if it is sound; not if it is another when its preflight is over."""
        file = self._link.parent / target
        try:
            if not file.is_file():  # opening a pipe would wait for ever
                raise FileNotFoundError(errno.ENOENT, "no such file", str(file))  # noqa: TRY301
            # If none is served, there is no time for a preflight.
            if self.generation and not await self._passes(target, file, known_as):
                self._failed = None
                return
            opened = await asyncio.to_thread(Generation, file)
        except Exception as error:  # noqa: BLE001 (DuckDB has others than its own for what is odd)
            self._retry_later(target)
            what = "checked" if isinstance(error, NotCheckedError) else "opened"
            self._fails(f"{target} can't be {what}", error)
            return
        self.close()
        self.generation, self._served = opened, (target, known_as)
        self._failed = self.fault = None
        metrics.SWITCHES.inc()
        log.info("serving generation %s", opened.id)

    def damaged(self, generation: Generation, error: duckdb.Error) -> None:
        """Take note that a generation can't be read, and open it anew, or another, when the time has come."""
        if generation is self.generation:
            # However many requests find it damaged, the time is that of the first.
            if self._served[0]:
                self._retry_later(self._served[0])
                self._served = None, None
            self._fails(f"generations/{generation.id}.duckdb can't be read", error)

    def close(self) -> None:
        """Close what is open, once it has answered those who hold it."""
        if self.generation is not None:
            self.generation.release()
            self.generation = None

    async def _passes(self, target: str, file: Path, known_as: Identity | None) -> bool:
        """Have a generation read, and look on; return False if the link or the file changes meanwhile."""
        check = asyncio.create_task(preflight(file))
        began = self._clock()
        try:
            while not check.done():
                if self._clock() > began + LONG_PREFLIGHT_SECONDS:
                    self._fails(f"{target} is still being checked, and not served yet")
                await asyncio.wait([check], timeout=POLL_EVERY_SECONDS)
                if self._shown() != target:
                    return False
            await check
            return identity(file) == known_as
        finally:
            check.cancel()
            await asyncio.gather(check, return_exceptions=True)

    def _shown(self) -> str | None:
        with suppress(OSError):
            return str(self._link.readlink())
        return None

    def _retry_later(self, target: str) -> None:
        self._failed, self._retry_at = target, self._clock() + REOPEN_AFTER_SECONDS

    def _fails(self, fault: str, error: Exception | None = None) -> None:
        if error:
            metrics.SWITCH_FAILURES.inc()
        # A link may show what is no text.
        fault = fault.encode("utf-8", "backslashreplace").decode()
        reason = f": {error}" if error else ""
        if self.fault is None or (fault, reason) != self._logged:
            log.warning("%s%s", fault, reason)
        self.fault, self._logged = fault, (fault, reason)


def identity(file: Path) -> Identity | None:
    """Return what tells a file from others, and from itself before it was written to; None if it is gone."""
    with suppress(OSError):
        found = file.stat()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
    return None
