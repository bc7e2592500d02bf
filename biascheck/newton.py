"""Linear margins of all folds of a head at once, begun from a head that is there already.

What is minimised is what `biascheck.margins.fit_margin` minimises: half the squares of the coefficients and the
intercept, and the squared hinge of every row. LIBLINEAR copies the features for every fit, sixteen bytes a number; here
the folds share one matrix and each pass over it, no copy lives longer than a step, and the shipped head, which some
added rows change little, is where the search begins. Without a random generator, so it may run in threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

__all__ = ["solve"]

Floats = npt.NDArray[np.float32]
#: A problem is solved where a step changes its margins by less than this share of their spread; what is left to find is
#: smaller than the last step.
LEAST_STEP = 0.005
MAX_STEPS = 30
#: The Newton equations are solved to this share of their right side, in at most so many passes.
ROUGHLY, MAX_PASSES = 0.1, 20


def solve(
    X: sp.csr_matrix, scale: npt.NDArray[Any], sign: npt.NDArray[Any], costs: npt.NDArray[Any], start: npt.NDArray[Any]
) -> tuple[Floats, Floats]:
    """Minimise the squared hinge under several weightings of the rows.

    Parameters
    ----------
    X : csr_matrix of float32, shape (n_rows, n_features)
    scale : ndarray, shape (n_features,)
        What each column is multiplied with; 0 keeps it out.
    sign : ndarray, shape (n_rows,)
        1 or -1.
    costs : ndarray, shape (n_rows, n_problems)
        C times the weight of each row; 0 leaves it out.
    start : ndarray, shape (n_features + 1,)
        Coefficients of the scaled columns, and the intercept.

    Returns
    -------
    coefficients, shape (n_features + 1, n_problems), and the margins of all rows, shape (n_rows, n_problems)

    Notes
    -----
    Newton steps, each found by conjugate gradients and cut by an exact line search (S. Keerthi and D. DeCoste, A
    modified finite Newton method for fast solution of large scale linear SVMs, JMLR 6, 2005).
    """
    wide, sides = scale.astype(np.float32)[:, None], sign.astype(np.float32)[:, None]
    costs = costs.astype(np.float32)
    number = costs.shape[1]
    coefficients = np.repeat(start.astype(np.float32)[:, None], number, axis=1)
    margins = np.repeat(_forward(X, wide, coefficients[:, :1]), number, axis=1)
    left = np.arange(number)
    for _ in range(MAX_STEPS):
        w, m, c = coefficients[:, left], margins[:, left], costs[:, left]
        hinge = np.maximum(1 - sides * m, 0)
        # Rows beyond the margin under every weighting take no part in a step.
        rows = np.flatnonzero(((hinge > 0) & (c > 0)).any(axis=1))
        some, hinge, c_some = X[rows], hinge[rows], c[rows]
        gradient = w - 2 * _backward(some, wide, c_some * sides[rows] * hinge)
        step = _newton_step(some, wide, 2 * c_some * (hinge > 0), gradient)
        change = _forward(X, wide, step)
        length = _line_search(w, step, m, change, sides, c)
        coefficients[:, left] = w + length * step
        margins[:, left] = m + length * change
        moved = np.sqrt(np.square(length * change).mean(axis=0))
        left = left[moved > LEAST_STEP * margins[:, left].std(axis=0)]
        if not len(left):
            break
    return coefficients, margins


def _forward(X: sp.csr_matrix, scale: Floats, w: Floats) -> Floats:
    """Margins, shape (n_rows, n_problems)."""
    return np.asarray(X @ (scale * w[:-1]) + w[-1])


def _backward(X: sp.csr_matrix, scale: Floats, of_rows: Floats) -> Floats:
    """Sums over rows for every coefficient, shape (n_features + 1, n_problems)."""
    return np.vstack([scale * (X.T @ of_rows), of_rows.sum(axis=0)[None]])


def _newton_step(X: sp.csr_matrix, scale: Floats, curves: Floats, gradient: Floats) -> Floats:
    """Where the second order says that the least value is, by conjugate gradients, for all problems in step."""
    step = np.zeros_like(gradient)
    residual, direction = -gradient, -gradient
    squares = np.square(residual).sum(axis=0)
    enough = ROUGHLY**2 * squares
    for _ in range(MAX_PASSES):
        if (squares <= enough).all():
            break
        curved = direction + _backward(X, scale, curves * _forward(X, scale, direction))
        share = squares / np.maximum((direction * curved).sum(axis=0), np.finfo(np.float32).tiny)
        step += share * direction
        residual = residual - share * curved
        now = np.square(residual).sum(axis=0)
        direction = residual + now / np.maximum(squares, np.finfo(np.float32).tiny) * direction
        squares = now
    return step


def _line_search(w: Floats, step: Floats, m: Floats, change: Floats, sides: Floats, costs: Floats) -> Floats:
    """How far along the step the least value is, shape (n_problems,); in one variable Newton's method is enough."""
    across, along = (w * step).sum(axis=0), np.maximum(np.square(step).sum(axis=0), np.finfo(np.float32).tiny)
    length = np.ones(step.shape[1], dtype=np.float32)
    for _ in range(8):
        hinge = np.maximum(1 - sides * (m + length * change), 0)
        slope = across + length * along - 2 * (costs * sides * change * hinge).sum(axis=0)
        length = length - slope / (along + 2 * (costs * np.square(change) * (hinge > 0)).sum(axis=0))
    return length
