"""Pages with their HTML → labelled lines of plain text: what the line model learns from.

A page is written as scrapes write it; trafilatura's article, found with the HTML, says which lines are furniture (A.
Barbaresi, Trafilatura, ACL 2021). Only maintainers have such pages. What is kept of them are numbers, never text.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from biascheck.corpus import Row
from biascheck.dataset import LineSet
from biascheck.line_features import line_features

__all__ = ["PageLines", "assemble", "clean_texts", "read_page_lines"]

#: How a scrape may write a page: blocks as lines with inline tags glued or spaced, or every text node a line.
LAYOUTS = ("glued", "spaced", "nodes")
#: Pages of one site, and clean texts of one set, that the training keeps.
PER_SITE = 12
PER_SET = 60
LEAST_ARTICLE = 500
#: A shorter title is the site's name more often than a headline.
LEAST_TITLE = 20
#: A headline is one line among teasers that look like it.
HEADLINE_WEIGHT = 6
_BLOCKS = frozenset(
    "address article aside blockquote br button center dd details dialog div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section select summary table tbody td tfoot "
    "th thead tr ul".split()
)
_HIDDEN = frozenset("head script style noscript template svg iframe object canvas math textarea".split())
_DATED = re.compile(r"\d\d?[./]\d\d?[./]\d{2,4}\b.{0,12}$|\d\d?[:h]\d\d$")
MOST_DATED = 5
_PLAIN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class PageLines:
    """A page as plain text. `labels` has one entry a line that is not blank: 1 furniture, 0 article, -1 title."""

    site: str
    layout: str
    text: str
    labels: npt.NDArray[np.int8]


def render(body: Any, layout: str) -> str:
    """Visible text of an lxml element."""
    parts: list[str] = []

    def walk(element: Any) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _HIDDEN:
            return
        between = "\n" if tag in _BLOCKS or layout == "nodes" else " " if layout == "spaced" else ""
        parts.append(between)
        if element.text:
            parts.append(re.sub(r"\s+", " ", element.text))
        for child in element:
            walk(child)
            if child.tail:
                parts.append(re.sub(r"\s+", " ", child.tail))
        parts.append(between)

    walk(body)
    text = re.sub(" +", " ", "".join(parts))
    return "\n".join(text[start:end] for start, end in line_features([text]).spans)


def letters(text: str) -> str:
    """Letters and digits alone, in lower case."""
    return _PLAIN.sub("", text.lower())


def label_lines(lines: Sequence[str], article: str, titles: frozenset[str]) -> npt.NDArray[np.int8]:
    """Which lines the article holds: long ones by their text, short ones only between those, in order."""
    body = letters(article)
    plain = [letters(line) for line in lines]
    labels = np.ones(len(lines), dtype=np.int8)
    anchors: list[tuple[int, int, int]] = []
    for number, line in enumerate(plain):
        if len(line) < 40:
            continue
        at = body.find(line)
        if at < 0:
            pieces = [line[i : i + 30] for i in range(0, len(line) - 29, 30)]
            places = [body.find(piece) for piece in pieces]
            if sum(place >= 0 for place in places) < 0.7 * len(pieces):
                continue
            at = next(place for place in places if place >= 0)
        anchors.append((number, at, len(line)))
    kept = _increasing(anchors)
    for number, _, _ in kept:
        labels[number] = 0
    # Long lines that repeat part of the article elsewhere (a teaser of itself) stay furniture.
    walls = [(-1, 0, 0), *kept, (len(lines), len(body), 0)]
    for (before, low, size), (after, high, _) in itertools.pairwise(walls):
        # Above the first and below the last anchor a short line must be near.
        first = max(before + 1, after - 6) if before < 0 else before + 1
        last = min(after, before + 13) if after == len(lines) else after
        at = low + size
        for number in range(first, last):
            line = plain[number]
            if not line:
                labels[number] = -1
                continue
            place = body.find(line, at, high)
            if place >= 0 and (len(line) > 12 or place - at < 200):
                labels[number], at = 0, place + len(line)
    for number, line in enumerate(plain):
        if line in titles:
            labels[number] = -1
    return labels


def _increasing(anchors: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The heaviest run of anchors whose places in the article increase; quadratic, for hundreds of lines."""
    best: list[tuple[int, int]] = []
    for i, (_, at, size) in enumerate(anchors):
        previous = max(((best[j][0], j) for j in range(i) if anchors[j][1] < at), default=(0, -1))
        best.append((previous[0] + size, previous[1]))
    run: list[tuple[int, int, int]] = []
    at = max(range(len(best)), key=lambda i: best[i][0], default=-1)
    while at >= 0:
        run.append(anchors[at])
        at = best[at][1]
    return run[::-1]


