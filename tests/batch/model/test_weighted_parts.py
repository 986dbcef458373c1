"""The whole model: a row that was rejected never reaches it."""

from pathlib import Path

from tests.conftest import WriteInput, publish, select
from tests.films import RATINGS_HEADER


def test_a_bad_rating_never_reaches_the_vectors(write_input: WriteInput, tmp_path: Path) -> None:
    rows = [RATINGS_HEADER, *(f"{user},{item},5,1" for user in range(4) for item in range(6))]
    clean = publish(write_input("\n".join(rows)), tmp_path / "clean")
    dirty_rows = [*rows, "1,9,nan,1", "2,9,-8,1"]
    dirty = publish(write_input("\n".join(dirty_rows)), tmp_path / "dirty", max_rejected=0.5)
    query = "select user_id, factors from user_factors order by user_id"
    assert select(clean.file, query) == select(dirty.file, query)
