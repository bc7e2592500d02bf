"""The page of one text: offsets, escaping, what it says. In a real browser: test_browser_report.py."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from biascheck.lexicon import read_table
from biascheck.render.marked import visible
from biascheck.render.marks import BLOCK, MAX_DEPTH, Mark, blocks, cut
from biascheck.render.page import about_model, text_page
from biascheck.render.words import load_words
from biascheck.scorer import Scorer

#: Written for the purpose.
TEXT = (
    "Le Quotidien inventé\n"
    "Selon le ministre, « l’opération spéciale avance ». Le maire a déclaré que la ville tient bon.\n"
    "Lien source\n"
)


def span(passage: str) -> dict[str, int]:
    start = TEXT.index(passage)
    return {"start": start, "end": start + len(passage)}


def reading(**changed: Any) -> dict[str, Any]:
    """A reading made up for the purpose."""
    made: dict[str, Any] = {
        "id": "made-up",
        "path": "made-up.txt",
        "sha256": "ab" * 32,
        "biascheck": "0.0.0",
        "model": {"name": "none", "sha256": "cd" * 32},
        "language": "fr",
        "title": "Une ville tient bon",
        "author": None,
        "date": "2024-03-01",
        "site_name": None,
        "canonical_url": None,
        "text": TEXT,
        "provenance": {
            "verdict": ["translated", "aggregated"],
            "scores": {"original": 0.01, "agency": 0.2, "translated": 0.9, "aggregated": 0.99999, "rewritten": 0.0},
            "source_language": {"verdict": "en", "scores": {"en": 0.8, "ru": 0.2}},
            "upstream": [
                {
                    "name": "Quotidien inventé",
                    "domain": "example.org",
                    "country": "BE",
                    "ownership": "private",
                    "role": "origin",
                    **span("Quotidien inventé"),
                }
            ],
        },
        "slant": {
            "ukraine-war": {
                "verdict": "undetermined",
                "scores": {"neutral": 0.4, "pro_kyiv": 0.1, "pro_kremlin": 0.5},
                "on_topic": 0.9,
            }
        },
        "loaded": None,
        "attribution": [
            {
                "speaker": "le ministre",
                "side": "russia",
                "verb": "selon",
                "stance": "neutral",
                **span("« l’opération spéciale avance »"),
            },
            {
                "speaker": "Le maire",
                "side": "ukraine",
                "verb": "a déclaré",
                "stance": "neutral",
                **span("la ville tient bon"),
            },
        ],
        "framing": [
            {
                "concept": "special_operation",
                "pole": "pro_kremlin",
                "voice": "quoted",
                "why": "the Russian state's name for the invasion",
                **span("l’opération spéciale"),
            }
        ],
        "voices": {"ukraine": 0.2, "russia": 0.3, "western": 0.0, "other": 0.0, "author": 0.5},
        "furniture": [{"kind": "source_link", **span("Lien source")}],
        "evidence": [
            {"for": "translated", "weight": 1.5, "why": "first of 3 turns of English", **span("spéciale avance »")},
            {"for": "translated", "weight": -0.4, "why": "a turn of German", **span("spéciale avance »")},
            {"for": "translated", "weight": -0.2, "why": "a neutral reporting verb", **span("a déclaré")},
            {"for": "translated", "start": 0, "end": 0, "weight": 1.0, "why": "the rest"},
            {"for": "aggregated", "weight": 3.0, "why": "a link back", **span("Lien source")},
        ],
        "warnings": [],
    }
    return {**made, **changed}


ABOUT = {
    "date": "2024-01-01",
    "thresholds": {
        "provenance": {"original": 0.9, "agency": 0.8, "translated": 0.7, "aggregated": 0.6, "rewritten": 0.5},
        "source_language": 0.7,
        "slant": {"ukraine-war": {"fr": {"neutral": 0.6, "pro_kyiv": 0.6, "pro_kremlin": 0.8}}},
    },
    "figures": [],
}


class Parsed(HTMLParser):
    """The text of a page's marked text, by mark, as a parser of HTML sees it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.depth = 0
        self.text = ""
        self.marks: dict[str, str] = {}
        self.segments: list[tuple[int, int, str]] = []
        self.open: list[dict[str, str | None]] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attributes)
        if found.get("class") == "bc-text":
            self.depth = 1
        elif self.depth and tag in {"div", "span", "bdi"}:
            self.depth += 1
            if tag == "span":
                self.segments.append((int(found["data-start"] or 0), int(found["data-end"] or 0), ""))
                self.open.append(found)

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag in {"div", "span", "bdi"}:
            self.depth -= 1
            if tag == "span":
                self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.depth:
            return
        self.text += data
        for found in self.open:
            start, end, said = self.segments[-1]
            self.segments[-1] = (start, end, said + data)
            for mark in str(found["data-m"]).split():
                self.marks[mark] = self.marks.get(mark, "") + data


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-2, 40), st.integers(-2, 40)), max_size=30),
    st.integers(0, 35),
)
def test_cut_covers_everything_once(spans: list[tuple[str, int, int]], size: int) -> None:
    marks = [Mark(str(n), layer, start, end) for n, (layer, start, end) in enumerate(spans)]
    segments = list(cut(marks, size))
    assert [s.start for s in segments] == [0, *(s.end for s in segments)][: len(segments)]
    assert (segments[-1].end if segments else 0) == size
    held: dict[str, list[tuple[int, int]]] = {}
    for segment in segments:
        for mark in segment.marks:
            held.setdefault(mark.key, []).append((segment.start, segment.end))
        for layer in "abc":
            assert sum(mark.layer == layer for mark in segment.marks) <= MAX_DEPTH
    for key, parts in held.items():
        mark = marks[int(key)]
        assert (parts[0][0], parts[-1][1]) == (mark.start, mark.end)
        assert all(before[1] == after[0] for before, after in pairwise(parts))
    # Only what is out of the text, or too deep, is left out.
    for mark in marks:
        if 0 <= mark.start < mark.end <= size and mark.key not in held:
            assert sum(m.layer == mark.layer and m.start <= mark.start < m.end for m in marks) > MAX_DEPTH


