"""Similar movies are those with the highest shrunk cosine, exactly."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from batch.model.als import collaborative_of
from batch.model.genres import Genres
from batch.model.personal_trend import PersonalTrend
from batch.model.sequential import Sequential
from batch.model.weighted_parts import FittedItems
from batch.recommend.similar_items import GENRES, USERS, similar
from batch.settings import Settings

ITEMS, FACTORS = 700, 8


def fitted_items(vectors: NDArray[np.floating], genres: NDArray[np.floating]) -> FittedItems:
    """Return movies with these vectors, without what needs times."""
    nothing = np.zeros((len(vectors), 0), dtype=np.float32)
    shares = sparse.csr_matrix(genres / np.maximum(genres.sum(axis=1, keepdims=True), 1), dtype=np.float32)
    return FittedItems(
        collaborative_of(vectors.astype(np.float32), Settings(factors=vectors.shape[1])),
        Sequential(nothing, nothing, 1.0),
        PersonalTrend(nothing, nothing),
        Genres(shares, np.ones(genres.shape[1]), 1.0),
        trend=np.zeros(len(vectors), np.float32),
    )


def _similar(
    vectors: NDArray[np.floating],
    genres: NDArray[np.floating],
    users: NDArray[np.int64],
    *,
    similar_n: int = 50,
    is_hidden: NDArray[np.bool_] | None = None,
) -> dict[int, list[tuple[int, float]]]:
    """Return the lists by movie."""
    is_candidate = np.ones(len(vectors), np.bool_) if is_hidden is None else ~is_hidden
    found = similar(fitted_items(vectors, genres), users, is_candidate, similar_n)
    lists: dict[int, list[tuple[int, float]]] = {}
    for item, other, score in zip(found.user_index, found.item_index, found.score, strict=True):
        lists.setdefault(int(item), []).append((int(other), float(score)))
    return lists


def _cosine(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    norms = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / norms) if norms else 0.0


def test_the_score_is_the_mean_cosine_of_both_parts_shrunk_by_the_users_of_both() -> None:
    rng = np.random.default_rng(0)
    vectors, genres = rng.normal(size=(ITEMS, FACTORS)), (rng.random((ITEMS, 5)) < 0.4).astype(np.float64)
    genres[:, 0] = 1
    users, is_hidden = rng.integers(1, 200, ITEMS), rng.random(ITEMS) < 0.1
    lists = _similar(vectors, genres, users, similar_n=5, is_hidden=is_hidden)
    assert sorted(lists) == [*range(ITEMS)]
    for item in range(0, ITEMS, 50):
        scores = {
            other: (_cosine(vectors[item], vectors[other]) + GENRES * _cosine(genres[item], genres[other]))
            / (1 + GENRES)
            * np.sqrt(users[item] / (users[item] + USERS) * users[other] / (users[other] + USERS))
            for other in np.flatnonzero(~is_hidden).tolist()
            if other != item
        }
        best = sorted(scores, key=lambda other: -scores[other])[:5]
        assert [other for other, _ in lists[item]] == best
        assert [score for _, score in lists[item]] == pytest.approx(
            [scores[other] for other in best], rel=1e-5
        )


def test_a_movie_that_many_know_comes_before_one_with_the_same_vector_that_few_know() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.9, 0.1]])
    ((first, _), (second, _)) = _similar(vectors, np.zeros((3, 0)), np.array([100, 1, 100]))[0]
    assert (first, second) == (2, 1)


def test_genres_decide_between_movies_that_the_same_people_like() -> None:
    vectors, genres = np.ones((3, 2)), np.array([[1, 0], [0, 1], [1, 0]])
    ((first, _), (second, _)) = _similar(vectors, genres, np.array([50, 50, 50]))[0]
    assert (first, second) == (2, 1)


def test_genres_alone_make_nothing_similar() -> None:
    vectors, genres = np.array([[1, 0], [0, 0], [0, 1], [0, 0]]), np.ones((4, 1))
    lists = _similar(vectors, genres, np.array([9, 9, 9, 9]))
    assert {item: [other for other, _ in entries] for item, entries in lists.items()} == {0: [2], 2: [0]}


def test_without_genres_movies_in_the_same_direction_have_a_cosine_of_1() -> None:
    users = np.array([10**9, 10**9])
    ((_, score),) = _similar(np.array([[1, 1], [3, 3]]), np.zeros((2, 0)), users)[0]
    assert score == pytest.approx(1)
