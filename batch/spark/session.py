"""Session: the connection to a cluster, set up for the work of this job."""

import logging
import os
import re
import shutil
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from batch.errors import BatchError, UsageError

log = logging.getLogger("batch")

# Workers import the job from the same place as the driver, as they do Python itself.
ROOT = Path(__file__).parents[2]

# The input is read several times, and must fall into the same pieces, also when there are more or fewer
# workers by then; by Spark's defaults pieces depend on their number. A task holds one piece.
PIECES = {"spark.sql.files.maxPartitionBytes": "16m", "spark.sql.files.minPartitionNum": "8"}
SECONDS_TO_ANSWER = 10
SECONDS_UNTIL_WARNING = 30
_STANDALONE = re.compile(r"spark://(.+)")
_OTHERS = re.compile(r"local(-cluster)?(\[.+\])?|yarn|k8s://.+")
# Errors of Spark, and those of Java.
_FAULTS = (PySparkException, Py4JError)


@contextmanager
def connected(master: str, work: Path) -> Iterator[SparkSession]:
    """Connect to a cluster for the body; what must outlive a worker is kept in the folder `work`.

    It sets only what the result depends on, and the size of pieces if nobody has. Memory, cores and the
    rest are the operator's, in spark-defaults.conf. Raises UsageError if there can't be such a cluster or
    there is no Java, and BatchError if the cluster does not answer, or gives up on what the body asks for.
    """
    _stop_without_java()
    _stop_if_nobody_answers(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Rows come and go as Arrow; Spark uses no pandas.
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
    except (*_FAULTS, OSError) as error:
        raise BatchError(
            f"{master}: can't be reached by Spark ({_reason(error)}); name a cluster that runs by --master, "
            "and see that it is of the same version of Spark"
        ) from error
    try:
        spark.sparkContext.setLogLevel("ERROR")
        for name, value in PIECES.items():
            if not spark.sparkContext.getConf().contains(name):
                spark.conf.set(name, value)
        spark.sparkContext.setCheckpointDir((work / "checkpoints").resolve().as_uri())
        _wait_for_room(spark, master)
        yield spark
    except _FAULTS as error:
        raise BatchError(
            f"Spark gave up: {_reason(error)}; the logs of the workers say more; correct the cause, "
            "and run again"
        ) from error
    finally:
        # Where Java has died, there is nothing to stop.
        with suppress(*_FAULTS, OSError):
            spark.stop()


def _stop_without_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise UsageError(
            f"--engine spark: needs Java, and there is none {'in JAVA_HOME' if home else 'on the PATH'}; "
            "install Java 17 (Debian and Ubuntu: apt-get install openjdk-17-jre-headless)"
        )


def _stop_if_nobody_answers(master: str) -> None:
    """Look before Spark does, which would try for minutes and end with a stack of Java."""
    if _OTHERS.fullmatch(master):
        return
    found = _STANDALONE.fullmatch(master)
    addresses = [address.rpartition(":") for address in found[1].split(",")] if found else []
    if not addresses or not all(host and port.isdecimal() for host, _, port in addresses):
        raise UsageError(
            f"--master {master}: is no master; write spark://HOST:PORT, yarn, k8s://URL, or local[*] for "
            "this machine"
        )
    explanations = []
    for host, _, port in addresses:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_ANSWER).close()
        except (OSError, OverflowError) as error:
            explanations.append(str(error))
        else:
            return
    raise BatchError(
        f"{master}: does not answer ({'; '.join(explanations)}); start the cluster, or name one that runs by "
        "--master"
    )


def _wait_for_room(spark: SparkSession, master: str) -> None:
    """Run a tiny job, and warn if it waits: a full cluster has room some time."""
    waits = "%s: has had no room for %d s; the job goes on when a worker has enough cores and memory free"
    warning = Timer(SECONDS_UNTIL_WARNING, log.warning, [waits, master, SECONDS_UNTIL_WARNING])
    warning.daemon = True
    warning.start()
    try:
        spark.range(1).count()
    finally:
        warning.cancel()


def _reason(error: BaseException) -> str:
    """Return an error of Spark in one line."""
    return " ".join(str(error).split())[:300]
