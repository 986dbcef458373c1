"""Session: the connection to a cluster, set up for what the workers are to do."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from batch.errors import BatchError

# Workers import the job from the same place as the driver, as they do Python itself.
ROOT = Path(__file__).parents[2]


@contextmanager
def connected(master: str, work: Path) -> Iterator[SparkSession]:
    """Connect to a cluster for the body; what must outlive a worker is kept below the folder `work`.

    Only what the result rests on is set here. Memory, cores and the rest are the operator's, in
    spark-defaults.conf. Raises BatchError if there is no cluster, or no Java.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Rows come and go as Arrow; pandas is not used by Spark here.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    settings = {
        "spark.app.name": "recommender",
        "spark.master": master,
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
        "spark.executorEnv.PYTHONPATH": str(ROOT),
        # Spark runs a task per core; one that used them all would wait for the others.
        "spark.executorEnv.OMP_NUM_THREADS": "1",
        "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BatchError(
            f"{master}: can't be reached by Spark ({reason}); install Java 17 (Debian: "
            "openjdk-17-jre-headless), and name a cluster that runs by --master"
        ) from error
    try:
        spark.sparkContext.setLogLevel("ERROR")
        spark.sparkContext.setCheckpointDir((work / "checkpoints").resolve().as_uri())
        yield spark
    finally:
        spark.stop()
