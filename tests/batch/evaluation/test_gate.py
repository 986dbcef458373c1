"""The gate: lists that should not be published are not, and what was measured of them is kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.errors import RefusedError
from batch.evaluation.gate import Quality, regressions
from batch.generation.check import kept_qualities
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.model.weighted_parts import Model, fold_in_users
from tests.comebacks import write_world
from tests.conftest import copied, damage, publish, select

Metrics = dict[tuple[str, str], float]

GOOD: Metrics = {
    ("judged_users", "embedding"): 300.0,
    ("rolling_cuts", "embedding"): 1.0,
    ("ndcg@10", "embedding"): 0.08,
    ("ndcg@10", "most_popular"): 0.02,
    ("coverage@10", "published"): 0.2,
    ("catalogue_share", "published"): 1.0,
}
LAST_HELD_OUT = ("rolling_cuts", "embedding")
FEW: Metrics = {("judged_users", "embedding"): 49.0, ("ndcg@10", "embedding"): 0.0}


def _ndcg(value: float) -> Metrics:
    return {("ndcg@10", "embedding"): value}


def _coverage(value: float) -> Metrics:
    return {("coverage@10", "published"): value}


def _titled(value: float) -> Metrics:
    return {("catalogue_share", "published"): value}


def _no_better(value: str) -> str:
    return (
        f"the lists are no better than the most popular movies (ndcg@10 {value} against 0.0200, "
        "300 users evaluated)"
    )


# By name: what differs of the run, its users, what differs of generations before, and the reason, if any.
CASES: dict[str, tuple[Metrics, int, dict[str, Metrics], str | None]] = {
    "the same": ({}, 610, {}, None),
    "falls of less than the set share": (_ndcg(0.06) | _coverage(0.15), 430, {}, None),
    "as good as the most popular": (_ndcg(0.02), 610, {"last": _ndcg(0.02)}, _no_better("0.0200")),
    "worse than the most popular": (_ndcg(0.01), 610, {"last": _ndcg(0.01)}, _no_better("0.0100")),
    "quality fell": (_ndcg(0.05), 610, {}, "ndcg@10 of the model fell by 38%, from 0.08 in last to 0.05"),
    "coverage fell": (
        _coverage(0.1), 610, {}, "coverage@10 of the lists fell by 50%, from 0.2 in last to 0.1"
    ),
    "few titles missing": (_titled(0.96), 610, {}, None),
    "titles missing": (
        _titled(0.5), 610, {}, "the share of movies with a title fell by 50%, from 1 in last to 0.5"
    ),
    "users missing": ({}, 305, {}, "the number of users fell by 50%, from 610 in last to 305"),
    "a little less every night": (
        _ndcg(0.06), 610, {"first": _ndcg(0.1)}, "ndcg@10 of the model fell by 40%, from 0.1 in first to 0.06"
    ),
    "before, last ratings were held out": (_ndcg(0.03), 610, {"last": {LAST_HELD_OUT: 0.0}}, None),
    "few people evaluated it": (FEW, 610, {}, None),
    "few people evaluated the one before": ({}, 610, {"last": FEW}, None),
    "few last ratings were held out": (
        {("judged_users", "embedding"): 99.0, LAST_HELD_OUT: 0.0} | _ndcg(0.0), 610, {}, None
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_figure_that_fell_is_a_reason_if_it_can_be_compared(case: str) -> None:
    changes, users, changes_before, reason = CASES[case]
    before: dict[str, Metrics] = {"last": {}, **changes_before}
    kept = {id_: Quality(GOOD | metrics, 610) for id_, metrics in before.items()}
    found = list(regressions(Quality(GOOD | changes, users), kept, max_fall=0.3))
    assert found == ([reason] if reason else [])


def test_quality_is_not_compared_with_a_generation_that_does_not_say_what_was_held_out() -> None:
    before = {key: value for key, value in GOOD.items() if key != LAST_HELD_OUT}
    assert list(regressions(Quality(GOOD | _ndcg(0.03), 610), {"last": Quality(before, 610)}, 0.3)) == []


def test_without_a_generation_before_nothing_can_have_fallen() -> None:
    assert list(regressions(Quality(GOOD, 1), {}, max_fall=0.3)) == []


SMALL = {"factors": 8, "iterations": 8, "next_factors": 24, "regularization": 1.0}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An input folder of people whose next movies can be foreseen."""
    folder = tmp_path_factory.mktemp("world") / "data"
    write_world(folder)
    return folder


