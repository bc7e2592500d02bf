"""Fits heads anew on the shipped rows and the added ones, beginning from the shipped heads.

What is fitted and calibrated is what `biascheck.training` has; only the way there is another (`biascheck.newton`): it
takes a third of the time and one copy of the features.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from biascheck.corpus import HEADS
from biascheck.dataset import TrainingRow
from biascheck.folds import Fold
from biascheck.heads import Heads, as_matrix
from biascheck.margins import FloatArray, balance, emphasis
from biascheck.newton import solve
from biascheck.training import language_labels, language_scale, provenance_scale

__all__ = ["refit"]


@dataclass(frozen=True)
class _Problem:
    """One margin to fit: on which rows, for what, and from where.

    Attributes
    ----------
    rows : ndarray of int
        Those of the features that may be learnt from or tested; the arrays and folds that follow count in them.
    y : ndarray, shape (n_rows,)
        1, 0 or NaN.
    start : ndarray, shape (n_features + 1,)
        Coefficients of the head as it is, and its intercept.
    """

    X: sp.csr_matrix
    y: FloatArray
    weights: FloatArray
    folds: Sequence[Fold]
    scale: FloatArray
    C: float
    start: FloatArray
    power: float = 0.0

    def solve(self, *, final: bool) -> tuple[FloatArray, FloatArray]:
        """Coefficients and intercept of the fit on all rows, and decisions for rows by fits without their fold."""
        known = ~np.isnan(self.y)
        every = (np.arange(len(self.y)), np.zeros(0, dtype=np.intp))
        cuts = [*self.folds, every] if final else list(self.folds)
        costs = np.zeros((len(self.y), len(cuts)))
        for number, (train, _) in enumerate(cuts):
            rows = train[known[train]]
            costs[rows, number] = self.C * balance(self.y[rows], self.weights[rows])
        margins = np.full(len(self.y), np.nan)
        # Columns that are weighed by what a cut's rows say of them are other columns in every cut.
        together = [[number] for number in range(len(cuts))] if self.power else [list(range(len(cuts)))]
        for numbers in together:
            scale = np.append(self._scale(costs[:, numbers[0]]), 1.0)
            start = np.divide(self.start, scale, out=np.zeros(len(scale)), where=scale > 0)
            sides = np.where(self.y == 1, 1, -1)
            coefficients, decisions = solve(self.X, scale[:-1], sides, costs[:, numbers], start)
            for column, number in enumerate(numbers):
                margins[cuts[number][1]] = decisions[cuts[number][1], column]
        return coefficients[:, -1] * scale, margins

    def _scale(self, costs: FloatArray) -> FloatArray:
        """How much each column counts for a fit on the rows that have a cost."""
        if not self.power:
            return self.scale
        used = np.flatnonzero(self.scale)
        scale = self.scale.copy()
        scale[used] *= emphasis(self.X, self.y, costs, self.power, used)
        return scale


def refit(
    X: sp.csr_matrix,
    places: dict[str, slice],
    rows: Sequence[TrainingRow],
    weights: Mapping[str, FloatArray],
    folds: Mapping[str, Sequence[Fold]],
    shipped: Heads,
    *,
    final: bool = True,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Heads:
    """Fit the heads that `folds` names, with what `biascheck.training` fits them with.

    Parameters
    ----------
    X : csr_matrix of float32, shape (n_rows, n_features)
    weights
        Of the rows, for each head.
    shipped : Heads
        Where the search begins.
    final : bool
        False does the unseen folds only: coefficients are of no use then.
    jobs : int, optional
        Threads.

    Returns
    -------
    Heads
        The shipped ones with those in their places that were fitted anew; nothing else differs by a bit. `unseen_` of
        those holds scores for all `rows`.
    """
    heads = Heads(deepcopy(shipped.provenance), deepcopy(shipped.language) if "language" in folds else shipped.language)
    binary, language = heads.provenance, heads.language
    assert binary is not None
    assert language is not None
    Y = as_matrix([row.labels for row in rows], HEADS)
    binary.unseen_ = np.full(Y.shape, np.nan)
    problems: list[_Problem] = []
    known = np.zeros(0, dtype=np.intp)
    target = language_labels(rows)
    if "language" in folds:
        translated = np.asarray([row.labels["translated"] == 1 for row in rows])
        known = np.flatnonzero(translated & (target >= 0))
        place = np.full(len(rows), -1)
        place[known] = np.arange(len(known))
        cut = [(place[a][place[a] >= 0], place[b][place[b] >= 0]) for a, b in folds["language"]]
        few, even = X[known], balance(target[known], weights["language"][known])
        for number in range(len(language.languages)):
            start = np.append(language.coef_[number], language.intercept_[number])
            said = (target[known] == number).astype(float)
            problems.append(_Problem(few, said, even, cut, language_scale(places), language.C, start))
    names = [name for name in HEADS if name in folds]
    for name in names:
        head = HEADS.index(name)
        start, C = np.append(binary.coef_[head], binary.intercept_[head]), binary.strength(name)
        how = (provenance_scale(places, name), C, start, binary.power(name))
        problems.append(_Problem(X, Y[:, head], weights[name], folds[name], *how))
    progress(f"fitting {', '.join(folds)} …")
    with ThreadPoolExecutor(min(jobs or 2, os.cpu_count() or 1)) as pool:
        solved = list(pool.map(lambda problem: problem.solve(final=final), problems))
    if "language" in folds:
        parts, solved = solved[: len(language.languages)], solved[len(language.languages) :]
        language.coef_ = np.asarray([w[:-1] for w, _ in parts], dtype=np.float32)
        language.intercept_ = np.asarray([w[-1] for w, _ in parts])
        language.calibrate(np.column_stack([m for _, m in parts]), target[known], weights["language"][known])
        unseen = np.full((len(rows), len(parts)), np.nan)
        unseen[known] = language.unseen_
        language.unseen_ = unseen
    groups = [row.group for row in rows]
    for name, (w, margins) in zip(names, solved, strict=True):
        head = HEADS.index(name)
        binary.coef_[head], binary.intercept_[head] = w[:-1], w[-1]
        binary.calibrate(head, margins, Y[:, head], weights[name], groups)
    return heads
