"""Articles → sentences, with what stands in each: words that judge and signs, counted for many texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from biascheck.folding import Body, fold_many
from biascheck.slant import MAX_CHARACTERS, Voices

__all__ = ["BLANKS", "COUNTS", "LEAST_BYTES", "Sentences", "cut"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

#: What is counted of words: in the author's voice by strength, in quotations, and what weakens or insists.
WORDS = ("judging 1", "judging 2", "judging 3", "quoted", "hedge", "booster")
#: Signs, by their byte in folded text; a masked name is told by the first byte of its sign.
SIGNS = {"exclamation": 0x21, "question": 0x3F, "quote": 0x22, "figure": 0x30, "name": 0xC2}
COUNTS = (*WORDS, "length", *SIGNS)
#: A sentence is weighed as if it had at least this many bytes.
LEAST_BYTES = 40
#: Texts that are cut as one run: enough to share numpy's cost by the call, few enough for the cache.
CHUNK = 64
#: A last sentence of so few bytes is what closes a quotation.
TAIL = 4

_INDEX = {name: number for number, name in enumerate(COUNTS)}
_CLASS = np.zeros(256, dtype=np.intp)
_CLASS[list(SIGNS.values())] = np.arange(len(SIGNS))
#: Tables that leave a one where a byte may end a sentence, or is a sign.
_MAY_END = bytes(chr(byte) in ".!?" for byte in range(256))
_IS_SIGN = bytes(byte in SIGNS.values() for byte in range(256))
BLANKS = [ord(c) for c in "\t\n\x0b\x0c\r \x85\u00a0\u2002\u2003\u2009\u200a\u2028\u2029\u202f"]
_QUOTES = [ord(c) for c in '"«»“”„']
#: What a character is to a sign beside it; the last is that of all characters beyond.
_BLANK, _APART, _LONE, _LETTER, _STOP = (np.zeros(0x2100, dtype=bool) for _ in range(5))
_BLANK[BLANKS] = True
_APART[BLANKS + _QUOTES] = True
_LONE[[*BLANKS, *_QUOTES, *(ord(c) for c in "'’‘.")]] = True
_LETTER[[*range(ord("a"), ord("z") + 1), *range(ord("A"), ord("Z") + 1)]] = True
_STOP[[ord(c) for c in ".!?…"]] = True


class Sentences(NamedTuple):
    """The sentences of many texts of one language, one after another.

    `data` holds folded bytes, `starts` and `ends` where each sentence stands in it, `owners` whose it is, `spans` its
    offsets in its text; `counts` has the shape (n_sentences, len(COUNTS)); `sizes` are the texts' characters.
    """

    data: bytes
    starts: IntArray
    ends: IntArray
    owners: IntArray
    spans: IntArray
    counts: FloatArray
    sizes: FloatArray


def cut(heard: Sequence[Voices]) -> Sentences:
    """Cut texts of one language into sentences and count what stands in each."""
    chunks = [_cut(heard[i : i + CHUNK]) for i in range(0, len(heard), CHUNK)]
    if not chunks:
        none = np.empty(0, dtype=np.intp)
        return Sentences(b"", none, none, none, np.empty((0, 2), np.intp), np.empty((0, len(COUNTS))), np.empty(0))
    shift = np.cumsum([0, *(len(chunk.data) for chunk in chunks[:-1])])
    return Sentences(
        b"".join(chunk.data for chunk in chunks),
        np.concatenate([chunk.starts + by for chunk, by in zip(chunks, shift, strict=True)]),
        np.concatenate([chunk.ends + by for chunk, by in zip(chunks, shift, strict=True)]),
        np.concatenate([chunk.owners + number * CHUNK for number, chunk in enumerate(chunks)]),
        np.concatenate([chunk.spans for chunk in chunks]),
        np.concatenate([chunk.counts for chunk in chunks]),
        np.concatenate([chunk.sizes for chunk in chunks]),
    )


def _cut(heard: Sequence[Voices]) -> Sentences:
    """`cut` of a few texts as one run of characters and one of bytes, since numpy's cost is by the call."""
    texts = [voices.text for voices in heard]
    data = [voices.folded.encode("utf-8", "replace") or b" " for voices in heard]
    # A line feed after each text: its last sign is then before a blank, as in folded text.
    run = "\n".join(texts) + "\n"
    codes = np.frombuffer(run.encode("utf-16-le", "surrogatepass"), np.uint16)
    if len(codes) != len(run):
        codes = np.frombuffer(run.encode("utf-32-le", "surrogatepass"), np.uint32)
    # Among the characters that become ? is the one of three dots.
    raw, base, numbers = _edges(codes, run.encode("latin-1", "replace"), [len(text) + 1 for text in texts])
    folded = b"".join(data)
    edges, _, others = _edges(np.frombuffer(folded, np.uint8), folded, [len(text) for text in data])
    apart = numbers != others
    apart |= np.asarray([len(text) >= MAX_CHARACTERS for text in texts])
    if apart.any():
        # A text that is read in part, or one of the few that folding cuts otherwise: folded sentence by sentence.
        ends = np.split(edges[:-1], np.cumsum(others + 1)[:-1])
        first, at = np.cumsum(numbers + 1), 0
        for i in range(len(texts)):
            if apart[i]:
                places = [*(raw[first[i] - numbers[i] - 1 : first[i]] - base[i]).tolist(), len(texts[i])]
                parts = [Body(texts[i][a:b]) for a, b in pairwise(places)]
                pieces = [fold.text.encode("utf-8", "replace") or b" " for fold in fold_many(parts)]
                data[i] = b"".join(pieces)
                ends[i] = np.cumsum([0, *map(len, pieces[:-1])])
            else:
                ends[i] = ends[i] - ends[i][0]
            ends[i] = ends[i] + at
            at += len(data[i])
        edges = np.concatenate([*ends, [at]])
    joined = b"".join(data)
    starts, stops = edges[:-1], edges[1:]
    owners = np.repeat(np.arange(len(texts)), numbers + 1)
    sizes = np.asarray([len(text) for text in texts])
    spans = np.minimum(np.column_stack([raw[:-1], raw[1:]]) - base[owners, None], sizes[owners, None])
    counts = _count(heard, joined, edges, raw, base)
    counts[:, _INDEX["length"]] = np.log(np.maximum(stops - starts, LEAST_BYTES) / 150) / 3
    kept = (stops - starts > TAIL) | (spans[:, 0] == 0)
    return Sentences(
        joined, starts[kept], stops[kept], owners[kept], spans[kept], counts[kept], np.maximum(sizes, 1).astype(float)
    )