@pytest.fixture(scope="module")
def first(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A good generation; nobody may publish another in its folder."""
    return publish(world, tmp_path_factory.mktemp("first"), **SMALL)


@pytest.fixture
def good(first: Published, tmp_path: Path) -> Published:
    """The same, published in `output` of the test's own folder."""
    return copied(first, tmp_path / "output")


def _refused(output: Path, before: Published) -> dict[str, Any]:
    """Return what was kept of a refused run; the generation before is still published, and alone."""
    assert Output(output).current() == before.generation
    assert Output(output).generations() == [before.generation]
    assert not Output(output).work.exists()
    (file,) = (output / "refused").iterdir()
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return kept


def _reversed(model: Model) -> Model:
    return replace(model, item_factors=-model.item_factors)


def _alike(model: Model) -> Model:
    one = np.ones((len(model.user_factors), 1), dtype=np.float32)
    by_id = np.zeros((len(model.item_factors), 1), dtype=np.float32)
    return replace(model, user_factors=one, item_factors=by_id, parts=[1], part_names=("trend",))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_reversed, "^not published: the lists are no better than the most popular movies .* fell by"),
        (_alike, "ndcg@10 of the model fell by .*; coverage@10 of the lists fell"),
    ],
    ids=["reversed lists", "lists that are alike for all"],
)
def test_a_broken_model_is_refused(  # noqa: PLR0913, PLR0917 (fixtures)
    world: Path,
    tmp_path: Path,
    good: Published,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Model], Model],
    reason: str,
) -> None:
    # The model is changed both as it is evaluated and as it is published.
    for module in ("model.weighted_parts", "evaluation.holdout"):
        monkeypatch.setattr(f"batch.{module}.fold_in_users", lambda *values: change(fold_in_users(*values)))
    with pytest.raises(RefusedError, match=reason):
        publish(world, tmp_path / "output", **SMALL, seed=1)
    kept = _refused(tmp_path / "output", good)
    assert len(kept["faults"]) >= 2
    metrics = {(each["metric"], each["model"]): each["value"] for each in kept["metrics"]}
    assert metrics["ndcg@10", "embedding"] < 0.05
    assert metrics["judged_users", "embedding"] > 50


def test_a_run_without_half_of_the_users_is_refused_and_published_with_the_reason_if_that_is_accepted(
    world: Path, tmp_path: Path, good: Published
) -> None:
    half, output = tmp_path / "half", tmp_path / "output"
    half.mkdir()
    (half / "movies.csv").write_bytes((world / "movies.csv").read_bytes())
    header, *rows = (world / "ratings.csv").read_text(encoding="utf-8").splitlines()
    kept_rows = [row for row in rows if int(row.split(",")[0]) % 2]
    (half / "ratings.csv").write_text("\n".join([header, *kept_rows]) + "\n", encoding="utf-8")
    fell = f"the number of users fell by 50%, from 240 in {good.generation} to 120"
    with pytest.raises(RefusedError, match=f"{fell}.*with --accept-regression"):
        publish(half, output, **SMALL)
    assert _refused(output, good)["users"] == 120
    with pytest.raises(RefusedError, match="the number of users fell"):
        publish(half, output, **SMALL, rebuild=True, accept_rolled_back=True)
    accepted = publish(half, output, **SMALL, accept_regression=True)
    assert Output(output).current() == accepted.generation
    assert fell in select(accepted.file, "select overridden from generation")[0][0]
    # From then on it is the measure, and nothing older.
    assert list(kept_qualities(Output(output))) == [accepted.generation]


def test_a_generation_before_that_cannot_be_read_is_no_hindrance(
    items: Path, published: Published, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = copied(published, tmp_path)
    damage(before.file)
    assert publish(items, tmp_path, seed=1).is_new
    assert f"{before.generation} can't be read, so nothing is compared with it" in caplog.text


def test_the_newest_refusals_are_kept(tmp_path: Path) -> None:
    output = Output(tmp_path)
    with output.locked():
        for second in range(9):
            output.keep_refused(f"20261124T01470{second}Z-1a2b3c", "{}")
    names = sorted(file.stem for file in (tmp_path / "refused").iterdir())
    assert names == [f"20261124T01470{second}Z-1a2b3c" for second in range(2, 9)]
