"""Inverse: that of a small positive matrix, within compiled code.

The sweep operator (Goodnight, The American Statistician 33, 1979, pages 149-158): each step is the same sum
over all rows, which a processor takes many columns at a time. LAPACK divides a matrix of some tens of columns
into ever smaller ones, and is slower there.
"""

import numpy as np
from numpy.typing import NDArray

from batch.runtime.jit import compiled


@compiled
def invert_positive(matrix: NDArray[np.float32]) -> bool:
    """Put the inverse in the place of a symmetric matrix, (n, n).

    Returns whether the matrix was positive definite; if not, it is spoiled. It is swept
    without exchanging rows, which loses nothing where all pivots are positive.
    """
    size = len(matrix)
    pivots = np.empty(size, dtype=matrix.dtype)
    for step in range(size):
        if not matrix[step, step] > 0:
            return False
        share = np.float32(1) / matrix[step, step]
        for column in range(size):
            pivots[column] = matrix[step, column]
        for row in range(size):
            factor = pivots[row] * share
            for column in range(size):
                matrix[row, column] -= factor * pivots[column]
        for place in range(size):
            matrix[step, place] = matrix[place, step] = pivots[place] * share
        matrix[step, step] = -share
    for row in range(size):
        for column in range(size):
            matrix[row, column] = -matrix[row, column]
    return True
