"""Text → what it calls things: naming by pole, words that judge, scare quotes.

Each concept of `lexicons/framing.toml` is one choice of words that a side makes, the same feature in French and in
English. What is counted is who speaks: a word inside a quotation, or held at arm's length ("what Moscow calls a …"), is
not the author's. Naming as a cue of stance: R. Entman (Framing, Journal of Communication 43/4, 1993); words that judge
and scare quotes: M. Recasens, C. Danescu-Niculescu-Mizil and D. Jurafsky (Linguistic Models for Analyzing and Detecting
Biased Language, ACL 2013).

One Aho–Corasick pass finds the beginnings of phrases; what follows a beginning is compared in place. So a phrase with
many forms costs memory for its beginnings alone, and the automaton is built fast.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from biascheck.lexicon import read_table
from biascheck.quotes import even, find_quotes

__all__ = ["Framing", "Loaded", "Term", "concepts", "find_framing", "find_terms", "loaded_terms", "scare_quotes"]

#: How far before and after a term the words stand that distance its author from it, in characters.
REACH_BEFORE, REACH_AFTER = 40, 15
#: The same for a negation.
REACH_NEGATION = 16
#: A phrase's beginnings are written out up to this many forms, and to this length in characters.
MAX_FORMS, MIN_BEGINNING = 6, 6
#: A quotation of more words is a quotation.
MAX_SCARE_WORDS = 3

_TERM, _WORD, _TOPIC, _BEFORE, _AFTER, _NEGATION = range(6)
_GROUP = re.compile(r"\{([^{}]*)\}")
_STOP = re.compile(r"[.!?;\n](?=\s|$)|\n")
_SENTENCE_END = re.compile(r"[.!?…](?=[\s\"»”])|\n")
_SCARE = re.compile(r"[^\W\d_][\w'-]*(?: [^\W\d_][\w'-]*){0,2}")
#: A word, with what is elided before it; of "so-called" the first part alone.
_WORD_OF = re.compile(r"(?<![\w'-])[^\W\d_]+(?:'[^\W\d_]+)?")
_OPENING, _CLOSING = frozenset('«“„"‘'), frozenset('»”"’“')
_DROPPED = "\u00ad\u200b\ufeff"
_ALIKE = (
    *((blank, " ") for blank in "\n\t\r\x0b\x0c\x85\u00a0\u202f\u2009\u2002\u2003\u200a\u2028\u2029"),
    *((apostrophe, "'") for apostrophe in "’‘ʼ"),
    *((dash, "-") for dash in "–—‑"),
    ("œ", "oe"),
    ("æ", "ae"),
)
#: `_ALIKE` that keeps every place; the others change the length and take the slower way.
_SAME_LENGTH = tuple((old, new) for old, new in _ALIKE if len(new) == 1)
_LONGER = tuple((old, new) for old, new in _ALIKE if len(new) > 1)

Slots = tuple[tuple[str, ...], ...]
#: What a beginning leads to: the kind and number of its entry, and the slots that must follow.
Rest = tuple[int, int, Slots]


@dataclass(frozen=True, slots=True)
class Term:
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


@dataclass(frozen=True, slots=True)
class Loaded:
    """A word that judges (`kind` ``loaded``, `strength` 1 to 3), weakens (``hedge``) or insists (``booster``)."""

    kind: str
    strength: int
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Framing:
    """Everything that one pass finds; `topics` counts the words of the war's subject."""

    terms: tuple[Term, ...]
    loaded: tuple[Loaded, ...]
    topics: int


