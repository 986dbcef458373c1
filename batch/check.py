"""Check: what must hold before anyone sees the file, looked up in the file and compared with the last one."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from batch.errors import BatchError
from batch.generations import open_generation
from batch.quality.gate import Night, faults
from sql import FOLDER, named, statement

log = logging.getLogger("batch")

INVARIANTS = tuple(sorted(file.stem for file in (FOLDER / "invariants").glob("*.sql")))


@dataclass(frozen=True)
class Checked:
    """Why a draft should not be published, in a sentence each."""

    violations: list[str]  # of invariants: a bug, and never published
    regressions: list[str]  # what the quality gate found: published if that is accepted

    @property
    def all(self) -> list[str]:
        """Return both, what is worse first."""
        return [*self.violations, *self.regressions]


def check(  # noqa: PLR0913, PLR0917 (what was promised, and what is compared with what)
    connection: duckdb.DuckDBPyConnection,
    tonight: Night,
    published: Path | None,
    top_n: int,
    max_fall: float,
    advance: Callable[[], None] = lambda: None,
) -> Checked:
    """Return why the attached `draft` should not be published; nothing if it may be.

    Every statement of `sql/invariants/` returns one row per violation, and the gate compares `tonight`
    with the published generation. `advance` is called after each statement.
    """
    last = _night(published) if published else None
    if published and last is None:
        log.warning("%s can't be read, or has no metrics yet: nothing is compared with it", published)
    return Checked(list(violations(connection, top_n, advance)), list(faults(tonight, last, max_fall)))


def violations(
    connection: duckdb.DuckDBPyConnection, top_n: int, advance: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Yield, in a sentence each, which promises the attached `draft` breaks; beside it are the `ratings`."""
    for invariant in INVARIANTS:
        name = f"invariants/{invariant}"
        found = connection.execute(statement(name), named(name, {"top_n": top_n}))
        columns = [column[0] for column in found.description or ()]
        violation = found.fetchone()
        if violation is not None:
            more = sum(1 for _ in iter(found.fetchone, None))
            yield (
                f"'{invariant.replace('_', ' ')}' does not hold, in {1 + more:,} places, "
                f"for example {dict(zip(columns, violation, strict=True))}"
            )
        advance()


def _night(file: Path) -> Night | None:
    """Return what a generation says of itself; None if it is damaged, or older than its metrics."""
    try:
        with open_generation(file) as connection:
            metrics = connection.execute(statement("generations/metrics")).fetchall()
            (users,) = connection.execute(statement("generations/users")).fetchone() or (0,)
    except (BatchError, duckdb.Error):
        return None
    return Night(
        {(metric, model): math.nan if value is None else value for metric, model, value in metrics},
        users,
    )
