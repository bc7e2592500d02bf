"""Document → the parts of a page that are not the article, by rules over lines (`lexicons/furniture.toml`).

One Aho–Corasick pass (A. Aho, M. Corasick, CACM 18/6, 1975) and the tables of `furniture_rules.py` tell which lines a
rule may name. Position counts: some rules hold only above the first lines of the article (`head`) or below its last
(`tail`), where lines that are furniture do not count.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from biascheck.folding import CHUNK, Body
from biascheck.furniture_rules import (
    MAX_LINE,
    Line,
    Numbered,
    Rule,
    Zone,
    first_of,
    fits,
    fold_bytes,
    fold_many_bytes,
    load_rules,
    outlet_fits,
)
from biascheck.lines import LineModel
from biascheck.reading import Furniture

__all__ = ["LEARNT", "Found", "bodies", "body", "body_with_offsets", "find_all", "find_furniture", "placed"]

#: How much of a paragraph's beginning or end an inline pattern sees.
MAX_INLINE = 260
#: How near to the beginning or end what announces an inline pattern of a zone must be.
MAX_NEAR = 80
#: Lines of article that count as the head of a text.
HEAD_LINES = 3
#: Lines that the rules for the tail may name at most.
TAIL_LINES = 20
_BLANKS = " \t\r\n\x0b\x0c\u00a0\u202f\u2009\u200b\ufeff"
_ODD_BLANKS = "\u00a0\u202f\u2009\t"
#: Bullets and rules that lists bring, folded.
_EDGES = b" *->|_"


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of furniture and the rule that named it."""

    furniture: Furniture
    rule: Rule


def _place(numbered: Numbered) -> int:
    return numbered[0]


class _Finder:
    """The rules arranged: one automaton for the text, tables for its lines, zones for its ends."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation

        numbered = list(enumerate(rules))
        self.text = Zone((i, r) for i, r in numbered if r.zone == "text" and r.where not in {"opening", "ending"})
        self.head = Zone((i, r) for i, r in numbered if r.zone in {"head", "ends"})
        self.tail = Zone((i, r) for i, r in numbered if r.zone in {"tail", "ends"})
        announced = [
            (index, rule, phrase)
            for index, rule in numbered
            if rule.zone == "text" and rule.where in {"any", "inline", "opening", "ending"}
            for phrase in rule.phrases
        ]
        self.owners = [(i, rule, phrase[:1].isalnum(), phrase[-1:].isalnum()) for i, rule, phrase in announced]
        self.automaton = BytesAhoCorasick([phrase for _, _, phrase in announced], implementation=Implementation.DFA)

    def find(self, text: str, folded: bytes) -> list[Found]:
        """All furniture of a text, in order; `folded` is the text by `fold_bytes`."""
        # Patterns over the text itself are written with plain blanks.
        for blank in _ODD_BLANKS:
            text = text.replace(blank, " ")
        lines = list(_lines(text, folded))
        wholes: dict[int, Numbered] = {}
        pieces: dict[int, list[Found]] = {}
        self._scan(text, folded, lines, wholes, pieces)
        article = 0
        for line in lines:
            best = wholes.get(line.number)
            if len(line.key) <= MAX_LINE:
                best = first_of(best, self.text.whole(line, text, folded))
                if article < HEAD_LINES:
                    best = first_of(best, self.head.whole(line, text, folded))
            if best is not None:
                wholes[line.number] = best
            elif article < HEAD_LINES:
                _inline(self.head, line, text, folded, pieces)
                article += 1
        named = 0
        for line in reversed(lines):
            if line.number in wholes:
                continue
            best = self.tail.whole(line, text, folded) if len(line.key) <= MAX_LINE else None
            if best is None:
                _inline(self.tail, line, text, folded, pieces)
                break
            wholes[line.number] = best
            named += 1
            if named == TAIL_LINES:
                break
        return list(_gather(lines, wholes, pieces))

    def _scan(
        self,
        text: str,
        folded: bytes,
        lines: list[Line],
        wholes: dict[int, Numbered],
        pieces: dict[int, list[Found]],
    ) -> None:
        """Take up what the automaton finds: whole lines, pieces, and lines whose patterns are worth trying."""
        at, seen, size = 0, set(), len(folded)
        for number, start, end in self.automaton.find_matches_as_indexes(folded, overlapping=True):
            index, rule, left, right = self.owners[number]
            if rule.where != "inline" and (
                (left and start and _alnum(folded[start - 1])) or (right and end < size and _alnum(folded[end]))
            ):
                continue
            while at < len(lines) and lines[at].blank_end < end:
                at += 1
            if at == len(lines) or start < lines[at].blank_start:
                continue
            line = lines[at]
            if rule.where == "inline" and not rule.pattern:
                pieces.setdefault(at, []).append(Found(Furniture(rule.kind, start, end), rule))
                continue
            if (at, index) in seen:
                continue
            seen.add((at, index))
            if rule.where == "any":
                if len(line.key) <= rule.longest and (not rule.pattern or fits(rule, line, text, folded)):
                    wholes[at] = min(wholes.get(at, (index, rule)), (index, rule), key=_place)
            else:
                _piece(rule, index, line, text, wholes, pieces)


def _alnum(byte: int) -> bool:
    return 97 <= byte < 123 or 48 <= byte < 58 or byte >= 0xC0


def _inline(zone: Zone, line: Line, text: str, folded: bytes, pieces: dict[int, list[Found]]) -> None:
    """Try the zone's patterns for beginnings and ends whose phrases are near that end."""
    start, end = line.start, line.blank_end
    opening, ending = folded[start : min(end, start + MAX_NEAR)], folded[max(start, end - MAX_NEAR) : end]
    for index, rule in zone.inline:
        near = opening if rule.where == "opening" else ending
        if len(line.key) <= rule.longest:
            for phrase in rule.phrases:
                if phrase in near:
                    _piece(rule, index, line, text, {}, pieces)
                    break


