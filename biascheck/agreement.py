"""Two labels files on the same texts: how far their annotators agree, beyond what chance would give."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from biascheck.document import Limits
from biascheck.errors import DocumentError
from biascheck.labels import COLUMNS, LABELS, Label, document_of

__all__ = ["Agreement", "Disagreement", "KappaRow", "agree", "kappa_interval"]

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class KappaRow:
    """Agreement on one label.

    Attributes
    ----------
    label : str
        As the column of the labels file is called.
    texts : int
        Texts on which both files say something of the label.
    raw : float
        Share of them on which they say the same.
    kappa : float
        Cohen's kappa; NaN where both say one and the same thing of every text, which leaves nothing to agree on.
    low, high : float
        95 % interval of kappa; NaN where it cannot be told.
    """

    label: str
    texts: int
    raw: float
    kappa: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One text of which the files say different things."""

    label: str
    text: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two labels files have in common.

    Attributes
    ----------
    shared : int
        Texts that stand in both.
    only : tuple of int
        Texts that stand in the first alone, and in the second alone.
    """

    shared: int
    only: tuple[int, int]
    rows: tuple[KappaRow, ...]
    disagreements: tuple[Disagreement, ...]


def agree(first: Sequence[Label], second: Sequence[Label], *, limits: Limits | None = None, seed: int = 0) -> Agreement:
    """Compare two labellings, label by label (J. Cohen, Educ. Psychol. Meas. 20/1, 1960).

    Texts are matched by what they say, whatever they are called; those that can no longer be read, by their path. Where
    a file has a text twice, its last row counts. A label counts on the texts where both files have a value for it.
    """
    from sklearn.metrics import cohen_kappa_score

    a, b = _by_text(first, limits), _by_text(second, limits)
    shared = [key for key in a if key in b]
    said = {key: (_values(a[key]), _values(b[key])) for key in shared}
    rows, disagreements = [], []
    for label in _ordered({name for pair in said.values() for name in pair[0].keys() & pair[1].keys()}):
        both = {key: (x[label], y[label]) for key, (x, y) in said.items() if label in x and label in y}
        left, right = [x for x, _ in both.values()], [y for _, y in both.values()]
        values = sorted({*left, *right})
        kappa = float(cohen_kappa_score(left, right)) if len(values) > 1 else math.nan
        table = np.zeros((len(values), len(values)))
        for x, y in both.values():
            table[values.index(x), values.index(y)] += 1
        raw = float(np.trace(table) / len(both))
        rows.append(KappaRow(label, len(both), raw, kappa, *kappa_interval(table, seed=seed)))
        disagreements += [Disagreement(label, _name(a[key]), x, y) for key, (x, y) in both.items() if x != y]
    return Agreement(len(shared), (len(a) - len(shared), len(b) - len(shared)), tuple(rows), tuple(disagreements))


def kappa_interval(table: npt.NDArray[np.float64], *, seed: int = 0, draws: int = DRAWS) -> tuple[float, float]:
    """95 % interval of kappa by the bootstrap (percentiles; B. Efron, Ann. Stat. 7/1, 1979).

    Drawing texts with replacement is drawing the table of counts, shape (n_values, n_values), from a multinomial.
    Draws in which only one value is left say nothing of kappa and are not counted.
    """
    number = int(table.sum())
    if number == 0 or len(table) < 2:
        return math.nan, math.nan
    shares = table.ravel() / number
    drawn = np.random.default_rng(seed).multinomial(number, shares, size=draws).reshape(-1, *table.shape) / number
    observed = np.trace(drawn, axis1=1, axis2=2)
    expected = (drawn.sum(axis=1) * drawn.sum(axis=2)).sum(axis=1)
    told = expected < 1 - 1e-12
    if not told.any():
        return math.nan, math.nan
    kappas = (observed[told] - expected[told]) / (1 - expected[told])
    low, high = np.quantile(kappas, [0.025, 0.975])
    return float(low), float(high)


def _by_text(rows: Iterable[Label], limits: Limits | None) -> dict[str, Label]:
    return {_key(row, limits): row for row in rows}


def _key(row: Label, limits: Limits | None) -> str:
    try:
        text = document_of(row, limits).text
    except DocumentError:
        return f"path {row.source.resolve()}" if row.path else f"id {row.id}"
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()


def _values(row: Label) -> Mapping[str, str]:
    """Everything that a row says, as it stands in its columns."""
    found = {name: "yes" if value else "no" for name, value in row.labels.items()}
    found |= {f"slant.{axis}": pole for axis, pole in row.slant.items()}
    return found | ({"source_language": row.source_language} if row.source_language else {})


def _ordered(names: Iterable[str]) -> list[str]:
    """The labels that everybody has, in the order of the labels file, then a user's own."""
    known = {name: number for number, name in enumerate((*LABELS, *COLUMNS))}
    return sorted(names, key=lambda name: (known.get(name, len(known)), name))


def _name(row: Label) -> str:
    return row.path or row.id or f"{row.file}:{row.line}"
