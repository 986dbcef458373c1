"""Facts: what a report shows, read from published files and from nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from batch.errors import BatchError, UsageError
from batch.generation.diff import Diff, diff
from batch.generation.output_folder import Output
from batch.generation.reader import (
    Noun,
    Row,
    attached,
    metrics_of,
    named_errors,
    noun_of,
    open_generation,
    rows_of,
)
from batch.generation.rollback import before as generation_before

MAX_EXAMPLES = 30
MOVIES_OF_EXAMPLE = 10
MAX_LISTED = 12
ITEMS_OF_DIFF = 5


@dataclass(frozen=True)
class Quality:
    """The metrics of one generation."""

    generation: str
    metrics: dict[tuple[str, str], float]  # by metric and model; those without a value are left out


@dataclass(frozen=True)
class Changes:
    """The differences from the generation before."""

    diff: Diff
    entered: list[Row]  # how many lists have so many new movies among their first ten


@dataclass(frozen=True)
class Facts:
    """Everything that a report shows; rows are by column, as the statements in `sql/report/` return them."""

    summary: Row
    noun: Noun  # what an item is called
    state: str  # published, kept or rolled back
    rating_counts: list[Row]
    rating_boxes: list[Row]
    rejected: list[Row]
    warnings: list[Row]  # what was odd in the input
    long_tails: list[Row]
    over_time: list[Row]
    training: list[Row]
    last_night: list[Row]  # how good the lists before were, by what people did since; none if nobody did
    qualities: list[Quality]  # of this generation and the kept ones before it, oldest first
    popularity: list[Row]
    most_listed: list[Row]
    changes: Changes | None  # None: there is nothing to compare with, and `left_out` may say why
    examples: list[Row]
    steps: list[Row]
    settings: list[Row]
    part_weights: list[Row]  # by what the weight of each part of the model is multiplied
    left_out: list[str]  # in a sentence each, what could not be read of older generations

    @property
    def metrics(self) -> dict[tuple[str, str], float]:
        """The metrics of the generation itself."""
        return self.qualities[-1].metrics


def read(output: Output, generation: str) -> Facts:
    """Read what a report shows. Raises BatchError if the file is damaged or of another version.

    Older generations may be: what can't be read of them is left out.
    """
    file = output.file(generation)
    left_out: list[str] = []
    older = [*_older_qualities(output, generation, left_out)]
    changes = _changes(output, generation, left_out)
    with open_generation(file) as connection, named_errors(file):
        rating_counts = connection.table("rating_counts").filter("rating is not null")
        return Facts(
            summary=rows_of(connection, "report/summary")[0],
            noun=noun_of(connection),
            state=_state(output, generation),
            rating_counts=_rows(rating_counts.order("stage desc, rating")),
            rating_boxes=rows_of(connection, "report/rating_boxes"),
            rejected=rows_of(connection, "inspect/rejected_by_rule"),
            warnings=_of_newer_files(connection, "inspect/input_warnings"),
            long_tails=rows_of(connection, "report/long_tails"),
            over_time=rows_of(connection, "report/ratings_over_time"),
            training=_rows(connection.table("training").order("iteration")),
            last_night=rows_of(connection, "inspect/last_night"),
            qualities=[*older, Quality(generation, _metrics(connection))],
            popularity=rows_of(connection, "report/popularity"),
            most_listed=rows_of(connection, "report/most_listed", items=MAX_LISTED),
            changes=changes,
            examples=rows_of(connection, "report/examples", users=MAX_EXAMPLES, movies=MOVIES_OF_EXAMPLE),
            steps=rows_of(connection, "report/steps"),
            settings=rows_of(connection, "report/settings"),
            part_weights=_of_newer_files(connection, "inspect/part_weights"),
            left_out=left_out,
        )


def _of_newer_files(connection: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    """Return the rows of a statement; nothing of a file of an older version, which lacks the table."""
    try:
        return rows_of(connection, name)
    except duckdb.CatalogException:
        return []


def _state(output: Output, generation: str) -> str:
    if generation == output.current():
        return "published"
    return "rolled back" if generation in output.rolled_back() else "kept"


def _rows(found: duckdb.DuckDBPyRelation) -> list[Row]:
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _metrics(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], float]:
    return {name: value for name, value in metrics_of(connection).items() if value is not None}


def _older_qualities(output: Output, generation: str, left_out: list[str]) -> Iterator[Quality]:
    """Yield the quality of the kept generations before, without those that were rolled back."""
    rolled_back = output.rolled_back()
    for older in output.generations():
        if older < generation and older not in rolled_back:
            try:
                with open_generation(output.file(older)) as connection, named_errors(output.file(older)):
                    metrics = _metrics(connection)
            except BatchError:
                left_out.append(f"{older} is damaged or of another version, so its quality is left out.")
            else:
                yield Quality(older, metrics)


def _changes(output: Output, generation: str, left_out: list[str]) -> Changes | None:
    try:
        before = output.file(generation_before(output, generation))
    except UsageError:
        return None
    after = output.file(generation)
    open_generation(after).close()
    try:
        found = diff(before, after, ITEMS_OF_DIFF)
        with attached(before=before, after=after) as connection:
            return Changes(found, rows_of(connection, "report/overlaps"))
    except BatchError:
        left_out.append(
            f"{before.stem}, the generation before, is damaged or of another version, so what has changed "
            "since is left out."
        )
        return None
