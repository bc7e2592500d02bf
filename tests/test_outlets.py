"""Outlets and agencies: the table is sound, and a name gets the role that its surroundings show."""

from __future__ import annotations

import csv
import json
import re
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.furniture import find_furniture
from biascheck.outlets import load_outlets
from biascheck.reading import Furniture
from biascheck.upstream import ROLES, find_upstream

HERE = Path(__file__).parent
CASES = [json.loads(line) for line in (HERE / "upstream.jsonl").read_text(encoding="utf-8").splitlines()]
PIECES = [
    "AFP",
    "PA",
    "Le Monde",
    "Source : ",
    "rt.com",
    "https://t.me/rybar",
    "©",
    "(",
    ")",
    " | ",
    " / ",
    "\n",
    "’",
    "\u00a0",
    "JO X",
    "İ",
]


def found(text: str, **said: str | None) -> set[tuple[str, str]]:
    return {(item.name, item.role) for item in find_upstream(text, **said)}  # type: ignore[arg-type]


def test_table_is_sound() -> None:
    with resources.files("biascheck").joinpath("outlets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "name",
        "aliases",
        "domains",
        "country",
        "language",
        "ownership",
        "agency",
        "translated_names",
    ]
    assert len(rows) >= 600
    domains = [domain for row in rows for domain in row["domains"].split("|")]
    assert len(domains) == len(set(domains))
    assert all(re.fullmatch(r"[a-z0-9.-]+\.[a-z0-9-]{2,}(?:/[\w.-]+)*", domain) for domain in domains)
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        assert row["name"]
        assert all(value == value.strip() for value in row.values())
        assert all(
            part for key in ("aliases", "domains", "translated_names") if row[key] for part in row[key].split("|")
        )
        assert re.fullmatch(r"(?:[A-Z]{2})?", row["country"])
        assert re.fullmatch(r"[a-z]{2}(?:\|[a-z]{2})*", row["language"])
        assert row["ownership"] in {"state", "public", "private", "party", "unknown"}
        assert row["agency"] in {"yes", "no"}


@pytest.mark.parametrize(
    ("name", "country", "ownership", "agency"),
    [
        ("RT", "RU", "state", False),
        ("Sputnik", "RU", "state", False),
        ("TASS", "RU", "state", True),
        ("RIA Novosti", "RU", "state", True),
        ("Xinhua", "CN", "state", True),
        ("BBC", "GB", "public", False),
        ("France 24", "FR", "public", False),
        ("RFI", "FR", "public", False),
        ("Deutsche Welle", "DE", "public", False),
        ("Agence France-Presse", "FR", "public", True),
        ("Le Monde", "FR", "private", False),
        ("Reuters", "GB", "private", True),
    ],
)
def test_well_known_outlets(name: str, country: str, ownership: str, agency: bool) -> None:
    outlet = next(item for item in load_outlets() if item.name == name)
    assert (outlet.country, outlet.ownership, outlet.agency) == (country, ownership, agency)


