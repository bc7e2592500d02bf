"""Labelled texts → rows of every block that is trained on; and whether they may be trained on at all."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.corpus import HEADS, LANGUAGES
from biascheck.dataset import LineSet, TrainingRow
from biascheck.document import Document, Limits
from biascheck.errors import DocumentError
from biascheck.furniture import bodies
from biascheck.labels import Label, Problem, document_of, outlet_of
from biascheck.leftovers import find_leftovers
from biascheck.line_features import line_features
from biascheck.reading import OFF_TOPIC
from biascheck.slant import AXIS
from biascheck.slant import LANGUAGES as SLANT_LANGUAGES
from biascheck.slant_rows import SlantRow, SlantSet, measure_slant
from biascheck.store import Model

__all__ = ["MOST_ROWS", "RULE", "Additions", "added_weights", "prepare"]

#: Texts are taken for the same where the cosine of their n-grams is at least this.
NEAR = 0.9
#: Candidates for that are found on every eighth column, where chance may take this much away.
SAMPLED, SLACK = 8, 0.08
CHUNK = 256
#: An outlet's rows beyond these add nothing to its weight; `bench/learning_curve.py` shows
#: that this is enough to be learnt from.
MOST_ROWS = 50
RULE = (
    f"a row of an outlet with n rows weighs 1 / √n, an added one √min(n, {MOST_ROWS}) / n; for agency 1, and "
    f"min(n, {MOST_ROWS}) / n: {MOST_ROWS * 10} added rows of one outlet weigh as much as {MOST_ROWS}, copies of one "
    "text as much as one"
)
#: Fewer rows of one outlet than these say nothing about where a label comes from.
ALONE = 5


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
    """

    rows: Sequence[Label]
    outlets: npt.NDArray[np.str_]
    french: npt.NDArray[np.bool_]
    X: sp.csr_matrix
    counts: sp.csr_matrix
    slant: SlantSet | None
    slanted: npt.NDArray[np.intp]
    lines: LineSet | None

    def values(self, label: str) -> npt.NDArray[np.float64]:
        """What the rows say of a label: 1, 0 or NaN, shape (n_rows,)."""
        said = [
            row.labels.get(label, np.nan) if french else np.nan
            for row, french in zip(self.rows, self.french, strict=True)
        ]
        return np.asarray(said, dtype=np.float64)

    def tally(self) -> list[tuple[str, str, int]]:
        """How many texts have each label and value."""
        said = Counter((name, _word(value)) for row in self.rows for name, value in _said(row).items())
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
    kept = [(row, document) for row, document in _read(rows, problems, limits) if _sensible(row, document, problems)]
    kept = _merged(kept, problems)
    X, counts, articles = _measure([document for _, document in kept], model)
    width = model.pipeline.named_steps["features"].transformer_list[0][1].named_steps["weights"].idf_.shape[0]
    keep = _alone(X[:, :width], [row for row, _ in kept], text, problems)
    kept, articles = [kept[i] for i in keep], [articles[i] for i in keep]
    outlets = _outlets(kept, problems)
    _one_sided([row for row, _ in kept], outlets, problems)
    slanted = np.asarray([i for i, (row, _) in enumerate(kept) if AXIS in row.slant], dtype=np.intp)
    return (
        Additions(
            rows=[row for row, _ in kept],
            outlets=np.asarray(outlets, dtype=str),
            french=np.asarray([not document.blocking for _, document in kept], dtype=bool),
            X=X[keep],
            counts=counts[keep],
            slant=_slant([(*kept[i], outlets[i], articles[i]) for i in slanted.tolist()], _vocabulary(model)),
            slanted=slanted,
            lines=_lines([(row, document.text, outlets[i]) for i, (row, document) in enumerate(kept) if row.furniture]),
        ),
        sorted(problems, key=lambda problem: (problem.file, problem.line)),
    )


def _read(rows: Sequence[Label], problems: list[Problem], limits: Limits | None) -> Iterator[tuple[Label, Document]]:
    """Rows with their texts, for those that can be learnt from."""
    for row in rows:

        def tell(what: str, remedy: str, hard: bool = True, row: Label = row) -> None:
            problems.append(Problem(row.file, row.line, what, remedy, hard))

        if not row.known:
            tell("no label", "fill in one, or take the row out", hard=False)
            continue
        try:
            document = document_of(row, limits)
        except DocumentError as error:
            what, _, remedy = error.message.rpartition("; ")
            tell(what or error.message, remedy if what else "mend it, or take the row out")
            continue
        codes = {warning.split(":", 1)[0] for warning in document.blocking}
        if "too_short" in codes:
            tell(f"{len(document.text.strip())} characters", "a text needs at least 300; it is left out", hard=False)
        elif "not_prose" in codes:
            tell("a list or a table, not prose", "it is left out", hard=False)
        elif codes and (document.language not in SLANT_LANGUAGES or not row.slant):
            tell(f"in language {document.language!r}", "the model reads French; the row is left out", hard=False)
        else:
            yield row, document


