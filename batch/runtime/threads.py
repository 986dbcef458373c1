"""Threads: independent pieces of numeric work, one on each core."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def threads() -> Iterator[ThreadPoolExecutor]:
    """Give a pool with a thread for each core; at the end, what has not begun is cancelled.

    BLAS has one thread in each of ours: two pools that wait for each other take several times as long.
    """
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(cores()) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def run_in_threads(
    pieces: Iterable[Callable[[], int]], advance: Callable[[int], None] = lambda _result: None
) -> None:
    """Run every piece; call `advance` with the result of each, in their order."""
    with threads() as pool:
        for piece in [pool.submit(piece) for piece in pieces]:
            advance(piece.result())


def cores() -> int:
    """Return how many threads work at once: one for each core that is ours, or as OMP_NUM_THREADS says."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and int(limit):
        return int(limit)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
