"""LAPACK: a positive system of linear equations, solved from within compiled code.

What numba itself offers takes twice as long: it knows no symmetric systems, and copies both sides. LAPACK is
called where scipy has it, by a name and not by an address, so that compiled code can be kept for the next
process.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import get_cython_function_address
from numpy.typing import NDArray

from batch.compiled import compiled

_NAME = "batch_sposv"
llvmlite.binding.add_symbol(_NAME, get_cython_function_address("scipy.linalg.cython_lapack", "sposv"))


def _declared() -> Any:
    """Return the routine as compiled code calls it: uplo, n, nrhs, a, lda, b, ldb, info, all by address."""
    pointer: Any = types.CPointer
    text, integer, floats = (pointer(each) for each in (types.int8, types.int32, types.float32))
    arguments = (text, integer, integer, floats, integer, floats, integer, integer)
    return types.ExternalFunction(_NAME, types.void(*arguments))


_sposv = _declared()
UPPER = ord("U")


@compiled
def solve_positive(system: NDArray[np.float32], sides: NDArray[np.float32]) -> bool:
    """Put the solutions in the place of the right sides, (sides, n), and spoil the system, (n, n).

    Both are contiguous. Returns whether the system was positive definite; if not, there are no solutions.
    """
    half = np.array([UPPER], dtype=np.int8)
    size, count = np.array([len(system)], dtype=np.int32), np.array([len(sides)], dtype=np.int32)
    fault = np.zeros(1, dtype=np.int32)
    _sposv(
        half.ctypes, size.ctypes, count.ctypes, system.ctypes, size.ctypes, sides.ctypes, size.ctypes,
        fault.ctypes,
    )  # fmt: skip
    return bool(fault[0] == 0)
