"""New movies take at most a share of a list, and none of its first ten places."""

import numpy as np
import pytest

from batch.recommend.new_items import merged, most_new
from batch.recommend.topn import TopN

FIRST_NEW = 100


def _lists(scores: list[list[float]], first_item: int = 0) -> TopN:
    """Return a list per user, of items that rise from `first_item`."""
    lengths = [len(each) for each in scores]
    return TopN(
        user_index=np.repeat(np.arange(len(scores), dtype=np.int32), lengths),
        rank=np.concatenate([np.arange(1, length + 1, dtype=np.int32) for length in lengths]),
        item_index=np.concatenate([np.arange(length, dtype=np.int32) + first_item for length in lengths]),
        score=np.concatenate([np.array(each, np.float32) for each in scores]),
    )


def _places_of_new(lists: TopN, user: int = 0) -> list[int]:
    ranks = lists.rank[(lists.user_index == user) & (lists.item_index >= FIRST_NEW)]
    return [int(rank) for rank in ranks]


@pytest.mark.parametrize(
    ("share", "places"),
    [(0.1, [20, 30]), (0.2, [15, 20, 25, 30]), (0.5, [12, 14, 16, 18]), (1.0, [11, 12, 13, 14]), (0.0, [])],
)
def test_new_items_wait_until_the_share_allows_them(share: float, places: list[int]) -> None:
    lists = merged(
        _lists([[9.0 - 0.1 * rank for rank in range(30)]]),
        _lists([[50.0, 40.0, 30.0, 20.0]], FIRST_NEW),
        users=1,
        top_n=30,
        share=share,
    )
    assert _places_of_new(lists) == places
    assert lists.rank.tolist() == list(range(1, 31))
    others = lists.item_index[lists.item_index < FIRST_NEW]
    assert others.tolist() == list(range(30 - len(places)))


def test_a_new_item_stands_where_its_score_belongs() -> None:
    others = _lists([[9.0 - 0.1 * rank for rank in range(30)]] * 2)
    lists = merged(others, _lists([[6.95], [1.0]], FIRST_NEW), users=2, top_n=30, share=0.5)
    assert _places_of_new(lists, 0) == [22]
    assert lists.score[21] == np.float32(6.95)
    assert _places_of_new(lists, 1) == []


def test_who_has_few_other_items_gets_all_of_them_and_new_ones_after_them() -> None:
    others, new = _lists([[1.0] * 12, [], [2.0]]), _lists([[0.5, 0.4], [5.0], []], FIRST_NEW)
    lists = merged(others, new, users=3, top_n=30, share=0.2)
    assert np.bincount(lists.user_index, minlength=3).tolist() == [12, 0, 1]
    lists = merged(others, new, users=3, top_n=30, share=1.0)
    assert _places_of_new(lists, 0) == [13, 14]


def test_a_share_is_a_whole_number_in_spite_of_rounding() -> None:
    assert [most_new(0.1, length) for length in (9, 10, 19, 20, 39, 40, 110)] == [0, 0, 0, 1, 2, 3, 10]
