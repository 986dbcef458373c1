"""The job with RecTools: `Dataset.construct`, its wrapper of implicit's ALS, and one call of `recommend`.

The README of the project shows these calls, with another model.

Chosen for speed: BLAS has one thread, as implicit recommends, whose code trains and ranks here too (a fork,
pm-implicit); `num_threads` stays 0, all cores, for both. Only the columns that are needed are read: weight
and time have to be there, and are the same for every row, as the documentation advises where they don't
matter. So every rating is an interaction, whatever its stars, since what is not in the data set isn't known
as seen. `alpha` means the same as in our job.
"""

import os

# Read when numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import pandas as pd
from implicit.als import AlternatingLeastSquares
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import ImplicitALSWrapperModel

from benchmarks.peers.job import asked_for


def main() -> None:
    """Read the ratings, train, recommend to all users and write the lists."""
    job = asked_for(__doc__)
    ratings = pd.read_csv(job.ratings, usecols=["userId", "movieId"])
    ratings = ratings.rename(columns={"userId": Columns.User, "movieId": Columns.Item})
    ratings[Columns.Weight] = 1.0
    ratings[Columns.Datetime] = pd.Timestamp(0)
    dataset = Dataset.construct(ratings)
    model = ImplicitALSWrapperModel(
        AlternatingLeastSquares(
            factors=job.factors,
            iterations=job.iterations,
            alpha=job.alpha,
            regularization=job.regularization,
            random_state=job.seed,
        )
    )
    model.fit(dataset)
    lists = model.recommend(
        users=ratings[Columns.User].unique(), dataset=dataset, k=job.top_n, filter_viewed=True
    )
    lists.to_parquet(job.lists, index=False)


if __name__ == "__main__":
    main()
