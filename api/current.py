"""Which generation is served: the one that the link in the output folder shows, a second later at most."""

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from api import metrics
from api.generation import Generation
from api.trial import NoTrialError, try_out

LOOK_EVERY_SECONDS = 1.0
REOPEN_AFTER_SECONDS = 5.0
# A trial that takes longer goes on, but somebody should know.
LONG_TRIAL_SECONDS = 60.0

# Device, inode, bytes, and time of the last change.
Identity = tuple[int, int, int, int]

log = logging.getLogger("api")


class Current:
    """Follows `current.duckdb`: `generation` is open, or None; `fault` says why it is not the one shown.

    A path is never reused for other content, so what the link says tells one generation from another; that
    the file has gone or was changed all the same is a fault. A new generation is tried by another process and
    opened in another thread, beside the answers of the old one, and takes its place between two turns of the
    event loop. A request must take what it wants from one generation without an `await` but for that of its
    look-up, then it is answered from that generation alone.

    What can't be opened is tried again after some seconds, or when the link says something else; until
    then, what is open goes on. What the link no longer says when its trial is over is not served.
    """

    def __init__(self, output: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.output = output
        self._link = output / "current.duckdb"
        self._target: str | None = None
        self._clock = clock
        self._retry_at = 0.0
        self._served: str | None = None
        self._identity: Identity | None = None  # of the file that is served
        self.generation: Generation | None = None
        self.fault: str | None = None
        self._logged: tuple[str, str] | None = None  # the last fault and its reason

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 (it must not end)
                # Whatever it is, looking goes on, and nobody is told that all is well.
                metrics.SWITCH_FAILURES.inc()
                self._fails(f"{self._link.name} can't be followed", error)

    async def look(self) -> None:
        """Open what the link shows, if that is another generation, and serve it if it is sound."""
        target = self._shown()
        if target is None:
            self._target = None
            self._fails(f"{self._link.name} is not there, or is no link")
            return
        if target == self._served and _identity(self._link.parent / target) != self._identity:
            self._fails(f"{target} has gone or was changed since it was opened")
            return
        if target == self._target and (self.fault is None or self._clock() < self._retry_at):
            return
        self._target = target
        if target == self._served:
            if self.fault is not None:
                log.info("serving generation %s again without a fault", self._id())
            self.fault = None
            return
        identity = _identity(self._link.parent / target)
        try:
            opened = await self._open(target)
        except Exception as error:  # noqa: BLE001 (DuckDB has others than its own for what is odd)
            metrics.SWITCH_FAILURES.inc()
            self._retry_at = self._clock() + REOPEN_AFTER_SECONDS
            what = "tried" if isinstance(error, NoTrialError) else "opened"
            self._fails(f"{target} can't be {what}", error)
            return
        if opened is None:
            self._target = None
            return
        self.close()
        self.generation, self._served, self.fault = opened, target, None
        self._identity = identity
        metrics.SWITCHES.inc()
        log.info("serving generation %s", opened.id)

    def damaged(self, generation: Generation, error: duckdb.Error) -> None:
        """Take note that a generation can't be read, and open it anew, or another, when the time has come."""
        if generation is self.generation:
            metrics.SWITCH_FAILURES.inc()
            self._served = None
            self._retry_at = self._clock() + REOPEN_AFTER_SECONDS
            self._fails(f"generations/{generation.id}.duckdb can't be read", error)

    def close(self) -> None:
        """Close what is open, once it has answered."""
        if self.generation is not None:
            self.generation.retire()
            self.generation = None

    async def _open(self, target: str) -> Generation | None:
        """Return a generation; None if the link shows another when its trial is over."""
        file = self._link.parent / target
        _check(file)
        # If none is served, there is no time for a trial.
        if self.generation is not None and not await self._passes(target, file):
            return None
        return await asyncio.to_thread(Generation, file)

    async def _passes(self, target: str, file: Path) -> bool:
        """Have a generation tried, and look on; return False if meanwhile the link shows another."""
        trial = asyncio.create_task(try_out(file))
        began = self._clock()
        try:
            while not trial.done():
                if self._clock() > began + LONG_TRIAL_SECONDS:
                    self._fails(f"{target} is still being tried, and not served yet")
                await asyncio.wait([trial], timeout=LOOK_EVERY_SECONDS)
                if self._shown() != target:
                    return False
            await trial
            return True
        finally:
            trial.cancel()
            await asyncio.gather(trial, return_exceptions=True)

    def _shown(self) -> str | None:
        """Return what the link says; None if there is none."""
        try:
            return str(self._link.readlink())
        except OSError:
            return None

    def _id(self) -> str | None:
        return self.generation.id if self.generation else None

    def _fails(self, fault: str, error: Exception | None = None) -> None:
        # A link may show what is no text.
        fault = fault.encode("utf-8", "backslashreplace").decode()
        reason = f": {error}" if error else ""
        if self.fault is None or (fault, reason) != self._logged:
            log.warning("%s%s", fault, reason)
        self.fault, self._logged = fault, (fault, reason)


def _identity(file: Path) -> Identity | None:
    """Return what tells a file from others, and from itself before it was written to; None if it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _check(file: Path) -> None:
    """Raise FileNotFoundError for what is no file: opening a pipe would wait for ever."""
    if not file.is_file():
        raise FileNotFoundError(errno.ENOENT, "no such file", str(file))
