"""Marked paragraphs and wire copy → the measured passages that `loaded` is learnt from: numbers, labels, keys, no text.

SemEval-2023 task 3 marks paragraphs with the persuasion techniques in them (J. Piskorski et al., SemEval-2023). Nearly
all its French is opinion, so that alone it would teach nothing about telling. Passages of agency copy stand in for
that, with a small weight, since an agency quotes people who judge.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.features import hash_ngrams
from biascheck.folds import Fold, folds_of
from biascheck.loaded import BITS, ORDER
from biascheck.sentences import LEAST_BYTES, Sentences, cut
from biascheck.slant import LANGUAGES, hear

__all__ = ["LoadedRow", "LoadedSet", "loaded_folds", "measure_loaded", "place_labels", "read_loaded"]

#: What a passage counts by where it is from: English paragraphs serve English and little else.
ENGLISH_WEIGHT, WIRE_WEIGHT = 0.3, 0.15
#: Of English articles to learn from, one in so many is taken: there are more than are needed.
ENGLISH_CUT = 2
WIRE_ARTICLES = {"fr": 400, "en": 100}
#: Passages that are cut out of each, and their characters.
WIRE_PASSAGES, WIRE_SIZES = 3, (60, 600)
#: Sentences that an n-gram must occur in, and the share of them that it may.
LEAST_SENTENCES, MOST_SENTENCES = 40, 0.2
_CELLS = 5


@dataclass(frozen=True, slots=True)
class LoadedRow:
    """One passage with its label (1 where a persuasion technique is marked) and keys."""

    text: str
    language: str
    article: str
    split: str
    marked: int

    @property
    def wire(self) -> bool:
        """Whether it is agency copy, which nobody has marked."""
        return self.split == "wire"


@dataclass(frozen=True)
class LoadedSet:
    """Measured passages.

    Attributes
    ----------
    X : csr_matrix of float32, shape (n_sentences, n_columns)
        How often each n-gram occurs.
    columns : ndarray of int32, shape (n_columns,)
        Their buckets.
    counts : ndarray of float32, shape (n_sentences, len(sentences.COUNTS))
    owners : ndarray of int32, shape (n_sentences,)
        The passage of each.
    lengths : ndarray of float32, shape (n_sentences,)
        Bytes, `LEAST_BYTES` at least.
    y, languages : ndarray of int8, shape (n_passages,)
        Marked or not; index into `LANGUAGES`.
    sizes : ndarray of float32, shape (n_passages,)
        Characters.
    articles, splits : ndarray of str, shape (n_passages,)
        ``train`` and ``dev`` are SemEval's own, ``wire`` is agency copy; nothing is learnt from ``none``.
    """

    X: sp.csr_matrix
    columns: npt.NDArray[np.int32]
    counts: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.float32]
    y: npt.NDArray[np.int8]
    languages: npt.NDArray[np.int8]
    sizes: npt.NDArray[np.float32]
    articles: npt.NDArray[np.str_]
    splits: npt.NDArray[np.str_]

    @property
    def wire(self) -> npt.NDArray[np.bool_]:
        """Which passages are agency copy."""
        return np.asarray(self.splits == "wire")

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """What each passage counts."""
        marked = np.where(self.languages == 0, 1.0, ENGLISH_WEIGHT)
        return np.where(self.wire, WIRE_WEIGHT, np.where(self.splits == "none", 0.0, marked))


def read_loaded(corpus: Path) -> Iterator[LoadedRow]:
    """Yield the marked paragraphs and titles of a corpus folder, and passages of agency copy."""
    import pandas as pd

    for record in pd.read_parquet(corpus / "semeval23-task3.parquet").to_dict("records"):
        yield from _paragraphs(record)
    columns = ["id", "text", "kind", "outlet"]
    portal = pd.read_parquet(corpus / "orangesum.parquet", columns=columns)
    war = pd.read_parquet(corpus / "war-en.parquet", columns=columns)
    agencies = {"fr": portal[portal["kind"] == "agency"], "en": war[war["outlet"] == "apnews.com"]}
    for language, articles in agencies.items():
        number = min(WIRE_ARTICLES[language], len(articles))
        for record in articles.sample(number, random_state=0).to_dict("records"):
            for passage in _passages(record["text"], record["id"]):
                yield LoadedRow(passage, language, str(record["id"]), "wire", 0)


def _paragraphs(record: dict[str, Any]) -> Iterator[LoadedRow]:
    extra = json.loads(record["extra"])
    article, language = str(record["id"]), record["lang"]
    split = extra["split"]
    left_out = language == "en" and split == "train" and zlib.crc32(article.encode()) % ENGLISH_CUT > 0
    if extra["persuasion"] is None or language not in LANGUAGES or left_out:
        return
    marked = {int(line) for line, _ in extra["persuasion"]}
    if isinstance(record["title"], str) and record["title"].strip():
        yield LoadedRow(record["title"], language, article, split, int(1 in marked))
    lines = record["text"].split("\n")
    for line, label in zip(lines, place_labels(len(lines), marked, language), strict=True):
        if label is not None and line.strip():
            yield LoadedRow(line, language, article, split, label)


def place_labels(number: int, marked: Iterable[int], language: str) -> list[int | None]:
    """Which of an article's lines are marked, where the numbers of marked lines count title and blank lines.

    The blank lines are lost: text begins at line 3, and goes on by one (most English articles) or by two (most French
    ones), with few exceptions. Of all ways to place the lines so that each marked number is one of them, those with the
    fewest exceptions are taken; a line that they do not agree on has no label. Where there is no way, no line has one.
    """
    wanted = frozenset(line for line in marked if line > 1)
    ways = [_place(number, wanted, step) for step in (1, 2)]
    usual = 0 if language == "en" else 1
    cost, _, labels = min((cost, abs(way - usual), labels) for way, (cost, labels) in enumerate(ways))
    return [None if len(found) != 1 else int(found == "1") for found in labels] if cost < _NEVER else [None] * number


_NEVER = 1 << 30
#: What a step between lines costs, by what is usual in the article, and a beginning.
_STEPS = {1: {1: 0, 2: 1, 3: 2}, 2: {2: 0, 1: 1, 3: 1}}
_BEGINNINGS = {3: 0, 2: 1, 4: 1}
#: Exceptions more than the best way so far that are followed up.
_SLACK = 8


def _place(number: int, wanted: frozenset[int], usual: int) -> tuple[int, list[str]]:
    """The fewest exceptions, and for each line the labels that it has in ways with as few."""

    def skips(before: int, after: int) -> bool:
        return any(line in wanted for line in range(before + 1, after))

    steps = _STEPS[usual]
    forward: list[dict[int, int]] = [{line: cost for line, cost in _BEGINNINGS.items() if not skips(1, line)}]
    for _ in range(1, number):
        reached: dict[int, int] = {}
        for line, cost in forward[-1].items():
            for step, more in steps.items():
                if not skips(line, line + step):
                    reached[line + step] = min(cost + more, reached.get(line + step, _NEVER))
        best = min(reached.values(), default=_NEVER)
        forward.append({line: cost for line, cost in reached.items() if cost <= best + _SLACK})
    last = max(wanted, default=0)
    backward: list[dict[int, int]] = [{line: 0 for line in forward[-1] if line >= last}]
    for i in range(number - 2, -1, -1):
        after = backward[-1]
        found = {}
        for line in forward[i]:
            costs = [
                more + after[line + s] for s, more in steps.items() if line + s in after and not skips(line, line + s)
            ]
            if costs:
                found[line] = min(costs)
        backward.append(found)
    backward.reverse()
    best = min((forward[-1][line] for line in backward[-1]), default=_NEVER)
    labels = [
        "".join(sorted({str(int(line in wanted)) for line in b if f[line] + b[line] <= best}))
        for f, b in zip(forward, backward, strict=True)
    ]
    return best, labels


def _passages(text: str, key: str) -> Iterator[str]:
    """The first few passages of a text, of whole sentences, of sizes as paragraphs have."""
    random = np.random.default_rng(zlib.crc32(str(key).encode()))
    sentences = cut([hear(text, "fr")])
    begin, number, goal = 0, 0, random.integers(*WIRE_SIZES)
    for end in sentences.spans[:, 1].tolist():
        if end - begin >= goal and number < WIRE_PASSAGES:
            yield text[begin:end].strip()
            begin, number, goal = end, number + 1, random.integers(*WIRE_SIZES)


def measure_loaded(rows: Sequence[LoadedRow]) -> LoadedSet:
    """Hear, fold and cut every passage."""
    of = {code: [i for i, row in enumerate(rows) if row.language == code] for code in LANGUAGES}
    parts = []
    for language, indices in of.items():
        parts.append((indices, cut([hear(rows[i].text, language) for i in indices])))
    X = sp.vstack([_ngrams(sentences) for _, sentences in parts], format="csr")
    share = np.asarray((X > 0).sum(axis=0)).ravel()
    # Most frequent first, which packs best.
    order = np.argsort(-share, kind="stable")
    columns = order[(share[order] >= LEAST_SENTENCES) & (share[order] <= MOST_SENTENCES * X.shape[0])]
    sizes = np.zeros(len(rows), dtype=np.float32)
    for indices, sentences in parts:
        sizes[indices] = sentences.sizes
    return LoadedSet(
        X=X[:, columns],
        columns=columns.astype(np.int32),
        counts=np.concatenate([sentences.counts for _, sentences in parts]).astype(np.float32),
        owners=np.concatenate([np.asarray(indices)[s.owners] for indices, s in parts]).astype(np.int32),
        lengths=np.concatenate([np.maximum(s.ends - s.starts, LEAST_BYTES) for _, s in parts]).astype(np.float32),
        y=np.asarray([row.marked for row in rows], dtype=np.int8),
        languages=np.asarray([LANGUAGES.index(row.language) for row in rows], dtype=np.int8),
        sizes=sizes,
        articles=np.asarray([row.article for row in rows]),
        splits=np.asarray([row.split for row in rows]),
    )


def _ngrams(sentences: Sentences) -> sp.csr_matrix:
    buckets = hash_ngrams(sentences.data.ljust(ORDER), (ORDER,), BITS)
    inside = [
        buckets[start : max(end - ORDER + 1, start)]
        for start, end in zip(sentences.starts.tolist(), sentences.ends.tolist(), strict=True)
    ]
    ends = np.cumsum([0, *map(len, inside)])
    ones = np.ones(int(ends[-1]), dtype=np.float32)
    matrix = sp.csr_matrix((ones, np.concatenate(inside).astype(np.int32), ends), shape=(len(inside), 1 << BITS))
    matrix.sum_duplicates()
    return matrix


def loaded_folds(rows: LoadedSet) -> list[Fold]:
    """Five cuts by article."""
    return folds_of(np.asarray([zlib.crc32(article.encode()) % _CELLS for article in rows.articles.tolist()]), _CELLS)
