"""A user's own labels and axes: heads that biascheck doesn't ship, on the features that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from biascheck.folds import Fold
from biascheck.heads import BinaryHeads, Head, Heads, as_softmax, fit_softmax, threshold_for
from biascheck.margins import FloatArray, balance, fit_margin, root_weights, scale_columns, unseen_margins
from biascheck.reading import OFF_TOPIC, UNDETERMINED, Evidence, OwnLabel, Provenance, Slant
from biascheck.slant import COLUMNS as VOICES

__all__ = [
    "LEAST_EXAMPLES",
    "LEAST_OUTLETS",
    "AxisHead",
    "OwnHeads",
    "OwnLabels",
    "folds_of_outlets",
    "lacks",
    "side_by_side",
]

#: What each side needs before a head is trained on it.
LEAST_EXAMPLES, LEAST_OUTLETS = 40, 3
#: C of the heads of axes.
AXIS_STRENGTH = 0.5
MAX_FOLDS = 5


class OwnLabels(BinaryHeads):
    """Heads for own labels: `BinaryHeads` that say no as carefully as yes.

    Attributes
    ----------
    refusals_ : ndarray, shape (n_heads,)
        ``1 - p`` from which on a text is said not to have the label: at most `false_alarms` of those that have it are.
    """

    def call(self, p: FloatArray) -> dict[str, OwnLabel]:
        """What is said of one text, given its probabilities, shape (n_heads,)."""
        return {name: OwnLabel(self._verdict(i, float(p[i])), float(p[i])) for i, name in enumerate(self.names)}

    def _verdict(self, head: int, p: float) -> str:
        # Where the sides are far apart both thresholds hold in the middle: there the likelier side is said.
        if p >= max(self.thresholds_[head], 0.5):
            return "yes"
        return "no" if p < 0.5 and 1 - p >= self.refusals_[head] else UNDETERMINED


class AxisHead(Head):
    """One own axis: its poles, and what is off its subject where there are examples of it.

    A linear margin for each pole against the rest, then a multinomial regression on the margins of rows whose outlet
    was unseen (vector scaling; C. Guo et al., ICML 2017), as the head for the war in Ukraine has it. A pole is called
    where it is the likeliest and passes a threshold with at most `false_alarms` of all others above it.

    Attributes
    ----------
    classes_ : tuple of str
        The poles, and ``off_topic`` where it was learnt.
    coef_ : ndarray of float32, shape (n_classes, n_features + n_voices)
    intercept_, shift_, thresholds_ : ndarray, shape (n_classes,)
    scale_ : ndarray, shape (n_classes, n_classes)
    unseen_ : ndarray, shape (n_rows, n_classes)
        Probabilities by models that had not seen a row's outlet, NaN where nothing is known; not stored.
    """

    def __init__(self, poles: Sequence[str] = (), C: float = AXIS_STRENGTH, false_alarms: float = 0.01) -> None:
        self.poles = poles
        self.C = C
        self.false_alarms = false_alarms

    def fit(self, X: sp.csr_matrix, y: npt.NDArray[Any], *, outlets: npt.NDArray[Any], scale: FloatArray) -> Self:
        """Fit on rows whose `y` is a pole or ``off_topic``; those where it is empty are not used."""
        rows = np.flatnonzero(y != "")
        said, groups = y[rows], outlets[rows]
        weights = root_weights(groups.tolist())
        # Too few texts off the subject to learn what it is: they still raise the thresholds of the poles.
        learnt = not lacks(said == OFF_TOPIC, groups)
        self.classes_ = (*self.poles, OFF_TOPIC) if learnt else tuple(self.poles)
        number = len(self.classes_)
        target = np.asarray([self.classes_.index(v) if v in self.classes_ else -1 for v in said.tolist()])
        scaled, used = scale_columns(X[rows], scale)
        folds = folds_of_outlets(target, groups)
        margins = np.column_stack(
            [
                unseen_margins(scaled, np.where(target < 0, -1, target == k), weights, folds, C=self.C)
                for k in range(number)
            ]
        )
        known = target >= 0
        even = weights[known] / weights[known].mean()
        self.scale_, self.shift_ = fit_softmax(margins[known], target[known], even)
        p = as_softmax(margins, self.scale_, self.shift_)
        self.unseen_ = np.full((len(y), number), np.nan)
        self.unseen_[rows] = p
        self.thresholds_ = np.ones(number)
        self.coef_ = np.zeros((number, X.shape[1]), dtype=np.float32)
        self.intercept_ = np.zeros(number)
        for k in range(number):
            other = target != k
            self.thresholds_[k] = threshold_for(p[other, k], groups[other].tolist(), self.false_alarms)
            coefficients, self.intercept_[k] = fit_margin(
                scaled[known], target[known] == k, balance(target[known] == k, weights[known]), C=self.C
            )
            self.coef_[k, used] = coefficients * scale[used]
        return self

    def predict_proba(self, X: sp.csr_matrix) -> FloatArray:
        """Probability of each of `classes_`, shape (n_rows, n_classes)."""
        return as_softmax(np.asarray(X @ self.coef_.T + self.intercept_), self.scale_, self.shift_)

    def call(self, p: FloatArray) -> Slant:
        """What is said of one text, given the probabilities of `classes_`."""
        topic = 1 - float(p[-1]) if OFF_TOPIC in self.classes_ else 1.0
        poles = p[: len(self.poles)]
        shares = poles / max(float(poles.sum()), 1e-12)
        scores = dict(zip(self.poles, map(float, shares), strict=True))
        top = int(p.argmax())
        if topic < 0.5:
            return Slant(OFF_TOPIC, scores, topic)
        called = top < len(self.poles) and p[top] >= self.thresholds_[top]
        return Slant(self.poles[top] if called else UNDETERMINED, scores, topic)


class OwnHeads(BaseEstimator):  # type: ignore[misc]
    """The part `own` of a model: it fits every model that has the same columns of provenance features.

    Parameters
    ----------
    labels : OwnLabels, optional
        On the features of provenance.
    axes : mapping of str to AxisHead
        On the features of provenance and, after them, those of slant.
    """

    def __init__(self, labels: OwnLabels | None = None, axes: Mapping[str, AxisHead] | None = None) -> None:
        self.labels = labels
        self.axes = axes

    def call(self, X: sp.csr_matrix, voices: sp.csr_matrix) -> list[tuple[dict[str, OwnLabel], dict[str, Slant]]]:
        """Own labels and own axes of each row."""
        number = X.shape[0]
        labels = [self.labels.call(p) for p in self.labels.predict_proba(X)] if self.labels else [{}] * number
        slants: list[dict[str, Slant]] = [{} for _ in range(number)]
        if self.axes:
            both = side_by_side(X, voices)
            for name, head in self.axes.items():
                for slant, p in zip(slants, head.predict_proba(both), strict=True):
                    slant[name] = head.call(p)
        return list(zip(labels, slants, strict=True))

    def explain(
        self, said: Sequence[str], body: str, places: npt.NDArray[np.intp], row: sp.csr_matrix, features: Any
    ) -> tuple[Evidence, ...]:
        """Evidence for own labels, as `biascheck.evidence.explain` has it; `features` is the model's union of them."""
        from sklearn.pipeline import Pipeline

        from biascheck.evidence import explain

        pipeline = Pipeline([("features", features), ("heads", Heads(self.labels, None))])
        return explain(body, places, row, Provenance(verdict=tuple(said)), pipeline)


