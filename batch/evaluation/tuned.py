"""Tuned: what a search for better options has found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuned:
    """The best options found, and what they are worth where the search looked."""

    settings: dict[str, float | int]  # by name
    trials: int
    before: dict[str, float]  # ndcg@10 by split, of the settings that the search began with
    after: dict[str, float]  # the same, of the best
