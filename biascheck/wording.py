"""Folded text → which words it uses, hashed, for the languages that the slant head reads.

Names and figures are out of folded text, so what is left of the topic is what both sides call alike; the words of a
text stand beside who speaks in it and what things are called, and speak for what no list names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from biascheck.words import HASH, MAX_WORD, Bytes, hash_runs, read_letters

__all__ = ["BITS", "PAIRS_OF_EVENTS", "WORDS_OF_EVENTS", "Wording", "hash_text", "pair_codes", "word_codes"]

#: Buckets of words for each language, as a power of two.
BITS = 18
_SHIFT = np.uint32(32 - BITS)
#: What the bits above a bucket say: the number of a language, for words that teach what sites say; of French alone, a
#: word, or a pair of words, that is learnt from texts on one event by both sides (see `biascheck.slant.SlantHead`).
WORDS_OF_EVENTS, PAIRS_OF_EVENTS = 2, 3
_SLOTS = 4
_PAIRING = np.uint32(0x01000193)
#: Letters of a word that count in a pair: pairs are rare, and what a word ends in would make them rarer.
STEM = 6
#: Texts that are read as one run of letters.
CHUNK = 64

Ints = npt.NDArray[np.intp]


def hash_text(text: str) -> tuple[Ints, Ints, Ints]:
    """First and last character and bucket of every run of letters of a text (end exclusive)."""
    runs = _read_words(text)
    return runs.starts, runs.ends, runs.words()


class _Runs(NamedTuple):
    """The runs of letters of a text."""

    data: Bytes
    starts: Ints
    ends: Ints

    def words(self) -> Ints:
        """Bucket of each word."""
        return (self._hash(MAX_WORD + 1) >> _SHIFT).astype(np.intp)

    def pairs(self) -> Ints:
        """Bucket of the beginning of each word with that of the next."""
        stems = self._hash(STEM)
        return ((stems[:-1] * _PAIRING + stems[1:]) * _PAIRING >> _SHIFT).astype(np.intp)

    def _hash(self, letters: int) -> npt.NDArray[np.uint32]:
        return hash_runs(self.data, self.starts, np.minimum(self.ends - self.starts, letters)) & HASH


def _read_words(text: str) -> _Runs:
    data = read_letters(text)
    inside = data != 0
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    return _Runs(data, edges[::2], edges[1::2])


def word_codes(texts: Sequence[str], languages: Sequence[int]) -> sp.csr_matrix:
    """Which codes (language and bucket) each folded text has, as ones, shape (n_texts, n_languages << BITS)."""
    return _presence(_words_of(texts, languages), (len(texts), (max(languages, default=0) + 1) << BITS))


def pair_codes(texts: Sequence[str]) -> sp.csr_matrix:
    """Which pairs of words each folded French text has, as ones, shape (n_texts, 1 << BITS)."""
    found = (
        (rows[codes >= PAIRS_OF_EVENTS << BITS], codes[codes >= PAIRS_OF_EVENTS << BITS] & ((1 << BITS) - 1))
        for rows, codes in _words_of(texts, [0] * len(texts), pairs=True)
    )
    return _presence(found, (len(texts), 1 << BITS))


def _words_of(texts: Sequence[str], languages: Sequence[int], *, pairs: bool = False) -> Iterator[tuple[Ints, Ints]]:
    """Number of its text and code of every word, and of every pair in French, for a few texts at a time."""
    for first in range(0, len(texts), CHUNK):
        chunk = texts[first : first + CHUNK]
        begins = np.cumsum([0, *(len(text) + 1 for text in chunk)])
        runs = _read_words("\n".join(chunk))
        counts = np.diff(np.searchsorted(runs.starts, begins))
        spoken = np.repeat(np.asarray(languages[first : first + CHUNK], dtype=np.intp), counts)
        rows = np.repeat(np.arange(first, first + len(chunk)), counts)
        codes = runs.words() | spoken << BITS
        if pairs:
            within = np.flatnonzero((rows[1:] == rows[:-1]) & (spoken[1:] == 0))
            codes = np.concatenate([codes, runs.pairs()[within] | PAIRS_OF_EVENTS << BITS])
            rows = np.concatenate([rows, rows[within]])
        yield rows, codes


def _presence(places: Iterable[tuple[Ints, Ints]], shape: tuple[int, int]) -> sp.csr_matrix:
    """Ones at places that are given as row and column, rows in order, columns in any and more than once."""
    found = [np.zeros(0, dtype=np.intp)]
    for rows, columns in places:
        keys = np.sort(rows * shape[1] + columns)
        found.append(keys[np.diff(keys, prepend=-1) > 0])
    rows, columns = np.divmod(np.concatenate(found), max(shape[1], 1))
    ends = np.searchsorted(rows, np.arange(shape[0] + 1))
    # Indices as scipy keeps them, or it looks at each whether it would fit.
    ones = (np.ones(len(columns), np.float32), columns.astype(np.int32), ends.astype(np.int32))
    return sp.csr_matrix(ones, shape=shape)


class Wording(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Presence of the words, and of the pairs of words in French, of a vocabulary in the folded text of `Voices`.

    Parameters
    ----------
    vocabulary : ndarray of int32, shape (n_words,)
        Codes: bucket of the word or pair, and above the lower `BITS` bits the number of the language, or what of French
        it is (`WORDS_OF_EVENTS`, `PAIRS_OF_EVENTS`).
    languages : tuple of str
    """

    def __init__(self, vocabulary: Any = (), languages: tuple[str, ...] = ()) -> None:
        self.vocabulary = vocabulary
        self.languages = languages

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Sequence[Any]) -> sp.csr_matrix:
        """Ones where a word occurs, shape (n_documents, n_words); a text in another language has none."""
        known = [i for i, voices in enumerate(X) if voices.language in self.languages]
        rows = np.asarray(known, dtype=np.intp)
        table = self._columns()
        spoken = [self.languages.index(X[i].language) for i in known]
        words = _words_of([X[i].folded for i in known], spoken, pairs=self._has_pairs())
        coded = ((rows[owners], table[codes]) for owners, codes in words)
        places = ((owners[columns >= 0], columns[columns >= 0]) for owners, columns in coded)
        return _presence(places, (len(X), len(self.vocabulary)))

    def places(self, voices: Any) -> Iterator[tuple[int, int, int]]:
        """Column, start and end in the folded text of every word of the vocabulary."""
        if voices.language not in self.languages:
            return
        language = self.languages.index(voices.language)
        runs = _read_words(voices.folded)
        found = [(runs.starts, runs.ends, runs.words() | language << BITS)]
        if language == 0 and self._has_pairs():
            found.append((runs.starts[:-1], runs.ends[1:], runs.pairs() | PAIRS_OF_EVENTS << BITS))
        for begins, stops, codes in found:
            columns = self._columns()[codes]
            for column, start, end in zip(columns.tolist(), begins.tolist(), stops.tolist(), strict=True):
                if column >= 0:
                    yield column, start, end

    def _has_pairs(self) -> bool:
        return bool(len(self.vocabulary)) and int(np.max(self.vocabulary)) >= PAIRS_OF_EVENTS << BITS

    def _columns(self) -> Ints:
        """The column of each code, -1 for none; made once."""
        table: Ints | None = self.__dict__.get("_table")
        if table is None:
            table = np.full(_SLOTS << BITS, -1, dtype=np.intp)
            codes = np.asarray(self.vocabulary, dtype=np.intp)
            # A word is found by its bucket, whoever teaches it.
            codes = np.where(codes >> BITS == WORDS_OF_EVENTS, codes & ((1 << BITS) - 1), codes)
            table[codes] = np.arange(len(self.vocabulary))
            self._table = table
        return table

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_table", None)
        return state

    def __sklearn_is_fitted__(self) -> bool:
        return True
