"""Metrics for Prometheus: how requests go, how personal the answers are, how old what is served."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import click
import prometheus_client as prometheus
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.settings import SHARED_FOLDER

# When a metric was first counted says nothing that the start of the process does not.
prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]

REQUEST_SECONDS = prometheus.Histogram(
    "recommender_request_seconds",
    "Time from a request to the end of its answer, by route and status.",
    ["route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
RECOMMENDATIONS = prometheus.Counter(
    "recommender_recommendations",
    "Answers with recommendations, by source: personal, or popular for an unknown user.",
    ["source"],
)
LOOKUP_USERS = prometheus.Histogram(
    "recommender_lookup_users",
    "Users who are looked up by one query.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
)
SWITCHES = prometheus.Counter("recommender_switches", "Generations that were opened to be served.")
SWITCH_FAILURES = prometheus.Counter(
    "recommender_switch_failures", "Attempts to open a generation that failed, or to read it."
)


class Served(NamedTuple):
    """A generation that is served: its id, when it was complete, and what was measured of its lists."""

    id: str
    finished_at: float
    quality: Iterable[tuple[str, str, float]]  # metric, model and value


class _Served(Collector):
    """What the process that answers serves now."""

    def __init__(self, served: Served | None, fault: str | None) -> None:
        self._served, self._fault = served, fault

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "recommender_degraded",
            "1 if what is published can't be served, and something older or nothing is.",
            value=float(self._fault is not None),
        )
        info = GaugeMetricFamily(
            "recommender_generation_info",
            "The generation that is served: its id is a label.",
            labels=["generation"],
        )
        if self._served:
            info.add_metric([self._served.id], 1.0)
        yield info
        yield GaugeMetricFamily(
            "recommender_generation_finished_timestamp_seconds",
            "When that generation was complete, since 1970.",
            value=self._served.finished_at if self._served else None,
        )
        quality = GaugeMetricFamily(
            "recommender_quality",
            "What the run measured, by metric and model. last_night: the lists published before, by what "
            "users have done since; embedding: the model, by interactions that were held out.",
            labels=["metric", "model"],
        )
        for metric, model, value in self._served.quality if self._served else ():
            quality.add_metric([metric, model], value)
        yield quality


async def exposition(served: Served | None, fault: str | None, accept: str) -> tuple[bytes, str]:
    """Return all metrics in the format that is accepted, and its media type.

    `served` is the generation that this process serves, `fault` why it is not the newest.
    """
    registry = prometheus.CollectorRegistry()
    registry.register(_Served(served, fault))
    if os.environ.get(SHARED_FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(prometheus.REGISTRY)
    try:
        encode, media_type = choose_encoder(accept)
    except ValueError:  # versions may be written in ways that it does not read
        encode, media_type = choose_encoder("")
    # It takes many times as long as a look-up; with several workers, the counts of all are read for it.
    return await asyncio.to_thread(encode, registry), media_type


def reserve_disk() -> None:
    """Reserve the disk for the counts of this process where several serve. Raises ClickException.

    They are mapped into memory: where the disk is full, counting one more would end the process.
    """
    if folder := os.environ.get(SHARED_FOLDER):
        try:
            for file in Path(folder).glob(f"*_{os.getpid()}.db"):
                with file.open("r+b") as counts:
                    os.posix_fallocate(counts.fileno(), 0, file.stat().st_size)
        except OSError as error:
            raise click.ClickException(
                f"can't start: {folder}: {error.strerror}; make room there, or use --workers 1"
            ) from error
