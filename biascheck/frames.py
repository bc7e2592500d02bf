"""Folded text → n-grams of words in which only function words stand as they are.

What is left of a sentence without its topic: "la _ce a _né les _es de la _re". Translated and native writing differ in
it (M. Koppel, N. Ordan, Translationese and Its Dialects, ACL 2011; V. Volansky, N. Ordan, S. Wintner, On the Features
of Translationese, DSH 30/1, 2015), and no place, person or war is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from biascheck.features import BITS, MIX, ByteNgrams
from biascheck.lexicon import read_table

__all__ = ["ORDERS", "FrameNgrams", "frame_codes"]

#: Lengths of the n-grams, in words and signs.
ORDERS = (2, 3)
_BLANK, _LETTER, _DIGIT, _SIGN = range(4)


def _kind(byte: int) -> int:
    if byte <= ord(" "):
        return _BLANK
    if byte >= 128:
        return _LETTER
    return _DIGIT if chr(byte).isdigit() else _LETTER if chr(byte).isalpha() else _SIGN


_KINDS = bytes(map(_kind, range(256)))
#: The table of function words has 2**16 places: one other word in three hundred is taken for one.
_TABLE_BITS = 16
#: Sets the codes of endings apart from those of words; makes those of words of another length others.
_ENDING, _LENGTH = np.uint32(1 << 16), np.uint32(0x85EBCA6B)


@cache
def _function_words(language: str) -> npt.NDArray[np.bool_]:
    data = " ".join(read_table("frames")[language].split()).encode()
    table = np.zeros(1 << _TABLE_BITS, dtype=bool)
    starts, ends = _cut(_kinds(data))
    table[_places(_whole(*_edges(data, starts, ends), ends - starts))] = True
    return table


def _places(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return np.asarray((hashes * MIX) >> np.uint32(32 - _TABLE_BITS))


def _kinds(data: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data.translate(_KINDS), dtype=np.uint8)


def _cut(kinds: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where words, figures, names and signs begin and end; a sign is one byte."""
    changes = np.ones(len(kinds) + 1, dtype=bool)
    np.not_equal(kinds[1:], kinds[:-1], out=changes[1:-1])
    changes[1:] |= kinds == _SIGN
    stands = kinds != _BLANK
    return np.flatnonzero(changes[:-1] & stands), np.flatnonzero(changes[1:] & stands) + 1


def _edges(
    data: bytes, starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """The first two and the last two bytes of each stretch as numbers; of one byte, with what stands beside it."""
    codes = np.frombuffer(b" " + data + b" ", dtype=np.uint8).astype(np.uint32)
    pairs = codes[:-1] << np.uint32(8)
    pairs += codes[1:]
    return pairs.take(starts + 1), pairs.take(ends - 1)


def _whole(
    first: npt.NDArray[np.uint32], last: npt.NDArray[np.uint32], length: npt.NDArray[np.intp]
) -> npt.NDArray[np.uint32]:
    """A code of each word: its first two and last two bytes and its length, which tells words that are often used."""
    return np.asarray(((first << np.uint32(16)) + last + length.astype(np.uint32) * _LENGTH) * MIX)


def frame_codes(
    data: bytes, language: str = "fr"
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """A code for every word, figure, name and sign of a folded text in UTF-8, and the bytes where it begins and ends.

    Function words (`lexicons/frames.toml`), figures and signs have a code of their own, any other word that of its last
    two bytes, and a name that of the sign that stands for it.

    Returns
    -------
    ndarray of uint32, ndarray of int, ndarray of int, each of shape (n_words,)
    """
    kinds = _kinds(data)
    starts, ends = _cut(kinds)
    length = ends - starts
    first, last = _edges(data, starts, ends)
    # Beside a single byte stands what is no part of it.
    single = length == 1
    first[single] >>= np.uint32(8)
    last[single] &= np.uint32(255)
    found = _whole(first, last, length)
    content = kinds.take(starts) == _LETTER
    content &= ~_function_words(language).take(_places(found))
    np.copyto(found, (last + _ENDING) * MIX, where=content)
    return found, starts, ends


class FrameNgrams(ByteNgrams):
    """Which hashed n-grams of frames occur in folded texts: `ByteNgrams` on the codes of words.

    Examples
    --------
    >>> from biascheck.folding import Folded
    >>> one, other = (Folded(f" la {word} a été fermée. ", "") for word in ("banque", "clinique"))
    >>> X = FrameNgrams().transform([one, other])
    >>> (X[0] != X[1]).nnz
    0
    """

    def __init__(
        self, orders: Sequence[int] = ORDERS, bits: int = BITS, columns: npt.NDArray[np.int32] | None = None
    ) -> None:
        super().__init__(orders, bits, columns)

    def spans(self, data: bytes) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """`frame_codes`."""
        return frame_codes(data)

    def _codes(self, texts: Sequence[bytes]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
        # Folded texts begin and end with a blank, so that no word goes over an edge.
        codes, starts, _ = self.spans(b"".join(texts))
        return codes, np.searchsorted(starts, np.cumsum([len(text) for text in texts]))
