"""Verdicts → the passages that made them, in log-odds: n-gram weights snapped to words, phrases, names, leftovers.

Every head is linear, so its decision is a sum. The evidence for a label is that sum put back on the text: what its
passages weigh together, with one entry for the rest, is the log-odds of the probability in the reading.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.features import ByteNgrams, hash_codes
from biascheck.folding import NAME, align
from biascheck.furniture import placed
from biascheck.heads import LanguageHead
from biascheck.leftovers import Leftovers, Mark
from biascheck.lexicon import Entry, Hit, counted_worlds, load_lexicon, load_names
from biascheck.reading import UNDETERMINED, Evidence, Provenance, Slant
from biascheck.slant import AXIS, COLUMNS, POLES, SlantHead, VoiceCounts, Voices
from biascheck.wording import Wording

__all__ = ["REST", "explain", "explain_leftovers", "explain_slant"]

#: Passages of wording shown for a label and against it, and phrases with a reason of their own.
MAX_PASSAGES = 5
MAX_AGAINST = 2
MAX_PHRASES = 8
#: Weights that change a probability by less than one or two hundredths are left to the rest.
MIN_WEIGHT = 0.05
#: Words between two strong ones that are taken into the same passage, and words of a passage at most.
MAX_GAP = 2
MAX_WORDS = 12
REST = "the rest: all other wording, and where the scale begins"
_WORD = re.compile(r"\S+")
_WORDING = {
    "translated": "wording that translations have and native texts do not",
    "agency": "wording of agency copy",
    "rewritten": "wording of texts written by a language model",
    "original": "wording of an outlet's own reporting",
}
_KINDS = {"calque": "turn{1} of {0}", "marker": "mark{1} of {0} texts", "verb": "{0} reporting verb{1}"}
_LANGUAGES = {"en": "English", "es": "Spanish", "de": "German", "ru": "Russian", "fr": "French", "it": "Italian"}

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Text:
    """A folded body with, for each of its characters, the span of the document's text."""

    folded: str
    spans: Sequence[tuple[int, int]]
    hits: Sequence[Hit]
    names: Sequence[tuple[str, tuple[int, int]]]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Folded characters as a span of the document's text."""
        return self.spans[start][0], self.spans[end - 1][1]


def explain(
    body: str, places: npt.NDArray[np.intp], row: sp.csr_matrix, provenance: Provenance, pipeline: Any
) -> tuple[Evidence, ...]:
    """Evidence for each learnt label of the verdict (for `translated` where it is undetermined) and the language.

    Parameters
    ----------
    body : str
        The text without furniture, as the heads saw it.
    places : ndarray of int, shape (len(body),)
        Where each character of `body` stands in the document's text.
    row : csr_matrix, shape (1, n_features)
        The features that the verdict was made of.

    Returns
    -------
    tuple of Evidence
        For a label, weights add up to ``ln(p / (1 - p))``; for ``source_language:xx``, to ``ln(p / q)`` with q the
        probability of the runner-up. The last entry of each is `REST`, at no place.
    """
    heads = pipeline.named_steps["heads"]
    binary, language = heads.provenance, heads.language
    heads_of = list(binary.names)
    labels = [label for label in provenance.verdict if label in heads_of]
    if provenance.verdict == (UNDETERMINED,):
        labels = ["translated"]
    folded, spans = align(body)
    blocks = dict(pipeline.named_steps["features"].transformer_list)
    hits = load_lexicon(blocks["phrases"].language).hits(folded)
    stand = [placed(span, places) for span in spans]
    names = [
        (body[slice(*span)].lower(), at)
        for character, span, at in zip(folded, spans, stand, strict=True)
        if character == NAME
    ]
    text = _Text(folded, stand, hits, names)
    found: list[Evidence] = []
    for label in labels:
        head = heads_of.index(label)
        weights = -binary.slope_[head] * binary.coef_[head].astype(float)
        begin = -(binary.slope_[head] * binary.intercept_[head] + binary.offset_[head])
        found += _linear(label, weights, begin, row, text, blocks)
    spoken = provenance.source_language.verdict
    if spoken != UNDETERMINED:
        weights, begin = _apart(language, language.languages, spoken, provenance.source_language.scores)
        found += _linear(f"source_language:{spoken}", weights, begin, row, text, blocks)
    return tuple(found)


