"""Training cases for the head `aggregated`: leftovers of site families planted into bodies of every kind.

Real scraped republications with a label are few. What they leave behind is not: the leftovers of a site family (its
link back, its theme's headings, its tags) are put where they stand on its pages, around texts of other outlets, and the
own furniture of newsrooms around others. Whole families are kept out of training when the head is measured.
"""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from biascheck.corpus import Row
from biascheck.dataset import LeftoverSet
from biascheck.furniture import find_furniture
from biascheck.leftovers import LeftoverCounts, find_leftovers
from biascheck.lines import LineModel
from biascheck.teacher import PageLines

__all__ = ["Family", "Page", "plant", "plant_leftovers", "read_families", "read_markers"]

#: Clean articles and wire copy among the cases.
CLEAN = 3000

#: Strength of a rule for source links from which a text says itself that it was taken over.
SURE_LINK = 0.9
#: A longer first line of a text is no title.
MAX_TITLE = 160

#: Types of the table of seen markers that say of a page that its article came from elsewhere, whatever their language.
_TELLING = frozenset(
    {"source_link", "headline_suffix", "site_tag", "prompt_leak", "translation_note", "site_banner", "scrape_residue"}
)
#: Agencies write these, in their own language, and newsrooms leave them in as others do: they tell nobody apart.
_AGENCIES_OWN = frozenset({"photo_credit", "wire_dateline", "wire_signoff"})
_NOT_FURNITURE = frozenset({"calque", "spin_artifact", "glue"})
_ABOVE = frozenset({"breadcrumb", "site_banner", "scrape_residue"})
_UNDER_TITLE = frozenset({"byline", "update_stamp", "photo_credit", "live_furniture", "wire_dateline"})


@dataclass(frozen=True, slots=True)
class Page:
    """The leftovers of one page, by where they stand."""

    head: Sequence[str] = ()
    title_prefix: str = ""
    title_suffix: str = ""
    under_title: Sequence[str] = ()
    middle: Sequence[str] = ()
    tail: Sequence[str] = ()
    glue: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """A site, whether its pages hold articles of others, and some of its pages' leftovers."""

    name: str
    aggregated: bool
    pages: Sequence[Page] = field(default_factory=tuple)


def read_families(file: Path) -> list[Family]:
    """The families of a file of `data/leftovers`; they are called by its name."""
    families = []
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        pages = [
            Page(
                title_prefix=page.get("title_prefix", ""),
                title_suffix=page.get("title_suffix", ""),
                glue=bool(page.get("glue")),
                head=_texts(page.get("head", [])),
                under_title=_texts(page.get("under_title", [])),
                middle=_texts(page.get("middle", [])),
                tail=_texts(page.get("tail", [])),
            )
            for page in record["pages"]
        ]
        families.append(Family(f"{file.stem} {record['family']}", bool(record["aggregated"]), pages))
    return families


def _texts(lines: Sequence[dict[str, str]]) -> list[str]:
    return [line["text"] for line in lines]


def read_markers(markers: Path, labels: Path, *, pages: int = 6, seed: int = 0) -> list[Family]:
    """Families of a table of seen markers (marker, type, lang, seen_at), for the sites that `labels` has a label for.

    Each page of a family draws one to four of its markers; a page of an aggregating site has a telling one.
    """
    with labels.open(encoding="utf-8", newline="") as file:
        known = {row["domain"]: row["aggregated"] == "1" for row in csv.DictReader(file)}
    by_site: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    with markers.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for site in row["seen_at"].split(";"):
                if row["type"] not in _NOT_FURNITURE and site.strip() in known and site.strip():
                    by_site[site.strip()].append((row["marker"], row["type"], row["lang"]))
    chance = random.Random(seed)  # noqa: S311
    families = []
    for site, seen in sorted(by_site.items()):
        foreign = {m for m in seen if m[2] not in {"fr", "mixed"}}
        if not known[site] and foreign.issuperset(seen):
            # Its pages are in that language. Around a French text its lines would be another site's leftovers.
            continue
        telling = [m for m in seen if m[1] in _TELLING or (m in foreign and m[1] not in _AGENCIES_OWN)]
        if known[site] and not telling:
            continue
        drawn = []
        for _ in range(pages):
            chosen = chance.sample(seen, min(len(seen), chance.randint(1, 4)))
            if known[site] and not set(chosen) & set(telling):
                chosen.append(chance.choice(telling))
            drawn.append(_page(chosen, chance))
        families.append(Family(f"seen {site}", known[site], drawn))
    return families


