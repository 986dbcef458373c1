"""A published file is verified: its invariants, and its lists by all products in double precision."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from batch.errors import BatchError
from batch.generation.check import INVARIANTS
from batch.generation.publish import Published
from batch.generation.verify import verify
from tests.commands import invoke
from tests.conftest import changed, copied


@pytest.fixture
def copy(published: Published, tmp_path: Path) -> Path:
    """A copy of a good generation that may be changed."""
    file = tmp_path / "copy.duckdb"
    shutil.copyfile(published.file, file)
    return file


def _change(file: Path, *statements: str) -> None:
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_invariant_of_a_published_file_holds(published: Published) -> None:
    verified = verify(published.file, users=0)
    assert verified.violations == []
    assert (verified.invariants, verified.users, verified.places) == (len(INVARIANTS), 40, 360)


def test_a_sample_is_the_same_every_time(published: Published) -> None:
    assert verify(published.file, users=3) == verify(published.file, users=3)
    assert verify(published.file, users=3).users == 3


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            "update recommendations set score = score * 1.0001 where user_id = '3' and rank = 1",
            "at rank 1 the stored score is .*, but this movie scores",
        ),
        (
            "update recommendations set score = score - 1e-3 where user_id = '3' and rank = 9",
            "at rank 9 the stored score is",
        ),
        (
            "update user_factors set factors = list_reverse(factors) where user_id = '3'",
            "at rank 1 the stored score is",
        ),
    ],
)
def test_a_list_that_is_not_that_of_the_vectors_is_found(copy: Path, fault: str, said: str) -> None:
    _change(copy, fault)
    (found,) = verify(copy, users=0).violations
    assert re.match(f"the stored list of user 3 differs from the recomputed list: {said}", found)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            "update similar_items set score = score * 1.0001 where item_id = '3' and rank = 1",
            "the stored list of movie 3 differs from the recomputed list: at rank 1 the stored score is",
        ),
        (
            "update item_factors set users = users + 1 where item_id = '3'",
            "the stored list of movie .* but this movie scores",
        ),
    ],
)
def test_similar_items_that_are_not_those_of_the_vectors_are_found(copy: Path, fault: str, said: str) -> None:
    _change(copy, fault)
    assert re.match(said, verify(copy, users=0).violations[0])


def test_similar_items_of_an_older_file_are_not_recomputed(copy: Path) -> None:
    _change(copy, "alter table item_factors drop users")
    verified = verify(copy, users=0)
    assert (verified.violations, verified.items) == ([], 0)


def test_a_better_item_that_was_left_out_is_found(
    of_five: Published, published: Published, tmp_path: Path
) -> None:
    shallow = copied(of_five, tmp_path)
    shallow.file.chmod(0o644)
    _change(
        shallow.file,
        f"attach '{published.file}' as deep (read_only)",
        "update recommendations set item_id = sixth.item_id, score = sixth.score "
        "from deep.recommendations sixth "
        "where sixth.user_id = '3' and recommendations.user_id = '3' and sixth.rank = 6 "
        "and recommendations.rank = 5",
        "update lookups set recommendations = (select string_agg(items.number, ',' order by rank) "
        "from recommendations join items using (item_id) where user_id = '3') where user_id = '3'",
    )
    (found,) = verify(shallow.file, users=0).violations
    assert re.match("the stored list of user 3 .*: at rank 5 the stored score is .*, expected", found)


def test_a_broken_invariant_is_found_and_then_no_list_is_recomputed(copy: Path) -> None:
    _change(copy, "delete from lookups where user_id = '3'", "delete from user_factors where user_id = '3'")
    verified = verify(copy, users=0)
    assert [each.split("'")[1] for each in verified.violations] == [
        "every look up is that of the tables",
        "every vector is finite",
    ]
    assert (verified.users, verified.places) == (0, 0)


def test_vectors_of_several_lengths_are_no_error_of_the_program(copy: Path) -> None:
    _change(copy, "update item_factors set factors = factors[2:] where item_id = '3'")
    (found,) = verify(copy, users=0).violations
    assert re.match("'every vector is finite' does not hold, in 1 places", found)


def test_parts_without_weights_are_found(copy: Path) -> None:
    _change(copy, "delete from part_weights where part = 'genres'")
    (found,) = verify(copy, users=0).violations
    assert re.match(r"'every part has weights' does not hold, in 1 places, .*'part': 'genres'", found)


def test_an_older_file_has_no_weights_of_parts(copy: Path) -> None:
    _change(
        copy,
        "drop table part_weights",
        "alter table generation drop parts",
        "alter table item_factors drop users",
    )
    assert verify(copy, users=0).violations == []
    _change(copy, "update item_factors set factors = factors[2:] where item_id = '3'")
    assert re.match("'every vector is finite'", verify(copy, users=0).violations[0])


def test_histories_are_held_against_the_number_of_ratings(copy: Path) -> None:
    _change(copy, "update users set ratings = 3 where user_id = '3'")
    assert any("every user has ratings" in each for each in verify(copy, users=0).violations)


def test_a_file_of_another_version_is_named(copy: Path) -> None:
    _change(copy, "drop table lookups")
    with pytest.raises(
        BatchError, match=r"copy\.duckdb: not what this version of the program writes.*lookups"
    ):
        verify(copy, users=0)


def test_a_damaged_file_is_named(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[len(content) // 2 :: 4096] = b"\0" * len(content[len(content) // 2 :: 4096])
    copy.write_bytes(content)
    with pytest.raises(BatchError, match=r"copy\.duckdb: (damaged|can't be opened)"):
        verify(copy, users=0)


def test_the_command_prints_what_it_checked(published: Published) -> None:
    output = published.file.parent.parent
    done = invoke("verify", "--output", output, "--users", "3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        (
            f"{published.file}: checked {len(INVARIANTS)} invariants, "
            "and recomputed the lists of 3 users (27 places) and the similar movies of 3 (57 places)"
        ),
        "ok",
    ]
    spoken = json.loads(invoke("verify", "--output", output, "--json").stdout)
    assert (spoken["generation"], spoken["users"], spoken["is_ok"]) == (published.generation, 40, True)


def test_a_broken_invariant_ends_with_1_and_one_message(published: Published, tmp_path: Path) -> None:
    with changed(published, tmp_path) as connection:
        connection.execute("update recommendations set score = 1e9 where rank = 2")
    done = invoke("verify", "--output", tmp_path, "--generation", published.generation, "--json")
    assert done.returncode == 1
    assert re.match(
        r"error: .*1 things do not hold, the first: 'scores never rise'.*rollback ID", done.stderr
    )
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["is_ok"] is False
    assert invoke("verify", "--output", tmp_path, "--generation", "nothing").returncode == 2