@given(st.integers(0, 4 * BLOCK), st.sampled_from(["x", "mot ", "mot mot\n", "\n"]))
def test_blocks_end_with_the_text(size: int, piece: str) -> None:
    text = (piece * size)[:size]
    ends = blocks(text)
    assert ends[-1] == len(text)
    assert all(0 < after - before <= BLOCK for before, after in pairwise([0, *ends])) or not text


LETTERS = st.sampled_from(
    [*"abé <&>\"'\n\t", "&lt;", "🙂", "👩\u200d👩", "e\u0301", "«\u00a0", "مرحبا", "\u202e", "\u200f", "\r\n"]
)
TEXTS = st.lists(LETTERS, max_size=60).map("".join)


@st.composite
def marked(draw: st.DrawFn) -> dict[str, Any]:
    """A reading of any text with marks anywhere in it."""
    text = draw(TEXTS)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    spans = [{"start": a, "end": b} for a, b in draw(st.lists(places, max_size=8))]
    sides = ("russia", "ukraine", "western", "other")
    return reading(
        text=text,
        attribution=[
            {"speaker": text, "side": sides[n % 4], "verb": text, "stance": "neutral", **s}
            for n, s in enumerate(spans[:3])
        ],
        framing=[{"concept": "c", "pole": "pro_kyiv", "voice": "own", "why": text, **s} for s in spans[2:5]],
        furniture=[{"kind": "residue", **s} for s in spans[4:6]],
        evidence=[{"for": "translated", "weight": 1.0, "why": text, **s} for s in spans[5:]],
    )


