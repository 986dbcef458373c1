"""Request: what `evaluate` is asked for. `batch/evaluation/answer.py` measures it."""

from dataclasses import dataclass
from pathlib import Path

CUTS = (0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Request:
    """By what lists are judged."""

    split: str  # "last" or "time"
    cut: tuple[float, ...]  # shares of the ratings before the moment of a split by time
    protocol: str  # "full" or "ncf"
    negatives: Path | None  # of the protocol "ncf"; drawn where there is none
    max_users: int
