"""Plain text → its lines as numbers: hashed words, and what a line looks like; kept in files without the text.

Everything is counted with numpy over all lines of many texts at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "BITS",
    "NAMES",
    "Floats",
    "Ints",
    "LineFeatures",
    "line_features",
    "load_features",
    "save_features",
    "select",
]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Buckets of the word hash, as a power of two.
BITS = 13
#: Words of a line that are read: what a line is shows at its beginning.
MAX_WORDS = 12
#: Characters of a paragraph, at least.
PROSE = 80
_MULTIPLIER = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)
_SALT = np.uint32(0x85EBCA6B)

#: Classes of characters; what is counted per line.
_BLANK, _BREAK, _LOWER, _UPPER, _DIGIT, _STOP, _ASK, _COMMA, _COLON, _QUOTE, _LINK, _MONEY, _DASH, _OTHER = range(14)
_CLASSES = 14
_CLASS_OF = {
    _BREAK: "\n\r\x0b\x0c\x85\u2028\u2029",
    _STOP: ".…",
    _ASK: "?!",
    _COMMA: ",;",
    _COLON: ":",
    _QUOTE: "\"«»“”„‟'’‘",
    _LINK: "|›>@#/\\_=+&©®™→←↑↓▼▶►•·∙●▪■◦*✓✔×~^<{}[]",
    _MONEY: "€$£%°",
    _DASH: "-–—‐‑−()",
}
#: Features of a line, in the order of the columns of `LineFeatures.shape`.
NAMES = (
    "length", "words", "word_length", "capitals", "capital_words", "digits", "figures", "links", "commas", "stops",
    "quotes", "dashes", "others", "ends_stop", "ends_ask", "ends_colon", "ends_letter", "begins_lower", "begins_digit",
    "begins_sign", "repeated", "edge", "told",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class LineFeatures:
    """Lines of texts as numbers. A line is what has a character that is not blank, without the blanks at its edges.

    Attributes
    ----------
    shape : ndarray of uint8, shape (n_lines, len(NAMES))
        What a line looks like, in 255ths.
    buckets : ndarray of uint16, shape (n_tokens,)
        Hashed words and pairs of words, line after line.
    tokens : ndarray of int64, shape (n_lines,)
        How many of `buckets` each line has.
    spans : ndarray of int64, shape (n_lines, 2)
        Where the line stands in its text, in characters; zeros where loaded from a file.
    sizes : ndarray of int64, shape (n_texts,)
        How many lines each text has.
    """

    shape: npt.NDArray[np.uint8]
    buckets: npt.NDArray[np.uint16]
    tokens: Ints
    spans: Ints
    sizes: Ints


@cache
def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Class and folded byte of each character of the basic plane; the last entry stands for all beyond."""
    classes = np.full(0x10000, _OTHER, dtype=np.uint8)
    folded = (0x80 + np.arange(0x10000) % 127).astype(np.uint8)
    for code in range(0x10000):
        if 0x530 <= code < 0x1E00 or code >= 0x2E80:
            continue
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] == "L":
            classes[code] = _UPPER if category == "Lu" else _LOWER
            plain = unicodedata.normalize("NFD", character.lower())[0]
            folded[code] = ord(plain) if plain < "\x80" else 0x80 + ord(plain) % 127
        elif category == "Nd":
            classes[code], folded[code] = _DIGIT, ord("0")
        elif category[0] in "ZC":
            classes[code] = _BLANK
    classes[0x530:0x1E00] = classes[0x2E80:0xD800] = classes[0xF900:0xFE00] = _LOWER
    classes[0xFEFF] = _BLANK
    classes[0xFFFF] = _OTHER
    for number, characters in _CLASS_OF.items():
        for character in characters:
            classes[ord(character)] = number
    return classes, folded


