"""Made-up data are as large and as dirty as told, and the truth beside them is what the job finds."""

import csv
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from benchmarks.generate import Size, main
from tests.cleaned import STARS, Cleaned

DIRT = {"clean": "0", "dirty": "0.08"}


def _generate(folder: Path, *options: str) -> Path:
    result = CliRunner().invoke(main, [str(folder), *options])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Made-up data by how dirty they are."""
    folder = tmp_path_factory.mktemp("generated")
    return {name: _generate(folder / name, "--scale", "1/128", "--dirt", dirt) for name, dirt in DIRT.items()}


def test_the_whole_scale_has_the_size_of_movielens_25m() -> None:
    size = Size.of(Fraction(1))
    assert (size.users, size.items, size.ratings) == (162_541, 59_047, 25_000_095)


def test_users_items_and_ratings_are_as_many_as_asked_for(folders: dict[str, Path], tmp_path: Path) -> None:
    counts = Cleaned(folders["clean"], tmp_path, max_rejected=0).counts
    assert (counts.users, counts.items, counts.rows_kept) == (1_270, 461, 195_313)
    assert counts.rows_superseded == 0


def test_few_items_have_most_of_the_ratings(folders: dict[str, Path]) -> None:
    query = """
        select sum(ratings) filter (place <= 46) / sum(ratings) from (
            select count(*) as ratings, row_number() over (order by count(*) desc) as place
            from read_csv($file) group by movieid
        )
    """
    ((share,),) = duckdb.execute(query, {"file": str(folders["clean"] / "ratings.csv")}).fetchall()
    # Without popular ones it would be a tenth.
    assert share > 0.15


def test_ratings_are_half_stars_and_nobody_rates_an_item_before_it_comes_out(
    folders: dict[str, Path],
) -> None:
    query = """
        select
            count(*) filter (rating * 2 <> round(rating * 2) or rating not between 0.5 and 5),
            count(*) filter (year(make_timestamp("timestamp" * 1000000)) < cast(title[-5:-2] as integer))
        from read_csv($ratings) inner join read_csv($movies) using (movieid)
    """
    files = {name: str(folders["clean"] / f"{name}.csv") for name in ("ratings", "movies")}
    ((odd, early),) = duckdb.execute(query, files).fetchall()
    assert odd == 0
    # Who has rated nearly everything must take what is left.
    assert early < 0.15 * 195_313


@pytest.mark.parametrize("name", DIRT)
def test_the_same_options_give_the_same_bytes_and_another_seed_gives_others(
    folders: dict[str, Path], tmp_path: Path, name: str
) -> None:
    options = ("--scale", "1/128", "--dirt", DIRT[name])
    again = _generate(tmp_path / "again", *options)
    for file in again.iterdir():
        assert file.read_bytes() == (folders[name] / file.name).read_bytes()
    other = _generate(tmp_path / "other", *options, "--seed", "1")
    assert (other / "ratings.csv").read_bytes() != (again / "ratings.csv").read_bytes()


def test_the_job_rejects_and_repairs_what_the_truth_says(folders: dict[str, Path], tmp_path: Path) -> None:
    with (folders["dirty"] / "truth.csv").open() as file:
        truth = [(int(row["line"]), row["rule"], row["user_id"]) for row in csv.DictReader(file)]
    cleaned = Cleaned(folders["dirty"], tmp_path)
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
    _generate(tmp_path / "data", "--scale", "1/128", "--dirt", "0.3", "--seed", seed)
    with (tmp_path / "data" / "truth.csv").open() as file:
        repaired = [(int(row["line"]), row["user_id"]) for row in csv.DictReader(file) if row["user_id"]]
    # With so much dirt, the scale is in doubt.
    (tmp_path / "data" / "input.toml").write_text(STARS, encoding="utf-8")
    found = Cleaned(tmp_path / "data", tmp_path).rows("select line, user_id from repaired_rows order by line")
    assert found == repaired


def test_an_invalid_scale_is_wrong_usage(tmp_path: Path) -> None:
    for scale in ("x", "1/0", "-1", "5"):
        assert CliRunner().invoke(main, [str(tmp_path), f"--scale={scale}"]).exit_code == 2
