"""What a scrape left behind → numbers for the head `aggregated`: furniture, its language, glue, links, upstream.

Everything is a count of items that stand at a place of the text, so that a weight can be given back to the items.
"""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from biascheck.furniture import Found, find_all
from biascheck.glue import Glue, find_glue_many
from biascheck.lexicon import read_table
from biascheck.lines import LineModel
from biascheck.reading import Upstream
from biascheck.upstream import find_upstream

__all__ = ["BUCKETS", "LeftoverCounts", "Leftovers", "Mark", "find_leftovers"]

#: Columns that the words of furniture are hashed to; the named ones stand before them.
BUCKETS = 1 << 11
#: Where the sum of the rules' doubts, as logarithms, ends: two strong rules.
MAX_DOUBT = 5.0
KINDS = (
    *("source_link", "breadcrumb", "byline", "dateline", "photo_credit", "related", "cookie_banner", "newsletter"),
    *("share", "comment_form", "update_stamp", "site_banner", "site_tag", "live_feed", "translation_note"),
    *("agency_signoff", "legal", "residue"),
)
PLACES = ("head", "middle", "tail")
LANGUAGES = ("en", "es", "de", "it", "pt", "pl", "tr", "ro", "nl", "other_script")
ROLES = ("origin", "agency", "photo")
COLUMNS = (
    *(f"{kind} {place}" for kind in KINDS for place in PLACES),
    *(f"language {language}" for language in LANGUAGES),
    *(f"upstream {role}" for role in ROLES),
    *("rule", "strong rule", "glue", "address", "bare address", "foreign", "foreign head", "foreign tail"),
    *(f"edge {what}" for what in ("line", "outlet", "address", "foreign", "colon", "sign", "no stop")),
)
_INDEX = {name: number for number, name in enumerate(COLUMNS)}
_WORDS = re.compile(r"[^\W\d_]{1,30}")
_ADDRESS = re.compile(
    r"https?://|www\.|t\.me/|\b[\w-]{1,40}\.(?:com|net|org|fr|info|be|ch|ru|de|es|it|uk|ca)\b", re.IGNORECASE
)
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u2e80-\ud7ff]")
#: Share of the text's characters that count as its head or its tail.
EDGE = 0.12
MAX_LINE_WORDS = 40
#: How much of a text's beginning and end is looked through for short lines, how many of them, and what short is.
EDGE_CHARACTERS = 2_000
MAX_EDGE = 6
MAX_EDGE_LINE = 160
#: A line up to this length is rather a label than a sentence, whatever it ends with.
MAX_LABEL = 60
#: French words that are in no line of another language.
_FRENCH = frozenset(
    "le les des est dans pour qui pas sur au aux une du et avec ce cette il par nous vous à été plus".split()
)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What was found in one text besides its article."""

    text: str
    found: Sequence[Found] = ()
    glue: Sequence[Glue] = ()
    upstream: Sequence[Upstream] = ()


class Mark(NamedTuple):
    """One item that adds to a column: how much, and the span that it stands at."""

    column: int
    amount: float
    start: int
    end: int
    why: str


@cache
def _languages() -> dict[str, tuple[int, ...]]:
    """Each word with the columns of its languages."""
    found: dict[str, list[int]] = defaultdict(list)
    for language, words in read_table("leftovers")["words"].items():
        for word in words:
            found[word].append(_INDEX[f"language {language}"])
    return {word: tuple(columns) for word, columns in found.items()}


def find_leftovers(
    texts: Sequence[str], lines: LineModel, about: Sequence[Mapping[str, str | None]] | None = None
) -> list[Leftovers]:
    """Furniture, glue and upstream of many texts.

    Parameters
    ----------
    about : sequence of mapping, optional
        Of each text, what `find_upstream` may be told: title, author, site_name, canonical_url.
    """
    return [
        Leftovers(text, found, glue, find_upstream(text, [item.furniture for item in found], **known))
        for text, found, glue, known in zip(
            texts, find_all(texts, lines), find_glue_many(texts), about or [{}] * len(texts), strict=True
        )
    ]


class LeftoverCounts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Counts of leftovers: kind by place, language, role of upstream outlets, strength of rules, glue, hashed words.

    Examples
    --------
    >>> LeftoverCounts().transform([Leftovers("")]).nnz
    0
    """

    def fit(self, X: Iterable[Leftovers], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Iterable[Leftovers]) -> sp.csr_matrix:
        """Count.

        Returns
        -------
        csr_matrix of float32, shape (n_documents, len(COLUMNS) + BUCKETS)
            ``log(1 + sum of amounts)`` of each column; the sum itself of what the rules say.
        """
        columns: list[int] = []
        values: list[float] = []
        ends = [0]
        for leftovers in X:
            sums: dict[int, float] = defaultdict(float)
            for mark in self.marks(leftovers):
                sums[mark.column] += mark.amount
            counted = sorted(sums)
            columns += counted
            values += [self._damped(column, sums[column]) for column in counted]
            ends.append(len(columns))
        shape = (len(ends) - 1, len(COLUMNS) + BUCKETS)
        return sp.csr_matrix(
            (np.asarray(values, np.float32), np.asarray(columns, np.int32), np.asarray(ends, np.int32)), shape=shape
        )

    @staticmethod
    def _damped(column: int, amount: float) -> float:
        """The doubts of the rules add up as they are; of all else the second counts less than the first."""
        return min(amount, MAX_DOUBT) if column == _INDEX["rule"] else math.log1p(amount)

    def marks(self, leftovers: Leftovers) -> Iterator[Mark]:
        """Every item of a text, in no order; several may stand at one place."""
        size = max(len(leftovers.text), 1)
        rules = set()
        for item in leftovers.found:
            kind, start, end = item.furniture.kind, item.furniture.start, item.furniture.end
            why = item.rule.why
            place = "head" if end <= EDGE * size else "tail" if start >= (1 - EDGE) * size else "middle"
            yield Mark(_INDEX[f"{kind} {place}"], 1.0, start, end, why)
            if item.rule not in rules and item.rule.aggregated > 0:
                # Independent witnesses: the doubts multiply, so their logarithms add up. Each rule is one witness.
                rules.add(item.rule)
                yield Mark(_INDEX["rule"], -math.log1p(-min(item.rule.aggregated, 0.98)), start, end, why)
                if item.rule.aggregated >= 0.75:
                    yield Mark(_INDEX["strong rule"], 1.0, start, end, why)
            yield from _line(leftovers.text[start:end], place, start, end, why)
        yield from _edges(leftovers)
        for glue in leftovers.glue:
            yield Mark(_INDEX["glue"], 1.0, glue.start, glue.end, "two words joined where a link or a tag was stripped")
        for upstream in leftovers.upstream:
            if upstream.role in ROLES:
                why = f"{upstream.name} named as {upstream.role}"
                yield Mark(_INDEX[f"upstream {upstream.role}"], 1.0, upstream.start, upstream.end, why)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _edges(leftovers: Leftovers) -> Iterator[Mark]:
    """Short lines above and below the paragraphs that nothing has named: leftovers of sites that no rule knows."""
    last = len(leftovers.text) - EDGE_CHARACTERS
    named = (item.furniture for item in leftovers.found)
    taken = [(item.start, item.end) for item in named if item.start < EDGE_CHARACTERS or item.end > last]
    lines = list(_lines(leftovers.text[:EDGE_CHARACTERS], 0))
    if len(leftovers.text) > EDGE_CHARACTERS:
        lines += _lines(leftovers.text[last:], last)
    free = [span for span in lines if not any(a < span[1] and span[0] < b for a, b in taken)]
    outlets = [upstream.start for upstream in leftovers.upstream]
    head = list(itertools.takewhile(_is_short, free))[:MAX_EDGE]
    tail = list(itertools.takewhile(_is_short, reversed(free)))[:MAX_EDGE]
    for place, spans in (("head", head), ("tail", tail)):
        for start, end in spans:
            line = leftovers.text[start:end]
            why = "a short line above the article" if place == "head" else "a short line below the article"
            words = [word.lower() for word in _WORDS.findall(line)[:MAX_LINE_WORDS]]
            foreign = _foreign(line, words)
            sentence = line[-1] in '.!?»"”…' and len(line) > MAX_LABEL
            told = {
                "line": place == "tail",
                "outlet": not sentence and any(start <= at < end for at in outlets),
                "address": _ADDRESS.search(line) is not None,
                "foreign": foreign,
                "colon": ":" in line,
                "sign": not line[0].isalnum(),
                "no stop": place == "tail" and not sentence,
            }
            for what, holds in told.items():
                if holds:
                    said = "a line in another language" if foreign else why
                    yield Mark(_INDEX[f"edge {what}"], 1.0, start, end, said)
            for gram in {*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))}:
                column = len(COLUMNS) + zlib.crc32(f"{place} {gram}".encode()) % BUCKETS
                yield Mark(column, 0.5, start, end, why)


