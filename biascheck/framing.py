"""Text → what it calls things: naming by pole, words that judge, scare quotes.

Each concept of `lexicons/framing.toml` is one choice of words that a side makes, the same feature in French and in
English. What is counted is who speaks: a word inside a quotation, or held at arm's length ("what Moscow calls a …"), is
not the author's. Naming as a cue of stance: R. Entman (Framing, Journal of Communication 43/4, 1993); words that judge
and scare quotes: M. Recasens, C. Danescu-Niculescu-Mizil and D. Jurafsky (Linguistic Models for Analyzing and Detecting
Biased Language, ACL 2013).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from biascheck.framing_phrases import (
    AFTER,
    BEFORE,
    LONGER,
    NEGATION,
    TERM,
    TOPIC,
    WORD,
    FramingPhrases,
    Match,
    Span,
    listed,
    load_phrases,
)
from biascheck.lexicon import read_table
from biascheck.quotes import Even, even, find_quotes

__all__ = [
    "Framing",
    "Loaded",
    "Term",
    "concepts",
    "find_framing",
    "find_terms",
    "framing_of",
    "loaded_terms",
    "scare_quotes",
]

#: How far before and after a term the words stand that distance its author from it, in characters.
REACH_BEFORE, REACH_AFTER = 40, 15
#: The same for a negation.
REACH_NEGATION = 16
#: A quotation of more words is a quotation.
MAX_SCARE_WORDS = 3

_STOP = re.compile(r"[.!?;\n](?=\s|$)|\n")
_SENTENCE_END = re.compile(r"[.!?…](?=[\s\"»”])|\n")
_SCARE = re.compile(r"[^\W\d_][\w'-]*(?: [^\W\d_][\w'-]*){0,2}")
#: A word, with what is elided before it; of "so-called" the first part alone.
_WORD_OF = re.compile(r"(?<![\w'-])[^\W\d_]+(?:'[^\W\d_]+)?")
_OPENING, _CLOSING = frozenset('«“„"‘'), frozenset('»”"’“')
#: What is made alike beyond `even`: first what keeps every place, then what changes the length.
_SAME_LENGTH = (
    *((blank, " ") for blank in "\n\x0b\x0c\x85\u2002\u2003\u200a\u2028\u2029"),
    *((dash, "-") for dash in "–—‑"),
    # The only letter that grows when it is made small.
    ("İ", "i"),
)
#: The few places where a character goes, or becomes two: a blank goes that follows another.
_ODD = (("  ", ""), *((sign, "") for sign in "\u00ad\u200b\ufeff"), *LONGER)


class Term(NamedTuple):
    """A concept's wording found, with offsets in the text as given (end exclusive).

    `quoted` is whether the words are somebody else's: inside a quotation, or `distanced` from by the author (named as
    another's word, negated, between scare quotes).
    """

    concept: str
    pole: str
    start: int
    end: int
    quoted: bool
    why: str
    distanced: bool = False


class Loaded(NamedTuple):
    """A word that judges (`kind` ``loaded``, `strength` 1 to 3), weakens (``hedge``) or insists (``booster``)."""

    kind: str
    strength: int
    start: int
    end: int
    quoted: bool


class Framing(NamedTuple):
    """Everything that one pass finds; `topics` counts the words of the war's subject."""

    terms: tuple[Term, ...]
    loaded: tuple[Loaded, ...]
    topics: int


def find_framing(text: str, quoted: Sequence[tuple[int, int]] = (), language: str = "fr") -> Framing:
    """Find terms, judging words and words of the subject, in one pass; linear in the length of the text.

    Parameters
    ----------
    text : str
        The body of an article.
    quoted : sequence of (start, end)
        Spans of `text` that are somebody else's words, in any order.
    language : str
        ``fr`` or ``en``; of any other language nothing is found.
    """
    return framing_of([Even(text)], [quoted], [language])[0]


def framing_of(
    texts: Sequence[Even], quoted: Sequence[Sequence[tuple[int, int]]], languages: Sequence[str]
) -> list[Framing]:
    """`find_framing` in texts that were made even before; each step in all of them, for the sake of the cache."""
    lexicons = [load_phrases(language) if language in ("fr", "en") else None for language in languages]
    folded = [_fold(text.low) for text in texts]
    begun = [lexicon.beginnings(fold) if lexicon else [] for (fold, _), lexicon in zip(folded, lexicons, strict=True)]
    return [
        _framing(text.given, *fold, beginnings, spans, lexicon) if lexicon else Framing((), (), 0)
        for text, fold, beginnings, spans, lexicon in zip(texts, folded, begun, quoted, lexicons, strict=True)
    ]


def _framing(
    text: str,
    folded: str,
    places: _Places,
    beginnings: list[Match],
    quoted: Sequence[tuple[int, int]],
    lexicon: FramingPhrases,
) -> Framing:
    found = lexicon.find(folded, beginnings)
    spans = _merged(quoted)
    starts = [start for start, _ in spans]
    distance = _Distance(found[BEFORE], found[AFTER], found[NEGATION]) if found[TERM] else None
    terms = []
    for start, minus, entry in _longest(found[TERM]):
        end = -minus
        first, last = places.of(start), places.of(end - 1) + 1
        distanced = _marked(text, first, last) or (distance is not None and distance.holds(folded, start, end))
        name, pole, why = lexicon.concepts[entry]
        terms.append(Term(name, pole, first, last, distanced or _within(first, starts, spans), why, distanced))
    words = []
    for start, minus, entry in _longest(found[WORD]):
        first, last = places.of(start), places.of(-minus - 1) + 1
        kind, strength = lexicon.words[entry]
        words.append(Loaded(kind, strength, first, last, _within(first, starts, spans)))
    return Framing(tuple(terms), tuple(words), len(_longest(found[TOPIC])))


