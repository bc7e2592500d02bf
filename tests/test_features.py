"""Hashed n-grams, lexicon phrases, names and cues; and the word lists that they read."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from biascheck.features import QUOTES, ByteNgrams, Cues, Phrases, Signs, Sparse, Worlds, count_features, hash_ngrams
from biascheck.folding import CHUNK, Body, Fold, Folded, align, fold, fold_many
from biascheck.lexicon import Lexicon, expand, lexicon_checksum, load_lexicon, load_names
from biascheck.store import load_model

ORDERS = (3, 6)
TRANSFORMERS = [
    *(ByteNgrams(orders=ORDERS, bits=10, columns=np.arange(5)), Phrases("fr"), Cues(), Worlds(), Signs()),
    *(Sparse(), Fold()),
]
folded_texts = st.lists(st.text(max_size=80).map(fold), max_size=6)


def slow_hash(gram: bytes, bits: int) -> int:
    value = gram[0]
    for byte in gram[1:]:
        value = (value * 0x01000193 + byte) % 2**32
    return (value * 0x9E3779B1 % 2**32) >> (32 - bits)


@given(st.binary(min_size=8, max_size=60), st.sets(st.integers(1, 8), min_size=1), st.integers(4, 20))
def test_rolling_hash_is_the_hash_of_every_ngram(data: bytes, orders: set[int], bits: int) -> None:
    expected = [slow_hash(data[i : i + n], bits) for n in sorted(orders) for i in range(len(data) - n + 1)]
    assert hash_ngrams(data, tuple(orders), bits).tolist() == expected


@given(folded_texts)
def test_ngrams_are_the_set_of_the_hashes(texts: list[Folded]) -> None:
    matrix = ByteNgrams(orders=ORDERS, bits=12).transform(texts)
    assert matrix.shape == (len(texts), 4096)
    for row, text in zip(matrix, texts, strict=True):
        data = text.text.encode("utf-8", "replace").ljust(6)
        assert set(row.indices.tolist()) == set(hash_ngrams(data, ORDERS, 12).tolist())
        assert row.data.tolist() == [1.0] * row.nnz


@given(folded_texts, st.permutations(range(0, 1024, 3)))
def test_chosen_columns_are_those_of_the_full_matrix(texts: list[Folded], columns: list[int]) -> None:
    full = ByteNgrams(orders=ORDERS, bits=10).transform(texts)
    few = ByteNgrams(orders=ORDERS, bits=10, columns=np.asarray(columns)).transform(texts)
    assert few.shape == (len(texts), len(columns))
    assert (few != full[:, columns]).nnz == 0


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda t: type(t).__name__)
def test_clone_and_parameters(transformer: Any) -> None:
    copy = clone(transformer)
    assert type(copy) is type(transformer)
    assert copy.get_params().keys() == transformer.get_params().keys()
    assert copy.fit([]) is copy


@pytest.mark.parametrize("transformer", TRANSFORMERS[:5], ids=lambda t: type(t).__name__)
def test_rows_do_not_depend_on_their_neighbours(transformer: Any, prose: str) -> None:
    texts = [fold(""), fold(prose), fold("Oui. " * 50)]
    together = transformer.transform(texts)
    for i, text in enumerate(texts):
        alone = transformer.transform([text])
        difference = together[[i]] - alone
        assert abs(difference).max() == 0
    assert transformer.transform([]).shape == (0, together.shape[1])


@given(folded_texts)
def test_dense_features_are_finite(texts: list[Folded]) -> None:
    cues = Cues().transform(texts)
    assert cues.shape == (len(texts), len(Cues().get_feature_names_out()))
    assert np.isfinite(cues).all()
    assert np.isfinite(Worlds().transform(texts)).all()


def test_cues_measure_what_their_names_say() -> None:
    names = Cues().get_feature_names_out().tolist()
    assert len(set(names)) == len(names)
    plain, asks = Cues().transform([fold("il vient demain. elle reste"), fold("il vient demain ? elle reste")])
    changed = {name for name, a, b in zip(names, plain, asks, strict=True) if abs(a - b) > 1e-4}
    assert {"stop", "question"} <= changed
    assert not changed & {"comma", "quote", "digit", "sentence_words", "variety"}
    values = dict(zip(names, Cues().transform([Folded(" a, b, c0 ", "  ")])[0].tolist(), strict=True))
    assert values["comma"] == pytest.approx(200)
    assert values["digit"] == pytest.approx(100)


def test_quotation_marks_are_the_last_cues_and_shares_of_those_that_open() -> None:
    names = Cues().get_feature_names_out().tolist()[-QUOTES:]
    assert names == ["straight", "guillemets", "curly"]
    marks = Cues().transform([fold('"un" "deux" « trois » “quatre”'), fold("rien")])[:, -QUOTES:]
    np.testing.assert_allclose(marks, [[2 / 5, 1 / 5, 1 / 5], [0, 0, 0]])


def test_signs_tell_which_of_the_agencies_furniture_stood_around() -> None:
    some = fold_many([Body("Une phrase.", ("byline", "related", "byline")), Body("Une phrase.", ())])
    assert Signs().transform(some).tolist() == [[0, 0, 1, 0], [0, 0, 0, 0]]
    assert Signs.kinds[2] == "byline"


def test_a_dense_block_is_stored_whole() -> None:
    block = np.asarray([[0.0, 1.5], [2.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    sparse = Sparse().transform(block)
    np.testing.assert_array_equal(sparse.toarray(), block)
    assert sparse.nnz == block.size


def test_ngrams_of_more_texts_than_are_taken_together() -> None:
    texts = [fold(f"{'texte ' * (number % 5)}{number}") for number in range(2 * CHUNK + 3)]
    ngrams = ByteNgrams(orders=ORDERS, bits=12)
    together = ngrams.transform(texts)
    for number, text in enumerate(texts):
        assert (together[[number]] != ngrams.transform([text])).nnz == 0


def test_worlds_count_known_names_by_language() -> None:
    worlds = [world for world in load_names()[1] if world != "ru"]
    row = dict(zip(worlds, Worlds().transform([fold("vu à Londres et à Manchester, puis à Berlin")])[0], strict=True))
    assert row["en"] > row["de"] > 0
    assert row["es"] == row["fr"] == 0


def test_names_of_the_war_point_to_no_language() -> None:
    worlds = Worlds().transform([fold("selon le Kremlin, à Moscou, et Poutine à Donetsk"), fold("rien de tel")])
    assert (worlds == 0).all()


SMALL = Lexicon(
    {
        "calque": [{"from": "en", "why": "test", "phrases": ["mot {un|deux}", "art"]}],
        "marker": [{"for": "agency", "why": "test", "phrases": ['," a dit', "mot"]}],
    }
)


def found(text: str) -> list[tuple[int, str]]:
    return [(hit.entry.index, text[hit.start : hit.end]) for hit in SMALL.hits(text)]


def test_phrases_are_found_between_word_edges_only() -> None:
    assert found(" art, l'art (art) ") == [(0, "art")] * 3
    assert found(" partir arts départ art0 éart ") == []
    assert found(' mot deux," a dit ') == [(1, "mot"), (0, "mot deux"), (1, '," a dit')]
    assert found("") == []


def test_phrase_counts_and_shares() -> None:
    phrases = Phrases("fr")
    lexicon = load_lexicon("fr")
    entry = next(e for e in lexicon.entries if e.phrases == ("s'exprimant",))
    counts = phrases.count([fold("s’exprimant hier, puis s'exprimant ici"), fold("rien")])
    assert counts.shape == (2, len(lexicon.entries))
    assert counts[0, entry.index] == 2
    weighed = phrases.weigh(counts)
    assert weighed.shape == (2, len(lexicon.entries) + len(lexicon.kinds))
    assert weighed[0, entry.index] == pytest.approx(np.log(3))
    assert weighed[0, len(lexicon.entries) + lexicon.kinds.index(("calque", entry.value))] > 0
    assert counts[1].nnz == 0


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("mot", ["mot"]),
        ("{a|b} c", ["a c", "b c"]),
        ("{a|b}{|x}", ["a", "ax", "b", "bx"]),
        ("le {grand |}mot", ["le grand mot", "le mot"]),
    ],
)
def test_expand_writes_out_alternatives(phrase: str, expected: list[str]) -> None:
    assert list(expand(phrase)) == expected


def test_every_phrase_of_the_lexicon_can_occur_in_folded_text() -> None:
    """What is not folded itself (a capital, a curly quote, a figure, two blanks) would never be found."""
    unreachable = []
    for entry in load_lexicon("fr").entries:
        for phrase in entry.phrases:
            kept, _ = align(f"x {phrase} x")
            if phrase.strip() not in kept or not phrase.strip():
                unreachable.append((entry.kind, entry.value, phrase))
    assert unreachable == []


def test_calques_of_every_language_are_many_and_say_why() -> None:
    calques = [entry for entry in load_lexicon("fr").entries if entry.kind == "calque"]
    counts = Counter(entry.value for entry in calques)
    assert set(counts) == {"en", "es", "de", "ru"}
    assert min(counts.values()) >= 60
    for entry in load_lexicon("fr").entries:
        assert entry.phrases
        assert "\n" not in entry.why
        assert entry.why or entry.kind == "verb", entry.phrases


def test_lexicon_values_keep_to_the_vocabulary() -> None:
    allowed = {
        "calque": {"en", "es", "de", "ru"},
        "marker": {"agency", "rewritten", "original", "aggregated"},
        "verb": {"neutral", "endorsing", "doubting"},
    }
    for entry in load_lexicon("fr").entries:
        assert entry.value in allowed[entry.kind]


def test_no_name_stands_in_two_worlds() -> None:
    tables = tomllib.loads(resources.files("biascheck").joinpath("lexicons/names.toml").read_text(encoding="utf-8"))
    homes: dict[str, set[str]] = {}
    for world, lists in tables.items():
        for names in lists.values():
            for name in names:
                homes.setdefault(name.lower(), set()).add(world)
                assert " " not in name, "the names of a text are looked up one by one"
    assert {name: worlds for name, worlds in homes.items() if len(worlds) > 1} == {}


def test_checksum_of_the_lists_is_stable_and_of_a_language() -> None:
    assert lexicon_checksum("fr") == lexicon_checksum("fr")
    assert len(lexicon_checksum("fr")) == 64


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_counted_features_are_those_of_the_union(texts: list[str]) -> None:
    union = load_model().pipeline.named_steps["features"]
    folded = [fold(text) for text in texts]
    expected, found = union.transform(folded).tocsr(), count_features(union, folded)
    assert found.shape == expected.shape
    assert found.indptr.tolist() == expected.indptr.tolist()
    assert found.indices.tolist() == expected.indices.tolist()
    np.testing.assert_allclose(found.data, expected.data, rtol=1e-6)
