"""The saved query of part weights multiplies as the model does."""

import duckdb
import numpy as np

from batch.model.part_weights import TRAITS, PartWeights, traits_of
from sql import statement


def test_the_factors_are_those_of_the_model() -> None:
    effects = np.array([[0.1, -0.3], [0.2, 0.02], [-0.05, 0.4]])
    connection = duckdb.connect()
    connection.execute("create table generation as select map(['sequential', 'genres'], [4, 2]) as parts")
    connection.execute(
        f"create table part_weights (part varchar, {', '.join(f'{each} double' for each in TRAITS)})"
    )
    rows = [[part, *effects[:, place].tolist()] for place, part in enumerate(("sequential", "genres"))]
    connection.executemany("insert into part_weights values (?, ?, ?, ?)", rows)
    found = connection.execute(statement("inspect/part_weights")).fetchall()
    days = np.array([30, 31 / 10 - 1, 309, 30, 30])
    positives = np.array([64, 64, 64, 5.5, 649])
    by_model = PartWeights(effects).of_users(traits_of(days, positives))
    assert [row[0] for row in found] == ["sequential", "genres"]
    np.testing.assert_allclose([row[1:] for row in found], by_model.T)
