"""Which generation is served: the one that the link in the output folder shows, from the next request on."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from api.generation import Generation

REOPEN_AFTER_SECONDS = 5

log = logging.getLogger("uvicorn.error")


class Current:
    """Follows `current.duckdb`.

    A path is never reused for other content, so what the link says is all that there is to compare.
    A generation is closed as soon as another is open. So an answer must be made without an `await`, and
    without another thread, between the call of `generation` and the last look-up.

    What can't be opened is tried again after some seconds, or when the link says something else; until
    then, what is open goes on.
    """

    def __init__(self, output: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = output / "current.duckdb"
        self._target: str | None = None
        self._clock = clock
        self._retry_at = 0.0
        self._open: Generation | None = None
        self.fault: str | None = None

    def generation(self) -> Generation | None:
        """Return the generation to answer from; None if none could be opened yet.

        `fault` says why it is not the one that the link shows, where that is so.
        """
        try:
            target = str(self._link.readlink())
        except OSError:
            if self._target is not None or self.fault is None:
                log.warning("%s is not there", self._link)
            self._target = None
            self.fault = f"{self._link.name} is not there"
        else:
            if target != self._target or (self.fault and self._clock() >= self._retry_at):
                self._target = target
                self._retry_at = self._clock() + REOPEN_AFTER_SECONDS
                self._switch(target)
        return self._open

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _switch(self, target: str) -> None:
        if self._open is not None and Path(target).stem == self._open.id:
            self.fault = None
            return
        try:
            opened = Generation(self._link.parent / target)
        except (duckdb.Error, OSError, ValueError) as error:
            log.warning("%s can't be opened: %s", target, error)
            self.fault = f"{target} can't be opened"
            return
        log.info("serving generation %s", opened.id)
        self.close()
        self._open = opened
        self.fault = None
