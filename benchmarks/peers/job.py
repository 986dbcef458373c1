"""The job as every peer is asked for it; standard library only, for it runs in all of their environments."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """From a file of ratings to a file of lists, with the numbers that the peers have in common."""

    ratings: Path  # CSV, with columns userId and movieId
    lists: Path  # Parquet, to be written: user_id, item_id, score, rank
    top_n: int
    factors: int
    iterations: int
    alpha: float
    regularization: float
    seed: int

    def arguments(self) -> list[str]:
        """Return the job as the arguments that `asked_for` reads."""
        return [str(value) for value in vars(self).values()]


def asked_for(description: str | None) -> Job:
    """Return the job that the command line asks for."""
    parser = argparse.ArgumentParser(description=description)
    for name, kind in Job.__annotations__.items():
        parser.add_argument(name, type=kind)
    return Job(**vars(parser.parse_args()))
