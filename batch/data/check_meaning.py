"""Check meaning: what is odd in the input as a whole, although each row of it is valid.

Nothing here stops a run. Each check is an aggregate or two, so that it takes little of 25 million rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.data.warnings import warn
from sql import statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batch.data.load import Loaded

# Fewer rows, or ids, say nothing of the whole.
MIN_ROWS = 20
# No large data set of user behavior is older than this, so an export in seconds has few times before 1990.
MAX_BEFORE_1990 = 0.5
# The time of an export, or a default of the database. Rows that were imported may share one; not nearly all.
MAX_AT_ONE_TIME = 0.9
# People change their minds, but not about most of what they have rated.
MAX_SUPERSEDED = 0.5
# Large catalogues have many items that nobody has had; if only one in ten has an interaction, ids may differ.
MAX_UNMATCHED_ITEMS = 0.9
# A file of users is mostly of those who have done something.
MAX_UNMATCHED_USERS = 0.5
# A person is a small part of all; in a small data set, a person with this share may be one.
MAX_SHARE_OF_USER = 0.05
MIN_ROWS_OF_BOT = 1_000
# With more values, segments have few users each, and a list for each of them costs more than it says.
MAX_VALUES_OF_SEGMENT = 100
# No less than this is advised as a limit: keen people have that many.
MIN_CAP = 100

UNITS = {
    "zero": ("are 0, which says that there is no time", "leave the column of times out"),
    "years": ("would be years", "leave the column of times out"),
    "days": ("would be recent as days since 1970", "convert them to seconds"),
    "excel": (
        "would be recent as days of a spreadsheet",
        'write format = "excel" under [time] in input.toml',
    ),
    "hours": ("would be recent as hours since 1970", "convert them to seconds"),
    "minutes": ("would be recent as minutes since 1970", "convert them to seconds"),
    "yyyymmdd": (
        "would be recent as dates such as 20231114",
        'write format = "yyyymmdd" under [time] in input.toml',
    ),
    None: ("are in no unit that would make them recent", "if they are wrong, correct them"),
}


def check_meaning(loaded: Loaded, segments: Sequence[str] = ()) -> None:
    """Record a warning for each thing that is odd in the input as a whole, when it is clean.

    `segments` are the attributes of users whose values make segments.
    """
    _check_times(loaded)
    _check_superseded(loaded)
    _check_ids(loaded)
    _check_heavy_users(loaded)
    _check_ages(loaded)
    _check_segments(loaded, segments)


def _check_times(loaded: Loaded) -> None:
    connection, file = loaded.connection, loaded.ratings.name
    ((rows, old, commonest, at_commonest),) = connection.execute(statement("clean/times")).fetchall()
    if rows < MIN_ROWS:
        return
    if at_commonest > MAX_AT_ONE_TIME * rows:
        text = (
            f"{at_commonest:,} of {rows:,} times are the same, {commonest}, so hardly any order can be "
            "learned; if that is the time of an export, leave the column of times out"
        )
        warn(connection, "same_time", file, at_commonest, text)
    if old > MAX_BEFORE_1990 * rows:
        unit, of_unit = connection.execute(statement("clean/units_of_times")).fetchall()[0]
        meaning, remedy = UNITS[unit]
        text = (
            f"{old:,} of {rows:,} times are before 1990 if they are seconds, and {of_unit:,} of them "
            f"{meaning}; {remedy}"
        )
        warn(connection, "times_before_1990", file, old, text)


def _check_superseded(loaded: Loaded) -> None:
    counts = loaded.connection.execute(statement("clean/file_counts")).fetchall()
    for file, rows, _, superseded, *_ in counts:
        if file == loaded.ratings.name and rows >= MIN_ROWS and superseded > MAX_SUPERSEDED * rows:
            text = (
                f"{superseded:,} of {rows:,} rows are superseded by a later row of the same user and item; "
                "if each says something, such as a purchase or a play, give [event] or a [value] of the "
                'kind "weight" in input.toml, so that they add up'
            )
            warn(loaded.connection, "mostly_superseded", file, superseded, text)


def _check_ids(loaded: Loaded) -> None:
    connection, interactions = loaded.connection, loaded.ratings.name
    found = [("items", loaded.movies, MAX_UNMATCHED_ITEMS), ("users", loaded.users, MAX_UNMATCHED_USERS)]
    for kind, source, limit in found:
        if source:
            name = "clean/unmatched_items" if kind == "items" else "clean/unmatched_users"
            ((ids, unmatched),) = connection.execute(statement(name)).fetchall()
            if ids >= MIN_ROWS and unmatched > limit * ids:
                text = (
                    f"{unmatched:,} of {ids:,} {kind} are in no valid row of {interactions}; compare how "
                    "both files write ids, and whether they are of the same time"
                )
                warn(connection, f"unmatched_{kind}", source.name, unmatched, text)


def _check_heavy_users(loaded: Loaded) -> None:
    connection, file = loaded.connection, loaded.ratings.name
    limits = {"min_rows": MIN_ROWS_OF_BOT, "min_share": MAX_SHARE_OF_USER}
    heavy = connection.execute(statement("clean/heavy_users"), limits).fetchall()
    for user_id, rows, most_of_others in heavy:
        text = (
            f"user {user_id} has {rows:,} rows, more than {MAX_SHARE_OF_USER:.0%} of all, and may be a "
            "program or a shared account; to count only the newest rows of each user, write max_per_user = "
            f"{max(most_of_others, MIN_CAP)} in input.toml"
        )
        warn(connection, "heavy_user", file, rows, text, user_id)


def _check_ages(loaded: Loaded) -> None:
    repaired = loaded.connection.table("repaired_rows").filter("rule = 'age_out_of_range'")
    rows = len(repaired)
    if rows and loaded.users:
        text = (
            f"an age is not a number of years from 0 to 150 in {rows:,} of the rows that count, and so is "
            "not known; the table repaired_rows has these rows"
        )
        warn(loaded.connection, "age_out_of_range", loaded.users.name, rows, text)


def _check_segments(loaded: Loaded, segments: Sequence[str]) -> None:
    if not segments or not loaded.users:
        return
    names = {"names": list(segments)}
    for name, values in loaded.connection.execute(statement("clean/segment_values"), names).fetchall():
        if values > MAX_VALUES_OF_SEGMENT:
            text = (
                f"the attribute {name} has {values:,} values, too many for segments; group its values, or "
                "remove it from segments in input.toml"
            )
            warn(loaded.connection, "too_many_segment_values", loaded.users.name, None, text)
