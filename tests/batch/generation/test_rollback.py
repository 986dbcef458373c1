"""One step back, or to a generation by name."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch.errors import BatchError, LockedError, UsageError
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from tests.conftest import copied, damage


@pytest.fixture
def three(nights: list[Published], tmp_path: Path) -> tuple[Output, list[str]]:
    """An output folder with three generations of one input."""
    copied(nights[-1], tmp_path / "output")
    return Output(tmp_path / "output"), [night.generation for night in nights]


def test_rollbacks_go_on_from_where_the_last_one_ended(three: tuple[Output, list[str]]) -> None:
    output, (first, second, third) = three
    assert rollback(output) == (third, second)
    assert rollback(output) == (second, first)
    with pytest.raises(UsageError, match=f"no generation before {first}"):
        rollback(output)
    assert output.current() == first


def test_a_rollback_passes_over_rolled_back_generations(three: tuple[Output, list[str]]) -> None:
    output, (_, second, third) = three
    rollback(output)
    with output.locked():
        draft = output.work / "draft.duckdb"
        draft.write_bytes(output.file(third).read_bytes())
        new = output.new_id("f" * 64, datetime.now(UTC))
        output.publish(draft, new)
    assert rollback(output) == (new, second)


def test_a_named_generation_may_be_older_or_newer(three: tuple[Output, list[str]]) -> None:
    output, (first, second, third) = three
    assert rollback(output, first) == (third, first)
    assert output.rolled_back() == [second, third]
    assert rollback(output, third) == (first, third)
    assert output.rolled_back() == []


def test_a_lost_link_is_made_again_by_naming_a_generation(three: tuple[Output, list[str]]) -> None:
    output, (_, second, third) = three
    output.link.unlink()
    with pytest.raises(UsageError, match="shows no generation of this folder"):
        rollback(output)
    assert rollback(output, second) == (None, second)
    assert output.current() == second
    assert output.rolled_back() == [third]


@pytest.mark.parametrize(
    ("generation", "error", "message"),
    [
        ("20200101T000000Z-000000", UsageError, "has no generation 20200101T000000Z-000000"),
        ("the first", BatchError, "can't be opened"),
    ],
)
def test_an_unknown_or_damaged_generation_is_not_published(
    three: tuple[Output, list[str]], generation: str, error: type[Exception], message: str
) -> None:
    output, (first, _, third) = three
    damage(output.file(first))
    with pytest.raises(error, match=message):
        rollback(output, first if generation == "the first" else generation)
    assert output.current() == third


def test_a_damaged_generation_can_be_left_but_not_during_a_run(three: tuple[Output, list[str]]) -> None:
    output, (_, second, third) = three
    damage(output.file(third))
    with output.locked(), pytest.raises(LockedError):
        rollback(output)
    assert output.current() == third
    assert rollback(output) == (third, second)
