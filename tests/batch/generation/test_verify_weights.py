"""What movies say for each other is verified as far as the file has it."""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from batch.generation.publish import Published
from batch.generation.verify import verify
from batch.generation.verify_weights import weight_faults
from tests.batch.generation.conftest import hidden
from tests.conftest import copied, publish, written
from tests.films import RATINGS

SAME_IN_BOTH = (
    "update similar_lookups set scores = (select list(weight order by rank) from similar_items "
    "where similar_items.item_id = similar_lookups.item_id)"
)
IDS = np.array(["a", "b", "c"], dtype=object)


@pytest.fixture(scope="module")
def without_times(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A generation without a sequential part and a personal trend; nobody may touch its folder."""
    folder = tmp_path_factory.mktemp("without_times")
    ratings = "".join(line.rpartition(",")[0] + "\n" for line in RATINGS.splitlines())
    return publish(written(folder / "data", ratings), folder / "output")


def _faults(published: Published, folder: Path, fault: str) -> list[str]:
    file = folder / "copy.duckdb"
    shutil.copyfile(published.file, file)
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"{fault}; {SAME_IN_BOTH}")
    return verify(file, users=3).violations


def _found(
    weights: list[int], scores: list[float], *, has_others: bool = False, is_of_run: bool = True
) -> list[str]:
    rows = {
        "owner_index": np.zeros(len(weights), np.int64),
        "item_index": np.ones(len(weights), np.int64),
        "weight": np.array(weights, np.int16),
        "score": np.array(scores, np.float32),
    }
    return [*weight_faults(rows, IDS, np.array([False, has_others, False]), is_of_run=is_of_run)]


def test_a_weight_that_is_not_in_proportion_to_its_score_is_found(
    without_times: Published, tmp_path: Path
) -> None:
    assert verify(without_times.file, users=0).violations == []
    fault = "update similar_items set weight = weight + 2 where item_id = '3' and rank = 2"
    (found,) = _faults(without_times, tmp_path, fault)
    assert "weights of similar movies are not in proportion to their scores" in found
    assert "of movie 3 for movie" in found


def test_weights_of_a_file_without_a_movie_are_still_in_proportion(
    without_times: Published, tmp_path: Path
) -> None:
    copied(without_times, tmp_path)
    rewritten = hidden(tmp_path, "4").rewritten
    assert rewritten
    assert verify(tmp_path / "generations" / f"{rewritten.after}.duckdb", users=0).violations == []


def test_weights_that_are_too_large_are_found(published: Published, tmp_path: Path) -> None:
    (found,) = _faults(published, tmp_path, "update similar_items set weight = 32000 where item_id = '3'")
    assert "weights of similar movies are too large, the largest is 32000 of movie 3" in found


def test_what_a_command_has_left_may_be_large() -> None:
    weights, scores = [9_000, 4_500], [0.6, 0.3]
    assert len(_found(weights, scores)) == 1
    assert _found(weights, scores, is_of_run=False) == []


@pytest.mark.parametrize(
    ("weights", "scores"),
    [
        ([], []),
        ([33, 0, -33], [0.1, 0.0, -0.1]),
        # Rounded: 10.4 and 20.8.
        ([10, 21], [0.1, 0.2]),
        ([32_767, 16_384], [0.9, 0.4]),
        ([-32_768, 16_384], [-0.9, 0.4]),
    ],
)
def test_weights_in_proportion_pass(weights: list[int], scores: list[float]) -> None:
    assert _found(weights, scores, is_of_run=False) == []


@pytest.mark.parametrize(
    ("weights", "scores"),
    [([10, 23], [0.1, 0.2]), ([10, 2], [0.1, 0.0]), ([10, 10], [0.1, -0.1]), ([2], [0.0])],
)
def test_weights_out_of_proportion_are_found_unless_the_movie_has_other_parts(
    weights: list[int], scores: list[float]
) -> None:
    (found,) = _found(weights, scores)
    assert "not in proportion" in found
    assert _found(weights, scores, has_others=True) == []
