"""Weights of the same user and movie add up, a negative event takes back, and a logarithm comes last."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest

from batch.data.clean import Cleaned, clean
from batch.data.inputs import find_inputs
from batch.data.interactions import read_interactions
from batch.data.load import load

EVENTS = """
[interactions]
file = "events.csv"
user = "user"
item = "item"

[time]
column = "time"

[event]
column = "event"
kinds = {view = 1, purchase = 5, refund = "negative"}
"""
PLAYS = """
[interactions]
file = "events.csv"
user = "user"
item = "item"

[value]
column = "plays"
kind = "weight"
"""


def _cleaned(folder: Path, spec: str, rows: list[str]) -> Cleaned:
    (folder / "input.toml").write_text(spec)
    header = "user,item,event,time" if spec == EVENTS else "user,item,plays"
    (folder / "events.csv").write_text("\n".join([header, *rows]) + "\n")
    loaded = load(duckdb.connect(), find_inputs(folder).snapshot(), folder)
    return clean(loaded, 0.0, datetime.now(UTC))


def _weights(cleaned: Cleaned) -> dict[tuple[str, str], float]:
    rows = cleaned.interactions.project("user_id::varchar, item_id::varchar, weight").fetchall()
    return {(user, item): weight for user, item, weight in rows}


T = 1_500_000_000
CASES: dict[str, tuple[list[str], float]] = {
    "one view": ([f"u,i,view,{T}"], 1),
    "views and a purchase add up": ([f"u,i,view,{T}", f"u,i,view,{T + 1}", f"u,i,purchase,{T + 2}"], 7),
    "a refund takes back what was before": ([f"u,i,purchase,{T}", f"u,i,refund,{T + 1}"], 0),
    "what is newer than a refund counts": (
        [f"u,i,purchase,{T}", f"u,i,refund,{T + 1}", f"u,i,view,{T + 2}"], 1
    ),
    "a refund at the same time takes back": ([f"u,i,refund,{T}", f"u,i,purchase,{T}"], 0),
    "the newest of two refunds counts": (
        [f"u,i,refund,{T}", f"u,i,view,{T + 1}", f"u,i,refund,{T + 2}", f"u,i,purchase,{T + 3}"], 5
    ),
    "the order of the file does not matter": (
        [f"u,i,view,{T + 2}", f"u,i,refund,{T + 1}", f"u,i,purchase,{T}"], 1
    ),
    "a refund alone": ([f"u,i,refund,{T}"], 0),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_events_of_one_user_and_item_add_up(case: str, tmp_path: Path) -> None:
    rows, weight = CASES[case]
    decoys = [f"u,j,view,{T}", f"v,i,purchase,{T}", f"v,i,purchase,{T + 9}"]
    cleaned = _cleaned(tmp_path, EVENTS, [*decoys, *rows])
    assert _weights(cleaned) == {("u", "i"): weight, ("u", "j"): 1, ("v", "i"): 10}
    counts = cleaned.counts
    assert (counts.rows_kept, counts.rows_merged, counts.rows_superseded) == (3, len(rows), 0)
    assert counts.rows_read == len(decoys) + len(rows)
    assert not cleaned.rejected_rows.fetchall()


def test_the_logarithm_is_that_of_the_sum(tmp_path: Path) -> None:
    cleaned = _cleaned(tmp_path, PLAYS, ["u,i,1", "u,i,6", "u,j,1", "v,i,3", "v,j,0"])
    assert _weights(cleaned) == {("u", "i"): 3, ("u", "j"): 1, ("v", "i"): 2, ("v", "j"): 0}
    assert cleaned.counts.rows_merged == 1


def test_without_times_a_negative_event_takes_back_all(tmp_path: Path) -> None:
    spec = EVENTS.replace('[time]\ncolumn = "time"\n', "")
    (tmp_path / "input.toml").write_text(spec)
    (tmp_path / "events.csv").write_text("user,item,event\nu,i,refund\nu,i,purchase\nu,j,view\nu,j,view\n")
    cleaned = clean(
        load(duckdb.connect(), find_inputs(tmp_path).snapshot(), tmp_path), 0.0, datetime.now(UTC)
    )
    assert _weights(cleaned) == {("u", "i"): 0, ("u", "j"): 2}


@pytest.mark.parametrize("spec", [EVENTS, EVENTS.replace('[time]\ncolumn = "time"\n', ""), PLAYS])
def test_a_split_adds_up_what_it_knows_as_cleaning_does(spec: str, tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    users, items, times = draw.integers(0, 5, 300), draw.integers(0, 6, 300), draw.integers(T, T + 20, 300)
    kinds = draw.choice(["view", "purchase", "refund"], 300, p=[0.6, 0.3, 0.1])
    last = [
        plays if spec == PLAYS else f"{kind},{time}"
        for plays, kind, time in zip(draw.integers(0, 9, 300), kinds, times, strict=True)
    ]
    rows = [f"{user},{item},{value}" for user, item, value in zip(users, items, last, strict=True)]
    (tmp_path / "input.toml").write_text(spec)
    header = "user,item,plays" if spec == PLAYS else "user,item,event,time"
    (tmp_path / "events.csv").write_text("\n".join([header, *rows]) + "\n")
    cleaned = clean(
        load(duckdb.connect(), find_inputs(tmp_path).snapshot(), tmp_path), 0.0, datetime.now(UTC)
    )
    kept = read_interactions(cleaned)
    merged = read_interactions(cleaned, as_given=True).without_superseded()
    assert kept.pair.tolist() == merged.pair.tolist()
    np.testing.assert_allclose(kept.weight, merged.weight, rtol=1e-6)
    assert kept.unit == pytest.approx(merged.unit)
