"""The report pages in a real Chromium: offsets, switching, hostile texts, accessibility, no request, many rows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_folder import entries, entry
from test_page import ABOUT, HOSTILE, TEXT, reading

from biascheck.render.folder import folder_page
from biascheck.render.page import about_model, text_page
from biascheck.scorer import Scorer

pytest_plugins = ("browser",)

Visit = Callable[..., Any]
PIECES = (
    *(
        "ville ",
        "accord, ",
        "paix\n",
        "\n\n",
        "e\u0301te\u0301 ",
        "Zażółć ",
        "🙂",
        "👩\u200d🚒 ",
        "🇺🇦",
        "𝔄",
        "\u00a0",
        "\t",
    ),
    *(
        "« قال الوزير » ",
        "السلام\u200f ",
        "\u202eabc\u202c",
        "<b>",
        "&amp;",
        "&",
        "<!--",
        "]]>",
        '"',
        "'",
        "\r\n",
        "javascript:",
    ),
)
#: Every marked passage as the page has it: by the place of a segment, and whole by its mark.
MARKED = """() => {
  const parts = [...document.querySelectorAll('.bc-text [data-start]')];
  const whole = {};
  for (const part of parts)
    for (const key of part.dataset.m.split(' ')) whole[key] = (whole[key] || '') + part.textContent;
  return [document.querySelector('.bc-text').textContent,
          parts.map((p) => [+p.dataset.start, +p.dataset.end, p.textContent]), whole,
          [...document.querySelectorAll('li[data-mark]')].map(
            (li) => [li.dataset.mark, +li.dataset.start, +li.dataset.end])];
}"""


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[str], Path]:
    def written(page: str) -> Path:
        file = tmp_path / "page.html"
        file.write_bytes(page.encode())
        return file

    return written


@pytest.fixture(scope="module")
def seed(scorer: Scorer, seeds: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = scorer.score(seeds["003"]).to_dict()
    return found


def random_readings(number: int) -> Iterator[dict[str, Any]]:
    """Texts of awkward characters with marks anywhere."""
    rng = random.Random(7)  # noqa: S311 - texts to try, no secrets
    for _ in range(number):
        text = "".join(rng.choices(PIECES, k=rng.randint(1, 120)))

        def spans(most: int, size: int = len(text)) -> Iterator[dict[str, int]]:
            for _ in range(rng.randint(0, most)):
                start = rng.randrange(size)
                yield {"start": start, "end": rng.randint(start + 1, size)}

        yield reading(
            text=text,
            attribution=[
                {"speaker": "x", "side": rng.choice(["russia", "western"]), "verb": "", "stance": "neutral", **s}
                for s in spans(5)
            ],
            framing=[{"concept": "c", "pole": "neutral", "voice": "own", "why": "w", **s} for s in spans(5)],
            furniture=[{"kind": "residue", **s} for s in spans(2)],
            evidence=[{"for": rng.choice(["translated", "agency"]), "weight": 1.0, "why": "w", **s} for s in spans(6)],
        )


def test_offsets_of_any_text(visit: Visit, page_of: Callable[[str], Path]) -> None:
    seen = visit("about:blank")
    for made in random_readings(40):
        seen.page.goto(page_of(text_page(made, about=ABOUT)).as_uri())
        text, parts, whole, notes = seen.page.evaluate(MARKED)
        assert text == made["text"]
        for start, end, said in parts:
            assert said == made["text"][start:end]
        assert len(notes) == sum(1 for key in whole)
        for key, start, end in notes:
            assert whole[key] == made["text"][start:end]
    assert (seen.outside, seen.complaints) == ([], [])


def test_seed_marks(visit: Visit, page_of: Callable[[str], Path], seed: dict[str, Any], scorer: Scorer) -> None:
    seen = visit(page_of(text_page(seed, about=about_model(scorer.model))))
    text, parts, _, notes = seen.page.evaluate(MARKED)
    assert text == seed["text"]
    assert parts
    assert notes
    assert (seen.outside, seen.complaints) == ([], [])


COLOURS = """(key) => [...document.querySelectorAll(`.bc-text [data-m~="${key}"]`)]
  .map((part) => getComputedStyle(part).backgroundColor)"""


@pytest.mark.parametrize("script", [True, False])
def test_switching_the_verdict_moves_the_highlight(visit: Visit, page_of: Callable[[str], Path], script: bool) -> None:
    # In a context without script nothing can be asked of the page, but it can be looked at.
    seen = visit(page_of(text_page(reading(), about=ABOUT)), script=script)
    page = seen.page
    notes = page.locator(".bc-note-group")
    assert notes.nth(0).is_visible()
    assert not notes.nth(1).is_visible()
    before = page.locator(".bc-text").screenshot()
    page.get_by_role("radio").nth(1).check()
    assert not notes.nth(0).is_visible()
    assert notes.nth(1).is_visible()
    assert page.locator(".bc-text").screenshot() != before
    if script:
        first, second = page.evaluate(COLOURS, "e0-1"), page.evaluate(COLOURS, "e1-1")
        assert set(first).isdisjoint(second)


def test_note_on_hover_and_focus(visit: Visit, page_of: Callable[[str], Path]) -> None:
    page = visit(page_of(text_page(reading(), about=ABOUT))).page
    tip = page.locator("#bc-tip")
    page.locator('.bc-text [data-m~="f0"]').first.hover()
    assert "Russie" in tip.inner_text()
    assert "pro-Kremlin" in tip.inner_text()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    # By the keyboard, stop by stop.
    page.locator(".bc-text").focus()
    said = []
    for _ in range(3):
        page.keyboard.press("Tab")
        said.append(tip.inner_text())
        described = page.evaluate("document.activeElement.getAttribute('aria-describedby')")
        assert described == "bc-tip"
    assert any("le ministre" in text for text in said)
    # A mark crossed by others lights up whole.
    page.locator('.bc-text [data-m~="q0"]').first.hover()
    lit = page.evaluate("[...document.querySelectorAll('.bc-lit')].map((p) => p.textContent).join('')")
    assert lit == "« l’opération spéciale avance »"


def test_print_has_numbered_notes_and_details(visit: Visit, page_of: Callable[[str], Path]) -> None:
    page = visit(page_of(text_page(reading(), about=ABOUT))).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".bc-note-group.n0").is_visible()
    assert page.locator("text=le ministre").first.is_visible()
    number = "(p) => getComputedStyle(p, '::after').content"
    assert page.locator('.bc-text [data-n0="1"]').evaluate(number) == '"1"'
    assert len(page.pdf()) > 5000


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_accessible_and_within_the_screen(
    visit: Visit,
    page_of: Callable[[str], Path],
    axe: str,
    seed: dict[str, Any],
    scorer: Scorer,
    width: int,
    dark: bool,
) -> None:
    about = about_model(scorer.model)
    lang = "en" if dark else "fr"
    for made in (text_page(seed, about=about, lang=lang), folder_page(entries(60), about=about, lang=lang, title="x")):
        seen = visit(page_of(made), width=width, dark=dark)
        assert seen.violations(axe) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert (seen.outside, seen.complaints) == ([], [])


def test_hostile_page_shows_text(visit: Visit, page_of: Callable[[str], Path]) -> None:
    made = reading(text=HOSTILE, title=HOSTILE, path=HOSTILE, attribution=[], framing=[], furniture=[], evidence=[])
    seen = visit(page_of(text_page(made, about=ABOUT)))
    dialogs: list[str] = []
    seen.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    assert seen.page.locator(".bc-text").evaluate("(p) => p.textContent") == HOSTILE
    assert "[RLO]txt.exe" in seen.page.locator("h1").inner_text()
    # What stands after the override is not turned around by it.
    assert seen.page.locator(".bc-ctl").count() == 2
    assert seen.page.locator("a[href^='javascript']").count() == 0
    assert (dialogs, seen.outside, seen.complaints) == ([], [], [])


def test_a_word_of_two_megabytes_opens(visit: Visit, page_of: Callable[[str], Path]) -> None:
    made = reading(text="x" * 2_000_000, attribution=[], framing=[], furniture=[], evidence=[])
    seen = visit(page_of(text_page(made, about=ABOUT)), width=400)
    assert seen.page.locator(".bc-text").evaluate("(p) => p.textContent.length") == 2_000_000
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 400


COUNT = "() => document.querySelectorAll('#bc-rows tr:not(.bc-pad)').length"


def test_folder_of_fifty_thousand_rows(visit: Visit, page_of: Callable[[str], Path]) -> None:
    seen = visit(page_of(folder_page(entries(50_000), about=ABOUT, lang="en", title="many")))
    page = seen.page
    assert page.locator("#bc-count").inner_text() == "50,000 of 50,000 texts"
    assert page.evaluate(COUNT) < 100
    page.locator("#bc-search").fill("text 31415 ")
    assert page.locator("#bc-count").inner_text() == "1 of 50,000 texts"
    page.locator("#bc-filters button[type=reset]").click()
    page.locator('.bc-tally[data-verdict="1"]').click()
    assert page.locator('.bc-tally[data-verdict="1"]').get_attribute("aria-pressed") == "true"
    shown = page.locator("#bc-rows td.c-verdict").all_inner_texts()
    assert shown
    assert all("agency copy" in said for said in shown)
    # The last row can be reached.
    page.locator('.bc-tally[data-verdict="1"]').click()
    page.locator("#bc-grid").evaluate("(grid) => { grid.scrollTop = grid.scrollHeight; }")
    page.locator("text=Text 49999 ").wait_for()
    assert (seen.outside, seen.complaints) == ([], [])


def test_opened_text_is_accessible(visit: Visit, page_of: Callable[[str], Path], axe: str) -> None:
    seen = visit(page_of(folder_page([reading(), entry(1)], about=ABOUT, lang="en", title="few")))
    for number in (0, 1):
        seen.page.locator(f'.bc-open[data-index="{number}"]').click()
        assert seen.violations(axe) == []
        seen.page.keyboard.press("Escape")
    # The note of a passage lies above the text that it speaks of.
    seen.page.locator('.bc-open[data-index="0"]').click()
    seen.page.locator('#bc-dialog .bc-text [data-m~="f0"]').first.hover()
    assert seen.page.locator("#bc-dialog #bc-tip").is_visible()


def test_folder_opens_its_texts(visit: Visit, page_of: Callable[[str], Path]) -> None:
    made = [*entries(6), {**reading(), "id": "whole"}, {**reading(title=HOSTILE, text=HOSTILE), "id": HOSTILE}]
    seen = visit(page_of(folder_page(made, about=ABOUT, title="few")))
    page = seen.page
    page.get_by_role("button", name="Une ville tient bon").click()
    inside = page.locator("#bc-dialog .bc-text")
    assert inside.evaluate("(p) => p.textContent") == TEXT
    page.locator("#bc-dialog input[type=radio]").nth(1).check()
    assert page.locator("#bc-dialog .n1").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#bc-dialog").is_visible()
    # Without its text, a row opens what is known of it; an error says why.
    page.locator("#bc-rows .bc-open").nth(1).click()
    assert "Text 1" in page.locator("#bc-dialog").inner_text()
    page.locator("#bc-close").click()
    page.locator('.bc-open[data-index="0"]').click()
    assert "empty" in page.locator("#bc-dialog").inner_text()
    page.keyboard.press("Escape")
    page.locator('.bc-open[data-index="7"]').click()
    assert inside.evaluate("(p) => p.textContent") == HOSTILE
    assert (seen.outside, seen.complaints) == ([], [])


def test_folder_sorts(visit: Visit, page_of: Callable[[str], Path]) -> None:
    page = visit(page_of(folder_page(entries(300), about=ABOUT, lang="en", title="sorted"))).page
    heading = page.locator("th.c-score")
    for order in ("ascending", "descending"):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == order
        shown = [int(s.rstrip("%") or 0) for s in page.locator("#bc-rows td.c-score").all_inner_texts()]
        assert shown == sorted(shown, reverse=order == "descending")
