"""Spans that may overlap → segments that do not, each with the marks that lie on it.

A text is cut wherever a mark begins or ends. A mark that is crossed by another stands on several segments, which its
key holds together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise

__all__ = ["BLOCK", "MAX_DEPTH", "Mark", "Segment", "blocks", "cut"]

#: Marks of one layer that may lie on one character; one that would lie deeper is left out. Keeps the cut linear.
MAX_DEPTH = 6

#: Characters of a block: a browser lays out those in sight, so that a long text opens as fast as a short one.
BLOCK = 6000


@dataclass(frozen=True, slots=True)
class Mark:
    """A passage with its `key`, which is unique, and its `layer` (furniture, quotes, framing, evidence of a label)."""

    key: str
    layer: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text on which the same marks lie, outermost first, with those that begin and end with it."""

    start: int
    end: int
    marks: tuple[Mark, ...] = ()
    first: tuple[Mark, ...] = ()
    last: tuple[Mark, ...] = ()


def blocks(text: str) -> list[int]:
    """Where a text's blocks end: after a line where that can be, else after a word, else anywhere.

    Examples
    --------
    >>> blocks("x" * 15000)
    [6000, 12000, 15000]
    """
    ends = []
    start = 0
    while len(text) - start > BLOCK:
        half, last = start + BLOCK // 2, start + BLOCK
        end = text.rfind("\n", half, last) + 1 or text.rfind(" ", half, last) + 1 or last
        ends.append(end)
        start = end
    return [*ends, len(text)]


def shallow(marks: Iterable[Mark], size: int) -> list[Mark]:
    """The marks that lie within the text and not too deep, by their place; the longer ones first."""
    kept: list[Mark] = []
    ends: dict[str, list[int]] = {}
    for mark in sorted(marks, key=lambda m: (m.start, -m.end)):
        if not 0 <= mark.start < mark.end <= size:
            continue
        over = ends.setdefault(mark.layer, [])
        while over and over[0] <= mark.start:
            heappop(over)
        if len(over) < MAX_DEPTH:
            heappush(over, mark.end)
            kept.append(mark)
    return kept


def cut(marks: Iterable[Mark], size: int, edges: Iterable[int] = ()) -> Iterator[Segment]:
    """Segments of a text of `size` characters, from its first to its last, leaving nothing out; cut at `edges` as well.

    Examples
    --------
    >>> for s in cut([Mark("a", "quote", 0, 4), Mark("b", "framing", 2, 6)], 7):
    ...     print(s.start, s.end, [mark.key for mark in s.marks])
    0 2 ['a']
    2 4 ['a', 'b']
    4 6 ['b']
    6 7 []
    """
    kept = shallow(marks, size)
    cuts = sorted({0, size, *edges, *(m.start for m in kept), *(m.end for m in kept)})
    here: list[Mark] = []
    next_ = 0
    for start, end in pairwise(cuts):
        here = [mark for mark in here if mark.end > start]
        while next_ < len(kept) and kept[next_].start == start:
            here.append(kept[next_])
            next_ += 1
        yield Segment(start, end, tuple(here), _where(here, "start", start), _where(here, "end", end))


def _where(marks: Sequence[Mark], edge: str, place: int) -> tuple[Mark, ...]:
    return tuple(mark for mark in marks if getattr(mark, edge) == place)