@given(marked())
def test_marked_passages_are_the_readings_spans(made: dict[str, Any]) -> None:
    page = Parsed(text_page(made, about=ABOUT))
    text = made["text"]
    assert page.text == text
    for start, end, said in page.segments:
        assert said == text[start:end]
    for letter, items in (("q", made["attribution"]), ("f", made["framing"]), ("p", made["furniture"])):
        for number, item in enumerate(items):
            assert page.marks.get(f"{letter}{number}", "") == text[item["start"] : item["end"]]


def test_page_says_what_the_reading_says() -> None:
    page = text_page(reading(), about=ABOUT)
    for said in (
        "d’une traduction de l’anglais",
        "d’une reprise d’un autre site",
        "indéterminé",
        "le ministre",
        "État"[:0],
    ):
        assert said in page
    assert "cd" * 32 in page
    assert "ab" * 32 in page
    assert "retenu (seuil 70\u202f%)" in page
    assert "Elle ne dit pas si une affirmation est vraie" in page
    # Nobody is told that a probability below one is certainty.
    assert "&gt;99\u202f%" in page
    assert "(100\u202f%)" not in page


def test_tone_and_own_labels_can_be_chosen() -> None:
    made = reading(
        loaded=0.31,
        labels={"satire": {"verdict": "yes", "score": 0.9}, "<b>": {"verdict": "undetermined", "score": 0.4}},
        evidence=[
            {"for": "satire", "weight": 1.0, "why": "w", **span("Selon")},
            {"for": "loaded", "weight": 1.0, "why": "words that judge: spéciale", **span("spéciale")},
        ],
    )
    page = text_page(made, about=ABOUT)
    assert re.findall(r'type="radio" name="bc-\w+" value="(\w+)"', page) == ["0", "1", "none"]
    assert "mots qui jugent : spéciale" in page
    assert "&lt;b&gt;" in page
    assert "31\u202f%" in page


def test_terms_are_not_marked_off_topic() -> None:
    off = {"ukraine-war": {"verdict": "off_topic", "scores": {"neutral": 1.0}, "on_topic": 0.0}}
    assert "f-pro_kremlin" in text_page(reading(), about=ABOUT, embedded=True)
    assert "f-pro_kremlin" not in text_page(reading(slant=off), about=ABOUT, embedded=True)


def test_snapshot(snapshot: SnapshotAssertion) -> None:
    assert text_page(reading(), about=ABOUT, embedded=True) == snapshot(name="fr")
    assert text_page(reading(), about=ABOUT, lang="en", embedded=True) == snapshot(name="en")


HOSTILE = "<script>alert(1)</script>\" onload='x' javascript:alert(2) \u202etxt.exe\u2066 ]]> --> </title></style>"


def test_hostile_text_is_text() -> None:
    made = reading(
        text=HOSTILE,
        title=HOSTILE,
        path=HOSTILE,
        id=HOSTILE,
        author=HOSTILE,
        date=HOSTILE,
        site_name=HOSTILE,
        language="fr",
        attribution=[{"speaker": HOSTILE, "side": HOSTILE, "verb": HOSTILE, "stance": HOSTILE, "start": 0, "end": 30}],
        framing=[{"concept": HOSTILE, "pole": HOSTILE, "voice": "own", "why": HOSTILE, "start": 5, "end": 40}],
        furniture=[{"kind": HOSTILE, "start": 20, "end": 60}],
        evidence=[{"for": HOSTILE, "start": 9, "end": 50, "weight": 1.0, "why": HOSTILE}],
        warnings=[HOSTILE],
    )
    made["provenance"]["upstream"][0] |= {"name": HOSTILE, "domain": HOSTILE, "country": HOSTILE, "start": 0, "end": 9}
    page = text_page(made, about=ABOUT)
    assert page.count("<script") == 1
    assert "onload='" not in page
    assert re.findall(r'href="(?!#)', page) == []
    assert Parsed(page).text == HOSTILE
    outside = re.sub(r'<div class="bc-text".*?</div></div>', "", page, flags=re.S)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", outside)