def _edges(codes: npt.NDArray[Any], data: bytes, lengths: Sequence[int]) -> tuple[IntArray, IntArray, IntArray]:
    """Where sentences begin, text after text, and where all ends; where texts begin; how many ends each has within."""
    base = np.cumsum([0, *lengths])
    edges = np.sort(np.concatenate([base, _ends(codes, data)]))
    edges = edges[np.diff(edges, prepend=-1) > 0]
    return edges, base[:-1], np.diff(np.searchsorted(edges, base)) - 1


def _ends(codes: npt.NDArray[Any], data: bytes) -> IntArray:
    """Where sentences end: after a sign, before a blank or a quotation mark; not after an initial.

    The rule is such that a text and its folded twin have the same ends, but for few. `data` has a byte for each of
    `codes`, and a sign that may end a sentence wherever they have one.
    """
    if len(codes) < 4:
        return np.empty(0, dtype=np.intp)
    at = np.flatnonzero(np.frombuffer(data.translate(_MAY_END), dtype=bool)[2:-1]) + 2
    at = at[_is(_APART, codes[at + 1]) & _is(_STOP, codes[at])]
    one, two = codes[at - 1], codes[at - 2]
    initial = (codes[at] == ord(".")) & ((_is(_LETTER, one) & _is(_LONE, two)) | _is(_BLANK, one))
    return np.asarray(at[~initial] + 1, dtype=np.intp)


def _is(table: npt.NDArray[np.bool_], codes: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray(table.take(codes, mode="clip"))


def _count(heard: Sequence[Voices], data: bytes, edges: IntArray, raw: IntArray, base: IntArray) -> FloatArray:
    """Words of the lexicon and signs by sentence, damped; signs by the root of its length."""
    number = len(edges) - 1
    places, columns = [], []
    for voices, begin in zip(heard, base.tolist(), strict=True):
        for word in voices.framing.loaded:
            kind = ("quoted" if word.quoted else f"judging {word.strength}") if word.kind == "loaded" else word.kind
            places.append(begin + word.start)
            columns.append(_INDEX[kind])
    at = np.searchsorted(raw, np.asarray(places, dtype=np.intp), side="right") - 1
    counts = np.bincount(at * len(COUNTS) + np.asarray(columns, np.intp), minlength=number * len(COUNTS))
    damped = np.log1p(counts.reshape(number, len(COUNTS)))
    found = np.flatnonzero(np.frombuffer(data.translate(_IS_SIGN), dtype=bool))
    at = np.searchsorted(edges, found, side="right") - 1
    kinds = _CLASS[np.frombuffer(data, np.uint8)[found]]
    signs = np.bincount(at * len(SIGNS) + kinds, minlength=number * len(SIGNS)).reshape(number, len(SIGNS))
    damped[:, len(WORDS) + 1 :] = 3 * signs / np.sqrt(np.maximum(np.diff(edges), LEAST_BYTES))[:, None]
    return np.asarray(damped)
