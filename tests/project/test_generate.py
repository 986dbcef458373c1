"""Made-up data are as large and as dirty as told, and the truth beside them is what the job finds."""

import csv
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from benchmarks.generate import Size, main
from tests.cleaned import Cleaned

SMALL = ("--scale", "1/256")


def _generate(folder: Path, *options: str) -> None:
    result = CliRunner().invoke(main, [str(folder), *options])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def clean_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    _generate(folder, "--scale", "1/64")
    return folder


@pytest.fixture(scope="module")
def dirty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dirty")
    _generate(folder, *SMALL, "--dirt", "0.08")
    return folder


def test_the_whole_scale_has_the_size_of_movielens_25m() -> None:
    size = Size.of(Fraction(1))
    assert (size.users, size.items, size.ratings) == (162_541, 59_047, 25_000_095)


def test_users_items_and_ratings_are_as_many_as_asked_for(clean_folder: Path, tmp_path: Path) -> None:
    counts = Cleaned(clean_folder, tmp_path, max_rejected=0).counts
    assert (counts.users, counts.items, counts.rows_kept) == (2_540, 923, 390_626)
    assert counts.rows_superseded == 0


def test_few_items_have_most_of_the_ratings(clean_folder: Path) -> None:
    query = """
        select sum(ratings) filter (place <= 92) / sum(ratings) from (
            select count(*) as ratings, row_number() over (order by count(*) desc) as place
            from read_csv($file) group by movieid
        )
    """
    ((share,),) = duckdb.execute(query, {"file": str(clean_folder / "ratings.csv")}).fetchall()
    assert share > 0.2


def test_ratings_are_half_stars_and_nobody_rates_an_item_before_it_comes_out(clean_folder: Path) -> None:
    query = """
        select
            count(*) filter (rating * 2 <> round(rating * 2) or rating not between 0.5 and 5),
            count(*) filter (year(make_timestamp("timestamp" * 1000000)) < cast(title[-5:-2] as integer))
        from read_csv($ratings) inner join read_csv($movies) using (movieid)
    """
    files = {name: str(clean_folder / f"{name}.csv") for name in ("ratings", "movies")}
    ((odd, early),) = duckdb.execute(query, files).fetchall()
    assert odd == 0
    # Who has rated nearly everything must take what is left.
    assert early < 0.15 * 390_626


@pytest.mark.parametrize("dirt", ["0", "0.08"])
def test_the_same_options_give_the_same_bytes(dirt: str, tmp_path: Path) -> None:
    for name in ("one", "other"):
        _generate(tmp_path / name, *SMALL, "--dirt", dirt)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()


def test_another_seed_gives_other_ratings(dirty_folder: Path, tmp_path: Path) -> None:
    _generate(tmp_path, *SMALL, "--dirt", "0.08", "--seed", "1")
    assert (tmp_path / "ratings.csv").read_bytes() != (dirty_folder / "ratings.csv").read_bytes()


def test_the_job_rejects_and_repairs_what_the_truth_says(dirty_folder: Path, tmp_path: Path) -> None:
    with (dirty_folder / "truth.csv").open() as file:
        truth = [(int(row["line"]), row["rule"], row["user_id"]) for row in csv.DictReader(file)]
    cleaned = Cleaned(dirty_folder, tmp_path)
    found = cleaned.rows(
        "select line, rule, '' as user_id from rejected_rows where file = 'ratings.csv' "
        "union all select line, rule, user_id from repaired_rows order by line"
    )
    assert found == truth
    rules = {rule for _, rule, _ in truth}
    assert len(rules) == 10
    assert 0.07 < len(truth) / cleaned.counts.rows_read < 0.09


@pytest.mark.parametrize("seed", ["3", "5"])
def test_repairs_are_found_among_more_rows_than_are_read_at_once(seed: str, tmp_path: Path) -> None:
    _generate(tmp_path / "data", "--scale", "1/64", "--dirt", "0.3", "--seed", seed)
    with (tmp_path / "data" / "truth.csv").open() as file:
        repaired = [(int(row["line"]), row["user_id"]) for row in csv.DictReader(file) if row["user_id"]]
    found = Cleaned(tmp_path / "data", tmp_path).rows("select line, user_id from repaired_rows order by line")
    assert found == repaired


def test_an_invalid_scale_is_wrong_usage(tmp_path: Path) -> None:
    for scale in ("x", "1/0", "-1", "5"):
        assert CliRunner().invoke(main, [str(tmp_path), f"--scale={scale}"]).exit_code == 2
