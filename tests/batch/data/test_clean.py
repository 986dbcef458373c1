"""Every case of dirt in the values of the input, each with a file that shows it."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from batch.data.clean import Counts
from batch.errors import InputError
from tests.cleaned import HEADER, MOVIES, STARS, Cleaned
from tests.conftest import WriteInput

MISSING = ("", " ", "\t", "nan", "NaN", "NULL", "null", "\\N", "None", "<NA>", " NULL ")


def test_a_block_without_user_ids_between_a_and_a_plus_2_belongs_to_a_plus_1(cleaned: Any) -> None:
    result = cleaned(HEADER + "1.0,10,3,1\n,10,4,2\n,11,5,3\n3.0,10,3,4\n")
    assert result.ratings() == [("1", "10", 3), ("2", "10", 4), ("2", "11", 5), ("3", "10", 3)]
    assert result.rows("select file, line, rule, raw, user_id from repaired_rows order by line") == [
        ("ratings.csv", 3, "user_id_between_neighbours", ",10,4,2", "2"),
        ("ratings.csv", 4, "user_id_between_neighbours", ",11,5,3", "2"),
    ]
    assert result.counts.rows_repaired == 2


def test_ids_below_zero_rise_too(cleaned: Any) -> None:
    result = cleaned(HEADER + "-1,10,3,1\n,10,4,2\n1,10,3,4\n")
    assert result.rows("select user_id from repaired_rows") == [("0",)]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("1,10,3,1\n,10,3,1\n2,10,3,1\n", "there is no number between the neighbours"),
        ("1,10,3,1\n,10,3,1\n4,10,3,1\n", "there are two numbers between the neighbours"),
        ("1,10,3,1\n,10,3,1\n1,11,3,1\n", "both neighbours are one user"),
        (",10,3,1\n2,10,3,1\n3,10,3,1\n", "nothing stands before the block"),
        ("1,10,3,1\n2,10,3,1\n,10,3,1\n", "nothing stands after the block"),
        ("A,10,3,1\n,10,3,1\nC,10,3,1\n", "the ids are no numbers"),
        ("1,10,3,1\n,10,3,1\n3,10,3,1\nA,10,3,1\n", "one id is no number"),
        ("1,10,3,1\n,10,3,1\n3,10,3,1\n2,10,3,1\n", "the user stands elsewhere"),
        ("9,10,3,1\n1,10,3,1\n,10,3,1\n3,10,3,1\n", "the file is not sorted by user"),
        ("01,10,3,1\n,10,3,1\n03,10,3,1\n", "the spelling of the id would be a guess"),
        ("1,10,3,1\n2,10,3\n,10,3,1\n3,10,3,1\n", "the row before did not parse, and may be anyone's"),
        ("1,10,3,1\n,10,3,1\n,10\n3,10,3,1\n", "the row after did not parse, and may be anyone's"),
    ],
)
def test_a_block_that_is_not_determined_is_rejected(cleaned: Any, rows: str, why: str) -> None:
    result = cleaned(HEADER + rows)
    assert [rule for _, rule in result.rejected() if rule != "missing_columns"] == ["user_id_missing"], why
    assert result.counts.rows_repaired == 0


def test_blocks_are_found_before_anything_is_rejected(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,99,1\n,10,4,1\n3,10,x,1\n")
    assert result.ratings() == [("2", "10", 4)]
    assert result.rejected() == [(2, "rating_out_of_range"), (4, "rating_not_a_number")]


def test_an_empty_line_is_no_neighbour_of_a_block(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,4,1\n\n\n,11,4,2\n\n,12,4,3\n \n3,10,4,4\n")
    assert result.rows("select line, user_id from repaired_rows order by line") == [(5, "2"), (7, "2")]


def test_a_rejected_row_is_not_also_repaired(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,3,1\n,10,-8,1\n,11,3,1\n3,10,3,1\n")
    assert result.rejected() == [(3, "rating_out_of_range")]
    assert result.rows("select line from repaired_rows") == [(4,)]


def _lines(first: int, rule: str, count: int) -> list[tuple[int, str]]:
    """Return `count` lines from the first one on, all rejected by one rule."""
    return [(line, rule) for line in range(first, first + count)]


def test_a_rating_outside_the_scale_is_rejected(cleaned: Any) -> None:
    ratings = ["-8", "0", "0.4", "5.5", "99", "0.5", "5"]
    result = cleaned(HEADER + "".join(f"1,{item},{rating},1\n" for item, rating in enumerate(ratings)))
    assert result.rejected() == _lines(2, "rating_out_of_range", 5)
    assert [row[2] for row in result.ratings()] == [0.5, 5]


def test_a_rating_that_is_no_number_is_rejected(cleaned: Any) -> None:
    ratings = ["", "x", "nan", "NaN", "inf", "-Infinity", "1e999", "4;0", "0_5"]
    result = cleaned(HEADER + "".join(f"1,10,{rating},1\n" for rating in ratings) + "1,11,3,1\n")
    assert result.rejected() == _lines(2, "rating_not_a_number", len(ratings))


def test_a_missing_item_is_rejected(cleaned: Any) -> None:
    result = cleaned(HEADER + "".join(f"1,{missing},3,1\n" for missing in MISSING) + "1,11,3,1\n")
    assert result.rejected() == _lines(2, "movie_id_missing", len(MISSING))


def test_a_missing_user_is_repaired_or_rejected(cleaned: Any) -> None:
    pairs = "".join(f"{2 * place + 1},10,3,1\n{each},11,3,1\n" for place, each in enumerate(MISSING))
    last = 2 * len(MISSING) + 1
    result = cleaned(HEADER + pairs + f"{last},10,3,1\n" + "".join(f"{each},12,3,1\n" for each in MISSING))
    assert result.rows("select line, user_id from repaired_rows order by line") == [
        (line, str(line - 1)) for line in range(3, last + 1, 2)
    ]
    assert result.rejected() == _lines(last + 2, "user_id_missing", len(MISSING))


def test_a_missing_value_says_nothing_of_an_item_or_a_user(cleaned: Any) -> None:
    result = cleaned(
        HEADER + "1,10,3,1\n",
        "movieId,title,genres\n" + "".join(f"{10 + at},{no},{no}\n" for at, no in enumerate(MISSING)),
        users="userId,gender,age,occupation\n"
        + "".join(f"{at},{no},{no},{no}\n" for at, no in enumerate(MISSING)),
    )
    assert result.rows("select distinct title = item_id, genres from items") == [(True, [])]
    assert result.rows("select distinct gender, age_group, occupation from validated_users") == [
        (None, None, None)
    ]
    assert result.rejected() == []


def test_a_title_with_a_word_for_missing_in_it_is_a_title(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,3,1\n", "movieId,title,genres\n10,None (2010),None|War\n")
    assert result.rows("select title, genres from items") == [("None (2010)", ["None", "War"])]


def test_a_time_stamp_that_is_not_a_time_is_rejected(cleaned: Any) -> None:
    times = ["", "x", "-1", "nan", "inf", "1e300", "1_000", "964982703000", "1969-12-31", "2018-13-01",
             "2018-01-01 12", "2000-07-30T18:45:03 Europe/Berlin", "9999-12-31T23:59:59-14:00", "infinity",
             "epoch"]  # fmt: skip
    result = cleaned(HEADER + "".join(f"1,10,3,{time}\n" for time in times) + "1,11,3,1\n")
    assert result.rejected() == _lines(2, "timestamp_not_a_time", len(times))


def test_a_time_an_hour_after_the_start_of_the_run_is_rejected(
    write_input: WriteInput, tmp_path: Path
) -> None:
    valid = ["2020-05-17T11:59:59Z", "2020-05-17T12:59:59Z", "2020-05-17T14:30:00+02:00"]
    future = ["2020-05-17T13:00:00.000001Z", "2020-05-18 12:00:00", "4102444800", "9999-12-31"]
    rows = [f"1,{item},3,{time}\n" for item, time in enumerate(valid + future)]
    folder = write_input(HEADER + "".join(rows))
    begin = datetime(2020, 5, 17, 12, 0, tzinfo=UTC)
    # The start is a moment, in whatever zone it is given.
    for started_at in (begin, begin.astimezone(timezone(timedelta(hours=-7)))):
        result = Cleaned(folder, tmp_path, started_at=started_at)
        assert result.rejected() == _lines(2 + len(valid), "timestamp_in_future", len(future))


def test_a_rating_of_the_future_supersedes_no_other(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,5,100\n1,10,2,4102444800\n")
    assert result.ratings() == [("1", "10", 5)]


def test_future_times_that_stop_a_run_make_it_doubt_the_clock(
    write_input: WriteInput, tmp_path: Path
) -> None:
    folder = write_input(HEADER + "1,10,3,1600000000\n" * 3)
    with pytest.raises(InputError, match=r"timestamp_in_future.*, or set the clock of this machine$"):
        Cleaned(folder, tmp_path, max_rejected=0.1, started_at=datetime(1970, 1, 1, tzinfo=UTC))


def test_a_time_is_seconds_of_1970_or_iso_8601_in_utc(cleaned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    same = [
        "964982703",
        "964982703.0",
        "2000-07-30T18:45:03Z",
        "2000-07-30 18:45:03",
        "2000-07-30T20:45:03+02:00",
    ]
    result = cleaned(HEADER + "".join(f"1,{item},3,{time}\n" for item, time in enumerate(same)))
    query = "select strftime(rated_at, '%Y-%m-%d %H:%M:%S'), count(*) from interactions group by all"
    assert result.rows(query) == [("2000-07-30 18:45:03", len(same))]


def test_a_rejected_row_is_kept_with_file_line_and_raw_text(cleaned: Any) -> None:
    result = cleaned(HEADER + '1,10,3,1\n1,"11",  99,1\n1,12\n')
    assert result.rows("select file, line, raw from rejected_rows order by line") == [
        ("ratings.csv", 3, '1,"11",  99,1'),
        ("ratings.csv", 4, "1,12"),
    ]


def test_a_row_with_several_faults_counts_once(cleaned: Any) -> None:
    result = cleaned(HEADER + ",,99,x\n1,10,3,1\n", spec=STARS)
    assert result.counts == Counts(
        rows_read=2,
        rows_kept=1,
        rows_repaired=0,
        rows_rejected=1,
        rows_superseded=0,
        rows_merged=0,
        rows_held_out=0,
        rows_capped=0,
        rows_ignored=0,
        users=1,
        items=1,
    )


def test_the_latest_of_two_ratings_of_one_item_counts(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,5,200\n1,10.0,2,100\n1,10,3,50\n")
    assert result.ratings() == [("1", "10", 5)]
    assert result.rejected() == [(3, "superseded"), (4, "superseded")]
    assert (result.counts.rows_rejected, result.counts.rows_superseded) == (0, 2)


def test_the_later_line_of_two_ratings_at_one_time_counts(cleaned: Any) -> None:
    assert cleaned(HEADER + "1,10,5,100\n1,10,2,100\n").ratings() == [("1", "10", 2)]


def test_a_rejected_rating_supersedes_no_other(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,5,100\n1,10,99,200\n")
    assert result.ratings() == [("1", "10", 5)]


def test_superseded_rows_count_towards_no_limit(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1,10,5,1\n" * 50, MOVIES)
    assert Cleaned(folder, tmp_path, max_rejected=0).counts.rows_superseded == 49


def test_an_item_that_movies_lacks_is_shown_with_its_id(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,5,1\n", "movieId,title,genres\n11,Other (2000),Drama\n")
    assert result.rows("select item_id, title, year, genres, ratings from items order by item_id") == [
        ("10", "10", None, [], 1),
        ("11", "Other (2000)", 2000, ["Drama"], 0),
    ]


def test_titles_keep_quoted_commas_quotes_and_accents(cleaned: Any) -> None:
    movies = (
        "genres,title,movieId\r\n"
        'Drama|Crime,"Misérables, Les (1995)",1\r\n'
        '(no genres listed),"11\'09""01 (2002)",2.0\r\n'
        "Drama||  Comedy ,Series (2006\N{EN DASH}2007),3\r\n"
        ",No Year,4\r\n"
        "Drama,,5\r\n"
        'Drama,Mangled \N{REPLACEMENT CHARACTER} "Upstream" (1990),6\r\n'
    )
    result = cleaned(HEADER + "1,1,5,1\n", movies)
    assert result.rows("select item_id, title, year, genres from items order by item_id") == [
        ("1", "Misérables, Les (1995)", 1995, ["Drama", "Crime"]),
        ("2", "11'09\"01 (2002)", 2002, []),
        ("3", "Series (2006\N{EN DASH}2007)", 2006, ["Drama", "Comedy"]),
        ("4", "No Year", None, []),
        ("5", "5", None, ["Drama"]),
        ("6", 'Mangled \N{REPLACEMENT CHARACTER} "Upstream" (1990)', 1990, ["Drama"]),
    ]


def test_faults_in_movies_are_recorded_too(cleaned: Any) -> None:
    movies = "movieId,title,genres\n1,A, B (1990),Drama\n,C,Drama\n2,First,Drama\n2,Second,Drama\n"
    result = cleaned(HEADER + "1,1,5,1\n", movies)
    assert result.rows("select file, line, rule from rejected_rows order by line") == [
        ("movies.csv", 2, "too_many_columns"),
        ("movies.csv", 3, "movie_id_missing"),
        ("movies.csv", 4, "superseded"),
    ]
    assert result.rows("select title from items where item_id = '2'") == [("Second",)]


def test_rows_without_ratings_are_votes_and_without_times_in_the_order_of_the_file(cleaned: Any) -> None:
    result = cleaned("movieId,userId\n10,1\n11,1\n10,1\n")
    assert result.rows("select user_id, item_id, rating, rated_at, line from interactions order by line") == [
        ("1", "11", None, None, 3),
        ("1", "10", None, None, 4),
    ]
    assert result.rejected() == [(2, "superseded")]


def test_an_id_is_text_and_a_float_that_is_an_integer_is_that_integer(cleaned: Any) -> None:
    pairs = """18=18 18.0=18 18.00=18 18.5=18.5 A=A Nan=Nan 007=007 1e+05=100000 1e+16=10000000000000000
        1.25e+07=12500000 1e3=1e3 7E12=7E12 1.5E7=1.5E7"""
    meant = dict(pair.split("=") for pair in pairs.split())
    of_items = "".join(f"u{at},{written},3,1\n" for at, written in enumerate(meant))
    of_users = "".join(f"{written},i{at},3,1\n" for at, written in enumerate(meant))
    expected = [(f"u{at}", each, 3) for at, each in enumerate(meant.values())]
    expected += [(each, f"i{at}", 3) for at, each in enumerate(meant.values())]
    assert cleaned(HEADER + of_items + of_users).ratings() == expected


LOST_DIGITS = ["1.58292E+18", "1.58292e+18", "1.6E+12", "2E+15", " -1.58292E+018", "1.5829212345678902e+18",
               "1.5829212345678902E18"]  # fmt: skip


def test_an_id_that_has_lost_digits_is_rejected(cleaned: Any) -> None:
    def lines(pattern: str) -> str:
        return "".join(pattern.format(written) for written in LOST_DIGITS)

    result = cleaned(
        HEADER + lines("{},10,3,1\n") + lines("1,{},3,1\n") + "1,10,3,1\n",
        "movieId,title,genres\n" + lines("{},Movie,Drama\n"),
        users="userId,gender\n" + lines("{},F\n"),
        hidden="movieId\n" + lines("{}\n"),
    )
    assert result.ratings() == [("1", "10", 3)]
    count = len(LOST_DIGITS)
    assert result.rows(
        "select file, rule, min(line), count(*) from rejected_rows group by all order by all"
    ) == [
        ("hidden.csv", "movie_id_lost_digits", 2, count),
        ("movies.csv", "movie_id_lost_digits", 2, count),
        ("ratings.csv", "movie_id_lost_digits", 2 + count, count),
        ("ratings.csv", "user_id_lost_digits", 2, count),
        ("users.csv", "user_id_lost_digits", 2, count),
    ]


def test_an_id_that_has_lost_digits_is_not_repaired_as_a_missing_one(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,3,1\n1.58292E+18,11,3,1\n3,10,3,1\n")
    assert result.counts.rows_repaired == 0


def test_lost_digits_that_stop_a_run_come_with_a_remedy(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1.58292E+18,10,3,1\n" * 3)
    with pytest.raises(InputError, match=r"user_id_lost_digits.*; export the file again with"):
        Cleaned(folder, tmp_path, max_rejected=0.1)


def test_a_hidden_item_is_marked_and_a_row_that_hides_none_recorded_and_named(
    cleaned: Any, caplog: pytest.LogCaptureFixture
) -> None:
    result = cleaned(HEADER + "1,10,3,1\n1,11,3,1\n", hidden="movieId\n10.0\n\n \nnan\n99\n")
    assert result.rows("select item_id from items where is_hidden") == [("10",)]
    assert result.rows("select file, line, rule from rejected_rows") == [
        ("hidden.csv", 5, "movie_id_missing"),
        ("hidden.csv", 6, "unknown_item"),
    ]
    assert caplog.messages == [
        "hidden.csv: no movie has the ids 99, so they hide nothing; correct or remove them"
    ]


def test_unknown_ids_of_hidden_films_count_towards_no_limit_and_the_first_are_named(
    write_input: WriteInput, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ids = "\n".join(map(str, range(10, 18)))
    movies = "movieId,title,genres\n9,A,\n"
    folder = write_input(HEADER + "1,10,3,1\n1,9,3,1\n", movies, hidden=f"movieId\n{ids}\n")
    found = Cleaned(folder, tmp_path, max_rejected=0)
    assert found.rows("select raw from rejected_rows order by line") == [
        (str(each),) for each in range(11, 18)
    ]
    assert found.counts.rows_rejected == 0
    assert caplog.messages[0].startswith(
        "hidden.csv: no movie has the ids 11, 12, 13, 14, 15 and 2 more, so they hide nothing"
    )


def test_ratings_are_counted_before_and_after(cleaned: Any) -> None:
    result = cleaned(HEADER + "1,10,3,1\n1,11,3,1\n1,12,99,1\n1,13,x,1\n1\n")
    assert result.rows("select stage, rating, rows from rating_counts order by all") == [
        ("after", 3, 2),
        ("before", 3, 2),
        ("before", 99, 1),
        ("before", None, 2),
    ]


def test_more_rejected_rows_than_allowed_stop_the_run(write_input: WriteInput, tmp_path: Path) -> None:
    good = "".join(f"1,{item},3,1\n" for item in range(90))
    folder = write_input(HEADER + good + "1,x,99,1\n" * 10, MOVIES, spec=STARS)
    assert Cleaned(folder, tmp_path, max_rejected=0.1).counts.rows_rejected == 10
    folder = write_input(HEADER + good + "1,x,99,1\n" * 11, MOVIES, spec=STARS)
    with pytest.raises(
        InputError, match=r"ratings.csv: 11 of 101 rows \(10.9%\).*rating_out_of_range.*line 92"
    ):
        Cleaned(folder, tmp_path, max_rejected=0.1)


def test_another_scale_of_ratings_is_named_and_no_limit_is_advised(
    write_input: WriteInput, tmp_path: Path
) -> None:
    rows = "".join(f"1,{item},{item % 10 + 1},1\n" for item in range(100))
    with pytest.raises(
        InputError, match=r"nearly all ratings are from 1 to 10; declare the scale under \[value\] in input"
    ):
        Cleaned(write_input(HEADER + rows, MOVIES, spec=STARS), tmp_path, max_rejected=0.1)


def test_negative_weights_are_named_and_no_scale_is_advised(write_input: WriteInput, tmp_path: Path) -> None:
    rows = "".join(f"1,{item},{-1 if item % 5 == 0 else item},1\n" for item in range(1, 101))
    spec = STARS.replace('column = "rating"', 'column = "rating"\nkind = "weight"')
    with pytest.raises(
        InputError, match=r"numbers are from -1 to 99; a weight is not below 0: leave returns"
    ):
        Cleaned(write_input(HEADER + rows, MOVIES, spec=spec), tmp_path, max_rejected=0.1)


def test_milliseconds_that_stop_a_run_come_with_a_remedy(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1,10,3,1500000000000\n" * 3, spec=STARS)
    with pytest.raises(InputError, match=r"timestamp_not_a_time.*; declare their format under \[time\]"):
        Cleaned(folder, tmp_path, max_rejected=0.1)


def test_exactly_the_allowed_share_is_allowed(write_input: WriteInput, tmp_path: Path) -> None:
    good = "".join(f"1,{item},3,1\n" for item in range(71))
    folder = write_input(HEADER + good + "1,x,99,1\n" * 29, MOVIES, spec=STARS)
    assert Cleaned(folder, tmp_path, max_rejected=0.29).counts.rows_rejected == 29


def test_a_catalogue_with_every_item_hidden_stops_the_run(write_input: WriteInput, tmp_path: Path) -> None:
    folder = write_input(HEADER + "1,10,3,1\n", hidden="movieId\n10\n")
    with pytest.raises(InputError, match=r"hidden.csv: hides every movie"):
        Cleaned(folder, tmp_path)


def test_the_share_of_rejected_rows_is_limited_for_each_file(write_input: WriteInput, tmp_path: Path) -> None:
    good = "".join(f"1,{item},3,1\n" for item in range(90))
    folder = write_input(HEADER + good, "movieId,title,genres\n1,A,Drama\n2,B\n")
    with pytest.raises(InputError, match=r"movies.csv: 1 of 2 rows"):
        Cleaned(folder, tmp_path, max_rejected=0.1)


def test_weights_that_models_cannot_add_up_are_rejected(write_input: WriteInput, tmp_path: Path) -> None:
    weights = ["0", "1e15", "2e15", "1e300", "inf", "nan", "-1"]
    rows = [f"1,{item},{weight},1" for item, weight in enumerate(weights)]
    folder = write_input(HEADER + "\n".join(rows))
    spec = STARS.replace('column = "rating"', 'column = "rating"\nkind = "weight"\nlogarithmic = false')
    (folder / "input.toml").write_text(spec, encoding="utf-8")
    cleaned = Cleaned(folder, tmp_path)
    rejected = cleaned.rows(
        "select line - 2, rule from rejected_rows where file = 'ratings.csv' order by line"
    )
    assert rejected == [
        (2, "rating_out_of_range"), (3, "rating_out_of_range"), (4, "rating_not_a_number"),
        (5, "rating_not_a_number"), (6, "rating_out_of_range"),
    ]  # fmt: skip
