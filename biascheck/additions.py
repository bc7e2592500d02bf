"""Labelled texts that passed `biascheck.label_checks` → rows of every block that is trained on, and their weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.corpus import HEADS, LANGUAGES
from biascheck.dataset import LineSet, TrainingRow
from biascheck.document import Document, Limits
from biascheck.furniture import bodies
from biascheck.label_checks import alone, merged, readable, said_of, tell_one_sided, word_of
from biascheck.labels import Label, Problem, outlet_of
from biascheck.leftovers import Leftovers, find_leftovers
from biascheck.line_features import line_features
from biascheck.reading import OFF_TOPIC
from biascheck.slant import AXIS
from biascheck.slant import LANGUAGES as SLANT_LANGUAGES
from biascheck.slant_rows import SlantRow, SlantSet, measure_slant
from biascheck.store import Model

__all__ = ["MOST_ROWS", "RULE", "Additions", "Measured", "added_weights", "prepare"]

CHUNK = 256
#: An outlet's rows beyond these add nothing to its weight; `bench/learning_curve.py` shows
#: that this is enough to be learnt from.
MOST_ROWS = 50
RULE = (
    f"a row of an outlet with n rows weighs 1 / √n, an added one √min(n, {MOST_ROWS}) / n; for agency 1, and "
    f"min(n, {MOST_ROWS}) / n: {MOST_ROWS * 10} added rows of one outlet weigh as much as {MOST_ROWS}, copies of one "
    "text as much as one; a page with a line of its own site teaches the head aggregated that line alone"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found in one text: its article, and what is left of its page."""

    article: str
    language: str
    date: str | None
    leftovers: Leftovers


@dataclass(frozen=True)
class Additions:
    """Texts to learn from, each once, measured as the model measures texts.

    Attributes
    ----------
    rows : sequence of Label
    outlets : ndarray of str, shape (n_rows,)
    french : ndarray of bool, shape (n_rows,)
        Whether the model reads the text for provenance.
    X : csr_matrix, shape (n_rows, n_features)
        Of the model's pipeline, before its heads.
    counts : csr_matrix, shape (n_rows, n_columns)
        Of `LeftoverCounts`.
    slant : SlantSet or None
        Of the rows that `slanted` has the numbers of.
    slanted : ndarray of int
    lines : LineSet or None
        Lines of the rows with furniture.
    texts : sequence of Measured
        What was found in each.
    """

    rows: Sequence[Label]
    outlets: npt.NDArray[np.str_]
    french: npt.NDArray[np.bool_]
    X: sp.csr_matrix
    counts: sp.csr_matrix
    slant: SlantSet | None
    slanted: npt.NDArray[np.intp]
    lines: LineSet | None
    texts: Sequence[Measured]

    def values(self, label: str) -> npt.NDArray[np.float64]:
        """What the rows say of a label: 1, 0 or NaN, shape (n_rows,)."""
        said = [
            row.labels.get(label, np.nan) if french else np.nan
            for row, french in zip(self.rows, self.french, strict=True)
        ]
        return np.asarray(said, dtype=np.float64)

    def tally(self) -> list[tuple[str, str, int]]:
        """How many texts have each label and value."""
        said = Counter((name, word_of(value)) for row in self.rows for name, value in said_of(row).items())
        said.update(("furniture", "spans") for row in self.rows if row.furniture)
        return [(name, value, number) for (name, value), number in sorted(said.items())]

    def training_rows(self) -> list[TrainingRow]:
        """Labels and keys for the provenance heads and the source language."""
        return [
            TrainingRow(
                id=f"added-{number}",
                set="added",
                outlet=str(outlet),
                system="",
                story="",
                year="",
                kind="added",
                licence="",
                origin="",
                source_language=row.source_language if row.source_language in LANGUAGES else "",
                labels={head: row.labels.get(head) if french else None for head in HEADS},
            )
            for number, (row, outlet, french) in enumerate(zip(self.rows, self.outlets, self.french, strict=True))
        ]


def added_weights(outlets: Sequence[str] | npt.NDArray[np.str_], power: float = 0.5) -> npt.NDArray[np.float64]:
    """The weight of each added row (`RULE`), shape (n_rows,); `power` is 1 where shipped rows all weigh the same."""
    sizes = Counter(map(str, outlets))
    return np.asarray([min(sizes[o], MOST_ROWS) ** power / sizes[o] for o in map(str, outlets)], dtype=np.float64)


