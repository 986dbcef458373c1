"""Splits: what is held out, and that nothing of it is known to anyone."""

from dataclasses import replace

import numpy as np
import pytest

from batch.data.interactions import Interactions
from batch.data.meaning import Meaning
from batch.errors import InputError
from batch.evaluation.baselines import Scores, baselines
from batch.evaluation.evaluate import embedding
from batch.evaluation.rank import rank
from batch.evaluation.splits import Split, by_last, by_time
from batch.evaluation.tune import validation_splits
from batch.settings import Settings
from tests.made import interactions

SETTINGS = Settings(factors=4, iterations=3, next_factors=4)


def _ratings(seed: int = 0) -> Interactions:
    random = np.random.default_rng(seed)
    pairs = list({(int(u), int(i)) for u, i in random.integers(0, (30, 40), (600, 2))})
    pairs.sort()
    random.shuffle(pairs)
    return interactions(
        [(u, i, float(random.integers(1, 6)), float(place) * 3_000) for place, (u, i) in enumerate(pairs)]
    )


def _held_out(split: Split) -> list[tuple[int, int]]:
    """Return user and movie of every later rating of a known movie, by their first indices."""
    rows, items = split.relevant.nonzero()
    return sorted(
        zip(split.old_users[split.users[rows]].tolist(), split.old_items[items].tolist(), strict=True)
    )


def test_the_last_rating_of_everyone_is_held_out_and_no_other() -> None:
    split = by_last(interactions([(0, 0), (1, 1), (0, 1), (1, 0), (0, 2), (2, 2)]))
    assert _held_out(split) == [(0, 2), (1, 0)]
    assert len(split.train) == 4
    assert split.users.tolist() == [0, 1]


def test_among_equal_times_the_file_says_which_rating_is_the_last() -> None:
    tied = by_last(
        interactions([(0, 1, 5.0, 7.0), (0, 2, 5.0, 7.0), (0, 0, 5.0, 7.0), (1, 0), (1, 1), (1, 2)])
    )
    assert (0, 0) in _held_out(tied)
    assert tied.tied == 0.5


def test_a_held_out_item_that_nobody_else_rated_is_unknown_and_counts_as_relevant() -> None:
    split = by_last(interactions([(0, 0), (1, 0), (0, 1), (1, 2)]))
    assert split.train.items == 1
    assert split.unknown.tolist() == [1, 1]
    assert split.relevant.nnz == 0


def test_a_cut_in_time_holds_out_all_that_comes_after_it_of_those_who_come_back() -> None:
    before = [(user, item, 5.0, 10.0 * item + user) for item in range(5) for user in range(2)]
    after = [(0, 5, 5.0, 100.0), (1, 3, 5.0, 101.0), (0, 6, 5.0, 102.0), (3, 0, 5.0, 103.0)]
    few = [(2, 5, 5.0, 50.0), (2, 6, 5.0, 104.0)]
    split = by_time(interactions([*before, *after[:1], *after[2:], *few]), 11 / 15)
    assert _held_out(split) == [(0, 5)]
    assert split.train.users == 3


def test_ratings_at_the_very_second_of_the_cut_are_all_held_out() -> None:
    rows = [(user, item, 5.0, float(item)) for item in range(6) for user in range(4)]
    late = [(user, 10 + item, 5.0, 9.0) for item in range(2) for user in range(4)]
    known = [(9, 10, 5.0, 1.0), (9, 11, 5.0, 2.0)]
    split = by_time(interactions([*rows, *late, *known]), 0.9)
    assert len(split.train) == len(rows) + len(known)
    assert len(_held_out(split)) == len(late)


def test_days_inactive_run_from_the_last_known_rating_to_the_cut() -> None:
    day = 86_400.0
    rows = [(0, item, 5.0, item * 1.0) for item in range(5)] + [
        (1, item, 5.0, 10 * day + item) for item in range(6)
    ]
    rows += [(0, 1 + item, 5.0, 20 * day) for item in range(4, 5)]
    split = by_time(interactions(rows), 11 / 12)
    assert split.days_inactive.tolist() == pytest.approx([20, 10], abs=1e-3)
    assert by_last(interactions(rows)).days_inactive.tolist() == [0, 0]


def test_without_times_one_rating_of_each_user_is_held_out_by_chance_and_none_is_later() -> None:
    rows = [(user, (item + user) % 10) for item in range(8) for user in range(30)]
    timeless = replace(interactions(rows), rated_at=np.full(len(rows), np.nan))
    split = by_last(timeless)
    assert len(split.train) == 30 * 7
    assert split.days_inactive.tolist() == [0] * 30
    assert len({(item - user) % 10 for user, item in _held_out(split)}) > 4  # not the last row of each
    with pytest.raises(InputError, match=r"have no times.*; evaluate by --split last"):
        by_time(timeless, 0.75)


