"""Clean: rows that can't be meant are rejected, and what must have been meant is repaired.

The rules are SQL, in `sql/clean/`. Nothing is dropped without a row in `rejected_rows`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from batch.data.cap import cap_users
from batch.data.check_meaning import check_meaning
from batch.data.exclusions import NO_EXCLUSIONS, Exclusions
from batch.data.forgotten import hold_out_forgotten
from batch.data.input_spec import InputSpec
from batch.data.load import Loaded
from batch.data.meaning import STARS, Meaning, meaning_of
from batch.data.readers import Source
from batch.data.warnings import warn
from batch.errors import InputError
from sql import statement

# How far the clock of whoever has written a row may be ahead of ours.
CLOCK_SLACK = timedelta(hours=1)

# What helps if most rows break a rule.
OTHER_REMEDIES = {
    "timestamp_not_a_time": "declare their format under [time] in input.toml, such as 'ms' for milliseconds",
    "timestamp_in_future": "correct the file, or set the clock of this machine",
    "movie_id_lost_digits": "export the file again with the ids as text",
    "user_id_lost_digits": "export the file again with the ids as text",
}

RELATIONS = (
    "interactions", "all_interactions", "seen_items", "items", "users", "rejected_rows", "repaired_rows",
    "rating_counts", "input_warnings", "input_files",
)  # fmt: skip
# So many ids are named in a message.
IDS_NAMED = 5


@dataclass(frozen=True)
class Counts:
    """How many rows of the ratings were read and what became of them; users and movies with ratings."""

    rows_read: int
    rows_kept: int
    rows_repaired: int
    rows_rejected: int
    rows_superseded: int
    rows_merged: int  # added to a newer row of the same user and movie
    rows_held_out: int
    rows_capped: int  # beyond the newest of their user that count
    rows_ignored: int  # events that are to be ignored
    users: int
    items: int


@dataclass(frozen=True)
class Cleaned:
    """What counts of an input, and what became of the rest: all that later steps read of it.

    Relations have no order but that of the columns named here.
    """

    connection: duckdb.DuckDBPyConnection  # the database that holds the relations
    interactions: duckdb.DuckDBPyRelation  # one row per user and item, by user_id and position (1: newest)
    all_interactions: duckdb.DuckDBPyRelation  # the same, and what a later one supersedes, without a position
    seen_items: duckdb.DuckDBPyRelation  # one row per user and item that is seen and no more
    items: duckdb.DuckDBPyRelation  # one row per item of movies or of an interaction, by item_id
    users: duckdb.DuckDBPyRelation  # one row per user with an interaction, by user_id
    rejected_rows: duckdb.DuckDBPyRelation  # one row per input row that does not count, by file and line
    repaired_rows: duckdb.DuckDBPyRelation  # one row per repaired row that counts, by file and line
    rating_counts: duckdb.DuckDBPyRelation  # one row per stage and rating
    input_warnings: duckdb.DuckDBPyRelation  # one row per file and warning
    input_files: duckdb.DuckDBPyRelation  # one row per file, and what was read from it
    counts: Counts
    meaning: Meaning
    segments: tuple[str, ...]  # attributes of users whose values make segments; none named: the usual ones


def relations_of(
    connection: duckdb.DuckDBPyConnection,
    counts: Counts,
    meaning: Meaning = STARS,
    segments: tuple[str, ...] = (),
) -> Cleaned:
    """Return the relations of a database in which everything has been cleaned."""
    relations = {name: connection.table(name) for name in RELATIONS}
    return Cleaned(connection, **relations, counts=counts, meaning=meaning, segments=segments)


def clean(
    loaded: Loaded, max_rejected: float, started_at: datetime, exclusions: Exclusions = NO_EXCLUSIONS
) -> Cleaned:
    """Reject invalid rows, repair what has one meaning, and keep the newest row of each item by each user.

    Users who are forgotten are in no relation; items that are hidden by command are hidden in `items`. A row
    with a time after the start of the run is rejected.

    Raises InputError if more than the share `max_rejected` of the rows of a file is rejected, if no
    rating is left, or if every movie is hidden.
    """
    connection, meaning = loaded.connection, meaning_of(loaded.spec)

    def execute(name: str, **values: object) -> duckdb.DuckDBPyConnection:
        return connection.execute(statement(name), values)

    ratings = loaded.ratings.name
    hidden = loaded.hidden.name if loaded.hidden else "hide"
    execute("clean/repaired_users", file=ratings)
    # The user of a row without an id can only be found while its neighbours are there.
    hold_out_forgotten(connection, loaded.ratings, loaded.users, exclusions)
    execute("exclude/hidden_items", item_ids=list(exclusions.hidden))
    stop_if_events_are_unknown(loaded)
    execute("clean/rejected_ratings", latest=latest_time(started_at))
    execute("clean/rejected_rating_lines", file=ratings)
    validate_others(loaded)
    execute("clean/recorded_rows")
    sources = {source.name: source for source in loaded.sources()}
    stop_if_too_many_are_rejected(
        connection,
        max_rejected,
        lambda file, line: raw_of_line(connection, sources[file], line),
        lambda: remedy_of_values(loaded.rating_rows, loaded.spec),
    )
    execute("clean/valid_ratings")
    cap_users(connection, ratings, loaded.spec.max_per_user)
    execute("clean/meaning", adds_up=meaning.adds_up, is_logarithmic=meaning.is_logarithmic)
    execute("clean/id_types")
    execute("clean/added_interactions" if meaning.adds_up else "clean/interactions")
    execute("clean/seen_items")
    execute("clean/superseded_rating_lines", file=ratings)
    execute("clean/repaired_lines")
    execute("clean/rated_items")
    execute("clean/items")
    execute("clean/users")
    execute("clean/named_items")
    ((newest_year,),) = execute("clean/newest_year").fetchall()
    execute("clean/new_items", newest_year=newest_year)
    warn_of_unknown_hidden(connection, hidden)
    execute("clean/rating_counts", file=ratings)
    for source in loaded.sources():
        look_up_raw_text(connection, "clean/rejected_rows", source)
    look_up_raw_text(connection, "clean/repaired_rows", loaded.ratings)
    if loaded.users:
        look_up_raw_text(connection, "clean/repaired_user_rows", loaded.users)
    name_files(loaded)
    loaded.remove_copies()
    (row,) = execute("clean/counts", file=ratings).fetchall()
    segments = loaded.spec.users.segments if loaded.spec.users else ()
    cleaned = relations_of(connection, Counts(*row), meaning, segments)
    stop_if_nothing_is_left(cleaned.counts, cleaned.items, ratings, hidden)
    check_meaning(loaded, segments)
    return cleaned


def latest_time(started_at: datetime) -> datetime:
    """Return the latest time that a row may have, in UTC and without a zone, as the database has times."""
    return (started_at.astimezone(UTC) + CLOCK_SLACK).replace(tzinfo=None)


def stop_if_nothing_is_left(
    counts: Counts, items: duckdb.DuckDBPyRelation, ratings: str, hidden: str
) -> None:
    """Raise InputError if there is no rating, or no movie that may be in a list."""
    if counts.rows_kept == 0:
        raise InputError(f"{ratings}: no row is left after cleaning; check how it was exported")
    if not items.filter("ratings > 0 and not is_hidden").limit(1).fetchall():
        raise InputError(
            f"{hidden}: hides every movie with a rating, so every list would be empty; correct it"
        )


def warn_of_unknown_hidden(connection: duckdb.DuckDBPyConnection, hidden: str) -> None:
    """Record the rows of hidden whose movie is in no other file, and warn of them: that movie stays shown.

    They count towards no limit: movies may leave the catalogue before they leave that file.
    """
    connection.execute(statement("clean/unknown_hidden_rows"), {"file": hidden})
    found = connection.execute("select item_id from unknown_hidden_rows order by line").fetchall()
    if found:
        first = ", ".join(item_id for (item_id,) in found[:IDS_NAMED])
        more = f" and {len(found) - IDS_NAMED:,} more" if len(found) > IDS_NAMED else ""
        text = f"no movie has the ids {first}{more}, so they hide nothing; correct or remove them"
        warn(connection, "unknown_item", hidden, len(found), text)


def validate_others(loaded: Loaded) -> None:
    """Validate the rows of movies, users and hidden."""

    def execute(name: str, **values: object) -> None:
        loaded.connection.execute(statement(name), values)

    execute("clean/validated_movies", file=loaded.movies.name if loaded.movies else "items")
    execute("clean/validated_users", file=loaded.users.name if loaded.users else "users")
    execute("clean/rejected_hidden_lines", file=loaded.hidden.name if loaded.hidden else "hidden")


def look_up_raw_text(connection: duckdb.DuckDBPyConnection, rows: str, source: Source) -> None:
    """Add rows of a file with their raw text, by the statement `rows`."""
    raw_lines = "text_lines_of" if source.is_text else "json_lines_of"
    paths = [str(path) for path in source.paths]
    connection.table_function(raw_lines, paths if source.is_text else [paths]).create_view("raw_lines")
    connection.execute(statement(rows), {"file": source.name})
    connection.execute("drop view raw_lines")


def stop_if_events_are_unknown(loaded: Loaded) -> None:
    """Raise InputError, with their numbers of rows, if rows have events that the spec does not name."""
    if loaded.spec.event is not None:
        unknown = loaded.connection.execute(statement("clean/unknown_events")).fetchall()
        stop_at_unknown_events(unknown, loaded.ratings.name)


def stop_at_unknown_events(unknown: list[tuple[str, int]], file: str) -> None:
    """Raise InputError if there are kinds of events, with numbers of rows, that the spec does not name."""
    if unknown:
        named = ", ".join(f"{event!r} ({rows:,} rows)" for event, rows in unknown[:IDS_NAMED])
        raise InputError(
            f"{file}: has kinds of events that are not known: {named}; give each a weight, "
            f'"ignore" or "negative" under [event] in input.toml'
        )


def name_files(loaded: Loaded) -> None:
    """Record rows by the file that they are in, and their line there; and what each file has."""
    connection = loaded.connection
    parts = [
        (source.name, file, lines_before, content)
        for content, source in loaded.by_content().items()
        for file, lines_before in source.parts
    ]
    columns = dict(
        zip(("tables", "names", "lines_before", "contents"), zip(*parts, strict=True), strict=True)
    )
    connection.execute(statement("clean/parts_read"), {name: list(each) for name, each in columns.items()})
    connection.execute(statement("clean/named_parts"))


def raw_of_line(connection: duckdb.DuckDBPyConnection, source: Source, line: int) -> str:
    """Return the raw text of one rejected line, for a message."""
    look_up_raw_text(connection, "clean/rejected_rows", source)
    ((raw,),) = connection.execute(
        "select raw from rejected_rows where file = $file and line = $line",
        {"file": source.name, "line": line},
    ).fetchall()
    return str(raw)


def remedy_of_values(rating_rows: duckdb.DuckDBPyRelation, spec: InputSpec) -> str:
    """Return from what to what nearly all numbers are, whatever becomes of them, and what to do about it."""
    ratings = rating_rows.filter("isfinite(rating)")
    ((least, most),) = ratings.project("quantile_disc(rating, [0.001, 0.999])").fetchall()[0]
    if spec.scale is None:
        return (
            f"nearly all numbers are from {least:g} to {most:g}; a weight is not below 0: leave returns out, "
            "or make negative events of them, by a query in input.toml"
        )
    return f"nearly all ratings are from {least:g} to {most:g}; declare the scale under [value] in input.toml"


def stop_if_too_many_are_rejected(
    connection: duckdb.DuckDBPyConnection,
    max_rejected: float,
    raw_text: Callable[[str, int], str],
    remedy_of_value: Callable[[], str],
) -> None:
    """Raise InputError if more than this share of the rows of a file is; it shows the text of one of them."""
    for file, rows, rejected, rule, line in connection.execute(statement("clean/row_counts")).fetchall():
        if rejected / rows > max_rejected:
            raw = raw_text(file, line)
            remedy = OTHER_REMEDIES.get(rule, "correct the file, or allow more by --max-rejected")
            if rule == "rating_out_of_range":
                remedy = remedy_of_value()
            raise InputError(
                f"{file}: {rejected:,} of {rows:,} rows ({rejected / rows:.1%}) are rejected, and at most "
                f"{max_rejected:.1%} may be; most break the rule {rule}, first in line {line}: {raw[:80]!r}; "
                f"{remedy}"
            )
