"""The job with LensKit: a top-N pipeline of its own ALS, and `lenskit.batch.recommend` for all users.

Chosen for speed: `user_embeddings="prefer"` takes the vectors that training found, where the default solves
every user once more; the documentation says that it is faster. The numbers of processes and threads are those
that LensKit chooses itself: a process per core, up to four, to recommend. Each imports everything anew, and
for a few thousand users that takes longer than it saves; `LK_NUM_PROCS=1` in the environment does without.
Lists are written in LensKit's native layout, a row per user, which needs no frame of them all. Only the
columns that are needed are read. Every rating is an interaction, whatever its stars, since what is not in the
data set isn't known as seen.

LensKit has no conjugate gradients, and solves every row exactly. Its `weight` comes on top of the 1 that a
movie not rated weighs, and `alpha` of implicit and of our job instead of it: one less is the same.
"""

import pandas as pd
from lenskit.als import ImplicitMFScorer
from lenskit.batch import recommend
from lenskit.data import from_interactions_df
from lenskit.pipeline import topn_pipeline
from lenskit.training import TrainingOptions

from benchmarks.peers.job import asked_for


def main() -> None:
    """Read the ratings, train, recommend to all users and write the lists."""
    job = asked_for(__doc__)
    ratings = pd.read_csv(job.ratings, usecols=["userId", "movieId"])
    dataset = from_interactions_df(ratings, user_col="userId", item_col="movieId")
    scorer = ImplicitMFScorer(
        embedding_size=job.factors,
        epochs=job.iterations,
        weight=job.alpha - 1,
        regularization=job.regularization,
        user_embeddings="prefer",
    )
    pipeline = topn_pipeline(scorer, n=job.top_n)
    pipeline.train(dataset, TrainingOptions(rng=job.seed))
    lists = recommend(pipeline, dataset.users.ids())
    lists.save_parquet(job.lists, layout="native")


# Workers import this file: without the guard, each would start the job again.
if __name__ == "__main__":
    main()
