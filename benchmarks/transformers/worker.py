"""Train one transformer of RecTools and write its scores; runs in the environment of the transformers.

Everyone's last rating is held out of the training, and tells when to stop: after `PATIENCE` epochs in which
its discounted rank did not rise, or after `MAX_EPOCHS`. The weights of the best epoch are kept.
"""

import argparse
import copy
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pytorch_lightning import Callback, Trainer, seed_everything
from pytorch_lightning.callbacks import EarlyStopping
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import HSTUModel, SASRecModel
from rectools.models.nn.item_net import IdEmbeddingsItemNet
from rectools.models.nn.transformers.lightning import TransformerLightningModule
from rectools.models.nn.transformers.utils import leave_one_out_mask

from benchmarks.transformers.exchange import Answer, Known

MAX_EPOCHS = 100
PATIENCE = 8
METRIC = "discounted_rank"
USERS_PER_BLOCK = 256  # whose scores are in one frame
NEVER = -1e9

# RecTools' defaults, unless a comment says why not.
SETTINGS: dict[str, Any] = {
    "n_factors": 64,  # not 256, for the time that it takes on one core
    "n_heads": 2,
    "n_blocks": 2,
    "dropout_rate": 0.2,
    "session_max_len": 100,
    "batch_size": 32,  # not 128: an epoch of a few hundred users would be five steps
}
# HSTU compares by the cosine, which the tutorial divides by this.
TEMPERATURE = 0.05
# Not 0.001: with so few steps in an epoch, training would end before more than popularity is learned.
MODELS: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "sasrec": (SASRecModel, {"lr": 0.005}),
    "hstu": (HSTUModel, {"lr": 0.003, "lightning_module_kwargs": {"logits_t": TEMPERATURE}}),
}


class Module(TransformerLightningModule):  # type: ignore[misc] # RecTools is not there where types are checked
    """RecTools' training by softmax over all items, several times faster on a CPU.

    Its own computes the scores of all items also for the places that only fill a sequence up.
    """

    def training_step(self, batch: dict[str, torch.Tensor], _number: int) -> torch.Tensor:
        """Return the mean cross-entropy of the next items."""
        items = self.torch_model.item_model.get_all_embeddings()
        sessions = self.torch_model.encode_sessions(batch, items)
        is_target = batch["y"] != 0
        logits = self.torch_model.similarity_module(sessions[is_target], items) / self.logits_t
        return torch.nn.functional.cross_entropy(logits, batch["y"][is_target])

    def validation_step(self, batch: dict[str, torch.Tensor], _number: int) -> None:
        """Log the mean of 1 / log2(1 + rank) of the held-out items among those not seen."""
        sessions = self.torch_model.encode_sessions(batch, self.item_embs)[:, -1]
        logits = self.torch_model.similarity_module(sessions, self.item_embs)
        target = batch["y"][:, -1:]
        own = logits.gather(1, target)
        # Item 0 fills sequences up, so it is in nearly every one.
        rank = 1 + (logits.scatter(1, batch["x"], NEVER) > own).sum(dim=1)
        self.log(METRIC, (1 / torch.log2(1.0 + rank)).mean(), on_epoch=True)


class BestEpoch(Callback):  # type: ignore[misc] # the same
    """Keeps the weights of the best epoch, and gives them back at the end."""

    def __init__(self) -> None:
        self.epochs = self.best_epoch = 0
        self._best = -np.inf
        self._weights: dict[str, Any] = {}

    def on_validation_end(self, trainer: Trainer, module: Module) -> None:
        """Count the epoch, and keep its weights if it is the best one."""
        self.epochs += 1
        if (found := float(trainer.callback_metrics[METRIC])) > self._best:
            self._best, self.best_epoch = found, self.epochs
            self._weights = copy.deepcopy(module.state_dict())

    def on_train_end(self, _trainer: Trainer, module: Module) -> None:
        """Return to the best epoch."""
        module.load_state_dict(self._weights)


def main() -> None:
    """Read what is known, train, and write the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=list(MODELS))
    parser.add_argument("known", type=Path)
    parser.add_argument("answer", type=Path)
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    # One thread: where anything else runs on the machine, threads wait for each other.
    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    answered(arguments.model, Known.read(arguments.known), arguments.seed).write(arguments.answer)


def answered(name: str, known: Known, seed: int) -> Answer:
    """Train a transformer, and return the scores of all items for all users."""
    dataset = Dataset.construct(interactions(known))
    seed_everything(seed, verbose=False)
    kind, own = MODELS[name]
    model = kind(
        **SETTINGS,
        **own,
        deterministic=True,
        item_net_block_types=(IdEmbeddingsItemNet,),
        lightning_module_type=Module,
        get_val_mask_func=leave_one_out_mask,
        get_trainer_func=trainer,
    )
    started = time.perf_counter()
    model.fit(dataset)
    seconds = time.perf_counter() - started
    (best,) = (each for each in model.fit_trainer.callbacks if isinstance(each, BestEpoch))
    return Answer(scores(model, dataset, known), seconds, best.epochs, best.best_epoch)


def trainer() -> Trainer:
    """Return what trains, without files and lines about it."""
    return Trainer(
        max_epochs=MAX_EPOCHS,
        callbacks=[BestEpoch(), EarlyStopping(METRIC, mode="max", patience=PATIENCE)],
        num_sanity_val_steps=0,
        accelerator="cpu",
        devices=1,
        deterministic=True,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def interactions(known: Known) -> pd.DataFrame:
    """Return a row per interaction, oldest first; equal times stay in the order of the file."""
    return pd.DataFrame(
        {
            Columns.User: known.user,
            Columns.Item: known.item,
            Columns.Weight: 1.0,
            Columns.Datetime: pd.to_datetime(known.rated_at, unit="s"),
        }
    )


def scores(model: Any, dataset: Dataset, known: Known) -> NDArray[np.float32]:
    """Return (users, items), what RecTools recommends to each user at the moment, however long the list."""
    found = np.full((len(known.moment), known.items), -np.inf, np.float32)
    times = pd.to_datetime(known.moment, unit="s")
    for first in range(0, len(found), USERS_PER_BLOCK):
        users = np.arange(first, min(first + USERS_PER_BLOCK, len(found)))
        context = pd.DataFrame({Columns.User: users, Columns.Datetime: times[users], Columns.Weight: 1.0})
        lists = model.recommend(
            users=users,
            dataset=dataset,
            k=known.items,
            filter_viewed=False,
            # Who has rated nothing that the model has learned gets no list.
            on_unsupported_targets="ignore",
            context=context if model.require_recommend_context else None,
        )
        found[lists[Columns.User], lists[Columns.Item]] = lists[Columns.Score]
    return found


if __name__ == "__main__":
    main()
