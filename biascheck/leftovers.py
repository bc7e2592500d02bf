"""What a scrape left behind → numbers for the head `aggregated`: furniture, its language, glue, links, upstream.

Everything is a count of items that stand at a place of the text, so that a weight can be given back to the items.
"""

from __future__ import annotations

import itertools
import math
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from biascheck.edges import MAX_ABOVE, edge_lines, near
from biascheck.forms import FORMS, forms_of
from biascheck.furniture import LEARNT, Found, find_all
from biascheck.glue import Glue, find_glue_many
from biascheck.lexicon import read_table
from biascheck.lines import LineModel
from biascheck.meanings import ADDRESS, FRENCH, MAX_READ, MEANINGS, OTHER_SCRIPT, Line, read_lines, words_of
from biascheck.reading import Upstream
from biascheck.upstream import find_upstream

__all__ = ["BUCKETS", "COLUMNS", "TOLD_TOGETHER", "LeftoverCounts", "Leftovers", "Mark", "find_leftovers"]

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
#: What is told of a line besides what it speaks of; each pair of all of them has a column.
TRAITS = ("foreign", "strange", "middle", "tail", "unnamed", "label")
TOLD = (*MEANINGS, *TRAITS)
PAIRS = tuple(itertools.combinations(range(len(TOLD)), 2))
TOLD_TOGETHER = frozenset(f"told {TOLD[a]} + {TOLD[b]}" for a, b in PAIRS)
COLUMNS = (
    *(f"{kind} {place}" for kind in KINDS for place in PLACES),
    *(f"language {language}" for language in LANGUAGES),
    *(f"upstream {role}" for role in ROLES),
    *("rule", "strong rule", "glue", "stop", "joined twice", "address", "bare address"),
    *("foreign", "foreign head", "foreign tail"),
    *(f"edge {what}" for what in ("line", "outlet", "address", "foreign", "colon", "sign", "no stop")),
    *(f"form {name}" for name in FORMS),
    *(f"told {what}" for what in TOLD),
    *(f"told {TOLD[a]} + {TOLD[b]}" for a, b in PAIRS),
)
_INDEX = {name: number for number, name in enumerate(COLUMNS)}
_TOLD = _INDEX[f"told {TOLD[0]}"]
_PAIR = {pair: _TOLD + len(TOLD) + number for number, pair in enumerate(PAIRS)}
#: Share of the text's characters that count as its head or its tail.
EDGE = 0.12
#: Pieces of furniture whose meaning is looked at, half of them from the end.
MAX_TOLD = 60
#: A sentence that begins right behind another's full stop, and how many of them count.
_STOP = re.compile(r"\.(?<=[a-zà-ÿ]{3}\.)(?=[A-ZÀ-Ý][a-zà-ÿ'’])")
MAX_STOPS = 20
_SIGNS = frozenset("0123456789|•·=_{}<>[]/@–—»")
#: A line up to this length is rather a label than a sentence, whatever it ends with.
MAX_LABEL = 60


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


class _Words(NamedTuple):
    """The words of one line, alone and in pairs, each adding as much to the column that it is hashed to."""

    grams: Set[str]
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
            short = edge_lines(leftovers.text, leftovers.found)
            for mark in itertools.chain(self.further(leftovers), _marks(leftovers, short)):
                sums[mark.column] += mark.amount
            for said in _words(leftovers, near(short)):
                for gram in said.grams:
                    sums[_column(gram)] += said.amount
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
        short = edge_lines(leftovers.text, leftovers.found)
        yield from self.further(leftovers)
        yield from _marks(leftovers, short)
        for said in _words(leftovers, near(short)):
            for gram in said.grams:
                yield Mark(_column(gram), said.amount, said.start, said.end, said.why)

    def further(self, leftovers: Leftovers) -> Iterator[Mark]:
        """Items that are not in the lists: what a model has learnt of its users' sites."""
        return iter(())

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _marks(leftovers: Leftovers, short: Sequence[Line]) -> Iterator[Mark]:
    """The items of a text that have columns of their own."""
    rules = set()
    for item in leftovers.found:
        kind, start, end = item.furniture.kind, item.furniture.start, item.furniture.end
        why = item.rule.why
        place = _place(start, end, len(leftovers.text))
        yield Mark(_INDEX[f"{kind} {place}"], 1.0, start, end, why)
        if item.rule not in rules and item.rule.aggregated > 0:
            # Independent witnesses: the doubts multiply, so their logarithms add up. Each rule is one witness.
            rules.add(item.rule)
            yield Mark(_INDEX["rule"], -math.log1p(-min(item.rule.aggregated, 0.98)), start, end, why)
            if item.rule.aggregated >= 0.75:
                yield Mark(_INDEX["strong rule"], 1.0, start, end, why)
        yield from _line(leftovers.text[start:end], place, start, end, why)
    yield from _forms(leftovers, short)
    edges = near(short)
    yield from _told(leftovers, edges)
    yield from _edges(leftovers, edges)
    yield from _joined(leftovers)
    for upstream in leftovers.upstream:
        if upstream.role in ROLES:
            why = f"{upstream.name} named as {upstream.role}"
            yield Mark(_INDEX[f"upstream {upstream.role}"], 1.0, upstream.start, upstream.end, why)


