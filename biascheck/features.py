"""Folded text → numbers: hashed byte n-grams, lexicon phrases, and cues of typography, rhythm and attribution."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from biascheck.folding import CHUNK, Folded
from biascheck.lexicon import counted_worlds, load_lexicon, load_names

__all__ = [
    "BITS",
    "ByteNgrams",
    "Cues",
    "Phrases",
    "Signs",
    "Sparse",
    "Worlds",
    "count_features",
    "hash_codes",
    "hash_ngrams",
]

#: Buckets of the hash, as a power of two.
BITS = 18
MULTIPLIER = 0x01000193
MIX = np.uint32(0x9E3779B1)


def hash_ngrams(data: bytes, orders: Sequence[int], bits: int = BITS) -> npt.NDArray[np.uint32]:
    """Bucket of every n-gram of `data`, order by order.

    A polynomial hash (R. Karp, M. Rabin, IBM J. Res. Dev. 31/2, 1987) over all positions at once: that of an n-gram is
    made of those of its two halves. The top bits of a second product are the bucket (D. Knuth, TAOCP 3, 6.4:
    multiplicative hashing).

    Returns
    -------
    ndarray of uint32, shape (sum(len(data) - n + 1 for n in orders),)
    """
    codes = np.frombuffer(data, dtype=np.uint8).astype(np.uint32)
    found = [hash_codes(codes, order, bits) for order in sorted(set(orders))]
    return np.concatenate(found) if len(found) > 1 else found[0]


def hash_codes(codes: npt.NDArray[np.uint32], order: int, bits: int = BITS) -> npt.NDArray[np.uint32]:
    """`hash_ngrams` of any codes, of one order."""
    mixed = _polynomials(codes, order) * MIX
    mixed >>= np.uint32(32 - bits)
    return np.asarray(mixed)


def _polynomials(codes: npt.NDArray[np.uint32], order: int) -> npt.NDArray[np.uint32]:
    """The sum of ``codes[i + k] * MULTIPLIER ** (order - 1 - k)``, modulo 2**32, at every place `i`."""
    if order == 1:
        return codes
    behind = order // 2
    long, short = _polynomials(codes, order - behind), _polynomials(codes, behind)
    found = long[: max(len(codes) - order + 1, 0)] * np.uint32(pow(MULTIPLIER, behind, 1 << 32))
    found += short[order - behind :]
    return found


class ByteNgrams(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Which hashed byte n-grams occur in folded texts.

    No vocabulary: an n-gram's column is its hash. Presence and not frequency, since a phrase that a text repeats is its
    topic more often than its language.

    Parameters
    ----------
    orders : sequence of int
        Lengths of the n-grams, in bytes of UTF-8.
    bits : int
        2**bits buckets.
    columns : ndarray of int, shape (n_columns,), optional
        The buckets that are kept, in the order of the output's columns; None keeps all.

    Examples
    --------
    >>> from biascheck.folding import Folded
    >>> ByteNgrams(orders=(3,), bits=10).transform([Folded(" oui ", "")]).sum()
    np.float32(3.0)
    """

    def __init__(
        self,
        orders: Sequence[int] = (6,),
        bits: int = BITS,
        columns: npt.NDArray[np.int32] | None = None,
    ) -> None:
        self.orders = orders
        self.bits = bits
        self.columns = columns

    def fit(self, X: Iterable[Folded], y: Any = None) -> Self:
        """Learn nothing: which columns are kept is given."""
        return self

    def transform(self, X: Iterable[Folded]) -> sp.csr_matrix:
        """Find the n-grams of folded texts.

        Returns
        -------
        csr_matrix of float32, shape (n_documents, n_columns)
            Ones.
        """
        width = 1 << self.bits
        place = np.arange(width, dtype=np.uint32)
        if self.columns is not None:
            place = np.full(width, len(self.columns), dtype=np.uint32)
            width = len(self.columns)
            place[self.columns] = np.arange(width, dtype=np.uint32)
        texts = [text.encode("utf-8", "replace").ljust(max(self.orders)) for text, *_ in X]
        found = [self._occurring(texts[i : i + CHUNK], place, width) for i in range(0, len(texts), CHUNK)]
        columns = np.concatenate([columns for columns, _ in found]) if found else np.empty(0, dtype=np.int32)
        sizes = np.concatenate([[0], *(sizes for _, sizes in found)])
        ones = np.ones(len(columns), dtype=np.float32)
        return sp.csr_matrix((ones, columns, np.cumsum(sizes, dtype=np.int32)), shape=(len(texts), width))

    def _occurring(
        self, texts: Sequence[bytes], place: npt.NDArray[np.uint32], width: int
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp]]:
        """The columns that occur, in order, text after text, and how many each text has.

        The texts are hashed as one run, since numpy's cost is by the call. What does not count, an n-gram over an edge
        or one without a column, is sent to column `width` and dropped.
        """
        codes, ends = self._codes(texts)
        shift = np.uint32(width.bit_length())
        number = np.arange(len(texts) + 1, dtype=np.uint32) << shift
        of_text = np.repeat(number[:-1], np.diff(ends, prepend=0))
        found = []
        for order in self.orders:
            # One place more than there are: there goes what would stand before the first.
            keys = np.full(len(codes) + 1, width, dtype=np.uint32)
            buckets = hash_codes(codes, order, self.bits)
            place.take(buckets, out=keys[: len(buckets)], mode="clip")
            keys[np.maximum(ends[:, None] - np.arange(1, order), -1).ravel()] = width
            keys = keys[:-1]
            kept = keys != width
            # A key is text and column.
            keys |= of_text
            found.append(keys.compress(kept))
        every = np.sort(np.concatenate(found))
        once = np.ones(len(every), dtype=bool)
        np.not_equal(every[1:], every[:-1], out=once[1:])
        every = every.compress(once)
        sizes = np.diff(np.searchsorted(every, number))
        every &= (np.uint32(1) << shift) - np.uint32(1)
        return every.view(np.int32), sizes

    def _codes(self, texts: Sequence[bytes]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
        """What the n-grams are made of, for all texts as one run, and where each text's end in it."""
        codes = np.frombuffer(b"".join(texts), dtype=np.uint8).astype(np.uint32)
        return codes, np.cumsum([len(text) for text in texts])

    def spans(self, data: bytes) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """What the n-grams of one text are made of, and the bytes where each piece begins and ends."""
        codes, _ = self._codes([data])
        starts = np.arange(len(codes))
        return codes, starts, starts + 1

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Phrases(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """How often each lexicon entry occurs (calques, markers, reporting verbs), damped, and how their kinds balance.

    Parameters
    ----------
    language : str
        Whose `lexicons/<language>.toml`.
    """

    def __init__(self, language: str = "fr") -> None:
        self.language = language

    def fit(self, X: Iterable[Folded], y: Any = None) -> Self:
        """Learn nothing: the phrases are data of the package."""
        return self

    def count(self, X: Iterable[Folded]) -> sp.csr_matrix:
        """Count the entries in folded texts; csr_matrix of float32, shape (n_documents, n_entries)."""
        lexicon = load_lexicon(self.language)
        indices: list[int] = []
        ends = [0]
        for found in lexicon.find_many([text for text, *_ in X]):
            indices += found
            ends.append(len(indices))
        ones = np.ones(len(indices), dtype=np.float32)
        matrix = sp.csr_matrix(
            (ones, np.asarray(indices, dtype=np.int32), np.asarray(ends, dtype=np.int32)),
            shape=(len(ends) - 1, len(lexicon.entries)),
        )
        matrix.sum_duplicates()
        return matrix

    def weigh(self, counts: sp.csr_matrix) -> sp.csr_matrix:
        """``log(1 + count)`` of each entry, then each kind's total over the root of all calques found.

        Returns
        -------
        csr_matrix of float32, shape (n_documents, n_entries + n_kinds)
        """
        lexicon = load_lexicon(self.language)
        totals = np.asarray(counts @ lexicon.membership)
        calques = totals[:, : lexicon.n_calque_kinds].sum(axis=1, keepdims=True)
        damped = counts.copy()
        damped.data = np.log1p(damped.data)
        shares = sp.csr_matrix((totals / np.sqrt(1 + calques)).astype(np.float32))
        return sp.hstack([damped, shares], format="csr")

    def transform(self, X: Iterable[Folded]) -> sp.csr_matrix:
        """`count` and `weigh`."""
        return self.weigh(self.count(X))

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Worlds(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Whose world the names of a text belong to: towns, institutions, people and given names by language.

    A hint of the source language and no more: a Spanish paper writes about Berlin too.
    """

    def fit(self, X: Iterable[Folded], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Iterable[Folded]) -> npt.NDArray[np.float32]:
        """Count and weigh.

        Returns
        -------
        ndarray of float32, shape (n_documents, n_worlds)
            Names of each world over the root of all that are known.
        """
        table, worlds = load_names()
        counted = counted_worlds()
        rows = []
        for _, names, *_ in X:
            found = [0] * len(worlds)
            for name in names.split():
                world = table.get(name)
                if world is not None:
                    found[world] += 1
                elif "-" in name:  # Rhin-Danube is no name of the table, its parts may be
                    for part in name.split("-"):
                        if part in table:
                            found[table[part]] += 1
            rows.append([found[number] for number in counted])
        counts = np.asarray(rows, dtype=np.float32).reshape(len(rows), len(counted))
        return np.asarray(counts / np.sqrt(1 + counts.sum(axis=1, keepdims=True)))

    def __sklearn_is_fitted__(self) -> bool:
        return True


#: Signs counted per 1,000 bytes of folded text; a masked name is told by the first byte of its sign.
_SIGNS = {
    "comma": 0x2C,
    "semicolon": 0x3B,
    "colon": 0x3A,
    "stop": 0x2E,
    "exclamation": 0x21,
    "question": 0x3F,
    "bracket": 0x28,
    "dash": 0x2D,
    "quote": 0x22,
    "elision": 0x27,
    "digit": 0x30,
    "percent": 0x25,
    "name": 0xC2,
}
_RHYTHM = ("word_length", "sentence_words")
#: Kinds of quotation marks, the last cues: shares of those that open a quotation.
_QUOTES = ("straight", "guillemets", "curly")
QUOTES = len(_QUOTES)


class Signs(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Which of the furniture that agency copy carries stood around a body: dateline, sign-off, byline, credit."""

    kinds = ("dateline", "agency_signoff", "byline", "photo_credit")

    def fit(self, X: Iterable[Folded], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Iterable[Folded]) -> npt.NDArray[np.float32]:
        """Ones and zeros, shape (n_documents, len(kinds))."""
        rows = [[kind in folded.kinds for kind in self.kinds] for folded in X]
        return np.asarray(rows, dtype=np.float32).reshape(len(rows), len(self.kinds))

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Sparse(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A dense block as a csr_matrix: blocks of one kind are put side by side six times faster than mixed ones."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: npt.NDArray[np.float32]) -> sp.csr_matrix:
        """The same values, all of them stored; shape as `X`."""
        height, width = X.shape
        columns = np.tile(np.arange(width, dtype=np.int32), height)
        ends = np.arange(0, height * width + 1, width, dtype=np.int32)
        return sp.csr_matrix((np.asarray(X, dtype=np.float32).ravel(), columns, ends), shape=(height, width))

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Cues(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Dense cues of folded texts: punctuation, rhythm, kinds of quotation marks.

    Examples
    --------
    >>> from biascheck.folding import Folded
    >>> Cues().transform([Folded(" un texte, court. ", "")]).shape == (1, len(Cues().get_feature_names_out()))
    True
    """

    def fit(self, X: Iterable[Folded], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names of the cues, shape (n_cues,)."""
        return np.asarray([*_SIGNS, *_RHYTHM, *_QUOTES], dtype=object)

    def transform(self, X: Iterable[Folded]) -> npt.NDArray[np.float32]:
        """Measure folded texts.

        Returns
        -------
        ndarray of float32, shape (n_documents, n_cues)
        """
        X = list(X)
        codes = [np.frombuffer(text.encode("utf-8", "replace"), dtype=np.uint8) for text, *_ in X]
        marks = np.asarray([folded.quotes for folded in X], dtype=np.float64).reshape(-1, QUOTES)
        marks[:, 0] /= 2
        counts = np.asarray([np.bincount(c, minlength=256) for c in codes], dtype=np.float64).reshape(-1, 256)
        size = np.maximum(counts.sum(axis=1), 1)
        # Folded text has one blank before, after and between words.
        words = np.maximum(counts[:, ord(" ")] - 1, 1)
        sentences = counts[:, [ord(sign) for sign in ".!?"]].sum(axis=1) + 1
        rhythm = np.column_stack([10 * size / words, words / sentences])
        shares = marks / (1 + marks.sum(axis=1, keepdims=True))
        signs = 1000 * counts[:, list(_SIGNS.values())] / size[:, None]
        return np.hstack([signs, rhythm, shares]).astype(np.float32)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _weigh(X: sp.csr_matrix, weights: TfidfTransformer) -> sp.csr_matrix:
    """`TfidfTransformer.transform` of counts that nobody else needs, in place."""
    X.data *= weights.idf_.astype(np.float32).take(X.indices)
    filled = np.flatnonzero(np.diff(X.indptr))
    norms = np.sqrt(np.add.reduceat(np.square(X.data), X.indptr[filled])) if len(filled) else X.data[:0]
    X.data /= np.repeat(norms, np.diff(X.indptr)[filled])
    return X


def count_features(union: FeatureUnion, X: Sequence[Any]) -> sp.csr_matrix:
    """What ``union.transform(X)`` is, without the copies, and what scikit-learn checks in every step at every call."""
    blocks = []
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for _, block in union.transformer_list:
            found: Any = X
            for _, step in block.steps if isinstance(block, Pipeline) else [("", block)]:
                found = _weigh(found, step) if isinstance(step, TfidfTransformer) else step.transform(found)
            blocks.append(found)
    return sp.hstack(blocks, format="csr")
