"""Shipped rows and added ones as one set of each block that is trained on, and in one cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.additions import added_weights
from biascheck.dataset import LeftoverSet, LineSet
from biascheck.folds import Fold
from biascheck.line_features import LineFeatures, select
from biascheck.margins import FloatArray
from biascheck.slant_rows import SlantSet
from biascheck.training import aggregated_weights, leftover_folds

__all__ = ["join_folds", "join_leftovers", "join_lines", "join_slant", "some_lines"]


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


def join_leftovers(
    shipped: LeftoverSet,
    counts: sp.csr_matrix,
    y: FloatArray,
    outlets: npt.NDArray[np.str_],
    lined: npt.NDArray[np.bool_],
) -> tuple[LeftoverSet, FloatArray, list[Fold]]:
    """Shipped cases and added ones, to be learnt from and tested, with their weights and folds.

    A page with a line of its own site (`lined`; see `biascheck.own_lines`) is called for that line. It is tested
    without it, as the next site's pages will be; what else stands on it is not learnt, since that finds no more of its
    site and costs other families their threshold.
    """
    both = LeftoverSet(
        X=sp.vstack([shipped.X, counts], format="csr"),
        y=np.concatenate([shipped.y, np.where(lined, -1, y)]).astype(np.int8),
        groups=np.concatenate([shipped.groups, np.asarray([f"added {outlet}" for outlet in outlets], dtype=str)]),
        kinds=np.concatenate([shipped.kinds, np.full(len(y), "added")]),
    )
    weights = np.concatenate([aggregated_weights(shipped), added_weights(outlets)])
    return both, weights, join_folds(leftover_folds(shipped), shipped.groups.tolist(), outlets.tolist())


def join_slant(shipped: SlantSet, added: SlantSet) -> SlantSet:
    """Two sets of measured rows as one, field by field; a vocabulary is of the columns and stays."""

    def join(one: Any, other: Any) -> Any:
        return sp.vstack([one, other], format="csr") if sp.issparse(one) else np.concatenate([one, other])

    values = {field.name: getattr(shipped, field.name) for field in fields(shipped)}
    return replace(
        shipped,
        **{name: join(one, getattr(added, name)) for name, one in values.items() if name != "vocabulary"},
    )


def join_lines(shipped: LineSet, added: LineSet) -> LineSet:
    """Lines of both."""
    X = LineFeatures(
        **{
            field.name: np.concatenate([getattr(shipped.X, field.name), getattr(added.X, field.name)])
            for field in fields(shipped.X)
        }
    )
    parts = {name: (getattr(shipped, name), getattr(added, name)) for name in ("y", "sites", "weights")}
    return LineSet(X, **{name: np.concatenate(pair) for name, pair in parts.items()})


def some_lines(lines: LineSet, texts: npt.NDArray[np.bool_]) -> LineSet:
    """The lines of some of the texts."""
    X, chosen = select(lines.X, texts)
    return LineSet(X, lines.y[chosen], lines.sites[texts], lines.weights[chosen])
