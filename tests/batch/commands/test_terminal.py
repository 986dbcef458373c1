"""On a terminal a person sees first what matters, in colour; elsewhere lines are plain."""

import re
from pathlib import Path

import pytest

from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from tests.commands import invoke, invoke_on_terminal
from tests.conftest import changed, copied, damage

GREEN, RED = r"\x1b\[1;32m", r"\x1b\[1;31m"
COLOUR = r"\x1b\[[\d;]*3[0-7]m"


@pytest.fixture(scope="module")
def several(nights: list[Published]) -> Path:
    """An output folder with several generations; nobody may touch it."""
    return nights[-1].file.parent.parent


def _shown(*arguments: str | Path, **variables: str) -> str:
    status, shown = invoke_on_terminal(*arguments, **variables)
    assert status == 0, shown
    return shown


def test_a_run_shows_the_published_generation_before_its_figures(items: Path, tmp_path: Path) -> None:
    small = ("--top-n", "5", "--factors", "4", "--iterations", "3")
    shown = _shown("run", "--data", items, "--output", tmp_path, *small)
    generation = Output(tmp_path).current()
    verdict = re.search(f"{GREEN}published {generation}", shown)
    assert verdict
    assert "of up to 5 movies, for 40 users" in shown[verdict.end() :]
    assert "rows a second" in shown[verdict.end() :]
    again = _shown("run", "--data", items, "--output", tmp_path, *small)
    assert "nothing to do" in again
    assert "by --rebuild" in again


def test_verify_shows_its_verdict_first(published: Published, tmp_path: Path) -> None:
    shown = _shown("verify", "--output", published.file.parent.parent)
    assert re.match(f"{GREEN}ok", shown)
    with changed(published, tmp_path) as connection:
        connection.execute("update popular set score = 1e9 where rank = 2")
    status, broken = invoke_on_terminal("verify", "--output", tmp_path)
    assert status == 1
    assert re.match(f"{RED}2 things do not hold", broken)
    assert "scores never rise" in broken
    assert "the popular list begins all popular items" in broken


def test_generations_show_which_one_is_published(several: Path) -> None:
    *older, newest = Output(several).generations()
    shown = _shown("generations", "--output", several, COLUMNS="80")
    assert re.match(f"{GREEN}{newest} is published, one of 3", shown)
    assert re.search(f"{GREEN}{newest}", shown.partition("one of 3")[2])
    assert not re.search(f"{COLOUR}({'|'.join(older)})", shown)
    plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown)
    assert max(map(len, plain.splitlines())) <= 80


def test_diff_shows_how_many_lists_changed(several: Path) -> None:
    shown = _shown("diff", "--output", several)
    assert re.match(r"\x1b\[1;36m\d+\.\d% of the lists changed", shown)


def test_evaluate_shows_the_best_model_first(items: Path) -> None:
    shown = _shown("evaluate", "--data", items, "--factors", "4", "--iterations", "3", "--quiet")
    assert re.match(COLOUR, shown)
    assert re.search(
        r"embedding (leads over|is behind) \w+.*, the best of the others, by 0\.\d{4} of ndcg@10", shown
    )


def test_a_command_without_colour_or_terminal_prints_none(several: Path) -> None:
    for command in ("generations", "diff", "verify"):
        assert "\x1b" not in invoke(command, "--output", several).stdout
    assert not re.search(COLOUR, _shown("generations", "--output", several, NO_COLOR="1"))


def test_a_generation_rolled_back_to_is_the_green_one(nights: list[Published], tmp_path: Path) -> None:
    copied(nights[-1], tmp_path)
    _, now = rollback(Output(tmp_path))
    assert re.match(f"{GREEN}{now} is published", _shown("generations", "--output", tmp_path))


def test_a_damaged_generation_is_red(published: Published, tmp_path: Path) -> None:
    made = copied(published, tmp_path)
    damage(made.file)
    assert re.match(
        f"{RED}{made.generation} is published, and damaged", _shown("generations", "--output", tmp_path)
    )
