"""Folded text → which words it uses, hashed, for the languages that the slant head reads.

Names and figures are out of folded text, so what is left of the topic is what both sides call alike; the words of a
text stand beside who speaks in it and what things are called, and speak for what no list names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from biascheck.words import HASH, MAX_WORD, hash_runs, read_letters

__all__ = ["BITS", "Wording", "hash_text", "word_codes"]

#: Buckets of words for each language, as a power of two.
BITS = 18
_SHIFT = np.uint32(32 - BITS)
#: Texts that are read as one run of letters.
CHUNK = 64

Ints = npt.NDArray[np.intp]


def hash_text(text: str) -> tuple[Ints, Ints, Ints]:
    """First and last character and bucket of every run of letters of a text (end exclusive)."""
    data = read_letters(text)
    inside = data != 0
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    hashes = hash_runs(data, starts, np.minimum(ends - starts, MAX_WORD + 1)) & HASH
    return starts, ends, (hashes >> _SHIFT).astype(np.intp)


def word_codes(texts: Sequence[str], languages: Sequence[int]) -> sp.csr_matrix:
    """Which codes (language and bucket) each folded text has, as ones, shape (n_texts, n_languages << BITS)."""
    return _presence(_words_of(texts, languages), (len(texts), (max(languages, default=0) + 1) << BITS))


def _words_of(texts: Sequence[str], languages: Sequence[int]) -> Iterator[tuple[Ints, Ints]]:
    """Number of its text and code of every word, for a few texts at a time."""
    for first in range(0, len(texts), CHUNK):
        chunk = texts[first : first + CHUNK]
        begins = np.cumsum([0, *(len(text) + 1 for text in chunk)])
        starts, _, buckets = hash_text("\n".join(chunk))
        counts = np.diff(np.searchsorted(starts, begins))
        shifts = np.asarray(languages[first : first + CHUNK], dtype=np.intp) << BITS
        yield np.repeat(np.arange(first, first + len(chunk)), counts), buckets | np.repeat(shifts, counts)


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
    """Presence of the words of a vocabulary in the folded text of `Voices`.

    Parameters
    ----------
    vocabulary : ndarray of int32, shape (n_words,)
        Codes: bucket of the word, with the number of the language above the lower `BITS` bits.
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
        words = _words_of([X[i].folded for i in known], [self.languages.index(X[i].language) for i in known])
        coded = ((rows[owners], table[codes]) for owners, codes in words)
        places = ((owners[columns >= 0], columns[columns >= 0]) for owners, columns in coded)
        return _presence(places, (len(X), len(self.vocabulary)))

    def places(self, voices: Any) -> Iterator[tuple[int, int, int]]:
        """Column, start and end in the folded text of every word of the vocabulary."""
        if voices.language not in self.languages:
            return
        starts, ends, buckets = hash_text(voices.folded)
        columns = self._columns()[buckets | self.languages.index(voices.language) << BITS]
        for column, start, end in zip(columns.tolist(), starts.tolist(), ends.tolist(), strict=True):
            if column >= 0:
                yield column, start, end

    def _columns(self) -> Ints:
        """The column of each code, -1 for none; made once."""
        table: Ints | None = self.__dict__.get("_table")
        if table is None:
            table = np.full(len(self.languages) << BITS, -1, dtype=np.intp)
            table[np.asarray(self.vocabulary, dtype=np.intp)] = np.arange(len(self.vocabulary))
            self._table = table
        return table

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_table", None)
        return state

    def __sklearn_is_fitted__(self) -> bool:
        return True