def find_terms(text: str, quoted: Sequence[tuple[int, int]] = (), language: str = "fr") -> list[Term]:
    """The terms of `find_framing`.

    >>> [(t.concept, t.quoted) for t in find_terms("Le régime de Kiev a perdu.")]
    [('kiev_regime', False)]
    """
    return list(find_framing(text, quoted, language).terms)


def loaded_terms(text: str, quoted: Sequence[tuple[int, int]] = (), language: str = "fr") -> list[Loaded]:
    """The judging, weakening and insisting words of `find_framing`.

    >>> [(w.kind, w.strength) for w in loaded_terms("Une décision honteuse, bien entendu.")]
    [('loaded', 3), ('booster', 1)]
    """
    return list(find_framing(text, quoted, language).loaded)


def scare_quotes(text: str) -> list[tuple[int, int]]:
    """Quotations of one to three common words in a sentence that reports nobody's speech, marks included.

    >>> text = "Les « experts » sont venus."
    >>> [text[start:end] for start, end in scare_quotes(text)]
    ['« experts »']
    """
    report = _report_words()
    smooth = even(text)
    ends = [match.end() for match in _SENTENCE_END.finditer(smooth)]
    said: dict[int, bool] = {}
    found = []
    for quote in find_quotes(smooth):
        inside = smooth[quote.start + 1 : quote.end - 1].strip() if quote.end - quote.start < 80 else ""
        if not quote.closed or not inside.islower() or _SCARE.fullmatch(inside) is None:
            continue
        # A mark that ends a sentence belongs to it: the sentence is the one in which the quotation begins.
        number = bisect_right(ends, quote.start)
        if number not in said:
            first = ends[number - 1] if number else 0
            last = ends[number] if number < len(ends) else len(smooth)
            words = _WORD_OF.findall(smooth[first:last].lower())
            said[number] = not (report.isdisjoint(words) and report.isdisjoint(w.partition("'")[2] for w in words))
        if not said[number]:
            found.append((quote.start, quote.end))
    return found


@cache
def concepts() -> tuple[tuple[str, str], ...]:
    """The concepts' names and poles, in the lexicon's order: a feature each, whatever the language."""
    return tuple((row["name"], row["pole"]) for row in read_table("framing")["concept"])


class _Distance:
    """Where an author steps back from the words that follow or precede."""

    def __init__(self, *found: Iterable[Span]) -> None:
        before, after, negation = found
        self._before = sorted(-minus for _, minus, _ in before)
        self._after = sorted(start for start, _, _ in after)
        self._negation = sorted(-minus for _, minus, _ in negation)

    def holds(self, folded: str, start: int, end: int) -> bool:
        for ends, reach in ((self._before, REACH_BEFORE), (self._negation, REACH_NEGATION)):
            number = bisect_right(ends, start) - 1
            if number >= 0 and start - ends[number] <= reach and not _STOP.search(folded, ends[number], start):
                return True
        number = bisect_left(self._after, end)
        return (
            number < len(self._after)
            and self._after[number] - end <= REACH_AFTER
            and not _STOP.search(folded, end, self._after[number])
        )


def _marked(text: str, start: int, end: int) -> bool:
    """Whether a term fills a quotation of its own: scare quotes, or a quotation of these very words."""
    before, after = text[max(0, start - 2) : start].rstrip()[-1:], text[end : end + 2].lstrip()[:1]
    return before in _OPENING and after in _CLOSING


def _longest(found: list[Span]) -> list[Span]:
    """Of spans that overlap keep the longest; of equal ones the first of the lexicon."""
    kept: list[Span] = []
    reached = length = 0
    for span in sorted(found):
        start, minus, _ = span
        if start >= reached:
            kept.append(span)
        elif -minus - start > length:
            kept[-1] = span
        else:
            continue
        reached, length = -minus, -minus - start
    return kept


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _within(at: int, starts: list[int], spans: list[tuple[int, int]]) -> bool:
    number = bisect_right(starts, at) - 1
    return number >= 0 and at < spans[number][1]


class _Places(NamedTuple):
    """Where the characters of a folded text stood: from each of `starts` on, so much further than they do now."""

    starts: list[int]
    shifts: list[int]

    def of(self, place: int) -> int:
        return place + self.shifts[bisect_right(self.starts, place) - 1]


def _fold(text: str) -> tuple[str, _Places]:
    """An even text of small letters with typography alike and single blanks, and the places of its characters."""
    for old, new in _SAME_LENGTH:
        text = text.replace(old, new)
    odd: list[tuple[int, str]] = []
    for sign, letters in _ODD:
        at = text.find(sign)
        while at >= 0:
            odd.append((at + len(sign) - 1, letters))
            at = text.find(sign, at + 1)
    starts, shifts = [0], [0]
    parts: list[str] = []
    last = size = 0
    for at, letters in sorted(odd):
        parts += (text[last:at], letters)
        # Both letters stand where the one stood: the first at its place, the second one less far.
        size += at - last + len(letters)
        last = at + 1
        starts.append(max(size - 1, 0) if letters else size)
        shifts.append(last - size)
    return "".join((*parts, text[last:])), _Places(starts, shifts)


@cache
def _report_words() -> frozenset[str]:
    return frozenset(word for row in read_table("framing")["report"] for word in listed(row["words"]))
