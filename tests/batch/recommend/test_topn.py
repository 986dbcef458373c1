"""The lists are the N best unseen movies, exactly."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import sparse

from batch.model.weighted_parts import Model
from batch.recommend.topn import score


def _model(
    user_factors: NDArray[np.float32],
    item_factors: NDArray[np.float32],
    seen: NDArray[np.bool_] | None = None,
    is_candidate: NDArray[np.bool_] | None = None,
    parts: list[int] | None = None,
) -> Model:
    users, items = len(user_factors), len(item_factors)
    return Model(
        user_factors,
        item_factors,
        parts or [item_factors.shape[1]],
        ("collaborative", "sequential", "trend")[: len(parts or [1])],
        sparse.csr_matrix(np.zeros((users, items)) if seen is None else seen, dtype=np.float32),
        np.ones(items, dtype=np.bool_) if is_candidate is None else is_candidate,
        losses=[],
        weights=np.ones((users, 2)),
    )


NAUGHTY = ("plain", "long_tailed", "huge_and_tiny", "zeros", "ties", "alike", "negative", "seen_it_all")
USERS, ITEMS, PARTS = 300, 2_500, [9, 14, 1]


def _naughty(kind: str) -> Model:
    """A model of several blocks of users and movies, whose vectors are of that kind."""
    rng = np.random.default_rng(NAUGHTY.index(kind))
    users = rng.normal(size=(USERS, sum(PARTS)))
    items = rng.normal(size=(ITEMS, sum(PARTS)))
    seen = rng.random((USERS, ITEMS)) < 0.05
    is_candidate = rng.random(ITEMS) < 0.95
    # Some users lack a part.
    users[: USERS // 3, 9:23] = 0
    users[USERS // 4 : USERS // 2, 23] = 0
    if kind == "long_tailed":
        items *= rng.lognormal(0, 3, (ITEMS, 1))
    if kind == "huge_and_tiny":
        users *= 10.0 ** rng.integers(-18, 18, (USERS, 1))
        items *= 10.0 ** rng.integers(-18, 18, (ITEMS, 1))
    if kind == "zeros":
        users[rng.random(USERS) < 0.3] = 0
        items[rng.random(ITEMS) < 0.9] = 0
    if kind == "ties":
        users, items = np.sign(users) * (np.abs(users) > 1), np.sign(items) * (np.abs(items) > 1)
    if kind == "alike":
        items[:] = items[0]
    if kind == "negative":
        users, items = -np.abs(users), np.abs(items)
    if kind == "seen_it_all":
        seen = rng.random((USERS, ITEMS)) < 0.999
    return _model(users.astype("f"), items.astype("f"), seen, is_candidate, PARTS)


def _lists(model: Model, top_n: int) -> list[list[tuple[int, float]]]:
    lists = score(model, top_n)
    users = range(len(model.user_factors))
    rows = [lists.user_index == user for user in users]
    assert all(lists.rank[row].tolist() == list(range(1, row.sum() + 1)) for row in rows)
    return [list(zip(lists.item_index[row].tolist(), lists.score[row].tolist(), strict=True)) for row in rows]


def _brute_force(model: Model, top_n: int) -> list[list[tuple[int, float]]]:
    lists = []
    for user, vector in enumerate(model.user_factors.astype(np.float64)):
        pairs = [
            (item, float(np.float32(vector @ other)))
            for item, other in enumerate(model.item_factors.astype(np.float64))
            if model.is_candidate[item] and model.seen[user, item] == 0
        ]
        lists.append(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:top_n])
    return lists


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.data())
def test_the_lists_are_those_of_brute_force(data: st.DataObject) -> None:
    draw = data.draw
    users, items, factors = draw(st.integers(1, 6)), draw(st.integers(1, 12)), draw(st.integers(1, 3))
    # Few different values: equal scores, zero vectors and negative scores are common.
    values = st.sampled_from([np.float32(value) for value in (-2, -1, 0, 0.5, 1, 1e-20, 1e15)])
    model = _model(
        draw(arrays(np.float32, (users, factors), elements=values)),
        draw(arrays(np.float32, (items, factors), elements=values)),
        draw(arrays(np.bool_, (users, items))),
        draw(arrays(np.bool_, items)),
        draw(
            st.sampled_from(
                [parts for parts in ([1], [2], [1, 1], [3], [1, 2], [2, 1]) if sum(parts) == factors]
            )
        ),
    )
    top_n = draw(st.integers(1, 15))
    assert _lists(model, top_n) == _brute_force(model, top_n)


@pytest.mark.parametrize("kind", NAUGHTY)
def test_lists_of_odd_vectors_are_those_of_brute_force_on_any_number_of_threads(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = _naughty(kind)
    scores = (model.user_factors.astype(np.float64) @ model.item_factors.T.astype(np.float64)).astype("f")
    shown = model.is_candidate & (model.seen.toarray() == 0)
    unseen = [np.flatnonzero(each) for each in shown]
    ordered = [items[np.lexsort((items, -scores[user, items]))] for user, items in enumerate(unseen)]
    for top_n, threads in ((1, 2), (10, 5), (100, 1), (5_000, 2)):
        monkeypatch.setattr("batch.runtime.threads.cores", lambda threads=threads: threads)
        lists = score(model, top_n)
        expected = [items[:top_n] for items in ordered]
        assert lists.user_index.tolist() == np.repeat(np.arange(USERS), [*map(len, expected)]).tolist()
        assert lists.item_index.tolist() == np.concatenate(expected).tolist()
        assert lists.score.tolist() == scores[lists.user_index, lists.item_index].tolist()


@pytest.mark.parametrize("users", [1, 384, 385, 900])
def test_every_block_of_users_is_scored_and_counted(users: int) -> None:
    rng = np.random.default_rng(users)
    model = _model(rng.normal(size=(users, 4)).astype("f"), rng.normal(size=(30, 4)).astype("f"))
    done: list[int] = []
    lists = score(model, 5, done.append)
    assert sum(done) == users
    assert np.bincount(lists.user_index, minlength=users).tolist() == [5] * users
