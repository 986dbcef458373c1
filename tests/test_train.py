"""Training: what is a like, and that the same data and seed give the same vectors."""

from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import sparse

from batch.errors import InputError
from batch.settings import Settings
from batch.train import factorise, like_weights
from tests.conftest import WriteInput, publish
from tests.films import FILMS, RATINGS_HEADER, USERS, withheld

SETTINGS = Settings(factors=4, iterations=5)


def _checkerboard() -> sparse.csr_matrix:
    users, items = np.indices((USERS, FILMS))
    likes = (users % 2 == items % 2) & (items != users % FILMS)
    return sparse.csr_matrix(likes.astype(np.float32))


def test_the_withheld_film_is_found() -> None:
    likes = _checkerboard()
    user_factors, item_factors, _ = factorise(likes, SETTINGS)
    scores = user_factors @ item_factors.T
    scores[likes.nonzero()] = -np.inf
    assert scores.argmax(axis=1).tolist() == [withheld(user) for user in range(USERS)]


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    first, second, third = (
        factorise(_checkerboard(), Settings(factors=4, iterations=5, seed=seed)) for seed in (7, 7, 8)
    )
    assert first[0].tobytes() == second[0].tobytes()
    assert first[1].tobytes() == second[1].tobytes()
    assert first[0].tobytes() != third[0].tobytes()


def test_the_loss_falls_and_there_is_one_for_each_iteration() -> None:
    calls: list[None] = []
    _, _, losses = factorise(_checkerboard(), SETTINGS, lambda: calls.append(None))
    assert len(losses) == len(calls) == SETTINGS.iterations
    assert losses[-1] < losses[0]


def test_a_rating_below_3_is_no_like_and_a_vote_without_stars_is_one() -> None:
    ratings = sparse.csr_matrix(np.array([[1, 2.5, 3], [5, 4, 0]], dtype=np.float32))
    ratings.data[ratings.data == 4] = np.nan
    likes = like_weights(ratings)
    assert likes.toarray().tolist() == [[0, 0, pytest.approx(0.6)], [1, 1, 0]]
    assert ratings.nnz == 5


def test_a_user_who_likes_nothing_has_the_mean_taste() -> None:
    likes = _checkerboard()
    likes.data[likes.indptr[3] : likes.indptr[4]] = 0
    likes.eliminate_zeros()
    user_factors, _, _ = factorise(likes, SETTINGS)
    others = np.delete(user_factors, 3, axis=0)
    np.testing.assert_allclose(user_factors[3], others.mean(axis=0), rtol=1e-5)


def test_when_nobody_likes_anything_the_run_stops() -> None:
    with pytest.raises(InputError, match=r"ratings: none is 3 or more, so nobody likes anything"):
        factorise(sparse.csr_matrix(np.zeros((2, 2), dtype=np.float32)), SETTINGS)


@pytest.mark.parametrize("rating", ["nan", "-8"])
def test_a_rating_that_would_spoil_the_vectors_never_reaches_them(
    write_input: WriteInput, tmp_path: Path, rating: str
) -> None:
    films = [f"{user},{film},5,1" for user in range(4) for film in range(6)]
    clean = publish(write_input("\n".join([RATINGS_HEADER, *films])), tmp_path / "clean")
    dirty = publish(
        write_input("\n".join([RATINGS_HEADER, *films, f"1,9,{rating},1"])),
        tmp_path / "dirty",
        max_rejected=0.5,
    )
    query = "select user_id, factors from user_factors order by user_id"
    vectors = [
        duckdb.connect(str(made.file), read_only=True).execute(query).fetchall() for made in (clean, dirty)
    ]
    assert vectors[0] == vectors[1]
