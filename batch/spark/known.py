"""Known: from what a model is learned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from batch.spark.shares import (
    NOTHING_HELD_OUT,
    Catalogue,
    HeldOut,
)


@dataclass(frozen=True)
class Known:
    """From what a model is learned."""

    ratings: DataFrame  # by user and newest first, each user in one partition
    users_of_share: list[int]  # by partition
    catalogue: Catalogue
    ratings_of_item: NDArray[np.int64]  # (items,), without what is held out
    held_out: HeldOut = NOTHING_HELD_OUT
