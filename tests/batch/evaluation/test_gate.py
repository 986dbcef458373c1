"""The gate: lists that should not be published are not, and what was measured of them is kept."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batch.datasets.sample import write_sample
from batch.errors import RefusedError
from batch.evaluation.gate import Quality, regressions
from batch.generation.check import kept_qualities
from batch.generation.publish import Published
from batch.generation.store import Output
from batch.model.embedding import Model, fold_in_users
from tests.conftest import damage, publish, select

GOOD = {
    ("judged_users", "embedding"): 300.0,
    ("rolling_cuts", "embedding"): 1.0,
    ("ndcg@10", "embedding"): 0.08,
    ("ndcg@10", "most_popular"): 0.02,
    ("coverage@10", "published"): 0.2,
    ("catalogue_share", "published"): 1.0,
}
SMALL = {"next_factors": 32, "factors": 16, "iterations": 4}


def _faults(
    candidate: dict[tuple[str, str], float], users: int = 610, **kept: dict[tuple[str, str], float]
) -> list[str]:
    before = {"last": GOOD} | kept
    return list(
        regressions(
            Quality(GOOD | candidate, users),
            {id_: Quality(metrics, 610) for id_, metrics in before.items()},
            max_fall=0.3,
        )
    )


def test_a_run_like_the_last_one_passes() -> None:
    assert _faults({}) == []
    assert _faults({("ndcg@10", "embedding"): 0.06, ("coverage@10", "published"): 0.15}, users=430) == []


@pytest.mark.parametrize("quality", [0.02, 0.01])
def test_lists_no_better_than_the_most_popular_items_are_a_fault(quality: float) -> None:
    fault, *_ = _faults({("ndcg@10", "embedding"): quality})
    assert fault == (
        f"the lists are no better than the most popular movies (ndcg@10 {quality:.4f} against 0.0200, "
        "300 users evaluated)"
    )


def test_a_fall_by_more_than_the_set_share_is_a_fault() -> None:
    assert _faults({("ndcg@10", "embedding"): 0.05}) == [
        "ndcg@10 of the model fell by 38%, from 0.08 in last to 0.05"
    ]
    assert _faults({("coverage@10", "published"): 0.1}) == [
        "coverage@10 of the lists fell by 50%, from 0.2 in last to 0.1"
    ]
    assert _faults({("catalogue_share", "published"): 0.96}) == []
    assert _faults({("catalogue_share", "published"): 0.5}) == [
        "the share of movies with a title fell by 50%, from 1 in last to 0.5"
    ]
    assert _faults({}, users=305) == ["the number of users fell by 50%, from 610 in last to 305"]


def test_a_fall_by_a_little_every_night_is_found_beside_the_best_of_the_kept_ones() -> None:
    worse = {("ndcg@10", "embedding"): 0.06}
    assert _faults(worse) == []
    better = GOOD | {("ndcg@10", "embedding"): 0.1}
    assert _faults(worse, first=better) == ["ndcg@10 of the model fell by 40%, from 0.1 in first to 0.06"]


def test_quality_is_compared_only_with_what_people_of_the_same_kind_evaluated() -> None:
    fell = {("ndcg@10", "embedding"): 0.03}
    assert _faults(fell, last=GOOD | {("rolling_cuts", "embedding"): 0.0}) == []
    without = {key: value for key, value in GOOD.items() if key[0] != "rolling_cuts"}
    assert _faults(fell, last=without) == []


def test_the_quality_of_a_few_people_is_chance_and_no_fault() -> None:
    few = GOOD | {("judged_users", "embedding"): 49.0, ("ndcg@10", "embedding"): 0.0}
    assert _faults(few) == []
    assert _faults({}, last=few) == []
    of_last_ratings = {("judged_users", "embedding"): 99.0, ("rolling_cuts", "embedding"): 0.0}
    assert _faults({**of_last_ratings, ("ndcg@10", "embedding"): 0.0}) == []


def test_without_a_generation_before_nothing_can_have_fallen() -> None:
    assert list(regressions(Quality(GOOD, 1), {}, max_fall=0.3)) == []


pytestmark = pytest.mark.usefixtures("quick_training")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real movies: MovieLens small of 2016."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


@pytest.fixture(scope="module")
def first(
    quick_training: None,  # noqa: ARG001 (it comes first)
    sample: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Published:
    """A good generation, not to be touched."""
    return publish(sample, tmp_path_factory.mktemp("first"), **SMALL)


@pytest.fixture
def good(first: Published, tmp_path: Path) -> Published:
    """The same, published in a folder of its own."""
    shutil.copytree(first.file.parent.parent, tmp_path / "output", symlinks=True)
    return first


def _refused(output: Path, before: Published) -> dict[str, Any]:
    """Return what was kept of a refused run; the generation before is still published, and alone."""
    assert Output(output).current() == before.generation
    assert Output(output).generations() == [before.generation]
    assert not Output(output).work.exists()
    (file,) = (output / "refused").iterdir()
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return kept


Spoil = Callable[[Callable[[Model], Model]], None]


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Spoil:
    """Return a function that changes the model of the next run, both as evaluated and as published."""

    def spoil(change: Callable[[Model], Model]) -> None:
        def spoiled(*arguments: Any) -> Model:
            return change(fold_in_users(*arguments))

        for module in ("model.embedding", "evaluation.holdout"):
            monkeypatch.setattr(f"batch.{module}.fold_in_users", spoiled)

    return spoil


def test_a_corrupted_model_is_refused(sample: Path, tmp_path: Path, good: Published, spoil: Spoil) -> None:
    shuffle = np.random.default_rng(0).permutation
    spoil(lambda model: replace(model, item_factors=shuffle(model.item_factors)))
    with pytest.raises(RefusedError, match=r"^not published: the lists are no better than the most popular"):
        publish(sample, tmp_path / "output", **SMALL, seed=1)
    kept = _refused(tmp_path / "output", good)
    metrics = {(each["metric"], each["model"]): each["value"] for each in kept["metrics"]}
    assert metrics["ndcg@10", "embedding"] <= metrics["ndcg@10", "most_popular"]
    assert metrics["judged_users", "embedding"] == 55


def test_lists_that_are_alike_for_all_are_refused(
    sample: Path, tmp_path: Path, good: Published, spoil: Spoil
) -> None:
    def alike(model: Model) -> Model:
        one = np.ones((len(model.user_factors), 1), dtype=np.float32)
        by_id = np.zeros((len(model.item_factors), 1), dtype=np.float32)
        return replace(model, user_factors=one, item_factors=by_id, parts=[1])

    spoil(alike)
    message = r"no better than the most popular movies.*coverage@10 of the lists fell"
    with pytest.raises(RefusedError, match=message):
        publish(sample, tmp_path / "output", **SMALL, seed=1)
    assert len(_refused(tmp_path / "output", good)["faults"]) == 3


def test_a_run_without_half_of_the_users_is_refused_and_published_with_the_reason_if_that_is_accepted(
    sample: Path, tmp_path: Path, good: Published
) -> None:
    half = tmp_path / "half"
    half.mkdir()
    (half / "movies.csv").write_bytes((sample / "movies.csv").read_bytes())
    header, *rows = (sample / "ratings.csv").read_text(encoding="utf-8").splitlines()
    kept_rows = [row for row in rows if int(row.split(",")[0]) % 2]
    (half / "ratings.csv").write_text("\n".join([header, *kept_rows]) + "\n", encoding="utf-8")
    with pytest.raises(
        RefusedError,
        match=r"the number of users fell by 50%, from 671 in .* to 336; .*with --accept-regression",
    ):
        publish(half, tmp_path / "output", **SMALL)
    assert _refused(tmp_path / "output", good)["users"] == 336
    with pytest.raises(RefusedError, match="the number of users fell"):
        publish(half, tmp_path / "output", **SMALL, rebuild=True, accept_rolled_back=True)
    accepted = publish(half, tmp_path / "output", **SMALL, accept_regression=True)
    assert Output(tmp_path / "output").current() == accepted.generation
    ((overridden,),) = select(accepted.file, "select overridden from generation")
    assert f"the number of users fell by 50%, from 671 in {good.generation} to 336" in overridden
    # From then on it is the measure, and nothing older.
    assert list(kept_qualities(Output(tmp_path / "output"))) == [accepted.generation]


def test_a_generation_before_that_cannot_be_read_is_no_hindrance(
    items: Path, tmp_path: Path, sample: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = publish(items, tmp_path)
    damage(before.file)
    assert publish(sample, tmp_path, **SMALL).counts.users == 671
    assert f"{before.generation} can't be read, so nothing is compared with it" in caplog.text


def test_the_newest_refusals_are_kept(tmp_path: Path) -> None:
    output = Output(tmp_path)
    with output.locked():
        for second in range(9):
            output.keep_refused(f"20261124T01470{second}Z-1a2b3c", "{}")
    names = sorted(file.stem for file in (tmp_path / "refused").iterdir())
    assert names == [f"20261124T01470{second}Z-1a2b3c" for second in range(2, 9)]
