"""What lines of leftovers speak of. The lines were written for the purpose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.lexicon import read_table
from biascheck.meanings import FRENCH, MAX_READ, MAX_WORDS, MEANINGS, Line, Said, read_lines, words_of

NAMES = {"outlet", "perhaps outlet", "agency", "address"}


def read(*lines: str) -> list[Said]:
    text = "\n".join(lines)
    spans, at = [], 0
    for line in lines:
        spans.append(Line(at, at + len(line), "tail", named=False))
        at += len(line) + 1
    return read_lines(text, spans)


def meanings(line: str) -> set[str]:
    return {MEANINGS[number] for number in read(line)[0].meanings}


def test_the_tables_are_the_meanings_that_have_words() -> None:
    tables = read_table("leftovers")["meaning"]
    assert [*tables] == [meaning for meaning in MEANINGS if meaning not in NAMES]
    for meaning, by_language in tables.items():
        for language, words in by_language.items():
            listed = words.split()
            assert len(set(listed)) == len(listed), (meaning, language)
            assert words == words.lower(), (meaning, language)
            # A stem of a letter or two would be in every other word.
            assert all(len(word) > 3 for word in listed if word.endswith("*")), (meaning, language)
            if language != "fr":
                # It would be found in every French line.
                assert not FRENCH.intersection(listed), (meaning, language)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Accéder à l’article d’origine", {"read", "piece", "origin"}),
        ("Republished from Le Figaro", {"copied", "outlet"}),
        ("Den ganzen Beitrag lesen", {"rest", "piece", "read"}),
        ("Przeczytaj oryginał", {"read", "origin"}),
        ("Перевод выполнен автоматически", {"translated", "machine"}),
        ("المصدر", {"origin"}),
        ("来源:新华网", {"origin"}),
        ("点击阅读全文", {"read", "rest"}),
        ("Source : AFP", {"origin", "agency"}),
        ("La suite sur gazette-du-soir.fr", {"rest", "address"}),
        ("Leave a comment", {"comment"}),
    ],
)
def test_a_line_speaks_of_what_its_words_mean(line: str, expected: set[str]) -> None:
    assert expected <= meanings(line)


@pytest.mark.parametrize("line", ["Le maire attend son tour", "La mer est à nous", "Il y a du vent sur la côte"])
def test_frequent_french_words_mean_nothing(line: str) -> None:
    assert not meanings(line)
    assert not read(line)[0].foreign


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ("Leave a reply", True),
        ("Zum Originalbeitrag", True),
        ("Devamını oku", True),
        ("Πηγή", True),
        ("Lire l’article dans le journal", False),
        ("Publié le 3 mai", False),
        ("12:30", False),
        ("Mitt uppe i natten kom regnet", True),
        ("Összes hozzászólás megtekintése", True),
        ("Marie Kowalczyk et Jon Etxeberria", False),
        ("src_feed=regional-fr lang=fr", False),
    ],
)
def test_the_language_of_a_line(line: str, foreign: bool) -> None:
    assert read(line)[0].foreign is foreign


def test_each_line_is_read_for_itself() -> None:
    lines = ["Lire la suite", "Repris de Mediapart", "", "www.gazette.example", "—"]
    assert read(*lines) == [read(line)[0] for line in lines]
    assert meanings("Repris de Mediapart") >= {"copied", "outlet"}
    assert not read("")[0].meanings


@given(st.lists(st.text(max_size=80).filter(lambda line: "\n" not in line), max_size=6))
def test_no_line_breaks_it(lines: list[str]) -> None:
    found = read(*lines)
    assert len(found) == len(lines)
    assert all(0 <= number < len(MEANINGS) for said in found for number in said.meanings)


def test_only_the_beginning_of_a_long_line_is_read() -> None:
    assert not meanings("mot " * MAX_READ + "traduction")
    assert len(words_of("mot " * 100)) == MAX_WORDS
