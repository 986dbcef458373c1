"""Facts: what a report tells, read from published files and from nothing else."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from batch.errors import BatchError, UsageError
from batch.generation.diff import Diff, diff
from batch.generation.reader import Row, attached, metrics_of, named_errors, open_generation, rows_of
from batch.generation.rollback import before as generation_before
from batch.generation.store import Output

USERS = 30
ITEMS_OF_HISTORY = 10
ITEMS_OF_LIST = 10
MAX_LISTED = 12
ITEMS_OF_DIFF = 5


@dataclass(frozen=True)
class Night:
    """How good one generation was found to be."""

    generation: str
    metrics: dict[tuple[str, str], float]  # by metric and model; what has no value is left out


@dataclass(frozen=True)
class Changes:
    """What is other than in the generation before."""

    diff: Diff
    entered: list[Row]  # how many lists have so many new movies among their first ten


@dataclass(frozen=True)
class Example:
    """A user with the newest of the history, and the best of the list."""

    user: Row
    history: list[Row]
    items: list[Row]


@dataclass(frozen=True)
class Input:
    """What was read and what became of it."""

    counts: list[Row]
    boxes: list[Row]
    rejected: list[Row]
    activity: Row
    of_users: list[Row]
    of_items: list[Row]
    over_time: list[Row]


@dataclass(frozen=True)
class Facts:
    """Everything that a report tells; rows are by column, as the statements in `sql/report/` return them."""

    summary: Row
    state: str  # published, kept or rolled back
    input: Input
    training: list[Row]
    nights: list[Night]  # this generation and the kept ones before it, oldest first
    popularity: list[Row]
    most_listed: list[Row]
    changes: Changes | None  # None: there is nothing to compare with, and `left_out` may say why
    examples: list[Example]
    steps: list[Row]
    settings: list[Row]
    left_out: list[str]  # in a sentence each, what could not be read of older generations

    @property
    def tonight(self) -> Night:
        """The quality of the generation itself."""
        return self.nights[-1]


def read(output: Output, generation: str) -> Facts:
    """Read what a report tells. Raises BatchError if the file is damaged or of another version.

    Older generations may be: what can't be read of them is left out.
    """
    file = output.file(generation)
    left_out: list[str] = []
    nights = [*_older_nights(output, generation, left_out)]
    changes = _changes(output, generation, left_out)
    with open_generation(file) as connection, named_errors(file):
        return Facts(
            summary=rows_of(connection, "report/summary")[0],
            state=_state(output, generation),
            input=_input(connection),
            training=rows_of(connection, "report/training"),
            nights=[*nights, Night(generation, _metrics(connection))],
            popularity=rows_of(connection, "report/popularity"),
            most_listed=rows_of(connection, "report/most_listed", items=MAX_LISTED),
            changes=changes,
            examples=_examples(connection),
            steps=rows_of(connection, "report/steps"),
            settings=rows_of(connection, "report/settings"),
            left_out=left_out,
        )


def _state(output: Output, generation: str) -> str:
    if generation == output.current():
        return "published"
    return "rolled back" if generation in output.rolled_back() else "kept"


def _input(connection: duckdb.DuckDBPyConnection) -> Input:
    return Input(
        counts=rows_of(connection, "report/rating_counts"),
        boxes=rows_of(connection, "report/rating_boxes"),
        rejected=rows_of(connection, "inspect/rejected_by_rule"),
        activity=rows_of(connection, "report/activity")[0],
        of_users=rows_of(connection, "report/ratings_of_users"),
        of_items=rows_of(connection, "report/ratings_of_films"),
        over_time=rows_of(connection, "report/ratings_over_time"),
    )


def _examples(connection: duckdb.DuckDBPyConnection) -> list[Example]:
    users = rows_of(connection, "report/example_users", users=USERS)
    of_users = {"user_ids": [user["user_id"] for user in users]}
    histories, lists = defaultdict(list), defaultdict(list)
    for row in rows_of(connection, "report/example_histories", items=ITEMS_OF_HISTORY, **of_users):
        histories[row["user_id"]].append(row)
    for row in rows_of(connection, "report/example_lists", items=ITEMS_OF_LIST, **of_users):
        lists[row["user_id"]].append(row)
    return [Example(user, histories[user["user_id"]], lists[user["user_id"]]) for user in users]


def _metrics(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], float]:
    return {name: value for name, value in metrics_of(connection).items() if value is not None}


def _older_nights(output: Output, generation: str, left_out: list[str]) -> Iterator[Night]:
    """Yield the quality of the generations before; what was rolled back was not what anybody was shown."""
    taken_back = output.rolled_back()
    for older in output.generations():
        if older < generation and older not in taken_back:
            try:
                with open_generation(output.file(older)) as connection, named_errors(output.file(older)):
                    metrics = _metrics(connection)
            except BatchError:
                left_out.append(f"{older} is damaged or of another version, so its quality is left out.")
            else:
                yield Night(older, metrics)


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