def explain_leftovers(leftovers: Leftovers, row: sp.csr_matrix, pipeline: Any) -> tuple[Evidence, ...]:
    """Evidence for `aggregated`: each leftover with all that it adds; the rest is where the scale begins."""
    head = pipeline.named_steps["heads"]
    weights = -head.slope_[0] * head.coef_[0].astype(float)
    begin = -float(head.slope_[0] * head.intercept_[0] + head.offset_[0])
    marks = pipeline.named_steps["leftovers"].marks(leftovers)
    return _of_marks("aggregated", marks, weights, begin, row, lambda start, end: (start, end))


def explain_slant(
    voices: Voices, body: str, row: sp.csr_matrix, slant: Slant, pipeline: Any, places: npt.NDArray[np.intp]
) -> tuple[Evidence, ...]:
    """Evidence for the pole that is called: attributions, terms, words; together, ``ln(p / q)`` over the runner-up."""
    if slant.verdict not in slant.scores:
        return ()
    head = pipeline.named_steps["heads"].of(voices.language)
    weights, begin = _apart(head, POLES, slant.verdict, slant.scores)
    words = dict(pipeline.named_steps["features"].transformer_list)["words"].named_steps["words"]
    marks = [*VoiceCounts().marks(voices), *_word_marks(voices, body, words, _added(row, weights))]
    return _of_marks(f"{AXIS}:{slant.verdict}", marks, weights, begin, row, lambda *span: placed(span, places))


def _word_marks(voices: Voices, body: str, words: Wording, added: FloatArray) -> Iterator[Mark]:
    """Every place of the few words that move the head most."""
    found = [(len(COLUMNS) + column, start, end) for column, start, end in words.places(voices)]
    telling = set(sorted({column for column, _, _ in found}, key=lambda column: -abs(added[column]))[:MAX_PHRASES])
    spans = align(body)[1]
    for column, start, end in found:
        if column in telling:
            why = f"a word that such texts use {'more' if added[column] > 0 else 'less'} than others"
            yield Mark(column, 1.0, spans[start][0], spans[end - 1][1], why)


def _apart(
    head: LanguageHead | SlantHead, classes: Sequence[str], said: str, scores: Mapping[str, float]
) -> tuple[FloatArray, float]:
    """What a head of several classes adds for the one that is said over the runner-up: weights, and its beginning."""
    second = max((name for name in scores if name != said), key=scores.__getitem__)
    top, next_ = classes.index(said), classes.index(second)
    apart = head.scale_[top] - head.scale_[next_]
    return apart @ head.coef_, float(apart @ head.intercept_ + head.shift_[top] - head.shift_[next_])


def _of_marks(
    label: str,
    marks: Iterable[Mark],
    weights: FloatArray,
    begin: float,
    row: sp.csr_matrix,
    place: Callable[[int, int], tuple[int, int]],
) -> tuple[Evidence, ...]:
    """Evidence of a head on counted items: each column's part goes to its items, and those at one place are one."""
    added = _added(row, weights)
    items = list(marks)
    total: dict[int, float] = defaultdict(float)
    for mark in items:
        total[mark.column] += mark.amount
    by_span: dict[tuple[int, int], float] = defaultdict(float)
    why: dict[tuple[int, int], str] = {}
    for mark in items:
        span = place(mark.start, mark.end)
        by_span[span] += float(added[mark.column] * mark.amount / total[mark.column])
        why.setdefault(span, mark.why)
    found = [Evidence(label, *span, round(weight, 4), why[span]) for span, weight in by_span.items()]
    return _with_rest(label, found, begin + float(added.sum()))


