"""The page of many texts: what is counted, and that nothing of a text is anything but text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_page import ABOUT, HOSTILE, reading

from biascheck.render.batches import read_batch
from biascheck.render.folder import MAX_PAGES, folder_page
from biascheck.render.tally import BINS, Tally, outlet_of

LABELS = ("original", "agency", "translated", "aggregated", "rewritten")


def entry(number: int) -> dict[str, Any]:
    """A reading without its text, made up; every hundredth is an error."""
    if number % 100 == 0:
        return {"id": f"{number}.txt", "path": None, "error": {"code": "empty", "message": "no text in it"}}
    said = LABELS[number % 5]
    scores = {label: (0.5 + number % 50 / 100 if label == said else 0.1) for label in LABELS}
    verdict = ("neutral", "undetermined", "pro_kremlin", "pro_kyiv", "off_topic")[number % 5]
    made = reading(
        id=f"a/{number}.txt",
        title=f"Text {number} of a folder",
        site_name=f"Outlet {number % 7}",
        date=f"20{number % 3 + 20}-{number % 12 + 1:02}-01",
        provenance={
            "verdict": [said] if number % 4 else ["undetermined"],
            "scores": scores,
            "source_language": {"verdict": "en", "scores": {"en": 1.0}},
            "upstream": [],
        },
        slant={
            "ukraine-war": {
                "verdict": verdict,
                "scores": {"neutral": 0.2, "pro_kyiv": 0.1 * (number % 4), "pro_kremlin": 0.8 - 0.1 * (number % 4)},
                "on_topic": 0.9,
            }
        },
        evidence=[],
    )
    del made["text"]
    return made


def entries(number: int) -> Iterator[dict[str, Any]]:
    yield from map(entry, range(number))


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="bc-data">(.*?)</script>', page, flags=re.S)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_counts() -> None:
    tally = Tally()
    for made in entries(1000):
        tally.add(made)
    assert (tally.texts, tally.failed, tally.codes["empty"]) == (990, 10, 10)
    assert len(tally.rows) == 1000
    assert sum(tally.verdicts.values()) == 990
    assert sum(counts[""] for counts in tally.outlets.values()) == 990
    assert sum(counts[""] for counts in tally.months.values()) == 990
    # Undecided texts stand in the distribution; off topic is counted and has no place on it.
    slant = tally.slants["ukraine-war"]
    assert sum(slant.values()) == 990
    assert sum(map(sum, tally.bins["ukraine-war"].values())) == 990 - slant["off_topic"]
    assert sum(tally.bins["ukraine-war"]["undetermined"]) == slant["undetermined"] > 0


@given(st.floats(0, 1), st.floats(0, 1))
def test_every_score_has_a_bin(one: float, two: float) -> None:
    tally = Tally()
    slant = {"verdict": "neutral", "scores": {"neutral": 0.0, "pro_kyiv": one, "pro_kremlin": two}, "on_topic": 1.0}
    tally.add(reading(slant={"ukraine-war": slant}))
    assert len(tally.bins["ukraine-war"]["neutral"]) == BINS
    assert sum(tally.bins["ukraine-war"]["neutral"]) == 1


@pytest.mark.parametrize(
    ("about", "outlet"),
    [
        ({"site_name": "Le  Jour", "canonical_url": "https://x.fr/a"}, "Le Jour"),
        ({"site_name": None, "canonical_url": "https://www.x.fr:80/a"}, "x.fr"),
        ({"path": "corpus/sud/1.txt"}, "sud"),
        ({"path": "1.txt"}, ""),
        ({"path": "../1.txt"}, ""),
    ],
)
def test_outlet_of(about: dict[str, Any], outlet: str) -> None:
    assert outlet_of(about) == outlet


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_page_of_a_folder(lang: str) -> None:
    page = folder_page(entries(150), about=ABOUT, lang=lang, title="corpus")
    data = data_of(page)
    assert len(data["rows"]) == 150
    assert data["locale"] == lang
    assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)
    assert not re.search(r"https?://", page)
    assert "method" not in page.split("<style>")[0] + page.split("</style>")[1].split("<script")[0]


def test_texts_are_in_the_page_while_they_are_few() -> None:
    few = [reading(id=str(n)) for n in range(3)]
    assert folder_page(few, about=ABOUT).count("<template id=") == 3
    many = [reading(id=str(n)) for n in range(MAX_PAGES + 1)]
    assert "<template id=" not in folder_page(many, about=ABOUT)


def test_empty_folder() -> None:
    assert data_of(folder_page([], about={}))["rows"] == []


def test_hostile_names_are_text() -> None:
    made = reading(id=HOSTILE, title=HOSTILE, site_name=HOSTILE, date=HOSTILE, path=HOSTILE, slant={})
    del made["text"]
    made["provenance"]["upstream"][0] |= {"name": HOSTILE, "country": HOSTILE, "ownership": HOSTILE, "role": HOSTILE}
    failed = {"id": HOSTILE, "path": HOSTILE, "error": {"code": HOSTILE, "message": HOSTILE}}
    page = folder_page([made, failed], about={"name": HOSTILE, "date": HOSTILE}, title=HOSTILE)
    assert page.count("<script") == 2
    assert "onload='" not in re.sub(r'id="bc-data">.*?</script>', "", page, flags=re.S)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)
    assert len(data_of(page)["rows"]) == 2


def test_report_of_one_file(run: Callable[..., Any], tmp_path: Path, seed_files: dict[str, Path]) -> None:
    out = tmp_path / "one.html"
    ran = run("report", seed_files["001"], "-o", out)
    assert (ran.code, ran.err) == (0, "")
    assert str(out) in ran.out
    assert 'class="bc-text"' in out.read_text(encoding="utf-8")


def test_report_of_a_folder_with_an_error(run: Callable[..., Any], tmp_path: Path, seeds: dict[str, str]) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "a.txt").write_text(seeds["001"], encoding="utf-8")
    (folder / "b.txt").write_bytes(b"")
    (folder / "skipped.csv").write_text("x", encoding="utf-8")
    # The page itself may stand in the folder, and is not read the second time.
    for _ in range(2):
        ran = run("report", folder, "-o", folder / "report.html", "--lang", "en")
        assert ran.code == 1
        assert "1 of 2 inputs could not be read" in ran.err
    rows = data_of((folder / "report.html").read_text(encoding="utf-8"))["rows"]
    assert [row[1] for row in rows] == ["a.txt", "b.txt"]
    assert rows[1][11].startswith("empty: ")


def test_report_of_a_batch(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("".join(json.dumps(made) + "\n" for made in entries(120)), encoding="utf-8")
    ran = run("report", file, "-o", tmp_path / "page.html")
    assert ran.code == 1  # the file's errors
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(data_of(page)["rows"]) == 120
    # The model at hand is another than the one that made the readings: its figures are not theirs.
    assert "cd" * 32 in page


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_flat_output_gives_the_same_counts(
    run: Callable[..., Any], tmp_path: Path, seed_files: dict[str, Path], ending: str
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, file in seed_files.items():
        (folder / f"{number}.txt").write_bytes(file.read_bytes())
    (folder / "empty.txt").write_bytes(b"")
    tallies = []
    for out in (tmp_path / "out.jsonl", tmp_path / f"out.{ending}"):
        assert run("batch", folder, "-o", out, "--jobs", "1", "--quiet").code == 1
        tally = Tally()
        for entry in read_batch(out):
            tally.add(entry)
        tallies.append(tally)
    for name in ("texts", "failed", "verdicts", "outlets", "slants", "bins", "poles", "languages", "upstream", "codes"):
        assert getattr(tallies[0], name) == getattr(tallies[1], name), name
    assert tallies[0].rows == tallies[1].rows


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{seed}"], "add -o report.html"),
        (["{none}", "-o", "x.html"], "not_found"),
        (["{empty}", "-o", "x.html"], "no .txt"),
        (["{bad}", "-o", "x.html"], "row 1: not a reading"),
        (["{odd}", "-o", "x.html"], "row 2: not a reading"),
        (["{foreign}", "-o", "x.html"], "row 1: not a reading"),
        (["{broken}", "-o", "x.html"], "give what `biascheck batch` wrote"),
        (["{seed}", "-o", "{none}/x.html"], "give -o a place"),
    ],
)
def test_report_says_the_remedy(
    run: Callable[..., Any], tmp_path: Path, seed_files: dict[str, Path], arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.jsonl").write_text("[1]\n", encoding="utf-8")
    odd = {"id": "x", "provenance": {"verdict": "no list", "scores": [], "source_language": None}}
    (tmp_path / "odd.jsonl").write_text(f"{json.dumps(entry(1))}\n{json.dumps(odd)}\n", encoding="utf-8")
    (tmp_path / "foreign.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    names = {
        name.partition(".")[0]: tmp_path / name
        for name in ("none", "empty", "bad.jsonl", "odd.jsonl", "foreign.csv", "broken.parquet")
    }
    ran = run("report", *(a.format(seed=seed_files["001"], **names) for a in arguments))
    assert ran.code in {1, 2}
    assert said in ran.err
    assert "Traceback" not in ran.err