def _page(chosen: Sequence[tuple[str, str, str]], chance: random.Random) -> Page:
    head, under_title, tail = [], [], []
    suffix = ""
    for marker, kind, _ in chosen:
        if kind == "headline_suffix" and marker[0] in "—–-|":
            suffix = f" {marker}"
        elif kind in _ABOVE or kind == "headline_suffix":
            head.append(marker)
        elif kind in _UNDER_TITLE or chance.random() > 0.85:
            under_title.append(marker)
        else:
            tail.append(marker)
    return Page(head=head, title_suffix=suffix, under_title=under_title, tail=tail)


def plant(page: Page, title: str, body: str, *, seed: int) -> str:
    """A text as a scraper would save it: the page's leftovers around a title and a body.

    Parameters
    ----------
    seed : int
        Decides whether paragraphs stand apart, where the middle lines go, and which blanks are lost.
    """
    chance = random.Random(seed)  # noqa: S311
    paragraphs = [p for p in body.split("\n") if p.strip()]
    if page.glue:
        paragraphs = _glued(paragraphs, chance)
    for line in page.middle:
        paragraphs.insert(chance.randint(1, max(1, len(paragraphs) - 1)), line)
    heading = f"{page.title_prefix}{title}{page.title_suffix}"
    lines = [*page.head, heading, *page.under_title, *paragraphs, *page.tail]
    return chance.choice(["\n", "\n\n"]).join(line for line in lines if line)


def _glued(paragraphs: list[str], chance: random.Random) -> list[str]:
    """One blank lost in every second paragraph or so, as beside a link that was stripped."""
    glued = []
    for paragraph in paragraphs:
        blanks = [i for i, c in enumerate(paragraph) if c == " " and paragraph[i - 1].isalpha()]
        at = chance.choice(blanks) if blanks and chance.random() < 0.5 else len(paragraph)
        glued.append(paragraph[:at] + paragraph[at + 1 :])
    return glued


def _titled(text: str) -> tuple[str, str]:
    """The title of a text and its body; where the first line is none, the first words of its first sentence."""
    first, _, rest = text.strip().partition("\n")
    first = first.strip()
    if len(first) <= MAX_TITLE and first[-1:] not in {".", "…"} and rest.strip():
        return first, rest
    return " ".join(first.split(". ")[0].split()[:16]).rstrip(",;:."), text


def _links_back(text: str) -> bool:
    """Whether a text is no clean case: it ends as on portals, with a link to the page that it is the beginning of."""
    return any(item.rule.kind == "source_link" and item.rule.aggregated >= SURE_LINK for item in find_furniture(text))


def plant_leftovers(
    rows: Sequence[Row], pages: Sequence[PageLines], markers: Path, leftovers: Path, lines: LineModel
) -> LeftoverSet:
    """Cases for `aggregated`: families around bodies of every kind; whole pages and articles of newsrooms as they are.

    Newsrooms' pages with all their own furniture, wire copy with its datelines and clean articles are what the head
    must leave alone.
    """
    chance = random.Random(0)  # noqa: S311
    bodies = [row.text for row in rows if len(row.text) < 8000]
    chance.shuffle(bodies)
    texts: list[tuple[str, int, str, str]] = []
    families = read_families(leftovers / "written.jsonl")
    if markers.is_file():
        families += read_markers(markers, leftovers / "seen.csv")
    for name in ("plain.jsonl", "plain2.jsonl"):
        if (leftovers / name).is_file():
            families += read_families(leftovers / name)
    hosts = list(islice((text for text in bodies if not _links_back(text)), len(families) * 13 + 6))
    for number, family in enumerate(families):
        # Ours have three pages each, the seen ones six.
        for turn, page in enumerate([*family.pages] * (6 // len(family.pages))):
            host = hosts[(number * 13 + turn) % len(hosts)]
            text = plant(page, *_titled(host), seed=number * 100 + turn)
            texts.append((text, int(family.aggregated), family.name, family.name.split()[0]))
    own = [row for row in rows if row.kind in {"native", "agency"} and row.set != "written"]
    for number, row in enumerate(chance.sample(own, min(CLEAN, len(own)))):
        if _links_back(row.text):
            continue
        # Half of them with a headline of their own, as all that leftovers are planted around has: it tells nothing.
        text = plant(Page(), *_titled(row.text), seed=number) if number % 2 else row.text
        texts.append((text, 0, row.outlet, "wire" if row.kind == "agency" else "article"))
    texts += [(page.text, 0, page.site, "page") for page in pages if page.layout != "nodes"]
    return LeftoverSet(
        LeftoverCounts().transform(find_leftovers([text for text, _, _, _ in texts], lines)),
        np.asarray([y for _, y, _, _ in texts], dtype=np.int8),
        np.asarray([group for _, _, group, _ in texts]),
        np.asarray([kind for _, _, _, kind in texts]),
    )
