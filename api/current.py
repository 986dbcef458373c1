"""Which generation is served: the one that the link in the output folder shows, from the next request on."""

import logging
import time
from pathlib import Path

import duckdb

from api.generation import Generation

SECONDS_TO_RETRY = 5

log = logging.getLogger("uvicorn.error")


class Current:
    """Follows `current.duckdb`.

    A path is never reused for other content, so what the link says is all that there is to compare.
    What can't be opened is tried again after some seconds, or when the link says something else; until
    then, what is open goes on.
    """

    def __init__(self, output: Path) -> None:
        self._link = output / "current.duckdb"
        self._target: str | None = None
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
            self._target = None
            self._report("nothing is published" if self._open is None else f"{self._link.name} is gone")
        else:
            if target != self._target or (self.fault and time.monotonic() >= self._retry_at):
                self._target = target
                self._retry_at = time.monotonic() + SECONDS_TO_RETRY
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
            self._report(f"{target} can't be opened: {str(error).splitlines()[0]}")
            return
        log.info("serving generation %s", opened.id)
        self.close()
        self._open = opened
        self.fault = None

    def _report(self, fault: str) -> None:
        if fault != self.fault:
            log.warning("%s", fault)
        self.fault = fault
