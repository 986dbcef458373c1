"""Engines: where a command trains, on this machine or on a cluster of Apache Spark, which is optional."""

import importlib
from types import ModuleType

from batch.errors import UsageError


def spark_module(name: str) -> ModuleType:
    """Import a module of `batch.spark`. Raises UsageError if the packages that it needs are missing."""
    try:
        return importlib.import_module(f"batch.spark.{name}")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--engine spark: needs the packages pyspark and pyarrow ({error.name} is missing); install them "
            "by 'pip install -r requirements-spark.txt', and Java 17"
        ) from error