def _piece(
    rule: Rule, index: int, line: Line, text: str, wholes: dict[int, Numbered], pieces: dict[int, list[Found]]
) -> None:
    """Try a pattern at the beginning or the end of a paragraph."""
    if rule.where == "opening":
        match = rule.compiled.match(text, line.start, min(line.blank_end, line.start + MAX_INLINE))
    else:
        match = rule.compiled.search(text, max(line.start, line.blank_end - MAX_INLINE), line.blank_end)
    if match is None or not outlet_fits(match):
        return
    whole = rule.whole and line.end - line.start < min(rule.longest, MAX_LINE)
    if whole or (match.start() <= line.start and match.end() >= line.end):
        wholes[line.number] = min(wholes.get(line.number, (index, rule)), (index, rule), key=_place)
    start, end = _without_blanks(text, match.start(), match.end())
    pieces.setdefault(line.number, []).append(Found(Furniture(rule.kind, start, end), rule))


def _without_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip(_BLANKS)), end - len(piece) + len(piece.rstrip(_BLANKS))


def _lines(text: str, folded: bytes) -> Iterator[Line]:
    """The lines with something in them; a line of bullets alone keeps them."""
    number = start = 0
    for part in folded.split(b"\n"):
        end = start + len(part)
        key = part.strip(b" ")
        if key:
            blank_start = start if len(key) == len(part) else start + part.index(key)
            blank_end = blank_start + len(key)
            bare = key.strip(_EDGES) or key
            bare_start = blank_start if len(bare) == len(key) else blank_start + key.index(bare)
            yield Line(number, bare_start, bare_start + len(bare), blank_start, blank_end, bare)
            number += 1
        start = end + 1