@pytest.mark.parametrize("furnished", [False, True])
@pytest.mark.parametrize("part", dict.fromkeys(case.get("set") for case in CASES))
def test_written_cases(part: str | None, furnished: bool) -> None:
    """All cases are written for the purpose.

    The unseen ones were so after the rules, a tester's by somebody who never saw them; the rules were mended then.
    """
    right = said = expected = 0
    cases = [case for case in CASES if case.get("set") == part]
    for case in cases:
        furniture = [item.furniture for item in find_furniture(case["text"])] if furnished else []
        got = {(item.name, item.role) for item in find_upstream(case["text"], furniture, title=case.get("title"))}
        want = {(item["name"], item["role"]) for item in case["expected"]}
        right, said, expected = right + len(got & want), said + len(got), expected + len(want)
    precision, recall = right / said, right / expected
    print(f"{part or 'written'}: {len(cases)} cases, names and roles: precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.97
    assert recall >= 0.95


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][-30:])
def test_a_name_only_mentioned_is_no_origin(case: dict[str, object]) -> None:
    if "origin" not in str(case["expected"]):
        assert "origin" not in {item.role for item in find_upstream(str(case["text"]))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # With a small article, after what only an outlet stands by.
        ("Selon le Parisien, le suspect a été relâché.", {("Le Parisien", "cited")}),
        ("Le Parisien Anne Morel a couru le marathon avec le Parisien Jean Leroy.", set()),
        ("Le convoi traverse la Provence, puis l'Alsace et la Montagne noire.", set()),
        ("Selon l'Union, les quotas seront relevés en mai.", set()),
        ("Le quotidien rémois l'Union a publié la lettre.", {("L'Union", "cited")}),
        ("La part du marché, selon le Telegraph, a baissé.", {("The Daily Telegraph", "cited")}),
        # Each word with a capital.
        ("Une information du Courrier Picard.", {("Courrier picard", "cited")}),
        # In a row with a name that is one.
        (
            "Mediapart, Libération et le Monde ont saisi le juge.",
            {(n, "cited") for n in ("Mediapart", "Libération", "Le Monde")},
        ),
        ("À la Libération, Le Figaro reparaît.", {("Le Figaro", "cited")}),
        # Outlets of one name.
        ("DAKAR (APS) - La pêche reprend mardi.", {("Agence de presse sénégalaise", "agency")}),
        ("ALGER (APS) - La pêche reprend mardi.", {("Algérie Presse Service", "agency")}),
        # Longer names.
        ("Elle dirige les éditions de The Sun Valley Resort.", set()),
        ("Il a gagné deux éditions des 24 heures du Mans.", set()),
        # Two roles are not given to one place.
        ("Foto: dpa", {("dpa", "photo")}),
        ("Le pont vu du ciel. (Reuters photo: Ann Roe)\nIl a rouvert lundi.", {("Reuters", "photo")}),
        # The paper of a byline, and a page's own name.
        ("Par Anne Morel (Mediapart)\nLa grêle a détruit un tiers des vignes du canton.", {("Mediapart", "origin")}),
        ("Dernières nouvelles | News 24\n\nLa grêle a détruit un tiers des vignes du canton.", set()),
        # The page's own first line, and what looks like one.
        ("Mediapart – Enquête\nLe port a fermé ses portes.", {("Mediapart", "origin")}),
        ("Mediapart – qui a payé – répond au ministre.\nLe port ferme.", {("Mediapart", "cited")}),
        ("Le Point, 3 mai 2024\nLe port a fermé ses portes.", {("Le Point", "origin")}),
        ("Accueil › Monde › RFI\nLe port a fermé ses portes.", {("RFI", "origin")}),
        ("RFI / France 24\nLe port a fermé ses portes.", {("RFI", "origin"), ("France 24", "origin")}),
        ("Le Soir avec Belga\nLe port ferme.", {("Le Soir", "origin"), ("Belga", "agency")}),
        ('<meta property="og:url" content="https://www.rt.com/x">\nLe port ferme.', {("RT", "origin")}),
        # An outlet that is the origin is not its own agency.
        ("UNIAN. Le port ferme lundi.\nSource : https://www.unian.ua/x", {("UNIAN", "origin")}),
        # `PA` is put into French from AFP; in Britain it is the Press Association.
        ("QUITO (PA) — Le port de la ville ferme lundi.", {("Agence France-Presse", "agency")}),
        ("LONDRES (PA) — Le port de la ville ferme lundi.", {("PA Media", "agency")}),
        # A vaccine, a person.
        ("Le vaccin Spoutnik V arrive. Michael Bloomberg en achète.", set()),
        # Two weak names by one noun.
        (
            "Les canaux Telegram Shot et Mash montrent le port.",
            {("SHOT", "cited"), ("Mash", "cited")},
        ),
        # A credit with two names, before a sentence.
        (
            "Le port. © Ann Roe / AFP via Getty Images. Il ferme lundi.",
            {("Agence France-Presse", "photo"), ("Getty Images", "photo")},
        ),
        # A book, a word in quotes, a rating; who answers for a headline.
        ("Le Monde d'hier raconte Vienne avant la guerre.", set()),
        ("Il parle du « Monde perdu » et du « Point de vue » des autres.", set()),
        ("S&P confirme la note du pays. La dette reste à AA / AAA.", set()),
        ("Le président prêt à quitter ses fonctions avant mars : Reuters", {("Reuters", "cited")}),
        ("Elle a longtemps parlé avec Reuters. Le ministre se tait.", {("Reuters", "cited")}),
        ("Il tient le dossier pour Reuters (reportage à lire demain) et pour lui.", {("Reuters", "cited")}),
        # A reporter's name, and below it the paper; a heading is none.
        ("Anne Morel\nLa Presse\nLe port ferme ses portes lundi.", {("La Presse", "origin")}),
        ("Revue du matin\nLa Presse\nLe port ferme ses portes lundi.", set()),
        # Initials before the rights, and a picture's credit.
        ("abc/def © 2024 AFP", {("Agence France-Presse", "agency")}),
        ("Le port, lundi. © Ann Roe / AFP\nIl ferme.", {("Agence France-Presse", "photo")}),
        # Agencies of one name.
        ("Conakry (AGP) – Le port ferme lundi.", {("Agence guinéenne de presse", "agency")}),
        # A sentence of the story that begins with what was done to its subject, and a text that tells of itself.
        ("Repris par Le Figaro, le chiffre est faux depuis deux ans.", {("Le Figaro", "cited")}),
        ("Repris du Guardian, ce texte est publié ici avec son accord.\nLe port.", {("The Guardian", "origin")}),
        # A paper, and the agency it has the text from.
        ("Source : Cameroon Tribune / Xinhua\nLe port.", {("Cameroon Tribune", "origin"), ("Xinhua", "agency")}),
        # Capitals, as mastheads and bylines have them; a heading is no outlet.
        ("LE FIGARO – Le port ferme ses portes.\nIl rouvre.", {("Le Figaro", "origin")}),
        ("L'ESSENTIEL\nLe port ferme ses portes lundi.", set()),
        # A capital that shows a name, and one that does not.
        ("L'enquête de Libération a été saluée.", {("Libération", "cited")}),
        ("Le Front de Libération et le Produit intérieur Brut.", set()),
        ("Contrairement au Point, la revue se tait.", {("Le Point", "cited")}),
        ("L'ABC espagnol y voit un aveu.", {("ABC", "cited")}),
        # An agency tells in its own text what it was told itself.
        ("OUAGADOUGOU (AFP) – Le port ferme, a appris l'AFP lundi.", {("Agence France-Presse", "agency")}),
        # Questions of an interview; a headline with one question is none.
        ("Der Spiegel : Qui paie ?\nMoi.\nDer Spiegel : Et vous ?\nNon.", {("Der Spiegel", "origin")}),
        ("Der Spiegel : qui paie ?", set()),
        # A sentence is no byline.
        ("Il l'a dit à l'agence Reuters mardi.", {("Reuters", "cited")}),
        ("Un texte paru dans Le Monde appelle à la grève.", {("Le Monde", "cited")}),
    ],
)
def test_names_among_words(text: str, expected: set[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        ("001_11e3a12bee799160.txt", ("RT", "origin")),
        ("003_d1409d0cbd35c96d.txt", ("Daily Express", "cited")),
        ("004_a21052ad1a0f0015.txt", ("Agence France-Presse", "photo")),
    ],
)
def test_seeds(seed: str, expected: tuple[str, str]) -> None:
    text = (HERE.parent / "seeds" / seed).read_text(encoding="utf-8")
    assert found(text) == {expected}
    furniture = [item.furniture for item in find_furniture(text)]
    assert {(item.name, item.role) for item in find_upstream(text, furniture)} == {expected}


