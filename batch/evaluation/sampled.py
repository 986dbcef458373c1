"""Negatives: the few movies among which the protocol of the NCF paper ranks the held-out one.

He et al., "Neural Collaborative Filtering", WWW 2017, page 178: 99 movies that the user has not rated.
Ranking among few movies flatters every model; it is only for comparison with papers.
"""

import re
from pathlib import Path

import numpy as np

from batch.errors import InputError
from batch.evaluation.rank import Candidates
from batch.evaluation.ratings import CleanedRatings
from batch.evaluation.splits import Split

COUNT = 99
_LINE = re.compile(r"\(?\s*([^,()\t]+?)\s*,\s*([^,()\t]+?)\s*\)?((?:\t[^\t]*)+)")
_OTHER_RATINGS = "use the file that was made from the same ratings"


def drawn_negatives(split: Split, seed: int) -> Candidates:
    """Draw movies for each evaluated user, evenly among all never rated; fewer if there are fewer."""
    random = np.random.default_rng(seed)
    negatives: Candidates = []
    for row, user in enumerate(split.users):
        rated = np.union1d(split.train.seen[[user]].indices, split.relevant[[row]].indices)
        unseen = np.setdiff1d(np.arange(split.train.items, dtype=np.int32), rated, assume_unique=True)
        negatives.append(random.choice(unseen, min(COUNT, len(unseen)), replace=False))
    return negatives


def given_negatives(file: Path, split: Split, cleaned: CleanedRatings) -> tuple[Candidates, int]:
    """Read the movies of each evaluated user from a file as the authors of the paper publish it.

    A line is `(user,held-out item)` and the movies, with tabs between, all as in the ratings. Returns the
    movies, and how many were left out because nobody had rated them before, or the user had. Raises
    InputError if a line is no such line, or an evaluated user has none.
    """
    index_of_item = {cleaned.item_ids[old]: new for new, old in enumerate(split.old_items)}
    row_of_user = {cleaned.user_ids[split.old_users[user]]: row for row, user in enumerate(split.users)}
    found: dict[int, np.ndarray] = {}
    left_out = 0
    for number, line in enumerate(_lines(file), 1):
        where = f"{file}, line {number}"
        parts = _LINE.fullmatch(line)
        if not parts:
            raise InputError(f"{where}: {line[:80]!r} is not '(user,movie)' and movies, with tabs between")
        row = row_of_user.get(parts[1])
        if row is None:
            continue
        if row in found:
            raise InputError(f"{where}: user {parts[1]!r} has a line already; remove one")
        held_out = [cleaned.item_ids[split.old_items[item]] for item in split.relevant[[row]].indices]
        if held_out and parts[2] not in held_out:
            raise InputError(
                f"{where}: the held-out movie is {parts[2]!r}, and by the ratings it is {held_out[0]!r}; "
                f"{_OTHER_RATINGS}"
            )
        names = parts[3].split("\t")[1:]
        known = np.array([index_of_item[name] for name in names if name in index_of_item], dtype=np.int32)
        found[row] = np.setdiff1d(known, split.train.seen[[split.users[row]]].indices)
        if not len(found[row]):
            raise InputError(
                f"{where}: no movie of this line can be ranked: each has no earlier rating, or the user "
                f"already rated it; {_OTHER_RATINGS}"
            )
        left_out += len(names) - len(found[row])
    missing = [user_id for user_id, row in row_of_user.items() if row not in found]
    if missing:
        raise InputError(
            f"{file}: has no line for {len(missing):,} of {len(split.users):,} evaluated users, for example "
            f"{missing[0]!r}; {_OTHER_RATINGS}"
        )
    return [found[row] for row in range(len(split.users))], left_out


def _lines(file: Path) -> list[str]:
    try:
        return [line.rstrip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is no text in UTF-8") from error