def _place(start: int, end: int, size: int) -> str:
    return "head" if end <= EDGE * size else "tail" if start >= (1 - EDGE) * size else "middle"


def _words(leftovers: Leftovers, edges: Sequence[Line]) -> Iterator[_Words]:
    """The words of each piece of furniture, and of the lines beside the article apart from them."""
    for item in leftovers.found:
        start, end = item.furniture.start, item.furniture.end
        words = words_of(leftovers.text[start:end])
        yield _Words({*words, *map(" ".join, itertools.pairwise(words))}, 1.0, start, end, item.rule.why)
    for start, end, place in ((edge.start, edge.end, edge.place) for edge in edges):
        words = words_of(leftovers.text[start:end])
        grams = {*words, *map(" ".join, itertools.pairwise(words))}
        yield _Words({f"{place} {gram}" for gram in grams}, 0.5, start, end, _above_or_below(place))


def _forms(leftovers: Leftovers, edges: Sequence[Line]) -> Iterator[Mark]:
    """What lines look like. Each form is one witness, as a rule is."""
    spans = [(item.furniture.start, item.furniture.end) for item in _some(leftovers.found)]
    for start, end, place in ((edge.start, edge.end, edge.place) for edge in edges):
        # A headline is no leftover, whatever its words; what a tool puts above the article has signs or numbers.
        if place == "tail" or end - start <= MAX_ABOVE or not _SIGNS.isdisjoint(leftovers.text[start:end]):
            spans.append((start, end))
    seen = set()
    for start, end in spans:
        line = leftovers.text[start : min(end, start + MAX_READ)]
        for form in forms_of(line, words_of(line)):
            yield Mark(_INDEX[f"form {form.name}"], 1.0, start, end, form.why)
            if form not in seen:
                seen.add(form)
                yield Mark(_INDEX["rule"], -math.log1p(-form.aggregated), start, end, form.why)


_JOINED = "two words joined where a link or a tag was stripped"


def _joined(leftovers: Leftovers) -> Iterator[Mark]:
    """Glue, and full stops without a blank behind: one may be a slip of the keyboard."""
    spans = [(glue.start, glue.end) for glue in leftovers.glue]
    for start, end in spans:
        yield Mark(_INDEX["glue"], 1.0, start, end, _JOINED)
    stops = [match.span() for match in itertools.islice(_STOP.finditer(leftovers.text), MAX_STOPS)]
    for start, end in stops:
        yield Mark(_INDEX["stop"], 1.0, start, end, "no blank behind a full stop")
    spans += stops
    for start, end in spans if len(spans) > 1 else ():
        yield Mark(_INDEX["joined twice"], 1 / len(spans), start, end, _JOINED)


