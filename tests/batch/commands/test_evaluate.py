"""The command `evaluate`, and `tune`: what they print, and what they refuse to be asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from batch.evaluation.evaluate import CUTS
from batch.evaluation.tune import mean_ratio
from batch.settings import MODEL_SETTINGS, by_name
from tests.commands import invoke
from tests.conftest import WriteInput
from tests.films import ITEMS, RATINGS_HEADER, USERS, withheld

QUICK = ("--factors", "4", "--iterations", "3", "--next-factors", "4")
OF_LISTS = ("coverage", "novelty", "popular_tenth", "gini", "top_item_share", "overlap")
MODELS = {"embedding", "most_popular", "als", "ease"} | {f"popular_lately_{share}%" for share in (5, 10, 20)}


def test_evaluate_prints_every_model_and_the_same_table_twice(items: Path, tmp_path: Path) -> None:
    first, second = (invoke("evaluate", "--data", items, *QUICK, variables={"COLUMNS": "400"}) for _ in "ab")
    assert (first.returncode, first.stdout) == (0, second.stdout)
    for model in MODELS:
        assert f"\n{model} " in first.stdout
    rolling, last = first.stdout.split("Somebody just seen: ")
    assert rolling.startswith("Rolling cuts in time: lists as a night would make them")
    assert "users evaluated" in rolling
    assert "users evaluated" in last
    assert "Share of the score by part" in rolling
    assert "at the same second" in first.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "split", [("--split", "last"), ("--split", "time", "--cut", "0.5", "--cut", "0.7"), ()]
)
def test_the_last_line_is_one_object_with_every_metric(items: Path, split: tuple[str, ...]) -> None:
    done = invoke("evaluate", "--data", items, *QUICK, *split, "--json")
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found["models"]) == set(found["intervals"]) == MODELS
    assert set(found["leads"]) == MODELS - {"embedding"}
    for metric in ("hr", "ndcg", "recall", "mrr", *OF_LISTS):
        for depth in (10, 50):
            assert isinstance(found["models"]["embedding"][f"{metric}@{depth}"], float)
    low, high = found["intervals"]["embedding"]["ndcg@10"]
    assert low <= found["models"]["embedding"]["ndcg@10"] <= high
    names = [each["name"] for each in found["splits"]]
    if split:
        assert names == (["last"] if "last" in split else ["time 50%", "time 70%"])
        assert "last" not in found
    else:
        assert names == [f"time {100 * cut:g}%" for cut in CUTS if cut not in found["left_out"]]
        assert found["last"]["splits"][0]["name"] == "last"
    assert found["is_rolling"] is ("last" not in split)


def test_a_default_request_has_the_figures_of_both_that_are_asked_for_alone(items: Path) -> None:
    def found(*arguments: str) -> dict[str, Any]:
        done = invoke("evaluate", "--data", items, *QUICK, *arguments, "--json")
        return dict(json.loads(done.stdout))

    both, last = found("--cut", "0.6"), found("--split", "last")
    assert both.pop("last") == last
    assert both == found("--split", "time", "--cut", "0.6")


def test_without_times_or_comebacks_only_the_last_rating_is_held_out(write_input: WriteInput) -> None:
    rows = "".join(f"{user},{item},5\n" for user in range(9) for item in range(user % 2, user % 2 + 4))
    done = invoke("evaluate", "--data", write_input("userId,movieId,rating\n" + rows), *QUICK)
    assert done.returncode == 0, done.stderr
    assert "no rolling cuts: ratings: have no times" in done.stderr
    assert done.stdout.startswith("Somebody just seen: ")
    assert "Share of the score by part" in done.stdout


def test_cuts_after_which_nobody_comes_back_are_named(items: Path) -> None:
    done = invoke("evaluate", "--data", items, *QUICK, "--split", "time", "--cut", "0.1", "--cut", "0.6")
    assert "left out, since nobody who can evaluate came back: time 10%" in done.stdout
    alone = invoke("evaluate", "--data", items, *QUICK, "--split", "time", "--cut", "0.1")
    assert alone.returncode == 3
    assert "nobody can be evaluated by the split 'time 10%'" in alone.stderr


def test_the_protocol_of_the_ncf_paper_ranks_the_given_items_only(items: Path, tmp_path: Path) -> None:
    """Of everyone the last movie that they like is held out; the others are of the other kind."""
    lines = []
    for user in range(USERS):
        liked = [item for item in range(ITEMS) if item % 2 == user % 2 and item != withheld(user)]
        unseen = [item for item in range(ITEMS) if item % 2 != user % 2][:4]
        lines.append("\t".join([f"({user},{liked[-1]})", *map(str, unseen)]))
    negatives = tmp_path / "test.negative"
    negatives.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = invoke(
        "evaluate", "--data", items, *QUICK, "--protocol", "ncf", "--negatives", negatives, "--json"
    )
    found = json.loads(done.stdout)["models"]["embedding"]
    # All but four have the same movies held out, which nobody knows then.
    assert found["hr@10"] == 4 / USERS
    drawn = invoke("evaluate", "--data", items, *QUICK, "--protocol", "ncf", "--json")
    assert json.loads(drawn.stdout)["models"]["embedding"]["hr@50"] == 4 / USERS


def test_a_request_that_makes_no_sense_is_refused_in_a_line(items: Path) -> None:
    for arguments, status, message in (
        ("--protocol ncf --split time", 2, "--protocol ncf: goes with --split last only"),
        ("--negatives README.md", 2, "--negatives: goes with --protocol ncf only"),
        ("--protocol ncf --negatives README.md", 3, "README.md, line 1: '# "),
        ("--cut 1.5 --split time", 2, "1.5 is not in the range 0<x<1"),
        ("--split first", 2, "'first' is not one of 'last', 'time'"),
    ):
        done = invoke("evaluate", "--data", items, *QUICK, *arguments.split())
        assert done.returncode == status, arguments
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""


def test_a_file_of_negatives_of_other_ratings_is_refused(items: Path, tmp_path: Path) -> None:
    negatives = tmp_path / "test.negative"
    negatives.write_text("(0,3)\t1\t5\n", encoding="utf-8")
    done = invoke("evaluate", "--data", items, *QUICK, "--protocol", "ncf", "--negatives", negatives)
    assert done.returncode == 3
    assert "has no line for 39 of 40 evaluated users, for example '1'" in done.stderr


def test_data_that_nobody_can_evaluate_end_with_3(write_input: WriteInput) -> None:
    data = write_input(RATINGS_HEADER + "\n1,a,5,1\n2,a,5,2\n")
    done = invoke("evaluate", "--data", data)
    assert done.returncode == 3
    assert "nobody can be evaluated by the split 'last'" in done.stderr


def test_tune_prints_settings_that_run_takes(items: Path, tmp_path: Path) -> None:
    done = invoke("tune", "--data", items, *QUICK, "--minutes", "0.001")
    assert done.returncode == 0
    found = dict(line.split("=") for line in done.stdout.splitlines())
    assert {name.lower() for name in found} <= set(MODEL_SETTINGS)
    assert "trials, the best is" in done.stderr
    ran = invoke("run", "--data", items, "--output", tmp_path, "--iterations", "3", variables=found)
    assert ran.returncode == 0
    settings = json.loads(
        invoke("sql", "select settings from generation", "--output", tmp_path, "--json").stdout
    )
    for name, value in found.items():
        assert by_name()[name.lower()].type in {int, float}
        assert float(settings[0]["settings"][name.lower()]) == float(value)


def test_tune_begins_with_the_settings_given_and_never_ends_worse(items: Path) -> None:
    done = invoke("tune", "--data", items, *QUICK, "--minutes", "0.03", "--json")
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["trials"] >= 1
    assert set(found["before"]) == set(found["after"]) == {"last", "time 60%", "time 75%", "time 85%"}
    before, after = (mean_ratio(found[when], found["before"]) for when in ("before", "after"))
    assert after >= before
    assert set(found["settings"]) < set(by_name())
