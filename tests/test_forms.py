"""What lines of leftovers look like. The lines were written for the purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.forms import FORMS, forms_of
from biascheck.lexicon import read_table
from biascheck.meanings import words_of
from biascheck.outlets import plain


def forms(line: str) -> set[str]:
    return {form.name for form in forms_of(line, words_of(line))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Source : Le Phare des Dunes", "source"),
        ("Le Phare des Dunes via phare-info.net", "via"),
        ("Poursuivre la lecture sur Le Phare des Dunes", "read_at"),
        ("Texte repris de nos confrères du Phare", "passed_on"),
        ("Le Phare des Dunes a publié :", "has_published"),
        ("Première parution dans Le Phare des Dunes", "first"),
        ('[su_row][su_column size="1/2"]', "markup"),
        ("item_lang: fr", "field"),
        ("guid 77ab09ff-11aa", "field"),
        ("ref 7f3a99b0c2d1", "hash"),
        ("Instantané de la page du 3 mars 2021", "capture"),
        ("Unsubscribe or manage your preferences", "mailing"),
        ("Tirage : 12 000 ex. – Parution : mensuelle", "clipping"),
        ("Le Phare des Dunes, 03/04/21, p. 5", "issue"),
        ("140 médias suivis", "crowd"),
        ("La dune recule encore — Le Phare — il y a 2 h", "listing"),
        ("2,4 k abonnés", "followed"),
        ("Le sable manque depuis que la […]", "teaser"),
        ("Messages : 431 Inscription : 2012", "forum"),
        ("Filed under: Beaches, Sand", "filed"),
        ("May 2, 2021 at 7:15 pm", "foreign_date"),
        ("mai 2, 2021", "swapped_date"),
        ("Por Redacción", "foreign_by"),
        ("Laissez une réponse", "calque"),
        ("Le texte reste la propriété de son éditeur", "disowned"),
    ],
)
def test_a_line_of_a_republisher_has_its_form(line: str, expected: str) -> None:
    assert expected in forms(line)


def test_every_form_has_a_strength_a_reason_and_something_that_announces_it() -> None:
    rows = {name: row for name, row in read_table("leftovers")["form"].items() if name != "macro"}
    assert tuple(rows) == FORMS
    for name, row in rows.items():
        assert 0 < row["aggregated"] < 1, name
        assert row["why"], name
        assert row.get("words") or row.get("signs"), name
        assert row.get("words", "") == row.get("words", "").lower(), name


@pytest.mark.parametrize(
    "line",
    [
        "Par Jeanne Morel",
        "Publié le 3 mars 2021 à 18h12",
        "Lire aussi : Le marché rouvre samedi",
        "Suivez-nous sur Facebook et Instagram",
        "Partager sur Facebook",
        "Laisser un commentaire",
        "Votre adresse e-mail ne sera pas publiée",
        "Tous droits réservés",
        "Abonnez-vous à notre lettre",
        "Photo Jeanne Morel",
        "Les élus ont repris leurs travaux",
        "Accueil > Région > Le Havre",
    ],
)
def test_a_newsrooms_own_line_has_none(line: str) -> None:
    assert not forms(line)


@given(st.text(max_size=200))
def test_no_line_breaks_it(line: str) -> None:
    assert forms(line) <= set(FORMS)
    assert len(plain(line)) == len(line)


def test_typography_makes_no_difference() -> None:
    assert forms("Lire l’original sur Vallée Hebdo") == forms("Lire l'original sur Vallée Hebdo") == {"read_at"}
