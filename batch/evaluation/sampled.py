"""Negatives: the few movies among which the protocol of the NCF paper ranks the held-out one.

He et al., "Neural Collaborative Filtering", WWW 2017, page 178: 99 movies that the user has not rated.
Ranking among few movies flatters every model; it is here to compare with papers, and for nothing else.
"""

import re
from pathlib import Path

import numpy as np

from batch.errors import InputError
from batch.evaluation.rank import Lists
from batch.evaluation.ratings import CleanedRatings
from batch.evaluation.splits import Split

COUNT = 99

_LINE = re.compile(r"\(?\s*([^,()\t]+?)\s*,\s*([^,()\t]+?)\s*\)?((?:\t[^\t]*)+)")


def drawn_negatives(split: Split, seed: int) -> Lists:
    """Draw movies for each judged user, evenly among all never rated; fewer where there are fewer."""
    random = np.random.default_rng(seed)
    lists: Lists = []
    for row, user in enumerate(split.users):
        rated = np.union1d(split.train.seen[[user]].indices, split.relevant[[row]].indices)
        unseen = np.setdiff1d(np.arange(split.train.items, dtype=np.int32), rated, assume_unique=True)
        lists.append(random.choice(unseen, min(COUNT, len(unseen)), replace=False))
    return lists


def given_negatives(file: Path, split: Split, cleaned: CleanedRatings) -> tuple[Lists, int]:
    """Read the movies of each judged user from a file as the authors of the paper publish it.

    A line is `(user,held-out item)` and the movies, with tabs between, all as in the ratings. Returns the
    lists, and how many movies were left out because nobody had rated them before, or the user had. Raises
    InputError if a line is no such line, or a judged user has none.
    """
    index_of_item = {cleaned.item_ids[old]: new for new, old in enumerate(split.old_items)}
    row_of_user = {cleaned.user_ids[split.old_users[user]]: row for row, user in enumerate(split.users)}
    lists: Lists = [np.empty(0, dtype=np.int32)] * len(split.users)
    found, left_out = np.zeros(len(split.users), dtype=np.bool_), 0
    for number, line in enumerate(_lines(file), 1):
        parts = _LINE.fullmatch(line)
        if not parts:
            raise InputError(
                f"{file}, line {number}: {line[:80]!r} is not '(user,movie)' and movies, with tabs between"
            )
        row = row_of_user.get(parts[1])
        if row is None:
            continue
        if found[row]:
            raise InputError(f"{file}, line {number}: user {parts[1]!r} has a line already; remove one")
        held_out = [cleaned.item_ids[split.old_items[item]] for item in split.relevant[[row]].indices]
        if held_out and parts[2] not in held_out:
            raise InputError(
                f"{file}, line {number}: the held-out movie is {parts[2]!r}, and by the ratings it is "
                f"{held_out[0]!r}; take the file that was made from the same ratings"
            )
        names = parts[3].split("\t")[1:]
        known = np.array([index_of_item[name] for name in names if name in index_of_item], dtype=np.int32)
        lists[row] = np.setdiff1d(known, split.train.seen[[split.users[row]]].indices)
        if not len(lists[row]):
            raise InputError(
                f"{file}, line {number}: no movie of it can be ranked, as nobody rated it before or the user "
                "did; take the file that was made from the same ratings"
            )
        left_out += len(names) - len(lists[row])
        found[row] = True
    if not found.all():
        missing = cleaned.user_ids[split.old_users[split.users[~found][0]]]
        raise InputError(
            f"{file}: has no line for {np.sum(~found):,} of {len(found):,} judged users, for example "
            f"{missing!r}; take the file that was made from the same ratings"
        )
    return lists, left_out


def _lines(file: Path) -> list[str]:
    try:
        return [line.rstrip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is no text in UTF-8") from error
