"""Plain text → the lines that are page furniture, by a model of lines and their neighbours.

For what no rule names: menus, teasers, notices in words of the site's own. The teacher is trafilatura with a page's
HTML (`bench/furniture.py`); here there is plain text alone. Three steps, each trained on unseen-site scores of the one
before, as in stacking (D. Wolpert, Neural Networks 5/2, 1992):

1. *words*: a logistic regression on a line's hashed words and pairs of words;
2. *line*: a small network on the line's shape, that of its neighbours, and its place in the text;
3. *order*: a smaller one on the scores around, since an article is one block or a few.

Everything is counted with numpy over all lines of many texts at once. A text without the look of a page, few short
lines and nothing that is surely a menu, is left alone: a lost sentence is worse than a menu that stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from biascheck.line_features import BITS, NAMES, Floats, Ints, LineFeatures, line_features, select

__all__ = ["LineModel"]

#: A text of more lines is no page, and is left alone.
MAX_LINES = 20_000
#: Characters of texts taken together: enough to share numpy's cost by the call, few enough for memory.
CHUNK = 500_000
#: A line that could be a menu's; a text with fewer than `LEAST_SHORT` of them is no page and is not looked at.
SHORT = 60
LEAST_SHORT = 6
_WINDOW = 3
_BOXES = (8, 20)


def _bounds(sizes: Ints) -> tuple[Ints, Ints]:
    """First line of each line's text, and the one after its last."""
    ends = np.cumsum(sizes)
    return np.repeat(ends - sizes, sizes), np.repeat(ends, sizes)


def _around(values: Floats, sizes: Ints, reach: int, pad: Floats) -> Floats:
    """Rows of the lines before and after, side by side; shape (n_lines, (2 * reach + 1) * n_columns)."""
    low, high = _bounds(sizes)
    places = np.arange(len(values))[:, None] + np.arange(-reach, reach + 1)
    places = np.where((places >= low[:, None]) & (places < high[:, None]), places, len(values))
    wide = np.concatenate((values, pad[None]))[places]
    return np.asarray(wide.reshape(len(values), places.shape[1] * values.shape[1]), dtype=np.float32)


def _means(values: Floats, sizes: Ints, reaches: Sequence[int]) -> list[Floats]:
    """Means over the lines up to `reach` away on both sides, then over all before and all after."""
    low, high = _bounds(sizes)
    sums = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)))
    at = np.arange(len(values))
    spans = [(np.maximum(at - r, low), np.minimum(at + r + 1, high)) for r in reaches]
    spans += [(low, at), (at + 1, high)]
    return [((sums[b] - sums[a]) / np.maximum(b - a, 1)[:, None]).astype(np.float32) for a, b in spans]


def _place(mass: Floats, sizes: Ints) -> Floats:
    """Where a line stands: from the top, from the bottom, and how much of the text's mass is before and after it."""
    low, high = _bounds(sizes)
    at = np.arange(len(mass))
    sums = np.concatenate(([0.0], np.cumsum(mass, dtype=np.float64)))
    total = np.maximum(sums[high] - sums[low], 1e-9)
    top, bottom = at - low, high - 1 - at
    return np.column_stack(
        (
            np.log1p(top) / 6, np.log1p(bottom) / 6, top / (high - low), np.log1p(high - low) / 6,
            (sums[at] - sums[low]) / total, (sums[high] - sums[at + 1]) / total, np.log1p(total) / 10,
        )
    ).astype(np.float32)  # fmt: skip