def prepare(
    rows: Sequence[Label], model: Model, text: sp.csr_matrix | None = None, *, limits: Limits | None = None
) -> tuple[Additions, list[Problem]]:
    """Read, check and measure labelled texts.

    Parameters
    ----------
    text : csr_matrix, optional
        Which n-grams the rows have that the model is measured on: those are not learnt from.

    Returns
    -------
    Additions and list of Problem
        Rows with a problem, and all but one of several alike, are left out.
    """
    problems: list[Problem] = []
    kept = merged(readable(rows, problems, limits), problems)
    X, counts, measured = _measure([document for _, document in kept], model)
    width = model.pipeline.named_steps["features"].transformer_list[0][1].named_steps["weights"].idf_.shape[0]
    keep = alone(X[:, :width], [row for row, _ in kept], text, problems)
    kept, measured = [kept[i] for i in keep], [measured[i] for i in keep]
    outlets = _outlets(kept, problems)
    tell_one_sided([row for row, _ in kept], outlets, problems)
    slanted = np.asarray([i for i, (row, _) in enumerate(kept) if AXIS in row.slant], dtype=np.intp)
    return (
        Additions(
            rows=[row for row, _ in kept],
            outlets=np.asarray(outlets, dtype=str),
            french=np.asarray([not document.blocking for _, document in kept], dtype=bool),
            X=X[keep],
            counts=counts[keep],
            slant=_slant([(kept[i][0], measured[i], outlets[i]) for i in slanted.tolist()], _vocabulary(model)),
            slanted=slanted,
            lines=_lines([(row, document.text, outlets[i]) for i, (row, document) in enumerate(kept) if row.furniture]),
            texts=measured,
        ),
        sorted(problems, key=lambda problem: (problem.file, problem.line)),
    )


def _measure(documents: Sequence[Document], model: Model) -> tuple[sp.csr_matrix, sp.csr_matrix, list[Measured]]:
    """Features, counts of leftovers, and what they were made of, as a reading has them."""
    features, counts, measured = [], [], []
    # An empty text stands for none, so that there are always columns.
    for at in range(0, max(len(documents), 1), CHUNK):
        part = documents[at : at + CHUNK]
        texts = [document.text for document in part] or [""]
        leftovers = find_leftovers(texts, model.lines, [document.about for document in part] or [{}])
        found = bodies(texts, [item.found for item in leftovers])
        features.append(model.pipeline[:-1].transform(found).tocsr())
        counts.append(model.aggregated[:-1].transform(leftovers))
        measured += [
            Measured(body.text, document.language, document.date, item)
            for body, document, item in zip(found, part, leftovers, strict=False)
        ]
    number = len(documents)
    X, L = sp.vstack(features, format="csr"), sp.vstack(counts, format="csr")
    return X[:number], L[:number], measured


def _outlets(kept: Sequence[tuple[Label, Document]], problems: list[Problem]) -> list[str]:
    outlets = [outlet_of(row, document) for row, document in kept]
    nameless = Counter(row.file for (row, _), outlet in zip(kept, outlets, strict=True) if not outlet)
    for file, number in nameless.items():
        what = f"{number} texts without an outlet"
        problems.append(Problem(file, 0, what, "they count as one outlet; fill in the column outlet", hard=False))
    return [outlet or f"file {row.file}" for (row, _), outlet in zip(kept, outlets, strict=True)]


def _slant(rows: Sequence[tuple[Label, Measured, str]], vocabulary: npt.NDArray[np.int32]) -> SlantSet | None:
    """Measured rows; what is off the subject is tested, not learnt from."""
    if not rows:
        return None
    return measure_slant(
        [
            SlantRow(
                text=text.article,
                language=text.language if text.language in SLANT_LANGUAGES else "fr",
                set="added",
                outlet=outlet,
                kind="added",
                pole="" if row.slant[AXIS] == OFF_TOPIC else row.slant[AXIS],
                war=row.slant[AXIS] != OFF_TOPIC,
            )
            for row, text, outlet in rows
        ],
        vocabulary,
    )


def _vocabulary(model: Model) -> npt.NDArray[np.int32]:
    """The words that the slant head of a model knows."""
    words = dict(model.slant.named_steps["features"].transformer_list)["words"]
    return np.asarray(words.named_steps["words"].vocabulary, dtype=np.int32)


def _lines(rows: Sequence[tuple[Label, str, str]]) -> LineSet | None:
    """Lines of texts with their furniture: a line is furniture where most of it is; weights as `teacher.assemble`."""
    if not rows:
        return None
    X = line_features([text for _, text, _ in rows])
    sites = Counter(outlet for _, _, outlet in rows)
    labels, weights, at = [], [], 0
    for (row, text, outlet), size in zip(rows, X.sizes.tolist(), strict=True):
        furniture = np.zeros(len(text) + 1, dtype=np.int64)
        for span in row.furniture:
            furniture[span.start : span.end] = 1
        covered = np.concatenate(([0], np.cumsum(furniture)))
        spans = X.spans[at : at + size]
        lengths = spans[:, 1] - spans[:, 0]
        labels.append((2 * (covered[spans[:, 1]] - covered[spans[:, 0]]) > lengths).astype(np.int8))
        root = np.sqrt(np.maximum(lengths, 4)).astype(np.float32)
        weights.append(root / np.sqrt(root.sum()) / sites[outlet] ** 0.5)
        at += size
    outlets = np.asarray([f"added {outlet}" for _, _, outlet in rows])
    return LineSet(X, np.concatenate(labels), outlets, np.concatenate(weights))