def _lines(text: str, start: int) -> Iterator[tuple[int, int]]:
    """The lines of a text that begins at `start`, without the blanks at their edges and the empty ones."""
    for line in text.replace("\r", "\n").split("\n"):
        bare = line.strip()
        if bare:
            begin = start + line.index(bare)
            yield begin, begin + len(bare)
        start += len(line) + 1


def _is_short(span: tuple[int, int]) -> bool:
    return span[1] - span[0] <= MAX_EDGE_LINE


def _foreign(line: str, words: Sequence[str]) -> bool:
    """Whether a line has words of another language, or another script, and no frequent French word."""
    if _OTHER_SCRIPT.search(line):
        return True
    known = _languages()
    return not _FRENCH.intersection(words) and sum(word in known for word in words) >= 1 + len(words) // 4


def _line(line: str, place: str, start: int, end: int, why: str) -> Iterator[Mark]:
    """Language, addresses and words of one piece of furniture."""
    words = [word.lower() for word in _WORDS.findall(line)[:MAX_LINE_WORDS]]
    known = _languages()
    for word in words:
        for column in known.get(word, ()):
            yield Mark(column, 1.0, start, end, why)
    if _OTHER_SCRIPT.search(line):
        yield Mark(_INDEX["language other_script"], 1.0, start, end, why)
    if _foreign(line, words):
        yield Mark(_INDEX["foreign"], 1.0, start, end, why)
        if place != "middle":
            yield Mark(_INDEX[f"foreign {place}"], 1.0, start, end, why)
    if _ADDRESS.search(line):
        yield Mark(_INDEX["address"], 1.0, start, end, why)
        if len(line) < 120 and len(words) <= 12:
            yield Mark(_INDEX["bare address"], 1.0, start, end, why)
    grams = {*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))}
    for gram in grams:
        yield Mark(len(COLUMNS) + zlib.crc32(gram.encode()) % BUCKETS, 1.0, start, end, why)
