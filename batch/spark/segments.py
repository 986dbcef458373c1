"""Segments: people of one gender, age group and occupation, who share a popular list."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import DataFrame

from batch.recommend.segments import ATTRIBUTES, read_attributes
from batch.spark.shares import Batches


@dataclass(frozen=True)
class Kinds:
    """Kinds of people; the last kind is of those of whom nothing is known."""

    of_user: dict[str, int]  # by id; other users are of the last kind
    attributes: pd.DataFrame  # a row for each kind

    def __len__(self) -> int:
        return len(self.attributes)

    def of_users(self, user_ids: pa.StringArray) -> NDArray[np.int32]:
        """Return (users,), the kind of each."""
        last = len(self) - 1
        return np.array([self.of_user.get(each, last) for each in user_ids.to_pylist()], dtype=np.int32)


def _nothing(names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(names)], dtype=object)


NOTHING_KNOWN = Kinds({}, _nothing(ATTRIBUTES))


def read_kinds(connection: duckdb.DuckDBPyConnection, segments: Sequence[str] = ()) -> Kinds:
    """Return the kinds that the valid rows of users tell of, by the attributes that make segments."""
    valid = connection.table("validated_users").filter("rule is null")
    known = read_attributes(valid, segments)
    names = list(known.columns)
    known["user_id"] = valid.order("user_id").project("user_id").df()["user_id"]
    known = known[known[names].notna().any(axis=1)]
    groups = known.groupby(names, dropna=False, sort=True)
    attributes = known.assign(kind=groups.ngroup()).drop_duplicates("kind").sort_values("kind")
    return Kinds(
        of_user=dict(zip(known["user_id"], groups.ngroup().tolist(), strict=True)),
        attributes=pd.concat([attributes[names].astype(object), _nothing(names)], ignore_index=True),
    )


def count_users(ratings: DataFrame, kinds: Kinds) -> NDArray[np.int64]:
    """Return (partitions, kinds), how many users there are; each user must be in one partition."""
    found = ratings.mapInArrow(partial(_count, kinds=kinds), "share int, users array<long>").toArrow()
    users = np.zeros((ratings.rdd.getNumPartitions(), len(kinds)), np.int64)
    for row in found.to_pylist():
        users[row["share"]] = row["users"]
    return users


def _count(batches: Batches, kinds: Kinds) -> Batches:
    context = TaskContext.get()
    assert context
    user_ids = [batch.column("user_id").unique() for batch in batches]
    # The users of a batch follow those of the one before, and may share one.
    users = pc.unique(pa.chunked_array(user_ids, pa.string()))
    of_kind = np.bincount(kinds.of_users(users), minlength=len(kinds))
    yield pa.RecordBatch.from_arrays(
        [pa.array([context.partitionId()], pa.int32()), pa.array([of_kind.tolist()], pa.list_(pa.int64()))],
        names=["share", "users"],
    )
