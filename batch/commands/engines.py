"""Engines: where a command trains, on this machine or on a cluster of Apache Spark, which is optional."""

import importlib
from types import ModuleType

from batch.errors import UsageError
from batch.generation.publish import Published
from batch.pipeline import run as run_locally
from batch.runtime.progress import Progress
from batch.settings import Settings


def run(settings: Settings, progress: Progress) -> Published:
    """Do the nightly job on the engine of the settings. Raises what `batch.pipeline.run` raises."""
    published: Published = (spark_module("pipeline").run if settings.engine == "spark" else run_locally)(
        settings, progress
    )
    return published


def spark_module(name: str) -> ModuleType:
    """Import a module of `batch.spark`. Raises UsageError if the packages that it needs are missing."""
    try:
        return importlib.import_module(f"batch.spark.{name}")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--engine spark: needs the packages pyspark and pyarrow ({error.name} is missing); install them "
            "by 'pip install -r requirements-spark.txt', and Java 17"
        ) from error