def _some(found: Sequence[Found]) -> Sequence[Found]:
    """The first and the last of very many pieces of furniture."""
    return found if len(found) <= MAX_TOLD else [*found[: MAX_TOLD // 2], *found[-MAX_TOLD // 2 :]]


_IN_ANOTHER = "a line in another language"
#: What is said of a line that no rule names, by the first of these that it speaks of.
_REASONS = {
    MEANINGS.index("outlet"): "a line beside the article that names an outlet",
    MEANINGS.index("copied"): "a line beside the article that speaks of passing on",
    MEANINGS.index("translated"): "a line beside the article that speaks of a translation",
    MEANINGS.index("origin"): "a line beside the article that speaks of a source",
}


def _above_or_below(place: str) -> str:
    return "a short line above the article" if place == "head" else "a short line below the article"


def _is_sentence(line: str) -> bool:
    return line[-1] in '.!?»"”…' and len(line) > MAX_LABEL


def _edges(leftovers: Leftovers, edges: Sequence[Line]) -> Iterator[Mark]:
    """What lines at the edges look like."""
    outlets = [upstream.start for upstream in leftovers.upstream]
    for start, end, place in ((edge.start, edge.end, edge.place) for edge in edges):
        line = leftovers.text[start:end]
        why = _above_or_below(place)
        words = words_of(line)
        foreign, sentence = _foreign(line, words), _is_sentence(line)
        told = {
            "line": place == "tail",
            "outlet": not sentence and any(start <= at < end for at in outlets),
            "address": ADDRESS.search(line) is not None,
            "foreign": foreign,
            "colon": ":" in line,
            "sign": not line[0].isalnum(),
            "no stop": place == "tail" and not sentence,
        }
        for what, holds in told.items():
            if holds:
                yield Mark(_INDEX[f"edge {what}"], 1.0, start, end, _IN_ANOTHER if foreign else why)


def _told(leftovers: Leftovers, edges: Sequence[Line]) -> Iterator[Mark]:
    """What lines of leftovers speak of, and which of these things stand together in one."""
    found, size = _some(leftovers.found), len(leftovers.text)
    lines = [
        Line(start, end, _place(start, end, size), item.rule is not LEARNT)
        for item in found
        for start, end in ((item.furniture.start, item.furniture.end),)
    ]
    lines = [line for line in (*lines, *edges) if line.end - line.start <= MAX_READ]
    if not lines:
        return
    for line, said in zip(lines, read_lines(leftovers.text, lines), strict=True):
        traits = {
            "foreign": said.foreign,
            "strange": said.strange,
            "middle": line.place == "middle",
            "tail": line.place == "tail",
            "unnamed": not line.named,
            "label": not _is_sentence(leftovers.text[line.start : line.end]),
        }
        told = sorted(said.meanings) + [len(MEANINGS) + number for number, holds in enumerate(traits.values()) if holds]
        why = next((why for meaning, why in _REASONS.items() if meaning in told), _above_or_below(line.place))
        why = _IN_ANOTHER if said.foreign else why
        for one in told:
            yield Mark(_TOLD + one, 1.0, line.start, line.end, why)
        for pair in itertools.combinations(told, 2):
            yield Mark(_PAIR[pair], 1.0, line.start, line.end, why)


@lru_cache(maxsize=1 << 16)
def _column(gram: str) -> int:
    """Where the words of a leftover are counted."""
    return len(COLUMNS) + zlib.crc32(gram.encode()) % BUCKETS


def _foreign(line: str, words: Sequence[str]) -> bool:
    """Whether a line has words of another language, or another script, and no frequent French word."""
    if OTHER_SCRIPT.search(line):
        return True
    known = _languages()
    return not FRENCH.intersection(words) and sum(word in known for word in words) >= 1 + len(words) // 4


def _line(line: str, place: str, start: int, end: int, why: str) -> Iterator[Mark]:
    """Language and addresses of one piece of furniture."""
    words = words_of(line)
    known = _languages()
    for word in words:
        for column in known.get(word, ()):
            yield Mark(column, 1.0, start, end, why)
    if OTHER_SCRIPT.search(line):
        yield Mark(_INDEX["language other_script"], 1.0, start, end, why)
    if _foreign(line, words):
        yield Mark(_INDEX["foreign"], 1.0, start, end, why)
        if place != "middle":
            yield Mark(_INDEX[f"foreign {place}"], 1.0, start, end, why)
    if ADDRESS.search(line):
        yield Mark(_INDEX["address"], 1.0, start, end, why)
        if len(line) < 120 and len(words) <= 12:
            yield Mark(_INDEX["bare address"], 1.0, start, end, why)