def read_page_lines(parquet: Path, layouts: Sequence[str] = LAYOUTS) -> Iterator[PageLines]:
    """Every page in every layout, labelled; pages in which trafilatura finds no article are left out."""
    import logging

    import pandas as pd
    from lxml import html as lxml_html
    from trafilatura import extract

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    for row in pd.read_parquet(parquet).itertuples():
        article = extract(row.html, include_comments=False) or ""
        if len(article) < LEAST_ARTICLE:
            continue
        tree = lxml_html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", row.html))
        body = tree.find("body")
        body = tree if body is None else body
        headings = [" ".join(h.itertext()) for h in tree.iter("h1", "title")]
        titles = frozenset(map(letters, [*headings, str(row.title or "")])) - {""}
        for layout in layouts:
            text = render(body, layout)
            lines = text.split("\n")
            labels = label_lines(lines, article, titles)
            # Where trafilatura takes a feed of dated headlines for the article it teaches nothing.
            dated = sum(label == 0 and bool(_DATED.match(line)) for line, label in zip(lines, labels, strict=True))
            if (labels == 0).any() and dated < MOST_DATED:
                yield PageLines(str(row.outlet), layout, text, labels)


def crop(page: PageLines, chance: np.random.Generator) -> PageLines:
    """A page as a hand would copy it: the article, its inside, and a few lines around."""
    inside = np.flatnonzero(page.labels == 0)
    first = max(0, inside[0] - int(chance.integers(0, 15)))
    last = inside[-1] + 1 + int(chance.integers(0, 25))
    text = "\n".join(page.text.split("\n")[first:last])
    return PageLines(page.site, "crop", text, page.labels[first:last])


def with_headline(page: PageLines) -> npt.NDArray[np.int8]:
    """The labels to learn from: the title just above the article is article, its other places stay neither.

    trafilatura leaves it out of the text; a model that is told nothing about it takes it for a teaser.
    """
    labels = page.labels.copy()
    lines = page.text.split("\n")
    above = np.flatnonzero(labels[: int(np.flatnonzero(labels == 0)[0])] == -1)
    long = [number for number in above.tolist() if len(lines[number]) >= LEAST_TITLE]
    if long:
        labels[long[-1]] = 0
    return labels


def assemble(pages: Sequence[PageLines], clean: dict[str, list[str]]) -> LineSet:
    """Thin the pages out by site and put clean texts beside them."""
    chance = np.random.default_rng(0)
    seen: Counter[tuple[str, str]] = Counter()
    kept: list[PageLines] = []
    for page in pages:
        seen[page.site, page.layout] += 1
        number = seen[page.site, page.layout]
        # One of the two block layouts a page, the nodes of every second page.
        turn = {"glued": number % 2 == 1, "spaced": number % 2 == 0, "nodes": number % 2 == 1}[page.layout]
        if number <= PER_SITE and turn:
            kept.append(page)
            if page.layout != "nodes":
                kept.append(crop(page, chance))
    texts, labels, heads, sites, weights = [], [], [], [], []
    for page in kept:
        texts.append(page.text)
        labels.append(with_headline(page))
        heads.append(labels[-1] != page.labels)
        sites.append(page.site)
    for name, some in clean.items():
        for number in chance.permutation(len(some))[:PER_SET]:
            texts.append(some[number])
            labels.append(np.zeros(int(line_features([some[number]]).sizes[0]), dtype=np.int8))
            heads.append(np.zeros(len(labels[-1]), dtype=bool))
            sites.append(name)
    X = line_features(texts)
    y = np.concatenate(labels)
    root = np.sqrt(np.maximum(X.spans[:, 1] - X.spans[:, 0], 4)).astype(np.float32)
    start = 0
    of_site = Counter(sites)
    for size, site, head in zip(X.sizes, sites, heads, strict=True):
        part = root[start : start + size] * np.where(head, HEADLINE_WEIGHT, 1)
        weights.append(part / np.sqrt(part.sum()) / of_site[site] ** 0.5)
        start += size
    return LineSet(X, y, np.asarray(sites), np.concatenate(weights))


def clean_texts(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Articles without furniture, by set: what a line model must leave alone."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.kind in {"native", "agency"} and row.set not in {"pages", "written"}:
            found.setdefault(row.set, []).append(row.text)
    return found