def _sensible(row: Label, document: Document, problems: list[Problem]) -> bool:
    """Whether what a row says can be true at once."""
    found = []
    if row.source_language and row.labels.get("translated") != 1:
        found.append(("source_language of a text that is not labelled translated", "write translated yes, or empty it"))
    others = [name for name in ("translated", "agency", "aggregated", "rewritten") if row.labels.get(name) == 1]
    if row.labels.get("original") == 1 and others:
        found.append((f"original and {others[0]} at once", "what came from elsewhere is not original; keep one"))
    if any(span.end > len(document.text) for span in row.furniture):
        found.append((f"furniture beyond the end of the text ({len(document.text)})", "count in the decoded text"))
    problems += [Problem(row.file, row.line, what, remedy) for what, remedy in found]
    return not found


def _said(row: Label) -> dict[str, Any]:
    said: dict[str, Any] = {**row.labels, **{f"slant.{axis}": pole for axis, pole in row.slant.items()}}
    return {**said, "source_language": row.source_language} if row.source_language else said


def _word(value: Any) -> str:
    return value if isinstance(value, str) else "yes" if value else "no"


def _against(first: Label, second: Label) -> str:
    """The label on which two rows differ, or nothing."""
    one, other = _said(first), _said(second)
    return next((name for name in one if name in other and one[name] != other[name]), "")


def _place(row: Label, of: Label) -> str:
    return f"line {row.line}" if row.file == of.file and row.line else f"{row.file}:{row.line} {row.path}".strip()


def _merged(kept: Sequence[tuple[Label, Document]], problems: list[Problem]) -> list[tuple[Label, Document]]:
    """Rows of one text as one, with all that they say."""
    first: dict[str, int] = {}
    merged: list[tuple[Label, Document]] = []
    for row, document in kept:
        key = hashlib.sha256(" ".join(document.text.lower().split()).encode()).hexdigest()
        if key not in first:
            first[key] = len(merged)
            merged.append((row, document))
            continue
        known, its = merged[first[key]]
        differs = _against(known, row)
        if differs:
            what = f"{differs} is not what {_place(known, row)} says of the same text"
            problems.append(Problem(row.file, row.line, what, "keep one of the two"))
            continue
        if set(_said(row)) <= set(_said(known)):
            what = f"the same text as {_place(known, row)}"
            problems.append(Problem(row.file, row.line, what, "it counts once", hard=False))
        merged[first[key]] = (
            replace(
                known,
                labels={**row.labels, **known.labels},
                slant={**row.slant, **known.slant},
                source_language=known.source_language or row.source_language,
                furniture=known.furniture or row.furniture,
            ),
            its,
        )
    return merged


