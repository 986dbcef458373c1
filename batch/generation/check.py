"""Check: what must hold before anyone sees the file, and what is written down if it is refused."""

import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from batch.errors import BatchError, RefusedError
from batch.evaluation.gate import Quality, regressions
from batch.evaluation.holdout import Metrics
from batch.generation.output_folder import Output
from batch.generation.publish import Provenance
from batch.generation.reader import about, metrics_of, open_generation
from batch.generation.write import Draft
from batch.settings import result_settings
from sql import FOLDER, named, statement

log = logging.getLogger("batch")

INVARIANTS = tuple(sorted(file.stem for file in (FOLDER / "invariants").glob("*.sql")))
# Files of older versions have no weights of parts.
OF_WEIGHTS = "every_part_has_weights"


@dataclass(frozen=True)
class Checked:
    """Why a draft should not be published, in a sentence each."""

    violations: list[str]  # of invariants: a bug, and never published
    regressions: list[str]  # what the quality gate found: published if that is accepted

    @property
    def all(self) -> list[str]:
        """Return both, what is worse first."""
        return [*self.violations, *self.regressions]


def check(  # noqa: PLR0913 (what was promised, and what is compared with what)
    draft: Draft,
    candidate: Quality,
    kept: Mapping[str, Quality],
    top_n: int,
    max_fall: float,
    *,
    parts: Mapping[str, int] | None = None,
    repeats: bool = False,
    new_share: float = 0.0,
    advance: Callable[[], None] = lambda: None,
) -> Checked:
    """Return why a draft should not be published; nothing if it may be.

    Every statement of `sql/invariants/` returns one row per violation, and the gate compares `candidate`
    with the `kept` generations. `advance` is called after each statement.
    """
    for generation, quality in kept.items():
        if quality.way != candidate.way:
            log.warning("%s was evaluated in another way, so its quality is not compared", generation)
    broken = violations(
        draft.connection, top_n, top_n, parts=parts, repeats=repeats, new_share=new_share, advance=advance
    )
    return Checked([*broken], [*regressions(candidate, kept, max_fall)])


def violations(  # noqa: PLR0913 (what the statements have as parameters)
    connection: duckdb.DuckDBPyConnection,
    top_n: int,
    min_n: int,  # as `top_n`, or less after a command has taken movies out of the lists
    *,
    parts: Mapping[str, int] | None = None,  # how many columns each has; None: an older version wrote it
    repeats: bool = False,  # whether what is in a history may be in the list
    new_share: float = 0.0,  # the largest share of a list that new movies may have
    advance: Callable[[], None] = lambda: None,
) -> Iterator[str]:
    """Yield a sentence for each invariant that the attached `draft` of `interactions` breaks."""
    values = {
        "top_n": top_n,
        "min_n": min_n,
        "parts": [*parts] if parts else None,
        "columns": sum(parts.values()) if parts else None,
        "repeats": repeats,
        "new_share": new_share,
    }
    for invariant in INVARIANTS:
        if invariant == OF_WEIGHTS and not parts:
            continue
        name = f"invariants/{invariant}"
        found = connection.execute(statement(name), named(name, values))
        columns = [column[0] for column in found.description or ()]
        violation = found.fetchone()
        if violation is not None:
            more = sum(1 for _ in iter(found.fetchone, None))
            yield (
                f"'{invariant.replace('_', ' ')}' does not hold, in {1 + more:,} places, "
                f"for example {dict(zip(columns, violation, strict=True))}"
            )
        advance()


def kept_qualities(output: Output) -> dict[str, Quality]:
    """Return by id what the kept generations say of their quality, the newest first.

    What was rolled back is no measure for others. Nor is what is older than a regression that was accepted.
    """
    qualities: dict[str, Quality] = {}
    for generation in sorted({*output.generations()} - {*output.rolled_back()}, reverse=True):
        try:
            with open_generation(output.file(generation)) as connection:
                metrics = metrics_of(connection)
                users, accepted = about(connection, "users", "overridden")
                # Titles are compared with the newest generation alone.
                titles = {} if qualities else titles_of(connection)
        except (BatchError, duckdb.Error) as error:
            reason = str(error).splitlines()[0]
            log.warning("%s can't be read, so nothing is compared with it: %s", generation, reason)
            continue
        qualities[generation] = Quality(
            {name: math.nan if value is None else value for name, value in metrics.items()},
            users,
            titles,
        )
        if accepted:
            break
    return qualities


def titles_of(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the titles of the rated movies, by id; of a generation, or of what a run has cleaned."""
    titles = "select item_id, title from items where ratings > 0 and title <> item_id"
    return dict(connection.execute(titles).fetchall())


def refuse(output: Output, provenance: Provenance, metrics: Metrics, checked: Checked) -> RefusedError:
    """Keep metrics and settings of what is refused, and return the error that says so in one line."""
    now = datetime.now(UTC)
    file = output.keep_refused(
        output.new_id(provenance.fingerprint, now),
        json.dumps(
            {
                "refused_at": now.isoformat(timespec="seconds"),
                "faults": checked.all,
                "fingerprint": provenance.fingerprint,
                "users": provenance.counts.users,
                "settings": result_settings(provenance.settings),
                "metrics": [
                    {"metric": metric, "model": model, "value": value if math.isfinite(value) else None}
                    for (metric, model), value in metrics.items()
                ],
            },
            indent=2,
            ensure_ascii=False,
        ),
    )
    remedy = (
        "this is a bug, and no option publishes it: please report it"
        if checked.violations
        else "look for the cause in the input, or run again with --accept-regression to publish anyway"
    )
    return RefusedError(f"not published: {'; '.join(checked.all)}; measurements: {file}; {remedy}")
