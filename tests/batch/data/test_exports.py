"""Exports in the shapes of public data, read as they are: what they mean, and that no row of them is lost."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from batch.data.clean import clean
from batch.data.inputs import find_inputs
from batch.data.load import load
from tests.exports import EXPORTS, ITEMS, USERS

# Rows that are no interaction for themselves: those of the same user and item in a shop add up.
MERGED = {"web-shop"}


@pytest.mark.parametrize("name", EXPORTS)
def test_every_row_of_an_export_counts_without_a_hint(name: str, tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    data.mkdir()
    work.mkdir()
    EXPORTS[name].write(data)
    inputs = find_inputs(data)
    assert inputs.spec == EXPORTS[name].spec
    with duckdb.connect() as connection:
        cleaned = clean(load(connection, inputs.snapshot(), work), 0.1, datetime.now(UTC))
        counts = cleaned.counts
        assert counts.users == USERS
        assert ITEMS <= counts.items <= ITEMS + 1
        assert counts.rows_kept + counts.rows_merged == counts.rows_read
        assert bool(counts.rows_merged) == (name in MERGED)
        # A positive says yes, and not everything does.
        weights = [weight for (weight,) in cleaned.interactions.project("weight").distinct().fetchall()]
        assert max(weights) > 0
        assert (min(weights) == 0) == (inputs.spec.value is not None and inputs.spec.value.kind == "stars")
    assert list(work.iterdir()) == []