class _Lexicon:
    """The phrases of one language, by their beginnings."""

    def __init__(self, language: str) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        tables = read_table("framing")
        self.concepts: list[tuple[str, str, str]] = []
        self.words: list[tuple[str, int]] = []
        owners: dict[str, list[Rest]] = {}
        for row in tables["concept"]:
            for phrase in row.get(language, ()):
                _plant(owners, phrase, _TERM, len(self.concepts))
            self.concepts.append((row["name"], row["pole"], row["why"]))
        for kind in ("loaded", "hedge", "booster"):
            for row in _of(tables, kind, language):
                for phrase in _listed(row["words"]):
                    _plant(owners, phrase, _WORD, len(self.words))
                self.words.append((kind, row.get("strength", 1)))
        for row in _of(tables, "topic", language):
            for phrase in _listed(row["words"]):
                _plant(owners, phrase, _TOPIC, 0)
        for row in _of(tables, "distance", language):
            for phrase in row["phrases"]:
                _plant(owners, phrase, _BEFORE if row["side"] == "before" else _AFTER, 0)
        for row in _of(tables, "negation", language):
            for phrase in row["phrases"]:
                _plant(owners, phrase, _NEGATION, 0)
        self.owners = [tuple(rests) for rests in owners.values()]
        self.automaton = AhoCorasick(
            list(owners),
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
            store_patterns=False,
        )


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
    if language not in ("fr", "en") or not text:
        return Framing((), (), 0)
    lexicon = _lexicon(language)
    folded, places = _fold(text)
    found: tuple[list[tuple[int, int, int]], ...] = ([], [], [], [], [], [])
    owners, size = lexicon.owners, len(folded)
    for number, start, end in lexicon.automaton.find_matches_as_indexes(folded, overlapping=True):
        if start and folded[start - 1].isalnum():
            continue
        for kind, entry, slots in owners[number]:
            stop = end
            if slots:
                if not folded.startswith(slots[0], end):
                    continue
                stop = _follow(folded, end, slots, 0)
                if stop < 0:
                    continue
                while folded[stop - 1] == " ":
                    stop -= 1
            elif end < size and folded[end].isalnum() and folded[end - 1].isalnum():
                continue
            found[kind].append((start, stop, entry))
    spans = _merged(quoted)
    starts = [start for start, _ in spans]
    distance = _Distance(found[_BEFORE], found[_AFTER], found[_NEGATION])
    terms = []
    for start, end, entry in _longest(found[_TERM]):
        first, last = (start, end) if places is None else (int(places[start]), int(places[end - 1]) + 1)
        distanced = _marked(text, first, last) or distance.holds(folded, start, end)
        name, pole, why = lexicon.concepts[entry]
        terms.append(Term(name, pole, first, last, distanced or _within(first, starts, spans), why, distanced))
    words = []
    for start, end, entry in _longest(found[_WORD]):
        first, last = (start, end) if places is None else (int(places[start]), int(places[end - 1]) + 1)
        kind, strength = lexicon.words[entry]
        words.append(Loaded(kind, strength, first, last, _within(first, starts, spans)))
    return Framing(tuple(terms), tuple(words), len(_longest(found[_TOPIC])))


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

    def __init__(self, *found: Iterable[tuple[int, int, int]]) -> None:
        before, after, negation = found
        self._before = sorted(end for _, end, _ in before)
        self._after = sorted(start for start, _, _ in after)
        self._negation = sorted(end for _, end, _ in negation)

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


def _follow(text: str, at: int, slots: Slots, number: int) -> int:
    """Where the longest way through the slots ends at a word's edge, or -1."""
    if number == len(slots):
        return -1 if at < len(text) and text[at].isalnum() and text[at - 1].isalnum() else at
    best = -1
    for form in slots[number]:
        if text.startswith(form, at):
            best = max(best, _follow(text, at + len(form), slots, number + 1))
    return best


def _longest(found: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Of spans that overlap keep the longest; of equal ones the first of the lexicon."""
    kept: list[tuple[int, int, int]] = []
    for span in sorted(found, key=lambda span: (span[0], -span[1], span[2])):
        if kept and span[0] < kept[-1][1]:
            if span[1] - span[0] > kept[-1][1] - kept[-1][0]:
                kept[-1] = span
        else:
            kept.append(span)
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


def _fold(text: str) -> tuple[str, Any]:
    """Lower case, with typography alike and single blanks, and the place of each character, None if none moved."""
    for old, new in _SAME_LENGTH:
        text = text.replace(old, new)
    # The only letter that grows when it is made small.
    folded = text.replace("İ", "I").lower()
    if "  " not in folded and not any(sign in folded for sign in _DROPPED + "œæ"):
        return _writable(folded), None
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    blank = codes == ord(" ")
    gone = np.isin(codes, np.array([ord(sign) for sign in _DROPPED], dtype=np.uint32))
    gone[1:] |= blank[1:] & blank[:-1]
    places = np.flatnonzero(~gone)
    folded = codes[places].tobytes().decode("utf-32-le", "surrogatepass")
    if any(old in folded for old, _ in _LONGER):
        wide = np.isin(codes[places], np.array([ord(old) for old, _ in _LONGER], dtype=np.uint32))
        places = np.repeat(places, wide + 1)
        for old, new in _LONGER:
            folded = folded.replace(old, new)
    return _writable(folded), places


def _writable(text: str) -> str:
    """A half of a surrogate pair cannot be handed to the automaton: "?" in its place."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@cache
def _lexicon(language: str) -> _Lexicon:
    return _Lexicon(language)


@cache
def _report_words() -> frozenset[str]:
    return frozenset(word for row in read_table("framing")["report"] for word in _listed(row["words"]))


def _of(tables: dict[str, list[dict[str, Any]]], kind: str, language: str) -> list[dict[str, Any]]:
    return [row for row in tables[kind] if row["language"] == language]


def _listed(words: str) -> list[str]:
    return [word for part in words.split(";") if (word := " ".join(part.split()))]


def _plant(owners: dict[str, list[Rest]], phrase: str, kind: int, entry: int) -> None:
    """Enter a phrase under the forms of its beginning."""
    for old, new in _LONGER:
        phrase = phrase.replace(old, new)
    parts = _GROUP.split(phrase)
    slots = [tuple(part.split("|")) if i % 2 else (part,) for i, part in enumerate(parts) if part]
    taken, forms = 0, 1
    while taken < len(slots):
        shortest = sum(min(map(len, slot)) for slot in slots[:taken])
        if forms * len(slots[taken]) > MAX_FORMS and shortest >= MIN_BEGINNING:
            break
        forms *= len(slots[taken])
        taken += 1
    rest = (kind, entry, tuple(slots[taken:]))
    for choice in product(*slots[:taken]):
        beginning = "".join(choice) if rest[2] else "".join(choice).strip()
        if beginning.strip():
            owners.setdefault(beginning.lstrip(), []).append(rest)
