"""Verdicts → the passages that made them: n-gram weights snapped to words, phrases, furniture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.features import ByteNgrams, hash_ngrams
from biascheck.folding import align
from biascheck.furniture import Found
from biascheck.lexicon import Entry, Hit, load_lexicon
from biascheck.reading import UNDETERMINED, Evidence, Provenance

__all__ = ["explain"]

#: Passages of wording shown for a label, and phrases with a reason of their own.
MAX_PASSAGES = 5
MAX_PHRASES = 8
#: Words between two strong ones that are taken into the same passage.
MAX_GAP = 2
_WORD = re.compile(r"\S+")
_WORDING = {
    "translated": "wording that translations have and native texts do not",
    "agency": "wording of agency copy",
    "rewritten": "wording of texts written by a language model",
    "original": "wording of an outlet's own reporting",
}


def explain(
    text: str, features: sp.csr_matrix, provenance: Provenance, furniture: Sequence[Found], pipeline: Any
) -> tuple[Evidence, ...]:
    """Evidence for each learnt label of the verdict (for `translated` where it is undetermined), strongest first.

    Parameters
    ----------
    features : csr_matrix, shape (1, n_features)
        The row that the verdict was made of.
    """
    heads = pipeline.named_steps["heads"]
    names = list(heads.provenance.names)
    labels = [label for label in provenance.verdict if label in names] or (
        ["translated"] if provenance.verdict == (UNDETERMINED,) else []
    )
    folded, spans = align(text)
    blocks = dict(pipeline.named_steps["features"].transformer_list)
    hits = load_lexicon(blocks["phrases"].language).hits(folded)
    found: list[Evidence] = []
    for label in labels:
        weights = heads.provenance.coef_[names.index(label)]
        found += _phrases(label, hits, spans, features, weights, len(blocks["text"].named_steps["ngrams"].columns))
        found += _passages(label, folded, spans, features, weights, blocks["text"].named_steps["ngrams"])
    language = provenance.source_language.verdict
    if language != UNDETERMINED:
        found += _calques(language, hits, spans)
    found += [
        Evidence("aggregated", f.furniture.start, f.furniture.end, round(2 * f.rule.aggregated, 4), f.rule.why)
        for f in furniture
        if f.rule.aggregated > 0
    ]
    return tuple(sorted(found, key=lambda e: (labels.index(e.label) if e.label in labels else 9, -abs(e.weight))))


def _phrases(
    label: str,
    hits: Sequence[Hit],
    spans: list[tuple[int, int]],
    features: sp.csr_matrix,
    weights: npt.NDArray[np.float32],
    first: int,
) -> list[Evidence]:
    """Lexicon entries that occur, each at its first place, with the weight of its column (they begin at `first`)."""
    found: dict[int, Evidence] = {}
    for hit in hits:
        entry = hit.entry
        column = first + entry.index
        weight = float(features[0, column] * weights[column])
        if entry.index not in found and weight > 0 and _speaks_for(entry, label):
            start, end = spans[hit.start][0], spans[hit.end - 1][1]
            found[entry.index] = Evidence(label, start, end, round(weight, 4), _reason(entry))
    return sorted(found.values(), key=lambda e: -e.weight)[:MAX_PHRASES]


def _speaks_for(entry: Entry, label: str) -> bool:
    return entry.kind == "calque" if label == "translated" else entry.value == label


def _reason(entry: Entry) -> str:
    return f"{entry.why} ({entry.value})" if entry.kind == "calque" else entry.why


def _calques(language: str, hits: Sequence[Hit], spans: list[tuple[int, int]]) -> list[Evidence]:
    """What points to the source language, each entry once."""
    found: dict[int, Evidence] = {}
    for hit in hits:
        if hit.entry.kind == "calque" and hit.entry.value == language and hit.entry.index not in found:
            start, end = spans[hit.start][0], spans[hit.end - 1][1]
            found[hit.entry.index] = Evidence(f"source_language:{language}", start, end, 1.0, hit.entry.why)
    return list(found.values())[:MAX_PHRASES]


def _passages(
    label: str,
    folded: str,
    spans: list[tuple[int, int]],
    features: sp.csr_matrix,
    weights: npt.NDArray[np.float32],
    ngrams: ByteNgrams,
) -> list[Evidence]:
    """The runs of words in which n-grams speak most for the label."""
    per_character = _character_weights(folded, features, weights, ngrams)
    words = list(_WORD.finditer(folded))
    if not words:
        return []
    per_word = np.asarray([per_character[w.start() : w.end()].sum() for w in words])
    strong = per_word > max(float(per_word.mean() + 1.5 * per_word.std()), 0.0)
    runs: list[list[int]] = []
    for i in np.flatnonzero(strong).tolist():
        if runs and i - runs[-1][-1] <= MAX_GAP:
            runs[-1].append(i)
        else:
            runs.append([i])
    found = []
    for run in runs:
        start, end = spans[words[run[0]].start()][0], spans[words[run[-1]].end() - 1][1]
        weight = float(per_word[run[0] : run[-1] + 1].sum())
        found.append(Evidence(label, start, end, round(weight, 4), _WORDING[label]))
    return sorted(found, key=lambda e: -e.weight)[:MAX_PASSAGES]


def _character_weights(
    folded: str, features: sp.csr_matrix, weights: npt.NDArray[np.float32], ngrams: ByteNgrams
) -> npt.NDArray[np.float64]:
    """What each character of the folded text adds to a head's decision through the n-grams that cover it."""
    data = folded.encode("utf-8", "replace")
    assert ngrams.columns is not None
    row = np.zeros(len(ngrams.columns))
    inside = features.indices < len(row)
    row[features.indices[inside]] = features.data[inside]
    worth = np.zeros(1 << ngrams.bits)
    worth[ngrams.columns] = row * weights[: len(row)]
    per_byte = np.zeros(len(data) + 1)
    for order in ngrams.orders:
        if len(data) < order:
            continue
        buckets = hash_ngrams(data, (order,), ngrams.bits)
        # An n-gram that stands in several places shares its weight among them: presence is counted once.
        _, inverse, counts = np.unique(buckets, return_inverse=True, return_counts=True)
        share = worth[buckets] / counts[inverse] / order
        for shift in range(order):
            per_byte[shift : shift + len(share)] += share
    sizes = [len(character.encode("utf-8", "replace")) for character in folded]
    edges = np.concatenate(([0], np.cumsum(sizes)))
    totals = np.concatenate(([0.0], np.cumsum(per_byte[: len(data)])))
    return np.asarray(totals[edges[1:]] - totals[edges[:-1]])
