"""Folded text → numbers: hashed byte n-grams, lexicon phrases, and cues of typography, rhythm and attribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from biascheck.folding import Folded
from biascheck.lexicon import load_lexicon, load_names

__all__ = ["BITS", "ByteNgrams", "Cues", "Phrases", "Sparse", "Worlds", "hash_ngrams"]

#: Buckets of the hash, as a power of two.
BITS = 18
_MULTIPLIER = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)


def hash_ngrams(data: bytes, orders: Sequence[int], bits: int = BITS) -> npt.NDArray[np.uint32]:
    """Bucket of every n-gram of `data`, order by order.

    A polynomial rolling hash (R. Karp, M. Rabin, IBM J. Res. Dev. 31/2, 1987) over all positions at once: the hash of
    order n is that of order n-1 times a constant plus the next byte. The top bits of a second product are the bucket
    (D. Knuth, TAOCP 3, 6.4: multiplicative hashing).

    Returns
    -------
    ndarray of uint32, shape (sum(len(data) - n + 1 for n in orders),)
    """
    codes = np.frombuffer(data, dtype=np.uint8).astype(np.uint32)
    rolling = codes
    shift = np.uint32(32 - bits)
    found = []
    for order in range(1, max(orders) + 1):
        if order > 1:
            rolling = rolling[:-1] * _MULTIPLIER
            rolling += codes[order - 1 :]
        if order in orders:
            mixed = rolling * _MIX
            mixed >>= shift
            found.append(mixed)
    return np.concatenate(found)


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
        place = None
        if self.columns is not None:
            place = np.full(width, -1, dtype=np.int32)
            width = len(self.columns)
            place[self.columns] = np.arange(width, dtype=np.int32)
        indices = []
        ends = [0]
        for folded in X:
            buckets = hash_ngrams(
                folded.text.encode("utf-8", "replace").ljust(max(self.orders)), self.orders, self.bits
            )
            buckets.sort()
            kept = buckets[np.concatenate(([True], buckets[1:] != buckets[:-1]))].astype(np.int32)
            if place is not None:
                kept = place[kept]
                kept = kept[kept >= 0]
            indices.append(kept)
            ends.append(ends[-1] + len(kept))
        columns = np.concatenate(indices) if indices else np.empty(0, dtype=np.int32)
        ones = np.ones(len(columns), dtype=np.float32)
        return sp.csr_matrix((ones, columns, np.asarray(ends, dtype=np.int32)), shape=(len(indices), width))

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
        for text, _ in X:
            indices += [index for index, _, _ in lexicon.find(text)]
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

    A hint of the source language and no more: a Spanish paper writes about Berlin too. The Russian one is not counted:
    since 2022 its names stand in every language's news, and counted they made half of all texts on the war Russian.
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
        counted = [number for number, world in enumerate(worlds) if world != "ru"]
        rows = []
        for _, names in X:
            known = (table.get(part) for name in names.split() for part in _parts(name, table))
            found = Counter(world for world in known if world is not None)
            rows.append([found[world] for world in counted])
        counts = np.asarray(rows, dtype=np.float32).reshape(len(rows), len(counted))
        return np.asarray(counts / np.sqrt(1 + counts.sum(axis=1, keepdims=True)))

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _parts(name: str, table: dict[str, int]) -> list[str]:
    """A hyphenated name as one where it is known (Clermont-Ferrand), else its parts (Rhin-Danube)."""
    return [name] if name in table or "-" not in name else name.split("-")


#: Signs counted by their byte, per 1,000 bytes of folded text.
_SIGNS = {
    "comma": ",",
    "semicolon": ";",
    "colon": ":",
    "stop": ".",
    "exclamation": "!",
    "question": "?",
    "bracket": "(",
    "dash": "-",
    "quote": '"',
    "elision": "'",
    "digit": "0",
    "percent": "%",
}
#: Strings counted as they stand, per 1,000 characters: how quotes, names and figures meet.
_STRINGS = {
    "name": "¤",
    "quote_name": '" ¤',
    "quote_comma": '",',
    "comma_quote": ',"',
    "stop_quote": '."',
    "apposition_dash": " - ",
    "inversion": "-t-",
    "participle": "ant ",
    "adverb": "ment ",
}
_RHYTHM = ("word_length", "sentence_words", "variety")


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
    """Dense cues of folded texts: punctuation, quoting habits, rhythm.

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
        return np.asarray([*_SIGNS, *_STRINGS, *_RHYTHM], dtype=object)

    def transform(self, X: Iterable[Folded]) -> npt.NDArray[np.float32]:
        """Measure folded texts.

        Returns
        -------
        ndarray of float32, shape (n_documents, n_cues)
        """
        strings = [string.encode() for string in _STRINGS.values()]
        codes, counts, sizes = [], [], []
        for text, _ in X:
            raw = text.encode("utf-8", "replace")
            codes.append(np.bincount(np.frombuffer(raw, dtype=np.uint8), minlength=256))
            counts.append([raw.count(string) for string in strings])
            head = text.split(None, 200)[:200]
            sizes.append((len(raw), len(text), len(set(head)), len(head)))
        # The rest for all documents at once: numpy's cost is by the call.
        signs = np.asarray(codes, dtype=np.float64).reshape(-1, 256)
        found = np.asarray(counts, dtype=np.float64).reshape(-1, len(strings))
        n_bytes, n_characters, n_different, n_head = np.asarray(sizes, dtype=np.float64).reshape(-1, 4).T
        # Folded text has one blank before, after and between words.
        n_words = np.maximum(signs[:, ord(" ")] - 1, 1)
        sentences = signs[:, [ord(sign) for sign in ".!?"]].sum(axis=1) + 1
        return np.column_stack(
            [
                1000 * signs[:, [ord(sign) for sign in _SIGNS.values()]] / np.maximum(n_bytes, 1)[:, None],
                1000 * found / np.maximum(n_characters, 1)[:, None],
                10 * n_characters / n_words,
                n_words / sentences,
                100 * n_different / np.maximum(n_head, 1),
            ]
        ).astype(np.float32)

    def __sklearn_is_fitted__(self) -> bool:
        return True
