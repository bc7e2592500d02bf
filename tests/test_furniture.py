"""Rules over lines. The lines were written for the purpose; the seeds are the user's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.furniture import TAIL_LINES, bodies, body, body_with_offsets, find_all, find_furniture
from biascheck.furniture_rules import MAX_LINE, fold_bytes, fold_many_bytes, load_rules
from biascheck.reading import load_schema

BODY = "Le conseil s’est réuni hier soir et la salle était pleine."
TITLE = "Le conseil rouvre la salle"
EXPECTED = tomllib.loads((Path(__file__).parent.parent / "seeds/expected.toml").read_text(encoding="utf-8"))


def kinds(text: str) -> list[str]:
    return [found.furniture.kind for found in find_furniture(text)]


def pieces(text: str) -> list[tuple[str, str]]:
    found = [item.furniture for item in find_furniture(text)]
    return [(item.kind, text[item.start : item.end]) for item in found]


def place(text: str, piece: str, occurrence: int) -> int:
    """Where the given occurrence of a piece begins."""
    return [match.start() for match in re.finditer(re.escape(piece), text)][occurrence]


@pytest.mark.parametrize("number", EXPECTED)
def test_the_seeds_have_exactly_the_marked_furniture(seeds: dict[str, str], number: str) -> None:
    text = seeds[number]
    marked = EXPECTED[number]["furniture"]
    wanted = [(row["kind"], place(text, row["text"], row["occurrence"]), row["text"]) for row in marked]
    starts = [found.furniture.start for found in find_furniture(text)]
    found = [(kind, start, piece) for start, (kind, piece) in zip(starts, pieces(text), strict=True)]
    assert found == wanted


def test_glued_places_of_the_seeds_are_there(seeds: dict[str, str]) -> None:
    for number, expected in EXPECTED.items():
        for row in expected["glued"]:
            assert row["left"] + row["right"] == row["text"]
            assert row["text"] in seeds[number]


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
        "Varsovie et Lille ont signé le même accord.",
        "Jean Dupont (Renaissance) – 24 voix contre 11",
        "Elle travaille avec Paul Roux (PSC) - le président du conseil.",
        "Publié le mois dernier, le rapport du conseil déçoit.",
        "Recevez-vous souvent des visiteurs ?",
        f"{BODY} GZT/CVN/ABC",
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


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Lire la suite sur Gazette", "source_link"),
        ("Read Full Article at gazette.example", "source_link"),
        ("L'articolo La sala riapre proviene da Gazzetta", "source_link"),
        ("Quelle: GZ.de", "source_link"),
        ("Читать далее", "source_link"),
        ("もっと詳しく", "source_link"),
        ("https://www.gazette.example/monde/123", "source_link"),
        ("Accueil International Europe", "breadcrumb"),
        ("ActualitésPolitique", "breadcrumb"),
        ("PAR CLAIRE DUMONT AVEC AFP", "byline"),
        ("Par Agence Reuters", "byline"),
        ("(cld avec ats)", "byline"),
        ("GZT / Claire DUMONT", "byline"),
        ("De notre envoyée spéciale à Lille", "byline"),
        ("© Claire Dumont / AFP", "photo_credit"),
        ("[Photo d’illustration]", "photo_credit"),
        ("(Photo by Claire DUMONT / AFP)", "photo_credit"),
        ("Des habitants devant la salle, lundi. CLAIRE DUMONT / AFP", "photo_credit"),
        ("Publié le 4 mars 2021 à 9:41Mis à jour le 5 mars", "update_stamp"),
        ("PUBLIE LE 04/03/2021 A 09H41", "update_stamp"),
        ("Published 3 days ago", "update_stamp"),
        ("Temps de lecture : 4 min.", "update_stamp"),
        ("1704060000", "update_stamp"),
        ("EN DIRECT | Dernière minute de la guerre au Soudan", "live_feed"),
        ("Ce live est à présent terminé.", "live_feed"),
        ("Tags : salle, conseil, commune", "related"),
        ("ARTICLES RECENTS :", "related"),
        ("Il vous reste 71.20% de cet article à lire.", "newsletter"),
        ("Je m’abonne pour 1 € par mois", "newsletter"),
        ("Partager sur Facebook", "share"),
        ("t.me/gazette_du_soir", "share"),
        ("#salle #conseil #commune", "share"),
        ("Commentaires (12)", "comment_form"),
        ("Tous droits réservés", "legal"),
        ("© 2023 Gazette du soir", "legal"),
        ("(Avec AFP)", "agency_signoff"),
        ("(Reportage Claire Dumont, édité par Paul Roux)", "agency_signoff"),
        ("EUR - AED 3.901234", "residue"),
        ("* . * . * .", "residue"),
    ],
)
def test_more_lines_and_their_kinds(line: str, kind: str) -> None:
    assert pieces(f"{TITLE}\n{BODY}\n{BODY}\n{BODY}\n{line}\n{BODY}\n{BODY}") == [(kind, line.strip("* "))]


@pytest.mark.parametrize("line", ["Fin", "ATS", "/ATS", "cd/pr", "kh", "Rfi", "(AFP)", "nn-general", "ab-fr-12"])
def test_what_means_something_on_the_last_line_only(line: str) -> None:
    assert len(find_furniture(f"{TITLE}\n{BODY}\n{BODY}\n{BODY}\n{line}\nLire aussi : la salle")) == 2
    middle = [item for item in pieces(f"{TITLE}\n{BODY}\n{BODY}\n{BODY}\n{line}\n{BODY}") if item[0] != "dateline"]
    assert middle == []


@pytest.mark.parametrize(
    ("paragraph", "kind", "piece"),
    [
        (f"LILLE (Reuters) - {BODY}", "dateline", "LILLE (Reuters) -"),
        (f"LILLE/PARIS, 3 mars (Xinhua) -- {BODY}", "dateline", "LILLE/PARIS, 3 mars (Xinhua) --"),
        (f"3 mars (Reuters) – {BODY}", "dateline", "3 mars (Reuters) –"),
        (f"Lille (Gazettepress) – {BODY}", "dateline", "Lille (Gazettepress) –"),
        (f"AA / Lille / Claire Dumont\n{BODY}", "dateline", "AA / Lille / Claire Dumont"),
        (f"{BODY} (ats/afp)", "agency_signoff", "(ats/afp)"),
        (f"{BODY * 6} (afp/nxp)", "agency_signoff", "(afp/nxp)"),
        (f"Lille (AFP)\u00a0-\u00a0{BODY}", "dateline", "Lille (AFP)\u00a0-"),
        (f"{BODY} /ATS", "agency_signoff", "/ATS"),
        (f"{BODY} Fin", "agency_signoff", "Fin"),
        (f"{BODY} (Claire Dumont, édité par Paul Roux)", "agency_signoff", "(Claire Dumont, édité par Paul Roux)"),
        (f"{BODY * 6} (Photo, AFP).", "photo_credit", "(Photo, AFP)."),
        ("Le conseil a dit « l& apos;accord ».", "residue", "& apos;"),
    ],
)
def test_leftovers_inside_a_paragraph(paragraph: str, kind: str, piece: str) -> None:
    assert pieces(f"{TITLE}\n{paragraph}") == [(kind, piece)]


@pytest.mark.parametrize("suffix", ["— RT World News", "– The New York Times", "| Reuters", "- Le Figaro"])
def test_an_outlet_after_the_headline(suffix: str) -> None:
    assert pieces(f"{TITLE} {suffix}\n{BODY}\n{BODY}") == [("site_banner", suffix)]


@pytest.mark.parametrize("suffix", ["– chef de l’OTAN", "- Le maire", "| Lundi", ": le Figaro mécontent", "– 11 %"])
def test_the_end_of_an_ordinary_headline_is_article(suffix: str) -> None:
    assert pieces(f"{TITLE} {suffix}\n{BODY}\n{BODY}") == []


blanks = st.text(" \t\u00a0", max_size=4)


@given(before=blanks, after=blanks, end=st.sampled_from(["\n", "\r\n", "\n\n\n"]))
def test_a_span_cuts_the_line_without_its_blanks(before: str, after: str, end: str) -> None:
    text = f"{BODY}{end}{before}Lien source{after}{end}{BODY}"
    (found,) = find_furniture(text)
    assert text[found.furniture.start : found.furniture.end] == "Lien source"


@given(st.text(max_size=400))
def test_spans_are_in_order_and_apart(text: str) -> None:
    last = 0
    text_with_edges = f"Lien source\n{text}\nLien source"
    for found in find_furniture(text_with_edges):
        start, end = found.furniture.start, found.furniture.end
        assert last <= start < end
        assert text_with_edges[start:end] == text_with_edges[start:end].strip()
        last = end


lines = st.lists(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [BODY, "Lien source", f"Lille (AFP) - {BODY}", f"{BODY} (AFP)", "© Paul Roux / AFP", "& apos; &"]
        ),
    ),
    max_size=12,
)


@given(lines)
def test_the_body_is_what_is_left_and_knows_where_it_stood(parts: list[str]) -> None:
    text = "\n".join(parts)
    furniture = [found.furniture for found in find_furniture(text)]
    left, offsets = body_with_offsets(text, furniture)
    assert left == body(text, furniture)
    assert "".join(text[offset] for offset in offsets) == left
    inside = {place for item in furniture for place in range(item.start, item.end)}
    assert sorted(inside | set(offsets.tolist())) == list(range(len(text)))
    assert inside.isdisjoint(offsets.tolist())
    assert left.count("\n") == text.count("\n")


class Answers:
    """A line model that always gives the same lines."""

    def __init__(self, *spans: tuple[int, int]) -> None:
        self.spans = list(spans)

    def predict_documents(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [self.spans for _ in texts]


@given(st.lists(st.sampled_from([BODY, "Lien source", "Accueil", f"Lille (AFP) - {BODY}", ""]), max_size=12), st.data())
def test_learnt_lines_stand_beside_what_the_rules_name_and_never_over_it(parts: list[str], data: st.DataObject) -> None:
    text = "\n".join(parts)
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=10)))
    learnt = list(zip(edges[0::2], edges[1::2], strict=False))
    named = find_furniture(text)
    (found,) = find_all([text], Answers(*learnt))  # type: ignore[arg-type]
    assert [item for item in found if item in named] == named
    spans = [(item.furniture.start, item.furniture.end) for item in found]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    taken = [(item.furniture.start, item.furniture.end) for item in named]
    free = [(a, b) for a, b in learnt if not any(start < b and a < end for start, end in taken)]
    assert spans == sorted([*taken, *free])
    assert all(item.furniture.kind == "residue" for item in found if item not in named)


def test_what_is_left_is_given_with_the_kinds_of_what_is_not() -> None:
    texts = [f"{TITLE}\n{BODY}\nLien source", BODY]
    left = bodies(texts, [find_furniture(text) for text in texts])
    assert [(item.text, item.kinds) for item in left] == [(f"{TITLE}\n{BODY}\n", ("source_link",)), (BODY, ())]


def test_as_many_learnt_lines_as_named_ones_end() -> None:
    text = f"{BODY}\nLien source\nMentions\n" * 20_000
    found = find_furniture(text)
    learnt = [(match.start(), match.end()) for match in re.finditer("Mentions", text)]
    assert len(find_all([text], Answers(*learnt))[0]) == len(found) + len(learnt)  # type: ignore[arg-type]


@pytest.mark.parametrize("unit", ["a", "Home » ", "Source : ", "Facebook ", "A" * 20 + " ", "par A.A "])
def test_one_long_line_is_a_paragraph(unit: str) -> None:
    assert find_furniture(unit * (300_000 // len(unit))) == []


def test_many_lines_at_the_limit_end() -> None:
    lines = "\n".join([("AA " * MAX_LINE)[:MAX_LINE], ("x, " * MAX_LINE)[:MAX_LINE], "." * MAX_LINE] * 100)
    assert find_furniture(lines) == []


def test_a_text_of_sign_offs_is_not_all_sign_off() -> None:
    assert len(find_furniture("ab\n" * 500)) <= TAIL_LINES


def test_rules_keep_to_the_vocabulary() -> None:
    item = load_schema()["oneOf"][0]["properties"]["furniture"]["items"]
    allowed = item["properties"]["kind"]["enum"]
    for rule in load_rules():
        assert rule.kind in allowed
        assert rule.where in {"line", "start", "prefix", "any", "words", "inline", "opening", "ending"}
        assert rule.zone in {"text", "head", "tail", "ends"}
        assert 0 <= rule.aggregated < 1
        assert rule.why
        assert rule.phrases or rule.pattern
        if rule.pattern:
            assert rule.compiled
        if rule.where in {"any", "inline", "opening", "ending", "start", "prefix"}:
            assert rule.phrases, rule


def test_every_phrase_that_is_a_line_of_its_own_is_found() -> None:
    for rule in load_rules():
        if rule.where == "line" and rule.zone == "text":
            for phrase in rule.phrases:
                if phrase.isascii():
                    line = phrase.decode()
                    assert kinds(f"{TITLE}\n{BODY}\n{BODY}\n{BODY}\n{line}\n{BODY}") != [], line


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=50), max_size=5))
def test_texts_are_folded_together_as_each_alone(texts: list[str]) -> None:
    assert fold_many_bytes(texts) == [fold_bytes(text) for text in texts]
