"""Networks: neural collaborative filtering, learned from a split by Keras and by cornac.

Each function learns from the ratings of a split and returns the scores of all movies; the same seed gives
the same scores. `stars` are those of all ratings by `time_rank`. What they need is in
`benchmarks/requirements-ncf.txt`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from batch.evaluation.baselines import Scores
from batch.evaluation.splits import Split

# Keras reads it while it is imported, and would look for TensorFlow without it.
os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from cornac.data import Dataset
from cornac.models import NeuMF

# Batches are too small for a second thread to help much, and where anything else runs on the machine, threads
# that wait for each other make training many times slower.
torch.set_num_threads(1)

EMBEDDING_SIZE = 50
EMBEDDING_REGULARIZATION = 1e-6
LEARNING_RATE = 0.001
BATCH_SIZE = 64
EPOCHS = 10
NEUMF_EPOCHS = 20  # the default of cornac

# Vectors of the users and of the movies of a batch in, (batch, size) each; what is added to the biases out.
Product = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Weights:
    """What the network of embeddings has learned."""

    users: NDArray[np.float32]  # (users, size)
    items: NDArray[np.float32]  # (items, size)
    user_biases: NDArray[np.float32]  # (users,)
    item_biases: NDArray[np.float32]  # (items,)


def original(split: Split, stars: NDArray[np.float64], seed: int, epochs: int = EPOCHS) -> Scores:
    """Learn the network as it was written: its inner product is one number for the whole batch.

    Contracted over both axes, the product of a batch is the sum of the inner products of all its rows, and
    every row gets that sum. So it does when movies are ranked: with all movies of one user as a batch, the
    sum and the bias of the user are the same for every movie, and the order is that of the biases of the
    movies, the same for everyone. They are the scores here. To add the sum would only round them, and the
    sigmoid makes ties where it is near 0 or 1. In batches of fewer movies, as `predict` cuts them, the
    order would also depend on which movies happen to be neighbours; that is nothing learned of a user or a
    movie.
    """
    weights = _learned(
        split, stars, seed, epochs, lambda users, items: keras.ops.tensordot(users, items, axes=2)
    )
    return lambda rows: np.tile(weights.item_biases, (len(rows), 1))


def original_per_row(split: Split, stars: NDArray[np.float64], seed: int, epochs: int = EPOCHS) -> Scores:
    """Learn the same network with an inner product for each row of a batch.

    Scores are what goes into the sigmoid, which leaves their order as it is.
    """
    weights = _learned(
        split,
        stars,
        seed,
        epochs,
        lambda users, items: keras.ops.sum(users * items, axis=-1, keepdims=True),
    )
    return lambda rows: (
        weights.users[rows] @ weights.items.T + weights.user_biases[rows, None] + weights.item_biases
    )


def neumf(split: Split, seed: int, epochs: int = NEUMF_EPOCHS) -> Scores:
    """Learn NeuMF with the defaults of cornac, from what was seen, with four movies not seen for each."""
    train = split.train
    pairs = zip(train.user_index.tolist(), train.item_index.tolist(), strict=True)
    known = Dataset.from_uir([(user, item, 1.0) for user, item in pairs], seed=seed)
    model = NeuMF(num_epochs=epochs, backend="pytorch", verbose=False, seed=seed).fit(known)
    # cornac numbers users and movies anew, in the order in which they appear.
    items = [known.iid_map[item] for item in range(train.items)]
    return lambda rows: np.stack([model.score(known.uid_map[user])[items] for user in rows.tolist()])


def _learned(split: Split, stars: NDArray[np.float64], seed: int, epochs: int, product: Product) -> Weights:
    """Train the network of embeddings to foresee ratings, scaled to 0 to 1, by binary cross-entropy."""
    train = split.train
    keras.utils.set_random_seed(seed)
    user, item = keras.Input((), dtype="int32"), keras.Input((), dtype="int32")
    users, items = _vectors(train.users), _vectors(train.items)
    user_biases, item_biases = keras.layers.Embedding(train.users, 1), keras.layers.Embedding(train.items, 1)
    logits = product(users(user), items(item)) + user_biases(user) + item_biases(item)
    network = keras.Model([user, item], keras.ops.sigmoid(logits))
    network.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(LEARNING_RATE))
    network.fit(
        [train.user_index, train.item_index],
        _scaled(stars[train.time_rank]),
        batch_size=BATCH_SIZE,
        epochs=epochs,
        shuffle=True,
        verbose=0,
    )
    return Weights(
        users=users.get_weights()[0],
        items=items.get_weights()[0],
        user_biases=user_biases.get_weights()[0].ravel(),
        item_biases=item_biases.get_weights()[0].ravel(),
    )


def _vectors(number: int) -> Any:
    return keras.layers.Embedding(
        number,
        EMBEDDING_SIZE,
        embeddings_initializer="he_normal",
        embeddings_regularizer=keras.regularizers.L2(EMBEDDING_REGULARIZATION),
    )


def _scaled(stars: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the stars of each rating between 0, the fewest that anyone gave, and 1, the most."""
    lowest, highest = stars.min(), stars.max()
    if not lowest < highest:
        raise click.ClickException(
            "ratings: have no stars, or all the same; the original network learns from nothing else"
        )
    return np.asarray((stars - lowest) / (highest - lowest), dtype=np.float32)
