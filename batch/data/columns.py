"""Columns: which ones each file has, and what to do about a header that lacks one.

The likely cause is named before the symptom: another separator, no header, or another name of the same thing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from batch.errors import InputError

SEPARATORS = {"\t": "tabs", ";": "semicolons", "::": "double colons", "|": "bars"}
# Other names of a column, without anything but letters.
OTHER_NAMES = {
    "userId": {"user", "uid", "customer", "customerid", "visitor", "visitorid", "member", "memberid"},
    "movieId": {
        *("movie", "item", "itemid", "film", "filmid", "show", "showid", "product", "productid", "sku"),
        *("book", "bookid", "isbn", "track", "trackid", "song", "songid", "artist", "artistid"),
    },
    "rating": {"ratings", "stars", "score", "value"},
    "timestamp": {"time", "date", "datetime", "ts", "createdat", "ratedat", "watchedat"},
    "title": {"name", "movietitle"},
    "genres": {"genre", "category", "categories"},
}


@dataclass(frozen=True)
class Columns:
    """The columns that a file must have, and those that it may have; others are ignored."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


RATINGS = Columns(required=("userId", "movieId"), optional=("rating", "timestamp"))
MOVIES = Columns(required=("movieId", "title", "genres"))
USERS = Columns(required=("userId",), optional=("gender", "age", "occupation"))
HIDDEN = Columns(required=("movieId",))


def known_names(file: Path, header: list[str], columns: Columns) -> list[str]:
    """Return, for each column of the file, its name in our spelling, or "" if it is none of ours.

    Raises InputError, with the likely cause, if a required column is missing, or one is there twice.
    """
    spelling = {name.lower(): name for name in (*columns.required, *columns.optional)}
    names = [spelling.get(name.lower(), "") for name in header]
    if not set(columns.required).issubset(names):
        raise InputError(f"{file.name}: {_cause(header, names, columns)}")
    for name in spelling.values():
        if names.count(name) > 1:
            raise InputError(f"{file.name}: has the column {name} twice; keep one of them")
    return names


def ignored(header: list[str], names: list[str]) -> tuple[str, ...]:
    """Return the columns of a header for which `known_names` has none of our names."""
    return tuple(column for column, name in zip(header, names, strict=True) if not name)


def _cause(header: list[str], names: list[str], columns: Columns) -> str:
    """Return why a required column is missing, as far as the header shows it, and what to do."""
    ours, line = (*columns.required, *columns.optional), ",".join(header)
    separator = next((each for each in SEPARATORS if each in line and not any(names)), ",")
    has_header = not any(re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", value) for value in line.split(separator))
    above = f"put a line with the names of its columns above it, such as {','.join(ours)}"
    if separator != ",":
        also = "" if has_header else f", and {above}"
        return f"its values are separated by {SEPARATORS[separator]}; separate them by commas{also}"
    if not has_header:
        return f"has no header, its first line is {line[:80]!r}; {above}"
    missing = [name for name in ours if name not in names]
    other_names = {
        name: column
        for name in missing
        for column, known in zip(reversed(header), reversed(names), strict=True)
        if not known and _is_other_name(column, name)
    }
    if set(columns.required).isdisjoint(set(missing) - set(other_names)):
        renames = " and ".join(f"{column} to {name}" for name, column in other_names.items())
        return f"has no column {missing[0]}; rename {renames}"
    (first, *_) = [name for name in missing if name in columns.required]
    return f"has no column {first}; found {', '.join(header)[:200]}; add it"


def _is_other_name(column: str, name: str) -> bool:
    letters = re.sub(r"[^a-z]", "", column.lower())
    return letters == name.lower() or letters in OTHER_NAMES.get(name, ())