def test_no_text_no_evidence_no_verdict() -> None:
    bare = reading(evidence=[], attribution=[], framing=[], voices={}, furniture=[], slant={})
    del bare["text"]
    bare["provenance"] = {
        "verdict": ["undetermined"],
        "scores": {},
        "source_language": {"verdict": "undetermined", "scores": {}},
        "upstream": [],
    }
    page = text_page(bare, about={}, lang="en")
    assert "No verdict." in page
    assert "The text is not part of this reading." in page


def test_policy_lets_in_nothing_else() -> None:
    page = text_page(reading(), about=ABOUT)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    # Inline styles and handlers would be refused by it.
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
    assert not re.search(r"https?://", page)


def test_words_are_the_same_in_both_languages() -> None:
    fr, en = load_words("fr").table, load_words("en").table
    assert {k: set(v) for k, v in fr.items() if isinstance(v, dict)} == {
        k: set(v) for k, v in en.items() if isinstance(v, dict)
    }


def test_every_name_of_the_contract_has_words(valid: Any) -> None:
    from biascheck.reading import load_schema

    properties = load_schema()["oneOf"][0]["properties"]
    kinds = properties["furniture"]["items"]["properties"]["kind"]["enum"]
    sides = properties["attribution"]["items"]["properties"]["side"]["enum"]
    for lang in ("fr", "en"):
        table = load_words(lang).table
        assert set(kinds) <= set(table["furniture"])
        assert set(sides) <= set(table["side"])
        assert set(properties["provenance"]["properties"]["scores"]["propertyNames"]["enum"]) <= set(table["label"])


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("first of 21 turns of English", "premier de 21 tours anglais"),
        ("RT named as origin", "RT désigné comme origine"),
        ("somebody (other) speaks: dit", "voix : non nommée (autre), dit"),
    ],
)
def test_reasons_in_french(why: str, said: str) -> None:
    assert load_words("fr").reason(why) == (said, "fr")


def test_unknown_reason_stays_english() -> None:
    assert load_words("fr").reason("a reason of tomorrow") == ("a reason of tomorrow", "en")


def test_invisible_characters_are_named() -> None:
    assert visible("a\u202eb\u200fc\x07") == "a[RLO]b[RLM]c[U+0007]"


def test_about_model(scorer: Scorer, tmp_path: Path) -> None:
    about = about_model(scorer.model)
    assert about["sha256"] == scorer.model.sha256
    assert set(about["thresholds"]["provenance"]) == {"original", "agency", "translated", "aggregated", "rewritten"}
    # A card that is another model's says nothing.
    (tmp_path / "card.json").write_text(json.dumps({"sha256": "0" * 64, "figures": [{}]}), encoding="utf-8")
    assert about_model(scorer.model, tmp_path)["figures"] == []


def test_seed_page_is_small(scorer: Scorer, seeds: dict[str, str]) -> None:
    found = scorer.score(seeds["003"]).to_dict()
    page = text_page(found, about=about_model(scorer.model))
    assert len(page.encode()) < 300_000
    assert Parsed(page).text == found["text"]


def reasons_of(found: Any) -> set[str]:
    """Every reason of a word list."""
    if isinstance(found, dict):
        said = {found["why"]} if isinstance(found.get("why"), str) else set()
        return said.union(*map(reasons_of, found.values()))
    return set().union(*map(reasons_of, found)) if isinstance(found, list) else set()


@pytest.mark.parametrize("name", ["fr", "framing", "furniture", "leftovers"])
def test_every_reason_of_the_word_lists_is_in_french(name: str) -> None:
    words = load_words("fr")
    found = reasons_of(read_table(name))
    assert found
    assert sorted(why for why in found if words.reason(why)[1] == "en") == [], "put them into render/reasons.toml"