def _added(row: sp.csr_matrix, weights: FloatArray) -> FloatArray:
    """What each column adds to a decision, shape (n_features,)."""
    added = np.zeros(row.shape[1])
    added[row.indices] = row.data * weights[row.indices]
    return added


def _with_rest(label: str, found: Iterable[Evidence], decision: float) -> tuple[Evidence, ...]:
    """The weighty entries, strongest first, and one for what is left of the decision."""
    shown = sorted((e for e in found if abs(e.weight) >= MIN_WEIGHT), key=lambda e: (-e.weight, e.start, e.why))
    left = decision - sum(e.weight for e in shown)
    return (*shown, Evidence(label, 0, 0, round(float(left), 4), REST))


def _linear(
    label: str, weights: FloatArray, begin: float, row: sp.csr_matrix, text: _Text, blocks: dict[str, Any]
) -> tuple[Evidence, ...]:
    """The evidence of one linear head on the blocks of the feature union."""
    added = _added(row, weights)
    text_of, frames_of = (blocks[name].named_steps["ngrams"] for name in ("text", "frames"))
    narrow = len(text_of.columns)
    width = narrow + len(frames_of.columns)
    per_character = _character_weights(text.folded, added[:narrow], text_of)
    per_character += _character_weights(text.folded, added[narrow:width], frames_of)
    lexicon = load_lexicon(blocks["phrases"].language)
    entries = added[width : width + len(lexicon.entries)]
    kinds = added[width + len(lexicon.entries) : width + len(lexicon.entries) + len(lexicon.kinds)]
    of_worlds = added[len(added) - len(counted_worlds()) :]
    found = [
        *_phrases(label, text, entries, kinds, lexicon),
        *_passages(label, text, per_character),
        *_names(label, text, of_worlds),
    ]
    return _with_rest(label, found, begin + float(added.sum()))


def _phrases(label: str, text: _Text, entries: FloatArray, kinds: FloatArray, lexicon: Any) -> list[Evidence]:
    """Lexicon entries that occur, each at its first place, and how much of each kind there is.

    A turn of Russian that speaks for English speaks against the runner-up alone: it is left to the rest.
    """
    code = label.partition(":")[2]

    def odd(kind: str, value: str, weight: float) -> bool:
        return bool(code) and kind == "calque" and value != code and weight > 0

    first: dict[int, Hit] = {}
    by_kind: dict[tuple[str, str], int] = defaultdict(int)
    for hit in text.hits:
        first.setdefault(hit.entry.index, hit)
        by_kind[hit.entry.kind, hit.entry.value] += 1
    found = [
        Evidence(
            label, *text.span(hit.start, hit.end), round(float(entries[index]), 4), _reason(hit.entry, entries[index])
        )
        for index, hit in first.items()
        if not odd(hit.entry.kind, hit.entry.value, entries[index])
    ]
    found = sorted(found, key=lambda e: -abs(e.weight))[:MAX_PHRASES]
    for (kind, value), number in by_kind.items():
        hit = next(hit for hit in text.hits if (hit.entry.kind, hit.entry.value) == (kind, value))
        weight = round(float(kinds[lexicon.kinds.index((kind, value))]), 4)
        if odd(kind, value, weight):
            continue
        said = _KINDS[kind].format(_LANGUAGES.get(value, value), "" if number == 1 else "s")
        why = f"a {said}" if number == 1 else f"first of {number} {said}"
        found.append(Evidence(label, *text.span(hit.start, hit.end), weight, why))
    return found


def _reason(entry: Entry, weight: float) -> str:
    if entry.kind == "verb":
        return f"{entry.value} reporting verb, {'more' if weight > 0 else 'less'} frequent in such texts"
    return f"{_LANGUAGES.get(entry.value, entry.value)}: {entry.why}" if entry.kind == "calque" else entry.why


