"""LAPACK: a positive system of linear equations, solved from within compiled code.

What numba itself offers takes twice as long: it knows no symmetric systems, and copies both sides. LAPACK is
called where scipy has it, by a name and not by an address, so that compiled code can be kept for the next
process.
"""

import llvmlite.binding
import numpy as np
from numba import types
from numba.extending import get_cython_function_address
from numpy.typing import NDArray

from batch.compiled import compiled

llvmlite.binding.add_symbol("batch_sposv", get_cython_function_address("scipy.linalg.cython_lapack", "sposv"))
_CHARACTER, _INTEGER, _FLOATS = (
    types.CPointer(each) for each in (types.int8, types.int32, types.float32)
)
# uplo, n, nrhs, a, lda, b, ldb, info
_sposv = types.ExternalFunction(
    "batch_sposv",
    types.void(_CHARACTER, _INTEGER, _INTEGER, _FLOATS, _INTEGER, _FLOATS, _INTEGER, _INTEGER),
)
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