def _gather(lines: list[Line], wholes: dict[int, Numbered], pieces: dict[int, list[Found]]) -> Iterator[Found]:
    """Whole lines first; of pieces that overlap the first and longest stays."""
    for number in sorted({*wholes, *pieces}):
        line = lines[number]
        if number in wholes:
            rule = wholes[number][1]
            yield Found(Furniture(rule.kind, line.start, line.end), rule)
            continue
        last = 0
        for found in sorted(pieces[number], key=lambda f: (f.furniture.start, -f.furniture.end)):
            if found.furniture.start >= last and found.furniture.end > found.furniture.start:
                last = found.furniture.end
                yield found


@cache
def _finder() -> _Finder:
    return _Finder(load_rules())


def find_furniture(text: str) -> list[Found]:
    """Furniture of `text`, in order and apart: lines without blanks and bullets at their edges, and inline pieces."""
    return _finder().find(text, fold_bytes(text))


def body_with_offsets(text: str, furniture: Sequence[Furniture]) -> tuple[str, npt.NDArray[np.int64]]:
    """Cut the furniture out of a text, and tell where each character left stood.

    Parameters
    ----------
    text : str
        The text in which the furniture was found.
    furniture : sequence of Furniture
        Sorted by start and not overlapping, as `find_furniture` gives it.

    Returns
    -------
    str, ndarray of int
        The article, line breaks kept and nothing put in; for each of its characters its place in `text`.
    """
    kept = np.ones(len(text), dtype=bool)
    parts: list[str] = []
    last = 0
    for item in furniture:
        kept[item.start : item.end] = False
        parts.append(text[last : item.start])
        last = max(last, item.end)
    parts.append(text[last:])
    return "".join(parts), np.flatnonzero(kept)


def placed(span: tuple[int, int], places: npt.NDArray[np.intp]) -> tuple[int, int]:
    """A span of the body as a span of the text; the blank before and after the body stands at its edges."""
    if not len(places):
        return 0, 0
    start, end = span
    if start == end:
        at = int(places[min(start, len(places) - 1)]) + (start >= len(places))
        return at, at
    return int(places[start]), int(places[end - 1]) + 1


def body(text: str, furniture: Sequence[Furniture]) -> str:
    r"""The text without its furniture.

    >>> body("Une phrase.\nLien source", [Furniture("source_link", 12, 23)])
    'Une phrase.\n'
    """
    return body_with_offsets(text, furniture)[0]


def find_all(texts: Sequence[str], lines: LineModel) -> list[list[Found]]:
    """Furniture of many texts: what the rules name, and as `residue` what only the line model sees."""
    both = []
    rules = _finder()
    parts = (texts[first : first + CHUNK] for first in range(0, len(texts), CHUNK))
    folded = (data for part in parts for data in fold_many_bytes(part))
    for text, data, learnt in zip(texts, folded, lines.predict_documents(texts), strict=True):
        named = rules.find(text, data)
        if not learnt:
            both.append(named)
            continue
        starts = [item.furniture.start for item in named]
        # What the rules name is in order and apart: only the last piece that begins before a line's end can touch it.
        before = [bisect_left(starts, end) for _, end in learnt]
        free = [s for s, at in zip(learnt, before, strict=True) if not at or named[at - 1].furniture.end <= s[0]]
        both.append(sorted([*named, *(_learnt(*span) for span in free)], key=lambda item: item.furniture.start))
    return both


#: What stands in the place of a rule where the line model alone sees furniture.
LEARNT = Rule("residue", "line", "", 0.0, "a line that stands on a page and in no article", (), "", False, True, 0)


def bodies(texts: Sequence[str], found: Sequence[Sequence[Found]]) -> list[Body]:
    """What is left of texts without their furniture: what the heads see."""
    return [
        Body(
            body(text, [item.furniture for item in items]) if items else text,
            tuple(item.furniture.kind for item in items),
        )
        for text, items in zip(texts, found, strict=True)
    ]


def _learnt(start: int, end: int) -> Found:
    return Found(Furniture("residue", start, end), LEARNT)