def _measure(documents: Sequence[Document], model: Model) -> tuple[sp.csr_matrix, sp.csr_matrix, list[str]]:
    """Features, leftovers and bodies, as a reading has them."""
    features, counts, articles = [], [], []
    # An empty text stands for none, so that there are always columns.
    for at in range(0, max(len(documents), 1), CHUNK):
        part = documents[at : at + CHUNK]
        texts = [document.text for document in part] or [""]
        leftovers = find_leftovers(texts, model.lines, [document.about for document in part] or [{}])
        found = bodies(texts, [item.found for item in leftovers])
        features.append(model.pipeline[:-1].transform(found).tocsr())
        counts.append(model.aggregated[:-1].transform(leftovers))
        articles += [body.text for body in found]
    number = len(documents)
    X, L = sp.vstack(features, format="csr"), sp.vstack(counts, format="csr")
    return X[:number], L[:number], articles[:number]


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Which columns a row has, rows of length one."""
    sizes = np.diff(matrix.indptr)
    data = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes).astype(np.float32)
    return sp.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _pairs(left: sp.csr_matrix, right: sp.csr_matrix) -> dict[int, list[int]]:
    """For each row on the left the rows on the right that may be the same text, best first."""
    turned = _unit(right[:, ::SAMPLED].tocsr()).T.tocsr()
    sampled = _unit(left[:, ::SAMPLED].tocsr())
    found: dict[int, list[int]] = {}
    for at in range(0, left.shape[0], CHUNK):
        similar = (sampled[at : at + CHUNK] @ turned).tocsr()
        for i in range(similar.shape[0]):
            values = similar.data[similar.indptr[i] : similar.indptr[i + 1]]
            columns = similar.indices[similar.indptr[i] : similar.indptr[i + 1]]
            near = values >= NEAR - SLACK
            if near.any():
                found[at + i] = columns[near][np.argsort(-values[near], kind="stable")].tolist()
    return found


def _cosine(left: sp.csr_matrix, i: int, right: sp.csr_matrix, j: int) -> float:
    a = left.indices[left.indptr[i] : left.indptr[i + 1]]
    b = right.indices[right.indptr[j] : right.indptr[j + 1]]
    return float(len(np.intersect1d(a, b, assume_unique=True)) / np.sqrt(max(len(a), 1) * max(len(b), 1)))


def _alone(
    grams: sp.csr_matrix, rows: Sequence[Label], text: sp.csr_matrix | None, problems: list[Problem]
) -> list[int]:
    """The rows that are like no row before them, nor like one that the model is measured on."""
    grams = grams.tocsr()
    inside = _pairs(grams, grams)
    shipped = _pairs(grams, text) if text is not None else {}
    kept: dict[int, None] = {}
    for i, row in enumerate(rows):
        if text is not None and any(_cosine(grams, i, text, j) >= NEAR for j in shipped.get(i, [])[:10]):
            what = "a text that the model is trained and measured on already"
            problems.append(Problem(row.file, row.line, what, "it is left out", hard=False))
            continue
        before = (j for j in inside.get(i, []) if j in kept)
        twin = next((j for j in before if _cosine(grams, i, grams, j) >= NEAR), None)
        if twin is None:
            kept[i] = None
            continue
        differs = _against(rows[twin], row)
        if differs:
            what = f"{differs} is not what {_place(rows[twin], row)} says of nearly the same text"
            problems.append(Problem(row.file, row.line, what, "keep one of the two"))
        else:
            what = f"nearly the same text as {_place(rows[twin], row)}"
            problems.append(Problem(row.file, row.line, what, "it counts once", hard=False))
    return list(kept)


def _outlets(kept: Sequence[tuple[Label, Document]], problems: list[Problem]) -> list[str]:
    outlets = [outlet_of(row, document) for row, document in kept]
    nameless = Counter(row.file for (row, _), outlet in zip(kept, outlets, strict=True) if not outlet)
    for file, number in nameless.items():
        what = f"{number} texts without an outlet"
        problems.append(Problem(file, 0, what, "they count as one outlet; fill in the column outlet", hard=False))
    return [outlet or f"file {row.file}" for (row, _), outlet in zip(kept, outlets, strict=True)]


def _one_sided(rows: Sequence[Label], outlets: Sequence[str], problems: list[Problem]) -> None:
    """Tell of labels that one outlet alone carries: the model may learn the outlet instead."""
    where: dict[str, Counter[str]] = defaultdict(Counter)
    first: dict[str, Label] = {}
    for row, outlet in zip(rows, outlets, strict=True):
        for name, value in _said(row).items():
            if value not in (0, OFF_TOPIC):
                key = f"{name}: {_word(value)}"
                where[key][outlet] += 1
                first.setdefault(key, row)
    for key, counts in where.items():
        if len(counts) == 1 and counts.total() >= ALONE:
            outlet = next(iter(counts))
            what = f"{key} stands in texts of {outlet} alone ({counts.total()})"
            remedy = "the model may learn the outlet; add texts of others, and its texts without the label"
            problems.append(Problem(first[key].file, first[key].line, what, remedy, hard=False))


def _slant(rows: Sequence[tuple[Label, Document, str, str]], vocabulary: npt.NDArray[np.int32]) -> SlantSet | None:
    """Measured rows; what is off the subject is tested, not learnt from."""
    if not rows:
        return None
    return measure_slant(
        [
            SlantRow(
                text=article,
                language=document.language if document.language in SLANT_LANGUAGES else "fr",
                set="added",
                outlet=outlet,
                kind="added",
                pole="" if row.slant[AXIS] == OFF_TOPIC else row.slant[AXIS],
                war=row.slant[AXIS] != OFF_TOPIC,
            )
            for row, document, outlet, article in rows
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
