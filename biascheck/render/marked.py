"""A text as HTML, every character in its place: escaped, its invisible characters named, its marks as segments.

The marking is done here and not in the page's script, whose strings count in UTF-16.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from biascheck.render.marks import Mark, Segment, blocks, cut
from biascheck.render.words import Words

__all__ = ["marked_text", "visible"]

#: What has no picture of its own and could turn the text around it: shown by these names, and kept in isolation.
_DIRECTIONS = {
    0x061C: "ALM",
    0x200E: "LRM",
    0x200F: "RLM",
    **dict(zip(range(0x202A, 0x202F), ("LRE", "RLE", "PDF", "LRO", "RLO"), strict=True)),
    **dict(zip(range(0x2066, 0x206A), ("LRI", "RLI", "FSI", "PDI"), strict=True)),
}
_CONTROLS = [n for n in (*range(0x01, 0x20), *range(0x7F, 0xA0)) if n not in {0x09, 0x0A, 0x0D}]
_NAMES = {**{n: f"U+{n:04X}" for n in _CONTROLS}, **_DIRECTIONS}
#: In a text, where each character keeps its place: `&`, `<`, what the parser would change, and what has no picture.
_IN_TEXT: dict[int, str] = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("\r"): "&#13;",
    0: "\ufffd",
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **{n: f'<bdi class="bc-ctl" data-c="{name}">{chr(n)}</bdi>' for n, name in _NAMES.items()},
}
#: In titles and notes, where places do not matter.
_IN_TITLE: dict[int, str] = {
    0: "\ufffd",
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
    **{n: f"[{name}]" for n, name in _NAMES.items()},
}


def visible(text: str) -> str:
    """A title or name without characters that work on the text around them: they are named instead."""
    return text.translate(_IN_TITLE)


def marked_text(
    text: str,
    key: str,
    notes: Sequence[Mapping[str, Any]],
    quotes: Sequence[Mapping[str, Any]],
    framing: Sequence[Mapping[str, Any]],
    furniture: Sequence[Mapping[str, Any]],
    words: Words,
) -> Markup:
    """The text as HTML, every character in its place, cut into segments that carry their marks."""
    shown: dict[str, tuple[Mapping[str, Any], int]] = {}
    marks = []
    layers = [("furniture", furniture, -1), ("quote", quotes, -1), ("framing", framing, -1)]
    layers += [(f"evidence {n['number']}", n["notes"], n["number"]) for n in notes]
    for layer, items, choice in layers:
        for item in items:
            shown[item["key"]] = (item, choice)
            marks.append(Mark(item["key"], layer, item["start"], item["end"]))
    tags = words.table["tag"]
    edges = blocks(text)
    ends = set(edges)
    parts = ['<div class="bc-block">']
    for segment in cut(marks, len(text), edges):
        inside = text[segment.start : segment.end].translate(_IN_TEXT)
        parts.append(_span(segment, inside, shown, key, tags) if segment.marks else inside)
        if segment.end in ends and segment.end < len(text):
            parts.append('</div><div class="bc-block">')
    parts.append("</div>")
    return Markup("".join(parts))  # noqa: S704 - `_IN_TEXT` escapes


def _span(
    segment: Segment,
    inside: str,
    shown: Mapping[str, tuple[Mapping[str, Any], int]],
    key: str,
    tags: Mapping[str, str],
) -> str:
    """One segment. Its classes say which marks lie on it; names and numbers of marks are not text, but CSS content."""
    classes, attributes, tag = ["m"], [], []
    for mark in segment.marks:
        item, choice = shown[mark.key]
        if mark.layer == "quote":
            classes += ["q", f"q-{item['side']}"]
        elif mark.layer == "framing":
            classes += ["f", f"f-{item['pole']}", f"f-{item['voice']}"]
        elif mark.layer == "furniture":
            classes.append("p")
        else:
            classes.append(f"a{choice}" if item["against"] else f"e{choice}")
    for mark in segment.first:
        item, choice = shown[mark.key]
        if mark.layer in {"quote", "furniture"}:
            tag.append(tags[item["side"]] if mark.layer == "quote" else item["name"])
        if choice >= 0:
            attributes.append(f' id="{key}-{mark.key}"')
    numbers: dict[int, list[str]] = defaultdict(list)
    for mark in segment.last:
        item, choice = shown[mark.key]
        if choice >= 0:
            numbers[choice].append(str(item["number"]))
    attributes = attributes[:1]
    attributes += [f' data-n{choice}="{",".join(found)}"' for choice, found in numbers.items()]
    if tag:
        attributes.append(f' data-tag="{escape(visible(" · ".join(tag)))}"')
    if any(shown[mark.key][1] <= 0 for mark in segment.first):
        attributes.append(' tabindex="0"')
    named = " ".join(mark.key for mark in segment.marks)
    return (
        f'<span class="{" ".join(dict.fromkeys(classes))}" data-m="{named}" data-start="{segment.start}" '
        f'data-end="{segment.end}"{"".join(attributes)}>{inside}</span>'
    )
