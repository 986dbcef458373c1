"""Exchange: what a transformer is to learn from, and the scores that it gives, as files.

Both environments read and write them, with different versions of numpy; nothing else is needed here.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Known:
    """What is known when lists are made: interactions, oldest first, and the moment of each user's list."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    rated_at: NDArray[np.float64]  # seconds since 1970
    moment: NDArray[np.float64]  # (users,), the same
    items: int

    def write(self, file: Path) -> None:
        """Write a file that `read` reads."""
        np.savez(file, **vars(self))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `write` has written."""
        with np.load(file) as arrays:
            return cls(**dict(arrays) | {"items": int(arrays["items"])})


@dataclass(frozen=True)
class Answer:
    """What a transformer makes of it, and how long it was trained."""

    scores: NDArray[np.float32]  # (users, items); minus infinity where it has learned nothing
    seconds: float
    epochs: int
    best_epoch: int  # whose weights made the scores, from 1

    def write(self, file: Path) -> None:
        """Write a file that `read` reads."""
        np.savez(file, **vars(self))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `write` has written."""
        with np.load(file) as arrays:
            return cls(
                arrays["scores"],
                float(arrays["seconds"]),
                int(arrays["epochs"]),
                int(arrays["best_epoch"]),
            )
