"""Linear margins: how one is fitted, on which rows, how much each column counts, and decisions for unseen rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.svm import LinearSVC

from biascheck.folds import Fold

__all__ = ["FloatArray", "balance", "emphasis", "fit_margin", "root_weights", "scale_columns", "unseen_margins"]

FloatArray = npt.NDArray[np.float64]
#: Columns that more of a class's rows have are measures: how often they occur says nothing.
MOST = 0.6
#: Steps of the search under bounds; it ends far earlier.
MAX_STEPS = 400


def fit_margin(
    X: sp.csr_matrix,
    y: npt.NDArray[Any],
    weight: FloatArray,
    *,
    C: float,
    power: float = 0.0,
    rising: npt.NDArray[np.bool_] | None = None,
) -> tuple[FloatArray, float]:
    """Coefficients and intercept of a linear support vector classifier (R. Fan et al., LIBLINEAR, JMLR 9, 2008).

    With a `power`, columns count by their `emphasis`. Those that are `rising` get no coefficient below 0.
    """
    scale = emphasis(X, y, weight, power) if power else None
    scaled = X if scale is None else (X @ sp.diags(scale)).tocsr()
    if rising is None:
        model = LinearSVC(C=C, dual=True, tol=1e-3, max_iter=4000, random_state=0)
        model.fit(scaled, y, sample_weight=weight)
        coefficients, intercept = model.coef_[0], float(model.intercept_[0])
    else:
        coefficients, intercept = _fit_rising(scaled.astype(np.float64), y, C * weight, rising)
    return coefficients if scale is None else coefficients * scale, intercept


def _fit_rising(
    X: sp.csr_matrix, y: npt.NDArray[Any], costs: FloatArray, rising: npt.NDArray[np.bool_]
) -> tuple[FloatArray, float]:
    """What LIBLINEAR minimises, under bounds: L-BFGS-B (R. Byrd et al., SIAM J. Sci. Comput. 16, 1995)."""
    from scipy.optimize import minimize

    sign = np.where(np.asarray(y) == 1, 1.0, -1.0)
    turned = X.T.tocsr()

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        hinge = np.maximum(0.0, 1.0 - sign * (X @ point[:-1] + point[-1]))
        pull = -2.0 * costs * hinge * sign
        value = 0.5 * float(point @ point) + float(costs @ np.square(hinge))
        return value, point + np.append(turned @ pull, pull.sum())

    bounds = [(0.0 if up else None, None) for up in rising.tolist()] + [(None, None)]
    found = minimize(
        loss, np.zeros(X.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": MAX_STEPS}
    )
    return np.asarray(found.x[:-1]), float(found.x[-1])


def emphasis(
    X: sp.csr_matrix,
    y: npt.NDArray[Any],
    weight: FloatArray,
    power: float,
    used: npt.NDArray[np.intp] | slice = slice(None),
) -> FloatArray:
    """Naive Bayes' log-count ratio of each column to a power, mean one, shape (n_columns,).

    How much oftener one class has a column than the other, from presence alone (S. Wang, C. Manning, Baselines and
    Bigrams, ACL 2012). Columns that most rows have, measures rather than items, count one. Where some columns are
    `used`, it is of them.
    """
    present = sp.csr_matrix(((X.data != 0).astype(np.float32), X.indices, X.indptr), shape=X.shape)
    logs, usual = [], np.zeros(X.shape[1], dtype=bool)[used]
    for label in (1, 0):
        mine = np.where(y == label, weight, 0.0)
        # As many rows as would weigh so evenly.
        rows = mine.sum() ** 2 / np.square(mine).sum()
        share = (present.T @ mine)[used] / mine.sum()
        logs.append(np.log((share * rows + 1) / (rows + 2)))
        usual |= share > MOST
    scale = (np.abs(logs[0] - logs[1]) + 1e-3) ** power
    scale /= scale[~usual].mean()
    scale[usual] = 1.0
    return np.asarray(scale)


def scale_columns(X: sp.csr_matrix, scale: FloatArray) -> tuple[sp.csr_matrix, npt.NDArray[np.intp]]:
    """The columns that count, each times its scale, and which they are."""
    used = np.flatnonzero(scale)
    return (X[:, used] @ sp.diags(scale[used])).tocsr(), used


def unseen_margins(
    X: sp.csr_matrix,
    y: npt.NDArray[Any],
    weight: FloatArray,
    folds: Sequence[Fold],
    *,
    C: float,
    power: float = 0.0,
    rising: npt.NDArray[np.bool_] | None = None,
) -> FloatArray:
    """Decisions for every tested row by a model fitted without its fold; rows with `y` -1 are not fitted on."""
    margins = np.full(len(y), np.nan)
    for train, test in folds:
        rows = train[y[train] >= 0]
        even = balance(y[rows], weight[rows])
        coefficients, intercept = fit_margin(X[rows], y[rows], even, C=C, power=power, rising=rising)
        margins[test] = X[test] @ coefficients + intercept
    return margins


def root_weights(groups: Sequence[str]) -> FloatArray:
    """One over the root of the rows that share a group; no large outlet drowns the rest. Shape (n_rows,)."""
    sizes = Counter(groups)
    return np.asarray([sizes[group] ** -0.5 for group in groups])


def balance(y: npt.NDArray[Any], weights: FloatArray) -> FloatArray:
    """Weights with the same sum for every class, mean one."""
    balanced = np.asarray(weights, dtype=np.float64).copy()
    for label in np.unique(y):
        balanced[y == label] /= balanced[y == label].sum()
    return np.asarray(balanced * len(y) / balanced.sum())
