"""A file that breaks a promise is refused: every invariant finds the fault that it is for."""

import shutil
from pathlib import Path

import duckdb
import pytest

from batch.check import INVARIANTS, check
from batch.errors import RefusedError
from batch.pipeline import Published

FAULTS = {
    "every_id_resolves": "insert into draft.popular values (11, 'nobody', 0)",
    "every_list_is_full": "delete from draft.recommendations where user_id = '3' and rank = 9",
    "every_rating_is_in_a_history": "delete from draft.histories where user_id = '3' and position = 2",
    "every_vector_is_finite": "update draft.user_factors set factors = ['nan'::float] where user_id = '3'",
    "no_film_is_recommended_twice": "insert into draft.recommendations "
    "select user_id, rank + 1, item_id, score from draft.recommendations where user_id = '3' and rank = 9",
    "no_seen_film_is_recommended": "update draft.recommendations set item_id = "
    "(select item_id from draft.histories where user_id = '3' limit 1) where user_id = '3' and rank = 2",
    "only_candidates_are_recommended": "update draft.recommendations set item_id = 'unrated' "
    "where user_id = '3' and rank = 2",
    "ranks_have_no_gaps": "update draft.recommendations set rank = 12 where user_id = '3' and rank = 9",
    "scores_never_rise": "update draft.recommendations set score = 9 where user_id = '3' and rank = 2",
    "the_popular_list_is_full": "delete from draft.popular where rank = 10",
}


@pytest.fixture
def draft(published: Published, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """A copy of a good generation, attached for writing as a draft is, with the ratings beside it."""
    copy = tmp_path / "draft.duckdb"
    shutil.copyfile(published.file, copy)
    connection = duckdb.connect()
    connection.execute("attach $file as draft", {"file": str(copy)})
    connection.execute("create table ratings as select user_id, item_id from draft.histories")
    return connection


def test_a_good_file_passes(draft: duckdb.DuckDBPyConnection) -> None:
    check(draft, top_n=10)


def test_every_invariant_has_a_fault_that_it_is_for() -> None:
    assert tuple(sorted(FAULTS)) == INVARIANTS


@pytest.mark.parametrize("invariant", FAULTS)
def test_a_fault_is_found(
    draft: duckdb.DuckDBPyConnection, invariant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft.execute(FAULTS[invariant])
    monkeypatch.setattr("batch.check.INVARIANTS", (invariant,))
    with pytest.raises(RefusedError, match=rf"'{invariant.replace('_', ' ')}' does not hold.*for example"):
        check(draft, top_n=10)


def test_a_score_that_is_not_finite_is_found(draft: duckdb.DuckDBPyConnection) -> None:
    draft.execute("update draft.recommendations set score = 'nan' where user_id = '3' and rank = 9")
    with pytest.raises(RefusedError, match="scores never rise"):
        check(draft, top_n=10)
