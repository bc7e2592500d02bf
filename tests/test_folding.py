"""Folding, and its twin that knows where every character came from."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from biascheck.folding import CHUNK, MAX_CHARACTERS, NAME, Body, align, fold, fold_many

#: What has bitten text code before: case that changes length, combining signs, blanks and quotes of all kinds.
HARD = " \u00a0\u202f\u2009\u200b\ufeff\u00ad\t\r\n\x0b\x1c\u0085\u2028aéZÉœŒİıßΣςσǅﬁe\u0301\u0308"
HARD += "«»“”„\"'’‘؛–—…07٣🙂👩‍👧¤;:!?%.-M"
texts = st.one_of(
    st.text(max_size=200),
    st.text(HARD, max_size=200),
    st.lists(st.sampled_from(["Emmanuel", "Macron", "M. ", "« ", " »", "l’", "AFP", "Île", "de", ". ", "\n"])).map(
        " ".join
    ),
)


@given(texts)
@example("")
@example(" \n ")
@example("İİ Σ")
@example("« À Kiev, M. Dupont-Martin a dit “non” »")
@example("\ud800 \udfff")
def test_align_is_fold_with_places(text: str) -> None:
    folded, spans = align(text)
    assert folded == fold(text).text
    assert len(spans) == len(folded)


@given(texts)
def test_spans_go_forward_and_stay_inside(text: str) -> None:
    _, spans = align(text)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))


@given(texts)
def test_letters_stand_for_themselves(text: str) -> None:
    folded, spans = align(text)
    for character, (start, end) in zip(folded, spans, strict=True):
        if character.isalpha():
            # A final sigma is decided by its neighbours, and the ligature oe by the fold.
            said = text[start:end].replace("œ", "oe").replace("Œ", "oe").lower().replace("σ", "ς")
            assert character.replace("σ", "ς") in said


@given(texts)
def test_folded_text_is_in_lower_case_between_single_blanks(text: str) -> None:
    folded, names, *_ = fold(text)
    assert folded.startswith(" ")
    assert folded.endswith(" ")
    assert not re.search(r"[ \t\r\n]{2}|[\t\r\n\u00a0\u202f]", folded)
    assert folded == folded.lower()
    assert names == names.lower()
    assert not set("123456789’“”«»…\u00a0") & set(folded)


@pytest.mark.parametrize(
    "other",
    [
        "“C’est fini”, dit-il : “l’été !”",
        '"C\'est fini", dit-il: "l\'été!"',
        "«\u00a0C’est fini\u00a0», dit-il\u00a0: «\u202fl’été\u202f!\u202f»",
        "„C‘est fini”, dit-il :  “l’été !”",
        "«C'est fini», dit-il : «l'été !»\r\n",
        "\ufeff« C’est fini », dit-il : « l’é\u00adté ! »",
    ],
)
def test_typography_makes_no_difference(other: str) -> None:
    assert fold(other)[:2] == fold("« C’est fini », dit-il : « l’été ! »")[:2]


def test_dashes_dots_and_ligatures_are_one_of_a_kind() -> None:
    assert fold("un œuf – deux — trois… et le cœur").text == fold("un oeuf - deux - trois... et le coeur").text


@pytest.mark.parametrize(
    ("text", "folded", "names"),
    [
        ("Le maire de Lyon parle.", " le maire de ¤ parle. ", " lyon "),
        ("Oui. Paris attend Jean Dupont.", " oui. paris attend ¤. ", " jean dupont "),
        ("Hier M. Roux. Emmanuel Macron parle.", " hier m. ¤. emmanuel ¤ parle. ", " roux macron "),
        ("vu à l'Île-de-Sein", " vu à l'¤-de-¤ ", " île sein "),
        ("« Demain », dit Anne-Marie.", ' "demain", dit ¤. ', " anne-marie "),
        ("selon l'agence AFP et Reuters", " selon l'agence afp et reuters ", "  "),
        ("une ligne\nVoilà la suite", " une ligne voilà la suite ", "  "),
        ("en 2024, à 13h45", " en 0000, à 00h00 ", "  "),
    ],
)
def test_names_are_masked_and_sentence_starts_kept(text: str, folded: str, names: str) -> None:
    assert fold(text)[:2] == (folded, names)


def test_the_span_of_a_mask_is_the_name() -> None:
    text = "hier à Kiev, « Volodymyr Zelensky » a parlé"
    folded, spans = align(text)
    assert [text[slice(*spans[i])] for i, c in enumerate(folded) if c == NAME] == ["Kiev", "Zelensky"]
    start = folded.index("volodymyr")
    assert text[spans[start][0] : spans[start + 8][1]] == "Volodymyr"


@given(st.lists(texts, min_size=CHUNK - 2, max_size=2 * CHUNK + 2))
def test_many_are_folded_as_one(some: list[str]) -> None:
    """Texts go through the second part together; no sign of one may reach its neighbour."""
    assert fold_many(map(Body, some)) == [fold(text) for text in some]


def test_folding_keeps_the_kinds_and_counts_the_quotation_marks() -> None:
    (folded,) = fold_many([Body('« a » « b » “c” "d"', ("dateline", "byline"))])
    assert folded.kinds == ("dateline", "byline")
    assert folded.quotes == (2, 2, 1)
    assert fold_many([]) == []


def test_folding_again_changes_nothing_but_the_edge() -> None:
    once = fold("« Le 3 mai », à Kiev, M. Roux — l’élu — a dit : « non… »").text
    assert fold(once).text == once


@pytest.mark.parametrize(
    "text",
    [
        "A" * 2_000_000,
        '"' * 2_000_000,
        "« " * 1_000_000,
        "Ab " * 700_000,
        "Ab-" * 700_000,
        "\n" * 2_000_000,
        "M. " * 700_000,
    ],
)
def test_hostile_input_is_cut_before_any_work(text: str) -> None:
    assert fold(text) == fold(text[:MAX_CHARACTERS])
    assert len(fold(text).text) <= 20_002
    assert align(text)[0] == fold(text).text
