"""How many rated movies have a title, and what is said if many have none."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from batch.errors import RefusedError
from batch.evaluation.catalogue import CATALOGUE_SHARE, MIN_CATALOGUE_SHARE, Catalogue
from batch.evaluation.gate import Quality, regressions
from batch.evaluation.holdout import PUBLISHED
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from tests.cleaned import HEADER
from tests.commands import invoke
from tests.conftest import WriteInput, copied, publish, select
from tests.films import ITEMS, MOVIES, RATINGS

OTHER_IDS = MOVIES.replace("\n", "\ntt").removesuffix("tt")


def _share(made: Published) -> float:
    query = "select value from metrics where metric = $metric and model = $model"
    ((value,),) = select(made.file, query, metric=CATALOGUE_SHARE, model=PUBLISHED)
    return float(value)


def test_an_item_counts_as_described_if_it_is_rated_and_has_a_title(cleaned: Any) -> None:
    movies = (
        "movieId,title,genres\n20.0,Twenty,\nx,Not Rated,Drama\n11,,Drama\n12,NULL,Drama\n20,Twenty Again,\n"
    )
    result = cleaned(HEADER + "1,10,5,1\n1,11,5,2\n1,12,5,3\n1,20,5,4\n2,12,5,5\n3,13,99,6\n", movies)
    assert result.catalogue() == Catalogue(
        items=4,
        titled=1,
        with_genres=2,
        with_year=0,
        untitled_ids=["12", "10", "11"],
        titled_ids=["20", "x"],
    )


def test_only_all_is_100_per_cent() -> None:
    assert Catalogue(10_000, 9_999, 0, 0, ["1"], ["2"]).summary() == "titles for 99.9% of the movies"
    assert Catalogue(10_000, 10_000, 0, 0, [], ["2"]).summary() == "titles for 100% of the movies"


def test_a_catalogue_is_lost_if_less_than_nine_tenths_of_the_items_have_a_title() -> None:
    assert Catalogue(10, 9, 0, 0, ["1"], ["2"]).warning("movies.csv") is None
    assert Catalogue(100, 89, 0, 0, ["1"], ["2"]).warning("movies.csv")
    assert MIN_CATALOGUE_SHARE == 0.9


def test_a_first_run_with_ids_of_another_catalogue_shows_ids_of_both_and_verify_says_it_again(
    write_input: WriteInput, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = publish(write_input(RATINGS, OTHER_IDS), tmp_path / "output")
    assert _share(made) == made.catalogue_share == 0
    unmatched, warning = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "21 of 21 items are in no valid row" in unmatched
    assert warning == (
        f"movies.csv: has titles for 0 of {ITEMS} rated movies (0.0%); the others are shown with their ids, "
        "without year and genres. It has no title for the ids '0', '1', '10', and has the ids 'tt0', 'tt1', "
        "'tt10'; check that it is whole, and has the same ids as the ratings"
    )
    done = invoke("verify", "--output", tmp_path / "output")
    assert done.returncode == 0
    assert "only 0.0% of the rated movies have a title, the others show their ids" in done.stdout
    spoken = json.loads(invoke("verify", "--output", tmp_path / "output", "--json").stdout)
    assert spoken["catalogue_share"] == 0


def test_the_share_of_titles_is_published_as_a_metric(published: Published) -> None:
    assert _share(published) == published.catalogue_share == 1


# Id, title and genres of each movie, as they stand in the file.
ROWS = [(line.split(",", 1)[0], *line.split(",", 1)[1].rsplit(",", 1)) for line in MOVIES.splitlines()[1:]]
CHANGES = {
    "no genres": ("movies with genres fell", [f"{id_},{title}," for id_, title, _ in ROWS]),
    "no genres listed": (
        "movies with genres fell", [f"{id_},{title},(no genres listed)" for id_, title, _ in ROWS]
    ),
    "no years": ("movies with a year fell", [re.sub(r" \(\d{4}\)", "", ",".join(row)) for row in ROWS]),
    "ids for titles": ("movies with a title fell", [f"{id_},{id_},{genres}" for id_, _, genres in ROWS]),
    "one title for all": ("movies with a title fell", [f"{id_},N/A,{genres}" for id_, _, genres in ROWS]),
    "rows shifted by one": (
        "movies have another title than in before",
        [f"{id_},{ROWS[at - 1][1]},{genres}" for at, (id_, _, genres) in enumerate(ROWS)],
    ),
    "a few new titles": ("", [",".join(row).replace("The 1 ", "A 1 ") for row in ROWS]),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_the_gate_finds_a_catalogue_that_says_less_of_the_movies(cleaned: Any, case: str) -> None:
    def quality(rows: list[str]) -> Quality:
        result = cleaned(RATINGS, "\n".join(["movieId,title,genres", *rows]))
        titles = dict(result.rows("select item_id, title from items where title <> item_id"))
        return Quality(result.catalogue().metrics, 300, titles)

    reason, rows = CHANGES[case]
    before = quality([",".join(row) for row in ROWS])
    found = "; ".join(regressions(quality(rows), {"before": before}, max_fall=0.3))
    assert reason in found if reason else not found


def test_rows_shifted_by_one_are_refused(
    published: Published, write_input: WriteInput, tmp_path: Path
) -> None:
    copied(published, tmp_path / "output")
    movies = "\n".join(["movieId,title,genres", *CHANGES["rows shifted by one"][1]])
    with pytest.raises(RefusedError, match=f"another title than in {published.generation}"):
        publish(write_input(RATINGS, movies), tmp_path / "output")


def test_the_line_of_cleaning_counts_every_file_and_ignored_columns_are_named_once(
    write_input: WriteInput, tmp_path: Path
) -> None:
    ratings = RATINGS.replace("rating,timestamp", "rating,timestamp,device,", 1)
    ratings = "".join(f"{line},phone,\n" if line[0] != "u" else f"{line}\n" for line in ratings.splitlines())
    rows = len(ratings.splitlines()) - 1
    data = write_input(
        ratings + "1,x,99,1,phone,\n1,3,1,1,phone,\n",
        MOVIES + ",No Id,Drama\nunrated,Seen Never (2001),\n",
        users="userId,age\n1,30\n2,300\n,30\n",
        hidden="movieId\n4\nNULL\n",
    )
    output = tmp_path / "output"
    done = invoke("run", "--data", data, "--output", output, "--max-rejected", "1", "--factors", "4")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "Z clean " in line and " s  " in line]
    assert line.partition(" s  ")[2] == (
        f"kept ratings.csv {rows:,} of {rows + 2:,} rows, 1 rejected, 1 superseded; "
        "movies.csv 21 of 23 rows, 1 rejected, 1 superseded; users.csv 2 of 3 rows, 1 rejected; "
        "hidden.csv 1 of 2 rows, 1 rejected; "
        "titles for 100% of the movies"
    )
    assert done.stderr.count("ratings.csv: ignores the columns device, (without a name)") == 1
    assert "ignores" not in done.stderr.replace("ratings.csv: ignores", "")
    assert "has titles for" not in done.stderr
    assert Output(output).current()
    quiet = invoke("run", "--data", data, "--output", output, "--max-rejected", "1", "--quiet", "--seed", "1")
    assert quiet.returncode == 0
    assert all("WARNING" in line or "users.csv: an age is" in line for line in quiet.stderr.splitlines())
