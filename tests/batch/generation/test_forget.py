"""A forgotten user is in no generation, and in none that is made later."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch.data.exclusions import read_exclusions
from batch.errors import BatchError, RefusedError, UsageError
from batch.generation.forget import Forgotten, forget
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.generation.store import Output
from batch.generation.verify import verify
from batch.runtime.progress import Progress
from batch.settings import Settings
from tests.commands import invoke
from tests.conftest import WriteInput, changed, copied, publish, written
from tests.films import ITEMS, MOVIES, RATINGS, RATINGS_HEADER, START, USERS

# An id that is not in a file by chance; lists and histories are stored as they are.
ZOE = "zoe-of-nowhere"
ZOES = "".join(f"{ZOE},{item},5,{START + item}\n" for item in (1, 3, 5))


def _forget(output: Path, user_id: str, *, in_advance: bool = False) -> Forgotten:
    progress = Progress(quiet=True)
    return forget(Output(output), user_id, Settings(output=output), progress, in_advance=in_advance)


def _rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _files(output: Path) -> list[Path]:
    return [Output(output).file(each) for each in Output(output).generations()]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Two generations that know Zoe, of which the older one is published; nobody may touch their folder."""
    folder = tmp_path_factory.mktemp("both")
    data, output = folder / "data", folder / "output"
    # What does not parse is of whom it may be of.
    older = publish(written(data, RATINGS + ZOES + f"{ZOE};7;5\n{ZOE},9,77,1\n{ZOE},1,4,1\n"), output)
    publish(written(data, RATINGS + ZOES), output)
    rollback(Output(output))
    return older


@pytest.fixture
def two(both: Published, tmp_path: Path) -> Path:
    """An output folder of one's own with the same."""
    copied(both, tmp_path / "output")
    return tmp_path / "output"


def test_nothing_of_the_user_is_left_in_any_file(two: Path) -> None:
    assert all(ZOE.encode() in file.read_bytes() for file in _files(two))
    raw = _rows(_files(two)[0], "select rule, user_id from rejected_rows order by line")
    assert raw == [("missing_columns", None), ("rating_out_of_range", ZOE), ("superseded", ZOE)]
    _forget(two, ZOE)
    assert len(_files(two)) == 2
    for file in two.rglob("*"):
        if file.is_file():
            assert ZOE.encode() not in file.read_bytes()
    for file in _files(two):
        assert _rows(file, "from rejected_rows") == []
        assert _rows(file, "select count(*) from users") == [(USERS,)]


def test_generations_keep_their_order_and_the_published_one_stays_so(two: Path) -> None:
    output = Output(two)
    first, second = output.generations()
    forgotten = _forget(two, ZOE)
    new = output.generations()
    assert [(each.before, each.after) for each in forgotten.generations] == [
        (first, new[0]),
        (second, new[1]),
    ]
    assert min(new) > second
    assert output.current() == forgotten.published == new[0]
    assert output.rolled_back() == [new[1]]
    ((made_by, made_from),) = _rows(output.file(new[1]), "select made_by, made_from from generation")
    assert (made_by, made_from) == ("forget", second)
    assert not output.work.exists()
    assert output.file(new[0]).stat().st_mode & 0o777 == 0o444


def test_every_invariant_still_holds_and_no_other_list_has_changed(two: Path) -> None:
    query = f"select * from recommendations where user_id <> '{ZOE}' order by all"
    before = [_rows(file, query) for file in _files(two)]
    _forget(two, ZOE)
    assert [_rows(file, query) for file in _files(two)] == before
    for file in _files(two):
        assert verify(file, users=0).violations == []


def test_what_is_counted_no_longer_counts_the_user(two: Path) -> None:
    counts = "rows_read, rows_kept, rows_rejected, rows_superseded, rows_held_out, users"
    (before,) = _rows(_files(two)[0], f"select {counts} from generation")
    _forget(two, ZOE)
    (after,) = _rows(_files(two)[0], f"select {counts} from generation")
    assert after == (before[0] - 6, before[1] - 3, before[2] - 2, before[3] - 1, 6, USERS)
    comments = "select comment from duckdb_columns() where table_name = 'lookups' order by all"
    assert all(comment for (comment,) in _rows(_files(two)[0], comments))
    assert _rows(_files(two)[0], "select ratings, mean_rating from items where item_id = '7'") == [
        (22, pytest.approx(18 * 5 / 22 + 4 / 22))
    ]
    after_cleaning = "select sum(rows) from rating_counts where stage = 'after'"
    assert _rows(_files(two)[0], after_cleaning) == [(after[1],)]


def _without_ids_of(user: str) -> str:
    """Return the ratings, those of one user without the id and one of them out of range."""
    lines = [
        line.removeprefix(user) if line.startswith(f"{user},") else line for line in RATINGS.splitlines()
    ]
    place = next(place for place, line in enumerate(lines) if line.startswith(","))
    lines[place] = ",9,77,1"
    return "\n".join(lines) + "\n"


