from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.framing import concepts, find_framing, find_terms, loaded_terms, scare_quotes
from biascheck.quotes import find_quotes

LANGUAGES = st.sampled_from(["fr", "en", "de"])
PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "régime de Kiev",
                "Kiev regime",
                "ce que Moscou appelle",
                "what Russia calls",
                "« ",
                " »",
                '"',
                " ",
                "  ",
            ),
            *("\n", "İ", "œ", "cœur", "\u00ad", "\ud800", "’", ". ", "soi-disant", "honteux", "terrorist state", "l’"),
        ]
    ),
    max_size=25,
).map("".join)


def named(text: str, language: str = "fr") -> list[tuple[str, str, bool]]:
    quoted = [(quote.start, quote.end) for quote in find_quotes(text)]
    return [(term.pole, text[term.start : term.end], term.quoted) for term in find_terms(text, quoted, language)]


@pytest.mark.parametrize(
    ("language", "text", "pole"),
    [
        ("fr", "Le régime de Kiev refuse.", "pro_kremlin"),
        ("fr", "L’Occident collectif s’est trompé.", "pro_kremlin"),
        ("fr", "Depuis le début de l’opération\n militaire spéciale, tout va bien.", "pro_kremlin"),
        ("fr", "L'État terroriste a encore frappé.", "pro_kyiv"),
        ("fr", "Les envahisseurs russes reculent.", "pro_kyiv"),
        ("fr", "Après l'invasion russe, ils sont partis.", "neutral"),
        ("en", "The Kiev regime has lost.", "pro_kremlin"),
        ("en", "The collective West is tired.", "pro_kremlin"),
        ("en", "The terrorist state fired again.", "pro_kyiv"),
        ("en", "It happened after Russia’s invasion.", "neutral"),
        ("en", "The claim could not be independently verified.", "neutral"),
    ],
)
def test_naming_in_the_authors_voice(language, text, pole):
    assert (pole, False) in {(found, quoted) for found, _, quoted in named(text, language)}


def test_a_concept_is_the_same_in_both_languages():
    french = {term.concept for term in find_terms("Le régime de Kiev et l'Occident collectif.")}
    english = {term.concept for term in find_terms("The Kiev regime and the collective West.", (), "en")}
    assert french == english == {"kiev_regime", "collective_west"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "« Le régime de Kiev doit partir », a dit le ministre."),
        ("fr", "Il est arrêté dans ce que Moscou appelle une opération militaire spéciale."),
        ("fr", "La soi-disant opération militaire spéciale dure."),
        ("fr", "Le « régime de Kiev » est un gouvernement."),
        ("fr", "Ce n'est pas une opération spéciale."),
        ("en", "He joined what Russia calls a special military operation."),
        ("en", "The so-called special military operation goes on."),
        ("en", "The “special military operation” goes on."),
    ],
)
def test_anothers_words_are_not_the_authors(language, text):
    found = [quoted for pole, _, quoted in named(text, language) if pole == "pro_kremlin"]
    assert found
    assert all(found)


def test_distance_ends_with_the_sentence():
    text = "Ce n'est pas fini. L'opération militaire spéciale dure."
    assert [term.distanced for term in find_terms(text)] == [False]


def test_longest_wins_and_words_are_whole():
    assert [text for _, text, _ in named("le régime néonazi de Kiev")] == ["régime néonazi de Kiev"]
    assert named("La biorégime de Kieviste") == []


def test_words_that_judge():
    text = "« Une honteuse affaire », dit-il. Une scandaleuse affaire, bien entendu, peut-être."
    quoted = [(quote.start, quote.end) for quote in find_quotes(text)]
    found = {text[word.start : word.end]: (word.kind, word.quoted) for word in loaded_terms(text, quoted)}
    assert found["honteuse"] == ("loaded", True)
    assert found["scandaleuse"] == ("loaded", False)
    assert found["bien entendu"] == ("booster", False)
    assert found["peut-être"] == ("hedge", False)


def test_scare_quotes():
    text = "Les « experts » ont ri. Il a dit « non ». Le groupe « Martin » chante. Des “so-called friends” came."
    assert [text[start:end] for start, end in scare_quotes(text)] == ["« experts »", "“so-called friends”"]


def test_topics_are_counted():
    assert find_framing("Le Kremlin parle de l'Ukraine.").topics == 2
    assert find_framing("Le chat dort.").topics == 0


def test_offsets_hold_where_folding_moves_characters():
    text = "Au  cœur\u00ad du  chœur, le  régime \u00a0de Kiev."
    (term,) = find_terms(text)
    assert text[term.start : term.end] == "régime \u00a0de Kiev"


def test_lexicon_is_whole():
    names = [name for name, _ in concepts()]
    assert len(set(names)) == len(names)
    poles = Counter(pole for _, pole in concepts())
    assert set(poles) == {"pro_kremlin", "neutral", "pro_kyiv"}


def test_nothing_in_a_language_without_a_lexicon():
    assert find_framing("Le régime de Kiev", (), "de").terms == ()


@given(
    st.one_of(PIECES, st.text(max_size=300)), LANGUAGES, st.lists(st.tuples(st.integers(-5, 99), st.integers(-5, 99)))
)
def test_any_text(text, language, quoted):
    found = find_framing(text, quoted, language)
    for spans in (found.terms, found.loaded):
        at = 0
        for span in spans:
            assert at <= span.start < span.end <= len(text)
            at = span.end
    assert all(0 <= start < end <= len(text) for start, end in scare_quotes(text))
