"""A run is evaluated as it is served: if its vectors or their weights are broken, its figures fall."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from batch.data.interactions import Interactions
from batch.evaluation.gate import Quality, regressions
from batch.evaluation.holdout import (
    CUTS,
    MAX_EVALUATED_USERS,
    Candidate,
    Metrics,
    evaluate_candidates,
    hold_out,
    iterations,
    learn,
)
from batch.model.weighted_parts import PART_NAMES, FittedItems
from batch.settings import Settings
from tests.comebacks import DAY, ITEMS, genre, world
from tests.made import Row, interactions

SETTINGS = Settings(factors=8, iterations=8, next_factors=24, regularization=1.0)
# Settings that only fold-in reads: what was learned of the items stays.
OF_FOLD_IN = {"trend_weight", "next_weight", "gap_half_life", "personal_trend_weight", "genre_weight"}
HASHES = np.array([f"{user:04d}" for user in range(1_100)])


@cache
def _ratings() -> Interactions:
    names, column = np.unique([genre(item) for item in range(ITEMS)], return_inverse=True)
    genres = sparse.csr_matrix(np.identity(len(names), np.float32)[column])
    return replace(interactions(list(world()), items=ITEMS), genres=genres)


@cache
def _learned(settings: Settings = SETTINGS) -> tuple[list[Candidate], FittedItems]:
    return learn(_ratings(), hold_out(_ratings(), HASHES, settings.seed), settings, lambda: None)


@cache
def _undamaged() -> Metrics:
    return evaluate_candidates(*_learned(), SETTINGS)


def test_people_who_come_back_evaluate_lists_made_for_when_they_were_last_seen() -> None:
    (split,) = hold_out(_ratings(), HASHES, seed=0)
    moment = np.sort(_ratings().rated_at)[int(CUTS[0] * len(_ratings()))]
    assert split.train.rated_at.max() < moment
    np.testing.assert_allclose(split.days_inactive, (moment - split.train.last_rated_at) / DAY)
    days_inactive = split.days_inactive[split.users]
    assert (days_inactive < 1.5).sum() > 50
    assert (days_inactive > 15).sum() > 50


@pytest.mark.parametrize(
    "broken",
    [
        {"trend_weight": 1000.0},
        {"trend_half_life": 1e6},
        {"next_weight": 0.0},
        {"gap_half_life": 0.001},
        {"personal_trend_weight": 0.0},
        {"personal_trend_weight": 1000.0},
        {"genre_weight": 0.0},
        {"genre_weight": 1000.0},
        {"regularization": 1e6},
        {"alpha": 0.001},
    ],
    ids=lambda broken: " ".join(f"{name}={value:g}" for name, value in broken.items()),
)
def test_a_setting_that_spoils_the_lists_lowers_the_figures(broken: dict[str, float]) -> None:
    settings = replace(SETTINGS, **broken)  # type: ignore[arg-type]
    learned = _learned() if broken.keys() <= OF_FOLD_IN else _learned(settings)
    assert (
        evaluate_candidates(*learned, settings)["ndcg@10", "embedding"]
        < _undamaged()["ndcg@10", "embedding"] - 0.01
    )


def _shuffled(factors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.random.default_rng(0).permutation(factors)


def _damaged(fitted: FittedItems, part: str) -> FittedItems:
    collaborative, sequential, personal = fitted.collaborative, fitted.sequential, fitted.personal_trend
    match part:
        case "als":
            collaborative = replace(collaborative, item_factors=_shuffled(collaborative.item_factors))
        case "next":
            sequential = replace(sequential, item_factors=_shuffled(sequential.item_factors))
        case "history":
            sequential = replace(sequential, history_factors=_shuffled(sequential.history_factors))
        case "personal":
            personal = replace(personal, item_factors=_shuffled(personal.item_factors))
        case "likes":
            personal = replace(personal, history_factors=_shuffled(personal.history_factors))
    trend = _shuffled(fitted.trend) if part == "trend" else fitted.trend
    beginnings = fitted.beginnings
    if part == "beginnings":
        of_parts = {name: 100 * _shuffled(each.T).T for name, each in beginnings.by_part.items()}
        beginnings = replace(beginnings, by_part=of_parts)
    return replace(
        fitted,
        collaborative=collaborative,
        sequential=sequential,
        personal_trend=personal,
        trend=trend,
        beginnings=beginnings,
    )


@pytest.mark.parametrize("part", ["als", "next", "history", "personal", "likes", "trend", "beginnings"])
def test_a_damaged_part_lowers_the_figures_of_the_evaluated_and_of_the_published_vectors(part: str) -> None:
    candidates, published = _learned()
    damaged = [replace(each, fitted=_damaged(each.fitted, part)) for each in candidates]
    found = evaluate_candidates(damaged, _damaged(published, part), SETTINGS)
    # The personal trend has most of what the trend has.
    fall = 0.005 if part == "trend" else 0.03
    for metric in ("ndcg@10", "ndcg@10_seen"):
        assert found[metric, "embedding"] < _undamaged()[metric, "embedding"] - fall


def test_published_vectors_that_rank_the_answers_badly_are_a_regression() -> None:
    candidates, published = _learned()
    for part in ("als", "next", "history", "personal", "likes", "trend", "beginnings"):
        published = _damaged(published, part)
    (fault,) = regressions(
        Quality(evaluate_candidates(candidates, published, SETTINGS), 240), {}, max_fall=0.3
    )
    assert fault.startswith("the final vectors predict the test ratings much worse (ndcg@10 0.")
    assert list(regressions(Quality(_undamaged(), 240), {}, max_fall=0.3)) == []


def test_held_out_ratings_change_the_published_model_and_not_the_evaluated_one() -> None:
    ratings = _ratings()
    (split,) = hold_out(ratings, HASHES, seed=0)
    is_later = ratings.rated_at > split.train.rated_at.max()
    others = np.where(is_later, (ratings.item_index + 1) % ITEMS, ratings.item_index).astype(np.int32)
    other = replace(ratings, item_index=others)
    candidates, published = learn(other, hold_out(other, HASHES, seed=0), SETTINGS, lambda: None)
    (before,), published_before = _learned()
    for now, then, is_same in (
        (candidates[0].fitted, before.fitted, True),
        (published, published_before, False),
    ):
        same_factors = np.array_equal(now.collaborative.item_factors, then.collaborative.item_factors)
        assert same_factors is np.array_equal(now.trend, then.trend) is is_same


def test_training_goes_on_where_it_was_and_comes_to_the_same_loss() -> None:
    calls: list[None] = []
    splits = hold_out(_ratings(), HASHES, seed=0)
    _, published = learn(_ratings(), splits, SETTINGS, lambda: calls.append(None))
    assert len(calls) == iterations(SETTINGS, splits) == 8 + 3
    _, from_random = learn(_ratings(), [], SETTINGS, lambda: None)
    assert published.collaborative.losses[-1] < 1.02 * from_random.collaborative.losses[-1]


def _comebacks(users: int) -> Interactions:
    """Return people who rate twenty items each, one after the other, all through the time."""
    rows: list[Row] = [
        (user, (number + user) % 25, 5.0, 1e6 * number + user)
        for user in range(users)
        for number in range(20)
    ]
    return interactions(rows)


def _of_few() -> Interactions:
    """Return people of whom one comes back after every cut, and one more after each before it."""
    rows: list[Row] = [(user, item, 5.0, float(item + user)) for user in range(30) for item in range(6)]
    for place in range(30):
        rows += [(place, 6 + extra, 4.0, 1_000.0 + 100 * place + extra) for extra in range(6)]
    return interactions(rows)


@pytest.mark.parametrize(
    ("ratings", "names"),
    [
        (_comebacks(90), ["time 95%"]),
        (_comebacks(30), ["time 90%", "time 95%"]),
        (_comebacks(1_100), [f"time 95%, {MAX_EVALUATED_USERS:,} of 1,100 users"]),
        (_of_few(), ["last"]),
        (replace(_of_few(), rated_at=np.full(len(_of_few()), np.nan)), ["last"]),
        (interactions([(user, user % 3) for user in range(10)]), []),
    ],
    ids=["enough people come back", "few come back, the oldest moment is first", "a thousand people at most",
         "few come back after any moment", "no times", "nobody has a second rating"],
)  # fmt: skip
def test_a_run_is_evaluated_after_as_many_moments_as_it_needs(
    ratings: Interactions, names: list[str]
) -> None:
    assert [split.name for split in hold_out(ratings, HASHES, seed=0)] == names


def test_without_times_lists_are_made_as_if_everyone_was_active_now() -> None:
    ratings = replace(_of_few(), rated_at=np.full(len(_of_few()), np.nan))
    (split,) = hold_out(ratings, HASHES, seed=0)
    assert split.days_inactive.tolist() == [0.0] * 30


def test_a_run_that_nobody_can_evaluate_says_so() -> None:
    assert evaluate_candidates([], _learned()[1], SETTINGS) == {("judged_users", "embedding"): 0.0}


def test_a_run_says_how_alike_lists_are_and_from_which_part_the_scores_of_the_model_come() -> None:
    found = _undamaged()
    assert 0 < found["overlap@10", "embedding"] < 0.5 < found["overlap@10", "most_popular"]
    assert found["top_item_share@10", "embedding"] < found["top_item_share@10", "most_popular"]
    shares = [found[f"share_of_{part}@10", "embedding"] for part in PART_NAMES]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) > 0
    assert ("share_of_trend@10", "most_popular") not in found
