"""What is predicted: provenance heads and the source language, calibrated, with thresholds for few false alarms."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from biascheck.folds import Fold
from biascheck.margins import FloatArray, balance, fit_margin, scale_columns, unseen_margins

__all__ = [
    "BinaryHeads",
    "Heads",
    "LanguageHead",
    "Margin",
    "as_matrix",
    "as_softmax",
    "fit_softmax",
    "threshold_for",
]


def threshold_for(scores: FloatArray, groups: Sequence[str], rate: float) -> float:
    """Smallest threshold with at most `rate` false alarms among negatives, over all and as the mean over groups.

    The mean over groups (outlets) keeps one large outlet from paying for the others; groups under 20 rows are taken
    together. Both conditions must hold.
    """
    names, codes, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    codes = np.where(counts[codes] < 20, len(names), codes)
    sizes = np.bincount(codes, minlength=len(names) + 1)
    pooled = np.full(len(scores), 1 / len(scores))
    macro = 1 / sizes[codes] / np.count_nonzero(sizes)
    order = np.argsort(-scores)
    threshold = 0.0
    for weight in (pooled, macro):
        alarms = np.cumsum(weight[order])
        last = int(np.searchsorted(alarms, rate, side="right"))
        if last < len(scores):
            threshold = max(threshold, float(np.nextafter(scores[order[last]], 2.0)))
    return threshold


class Margin(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier whose decision is its one input: lets a calibrator be fitted on decisions made elsewhere."""

    classes_ = np.asarray([0, 1])

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def decision_function(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The column of `X`, shape (n,)."""
        return np.asarray(X)[:, 0]

    def predict(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """One where the decision is positive, shape (n,)."""
        return (self.decision_function(X) > 0).astype(int)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Head(BaseEstimator):  # type: ignore[misc]
    """A head keeps the scores of its training rows (`unseen_`) for whoever fitted it; they are not stored."""

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("unseen_", None)
        return state


class BinaryHeads(Head):
    """Independent yes/no heads on shared features.

    Each is a linear classifier on all rows whose label is known. Its probability is Platt's sigmoid (J. Platt, 1999),
    fitted on decisions for rows whose outlet and system were unseen, and so is its threshold.

    Parameters
    ----------
    names : sequence of str
    C : mapping of str to float
        Of `LinearSVC`, by head; 0.5 where nothing is said.
    false_alarms : float
        Share of negatives that may pass a threshold.
    emphasis : mapping of str to float
        Power of `emphasis`, by head; 0 where nothing is said.

    Attributes
    ----------
    coef_ : ndarray of float32, shape (n_heads, n_features)
    intercept_, slope_, offset_, thresholds_ : ndarray, shape (n_heads,)
        ``p = 1 / (1 + exp(slope * decision + offset))``
    unseen_ : ndarray, shape (n_rows, n_heads)
        Probabilities of the training rows by models that saw neither their outlet nor their system; not stored.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        C: Mapping[str, float] | None = None,
        false_alarms: float = 0.01,
        emphasis: Mapping[str, float] | None = None,
    ) -> None:
        self.names = names
        self.C = C
        self.false_alarms = false_alarms
        self.emphasis = emphasis

    def fit(
        self,
        X: sp.csr_matrix,
        Y: FloatArray,
        *,
        weights: FloatArray,
        folds: Mapping[str, Sequence[Fold]],
        groups: Sequence[str],
        scales: Mapping[str, FloatArray] | None = None,
        rising: Mapping[str, npt.NDArray[np.bool_]] | None = None,
        final: bool = True,
    ) -> Self:
        """Fit all heads.

        Parameters
        ----------
        X : csr_matrix, shape (n_rows, n_features)
        Y : ndarray, shape (n_rows, n_heads)
            1, 0, or NaN where the label is not known.
        weights : ndarray, shape (n_rows, n_heads)
        folds : mapping of head to a sequence of (train, test) index arrays
        groups : sequence of str, shape (n_rows,)
            For the thresholds' mean over outlets.
        scales : mapping of head to ndarray, shape (n_features,), optional
            How much each feature counts for a head; 0 keeps it out. All count 1 where nothing is said.
        rising : mapping of head to ndarray of bool, shape (n_features,), optional
            Features of which more can only raise the head's score.
        final : bool
            False leaves out the model of all rows: enough for evaluation.
        """
        number, width = Y.shape[1], X.shape[1]
        self.coef_ = np.zeros((number, width), dtype=np.float32)
        self.intercept_ = np.zeros(number)
        self.slope_ = np.zeros(number)
        self.offset_ = np.zeros(number)
        self.thresholds_ = np.ones(number)
        self.unseen_ = np.full(Y.shape, np.nan)
        for head in range(number):
            if self.names[head] not in folds:
                continue
            y = Y[:, head]
            known = ~np.isnan(y)
            weight = weights[:, head]
            scale = (scales or {}).get(self.names[head], np.ones(width))
            scaled, used = scale_columns(X, scale)
            up = (rising or {}).get(self.names[head])
            how: dict[str, Any] = {
                "C": self.strength(self.names[head]),
                "power": self.power(self.names[head]),
                "rising": None if up is None else up[used],
            }
            margins = unseen_margins(scaled, np.where(known, y, -1), weight, folds[self.names[head]], **how)
            self.calibrate(head, margins, y, weight, groups)
            if final:
                rows = np.flatnonzero(known)
                coefficients, intercept = fit_margin(scaled[rows], y[rows], balance(y[rows], weight[rows]), **how)
                self.coef_[head, used], self.intercept_[head] = coefficients * scale[used], intercept
        return self

    def strength(self, name: str) -> float:
        """`C` of a head."""
        return (self.C or {}).get(name, 0.5)

    def power(self, name: str) -> float:
        """`emphasis` of a head."""
        return (self.emphasis or {}).get(name, 0.0)

    def calibrate(
        self, head: int, margins: FloatArray, y: FloatArray, weight: FloatArray, groups: Sequence[str]
    ) -> None:
        """Fit a head's sigmoid and threshold, and keep its unseen scores.

        Parameters
        ----------
        margins : ndarray, shape (n_rows,)
            Decisions for rows that their model had not seen; NaN for rows that were not tested.
        y : ndarray, shape (n_rows,)
            1, 0 or NaN.
        """
        tested = ~np.isnan(y) & ~np.isnan(margins)
        calibrator = CalibratedClassifierCV(FrozenEstimator(Margin()), method="sigmoid")
        with warnings.catch_warnings():
            # "weights are only used for the calibration itself": there is nothing else to use them for.
            warnings.simplefilter("ignore", UserWarning)
            calibrator.fit(margins[tested, None], y[tested].astype(int), sample_weight=weight[tested])
        sigmoid = calibrator.calibrated_classifiers_[0].calibrators[0]
        self.slope_[head], self.offset_[head] = sigmoid.a_, sigmoid.b_
        self.unseen_[:, head] = _platt(margins, self.slope_[head], self.offset_[head])
        innocent = np.flatnonzero(tested & (y == 0))
        self.thresholds_[head] = threshold_for(
            self.unseen_[innocent, head], [groups[i] for i in innocent.tolist()], self.false_alarms
        )

    def decision_function(self, X: sp.csr_matrix) -> FloatArray:
        """Signed distances, shape (n_rows, n_heads)."""
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def predict_proba(self, X: sp.csr_matrix) -> FloatArray:
        """Calibrated probability of each head, shape (n_rows, n_heads)."""
        return _platt(self.decision_function(X), self.slope_, self.offset_)


