"""Compiled: how a function of plain loops becomes machine code.

The first run on a machine waits for it. Loops, slices, `np.empty` and products of matrices (`np.dot`) into
memory that is there compile in a tenth of a second or two each. Others take one or two seconds: sorting,
`np.diff`, and a row assigned to a row, for the sake of a message about shapes that differ. What is called
with arrays of two layouts is compiled twice.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a function at its first call; it runs without the interpreter's lock, beside other threads.

    The code is kept beside the module for the next process, or in the user's cache folder; where neither
    can be written, it is compiled anew by each process.
    """
    return _compiled(function)


def compiled_freely(function: Function) -> Function:
    """Compile a function whose sums may be taken in another order, which is many times as fast."""
    return _compiled(function, fastmath={"reassoc", "contract"})


def compiled_inside(function: Function) -> Function:
    """Make a function a part of the compiled ones of its module that call it.

    Otherwise it is compiled by itself first, and once more within each of them.
    """
    return cast("Function", numba.njit(nogil=True, inline="always")(function))


def compiled_here(function: Function) -> Function:
    """Compile a function once, for those of its module that call it from several places."""
    return cast("Function", numba.njit(nogil=True)(function))


def _compiled(function: Function, **options: Any) -> Function:
    try:
        return cast("Function", numba.njit(nogil=True, cache=True, **options)(function))
    except RuntimeError:
        return cast("Function", numba.njit(nogil=True, **options)(function))