def line_features(texts: Sequence[str]) -> LineFeatures:
    """Find the lines of texts and measure them, all at once."""
    joined = "\n".join(texts) + "\n"
    codes = np.minimum(np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32), np.uint32(0xFFFF))
    table, letters = _tables()
    classes = table[codes]
    number = np.cumsum(classes == _BREAK)
    places = np.flatnonzero(classes > _BREAK)
    lengths = np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))
    offsets = np.cumsum(lengths) - lengths
    if not len(places):
        empty = np.zeros((0, len(NAMES)), dtype=np.uint8)
        none = np.zeros(0, dtype=np.int64)
        spans = np.zeros((0, 2), dtype=np.int64)
        return LineFeatures(empty, none.astype(np.uint16), none, spans, np.zeros_like(lengths))
    numbers = number[places]
    first = np.concatenate(([True], numbers[1:] != numbers[:-1]))
    begins = np.flatnonzero(first)
    starts = places[begins]
    lasts = places[np.concatenate((begins[1:], [len(places)])) - 1]
    line = np.cumsum(first) - 1  # of each place
    owner = np.searchsorted(offsets, starts, side="right") - 1
    counts = np.bincount(line * _CLASSES + classes[places], minlength=len(starts) * _CLASSES)
    counted: Floats = counts.reshape(-1, _CLASSES).astype(np.float32)
    hashes, words_line, capital, words, lengthy = _words(codes, classes, letters, places, line, len(starts))
    buckets, tokens = _buckets(hashes, words_line, words)
    shape = _shape(counted, classes, starts, lasts, words, capital)
    shape[:, NAMES.index("repeated")] = _repeated(hashes, words_line, owner, len(starts))
    prose = (shape[:, NAMES.index("ends_stop")] > 0) & (lasts - starts >= PROSE)
    shape[:, NAMES.index("told")] = _told(hashes[lengthy], words_line[lengthy], owner, prose)
    return LineFeatures(
        np.clip(np.rint(shape * 255), 0, 255).astype(np.uint8),
        buckets,
        tokens,
        np.column_stack((starts, lasts + 1)) - offsets[owner, None],
        np.bincount(owner, minlength=len(texts)),
    )


def _words(
    codes: npt.NDArray[np.uint32],
    classes: npt.NDArray[np.uint8],
    letters: npt.NDArray[np.uint8],
    places: Ints,
    line: Ints,
    size: int,
) -> tuple[npt.NDArray[np.uint32], Ints, Floats, Ints, npt.NDArray[np.bool_]]:
    """Hash of each word, its line, capitals at words' beginnings a line, words a line, and which words are long.

    The hash is a polynomial over the word's folded letters, summed by numpy for all words in one call.
    """
    inside = (classes[places] >= _LOWER) & (classes[places] <= _DIGIT)
    at = places[inside]
    if not len(at):
        none = np.zeros(size, dtype=np.int64)
        return np.zeros(0, dtype=np.uint32), none[:0], none.astype(np.float32), none, none[:0] > 0
    new = np.concatenate(([True], at[1:] != at[:-1] + 1))
    begins = np.flatnonzero(new)
    lengths = np.diff(np.append(begins, len(at)))
    position = np.arange(len(at)) - np.repeat(begins, lengths)
    values = (letters[codes[at]].astype(np.uint32) + np.uint32(1)) * _powers()[np.minimum(position, 31)]
    hashes = np.add.reduceat(values, begins, dtype=np.uint32)
    words_line = line[inside][begins]
    capital = np.bincount(words_line, weights=classes[at[begins]] == _UPPER, minlength=size).astype(np.float32)
    return hashes, words_line, capital, np.bincount(words_line, minlength=size), lengths >= 5


@cache
def _powers() -> npt.NDArray[np.uint32]:
    return np.cumprod(np.full(32, _MULTIPLIER, dtype=np.uint32), dtype=np.uint32)


def _buckets(hashes: npt.NDArray[np.uint32], words_line: Ints, words: Ints) -> tuple[npt.NDArray[np.uint16], Ints]:
    """Buckets of the first words of each line and of their pairs."""
    rank = np.arange(len(hashes)) - np.repeat(np.cumsum(words) - words, words)
    early = rank < MAX_WORDS
    pairs = np.flatnonzero(early[1:] & (rank[1:] > 0)) + 1
    keys = np.concatenate((hashes[early], (hashes[pairs - 1] * _SALT) ^ hashes[pairs]))
    lines = np.concatenate((words_line[early], words_line[pairs]))
    order = np.argsort(lines, kind="stable")
    buckets = ((keys * _MIX) >> np.uint32(32 - BITS)).astype(np.uint16)[order]
    return buckets, np.bincount(lines, minlength=len(words))


def _repeated(hashes: npt.NDArray[np.uint32], words_line: Ints, owner: Ints, size: int) -> npt.NDArray[np.bool_]:
    """Whether the same words stand on another line of the text."""
    sums = np.bincount(words_line, weights=hashes, minlength=size).astype(np.uint64)
    keys = sums * np.uint64(0x9E3779B97F4A7C15) + owner.astype(np.uint64)
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray((counts[inverse] > 1) & (sums > 0))