def _platt(margins: FloatArray, slope: FloatArray, offset: FloatArray) -> FloatArray:
    """Decisions as probabilities; clipped, so that a far decision does not overflow."""
    return np.asarray(1 / (1 + np.exp(np.clip(slope * margins + offset, -500, 500))))


def as_softmax(margins: FloatArray, scale: FloatArray, shift: FloatArray) -> FloatArray:
    """Margins as probabilities over classes (vector scaling), shape (n_rows, n_classes)."""
    z = margins @ scale.T + shift
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(z / z.sum(axis=1, keepdims=True))


def fit_softmax(margins: FloatArray, y: npt.NDArray[np.intp], weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scale and shift of `as_softmax`: a multinomial regression on margins of rows that their models had not seen."""
    regression = LogisticRegression(max_iter=1000)
    regression.fit(margins, y, sample_weight=weights)
    if len(regression.classes_) > 2:
        return regression.coef_, regression.intercept_
    # Of two classes scikit-learn keeps the second alone.
    return np.vstack([np.zeros_like(regression.coef_), regression.coef_]), np.append(0.0, regression.intercept_)


class LanguageHead(Head):
    """The language that a translated text came from, one against the rest, with probabilities over all.

    Probabilities are a multinomial regression on the decisions for unseen sets (vector scaling; C. Guo et al., ICML
    2017). The threshold is the smallest at which a verdict is right at least `precision` of the time there.

    Attributes
    ----------
    coef_ : ndarray of float32, shape (n_languages, n_features)
    intercept_ : ndarray, shape (n_languages,)
    scale_ : ndarray, shape (n_languages, n_languages)
    shift_ : ndarray, shape (n_languages,)
    threshold_ : float
    """

    def __init__(self, languages: Sequence[str] = (), C: float = 0.3, precision: float = 0.92) -> None:
        self.languages = languages
        self.C = C
        self.precision = precision

    def fit(
        self,
        X: sp.csr_matrix,
        y: npt.NDArray[np.intp],
        *,
        weights: FloatArray,
        folds: Sequence[Fold],
        scale: FloatArray | None = None,
        final: bool = True,
    ) -> Self:
        """Fit on rows of known language; `y` holds indices into `languages`, -1 for rows that are not used."""
        number = len(self.languages)
        self.coef_ = np.zeros((number, X.shape[1]), dtype=np.float32)
        scale = np.ones(X.shape[1]) if scale is None else scale
        X, used = scale_columns(X, scale)
        self.intercept_ = np.zeros(number)
        margins = np.full((len(y), number), np.nan)
        known = y >= 0
        # The same sum for every language, whatever the sizes of their sets.
        even = balance(y, weights)
        for language in range(number):
            target = np.where(known, y == language, -1).astype(int)
            margins[:, language] = unseen_margins(X, target, even, folds, C=self.C)
        self.calibrate(margins, y, weights)
        if final:
            rows = np.flatnonzero(known)
            for language in range(number):
                target = (y[rows] == language).astype(int)
                coefficients, self.intercept_[language] = fit_margin(
                    X[rows], target, balance(target, even[rows]), C=self.C
                )
                self.coef_[language, used] = coefficients * scale[used]
        return self

    def calibrate(self, margins: FloatArray, y: npt.NDArray[np.intp], weights: FloatArray) -> None:
        """Fit the regression on unseen decisions, shape (n_rows, n_languages), and the threshold; keep the scores."""
        unseen = (y >= 0) & ~np.isnan(margins[:, 0])
        even = balance(y[unseen], weights[unseen])
        self.scale_, self.shift_ = fit_softmax(margins[unseen], y[unseen], even)
        self.unseen_: FloatArray = np.full(margins.shape, np.nan)
        self.unseen_[unseen] = as_softmax(margins[unseen], self.scale_, self.shift_)
        self.threshold_ = self._threshold(self.unseen_[unseen], y[unseen], even)

    def _threshold(self, p: FloatArray, y: npt.NDArray[np.intp], weights: FloatArray) -> float:
        top = p.max(axis=1)
        order = np.argsort(-top)
        right = np.cumsum((weights * (p.argmax(axis=1) == y))[order])
        precise = np.flatnonzero(right / np.cumsum(weights[order]) >= self.precision)
        return float(top[order[precise[-1]]]) if len(precise) else 1.0

    def predict_proba(self, X: sp.csr_matrix) -> FloatArray:
        """Probability of each language, shape (n_rows, n_languages), given that the text is translated."""
        return as_softmax(np.asarray(X @ self.coef_.T + self.intercept_), self.scale_, self.shift_)


class Heads(BaseEstimator):  # type: ignore[misc]
    """The last step of the pipeline: provenance heads and source language on the same features."""

    def __init__(self, provenance: BinaryHeads | None = None, language: LanguageHead | None = None) -> None:
        self.provenance = provenance
        self.language = language

    def fit(self, X: Any, y: Any = None) -> Self:
        """Nothing: the heads come fitted (see `fit_heads`)."""
        return self

    def predict_proba(self, X: sp.csr_matrix) -> npt.NDArray[np.float64]:
        """Provenance probabilities, shape (n_rows, n_heads)."""
        assert self.provenance is not None
        return self.provenance.predict_proba(X)

    def predict_language(self, X: sp.csr_matrix) -> npt.NDArray[np.float64]:
        """Source-language probabilities, shape (n_rows, n_languages)."""
        assert self.language is not None
        return self.language.predict_proba(X)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def as_matrix(labels: Sequence[Mapping[str, int | None]], names: Sequence[str]) -> FloatArray:
    """Labels as a matrix with NaN where nothing is known, shape (n_rows, n_heads)."""
    return np.asarray([[np.nan if row[name] is None else row[name] for name in names] for row in labels], dtype=float)
