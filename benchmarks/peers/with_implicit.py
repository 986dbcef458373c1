"""The job with implicit and pandas.

As the project's own example does it for all users of a data set (examples/lastfm.py): ids become categories,
categories a sparse matrix, and `recommend` is asked for many users at once. All in one call here, where the
example takes 1,000 at a time: implicit makes blocks of its own, and the ids and scores that it returns, eight
bytes a place, are needed together anyway, for the file.

Chosen for speed: BLAS has one thread, as the project's README highly recommends; `num_threads` stays 0, all
cores; the solver is the default, conjugate gradients. Only the columns that are needed are read, by the
default reader of pandas: on two cores that of pyarrow takes longer, and three times the memory. Every rating
is an interaction of the same weight, whatever its stars, since what is not in the matrix isn't known as seen.
`alpha` means the same as in our job.
"""

import os

# Read when numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from implicit.als import AlternatingLeastSquares
from scipy import sparse

from benchmarks.peers.job import asked_for


def main() -> None:
    """Read the ratings, train, recommend to all users and write the lists."""
    job = asked_for(__doc__)
    ratings = pd.read_csv(job.ratings, usecols=["userId", "movieId"])
    users, items = ratings["userId"].astype("category").cat, ratings["movieId"].astype("category").cat
    seen = sparse.csr_matrix((np.ones(len(ratings), dtype=np.float32), (users.codes, items.codes)))
    model = AlternatingLeastSquares(
        factors=job.factors,
        iterations=job.iterations,
        alpha=job.alpha,
        regularization=job.regularization,
        random_state=job.seed,
    )
    model.fit(seen, show_progress=False)
    indices, scores = model.recommend(
        np.arange(seen.shape[0]), seen, N=job.top_n, filter_already_liked_items=True
    )
    length = indices.shape[1]
    lists = pd.DataFrame(
        {
            "user_id": users.categories.to_numpy().repeat(length),
            "item_id": items.categories.to_numpy()[indices.ravel()],
            "score": scores.ravel(),
            "rank": np.tile(np.arange(1, length + 1, dtype=np.int32), len(indices)),
        }
    )
    lists.to_parquet(job.lists, index=False)


if __name__ == "__main__":
    main()
