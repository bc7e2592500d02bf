"""Fits heads side by side in few processes and little memory: what retraining needs that a first training does not.

The features of all rows are a third of a gigabyte, and liblinear copies what it fits. So they are shared by the
processes (joblib maps them), and a row that a fold leaves out is weighted zero instead of cut out.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.svm import LinearSVC

from biascheck.corpus import HEADS
from biascheck.dataset import TrainingRow
from biascheck.folds import Fold
from biascheck.heads import BinaryHeads, FloatArray, LanguageHead, Margin, as_matrix, balance, threshold_for
from biascheck.training import STRENGTH, fit_language, provenance_scale

__all__ = ["Fitted", "join_folds", "merge", "refit"]

#: Costliest first, so that two processes end at about the same time.
ORDER = ("language", "original", "agency", "translated", "rewritten")
FALSE_ALARMS = 0.01
#: Of the models that only score a fold: margins differ by a thousandth, in a third less time.
FOLD_TOLERANCE = 1e-2


@dataclass(frozen=True, slots=True)
class Fitted:
    """One yes/no head; `unseen` holds probabilities by models that saw neither a row's outlet nor its system."""

    coef: npt.NDArray[np.float32]
    intercept: float
    slope: float
    offset: float
    threshold: float
    unseen: FloatArray


def join_folds(folds: Sequence[Fold], shipped: Sequence[str], added: Sequence[str]) -> list[Fold]:
    """Give added rows, which stand after the shipped ones, to the folds by outlet.

    An outlet that is among the shipped ones is tested with them; the others are dealt out largest first. The shipped
    rows stay in their folds, so that figures before and after are of the same cut.
    """
    names, counts = np.unique(np.asarray(added, dtype=str), return_counts=True)
    known: dict[str, int] = {}
    for number, (_, test) in enumerate(folds):
        for row in test.tolist():
            known.setdefault(shipped[row], number)
    load = [0] * len(folds)
    cell = {}
    for _, name, count in sorted((-count, name, count) for name, count in zip(names.tolist(), counts, strict=True)):
        cell[name] = known.get(name, int(np.argmin(load)))
        load[cell[name]] += int(count)
    of = np.asarray([cell[str(name)] for name in added], dtype=np.intp)
    return [
        (
            np.concatenate([train, len(shipped) + np.flatnonzero(of != number)]),
            np.concatenate([test, len(shipped) + np.flatnonzero(of == number)]),
        )
        for number, (train, test) in enumerate(folds)
    ]


def refit(
    X: sp.csr_matrix,
    places: dict[str, slice],
    rows: Sequence[TrainingRow],
    weights: Mapping[str, FloatArray],
    folds: Mapping[str, Sequence[Fold]],
    *,
    final: bool = True,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Fitted | LanguageHead]:
    """Fit the heads that `folds` names, with what `biascheck.training` fits them with.

    Parameters
    ----------
    weights
        Of the rows, for each head.
    final : bool
        False does the unseen folds only.
    jobs : int, optional
        Processes; two at most are worth it.
    """
    from joblib import Parallel, delayed

    groups = [row.group for row in rows]
    names = [name for name in ORDER if name in folds]
    Y = as_matrix([row.labels for row in rows], HEADS)
    calls = []
    for name in names:
        progress(f"fitting {name} …")
        if name == "language":
            known = np.flatnonzero([row.labels["translated"] == 1 for row in rows])
            place = np.full(len(rows), -1)
            place[known] = np.arange(len(known))
            cut = [(place[a][place[a] >= 0], place[b][place[b] >= 0]) for a, b in folds[name]]
            some = [rows[i] for i in known.tolist()]
            calls.append(delayed(_fit_language)(X[known], places, some, weights[name][known], cut, final=final))
        else:
            y, scale = Y[:, HEADS.index(name)], provenance_scale(places, name)
            strength = STRENGTH.get(name, 0.5)
            calls.append(delayed(_fit)(X, scale, y, weights[name], folds[name], groups, strength, final=final))
    processes = min(2 if jobs is None else jobs, os.cpu_count() or 1, len(calls))
    if processes > 1:
        found = Parallel(n_jobs=processes, batch_size=1, pre_dispatch=processes)(calls)
    else:
        found = [function(*given, **named) for function, given, named in calls]
    fitted = dict(zip(names, found, strict=True))
    if "language" in fitted:
        head, some_unseen = fitted["language"]
        head.unseen_ = np.full((len(rows), some_unseen.shape[1]), np.nan)
        head.unseen_[known] = some_unseen
        fitted["language"] = head
    return fitted


