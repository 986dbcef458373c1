"""Words and numbers become columns; which ones, the rated movies decide."""

from typing import Any

import numpy as np

from batch.data.attributes import MIN_ITEMS, attribute_columns


def _columns(values: list[list[tuple[str, Any]]], rated: int) -> list[list[float]]:
    found = attribute_columns(values, np.arange(len(values)) < rated)
    return found.toarray().tolist()


def test_a_word_of_enough_rated_items_is_a_column() -> None:
    few = [("genres", "Noir")]
    values = [[("genres", "Drama"), ("genres", "Drama")]] * MIN_ITEMS + [few] * (MIN_ITEMS - 1)
    columns = _columns([*values, [("genres", "Noir"), ("genres", "Drama")], []], rated=len(values))
    assert columns == [[1.0]] * MIN_ITEMS + [[0.0]] * (MIN_ITEMS - 1) + [[1.0], [0.0]]


def test_the_same_word_under_two_names_is_two_columns() -> None:
    values = [[("color", "red")]] * MIN_ITEMS + [[("brand", "red")]] * MIN_ITEMS
    assert (
        sorted(map(tuple, _columns(values, rated=len(values)))) == [(0, 1)] * MIN_ITEMS + [(1, 0)] * MIN_ITEMS
    )


def test_a_number_has_the_columns_of_all_limits_below_it() -> None:
    years = [[("year", float(year))] for year in range(2000, 2010)]
    columns = np.array(_columns([*years, [("year", 2030.0)], [("year", 1900.0)], []], rated=10))
    assert columns.shape == (13, 10)
    assert columns[:10].sum(axis=1).tolist() == list(range(1, 11))
    assert columns[10].tolist() == columns[9].tolist(), "a number above any before is as the highest was"
    assert not columns[11:].any()


def test_items_of_which_nothing_is_known_have_no_columns() -> None:
    assert attribute_columns([[], []], np.array([True, False])).shape == (2, 0)