def test_rows_without_an_id_go_with_the_user_they_were_given_to(
    write_input: WriteInput, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    publish(write_input(_without_ids_of("7")), output)
    assert _rows(_files(output)[0], "select rule, raw, user_id from rejected_rows") == [
        ("rating_out_of_range", ",9,77,1", "7")
    ]
    _forget(output, "7")
    (file,) = _files(output)
    assert _rows(file, "select count(*) from rejected_rows") == [(0,)]
    assert _rows(file, "select count(*) from repaired_rows") == [(0,)]
    again = publish(write_input(_without_ids_of("7")), output)
    ids = "select user_id from users union select user_id from repaired_rows"
    assert ("7",) not in _rows(again.file, ids)
    counts = again.counts
    assert (counts.rows_held_out, counts.rows_repaired, counts.rows_rejected) == (ITEMS // 2 + 1, 0, 0)


def test_a_repair_rests_on_the_rows_of_a_neighbour_who_is_forgotten(
    write_input: WriteInput, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    publish(write_input(_without_ids_of("7")), output)
    _forget(output, "8")
    made = publish(write_input(_without_ids_of("7")), output)
    assert _rows(made.file, "select distinct user_id from repaired_rows") == [("7",)]
    assert _rows(made.file, "select count(*) from users where user_id = '8'") == [(0,)]


def test_what_is_known_of_the_user_goes_too_and_is_held_out(write_input: WriteInput, tmp_path: Path) -> None:
    told = f"userId,gender,age,occupation\n{ZOE},F,30,writer\n{ZOE},F,999,writer\n{ZOE};F\n"
    ratings, output = RATINGS + ZOES, tmp_path / "output"
    made = publish(write_input(ratings, users=told), output, max_rejected=1)
    rows = _rows(made.file, "select rule, user_id from rejected_rows order by line")
    assert rows == [("age_out_of_range", ZOE), ("missing_columns", None)]
    _forget(output, ZOE)
    assert ZOE.encode() not in _files(output)[0].read_bytes()
    again = publish(write_input(ratings, users=told), output, max_rejected=1)
    assert ZOE.encode() not in again.file.read_bytes()
    assert again.counts.rows_held_out == 3


def test_a_segment_has_one_user_less(write_input: WriteInput, tmp_path: Path) -> None:
    told = "userId,gender\n" + "".join(f"{user},F\n" for user in range(60))
    ratings = RATINGS_HEADER + "\n" + "".join(f"{user},{user % 3},5,{user}\n" for user in range(60))
    output = tmp_path / "output"
    publish(write_input(ratings, users=told), output)
    _forget(output, "3")
    assert _rows(_files(output)[0], "select segment, users from segments") == [("gender=F", 59)]


def test_a_later_run_is_as_if_the_user_were_not_in_the_input(
    two: Path, write_input: WriteInput, tmp_path: Path
) -> None:
    _forget(two, ZOE)
    held_out = publish(write_input(RATINGS + ZOES + f"{ZOE};7;5\n{ZOE},9,77,1\n{ZOE},1,4,1\n"), two)
    without = publish(write_input(RATINGS), tmp_path / "without")
    for table in (
        "recommendations",
        "items",
        "users",
        "item_factors",
        "rejected_rows",
        "rating_counts",
        "rows_by_rule",
        "viewers",
        "lookups",
    ):
        query = f"select * from {table} order by all"
        assert _rows(held_out.file, query) == _rows(without.file, query)
    assert held_out.counts.rows_held_out == 6
    assert held_out.counts.rows_read == without.counts.rows_read
    assert ZOE.encode() not in held_out.file.read_bytes()


def test_the_next_run_has_something_to_do_and_the_one_after_it_has_not(
    write_input: WriteInput, tmp_path: Path
) -> None:
    data, output = write_input(RATINGS), tmp_path / "output"
    publish(data, output)
    _forget(output, "7")
    assert publish(data, output).is_new
    assert not publish(data, output).is_new


def test_the_list_does_not_tell_who_is_on_it(published: Published, tmp_path: Path) -> None:
    output = shutil.copytree(published.file.parent.parent, tmp_path / "output", symlinks=True)
    _forget(output, "3")
    listed = json.loads((output / "forgotten.json").read_text())
    assert [len(each) for each in listed] == [64]
    assert (output / "forgotten.key").stat().st_mode & 0o777 == 0o600
    _forget(output, "4")
    exclusions = read_exclusions(output)
    assert [user for user in range(USERS) if exclusions.is_forgotten(str(user))] == [3, 4]
    other = tmp_path / "other"
    _forget(other, "3", in_advance=True)
    assert json.loads((other / "forgotten.json").read_text()) != listed


def test_who_is_in_no_generation_is_refused_and_held_out_if_that_is_meant(
    published: Published, tmp_path: Path
) -> None:
    output = shutil.copytree(published.file.parent.parent, tmp_path / "output", symlinks=True)
    with pytest.raises(UsageError, match=f"has a user {ZOE}, so nobody is forgotten.*--in-advance"):
        _forget(output, ZOE)
    assert not read_exclusions(output).is_forgotten(ZOE)
    forgotten = _forget(output, ZOE, in_advance=True)
    assert forgotten.generations == []
    assert Output(output).current() == published.generation
    assert read_exclusions(output).is_forgotten(ZOE)
    assert not forgotten.was_forgotten
    assert _forget(output, ZOE).was_forgotten


@pytest.mark.parametrize("fault", ["damaged", "older"])
def test_nobody_is_forgotten_where_a_copy_would_stay(two: Path, fault: str) -> None:
    file = _files(two)[1]
    file.chmod(0o644)
    if fault == "damaged":
        file.write_bytes(b"damaged")
    else:
        with duckdb.connect(str(file)) as connection:
            connection.execute("alter table rejected_rows drop column user_id")
    kept = Output(two).generations()
    with pytest.raises(BatchError, match=f"{file.stem}.*nothing is forgotten; remove the file"):
        _forget(two, ZOE)
    assert Output(two).generations() == kept
    assert not read_exclusions(two).is_forgotten(ZOE)
    file.unlink()
    assert len(_forget(two, ZOE).generations) == 1


def test_a_lost_link_is_made_again_first(two: Path) -> None:
    Output(two).link.unlink()
    with pytest.raises(UsageError, match="shows no generation"):
        _forget(two, ZOE)


@pytest.mark.parametrize("top_n", [2, 10])
def test_an_item_that_nobody_else_has_rated_leaves_the_lists_until_the_next_run_fills_them(
    write_input: WriteInput, tmp_path: Path, top_n: int
) -> None:
    output = tmp_path / "output"
    data = write_input(f"{RATINGS}3,rare,5,{START}\n", MOVIES + "rare,Rare (2000),\n")
    made = publish(data, output, top_n=top_n)
    assert _rows(made.file, "select count(*) > 0 from recommendations where item_id = 'rare'") == [(True,)]
    forgotten = _forget(output, "3")
    assert forgotten.generations[0].unrated == ["rare"]
    (file,) = _files(output)
    assert _rows(file, "select ratings, mean_rating, popularity from items where item_id = 'rare'") == [
        (0, None, None)
    ]
    for table in ("recommendations", "popular", "similar_items", "item_factors", "histories"):
        assert _rows(file, f"select count(*) from {table} where item_id = 'rare'") == [(0,)]
    assert verify(file, users=0).violations == []
    lengths = "select min(length) from (select count(*) as length from recommendations group by user_id)"
    (shorter,), (full,) = _rows(file, lengths), _rows(publish(data, output, top_n=top_n).file, lengths)
    assert (shorter < full) == (top_n == 2)


def test_without_the_key_nothing_is_published(items: Path, published: Published, tmp_path: Path) -> None:
    copied(published, tmp_path)
    _forget(tmp_path, "3")
    key = (tmp_path / "forgotten.key").read_text()
    for damage in ("", "no key"):
        (tmp_path / "forgotten.key").write_text(damage)
        with pytest.raises(BatchError, match=r"forgotten\.key: is missing or damaged"):
            publish(items, tmp_path, rebuild=True)
    (tmp_path / "forgotten.key").unlink()
    with pytest.raises(BatchError, match=r"forgotten\.key: is missing or damaged"):
        publish(items, tmp_path, rebuild=True)
    (tmp_path / "forgotten.key").write_text(key)
    assert publish(items, tmp_path).counts.rows_held_out > 0


def test_a_file_that_an_older_version_published_with_a_broken_invariant_is_named(
    published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path / "output") as connection:
        connection.execute("update generation set overridden = ['no list is full']")
        connection.execute("delete from recommendations where user_id = '3' and rank = 9")
    output = Output(tmp_path / "output")
    with pytest.raises(RefusedError, match=r"every list is full.*published it by --force: remove the file"):
        _forget(output.folder, "4")
    assert output.generations() == [published.generation]
    assert not read_exclusions(output.folder).is_forgotten("4")


def test_the_command_says_what_was_removed_where(published: Published, tmp_path: Path) -> None:
    output = tmp_path / "output"
    copied(published, output)
    done = invoke("forget", "3", "--output", output)
    assert done.returncode == 0
    new = Output(output).current()
    assert f"{published.generation} -> {new}: removed rows: " in done.stdout
    assert "1 of users" in done.stdout
    again = json.loads(invoke("forget", "3", "--output", output, "--json", "--quiet").stdout)
    assert again == {"user_id": "3", "was_forgotten": True, "published": new, "generations": []}
    listed = json.loads(invoke("generations", "--output", output, "--json").stdout)
    assert [(row["generation"], row["made_by"], row["users"]) for row in listed] == [
        (new, "forget", USERS - 1)
    ]
