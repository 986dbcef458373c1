"""A file that breaks a promise is refused: every invariant finds the fault that it is for."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from batch.errors import RefusedError
from batch.evaluation.gate import Quality
from batch.generation.check import INVARIANTS, Checked, check
from batch.generation.output_folder import Output
from batch.generation.publish import Published
from batch.generation.write import Draft
from sql import statement
from tests.conftest import copied, publish

FAULTS = {
    "every_id_resolves": [
        "insert into draft.popular values (11, 'nobody', 0)",
        "update draft.similar_items set similar_item_id = 'nobody' where item_id = '3' and rank = 2",
        "insert into draft.popular_by_segment values ('gender=F', 1, '3', 1)",
        "update draft.lookups set segment = 'gender=F' where user_id = '3'",
    ],
    "every_list_is_full": ["delete from draft.recommendations where user_id = '3' and rank = 9"],
    "every_look_up_is_that_of_the_tables": [
        "update draft.lookups set recommendations = recommendations || ',1' where user_id = '3'",
        "update draft.lookups set recommendations = '' where user_id = '3'",
        "update draft.lookups set history = '1,' || history where user_id = '3'",
        "update draft.lookups set seen = '1' where user_id = '3'",
        "delete from draft.lookups where user_id = '3'",
        "insert into draft.lookups values ('ghost', '1', '', '1', null, '', 't')",
        "update draft.lookups set because = because || ',' where user_id = '3'",
        "update draft.lookups set because = ',' || because where user_id = '3'",
        "update draft.lookups set because = '' where user_id = '3'",
        "update draft.recommendations set because_item_id = null where user_id = '3' and rank = 2",
        "update draft.similar_lookups set similar_items = similar_items || ',1' where item_id = '3'",
        "delete from draft.similar_lookups where item_id = '3'",
    ],
    "every_part_has_weights": [
        "update draft.part_weights set away = 'nan' where part = 'trend'",
        "update draft.part_weights set known = 'inf' where part = 'trend'",
        "update draft.part_weights set everybody = -1.01",
        "alter table draft.part_weights alter away drop not null; update draft.part_weights set away = null",
        "delete from draft.part_weights where part = 'genres'",
        "delete from draft.part_weights",
        "insert into draft.part_weights from draft.part_weights limit 1",
        "insert into draft.part_weights values ('luck', 0, 0, 0)",
        "alter table draft.part_weights add column luck double",
    ],
    "every_rating_is_in_a_history": [
        "delete from draft.histories where user_id = '3' and position = 2",
        "update draft.histories set item_id = 'unrated' where user_id = '3' and position = 2",
        "update draft.histories set position = 12 - position where user_id = '3'",
        "insert into draft.histories values ('3', 12, '3', 5, null, 1)",
    ],
    "every_reason_holds": [
        "update draft.recommendations set reason = 'luck' where user_id = '3' and rank = 2",
        "update draft.recommendations set reason = 'because', because_item_id = null where user_id = '3'",
        "update draft.items set genres = [item_id]",
    ],
    "every_reason_is_in_the_look_up": [
        "update draft.recommendations set reason = 'new' where user_id = '3' and rank = 2",
        "update draft.lookups set reasons = reasons || 't' where user_id = '3'",
        "update draft.lookups set reasons = '' where user_id = '3'",
        "delete from draft.recommendations where user_id = '3'",
    ],
    "every_reason_was_watched_and_liked": [
        "update draft.recommendations set because_item_id = 'nobody' where user_id = '3' and rank = 2",
        "update draft.recommendations set because_item_id = item_id where user_id = '3' and rank = 2",
        "update draft.histories set weight = 0 where rating = 5 and user_id = '3'",
        "update draft.items set is_hidden = true",
    ],
    "every_user_has_ratings": [
        "delete from draft.users where user_id = '3'",
        "update draft.users set ratings = 1 where user_id = '3'",
        "insert into draft.users (user_id, ratings, attributes) values ('ghost', 1, '{}')",
    ],
    "every_vector_is_finite": [
        "update draft.user_factors set factors = ['nan'::float] where user_id = '3'",
        "update draft.user_factors set factors = factors[2:] where user_id = '3'",
        "update draft.item_factors set factors = factors || [0::float] where item_id = '3'",
        "update draft.item_factors set factors = factors[2:]",
        "update draft.item_factors set factors = [] where item_id = '3'",
        "delete from draft.item_factors where item_id = '3'",
        "insert into draft.user_factors select * from draft.user_factors where user_id = '3'",
    ],
    "every_weight_is_in_the_look_up": [
        "update draft.similar_items set weight = weight + 1 where item_id = '3' and rank = 2",
        "update draft.similar_lookups set scores = list_reverse(scores) where item_id = '3'",
        "update draft.similar_lookups set scores = scores[2:] where item_id = '3'",
        "delete from draft.similar_lookups where item_id = '3'",
    ],
    "new_items_keep_to_their_share": [
        "update draft.recommendations set item_id = 'unrated' where user_id = '3' and rank = 9",
    ],
    "no_item_is_like_itself": ["update draft.similar_items set similar_item_id = item_id where rank = 2"],
    "no_item_is_listed_twice": [
        "insert into draft.recommendations from draft.recommendations where user_id = '3' and rank = 9",
        "insert into draft.popular select rank + 1, item_id, score from draft.popular where rank = 10",
        "insert into draft.similar_items from draft.similar_items where item_id = '3' and rank = 1",
        "insert into draft.popular_by_segment values ('x', 1, '3', 1), ('x', 2, '3', 1)",
    ],
    "no_seen_item_is_recommended": [
        "insert into draft.histories select user_id, 99, item_id, null, null, 1 from draft.recommendations",
    ],
    "only_candidates_are_recommended": [
        "update draft.recommendations set item_id = 'unrated' where user_id = '3' and rank = 2",
        "update draft.popular set item_id = 'unrated' where rank = 2",
        "update draft.items set is_hidden = true where item_id = '3'",
        "update draft.similar_items set similar_item_id = 'unrated' where item_id = '3' and rank = 2",
        "insert into draft.popular_by_segment values ('x', 1, 'unrated', 1)",
    ],
    "ranks_have_no_gaps": [
        "update draft.recommendations set rank = 12 where user_id = '3' and rank = 9",
        "update draft.popular set rank = 12 where rank = 10",
        "update draft.similar_items set rank = 99 where item_id = '3' and rank = 2",
        "insert into draft.popular_by_segment values ('x', 2, '3', 1)",
        # A list that is whole, but stored in two places, is not found by who reads in order.
        "update draft.recommendations set user_id = '4' where user_id = '3'",
    ],
    "scores_never_rise": [
        "update draft.recommendations set score = 9 where user_id = '3' and rank = 2",
        "update draft.recommendations set score = 'nan' where user_id = '3' and rank = 9",
        "update draft.popular set score = 1e9 where rank = 2",
        "update draft.popular set score = 'inf' where rank = 1",
        "update draft.similar_items set score = 9 where item_id = '3' and rank = 2",
        "insert into draft.popular_by_segment values ('x', 1, '3', 1), ('x', 2, '4', 2)",
    ],
    "the_popular_list_begins_all_popular_items": [
        "update draft.items set popularity = 1e9 where item_id = '3'",
        "update draft.items set popularity = popularity + 1e-9",
        "update draft.items set popularity = null where item_id = '3'",
        "update draft.popular set rank = 3 - rank where rank < 3",
    ],
    "the_popular_list_is_full": ["delete from draft.popular where rank = 10"],
}


@pytest.fixture
def draft(published: Published, tmp_path: Path) -> Iterator[Draft]:
    """A copy of a good generation, attached for writing as a draft is, with the ratings beside it."""
    copy = tmp_path / "draft.duckdb"
    shutil.copyfile(published.file, copy)
    with duckdb.connect() as connection:
        connection.execute("attach $file as draft", {"file": str(copy)})
        connection.execute(
            "create table interactions as select user_id, item_id, position from draft.histories"
        )
        yield Draft(connection, copy, rows=0)


def _checked(draft: Draft) -> Checked:
    (parts,) = draft.connection.execute("select parts from draft.generation").fetchall()[0]
    return check(draft, Quality({}, users=40), {}, top_n=10, max_fall=0.3, parts=parts)


def test_a_good_file_passes(draft: Draft) -> None:
    assert _checked(draft) == Checked([], [])


def test_every_invariant_has_a_fault_that_it_is_for() -> None:
    assert tuple(sorted(FAULTS)) == INVARIANTS


@pytest.mark.parametrize("invariant", FAULTS)
def test_each_invariant_finds_its_faults(
    draft: Draft, invariant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.generation.check.INVARIANTS", (invariant,))
    for fault in FAULTS[invariant]:
        draft.connection.execute("begin")
        draft.connection.execute(fault)
        (found,) = _checked(draft).violations or [fault]
        assert re.match(rf"'{invariant.replace('_', ' ')}' does not hold.*for example", found), fault
        draft.connection.execute("rollback")


def test_an_invariant_that_does_not_hold_is_never_published_whatever_is_accepted(
    items: Path, published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copied(published, tmp_path)
    ghost = "insert into draft.users (user_id, ratings, attributes) values ('ghost', 1, '{}')"

    def text(name: str) -> str:
        return statement(name) + (ghost if name == "generation/users" else "")

    monkeypatch.setattr("batch.generation.write.statement", text)
    with pytest.raises(RefusedError, match=r"'every list is full' does not hold, .*no option publishes it"):
        publish(items, tmp_path, rebuild=True, accept_regression=True, accept_rolled_back=True)
    assert Output(tmp_path).generations() == [before.generation]
    assert Output(tmp_path).current() == before.generation
    assert not Output(tmp_path).work.exists()
    (refused,) = (tmp_path / "refused").iterdir()
    assert json.loads(refused.read_text())["faults"][0].startswith("'every list is full' does not hold")
