"""What transformers are given to learn from, and how their scores come back; without a transformer."""

import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest

from batch.evaluation.rank import rank
from batch.evaluation.splits import by_last
from benchmarks.transformers.__main__ import Transformers, known_of
from tests.made import START, interactions

# User, movie, stars, seconds: the last positives are movies 2, 3 and 0.
RATINGS = interactions(
    [
        (1, 1, 5, 10),
        (0, 0, 5, 20),
        (0, 1, 1, 30),
        (1, 0, 5, 40),
        (2, 3, 5, 50),
        (0, 3, 5, 60),
        (2, 4, 5, 70),
        (0, 2, 5, 80),
        (1, 3, 5, 90),
        (2, 0, 5, 100),
    ]
)
TRAIN = by_last(RATINGS).train
# Stands in for Python and the worker: a movie scores how often it was rated, and movie 2 nothing.
COUNTS = """\
#!{python}
import sys
sys.path.insert(0, '')
from pathlib import Path
import numpy as np
from benchmarks.transformers.exchange import Answer, Known
known = Known.read(Path(sys.argv[4]))
counts = np.bincount(known.item, minlength=known.items).astype(np.float32)
counts[2] = -np.inf
Answer(np.tile(counts, (len(known.moment), 1)), 1.5, 7, 4).write(Path(sys.argv[5]))
"""


def stand_in(folder: Path, text: str) -> Path:
    file = folder / "python"
    file.write_text(text.format(python=sys.executable), encoding="utf-8")
    file.chmod(0o700)
    return file


def test_a_transformer_gets_all_known_ratings_oldest_first() -> None:
    known = known_of(RATINGS, is_by_time=False)
    assert known.user.tolist() == [1, 0, 0, 1, 2, 0, 2, 0, 1, 2]
    assert known.item.tolist() == [1, 0, 1, 0, 3, 3, 4, 2, 3, 0]
    assert (known.rated_at - START).tolist() == list(range(10, 101, 10))


def test_a_list_is_made_at_the_newest_rating_of_all_or_for_somebody_just_seen_of_the_user() -> None:
    assert (known_of(RATINGS, is_by_time=True).moment - START).tolist() == [100] * 3
    assert (known_of(RATINGS, is_by_time=False).moment - START).tolist() == [80, 90, 100]


def test_of_positives_alone_a_transformer_does_not_see_what_was_disliked() -> None:
    known = known_of(RATINGS, is_by_time=True, of_positives=True)
    assert known.item.tolist() == [1, 0, 0, 3, 3, 4, 2, 3, 0]
    assert (known.moment - START).tolist() == [100] * 3


def test_ratings_without_times_have_no_order_to_learn() -> None:
    timeless = replace(RATINGS, rated_at=np.full(len(RATINGS), np.nan))
    with pytest.raises(click.ClickException, match="no times"):
        known_of(timeless, is_by_time=False)


def test_scores_of_another_process_are_ranked_without_what_was_seen_or_never_learned(tmp_path: Path) -> None:
    beside = Transformers(
        stand_in(tmp_path, COUNTS), is_by_time=False, kept=tmp_path, names=("sasrec",), learn_from=("all",)
    )
    split = by_last(RATINGS)
    assert beside.contenders(TRAIN, 1).keys() > {"sasrec_of_all", "most_popular"}
    scores = beside.contenders(TRAIN, 1)["sasrec_of_all"]()
    # Movie 2 is unknown before user 0 rates it, so 3 and 4 are now 2, without a score, and 3.
    assert rank(scores, split, 2).tolist() == [[3, -1], [3, -1], [0, 1]]


def test_what_was_trained_on_the_same_ratings_is_not_trained_again(tmp_path: Path) -> None:
    beside = Transformers(
        stand_in(tmp_path, COUNTS), is_by_time=False, kept=tmp_path, names=("sasrec",), learn_from=("all",)
    )
    users = np.arange(3, dtype=np.int32)
    first = beside.scores("sasrec", "all", RATINGS, 1)(users)
    stand_in(tmp_path, "#!/bin/sh\necho 'one\ntwo' >&2\nexit 3\n")
    assert beside.scores("sasrec", "all", RATINGS, 1)(users).tolist() == first.tolist()
    assert first.tolist() == [[3, 2, -np.inf, 3, 1]] * 3
    assert [(each.seconds, each.best_epoch, each.epochs) for each in beside.trained["sasrec_of_all"]] == [
        (1.5, 4, 7)
    ] * 2
    for others in (TRAIN, RATINGS.where(RATINGS.item_index != 3)):
        with pytest.raises(click.ClickException, match="sasrec ended with 3: two"):
            beside.scores("sasrec", "all", others, 1)