def test_typography_does_not_matter() -> None:
    curly = "Selon l’Agence\u00a0France-Presse, et d’après L’Humanité ou Le\u202fMonde."
    agency, daily, paper = find_upstream(curly)
    assert curly[daily.start : daily.end] == "L’Humanité"
    assert curly[agency.start : agency.end] == "Agence\u00a0France-Presse"
    assert curly[paper.start : paper.end] == "Le\u202fMonde"


def test_own_site_is_no_upstream() -> None:
    text = "Trois villages privés d'eau dans le sud du pays - Le Figaro\n\nLa panne dure depuis jeudi."
    assert found(text) == {("Le Figaro", "origin")}
    assert found(text, site_name="Le Figaro") == set()
    assert found(text, canonical_url="https://www.lefigaro.fr/x") == set()


def test_canonical_address_of_another_site_is_the_origin() -> None:
    (item,) = find_upstream("Un texte.", site_name="Observ 24", canonical_url="https://www.rt.com/news/1/")
    assert (item.name, item.role, item.start, item.end) == ("RT", "origin", 0, 0)
    assert found("Un texte.", site_name="RT en français", canonical_url="https://francais.rt.com/x") == set()


def test_title_and_author_tell_too() -> None:
    assert found("Un texte.", title="Le ministre refuse de céder aux grévistes | Reuters") == {("Reuters", "origin")}
    assert found("Un texte.", author="Jean Dupont avec AFP") == {("Agence France-Presse", "agency")}


def test_pa_in_english_is_the_press_association() -> None:
    text = (
        "The prince at the gate of the town. Joe Giddens | PA\nThe visit of the prince to the town and the port ended."
    )
    assert found(text) == {("PA Media", "photo")}


def test_related_links_are_left_alone() -> None:
    text = "La pluie tombe.\nLisez le Washington Post"
    assert find_upstream(text, [Furniture("related", 16, len(text))]) == ()


def test_order_and_once_a_role() -> None:
    text = (
        "PARIS (AFP) - Selon Reuters et Le Figaro, et selon Reuters encore, rien.\nUne ligne.\n\nEncore.\nSource : RT"
    )
    items = find_upstream(text)
    assert len({(item.name, item.role) for item in items}) == len(items)
    assert [(ROLES.index(i.role), i.start) for i in items] == sorted((ROLES.index(i.role), i.start) for i in items)
    assert items[0].name == "RT"


def test_references_are_no_origin() -> None:
    text = "Une étude longue et détaillée du marché du blé.\n" * 4 + "https://www.rt.com/a\nhttps://www.dw.com/b"
    assert found(text) == {("RT", "cited"), ("Deutsche Welle", "cited")}


@given(st.one_of(st.text(), st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join)))
def test_any_text(text: str) -> None:
    for item in find_upstream(text, title=text[:50], author=text[:20]):
        assert 0 <= item.start <= item.end <= len(text)
        assert item.role in ROLES
    for item in find_upstream(text):
        assert text[item.start : item.end].strip()