def _names(label: str, text: _Text, added: FloatArray) -> list[Evidence]:
    """What the names of each language's world add, at the first of them."""
    table, worlds = load_names()
    found = []
    for number, weight in zip(counted_worlds(), added.tolist(), strict=True):
        at = next((span for name, span in text.names if any(table.get(part) == number for part in name.split())), None)
        if at is not None and weight:
            why = f"names of the {_LANGUAGES.get(worlds[number], worlds[number])}-speaking world"
            found.append(Evidence(label, *at, round(weight, 4), why))
    return found


def _passages(label: str, text: _Text, per_character: FloatArray) -> list[Evidence]:
    """The runs of words in which n-grams speak most for the label, and a few that speak most against it."""
    words = list(_WORD.finditer(text.folded))
    if not words:
        return []
    per_word = np.asarray([per_character[w.start() : w.end()].sum() for w in words])
    code = label.partition(":")[2]
    wording = _WORDING.get(label, f"wording of texts labelled {label}")
    said = f"wording of texts translated from {_LANGUAGES.get(code, code)}" if code else wording
    found = []
    for sign, number, why in ((1, MAX_PASSAGES, said), (-1, MAX_AGAINST, f"speaks against: not {said}")):
        signed = sign * per_word
        strong = signed > max(float(signed.mean() + 1.5 * signed.std()), 0.0)
        best = sorted(_runs(np.flatnonzero(strong).tolist()), key=lambda r: -signed[r[0] : r[1] + 1].sum())[:number]
        for first, last in best:
            # A word alone says little to a reader: it is shown with its neighbours, and weighs what it weighs.
            wide = (first, last) if last > first else (max(first - 1, 0), min(last + 1, len(words) - 1))
            start, end = text.span(words[wide[0]].start(), words[wide[1]].end())
            found.append(Evidence(label, start, end, round(float(per_word[first : last + 1].sum()), 4), why))
    return found


def _runs(strong: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of the strong words that stand close together."""
    runs: list[tuple[int, int]] = []
    for i in strong:
        if runs and i - runs[-1][1] <= MAX_GAP + 1 and i - runs[-1][0] < MAX_WORDS:
            runs[-1] = (runs[-1][0], i)
        else:
            runs.append((i, i))
    return runs


def _character_weights(folded: str, added: FloatArray, ngrams: ByteNgrams) -> FloatArray:
    """What each character of the folded text adds to a head's decision through the n-grams that cover it."""
    data = folded.encode("utf-8", "replace")
    assert ngrams.columns is not None
    worth = np.zeros(1 << ngrams.bits)
    worth[ngrams.columns] = added
    codes, starts, ends = ngrams.spans(data)
    found = {order: hash_codes(codes, order, ngrams.bits) for order in ngrams.orders if len(codes) >= order}
    # An n-gram that stands in several places shares its weight among them: presence is counted once.
    times = np.bincount(np.concatenate([np.zeros(0, np.uint32), *found.values()]), minlength=len(worth))
    per_code = np.zeros(len(codes))
    for order, buckets in found.items():
        share = worth[buckets] / times[buckets] / order
        for shift in range(order):
            per_code[shift : shift + len(share)] += share
    per_byte = np.zeros(len(data))
    sizes_of = ends - starts
    at = np.repeat(starts, sizes_of) + np.arange(sizes_of.sum()) - np.repeat(np.cumsum(sizes_of) - sizes_of, sizes_of)
    per_byte[at] = np.repeat(per_code / sizes_of, sizes_of)
    sizes = [len(character.encode("utf-8", "replace")) for character in folded]
    edges = np.concatenate(([0], np.cumsum(sizes)))
    totals = np.concatenate(([0.0], np.cumsum(per_byte)))
    return np.asarray(totals[edges[1:]] - totals[edges[:-1]])
