"""Leftovers of site families planted around bodies, and the files that they are read from."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.corpus import Row
from biascheck.leftovers import BUCKETS, COLUMNS, KINDS
from biascheck.planting import Page, plant, plant_leftovers, read_families, read_markers
from biascheck.reading import load_schema
from biascheck.scorer import Scorer
from biascheck.store import data_folder
from biascheck.teacher import PageLines

LEFTOVERS = data_folder() / "leftovers"
WRITTEN, PLAIN, PLAIN2 = (LEFTOVERS / f"{name}.jsonl" for name in ("written", "plain", "plain2"))
SENTENCES = ["Le conseil a voté.", "La salle était pleine hier soir.", "Personne n’a parlé.", "Le maire attend."]
line = st.sampled_from(["Lien source", "Accueil > Monde", "Read more", "fr-01", "Tous droits réservés"])
some = st.lists(line, max_size=3)
pages = st.builds(Page, head=some, under_title=some, middle=some, tail=some, glue=st.booleans())
bodies = st.lists(st.sampled_from([*SENTENCES, "", " "]), min_size=1, max_size=8).map("\n".join)


@given(pages, bodies, st.integers(0, 10_000))
def test_planted_lines_stand_in_the_text_in_order(page: Page, body: str, seed: int) -> None:
    lines = plant(page, "Un titre", body, seed=seed).replace("\n\n", "\n").split("\n")
    top = [*page.head, "Un titre", *page.under_title]
    assert lines[: len(top)] == top
    assert lines[len(lines) - len(page.tail) :] == list(page.tail)
    inside = lines[len(top) : len(lines) - len(page.tail)]
    for planted in page.middle:
        inside.remove(planted)
    paragraphs = [paragraph for paragraph in body.split("\n") if paragraph.strip()]
    assert ["".join(item.split()) for item in inside] == ["".join(item.split()) for item in paragraphs]
    if not page.glue:
        assert inside == paragraphs


@given(bodies, st.integers(0, 10_000))
def test_glue_loses_one_blank_a_paragraph_and_nothing_else(body: str, seed: int) -> None:
    whole = [paragraph for paragraph in body.split("\n") if paragraph.strip()]
    glued = plant(Page(glue=True), "Titre", body, seed=seed).replace("\n\n", "\n").split("\n")[1:]
    for before, after in zip(whole, glued, strict=True):
        assert after.replace(" ", "") == before.replace(" ", "")
        assert 0 <= before.count(" ") - after.count(" ") <= 1


def test_glue_is_lost_somewhere_and_not_everywhere() -> None:
    body = "\n".join(SENTENCES * 10)
    glued = plant(Page(glue=True), "Titre", body, seed=3)
    assert 5 < body.count(" ") - glued.count(" ") < 40


def test_what_surrounds_the_title_is_on_its_line_and_the_seed_decides_all() -> None:
    page = Page(title_prefix="EN DIRECT - ", title_suffix=" | Gazette", middle=["À lire aussi"], glue=True)
    body = "\n".join(SENTENCES)
    text = plant(page, "Un titre", body, seed=5)
    assert text.split("\n")[0] == "EN DIRECT - Un titre | Gazette"
    assert plant(page, "Un titre", body, seed=5) == text
    assert len({plant(page, "Un titre", body, seed=seed) for seed in range(20)}) > 5


@pytest.fixture(scope="module", params=[WRITTEN, PLAIN, PLAIN2], ids=["written", "plain", "plain2"])
def records(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return [json.loads(text) for text in request.param.read_text(encoding="utf-8").splitlines()]


def test_kinds_of_the_vocabulary_are_those_of_a_reading() -> None:
    items = load_schema()["oneOf"][0]["properties"]["furniture"]["items"]
    assert set(KINDS) == set(items["properties"]["kind"]["enum"])
    assert {f"{kind} {place}" for kind in KINDS for place in ("head", "middle", "tail")} <= set(COLUMNS)


def test_the_families_keep_to_the_vocabulary(records: list[dict[str, Any]]) -> None:
    for record in records:
        assert record["aggregated"] in {0, 1}
        assert record["pages"]
        for page in record["pages"]:
            assert set(page) <= {"head", "title_prefix", "title_suffix", "under_title", "middle", "tail", "glue"}
            for item in (item for part in ("head", "under_title", "middle", "tail") for item in page.get(part, [])):
                assert item["kind"] in KINDS, (record["family"], item)
                assert item["text"].strip(), record["family"]
                assert "\n" not in item["text"], record["family"]


def test_no_family_stands_twice_and_both_labels_have_many(records: list[dict[str, Any]]) -> None:
    names = [record["family"] for record in records]
    assert len(set(names)) == len(names)
    assert len({json.dumps(record["pages"], sort_keys=True) for record in records}) == len(records)
    for label in (0, 1):
        assert sum(record["aggregated"] == label for record in records) >= 30


@pytest.mark.parametrize("file", [WRITTEN, PLAIN, PLAIN2])
def test_every_family_can_be_planted_as_often_as_the_others(file: Path) -> None:
    families = read_families(file)
    assert families
    for family in families:
        assert family.name.startswith(f"{file.stem} ")
        assert 6 % len(family.pages) == 0, "a family whose pages do not divide six would be planted less often"


def test_the_labels_of_seen_sites_are_whole() -> None:
    with (LEFTOVERS / "seen.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    domains = [row["domain"] for row in rows]
    assert len(set(domains)) == len(domains)
    assert {row["aggregated"] for row in rows} == {"0", "1"}
    for domain in domains:
        assert domain == domain.strip().lower()
        assert "." in domain


@pytest.fixture
def seen(tmp_path: Path) -> tuple[Path, Path]:
    markers, labels = tmp_path / "markers.csv", tmp_path / "seen.csv"
    markers.write_text(
        "marker,type,lang,seen_at\n"
        "Lien source,source_link,en,copie.example; gazette.example\n"
        "Accueil > Monde,breadcrumb,fr,copie.example;gazette.example\n"
        "— Copie World,headline_suffix,en,copie.example\n"
        "Par Paul Roux,byline,fr,gazette.example;muet.example\n"
        "par rapport à,calque,fr,copie.example\n"
        "Read more,related,en,inconnu.example\n"
        "Link kopiert,share_residue,de,zeitung.example\n"
        "(Archivbild),photo_credit,de,zeitung.example;bild.example\n",
        encoding="utf-8",
    )
    labels.write_text(
        "domain,aggregated\ncopie.example,1\ngazette.example,0\nmuet.example,1\nzeitung.example,0\nbild.example,1\n",
        encoding="utf-8",
    )
    return markers, labels


def test_seen_families_are_those_with_a_label_and_something_telling(seen: tuple[Path, Path]) -> None:
    families = {family.name: family for family in read_markers(*seen)}
    assert set(families) == {"seen copie.example", "seen gazette.example"}
    copied = families["seen copie.example"]
    assert copied.aggregated
    assert not families["seen gazette.example"].aggregated
    for page in copied.pages:
        assert "Lien source" in [*page.tail, *page.under_title] or page.title_suffix == " — Copie World"
        assert "par rapport à" not in [*page.head, *page.under_title, *page.tail]
        assert "Accueil > Monde" not in [*page.under_title, *page.tail]
    assert read_markers(*seen) == list(families.values())


def test_a_foreign_newsroom_and_an_agencys_caption_are_no_family(seen: tuple[Path, Path]) -> None:
    # Around a French text a German newsroom's lines would be leftovers; captions in German stand on its pages too.
    names = {family.name for family in read_markers(*seen)}
    assert not names & {"seen zeitung.example", "seen bild.example"}


def row(number: int, kind: str, prose: str, **changes: str) -> Row:
    text = f"Titre {number}\n{prose}"
    keys = {"set": "press", "outlet": f"journal {number}", "system": "", "story": "", "year": "2024", **changes}
    labels = {"original": 1, "agency": 0, "translated": 0, "rewritten": 0, "source_language": None}
    return Row(id=str(number), text=text, kind=kind, licence="", origin="", **keys, **labels)  # type: ignore[arg-type]


def test_a_text_with_a_link_back_is_neither_a_host_nor_a_clean_article(
    scorer: Scorer, prose: str, tmp_path: Path
) -> None:
    family = {"family": "g", "aggregated": 0, "pages": [{"tail": [{"kind": "legal", "text": "Tous droits réservés"}]}]}
    (tmp_path / "written.jsonl").write_text(json.dumps({**family, "pages": family["pages"] * 3}), encoding="utf-8")
    rows = [row(0, "native", prose), row(1, "native", f"{prose}\nLire la suite sur La Gazette")]
    cases = plant_leftovers(rows, [], tmp_path / "none.csv", tmp_path, scorer.model.lines)
    assert set(cases.groups) == {"written g", "journal 0"}
    assert not cases.X[:, COLUMNS.index("form read_at")].nnz


def test_cases_are_families_articles_wire_and_pages(scorer: Scorer, prose: str, tmp_path: Path) -> None:
    family = {"family": "f", "aggregated": 1, "pages": [{"tail": [{"kind": "source_link", "text": "Lien source"}]}] * 3}
    plain = {"family": "g", "aggregated": 0, "pages": [{"tail": [{"kind": "legal", "text": "Tous droits réservés"}]}]}
    (tmp_path / "written.jsonl").write_text(f"{json.dumps(family)}\n{json.dumps(plain)}\n", encoding="utf-8")
    rows = [
        row(0, "native", prose),
        row(1, "agency", prose),
        row(2, "llm", prose),
        row(3, "native", prose, set="written"),
    ]
    page = [PageLines("gazette.example", layout, prose, np.zeros(1, np.int8)) for layout in ("glued", "nodes")]
    cases = plant_leftovers(rows, page, tmp_path / "none.csv", tmp_path, scorer.model.lines)
    counted = dict(zip(*np.unique(cases.kinds, return_counts=True), strict=True))
    assert counted == {"written": 12, "article": 1, "wire": 1, "page": 1}
    assert cases.X.shape == (15, len(COLUMNS) + BUCKETS)
    assert cases.y.tolist() == (cases.groups == "written f").astype(int).tolist()
    assert set(cases.groups) == {"written f", "written g", "journal 0", "journal 1", "gazette.example"}
    links = cases.X[:, [COLUMNS.index("source_link tail")]].toarray().ravel() > 0
    assert links.tolist() == (cases.y == 1).tolist()