class LineModel(BaseEstimator):  # type: ignore[misc]
    """Which lines of a text are page furniture.

    Parameters
    ----------
    threshold : float
        Probability from which a line is furniture.
    sure, least_sure
        Only a text with `least_sure` lines of probability `sure` or more has the look of a page, and is answered for.
    inner : int
        Folds over groups by which a step is given unseen scores of the one before.
    """

    def __init__(
        self,
        threshold: float = 0.45,
        sure: float = 0.9,
        least_sure: int = 5,
        inner: int = 3,
        hidden: int = 48,
        seed: int = 0,
    ) -> None:
        self.threshold = threshold
        self.sure = sure
        self.least_sure = least_sure
        self.inner = inner
        self.hidden = hidden
        self.seed = seed

    def fit(
        self, X: LineFeatures, y: npt.NDArray[np.int8], groups: npt.NDArray[Any], weights: Floats | None = None
    ) -> Self:
        """Learn from labelled lines.

        Parameters
        ----------
        X : LineFeatures
        y : ndarray of int8, shape (n_lines,)
            1 furniture, 0 article, -1 neither (not learnt from).
        groups : ndarray, shape (n_texts,)
            The site of each text; scores for the next step come from models that have not seen it.
        weights : ndarray of float32, shape (n_lines,), optional
            How much a line counts.
        """
        known = y >= 0
        weights = np.ones(len(y), dtype=np.float32) if weights is None else weights
        sites = np.repeat(groups, X.sizes)
        words = _matrix(X)

        def fit_words(rows: npt.NDArray[np.bool_]) -> Floats:
            return _fit_words(words[rows & known], y[rows & known], weights[rows & known])

        self.words_ = fit_words(np.ones(len(y), dtype=bool))
        unseen = np.zeros((len(y), 2), dtype=np.float32)
        for out in self._folds(sites):
            unseen[out] = _word_scores(X, fit_words(~out))[out]
        shaped = _line_inputs(X, unseen)
        self.line_ = self._network(shaped[known], y[known], weights[known], self.hidden)
        scores = np.zeros(len(y), dtype=np.float32)
        for out in self._folds(sites):
            layers = self._network(shaped[~out & known], y[~out & known], weights[~out & known], self.hidden)
            scores[out] = _run(layers, shaped[out])
        ordered = _order_inputs(X, scores)
        self.order_ = self._network(ordered[known], y[known], weights[known], 12)
        return self

    def _folds(self, sites: npt.NDArray[Any]) -> Iterator[npt.NDArray[np.bool_]]:
        """Which lines are left out, fold after fold; a site is always whole."""
        names, numbers = np.unique(sites, return_inverse=True)
        fold = np.random.default_rng(self.seed).permutation(len(names)) % self.inner
        for number in range(self.inner):
            yield fold[numbers] == number

    def _network(self, X: Floats, y: npt.NDArray[np.int8], weights: Floats, hidden: int) -> list[Floats]:
        """Fit a network with one hidden layer; the scaling of its input goes into the first layer."""
        from sklearn.neural_network import MLPClassifier

        mean, scale = X.mean(axis=0), X.std(axis=0) + 1e-3
        batch = int(np.clip(len(y) // 200, 8, 256))  # little material needs as many steps as much
        network = MLPClassifier(
            (hidden,), alpha=1e-2, batch_size=batch, max_iter=6, learning_rate_init=1e-3, random_state=self.seed, tol=0
        )
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network.fit(np.clip((X - mean) / scale, -6, 6), y, sample_weight=weights / weights.mean())
        (first, second), (bias, last) = network.coefs_, network.intercepts_
        first = first / scale[:, None]
        return [a.astype(np.float32) for a in (first, bias - mean @ first, second[:, 0], last)]

    def decision_lines(self, X: LineFeatures) -> Floats:
        """Log-odds that each line is furniture, shape (n_lines,)."""
        scores = _run(self.line_, _line_inputs(X, _word_scores(X, self.words_)))
        return _run(self.order_, _order_inputs(X, scores))

    def flag_lines(self, X: LineFeatures) -> npt.NDArray[np.bool_]:
        """Whether each line is called furniture, shape (n_lines,)."""
        return self.flag_scores(self.decision_lines(X), X.sizes)

    def flag_scores(self, scores: Floats, sizes: Ints) -> npt.NDArray[np.bool_]:
        """`flag_lines` from the scores of `decision_lines`."""
        text = np.repeat(np.arange(len(sizes)), sizes)
        sure = np.bincount(text, weights=scores >= _logit(self.sure), minlength=len(sizes))
        return np.asarray((scores >= _logit(self.threshold)) & (sure >= self.least_sure)[text])

    def predict_documents(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Furniture lines of each text, as (start, end) in characters, without the blanks at their edges."""
        found: list[list[tuple[int, int]]] = [[] for _ in texts]
        chosen = [number for number, text in enumerate(texts) if _like_page(text)]
        while chosen:
            size, part = 0, 0
            while part < len(chosen) and (not part or size < CHUNK):
                size += len(texts[chosen[part]])
                part += 1
            numbers, chosen = chosen[:part], chosen[part:]
            X = line_features([texts[number] for number in numbers])
            short = X.sizes <= MAX_LINES
            X, _ = (X, None) if short.all() else select(X, short)
            flagged = self.flag_lines(X)
            owner = np.repeat(np.asarray(numbers)[short], X.sizes)[flagged]
            for number, (start, end) in zip(owner.tolist(), X.spans[flagged].tolist(), strict=True):
                found[number].append((start, end))
        return found


def _like_page(text: str) -> bool:
    """Whether a text has lines enough that are short, and not too many; cheap, and most articles end here."""
    breaks = text.count("\n")
    if breaks < LEAST_SHORT:
        return False
    if breaks > MAX_LINES and sum(map(bool, map(str.strip, text.split("\n")))) > MAX_LINES:
        return False
    short = 0
    for line in text.splitlines():
        short += 0 < len(line) < SHORT
        if short >= LEAST_SHORT:
            return True
    return False


def _logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


def _run(layers: Sequence[Floats], X: Floats) -> Floats:
    first, bias, second, last = layers
    return np.asarray(np.maximum(X @ first + bias, 0) @ second + last, dtype=np.float32)


def _matrix(X: LineFeatures) -> sp.csr_matrix:
    """Mean of the line's tokens, as `_word_scores` weighs them."""
    ends = np.concatenate(([0], np.cumsum(X.tokens)))
    weights = np.repeat(1 / np.sqrt(np.maximum(X.tokens, 1)), X.tokens).astype(np.float32)
    matrix = sp.csr_matrix((weights, X.buckets.astype(np.int32), ends), shape=(len(X.tokens), 2**BITS))
    matrix.sum_duplicates()
    return matrix


def _fit_words(X: sp.csr_matrix, y: npt.NDArray[np.int8], weights: Floats) -> Floats:
    """Weights of the buckets, the intercept last."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0, max_iter=60, tol=1e-3).fit(X, y, sample_weight=weights / weights.mean())
    return np.append(model.coef_[0], model.intercept_).astype(np.float32)


def _word_scores(X: LineFeatures, weights: Floats) -> Floats:
    """Sum of the tokens' weights over the root of their number, damped, and their mean."""
    line = np.repeat(np.arange(len(X.tokens)), X.tokens)
    sums = np.bincount(line, weights=weights[X.buckets], minlength=len(X.tokens))
    number = np.maximum(X.tokens, 1)
    return np.column_stack((np.tanh((sums / np.sqrt(number) + weights[-1]) / 4), sums / number)).astype(np.float32)


def _line_inputs(X: LineFeatures, scores: Floats) -> Floats:
    values: Floats = np.hstack((X.shape.astype(np.float32) / 255, scores))
    pad = np.zeros(values.shape[1], dtype=np.float32)
    pad[NAMES.index("edge")] = 1
    mass = np.expm1(values[:, 0] * 8)  # characters
    # Prose: long, ends like a sentence.
    prose = mass * (values[:, NAMES.index("ends_stop")] > 0) * (mass > 80)
    around = _around(values, X.sizes, _WINDOW, pad)
    return np.hstack((around, *_means(values, X.sizes, _BOXES), _place(mass, X.sizes), _place(prose, X.sizes)))


def _order_inputs(X: LineFeatures, scores: Floats) -> Floats:
    damped = np.clip(scores, -6, 6)[:, None].astype(np.float32)
    mass = np.expm1(X.shape[:, 0].astype(np.float32) / 255 * 8)
    article = mass / (1 + np.exp(damped[:, 0]))
    length = X.shape[:, :1].astype(np.float32) / np.float32(255)
    both = np.column_stack((damped[:, 0], length[:, 0], 1 / (1 + np.exp(damped[:, 0]))))
    return np.hstack(
        (
            _around(damped, X.sizes, 5, np.full(1, 6, dtype=np.float32)),
            _around(np.asarray(length, dtype=np.float32), X.sizes, 2, np.zeros(1, dtype=np.float32)),
            *_means(both.astype(np.float32), X.sizes, (2, 10, 30)),
            _place(article, X.sizes),
        )
    )
