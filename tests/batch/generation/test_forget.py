"""A forgotten user is in no generation, and in none that is made later."""

import json
from pathlib import Path

import duckdb
import pytest

from batch.data.exclusions import read_exclusions
from batch.errors import BatchError, RefusedError, UsageError
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.rollback import rollback
from batch.generation.verify import verify
from tests.batch.generation.conftest import files_of, forgotten
from tests.commands import invoke
from tests.conftest import WriteInput, changed, copied, publish, select, written
from tests.films import ITEMS, MOVIES, RATINGS, RATINGS_HEADER, START, USERS

# An id that is not in a file by chance; lists and histories are stored as they are.
ZOE = "zoe-of-nowhere"
ZOES = "".join(f"{ZOE},{item},5,{START + item}\n" for item in (1, 3, 5))
# A line that does not parse belongs to the user whose id is in it.
RATINGS_OF_BOTH = RATINGS + ZOES + f"{ZOE};7;5\n{ZOE},9,77,1\n{ZOE},1,4,1\n"
LISTS_OF_OTHERS = f"select * from recommendations where user_id <> '{ZOE}' order by all"
COUNTS = "select rows_read, rows_kept, rows_rejected, rows_superseded, rows_held_out, users from generation"


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Two generations that know Zoe, of which the older one is published; nobody may touch their folder."""
    folder = tmp_path_factory.mktemp("before")
    older = publish(written(folder / "data", RATINGS_OF_BOTH), folder / "output")
    publish(written(folder / "data", RATINGS + ZOES), folder / "output")
    rollback(Output(folder / "output"))
    return older


@pytest.fixture
def two(before: Published, tmp_path: Path) -> Path:
    """An output folder of one's own with the same."""
    copied(before, tmp_path / "output")
    return tmp_path / "output"


