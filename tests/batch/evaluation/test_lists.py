"""Lists: how alike they are, how near to the genres of a history, and from which part their scores come."""

import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from batch.evaluation.lists import SMOOTHING, calibration, exposure, part_shares
from batch.evaluation.metrics import Lists, measure_lists
from batch.evaluation.ratings import cleaned_ratings
from batch.generation.publish import Published
from batch.model.weighted_parts import PART_NAMES, Model
from batch.settings import Settings
from tests.conftest import select, written
from tests.made import interactions


def _exposure(lists: NDArray[np.int32], items: int) -> dict[str, float]:
    places = np.bincount(lists[lists >= 0], minlength=items)
    nothing = np.ones(items, np.int64), 1, np.zeros(items, np.bool_)
    return exposure(places, len(lists), *nothing, depth=lists.shape[1])


def test_overlap_is_the_mean_share_of_common_items_over_all_pairs_of_lists() -> None:
    random = np.random.default_rng(3)
    lists = np.stack([random.permutation(30)[:10] for _ in range(25)]).astype(np.int32)
    lists[3, 7:] = -1
    common = [len({*one} & {*other} - {-1}) / 10 for one, other in combinations(lists.tolist(), 2)]
    assert _exposure(lists, 30)["overlap@10"] == pytest.approx(np.mean(common))


@pytest.mark.parametrize(
    ("lists", "top_item_share", "overlap"),
    [
        ([[0, 1], [1, 0], [0, 1]], 1, 1),
        ([[0, 1], [2, 3], [4, 5]], 1 / 3, 0),
        ([[0, 1], [0, 2], [3, 4]], 2 / 3, 1 / 6),
        ([[0, 1]], 1, math.nan),
    ],
    ids=["all lists are alike", "none have an item in common", "two have one in common", "one list"],
)  # fmt: skip
def test_lists_that_are_alike_overlap_and_hold_the_same_item(
    lists: list[list[int]], top_item_share: float, overlap: float
) -> None:
    found = _exposure(np.array(lists, np.int32), 6)
    assert found["top_item_share@2"] == pytest.approx(top_item_share)
    assert found["overlap@2"] == pytest.approx(overlap, nan_ok=True)


def _distance(history: NDArray[np.float64], listed: NDArray[np.float64]) -> float:
    """Return the formula of the paper, genre by genre."""
    liked, shown = history / history.sum(), listed / listed.sum()
    return sum(
        float(p * np.log(p / ((1 - SMOOTHING) * q + SMOOTHING * p)))
        for p, q in zip(liked, shown, strict=True)
        if p > 0
    )


def test_calibration_is_the_divergence_of_the_genres_of_history_and_list() -> None:
    random = np.random.default_rng(5)
    history, listed = (random.integers(0, 3, (50, 6)).astype(np.float64) for _ in range(2))
    history[0], listed[1] = 0, 0
    found = calibration(sparse.csr_matrix(history), sparse.csr_matrix(listed))
    assert np.isnan(found[:2]).all()
    expected = [_distance(*each) for each in zip(history[2:], listed[2:], strict=True)]
    np.testing.assert_allclose(found[2:], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("listed", "distance"),
    [([1, 3], 0), ([2, 6], 0), ([1, 1], 0.129), ([0, 1], 0.937), ([1, 0], 3.109)],
)
def test_a_list_with_the_genres_of_the_history_is_nearest(listed: list[int], distance: float) -> None:
    history = sparse.csr_matrix([[1.0, 3.0]])
    assert calibration(history, sparse.csr_matrix([listed])) == pytest.approx(distance, abs=1e-3)


def test_genres_are_those_of_positives_alone_and_of_several_each_has_an_equal_share() -> None:
    ratings = interactions([(0, 0), (0, 1, 1.0), (1, 2), (1, 3)], items=5)
    genres = sparse.csr_matrix(np.array([[1, 0], [0, 1], [0.5, 0.5], [0, 0], [0, 1]], np.float32))
    lists = Lists(np.array([0, 1], np.int32), np.array([[2], [4]], np.int32))
    found = measure_lists(lists, replace(ratings, genres=genres), ratings)
    distances = [
        _distance(np.array(liked), np.array(listed))
        for liked, listed in (([1, 0], [0.5, 0.5]), ([0.5, 0.5], [0, 1]))
    ]
    assert found["calibration@10"] == pytest.approx(np.mean(distances))
    assert math.isnan(measure_lists(lists, ratings, ratings)["calibration@10"])


def test_genres_of_a_folder_are_in_the_order_of_the_items_that_have_ratings(tmp_path: Path) -> None:
    data = written(tmp_path, "userId,movieId,rating,timestamp\n1,b,5,1\n1,a,5,2\n2,d,5,3\n")
    (data / "movies.csv").write_text(
        "movieId,title,genres\na,A (1990),Drama|Comedy\nb,B (1990),Drama\nc,C (1950),War\nd,D (1990),\n"
    )
    genres = cleaned_ratings(Settings(data=data)).ratings.genres
    assert genres is not None
    assert genres.toarray().tolist() == [[0.5, 0.5], [0, 1], [0, 0]]


def test_the_share_of_a_part_is_that_of_what_it_adds_or_takes_whatever_the_sign() -> None:
    model = Model(
        user_factors=np.array([[1, 2, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]], np.float32),
        item_factors=np.array([[1, 1, 5, -1], [0, 1, 5, 2]], np.float32),
        parts=[2, 1, 1],
        part_names=("collaborative", "sequential", "trend"),
        seen=sparse.csr_matrix(np.zeros((3, 2), np.float32)),
        is_candidate=np.ones(2, np.bool_),
        losses=[],
        weights=np.ones((3, 2)),
    )
    users, listed = np.arange(3, dtype=np.int32), np.array([[0, 1], [1, -1], [0, 1]], np.int32)
    shares = part_shares(model, users, listed)
    # Scores are 3 - 1, 2 + 2 and 2; who has no vector says nothing.
    expected = {"collaborative": (3 / 4 + 2 / 4) / 3, "sequential": 0, "trend": (1 / 4 + 2 / 4 + 1) / 3}
    assert shares == pytest.approx(expected)
    assert np.isnan(list(part_shares(model, users[2:], listed[2:]).values())).all()


def test_a_run_says_what_the_published_lists_are(published: Published) -> None:
    found = dict(select(published.file, "select metric, value from metrics where model = 'published'"))
    lists = select(
        published.file,
        "select list(item_id) from recommendations where rank <= 10 group by user_id order by user_id",
    )
    tops = [{*each} for (each,) in lists]
    common = [len(one & other) / 10 for one, other in combinations(tops, 2)]
    assert found["overlap@10"] == pytest.approx(np.mean(common))
    items = {item for top in tops for item in top}
    most = max(sum(item in top for top in tops) for item in items)
    assert found["top_item_share@10"] == most / len(tops)
    # All movies are of the same two genres.
    assert found["calibration@10"] == pytest.approx(0)
    assert sum(found[f"share_of_{part}@10"] for part in PART_NAMES) == pytest.approx(1)
