"""Training: the parts stand side by side, and what was rejected never reaches them."""

from pathlib import Path

import pytest

from tests.conftest import WriteInput, publish, select
from tests.films import RATINGS_HEADER


@pytest.mark.parametrize("rating", ["nan", "-8"])
def test_a_bad_rating_never_reaches_the_vectors(write_input: WriteInput, tmp_path: Path, rating: str) -> None:
    items = [f"{user},{item},5,1" for user in range(4) for item in range(6)]
    clean = publish(write_input("\n".join([RATINGS_HEADER, *items])), tmp_path / "clean")
    dirty = publish(
        write_input("\n".join([RATINGS_HEADER, *items, f"1,9,{rating},1"])),
        tmp_path / "dirty",
        max_rejected=0.5,
    )
    query = "select user_id, factors from user_factors order by user_id"
    assert select(clean.file, query) == select(dirty.file, query)
