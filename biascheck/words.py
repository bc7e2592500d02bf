"""Words → what is known of them: a list of hashes, looked up for many words in one vectorised pass.

A letter is a byte, a word three numbers of eight bytes, and its hash the upper half of their sum, each times an odd
number (M. Dietzfelbinger, STACS 1996); the upper bits of the hash tell where in the sorted list it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

__all__ = [
    "FLAGS", "FREQUENT", "HASH", "LETTERS", "MAX_WORD", "NAME", "NEAR", "WORD", "Bytes", "Hashes", "Places", "flags_of",
    "hash_runs", "hash_words", "is_known", "known_hashes", "load_words", "read_letters",
]  # fmt: skip

#: What is known of a word of the list: a French word, one of the most frequent, a proper name. None of them: known, and
#: no piece of a glued word (foreign words).
WORD, FREQUENT, NAME = 1, 2, 4
FLAGS = np.uint32(7)
HASH = ~FLAGS

#: A longer run of letters is no French word.
MAX_WORD = 40

Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint32]
_U64 = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]

#: Letters of a hash, read as numbers of eight bytes: no word of the list is longer.
LETTERS = 24
_FACTORS: _U64 = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
#: Byte `i` of row `n` is kept when `i < n`; words too long for the list keep none.
_KEPT: npt.NDArray[np.void] = np.where(
    (np.arange(LETTERS) < np.arange(MAX_WORD + 2)[:, None]) & (np.arange(MAX_WORD + 2) <= LETTERS)[:, None],
    np.uint8(255),
    np.uint8(0),
).view(f"V{LETTERS}")[:, 0]
#: Hashes with the same upper bits stand side by side in the list, at most `NEAR` of them.
_BELOW = np.uint32(14)
NEAR = 8

#: Stands for every letter that is not Latin, and for what may stand inside a word unseen.
_FOREIGN = 1
#: Latin letters end here, and marks and symbols lie between the other two.
_LATIN, _MARKS, _SYMBOLS = 0x180, 0x2000, 0x2C00
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def _letters() -> Bytes:
    """One byte for each code point: the same for a letter and its capital, 0 for what is no letter."""
    table = np.zeros(1 << 16, np.uint8)
    small = [c for c in map(chr, range(_LATIN)) if c.isalpha() and c == c.lower() and c not in "ªº"]
    for byte, letter in enumerate(small, _FOREIGN + 1):
        table[ord(letter)] = byte
        if len(letter.upper()) == 1 and letter.upper().lower() == letter:
            table[ord(letter.upper())] = byte
    table[0x130] = _FOREIGN
    table[_LATIN:_MARKS] = _FOREIGN
    table[_SYMBOLS:] = _FOREIGN
    # Soft hyphens and zero-width characters stand inside words.
    table[[0xAD, 0x200B, 0x200C, 0x200D, 0x2060]] = _FOREIGN
    return table


_BYTES = _letters()
#: Of the first code points, which most are, as a table of `bytes.translate`.
_FIRST = _BYTES[:256].tobytes()


@cache
def load_words() -> npt.NDArray[np.uint32]:
    """The word list: sorted, 29 bits of hash above 3 bits of `WORD`, `FREQUENT` and `NAME`."""
    with resources.files("biascheck").joinpath("lexicons/words.npy").open("rb") as file:
        words: npt.NDArray[np.uint32] = np.load(file, allow_pickle=False)
    return words


@cache
def _index() -> tuple[Places, npt.NDArray[np.void]]:
    """Where the hashes with the same upper bits begin, and the `NEAR` of the list from each place on."""
    words = load_words()
    counts = np.bincount(words >> _BELOW, minlength=1 << 32 - int(_BELOW))
    padded = np.concatenate([words, np.zeros(NEAR, np.uint32)])
    return np.cumsum(counts) - counts, np.ndarray((len(words) + 1,), f"V{4 * NEAR}", padded, 0, (4,))


def read_letters(text: str) -> Bytes:
    """A byte for each character of a text, between a zero and `LETTERS` zeros."""
    codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    if len(codes) != len(text):
        return read_letters(_ASTRAL.sub("\uffff", text))
    data = np.zeros(len(codes) + 1 + LETTERS, np.uint8)
    data[1 : len(codes) + 1] = np.frombuffer(codes.astype(np.uint8).tobytes().translate(_FIRST), np.uint8)
    others = (codes >= len(_FIRST)).nonzero()[0]
    data[others + 1] = _BYTES[codes[others]]
    return data


def hash_runs(data: Bytes, starts: Places, lengths: Places) -> Hashes:
    """29 bits of hash for each run of letters of `data`, in the place that they have in the list."""
    runs: npt.NDArray[np.void] = np.ndarray((len(data) - LETTERS,), f"V{LETTERS}", data, 1, (1,))
    parts = runs[starts].view(np.uint64) & _KEPT[lengths].view(np.uint64)
    # The upper half of each sum, where all letters count.
    hashes: Hashes = (parts.reshape(-1, len(_FACTORS)) @ _FACTORS).view(np.uint32)[1::2] & HASH
    return hashes


def hash_words(words: Sequence[str]) -> Hashes:
    """Hashes of `words` in any case; longer ones than 24 letters have the hash of an empty word."""
    lengths = np.fromiter(map(len, words), np.intp, len(words))
    return hash_runs(read_letters("".join(words)), np.cumsum(lengths) - lengths, np.minimum(lengths, MAX_WORD + 1))


def _compare(hashes: Hashes) -> Hashes:
    """The words of the list near each hash, shape (n_hashes, `NEAR`); of the same hash only the flags are left."""
    places, rows = _index()
    near: Hashes = rows[places[hashes >> _BELOW]].view(np.uint32).reshape(-1, NEAR)
    near ^= hashes[:, None]
    return near


def known_hashes(hashes: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each hash is in the list."""
    # Eight truths are one number, which is cheaper to test than eight.
    known: npt.NDArray[np.bool_] = (_compare(hashes) <= FLAGS).view(np.uint64)[:, 0] != 0
    return known


def flags_of(hashes: Hashes) -> Hashes:
    """Flags of each hash, more than `FLAGS` for what is not in the list."""
    flags: Hashes = np.minimum.reduce(_compare(hashes), axis=1)
    return flags


def is_known(words: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Whether each word is in the list: a run of letters, without hyphens or apostrophes, in any case.

    >>> is_known(["force", "Afin", "forceafin"]).tolist()
    [True, True, False]
    """
    return known_hashes(hash_words(words))