@pytest.fixture(scope="module")
def after(before: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after Zoe was forgotten; nobody may touch it."""
    output = tmp_path_factory.mktemp("after") / "output"
    copied(before, output)
    forgotten(output, ZOE)
    return output


def test_nothing_of_the_user_is_left_in_any_file(before: Published, after: Path) -> None:
    raw = select(before.file, "select rule, user_id from rejected_rows order by line")
    assert raw == [("missing_columns", None), ("rating_out_of_range", ZOE), ("superseded", ZOE)]
    assert all(ZOE.encode() in file.read_bytes() for file in files_of(before.file.parent.parent))
    assert [file for file in after.rglob("*") if file.is_file() and ZOE.encode() in file.read_bytes()] == []
    for file in files_of(after):
        assert select(file, "from rejected_rows") == []
        assert select(file, "select count(*) from users") == [(USERS,)]


def test_generations_keep_their_order_and_the_published_one_stays_so(two: Path) -> None:
    output = Output(two)
    old = output.generations()
    done = forgotten(two, ZOE)
    new = output.generations()
    assert [(each.before, each.after) for each in done.generations] == [*zip(old, new, strict=True)]
    assert min(new) > max(old)
    assert output.current() == done.published == new[0]
    assert output.rolled_back() == [new[1]]
    query = "select made_by, made_from from generation"
    assert select(output.file(new[1]), query) == [("forget", old[1])]
    assert not output.work.exists()
    assert output.file(new[0]).stat().st_mode & 0o777 == 0o444


def test_every_invariant_still_holds_and_no_other_list_has_changed(before: Published, after: Path) -> None:
    pairs = zip(files_of(before.file.parent.parent), files_of(after), strict=True)
    for old, new in pairs:
        assert select(old, LISTS_OF_OTHERS) == select(new, LISTS_OF_OTHERS)
        assert verify(new, users=0).violations == []


def test_what_is_counted_no_longer_counts_the_user(before: Published, after: Path) -> None:
    file = files_of(after)[0]
    ((read, kept, rejected, superseded, *_),) = select(before.file, COUNTS)
    assert select(file, COUNTS) == [(read - 6, kept - 3, rejected - 2, superseded - 1, 6, USERS)]
    assert select(file, "select ratings, mean_rating from items where item_id = '7'") == [
        (22, pytest.approx(18 * 5 / 22 + 4 / 22))
    ]
    assert select(file, "select sum(rows) from rating_counts where stage = 'after'") == [(kept - 3,)]
    comments = select(file, "select comment from duckdb_columns() where table_name = 'lookups'")
    assert all(comment for (comment,) in comments)


def test_a_later_run_is_as_if_the_user_were_not_in_the_input(
    two: Path, write_input: WriteInput, published: Published
) -> None:
    forgotten(two, ZOE)
    data = write_input(RATINGS_OF_BOTH)
    held_out = publish(data, two)
    assert held_out.is_new
    for table in (
        *("recommendations", "items", "users", "item_factors", "rejected_rows", "rating_counts"),
        *("rows_by_rule", "item_stats", "lookups"),
    ):
        query = f"select * from {table} order by all"
        assert select(held_out.file, query) == select(published.file, query)
    assert held_out.counts.rows_held_out == 6
    assert held_out.counts.rows_read == published.counts.rows_read
    assert ZOE.encode() not in held_out.file.read_bytes()
    assert not publish(data, two).is_new


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Published]:
    """Ratings, those of user 7 without the id and one of them out of range; and what they make."""
    folder = tmp_path_factory.mktemp("repaired")
    lines = [line.removeprefix("7") if line.startswith("7,") else line for line in RATINGS.splitlines()]
    lines[next(place for place, line in enumerate(lines) if line.startswith(","))] = ",9,77,1"
    data = written(folder / "data", "\n".join(lines) + "\n")
    return data, publish(data, folder / "output")


def test_rows_without_an_id_go_with_the_user_they_were_given_to(
    repaired: tuple[Path, Published], tmp_path: Path
) -> None:
    data, before = repaired
    copied(before, tmp_path)
    query = "select rule, raw, user_id from rejected_rows"
    assert select(before.file, query) == [("rating_out_of_range", ",9,77,1", "7")]
    forgotten(tmp_path, "7")
    (file,) = files_of(tmp_path)
    assert select(file, "from rejected_rows") == select(file, "from repaired_rows") == []
    again = publish(data, tmp_path)
    ids = "select user_id from users union select user_id from repaired_rows"
    assert ("7",) not in select(again.file, ids)
    counts = again.counts
    assert (counts.rows_held_out, counts.rows_repaired, counts.rows_rejected) == (ITEMS // 2 + 1, 0, 0)


def test_a_repair_rests_on_the_rows_of_a_neighbour_who_is_forgotten(
    repaired: tuple[Path, Published], tmp_path: Path
) -> None:
    data, before = repaired
    copied(before, tmp_path)
    forgotten(tmp_path, "8")
    again = publish(data, tmp_path)
    assert select(again.file, "select distinct user_id from repaired_rows") == [("7",)]
    assert select(again.file, "from users where user_id = '8'") == []


def test_attributes_of_the_user_go_too_and_a_segment_has_one_user_less(
    write_input: WriteInput, tmp_path: Path
) -> None:
    ratings = RATINGS_HEADER + "\n" + "".join(f"{user},{user % 3},5,{user}\n" for user in range(60)) + ZOES
    users = f"userId,gender,age,occupation\n{ZOE},F,30,writer\n{ZOE},F,999,writer\n{ZOE};F\n"
    users += "".join(f"{user},F,,\n" for user in range(60))
    data, output = write_input(ratings, users=users), tmp_path / "output"
    before = publish(data, output, max_rejected=1)
    query = "select rule, user_id from rejected_rows order by line"
    assert select(before.file, query) == [("superseded", ZOE), ("missing_columns", None)]
    repaired = "select file, rule, user_id from repaired_rows"
    assert select(before.file, repaired) == [("users.csv", "age_out_of_range", ZOE)]
    assert select(before.file, "select segment, users from segments") == [("gender=F", 61)]
    forgotten(output, ZOE)
    (file,) = files_of(output)
    assert ZOE.encode() not in file.read_bytes()
    assert select(file, "select segment, users from segments") == [("gender=F", 60)]
    assert select(file, repaired) == []
    again = publish(data, output, max_rejected=1)
    assert ZOE.encode() not in again.file.read_bytes()
    assert again.counts.rows_held_out == 3


KNOWN_USER = """
update users set attributes = '{"country": "DE", "plan": "free", "age": 30}' where user_id = '3';
insert into segments values
    ('country=DE&plan=free', 1, null, null, null, '{}', 60), ('country=FR', 2, null, null, null, '{}', 50),
    ('age_group=30', 3, null, null, null, '{}', 70), ('plan=free', 4, null, null, null, '{}', 80);
insert into input_warnings values
    ('heavy_user', 'ratings.csv', 9, 'user 3 has 9 rows', '3'), ('other', 'a.csv', null, 'odd', null)
"""


def test_segments_of_any_attributes_and_warnings_lose_the_user(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute(KNOWN_USER)
    forgotten(tmp_path, "3")
    (file,) = files_of(tmp_path)
    assert select(file, "select segment, users from segments order by place") == [
        ("country=DE&plan=free", 59), ("country=FR", 50), ("age_group=30", 69), ("plan=free", 79),
    ]  # fmt: skip
    assert select(file, "select warning from input_warnings") == [("other",)]


def test_a_user_of_a_file_of_before_is_forgotten(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("insert into segments values ('gender=F', 1, 'F', null, null, '{}', 60)")
        connection.execute("update users set gender = 'F' where user_id = '3'")
        connection.execute("alter table segments drop attributes; alter table users drop attributes")
        connection.execute("drop table input_warnings")
    forgotten(tmp_path, "3")
    (file,) = files_of(tmp_path)
    assert select(file, "select segment, users from segments") == [("gender=F", 59)]


def test_the_list_of_forgotten_users_does_not_tell_who_they_are(published: Published, tmp_path: Path) -> None:
    output, other = tmp_path / "output", tmp_path / "other"
    copied(published, output)
    forgotten(output, "3")
    listed = json.loads((output / "forgotten.json").read_text())
    assert [len(each) for each in listed] == [64]
    assert (output / "forgotten.key").stat().st_mode & 0o777 == 0o600
    forgotten(output, "4")
    exclusions = read_exclusions(output)
    assert [user for user in range(USERS) if exclusions.is_forgotten(str(user))] == [3, 4]
    forgotten(other, "3", in_advance=True)
    assert json.loads((other / "forgotten.json").read_text()) != listed


def test_a_user_of_no_generation_is_refused_and_held_out_in_advance(
    published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    with pytest.raises(UsageError, match=f"has a user {ZOE}, so nobody is forgotten.*--in-advance"):
        forgotten(tmp_path, ZOE)
    assert not read_exclusions(tmp_path).is_forgotten(ZOE)
    done = forgotten(tmp_path, ZOE, in_advance=True)
    assert (done.generations, done.was_forgotten) == ([], False)
    assert Output(tmp_path).current() == published.generation
    assert read_exclusions(tmp_path).is_forgotten(ZOE)
    assert forgotten(tmp_path, ZOE).was_forgotten


@pytest.mark.parametrize("fault", ["damaged", "older"])
def test_nobody_is_forgotten_if_a_copy_would_stay(two: Path, fault: str) -> None:
    file = files_of(two)[1]
    file.chmod(0o644)
    if fault == "damaged":
        file.write_bytes(b"damaged")
    else:
        with duckdb.connect(str(file)) as connection:
            connection.execute("alter table rejected_rows drop column user_id")
    kept = Output(two).generations()
    with pytest.raises(BatchError, match=f"{file.stem}.*nothing has changed; delete the file"):
        forgotten(two, ZOE)
    assert Output(two).generations() == kept
    assert not read_exclusions(two).is_forgotten(ZOE)
    file.unlink()
    assert len(forgotten(two, ZOE).generations) == 1


def test_a_generation_that_has_item_stats_by_its_old_name_gets_both(
    published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("drop view viewers; alter table item_stats rename to viewers")
    forgotten(tmp_path, "3")
    (file,) = files_of(tmp_path)
    stats = select(file, "from item_stats")
    assert stats == select(file, "from viewers")
    assert stats != select(published.file, "from item_stats")


def test_a_generation_whose_similar_items_have_no_weights_gets_those_of_the_scores(
    published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("alter table similar_items drop weight; alter table item_factors drop users")
        connection.execute("drop index similar_lookups_item_id")
        connection.execute("alter table similar_lookups alter scores type float[]")
    forgotten(tmp_path, "3")
    (file,) = files_of(tmp_path)
    differ = "from similar_items where weight is distinct from round(1000 * score)"
    assert select(file, differ) == []
    weights = (
        "select item_id, list(weight order by rank) from similar_items group by item_id order by item_id"
    )
    assert select(file, "select item_id, scores from similar_lookups order by item_id") == select(
        file, weights
    )
    assert verify(file, users=0).violations == []


def test_a_lost_link_is_made_again_first(two: Path) -> None:
    Output(two).link.unlink()
    with pytest.raises(UsageError, match="shows no generation"):
        forgotten(two, ZOE)


@pytest.mark.parametrize("top_n", [6, 10])
def test_an_item_that_nobody_else_has_rated_leaves_the_lists_until_the_next_run_fills_them(
    write_input: WriteInput, tmp_path: Path, top_n: int
) -> None:
    output = tmp_path / "output"
    data = write_input(f"{RATINGS}3,rare,5,{START}\n", MOVIES + "rare,Rare (2000),\n")
    before = publish(data, output, top_n=top_n)
    assert select(before.file, "from recommendations where item_id = 'rare'") != []
    assert forgotten(output, "3").generations[0].unrated == ["rare"]
    (file,) = files_of(output)
    query = "select ratings, mean_rating, popularity from items where item_id = 'rare'"
    assert select(file, query) == [(0, None, None)]
    for table in ("recommendations", "popular", "similar_items", "item_factors", "histories"):
        assert select(file, f"from {table} where item_id = 'rare'") == []
    assert verify(file, users=0).violations == []
    lengths = "select min(length) from (select count(*) as length from recommendations group by user_id)"
    shorter, full = select(file, lengths), select(publish(data, output, top_n=top_n).file, lengths)
    assert (shorter < full) == (top_n == 6)


@pytest.mark.parametrize("key", [None, "", "no key"])
def test_nothing_is_published_without_the_key(
    items: Path, published: Published, tmp_path: Path, key: str | None
) -> None:
    copied(published, tmp_path)
    forgotten(tmp_path, "3", in_advance=True)
    file = tmp_path / "forgotten.key"
    right = file.read_text()
    file.unlink()
    if key is not None:
        file.write_text(key)
    with pytest.raises(BatchError, match=r"forgotten\.key: is missing or damaged"):
        publish(items, tmp_path, rebuild=True)
    file.write_text(right)
    assert read_exclusions(tmp_path).is_forgotten("3")


def test_a_file_that_an_older_version_published_with_a_broken_invariant_is_named(
    published: Published, tmp_path: Path
) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("update generation set overridden = ['no list is full']")
        connection.execute("delete from recommendations where user_id = '3' and rank = 9")
    with pytest.raises(
        RefusedError, match=r"every list is full.*version 0.5 or older published it: delete the file"
    ):
        forgotten(tmp_path, "4")
    assert Output(tmp_path).generations() == [published.generation]
    assert not read_exclusions(tmp_path).is_forgotten("4")


def test_the_command_prints_what_was_removed_from_which_generation(
    published: Published, tmp_path: Path
) -> None:
    copied(published, tmp_path)
    done = invoke("forget", "3", "--output", tmp_path)
    assert done.returncode == 0
    new = Output(tmp_path).current()
    assert f"{published.generation} -> {new}: removed rows: " in done.stdout
    assert "1 of users" in done.stdout
    again = json.loads(invoke("forget", "3", "--output", tmp_path, "--json", "--quiet").stdout)
    assert again == {"user_id": "3", "was_forgotten": True, "published": new, "generations": []}
    (row,) = json.loads(invoke("generations", "--output", tmp_path, "--json").stdout)
    assert (row["generation"], row["made_by"], row["users"]) == (new, "forget", USERS - 1)
