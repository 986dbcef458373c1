"""Turns of the event loop: what takes long is done in parts, between which others are answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

T = TypeVar("T")

# They take about as long as a look-up.
ITEMS_OF_A_TURN = 1_000


async def next_turn() -> None:
    """Let the event loop answer others."""
    await asyncio.sleep(0)


async def in_turns(items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """Yield all items in parts, one for each turn of the event loop; a short list is one part."""
    for start in range(0, len(items), ITEMS_OF_A_TURN):
        if start:
            await next_turn()
        yield items[start : start + ITEMS_OF_A_TURN]
