"""The seeds against `seeds/expected.toml`, marked by hand: what it asks for is asked of the one way through."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from biascheck.glue import find_glue
from biascheck.reading import PROVENANCE, UNDETERMINED, Reading
from biascheck.scorer import Scorer

EXPECTED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent.parent / "seeds/expected.toml").read_text(encoding="utf-8")
)
NUMBERS = sorted(EXPECTED)


@pytest.fixture(scope="module")
def readings(scorer: Scorer, seed_files: dict[str, Path]) -> dict[str, Reading]:
    return {number: scorer.score_file(file) for number, file in seed_files.items()}


def test_every_seed_is_marked(seed_files: dict[str, Path]) -> None:
    assert sorted(seed_files) == NUMBERS
    for marked in EXPECTED.values():
        said = marked["provenance"]
        for name in ("verdict", "may", "not"):
            assert set(said.get(name, ())) <= {*PROVENANCE, UNDETERMINED}


@pytest.mark.parametrize("number", NUMBERS)
def test_furniture_is_exactly_what_is_marked(readings: dict[str, Reading], number: str) -> None:
    """Of a whole reading: the model of lines adds nothing to what the rules name."""
    text = readings[number].text
    wanted = set()
    for row in EXPECTED[number]["furniture"]:
        start = [match.start() for match in re.finditer(re.escape(row["text"]), text)][row["occurrence"]]
        wanted.add((row["kind"], start, start + len(row["text"])))
    assert {(item.kind, item.start, item.end) for item in readings[number].furniture} == wanted


@pytest.mark.parametrize("number", NUMBERS)
def test_the_verdict_is_acceptable(readings: dict[str, Reading], number: str) -> None:
    said, wanted = set(readings[number].provenance.verdict), EXPECTED[number]["provenance"]
    must, never = set(wanted.get("verdict", ())), set(wanted["not"])
    assert must <= said
    assert not never & said
    assert said <= must | set(wanted.get("may", ()))


@pytest.mark.parametrize("number", [n for n in NUMBERS if "source_language" in EXPECTED[n]["provenance"]])
def test_the_source_language_is_acceptable(readings: dict[str, Reading], number: str) -> None:
    assert readings[number].provenance.source_language.verdict in EXPECTED[number]["provenance"]["source_language"]


@pytest.mark.parametrize("number", NUMBERS)
def test_upstream_is_who_is_marked(readings: dict[str, Reading], number: str) -> None:
    reading = readings[number]
    found = {item.name: item for item in reading.provenance.upstream}
    assert set(found) == {row["name"] for row in EXPECTED[number]["upstream"]}
    for row in EXPECTED[number]["upstream"]:
        item = found[row["name"]]
        assert item.domain == row.get("domain", item.domain)
        assert reading.text[item.start : item.end].strip()


@pytest.mark.parametrize("number", NUMBERS)
def test_upstream_has_the_role_that_is_marked(readings: dict[str, Reading], number: str) -> None:
    found = {(item.name, item.role) for item in readings[number].provenance.upstream}
    assert {(row["name"], row["role"]) for row in EXPECTED[number]["upstream"]} <= found


@pytest.mark.parametrize("number", NUMBERS)
def test_glued_places_are_found_with_the_place_of_the_blank(readings: dict[str, Reading], number: str) -> None:
    text = readings[number].text
    found = {(text[item.start : item.at], text[item.at : item.end]) for item in find_glue(text)}
    assert found == {(row["left"], row["right"]) for row in EXPECTED[number]["glued"]}
