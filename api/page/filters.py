"""Filters of lists of movies, as fields of a form and as addresses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from api.lookup import Generation
from api.parameters import PARAMETERS, Parameter, table

T = TypeVar("T")

FILTERS = table("genres", "min_year", "max_year")


class Filters(NamedTuple):
    """What is filtered by, and what can be."""

    genre: str
    min_year: int | str
    max_year: int | str
    genres: tuple[str, ...]

    @property
    def is_set(self) -> bool:
        """Whether any is."""
        return bool(self.genre) or self.min_year != "" or self.max_year != ""


class Pages(NamedTuple):
    """Where one is in a long list, and the addresses of the pages before and after; none past its ends.

    `first` is the place of the first that is shown, from 1, `last` that of the last.
    """

    first: int
    last: int
    total: int
    before: str | None
    after: str | None

    def of(self, whole: Sequence[T]) -> Sequence[T]:
        """Return the part of the list that is shown."""
        return whole[self.first - 1 : self.last]


def filters(asked: Mapping[str, Any], generation: Generation) -> Filters:
    """Return the filters of a request."""
    return Filters(
        ",".join(sorted(asked.get("genres", ()))),
        asked.get("min_year", ""),
        asked.get("max_year", ""),
        tuple(genre for genre in generation.catalogue.known_genres.values() if "," not in genre),
    )


def given(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return those values that filter."""
    return {name: value for name, value in asked.items() if name in FILTERS}


def bound(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters as parameters of a statement; None where one is not given."""
    genres = asked.get("genres")
    return {
        "genres": sorted(genres) if genres else None,
        "min_year": asked.get("min_year"),
        "max_year": asked.get("max_year"),
    }


def pages(address: Callable[..., str], asked: Mapping[str, Any], name: str, size: int, total: int) -> Pages:
    """Return where one is in a list of which `name` says how many are left out at the beginning.

    `address` makes the address of the view from its values.
    """
    # Past the end there is the last page.
    offset = min(asked.get(name, 0), max(total - 1, 0) // size * size)
    last = min(offset + size, total)

    def at(place: int) -> str:
        return address(**{**asked, name: place})

    return Pages(
        offset + 1,
        last,
        total,
        at(max(offset - size, 0)) if offset else None,
        at(last) if last < total else None,
    )


def offset(name: str) -> Parameter:
    """Return the parameter that says how many of a list to leave out."""
    return Parameter(name, PARAMETERS["offset"].parse)