def _fit_language(*given: Any, **named: Any) -> tuple[LanguageHead, FloatArray]:
    """`fit_language`, and the unseen scores apart: a head that goes from one process to another leaves them behind."""
    head = fit_language(*given, **named)
    return head, head.unseen_


def _fit(
    X: sp.csr_matrix,
    scale: FloatArray,
    y: FloatArray,
    weight: FloatArray,
    folds: Sequence[Fold],
    groups: Sequence[str],
    C: float,
    *,
    final: bool,
) -> Fitted:
    """What `BinaryHeads.fit` does for one head, without its copies of the features."""
    data = X.data.astype(np.float64)
    for at in range(0, len(data), 1 << 22):
        data[at : at + (1 << 22)] *= scale[X.indices[at : at + (1 << 22)]]
    scaled = sp.csr_matrix((data, X.indices, X.indptr), shape=X.shape)
    known = ~np.isnan(y)
    margins = np.full(len(y), np.nan)
    for train, test in folds:
        coefficients, intercept = _margin(scaled, y, weight, train[known[train]], C, tol=FOLD_TOLERANCE)
        margins[test] = (scaled @ coefficients)[test] + intercept
    tested = known & ~np.isnan(margins)
    calibrator = CalibratedClassifierCV(FrozenEstimator(Margin()), method="sigmoid")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # as in `BinaryHeads.fit`
        calibrator.fit(margins[tested, None], y[tested].astype(int), sample_weight=weight[tested])
    sigmoid = calibrator.calibrated_classifiers_[0].calibrators[0]
    slope, offset = float(sigmoid.a_), float(sigmoid.b_)
    unseen = 1 / (1 + np.exp(np.clip(slope * margins + offset, -500, 500)))
    negative = np.flatnonzero(tested & (y == 0))
    threshold = threshold_for(unseen[negative], [groups[i] for i in negative.tolist()], FALSE_ALARMS)
    coefficients, intercept = np.zeros(X.shape[1]), 0.0
    if final:
        coefficients, intercept = _margin(scaled, y, weight, np.flatnonzero(known), C)
    return Fitted((coefficients * scale).astype(np.float32), intercept, slope, offset, threshold, unseen)


def _margin(
    X: sp.csr_matrix, y: FloatArray, weight: FloatArray, rows: npt.NDArray[np.intp], C: float, *, tol: float = 1e-3
) -> tuple[FloatArray, float]:
    """`fit_margin` on some rows; the others weigh nothing, which liblinear takes for left out."""
    weights = np.zeros(len(y))
    weights[rows] = balance(y[rows], weight[rows])
    model = LinearSVC(C=C, dual=True, tol=tol, max_iter=4000, random_state=0)
    model.fit(X, np.nan_to_num(y), sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def merge(shipped: BinaryHeads, fitted: Mapping[str, Any]) -> BinaryHeads:
    """The shipped heads with those in their places that were fitted anew; nothing else differs by a bit."""
    heads = BinaryHeads(shipped.names, shipped.C, shipped.false_alarms)
    for name in ("coef_", "intercept_", "slope_", "offset_", "thresholds_"):
        setattr(heads, name, getattr(shipped, name).copy())
    for number, name in enumerate(shipped.names):
        if name in fitted:
            head = fitted[name]
            heads.coef_[number], heads.intercept_[number] = head.coef, head.intercept
            heads.slope_[number], heads.offset_[number] = head.slope, head.offset
            heads.thresholds_[number] = head.threshold
    return heads
