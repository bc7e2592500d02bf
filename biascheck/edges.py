"""Text with its furniture named → the short lines above and below the article that nothing has named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from biascheck.furniture import Found
from biascheck.meanings import Line

__all__ = ["MAX_ABOVE", "edge_lines", "near"]

#: How much of a text's beginning and end is looked through for short lines, how many of them, and what short is.
EDGE_CHARACTERS = 2_000
MAX_EDGE = 6
MAX_EDGE_LINE = 160
#: Of these, longer ones are headlines and sentences: they speak of the story.
MAX_ABOVE, MAX_BELOW = 60, 110


def edge_lines(text: str, found: Sequence[Found]) -> list[Line]:
    """Short lines above and below the paragraphs that nothing has named: leftovers of sites that no rule knows."""
    last = max(0, len(text) - EDGE_CHARACTERS)
    named = [(item.furniture.start, item.furniture.end) for item in found]
    head = _short_lines(_lines(text[:EDGE_CHARACTERS], 0), [span for span in named if span[0] < EDGE_CHARACTERS])
    tail = _short_lines(reversed([*_lines(text[last:], last)]), [span for span in reversed(named) if span[1] > last])
    return [
        Line(start, end, place, named=False)
        for place, spans in (("head", head), ("tail", tail))
        for start, end in spans
    ]


def near(short: Sequence[Line]) -> list[Line]:
    """Those short lines that are no headlines and no sentences of the story."""
    return [edge for edge in short if edge.end - edge.start <= (MAX_ABOVE if edge.place == "head" else MAX_BELOW)]


def _short_lines(lines: Iterable[tuple[int, int]], named: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first lines that nothing has named, up to the first long one."""
    found: list[tuple[int, int]] = []
    for start, end in lines:
        if any(first < end and start < last for first, last in named):
            continue
        if end - start > MAX_EDGE_LINE or len(found) == MAX_EDGE:
            break
        found.append((start, end))
    return found


def _lines(text: str, start: int) -> Iterator[tuple[int, int]]:
    """The lines of a text that begins at `start`, without the blanks at their edges and the empty ones."""
    for line in text.replace("\r", "\n").split("\n"):
        bare = line.strip()
        if bare:
            begin = start + line.index(bare)
            yield begin, begin + len(bare)
        start += len(line) + 1