def lacks(side: npt.NDArray[np.bool_], outlets: npt.NDArray[Any]) -> str:
    """What a side still has too little of, or nothing."""
    examples, places = int(side.sum()), len(np.unique(outlets[side]))
    if examples >= LEAST_EXAMPLES and places >= LEAST_OUTLETS:
        return ""
    return f"{examples} text{'s' * (examples != 1)} from {places} outlet{'s' * (places != 1)}"


def folds_of_outlets(y: npt.NDArray[np.intp], outlets: npt.NDArray[Any]) -> list[Fold]:
    """Cuts by whole outlets in which every side is always left to learn from."""
    from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

    sides = np.unique(y[y >= 0])
    number = min(MAX_FOLDS, *(len(np.unique(outlets[y == side])) for side in sides))
    for splitter in (StratifiedGroupKFold(number), LeaveOneGroupOut()):
        folds = [(train, test) for train, test in splitter.split(y, y, outlets)]
        if all(np.isin(sides, y[train]).all() for train, _ in folds):
            break
    return folds


def side_by_side(X: sp.csr_matrix, voices: sp.csr_matrix) -> sp.csr_matrix:
    """The wording of `X` and, of the features of slant, who speaks and what is called what; its words are in `X`."""
    return sp.hstack([X, voices[:, : len(VOICES)]], format="csr", dtype=np.float64)