def _told(hashes: npt.NDArray[np.uint32], words_line: Ints, owner: Ints, prose: npt.NDArray[np.bool_]) -> Floats:
    """Share of a line's long words that the text's paragraphs say too, other than itself: a headline's, no teaser's."""
    size = len(owner)
    _, keys = np.unique(hashes.astype(np.uint64) + (owner[words_line].astype(np.uint64) << 32), return_inverse=True)
    if not len(keys):
        return np.zeros(size, dtype=np.float32)
    # Each word once a line, so that a paragraph does not answer for itself.
    once = np.unique(keys.astype(np.int64) * size + words_line)
    key, line = once // size, once % size
    told = np.bincount(key, weights=prose[line])[key] - prose[line] > 0
    number = np.bincount(line, minlength=size)
    return (np.bincount(line, weights=told, minlength=size) / np.maximum(number, 1)).astype(np.float32)


def _shape(
    counts: Floats, classes: npt.NDArray[np.uint8], starts: Ints, lasts: Ints, words: Ints, capital: Floats
) -> Floats:
    """The columns `NAMES`, each between 0 and 1."""
    size = np.maximum(counts.sum(axis=1), 1)
    letters = np.maximum(counts[:, _LOWER] + counts[:, _UPPER], 1)
    n_words = np.maximum(words, 1)
    begin, end = classes[starts], classes[lasts]
    # A quotation mark or bracket may follow the stop: « Non. »
    before = classes[np.maximum(lasts - 1, starts)]
    before2 = classes[np.maximum(lasts - 2, starts)]
    closing = (end == _QUOTE) | (end == _DASH)
    stop = (end == _STOP) | (closing & ((before == _STOP) | (before2 == _STOP)))
    ask = (end == _ASK) | (closing & ((before == _ASK) | (before2 == _ASK)))
    columns = {
        "length": np.log1p(lasts + 1 - starts) / 8,
        "words": np.log1p(words) / 6,
        "word_length": letters / n_words / 16,
        "capitals": counts[:, _UPPER] / letters,
        "capital_words": capital / n_words,
        "digits": counts[:, _DIGIT] / size,
        "figures": np.log1p(counts[:, _DIGIT]) / 4,
        "links": np.log1p(counts[:, _LINK]) / 3,
        "commas": counts[:, _COMMA] / n_words,
        "stops": np.log1p(counts[:, _STOP] + counts[:, _ASK]) / 3,
        "quotes": np.log1p(counts[:, _QUOTE]) / 3,
        "dashes": np.log1p(counts[:, _DASH] + counts[:, _COLON]) / 3,
        "others": (counts[:, _OTHER] + counts[:, _MONEY]) / size,
        "ends_stop": stop,
        "ends_ask": ask,
        "ends_colon": (end == _COLON) | (end == _COMMA),
        "ends_letter": (end == _LOWER) | (end == _UPPER),
        "begins_lower": begin == _LOWER,
        "begins_digit": begin == _DIGIT,
        "begins_sign": begin > _DIGIT,
        "repeated": np.zeros(len(starts)),
        "edge": np.zeros(len(starts)),
        "told": np.zeros(len(starts)),
    }
    return np.column_stack([columns[name] for name in NAMES]).astype(np.float32)


def select(X: LineFeatures, texts: npt.NDArray[np.bool_]) -> tuple[LineFeatures, npt.NDArray[np.bool_]]:
    """The lines of some of the texts, and which lines they are; `texts` has shape (n_texts,)."""
    lines = np.repeat(texts, X.sizes)
    kept = LineFeatures(
        X.shape[lines], X.buckets[np.repeat(lines, X.tokens)], X.tokens[lines], X.spans[lines], X.sizes[texts]
    )
    return kept, lines


def save_features(path: Path | IO[bytes], X: LineFeatures, **columns: npt.NDArray[Any]) -> None:
    """Write features, and columns that go with them (labels, groups), without the spans: no way back to a text."""
    np.savez(
        path, shape=X.shape, buckets=X.buckets, tokens=X.tokens.astype(np.uint8), sizes=X.sizes.astype(np.int32),
        allow_pickle=False, **columns,
    )  # fmt: skip


def load_features(path: Path | IO[bytes]) -> tuple[LineFeatures, dict[str, npt.NDArray[Any]]]:
    """What `save_features` wrote."""
    with np.load(path, allow_pickle=False) as file:
        found = dict(file)
    shape, sizes = found.pop("shape"), found.pop("sizes").astype(np.int64)
    spans = np.zeros((len(shape), 2), dtype=np.int64)
    X = LineFeatures(shape, found.pop("buckets"), found.pop("tokens").astype(np.int64), spans, sizes)
    return X, found
