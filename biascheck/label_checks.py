"""Which labelled texts may be trained on: readable, sensible, each once, and none that the model is measured on."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from biascheck.document import Document, Limits
from biascheck.errors import DocumentError
from biascheck.labels import Label, Problem, document_of
from biascheck.reading import OFF_TOPIC
from biascheck.slant import LANGUAGES as SLANT_LANGUAGES

__all__ = ["alone", "merged", "readable", "said_of", "tell_one_sided", "word_of"]

#: Texts are taken for the same where the cosine of their n-grams is at least this.
NEAR = 0.9
#: Candidates for that are found on every eighth column, where chance may take this much away.
SAMPLED, SLACK = 8, 0.08
CHUNK = 256
#: Fewer rows of one outlet than these say nothing about where a label comes from.
ALONE = 5


def readable(rows: Sequence[Label], problems: list[Problem], limits: Limits | None) -> Iterator[tuple[Label, Document]]:
    """Rows with their texts, for those that can be learnt from and say what can be true at once."""
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
        elif _sensible(row, document, problems):
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


def said_of(row: Label) -> dict[str, Any]:
    """What a row says, furniture apart, by column."""
    said: dict[str, Any] = {**row.labels, **{f"slant.{axis}": pole for axis, pole in row.slant.items()}}
    return {**said, "source_language": row.source_language} if row.source_language else said


def word_of(value: Any) -> str:
    """A value as labels files write it."""
    return value if isinstance(value, str) else "yes" if value else "no"


def _against(first: Label, second: Label) -> str:
    """The label on which two rows differ, or nothing."""
    one, other = said_of(first), said_of(second)
    return next((name for name in one if name in other and one[name] != other[name]), "")


def _place(row: Label, of: Label) -> str:
    return f"line {row.line}" if row.file == of.file and row.line else f"{row.file}:{row.line} {row.path}".strip()


def merged(kept: Iterable[tuple[Label, Document]], problems: list[Problem]) -> list[tuple[Label, Document]]:
    """Rows of one text as one, with all that they say."""
    first: dict[str, int] = {}
    found: list[tuple[Label, Document]] = []
    for row, document in kept:
        key = hashlib.sha256(" ".join(document.text.lower().split()).encode()).hexdigest()
        if key not in first:
            first[key] = len(found)
            found.append((row, document))
            continue
        known, its = found[first[key]]
        differs = _against(known, row)
        if differs:
            what = f"{differs} is not what {_place(known, row)} says of the same text"
            problems.append(Problem(row.file, row.line, what, "keep one of the two"))
            continue
        if set(said_of(row)) <= set(said_of(known)):
            what = f"the same text as {_place(known, row)}"
            problems.append(Problem(row.file, row.line, what, "it counts once", hard=False))
        found[first[key]] = (
            replace(
                known,
                labels={**row.labels, **known.labels},
                slant={**row.slant, **known.slant},
                source_language=known.source_language or row.source_language,
                furniture=known.furniture or row.furniture,
            ),
            its,
        )
    return found


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


def alone(
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


def tell_one_sided(rows: Sequence[Label], outlets: Sequence[str], problems: list[Problem]) -> None:
    """Tell of labels that one outlet alone carries: the model may learn the outlet instead."""
    where: dict[str, Counter[str]] = defaultdict(Counter)
    first: dict[str, Label] = {}
    for row, outlet in zip(rows, outlets, strict=True):
        for name, value in said_of(row).items():
            if value not in (0, OFF_TOPIC):
                key = f"{name}: {word_of(value)}"
                where[key][outlet] += 1
                first.setdefault(key, row)
    for key, counts in where.items():
        if len(counts) == 1 and counts.total() >= ALONE:
            outlet = next(iter(counts))
            what = f"{key} stands in texts of {outlet} alone ({counts.total()})"
            remedy = "the model may learn the outlet; add texts of others, and its texts without the label"
            problems.append(Problem(first[key].file, first[key].line, what, remedy, hard=False))
