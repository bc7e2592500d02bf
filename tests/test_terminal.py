"""`score --show`: the text in the terminal, with its marks in signs as well as in colour."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from biascheck.reading import Attribution, Evidence, FramingTerm, Furniture, ModelReference, Reading
from biascheck.render.terminal import print_text

TEXT = "Selon le ministre, « la ville tient ». Il a dit non.\nLien source\n"


def made(text: str = TEXT, **marks: Any) -> Reading:
    return Reading("x", None, "ab" * 32, "0", ModelReference("none", "cd" * 32), "fr", text, **marks)


def shown(reading: Reading, *, colour: bool = False) -> str:
    out = StringIO()
    print_text(Console(file=out, width=60, force_terminal=colour, highlight=False), reading)
    return out.getvalue()


def test_marks_are_signs() -> None:
    quote = TEXT.index("«"), TEXT.index("»") + 1
    ville = TEXT.index("ville"), TEXT.index("ville") + 5
    dit = TEXT.index("a dit"), TEXT.index("a dit") + 5
    link = TEXT.index("Lien"), TEXT.index("Lien") + 11
    said = shown(
        made(
            attribution=(Attribution("le ministre", "western", "selon", "neutral", *quote),),
            framing=(FramingTerm("c", "pro_kyiv", "quoted", *ville, "why"),),
            furniture=(Furniture("source_link", *link),),
            evidence=(
                Evidence("translated", *dit, 1.5, "one reason"),
                Evidence("translated", *dit, -2.0, "and a stronger one against"),
                Evidence("aggregated", *link, 3.0, "of another verdict"),
                Evidence("translated", 0, 5, 1.0, "another"),
            ),
        )
    )
    assert "*Selon* le ministre, [western: « la _ville_(pro_kyiv, quoted) tient »]. Il ~a dit~ non." in said
    assert "{source_link: Lien source}" in said
    assert "\x1b" not in said


def test_colour_on_a_screen_only() -> None:
    quoted = made(attribution=(Attribution("x", "russia", "", "neutral", 0, 5),))
    assert "\x1b[" in shown(quoted, colour=True)
    assert "\x1b" not in shown(quoted)


@given(st.text(max_size=80), st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6))
def test_any_text(text: str, spans: list[tuple[int, int]]) -> None:
    marks = tuple(Furniture("residue", a, b) for a, b in spans)
    said = shown(made(text, furniture=marks))
    # Nothing of a text works on the screen.
    assert not any(not c.isprintable() for c in said if c != "\n")
    letters = [c for c in text if c.isalnum()]
    rest = iter(said)
    assert all(c in rest for c in letters)


def test_show(run: Callable[..., Any], seed_files: dict[str, Path]) -> None:
    ran = run("score", "--show", seed_files["001"])
    assert ran.code == 0
    assert "{source_link: Lien source}" in ran.out
    # Where to look further is for a person's eyes, not for another program's.
    assert "biascheck report" not in ran.out
    ran = run("score", "--show", "--json", seed_files["001"])
    assert (ran.code, ran.out) == (2, "")
    assert "choose one" in ran.err


def test_json_has_framing_and_voices(
    run: Callable[..., Any], seed_files: dict[str, Path], valid: Callable[[object], None]
) -> None:
    found = json.loads(run("score", "--json", seed_files["003"]).out)
    valid(found)
    assert found["framing"]
    for term in found["framing"]:
        assert 0 <= term["start"] < term["end"] <= len(found["text"])
    # The furniture at the head of this seed moves what was found in its body.
    assert found["furniture"][0]["start"] == 0
    passages = [found["text"][term["start"] : term["end"]] for term in found["framing"]]
    assert all(passage == passage.strip() for passage in passages)
    assert abs(sum(found["voices"].values()) - 1) < 1e-4
    assert set(found["voices"]) == {"russia", "ukraine", "western", "other", "author"}
