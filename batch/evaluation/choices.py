"""Choices: what people liked who came back after a moment, by the scores that each part gave it before."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from batch.evaluation.splits import Split
from batch.model.part_weights import Choices, PartWeights, fit_part_weights, no_part_weights, traits_of
from batch.model.weighted_parts import PART_NAMES, FittedItems, Model, fold_in_users, positives_of
from batch.settings import Settings

# Weights are learned from so many moments, the newest.
MAX_MOMENTS = 4
# Of more users who came back after a moment, a sample teaches weights.
MAX_PEOPLE = 500
# At this effect, a factor is at its bound, but for 0.01 %.
MAX_EFFECT = 1.0
# Of the items, those with the highest scores, and as many of the others by chance, are offered.
OFFERED = 500


def learned_weights(
    before: Sequence[tuple[FittedItems, Split]], now: Split | None, settings: Settings
) -> PartWeights:
    """Learn what parts weigh from the newest of these splits by time, oldest first.

    `now` is a later split: only what it knows counts as chosen; None: everything does.
    """
    known = [(fitted, until(split, now) if now else split) for fitted, split in before if split.is_by_time]
    found = [choices_of(fitted, split, settings) for fitted, split in known[-MAX_MOMENTS:]]
    learned = fit_part_weights([each for each in found if each], len(PART_NAMES))
    return PartWeights(np.clip(learned.effects, -MAX_EFFECT, MAX_EFFECT))


def choices_of(fitted: FittedItems, split: Split, settings: Settings) -> Choices | None:
    """Return what the evaluated users of a split chose, None if nothing.

    The scores are those by the settings alone.
    """
    neutral = replace(fitted, part_weights=no_part_weights(len(PART_NAMES)))
    # Drawn by chance: ids may be in the order of time.
    drawn = np.random.default_rng(settings.seed).permutation(np.flatnonzero(np.diff(split.relevant.indptr)))
    rows = np.sort(drawn[:MAX_PEOPLE])
    if not len(rows):
        return None
    users = split.users[rows]
    train = split.train.of_users(users)
    days_inactive = split.days_inactive[users]
    model = fold_in_users(neutral, train, days_inactive, settings)
    random = np.random.default_rng(settings.seed)
    of_people = [
        _of_user(model, user, split.relevant[row].indices, random) for user, row in enumerate(rows.tolist())
    ]
    chosen, offered, log_weights = (np.stack(each) for each in zip(*of_people, strict=True))
    return Choices(chosen, offered, log_weights, traits_of(days_inactive, positives_of(train)))


def until(split: Split, later: Split) -> Split:
    """Return the same split, of which is relevant what a later one knows already."""
    users = np.searchsorted(later.old_users, split.old_users[split.users])
    items = np.searchsorted(later.old_items, split.old_items)
    return replace(split, relevant=split.relevant.multiply(later.train.seen[users][:, items]).tocsr())


def _of_user(
    model: Model, user: int, chosen: NDArray[np.int32], random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]]:
    """Return the means (parts,) over what a user chose, and what was offered: one person of `Choices`."""
    scores = model.scores_by_part(user)
    listable = model.is_candidate.copy()
    listable[model.seen[user].indices] = False
    listable[chosen] = True
    items = np.flatnonzero(listable)
    best_first = items[np.argsort(-scores[items].sum(axis=1), kind="stable")]
    best, others = best_first[:OFFERED], best_first[OFFERED:]
    drawn = random.permutation(others)[:OFFERED]
    offered = np.zeros((2 * OFFERED, scores.shape[1]), np.float32)
    log_weights = np.full(2 * OFFERED, -np.inf)
    offered[: len(best)], log_weights[: len(best)] = scores[best], 0
    if len(drawn):
        rest = slice(OFFERED, OFFERED + len(drawn))
        offered[rest], log_weights[rest] = scores[drawn], np.log(len(others) / len(drawn))
    return scores[chosen].mean(axis=0, dtype=np.float64), offered, log_weights
