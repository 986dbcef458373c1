"""Turns of the event loop: what takes long is done in parts, between which others are answered."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Result = TypeVar("Result")

# They take about as long as a look-up.
ITEMS_OF_A_TURN = 1_000


async def next_turn() -> None:
    """Let the event loop answer others."""
    await asyncio.sleep(0)


async def in_turns(
    function: Callable[[Sequence[T]], Sequence[Result]], items: Sequence[T]
) -> Sequence[Result]:
    """Return the results of a function for all items; it gets some of them in each turn of the event loop."""
    if len(items) <= ITEMS_OF_A_TURN:
        return function(items)
    results: list[Result] = []
    for start in range(0, len(items), ITEMS_OF_A_TURN):
        results += function(items[start : start + ITEMS_OF_A_TURN])
        await next_turn()
    return results
