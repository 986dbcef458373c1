"""Rules: which films may stand in a row. A rule is a line in the table: its parameter, and whom it keeps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from api import parameters
from api.films import Films
from api.parameters import Parameter

# Tells whether a film may stand in the row.
Keeps = Callable[[int], bool]


class Rule(NamedTuple):
    """A parameter, and the test that its value makes for the films of a generation."""

    parameter: Parameter
    test: Callable[[Films, Any], Keeps]


def _excluded(films: Films, item_ids: Sequence[str]) -> Keeps:
    numbers = {films.numbers[item_id] for item_id in item_ids if item_id in films.numbers}
    return lambda film: film not in numbers


RULES = (
    Rule(parameters.GENRES, lambda films, genres: lambda film: not genres.isdisjoint(films.genres[film])),
    Rule(parameters.NOT_GENRES, lambda films, genres: lambda film: genres.isdisjoint(films.genres[film])),
    Rule(parameters.EXCLUDE, _excluded),
    Rule(parameters.MIN_YEAR, lambda films, year: lambda film: (films.years[film] or -1) >= year),
    Rule(parameters.MAX_YEAR, lambda films, year: lambda film: (films.years[film] or year + 1) <= year),
)


def given(asked: Mapping[str, Any], films: Films) -> list[Keeps]:
    """Return the tests of all rules that a request gives."""
    return [rule.test(films, asked[rule.parameter.name]) for rule in RULES if rule.parameter.name in asked]