@pytest.mark.parametrize("make", [by_last, lambda ratings: by_time(ratings, 0.6)], ids=["last", "time"])
def test_no_model_and_no_baseline_can_tell_what_was_held_out(make: object) -> None:
    """Other movies and weights in the held-out ratings change no score."""
    ratings = _ratings()
    split: Split = make(ratings)  # type: ignore[operator]
    users, items = split.old_users[split.train.user_index], split.old_items[split.train.item_index]
    held_out = ~np.isin(ratings.pair, users * ratings.items + items)
    assert held_out.any()
    item_index = np.where(held_out, (ratings.item_index + 7) % ratings.items, ratings.item_index)
    weight = np.where(held_out, ratings.weight * 2, ratings.weight).astype(np.float32)
    changed = replace(ratings, item_index=item_index.astype(np.int32), weight=weight)
    for score, score_of_changed in zip(_scores(split), _scores(make(changed)), strict=True):  # type: ignore[operator]
        everyone = np.arange(split.train.users, dtype=np.int32)
        np.testing.assert_array_equal(score(everyone), score_of_changed(everyone))


def _scores(split: Split) -> list[Scores]:
    return [embedding(split, SETTINGS), *(learn() for learn in baselines(split.train, seed=42).values())]


def test_tuning_never_looks_at_the_last_ratings_nor_cuts_where_evaluate_does() -> None:
    ratings = _ratings()
    last = set(_held_out(by_last(ratings)))
    newest = ratings.time_rank >= 0.7 * len(ratings)
    new_pairs = set(
        zip(ratings.user_index[newest].tolist(), ratings.item_index[newest].tolist(), strict=True)
    )
    splits = validation_splits(ratings, seed=0)
    assert [split.name for split in splits] == ["last", "time 60%", "time 75%", "time 85%"]
    assert not last & set(_held_out(splits[0]))
    for split in splits[1:]:
        assert not (new_pairs | last) & set(_held_out(split))


def test_a_split_that_nobody_can_evaluate_says_so() -> None:
    with pytest.raises(InputError, match="nobody can be evaluated by the split 'last'"):
        by_last(interactions([(0, 0), (1, 0)]))
    with pytest.raises(InputError, match="nobody can be evaluated by the split 'time 50%'"):
        by_time(interactions([(0, 0), (0, 1), (1, 0), (1, 1)]), 0.5)


def test_a_sample_of_evaluated_users_keeps_their_held_out_ratings() -> None:
    split = by_last(_ratings())
    sampled = split.sampled(7, seed=3)
    assert len(sampled.users) == 7
    assert sampled.name == f"last, 7 of {len(split.users)} users"
    assert split.sampled(10_000, seed=3) is split
    assert set(_held_out(sampled)) <= set(_held_out(split))
    assert sampled.users.tolist() == split.sampled(7, seed=3).users.tolist()


def test_an_item_that_is_rated_again_later_was_known_before_and_is_not_foreseen() -> None:
    known = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0), (0, 2)]
    again = by_last(interactions([*known, (0, 0, 5.0, 99.0), (1, 2, 5.0, 98.0)]))
    assert again.train.weight.tolist() == [1.0] * 6
    assert _held_out(again) == [(1, 2)]


def test_the_newer_of_two_ratings_before_the_cut_counts() -> None:
    split = by_last(interactions([(0, 0, 1.0, 1.0), (0, 0, 4.0, 2.0), (1, 1), (1, 0), (0, 1, 5.0, 9.0)]))
    assert split.train.weight[split.train.user_index == 0].tolist() == [1.0]


def test_what_is_foreseen_are_positives_and_other_later_ratings_are_kept_apart() -> None:
    known = [(user, item) for item in range(5) for user in range(3)]
    others = [(2, 5), (2, 6), (2, 7)]
    later = [(0, 5, 5.0), (0, 6, 1.0), (1, 7, 2.0)]
    split = by_time(interactions([*known, *others, *later]), 18 / 21)
    assert _held_out(split) == [(0, 5)]
    assert split.disliked.nonzero()[1].tolist() == [6]


def test_weights_of_a_split_are_sums_of_what_it_knows() -> None:
    rows = [
        (0, 0, 1.0),
        (0, 1, 1.0),
        (1, 0, 1.0),
        (1, 2, 1.0),
        (0, 0, 5.0),
        (1, 1, 1.0),
        (0, 2, 5.0),
        (1, 2, 3.0),
    ]
    split = by_last(interactions(rows, meaning=Meaning(adds_up=True)))
    assert split.train.weight.tolist() == [1, 6, 1, 1, 1]
    assert _held_out(split) == [(0, 2)]


def test_what_may_be_recommended_again_is_foreseen_again_and_listed_again() -> None:
    rows = [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0), (0, 0, 1.0), (1, 2, 1.0)]
    split = by_last(interactions(rows, meaning=Meaning(adds_up=True, repeats=True)))
    assert (0, 0) in _held_out(split)
    assert split.train.unlistable.nnz == 0
    everyone = rank(lambda users: np.ones((len(users), split.train.items), np.float32), split, 5)
    assert everyone.tolist()[0][:2] == [0, 1]
