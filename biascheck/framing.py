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
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from biascheck.lexicon import read_table
from biascheck.quotes import even, find_quotes

__all__ = ["Framing", "Loaded", "Term", "concepts", "find_framing", "find_terms", "loaded_terms", "scare_quotes"]

#: How far before and after a term the words stand that distance its author from it, in characters.
REACH_BEFORE, REACH_AFTER = 40, 15
#: The same for a negation.
REACH_NEGATION = 16
#: A phrase's beginnings are written out up to this many forms, and to this length in characters.
MAX_FORMS, MIN_BEGINNING = 12, 4
#: The same for the forms that are compared after a beginning.
MAX_JOINED = 64
#: Characters by which what may follow a beginning is looked up.
KEY = 2
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
#: A find, so that plain sorting puts the longest of those that begin together first: start, minus end, entry.
_Span = tuple[int, int, int]


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


class _Lexicon:
    """The phrases of one language, by their beginnings."""

    def __init__(self, language: str) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

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
        self._rests = list(owners.values())
        self._owners: list[_Owner | None] = [None] * len(owners)
        # One byte a character, so that its places are places in the text.
        self._automaton = BytesAhoCorasick(
            [beginning.encode("latin-1") for beginning in owners],
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
        )

    def find(self, folded: str) -> tuple[list[_Span], ...]:
        """The phrases in a folded text, by kind, overlapping ones too."""
        found: tuple[list[_Span], ...] = ([], [], [], [], [], [])
        owners, size = self._owners, len(folded)
        for number, start, end in self._automaton.find_matches_as_indexes(folded.encode("latin-1", "replace"), True):
            if start and folded[start - 1].isalnum():
                continue
            whole, after, otherwise = owners[number] or self._own(number)
            if whole and not (end < size and folded[end].isalnum() and folded[end - 1].isalnum()):
                for kind, entry in whole:
                    found[kind].append((start, -end, entry))
            for kind, entry, slots in after.get(folded[end : end + KEY], otherwise) if after else otherwise:
                stop = _follow(folded, end, slots, 0) if folded.startswith(slots[0], end) else -1
                if stop >= 0:
                    while folded[stop - 1] == " ":
                        stop -= 1
                    found[kind].append((start, -stop, entry))
        return found

    def _own(self, number: int) -> _Owner:
        """What a beginning leads to, arranged when a text first has it: most beginnings never are."""
        rests = self._rests[number]
        longer = [(kind, entry, _joined(slots)) for kind, entry, slots in rests if slots]

        def following(sign: str) -> tuple[Rest, ...]:
            return tuple(
                (kind, entry, (forms, *later))
                for kind, entry, (first, *later) in longer
                if (forms := tuple(form for form in first if len(form) < KEY or form[:KEY] == sign))
            )

        signs = {form[:KEY] for _, _, slots in longer for form in slots[0]}
        whole = tuple((kind, entry) for kind, entry, slots in rests if not slots)
        found = _Owner(whole, {sign: following(sign) for sign in signs}, following(""))
        self._owners[number] = found
        return found


class _Owner(NamedTuple):
    """The entries that a beginning is all of; those of which more must follow, by its first characters; all others'."""

    whole: tuple[tuple[int, int], ...]
    after: dict[str, tuple[Rest, ...]]
    otherwise: tuple[Rest, ...]


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
    found = lexicon.find(folded)
    spans = _merged(quoted)
    starts = [start for start, _ in spans]
    distance = _Distance(found[_BEFORE], found[_AFTER], found[_NEGATION])
    terms = []
    for start, minus, entry in _longest(found[_TERM]):
        end = -minus
        first, last = places.of(start), places.of(end - 1) + 1
        distanced = _marked(text, first, last) or distance.holds(folded, start, end)
        name, pole, why = lexicon.concepts[entry]
        terms.append(Term(name, pole, first, last, distanced or _within(first, starts, spans), why, distanced))
    words = []
    for start, minus, entry in _longest(found[_WORD]):
        first, last = places.of(start), places.of(-minus - 1) + 1
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

    def __init__(self, *found: Iterable[_Span]) -> None:
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


def _joined(slots: Slots) -> Slots:
    """Slots with neighbours written out as one, while its forms are no more than `MAX_JOINED`."""
    joined: list[tuple[str, ...]] = []
    for slot in slots:
        if joined and len(joined[-1]) * len(slot) <= MAX_JOINED:
            joined[-1] = tuple(a + b for a, b in product(joined[-1], slot))
        else:
            joined.append(slot)
    return tuple(joined)


def _follow(text: str, at: int, slots: Slots, number: int) -> int:
    """Where the longest way through the slots ends at a word's edge, or -1."""
    if number == len(slots):
        return -1 if at < len(text) and text[at].isalnum() and text[at - 1].isalnum() else at
    best = -1
    for form in slots[number]:
        if text.startswith(form, at):
            best = max(best, _follow(text, at + len(form), slots, number + 1))
    return best


def _longest(found: list[_Span]) -> list[_Span]:
    """Of spans that overlap keep the longest; of equal ones the first of the lexicon."""
    kept: list[_Span] = []
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
    """Lower case, with typography alike and single blanks, and the places of its characters."""
    for old, new in _SAME_LENGTH:
        text = text.replace(old, new)
    # The only letter that grows when it is made small.
    text = text.replace("İ", "I").lower()
    # The few places where a character goes, or becomes two: a blank goes that follows another.
    odd = [(at + 1, "") for at in _find_all(text, "  ")]
    for sign in _DROPPED:
        odd += [(at, "") for at in _find_all(text, sign)]
    for sign, letters in _LONGER:
        odd += [(at, letters) for at in _find_all(text, sign)]
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


def _find_all(text: str, sign: str) -> Iterator[int]:
    """The places of a sign, overlapping ones too."""
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


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
