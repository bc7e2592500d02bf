"""A site's own lines: what repeats word for word over the pages that a desk has labelled, as a rule for `aggregated`.

The words of leftovers are hashed and belong to no site, so that a new family teaches the head little. What tells its
next page is the line that stood on the last thirty. Such a line counts as a strong rule of `biascheck.furniture` does:
where it stood on several labelled pages of one outlet, on no page labelled otherwise, and in no line of the newsrooms'
pages that the line model was taught with.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from biascheck.leftovers import COLUMNS, LeftoverCounts, Leftovers, Mark
from biascheck.line_features import BITS, LineFeatures, line_features

__all__ = ["LEAST_PAGES", "OwnLines", "learn_lines"]

#: Pages of an outlet that a line must stand on, and their share of its pages.
LEAST_PAGES, LEAST_SHARE = 3, 0.05
#: Of a line that is known to be furniture, so many words at either end are a line of their own: what stands between
#: them (a source, a headline, a date) differs from page to page.
ENDS = 4
MAX_LINE, MAX_WORDS = 160, 24
#: One word alone is nobody's own.
LEAST_WORDS = 2
#: A line is no surer than the surest rule.
MOST_TRUST = 0.98
Words = tuple[str, ...]
_WORD = re.compile(r"[^\W\d_]{1,30}")
_RULE, _STRONG = COLUMNS.index("rule"), COLUMNS.index("strong rule")
_WHY = "a line of a site whose pages were labelled aggregated"


class OwnLines(LeftoverCounts):
    """`LeftoverCounts` that knows lines of sites.

    Parameters
    ----------
    keys : ndarray of int64, sorted
        Hashes of the lines' words.
    trust : ndarray, of the same shape
        How surely a page with the line is aggregated.

    Examples
    --------
    >>> OwnLines().transform([Leftovers("")]).nnz
    0
    """

    def __init__(self, keys: npt.NDArray[np.int64] | None = None, trust: npt.NDArray[Any] | None = None) -> None:
        self.keys = keys
        self.trust = trust

    def further(self, leftovers: Leftovers) -> Iterator[Mark]:
        """The line of a site where a text has one, which says most of its place."""
        best = self._best(leftovers)
        if best is not None:
            # Lines of one site are one witness.
            trust, start, end = best
            yield Mark(_RULE, -math.log1p(-trust), start, end, _WHY)
            yield Mark(_STRONG, 1.0, start, end, _WHY)

    def find(self, texts: Sequence[Leftovers]) -> npt.NDArray[np.bool_]:
        """Whether each text has a line of a site, shape (n_texts,)."""
        return np.asarray([self._best(text) is not None for text in texts], dtype=bool)

    def _best(self, leftovers: Leftovers) -> tuple[float, int, int] | None:
        """The surest line of a text, with its span."""
        if self.keys is None or self.trust is None or not len(self.keys):
            return None
        best: tuple[float, int, int] | None = None
        for words, start, end in _lines(leftovers):
            key = _key(words)
            at = int(np.searchsorted(self.keys, key))
            if at < len(self.keys) and self.keys[at] == key and (best is None or self.trust[at] > best[0]):
                best = (float(self.trust[at]), start, end)
        return best


def learn_lines(
    leftovers: Sequence[Leftovers], y: npt.NDArray[Any], outlets: Sequence[str], shipped: LineFeatures
) -> OwnLines | None:
    """The own lines of labelled pages; None where there are none.

    Parameters
    ----------
    y : ndarray
        1 aggregated, 0 not.
    shipped : LineFeatures
        Lines of newsrooms' pages: what stands there is nobody's own.
    """
    pages: dict[Words, Counter[str]] = defaultdict(Counter)
    others: set[Words] = set()
    for item, label, outlet in zip(leftovers, y.tolist(), outlets, strict=True):
        for words in {words for words, _, _ in _lines(item)}:
            if label == 1:
                pages[words][outlet] += 1
            else:
                others.add(words)
    sizes = Counter(outlet for outlet, label in zip(outlets, y.tolist(), strict=True) if label == 1)
    often = {}
    for words in pages.keys() - others:
        ((outlet, number), *more) = pages[words].items()
        if not more and number >= max(LEAST_PAGES, LEAST_SHARE * sizes[outlet]):
            often[words] = number
    for words in _common(sorted(often), shipped):
        del often[words]
    if not often:
        return None
    trust = {_key(words): min((number + 1) / (number + 2), MOST_TRUST) for words, number in often.items()}
    keys = np.asarray(sorted(trust), dtype=np.int64)
    return OwnLines(keys, np.asarray([trust[key] for key in keys.tolist()]))


def _lines(leftovers: Leftovers) -> Iterator[tuple[Words, int, int]]:
    """The words of short lines, and of both ends of what is furniture, with their spans."""
    at = 0
    for line in leftovers.text.replace("\r", "\n").split("\n"):
        bare = line.strip()
        if bare and len(bare) <= MAX_LINE:
            words = _words(bare)
            if len(words) >= LEAST_WORDS:
                start = at + line.index(bare)
                yield words, start, start + len(bare)
        at += len(line) + 1
    for item in leftovers.found:
        start, end = item.furniture.start, item.furniture.end
        words = _words(leftovers.text[start : min(end, start + MAX_LINE)])
        if len(words) > ENDS:
            yield words[:ENDS], start, end
            yield words[-ENDS:], start, end
        elif len(words) >= LEAST_WORDS:
            yield words, start, end


def _words(line: str) -> Words:
    """Words without figures, which are dates and numbers."""
    return tuple(word.lower() for word in itertools.islice((m.group() for m in _WORD.finditer(line)), MAX_WORDS))


def _key(words: Words) -> int:
    return int.from_bytes(hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest(), "big", signed=True)


def _common(candidates: Sequence[Words], shipped: LineFeatures) -> list[Words]:
    """Those all of whose words (the first twelve) stand in one of the lines."""
    lines, words = _word_buckets(shipped)
    order = np.argsort(words, kind="stable")
    ends = np.searchsorted(words[order], np.arange((1 << BITS) + 1))
    number, buckets = _word_buckets(line_features([" ".join(words) for words in candidates]))
    found = []
    for i, candidate in enumerate(candidates):
        holding = [lines[order[ends[b] : ends[b + 1]]] for b in np.unique(buckets[number == i]).tolist()]
        holding.sort(key=len)
        left = holding[0]
        for other in holding[1:]:
            left = np.intersect1d(left, other)
        if len(left):
            found.append(candidate)
    return found


def _word_buckets(X: LineFeatures) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The buckets of single words, without those of pairs that follow them, and each one's line."""
    line = np.repeat(np.arange(len(X.tokens)), X.tokens)
    rank = np.arange(len(line)) - np.repeat(np.cumsum(X.tokens) - X.tokens, X.tokens)
    single = rank < (X.tokens[line] + 1) // 2
    return line[single], X.buckets[single].astype(np.int64)
