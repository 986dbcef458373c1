"""Part weights: how much each part of the score weighs for whom, learned from what people chose.

The settings say what a part weighs. It is multiplied by a factor that depends on how long a user was away and
on how much is known of the user. The factors are those by which the choices of people who came back become
likely: a conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974), in
which a user chooses among all items by their scores. Effects are pulled towards none, and a factor stays
within a bound, so that one odd week can't turn the lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

TRAITS = ("everybody", "away", "known")
# A month away, and 64 positives, are in the middle; ten times that is 1.
USUAL_DAYS = 30.0
USUAL_POSITIVES = 64.0
# A factor lies between this and its inverse.
MAX_FACTOR = 1.25
# An effect of 1 costs as much as this many people whose choice is e times less likely.
PULL = 100.0
MIN_PEOPLE = 20
# The logarithm of by how much scores are multiplied before they become chances.
SHARPNESS = (-3.0, 2.0)


@dataclass(frozen=True)
class PartWeights:
    """By what the weight of each part is multiplied, by traits of a user."""

    effects: NDArray[np.float64]  # (traits, parts); all are 0 if nothing was learned

    def of_users(self, traits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (users, parts), the factors of users with these traits (users, traits)."""
        bound = np.log(MAX_FACTOR)
        return np.asarray(np.exp(bound * np.tanh(traits @ self.effects / bound)), np.float64)


@dataclass(frozen=True)
class Choices:
    """What people chose who came back, among which items, by the scores of each part."""

    chosen: NDArray[np.float64]  # (people, parts), the mean over the items that each chose
    offered: NDArray[np.float32]  # (people, items, parts), of a sample of all items
    log_weights: NDArray[np.float64]  # (people, items), how many items each stands for; -inf: for none
    traits: NDArray[np.float64]  # (people, traits)

    def __len__(self) -> int:
        """Return how many people chose."""
        return len(self.chosen)


def traits_of(days_inactive: NDArray[np.float64], positives: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (users, traits): 1, how long away, and how much is known, both from -1 to 1."""
    away = np.log10((days_inactive + 1) / (USUAL_DAYS + 1))
    known = np.log10((positives + 1) / (USUAL_POSITIVES + 1))
    return np.stack([np.ones(len(away)), np.clip(away, -1, 1), np.clip(known, -1, 1)], axis=1)


def no_part_weights(parts: int) -> PartWeights:
    """Return factors of 1 for everybody."""
    return PartWeights(np.zeros((len(TRAITS), parts)))


def fit_part_weights(choices: Sequence[Choices], parts: int) -> PartWeights:
    """Learn from these people; from fewer than MIN_PEOPLE nothing is learned."""
    if sum(map(len, choices)) < MIN_PEOPLE:
        return no_part_weights(parts)
    start = np.zeros(len(TRAITS) * parts + 1)
    free = [(None, None)] * (len(start) - 1)
    found = minimize(partial(_loss, choices=choices), start, jac=True, bounds=[*free, SHARPNESS])
    return PartWeights(found.x[:-1].reshape(len(TRAITS), parts))


def _loss(parameters: NDArray[np.float64], choices: Sequence[Choices]) -> tuple[float, NDArray[np.float64]]:
    """Return minus the logarithm of how likely the choices are, with the pull, and its gradient."""
    effects, sharpness = parameters[:-1].reshape(len(TRAITS), -1), np.exp(parameters[-1])
    bound = np.log(MAX_FACTOR)
    loss, of_effects, of_sharpness = PULL * float((effects**2).sum()), 2 * PULL * effects, 0.0
    for each in choices:
        bent = np.tanh(each.traits @ effects / bound)
        factors = np.exp(bound * bent)
        logits = sharpness * np.einsum("uip,up->ui", each.offered, factors) + each.log_weights
        chosen = np.einsum("up,up->u", each.chosen, factors)
        loss += float((logsumexp(logits, axis=1) - sharpness * chosen).sum())
        surplus = np.einsum("ui,uip->up", softmax(logits, axis=1), each.offered) - each.chosen
        weighed = sharpness * surplus * factors
        of_effects = of_effects + each.traits.T @ (weighed * (1 - bent**2))
        of_sharpness += float(weighed.sum())
    return loss, np.append(of_effects.ravel(), of_sharpness)
