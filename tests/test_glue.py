"""Glued words: what must be found, what must be left alone, and that no text breaks it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biascheck.glue import CHUNK, MAX_CANDIDATES, SLIP, Glue, find_glue, find_glue_many
from biascheck.words import LETTERS, NEAR, hash_words, is_known, load_words, read_letters

SEEDS = Path(__file__).resolve().parent.parent / "seeds"


def cut(text: str) -> list[str]:
    """The findings, written with a bar where the blank is missing."""
    return [f"{text[item.start : item.at]}|{text[item.at : item.end]}" for item in find_glue(text)]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("000", []),
        ("001", []),
        ("002", ["Rutte|à", "force|afin", "OTAN|ce", "renseignements|mener"]),
        ("003", []),
        ("004", ["Bruxelles.|SAUL", "étrangères|au", "Russie|dont"]),
    ],
)
def test_seeds(number: str, expected: list[str]) -> None:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    assert cut(path.read_text(encoding="utf-8")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Reçu par Marc Rutteà l'issue du sommet", "Rutte|à"),
        ("Depuis septembreLe président se tait", "septembre|Le"),
        ("Le plan de frenchZelensky a surpris", "french|Zelensky"),
        ("Le réacteur de Tchernobylétait à l'arrêt", "Tchernobyl|était"),
        ("Voici les nouvellesD'après lui, tout va bien", "nouvelles|D"),
        ("Dès cette annéeL'Ukraine attend", "année|L"),
        ("Ils entrent dansl'Union par la porte", "dans|l"),
        ("La guerreen Ukraine dure", "guerre|en"),
        ("Les forcesrusses reculent", "forces|russes"),
        ("Il suit leministre partout", "le|ministre"),
        ("Tous les renseignementsmener à lui", "renseignements|mener"),
        ("Le sommet de Bruxelles.SAUL DUPONT | XY", "Bruxelles.|SAUL"),
        ("Après la guerre, l’OTANdont il parle", "OTAN|dont"),
    ],
)
def test_found(text: str, expected: str) -> None:
    assert cut(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        # Short forms, initials, sites and figures around a full stop.
        "J.-C. et M.Dupont vont aux U.S.A. vers 15 p.m. pour 1.500 euros, cf.Le guide, Mme.Martin",
        "Allocine.Com, Change.Org, France.TV et lefigaro.fr",
        "étudiant.e.s et TOUS.TES",
        # Slips of the keyboard: a full stop, a preposition alone.
        "Il est parti à la fin.Le lendemain, rien. Le départ deMacron approche",
        # Part of a word, and a word that is quoted.
        'les forces-afin, une der-nière, no(yaient), il dit « lepays » et "forceafin"',
        # Brands with a capital inside.
        "YouTube LinkedIn iPhone McDonald LaPresse MoDem BFMTV CNews FranceInfo OpenAI WhatsApp TotalEnergies PayPal",
        "BlaBlaCar SoundCloud TikTok JavaScript ChatGPT StopCovid TousAntiCovid SpaceX DeepMind ParcourSup",
        # New words.
        "cybersécurité écoresponsable antivax téléconsultation antiterroriste eurosceptique surtourisme",
        "multirécidiviste néonazi postcolonial déconfinement ubérisation climatosceptique visioconférence écoféminisme",
        # Names.
        "Bundesverfassungsgericht Saakachvili Ouagadougou Nkurunziza Etxeberria Abdelmoumène Tshisekedi Medvedtchouk",
        "Delafosse Dumoulin Lemaire Labelle Lagarde Beaufort Desplat Duhamel Leroux Lesueur Puteaux Caron Moreau",
        # Units, ordinals, medicines, English and Italian.
        "20h30 10km 5G 2ème XXIe 12M€ 300MWh hydroxychloroquine tocilizumab spinosaurus lockdown newsletter",
        "Wendy's, dell'Arte, Sant'Egidio, O'Connor, aujourd'hui, prud'hommes, presqu'île, grand'mère",
        # Other scripts, soft hyphens, combining accents.
        "в Москве, infor\u00admations, e\u0301tat, λόγος, 北京",
    ],
)
def test_left_alone(text: str) -> None:
    assert cut(text) == []
    assert [word for word in text.split() if find_glue(word)] == []


@pytest.mark.parametrize(
    "address",
    [
        "#forceafin",
        "@forceafin",
        "https://exemple.org/forceafin",
        "moi@forceafin.fr",
        "forceafin.pdf",
        "forceafin_2",
        "www.x.fr/a-forceafin",
    ],
)
def test_addresses_are_no_words(address: str) -> None:
    assert cut(f"Voir {address} pour la suite") == []


def test_text_in_another_language_is_left_alone() -> None:
    text = "Ez dakigu noiz etorriko diren, baina gaurko egunean etxean geratuko gara lagunekin batera forceafin"
    assert cut(text) == []


def test_apostrophes_and_quotes_do_not_hide_a_word() -> None:
    assert cut("« la forceafin » l’Union") == ["force|afin"]


def test_a_doubtful_place_needs_sure_ones() -> None:
    text = "Le départ deMacron approche, et les renseignementsmener la Russiedont il parle"
    assert cut(text) == ["de|Macron", "renseignements|mener", "Russie|dont"]
    assert cut(text.replace("Russiedont", "Russie dont")) == ["renseignements|mener"]


def test_what_is_written_twice_is_a_word() -> None:
    assert cut("la forceafin du pays, et la forceafin de la ville") == []
    assert cut("depuis septembreLe pays, et depuis septembreLe peuple") == ["septembre|Le"] * 2


def test_one_place_in_a_long_text_is_a_slip() -> None:
    assert cut("la forceafin du pays" + " et de la ville" * (SLIP // 4 - 2)) == ["force|afin"]
    assert cut("la forceafin du pays" + " et de la ville" * (SLIP // 4)) == []


def test_work_is_bounded() -> None:
    assert len(find_glue("la septembreLe du pays et de la ville " * 2000)) == MAX_CANDIDATES
    assert len(find_glue("la ville.AB CD " * 2000)) == MAX_CANDIDATES
    assert find_glue("a" * 20_000) == []


def test_known_words() -> None:
    words = ["force", "AFIN", "Étrangères", "parlassent", "forceafin", "", "é"]
    assert is_known(words).tolist()[:5] == [True, True, True, True, False]
    assert is_known([]).shape == (0,)


def test_word_list_is_sorted_without_repeats() -> None:
    words = load_words()
    assert words.dtype == np.uint32
    assert (np.diff(words >> 3) > 0).all()
    # `_compare` looks at so many with the same upper bits, and 0 is no word's hash.
    assert np.bincount(words >> 14).max() <= NEAR
    assert words[0] > 7


@given(
    st.lists(st.text(st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F), min_size=4, max_size=40), max_size=5)
)
def test_hash_is_of_the_word_alone(words: list[str]) -> None:
    together = hash_words(words)
    assert [int(hash_words([word])[0]) for word in words] == together.tolist()


def check(text: str, items: list[Glue]) -> None:
    last = 0
    for item in items:
        assert last <= item.start < item.at < item.end <= len(text)
        assert not any(character.isspace() for character in text[item.start : item.end])
        last = item.start


@given(st.text())
def test_spans_are_in_range_in_any_text(text: str) -> None:
    check(text, find_glue(text))


PIECES = st.sampled_from(
    ["force", "afin", "Le", "OTAN", "ce", "à", ".", "'", " ", "\ud800", "İ", "ß", "#", "1", "Ω", "\n", "\u200b"]
)


@settings(max_examples=200)
@given(st.lists(PIECES, max_size=40))
def test_spans_are_in_range_in_glued_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    check(text, find_glue(text))


@settings(max_examples=100)
@given(st.lists(st.lists(PIECES | st.just("\U0001f600") | st.just("septembreLe "), max_size=12).map("".join)))
def test_many_are_found_as_one(texts: list[str]) -> None:
    assert find_glue_many(texts) == [find_glue(text) for text in texts]


def test_seeds_are_found_as_one() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))] * CHUNK
    assert find_glue_many(texts) == [find_glue(text) for text in texts]


@given(st.integers(0, 300))
def test_a_span_moves_with_its_text(blanks: int) -> None:
    (item,) = find_glue(" " * blanks + "la forceafin du pays")
    assert (item.start, item.at, item.end) == (blanks + 3, blanks + 8, blanks + 12)


@given(st.text())
def test_letters_are_those_that_each_character_has_alone(text: str) -> None:
    """A byte for a character, whether or not it is among the first code points; a letter and its capital are one."""
    letters = read_letters(text)[1:-LETTERS]
    assert letters.tolist() == [int(read_letters(character)[1]) for character in text]
    assert (read_letters("ÉçA") == read_letters("éÇa")).all()
