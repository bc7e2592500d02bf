"""Rules over lines. The lines were written for the purpose; the seeds are the user's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.furniture import MAX_LINE, aggregated_score, find_furniture, load_rules
from biascheck.reading import load_schema
from biascheck.scorer import AGGREGATED_THRESHOLD

BODY = "Le conseil s’est réuni hier soir et la salle était pleine."


def kinds(text: str) -> list[str]:
    return [found.furniture.kind for found in find_furniture(text)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Lien source", "source_link"),
        ("L’article est apparu en premier sur Gazette", "source_link"),
        ("Source : gazette.example", "source_link"),
        ("Home » Monde » Le conseil se réunit", "breadcrumb"),
        ("Accueil > Région > Le conseil se réunit", "breadcrumb"),
        ("Related Articles", "related"),
        ("• À lire aussi : la salle rouvre", "related"),
        ("This website uses cookies to remember you.", "cookie_banner"),
        ("Photo : Claire Dumont", "photo_credit"),
        ("Vivez toute la dernière minute du conseil", "live_feed"),
        ("Mis à jour lundi à 8h", "update_stamp"),
        ("2024-03-05 08:00:00", "update_stamp"),
        ("Facebook Twitter WhatsApp", "share"),
        ("Leave a reply", "comment_form"),
        ("Par Claire Dumont", "byline"),
        ("Traduit de l’anglais par Claire Dumont", "translation_note"),
        ("Exit mobile version", "residue"),
    ],
)
def test_a_line_and_its_kind(line: str, kind: str) -> None:
    assert kinds(f"{BODY}\n{line}\n{BODY}\n{BODY}") == [kind]


@pytest.mark.parametrize(
    "line",
    [
        "La source de cette rivière est à deux heures de marche.",
        "Par ailleurs, le maire a promis une salle plus grande.",
        "Photographier la salle est permis, dit le maire.",
        "Le lien entre les deux villages reste fort.",
        "Elle a partagé son repas avec ses voisins.",
    ],
)
def test_sentences_that_look_like_furniture_are_none(line: str) -> None:
    assert kinds(f"{BODY}\n{line}\n{BODY}") == []


def test_a_tag_counts_on_the_last_line_only() -> None:
    assert kinds(f"{BODY}\nfr-01\n\n") == ["site_tag"]
    assert kinds(f"{BODY}\nfr-01\n{BODY}") == []


def test_a_banner_counts_in_the_first_lines_only() -> None:
    banner = "Dernières Nouvelles | Gazette 24"
    assert kinds(f"{banner}\n{BODY}") == ["site_banner"]
    assert kinds(f"{BODY}\n{BODY}\n{BODY}\n{banner}\n{BODY}") == []


blanks = st.text(" \t\u00a0", max_size=4)


@given(before=blanks, after=blanks, end=st.sampled_from(["\n", "\r\n", "\n\n\n"]))
def test_a_span_cuts_the_line_without_its_blanks(before: str, after: str, end: str) -> None:
    text = f"{BODY}{end}{before}Lien source{after}{end}{BODY}"
    (found,) = find_furniture(text)
    assert text[found.furniture.start : found.furniture.end] == "Lien source"


@given(st.text(max_size=400))
def test_spans_are_whole_lines_in_order(text: str) -> None:
    last = 0
    for found in find_furniture(f"Lien source\n{text}\nLien source"):
        start, end = found.furniture.start, found.furniture.end
        assert last <= start < end
        last = end


def test_sentences_of_the_seeds_are_no_furniture(seeds: dict[str, str]) -> None:
    for number, text in seeds.items():
        for found in find_furniture(text):
            line = text[found.furniture.start : found.furniture.end]
            assert not (len(line) > 140 and line.endswith((".", "»", "”"))), (number, line)
    assert find_furniture(seeds["000"]) == find_furniture(seeds["002"]) == []


@pytest.mark.parametrize("number", ["001", "003", "004"])
def test_scraped_seeds_are_aggregated(seeds: dict[str, str], number: str) -> None:
    assert aggregated_score(find_furniture(seeds[number])) >= AGGREGATED_THRESHOLD


@pytest.mark.parametrize("number", ["000", "002"])
def test_clean_seeds_are_not_aggregated(seeds: dict[str, str], number: str) -> None:
    assert aggregated_score(find_furniture(seeds[number])) < AGGREGATED_THRESHOLD


def test_native_furniture_alone_accuses_nobody() -> None:
    lines = "Accueil > Région\nPar Claire Dumont\nPhoto : Paul Roux\nÀ lire aussi : la salle\nPublié le 3 mai\nCopié!"
    assert 0 < aggregated_score(find_furniture(f"{lines}\n{BODY}")) < AGGREGATED_THRESHOLD


def test_a_repeated_leftover_counts_once() -> None:
    once = aggregated_score(find_furniture(f"Read next\n{BODY}"))
    assert aggregated_score(find_furniture(f"Read next\n{BODY}\n" * 50)) == once


def test_another_witness_raises_the_score() -> None:
    one, two = f"{BODY}\nRelated Articles\n{BODY}", f"{BODY}\nRelated Articles\n{BODY}\nfr-01"
    assert aggregated_score(find_furniture(one)) < aggregated_score(find_furniture(two)) < 1


@pytest.mark.parametrize("unit", ["a", "Home » ", "Source : ", "Facebook ", "A" * 20 + " ", "par A.A "])
def test_one_long_line_is_a_paragraph(unit: str) -> None:
    assert find_furniture(unit * (300_000 // len(unit))) == []


def test_many_lines_at_the_limit_end() -> None:
    lines = "\n".join([("AA " * MAX_LINE)[:MAX_LINE], ("x, " * MAX_LINE)[:MAX_LINE], "." * MAX_LINE] * 100)
    assert find_furniture(lines) == []


def test_rules_keep_to_the_vocabulary() -> None:
    item = load_schema()["oneOf"][0]["properties"]["furniture"]["items"]
    allowed = item["properties"]["kind"]["enum"]
    for rule in load_rules():
        assert rule.kind in allowed
        assert rule.where in {"line", "start", "any", "last", "first"}
        assert 0 <= rule.aggregated < 1
        assert rule.why
        assert bool(rule.phrases) != (rule.pattern is not None)


def test_every_phrase_of_the_rules_can_match() -> None:
    for rule in load_rules():
        for phrase in rule.phrases:
            assert rule.matches(phrase, first=True, last=True), phrase
            assert phrase == phrase.lower().replace("’", "'")
