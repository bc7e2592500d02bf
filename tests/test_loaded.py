"""`loaded`: how much sentences judge, and where they stand."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.loaded import LoadedHead, explain_loaded, loaded_sentences
from biascheck.loaded_rows import LoadedRow, loaded_folds, measure_loaded, place_labels
from biascheck.sentences import COUNTS, cut
from biascheck.slant import MAX_CHARACTERS, hear
from biascheck.store import data_folder, load_model

JUDGING = [
    "Cette décision honteuse est un scandale de plus, et nos dirigeants mentent !",
    "Qui peut encore croire à cette mascarade grotesque, à ce mépris scandaleux ?",
    "Voilà le désastre auquel mène leur lâcheté, une trahison ignoble du pays !",
    "Leur soi-disant réforme est une escroquerie monstrueuse, une honte absolue !",
]
TELLING = [
    "Le conseil municipal se réunira mardi à 18 heures dans la salle des fêtes.",
    "La température atteindra 21 degrés jeudi, selon les prévisions du service météo.",
    "Le train de 8 heures a été remplacé par un autocar entre les deux gares.",
    "La société a publié un chiffre d'affaires de 312 millions d'euros au premier trimestre.",
]


@cache
def head() -> LoadedHead:
    """A small head, fitted on sentences written for the purpose: each article judges and tells."""
    rows = [
        LoadedRow(f"{text} {tail}", language, f"article {number}", split, int(text in JUDGING))
        for number in range(20)
        for text in (JUDGING[number % 4], TELLING[number % 4])
        for tail in ("Nous verrons bien la suite.", "")
        for language, split in (("fr", "train"), ("en", "train"))
    ]
    rows += [LoadedRow(text, "fr", f"wire {n}", "wire", 0) for n in range(20) for text in TELLING]
    measured = measure_loaded(rows)
    return LoadedHead().fit(measured, folds=loaded_folds(measured))


def test_a_sentence_that_judges_scores_above_one_that_tells() -> None:
    text = f"{TELLING[0]} {JUDGING[0]} {TELLING[1]}"
    found = head().sentences(hear(text, "fr"))
    assert [text[s.start : s.end] for s in found] == [TELLING[0], JUDGING[0], TELLING[1]]
    assert found[1].score > 0.5 > max(found[0].score, found[2].score)


def test_a_text_scores_by_its_passages_and_not_by_its_length() -> None:
    telling, judging = " ".join(TELLING), " ".join(JUDGING)
    once, often, loud = head().score_many([hear(t, "fr") for t in (telling * 3, telling * 9, judging * 3)])
    assert once is not None
    assert often is not None
    assert loud is not None
    assert abs(once - often) < 0.1
    assert loud > often + 0.3


def test_only_french_and_english_have_a_score() -> None:
    german = hear("Der Rat tritt am Dienstag zusammen. Das ist eine Schande!", "de")
    scores = head().score_many([german, hear(TELLING[0], "fr")])
    assert scores[0] is None
    assert scores[1] is not None


def test_texts_score_alone_as_they_do_among_others() -> None:
    texts = [*JUDGING, "", "Bref.", *TELLING, "x" * 50, " ".join(JUDGING + TELLING)] * 3
    heard = [hear(text, "fr") for text in texts]
    alone = [head().score_many([voices])[0] for voices in heard]
    assert head().score_many(heard) == pytest.approx(alone, abs=1e-5)


def test_sentences_score_alike_in_runs_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = [hear(f"{text} {other}", "fr") for text in JUDGING for other in ("Non.", *TELLING)]
    whole = head().score_many(heard)
    monkeypatch.setattr("biascheck.loaded.RUN", 3)
    monkeypatch.setattr("biascheck.sentences.CHUNK", 3)
    assert head().score_many(heard) == pytest.approx(whole)


def test_evidence_names_the_words_that_judge_at_their_place_in_the_text() -> None:
    text = f"{TELLING[0]} {JUDGING[0]}"
    moved = np.arange(7, 7 + len(text))
    evidence = explain_loaded(head(), hear(text, "fr"), 0.5, moved)[0]
    assert (evidence.label, evidence.start) == ("loaded", 7 + len(TELLING[0]) + 1)
    assert "honteuse" in evidence.why
    assert evidence.weight > 0


def test_a_word_in_a_quotation_is_not_the_author_s() -> None:
    own = cut([hear("La réforme est honteuse.", "fr")]).counts[0]
    said = cut([hear("« La réforme est honteuse », a déclaré le maire.", "fr")]).counts[0]
    strong, quoted = COUNTS.index("judging 3"), COUNTS.index("quoted")
    assert own[strong]
    assert not own[quoted]
    assert said[quoted]
    assert not said[strong]


def test_initials_and_dots_do_not_cut() -> None:
    text = "M. Dupont a reçu J. Martin… Il n'a rien dit. « Rien du tout. » Voilà !"
    found = head().sentences(hear(text, "fr"))
    assert [text[s.start : s.end] for s in found] == [
        "M. Dupont a reçu J. Martin…",
        "Il n'a rien dit.",
        "« Rien du tout.",
        "Voilà !",
    ]


ODD = st.text(alphabet="aé.!?…\"«» ’'M\n\u202f\u00ad\x1e¤0œ%€\ud800", max_size=300)


@given(st.lists(st.one_of(ODD, st.text(max_size=300)), max_size=4))
def test_any_text_is_cut_in_order_and_in_range(texts: list[str]) -> None:
    heard = [hear(text, "fr") for text in texts]
    sentences = cut(heard)
    assert len(sentences.starts) == len(sentences.counts) == len(sentences.spans)
    scores = head().score_many(heard)
    assert all(score is not None and 0 <= score <= 1 for score in scores)
    for voices in heard:
        at = 0
        for found in head().sentences(voices):
            assert at <= found.start < found.end <= len(voices.text)
            assert 0 <= found.score <= 1
            at = found.end


def test_a_long_text_is_read_in_part() -> None:
    text = f"{TELLING[0]} " * 2000
    found = head().sentences(hear(text, "fr"))
    assert found[-1].end <= MAX_CHARACTERS


def test_marked_numbers_are_placed_on_lines() -> None:
    # Title 1, blank 2, then every second line.
    assert place_labels(4, [1, 3, 7], "fr") == [1, 0, 1, 0]
    # Line after line, as in most English articles.
    assert place_labels(4, [1, 3, 6], "en") == [1, 0, 0, 1]
    # One blank line is missing before the last two: where is clear, since both are marked.
    assert place_labels(3, [3, 5, 6], "fr") == [1, 1, 1]
    # One line more or one less: the last two could be the marked one.
    assert place_labels(5, [3, 10], "fr") == [1, 0, 0, None, None]
    # No way to place the numbers.
    assert place_labels(2, [40], "fr") == [None, None]


def test_the_shipped_model_ranks_our_loaded_texts_above_the_plain_ones() -> None:
    model = load_model("fr")
    if model.loaded is None:
        pytest.skip("the shipped model has no part for loaded wording")
    records = [
        json.loads(line)
        for file in sorted((data_folder() / "contrast").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    chosen = [record for record in records if record["pole"] == "off_topic"]
    scores = model.loaded.score_many([hear(record["text"], "fr") for record in chosen])
    loud = [score for score, record in zip(scores, chosen, strict=True) if record["level"] == "loaded"]
    plain = [score for score, record in zip(scores, chosen, strict=True) if record["level"] != "loaded"]
    # Area under the curve: the share of pairs that stand in the right order.
    assert np.mean(np.asarray(loud)[:, None] > np.asarray(plain)) > 0.95
    text = chosen[0]["text"]
    sentences = loaded_sentences(text, "fr", model)
    assert sentences
    assert all(text[s.start : s.end].strip() for s in sentences)
    assert loaded_sentences(text, "de", model) == ()
