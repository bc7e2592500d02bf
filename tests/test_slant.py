"""Who speaks and what things are called → a pole, or silence. Texts were written for the purpose and report nothing."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import skops.io
from hypothesis import given
from hypothesis import strategies as st

from biascheck.folding import Body, fold_many
from biascheck.folds import folds_of
from biascheck.reading import OFF_TOPIC, UNDETERMINED, Slant
from biascheck.scorer import Scorer
from biascheck.slant import (
    AXIS,
    COLUMNS,
    LANGUAGES,
    MAX_CHARACTERS,
    ON_TOPIC,
    POLES,
    SlantHead,
    VoiceCounts,
    hear,
    hear_many,
    on_topic,
)
from biascheck.slant_rows import (
    MIN_OTHERS,
    WORDED,
    SlantRow,
    SlantSet,
    choose_words,
    slant_folds,
    slant_weights,
)
from biascheck.wording import BITS, PAIRS_OF_EVENTS, WORDS_OF_EVENTS, Wording, hash_text, word_codes

ROOT = Path(__file__).resolve().parent.parent
#: What is not a letter ends a word; a sign outside the basic plane counts as one.
RUNS = re.compile("[abéZ😀]+")
PESKOV = "« La ville est à nous », a déclaré le porte-parole du Kremlin Dmitri Peskov. "
MINISTRY = "Le ministère russe de la Défense a affirmé que le pont avait été détruit. "
ZELENSKY = "Volodymyr Zelensky a affirmé que le pont tenait. "
#: A dispatch with both sides; the person who is asked at the end belongs to none.
WAR = (
    "L’armée russe a tiré dans la nuit une trentaine de drones sur Odessa, dans le sud de l’Ukraine, ont annoncé les "
    "autorités ukrainiennes. Un entrepôt du port a brûlé. « Les pompiers ont travaillé jusqu’au matin », a déclaré le "
    "gouverneur de la région, Oleh Kiper. Le ministère russe de la Défense a affirmé avoir visé un dépôt de carburant. "
    "Ces déclarations n’ont pas pu être vérifiées de manière indépendante. Moscou et Kiev s’accusent depuis des "
    "mois de frapper des ports. « Les deux armées visent ce qui nourrit l’autre », explique {name}, qui enseigne "
    "l’histoire du commerce. Selon {name}, les navires reviendront quand les assureurs le voudront.\n"
)
ENGLISH = (
    "Russian forces fired some thirty drones at Odesa in southern Ukraine overnight, Ukrainian officials said. A "
    "warehouse in the port burned until morning. “Our firefighters worked all night,” the regional governor, Oleh "
    "Kiper, said. Russia’s defence ministry said that it had hit a fuel depot. The claims could not be independently "
    "verified. Moscow and Kyiv have accused each other for months of striking ports on the Black Sea.\n"
)
GERMAN = (
    "Die russische Armee hat in der Nacht rund dreißig Drohnen auf Odessa im Süden der Ukraine abgefeuert, wie die "
    "ukrainischen Behörden mitteilten. Ein Lager im Hafen brannte bis zum Morgen. Das russische Ministerium "
    "erklärte, man habe ein Treibstofflager getroffen. Moskau und Kiew werfen einander seit Monaten vor, Häfen zu "
    "beschießen; unabhängig prüfen ließen sich die Angaben bisher nicht, sagte ein Sprecher.\n"
)
IN_PASSING = "Le toit sera couvert d’ardoise, les importations de bois de Russie ayant cessé.\n"


def measured(text: str, language: str = "fr") -> dict[str, float]:
    """The columns of a text that are not zero, by name."""
    row = VoiceCounts().transform([hear(text, language)])
    return {COLUMNS[column]: float(value) for column, value in zip(row.indices, row.data, strict=True)}


def slant_of(scorer: Scorer, text: str) -> Slant:
    return scorer.score(text, evidence=False).slant[AXIS]


def test_a_text_with_voices_of_one_side_says_so() -> None:
    russian = measured(PESKOV + MINISTRY)
    assert russian["only russia"] == 1
    assert russian["voices russia"] == pytest.approx(np.log(3), rel=1e-3)
    assert not {"only ukraine", "only western", "nobody", "voices ukraine"} & set(russian)
    assert measured(ZELENSKY)["only ukraine"] == 1
    both = measured(PESKOV + MINISTRY + ZELENSKY)
    assert not [column for column in both if column.startswith("only")]
    assert {"voices russia", "voices ukraine"} <= set(both)
    assert measured("Il pleut sur la ville depuis ce matin. ")["nobody"] == 1


def test_shares_of_voice_are_shares_of_the_text() -> None:
    for text in (PESKOV, MINISTRY + ZELENSKY, WAR.format(name="Paul Martin"), ZELENSKY + WAR + PESKOV):
        found = measured(text)
        shares = {column: value for column, value in found.items() if column.startswith("share")}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5), text
        assert min(shares.values()) >= 0
    spoken = measured(PESKOV)["share russia"]
    assert measured(PESKOV + "Le fleuve a monté cette nuit. " * 4)["share russia"] < spoken / 2


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("Le régime de Kiev a perdu le pont. ", "own"),
        ("« Le régime de Kiev a perdu le pont », a déclaré Dmitri Peskov. ", "quoted"),
        ("Dmitri Peskov a affirmé que le régime de Kiev avait perdu le pont. ", "quoted"),
        ("Ce que Moscou appelle le régime de Kiev a perdu le pont. ", "quoted"),
        ("Le « régime de Kiev » a perdu le pont. ", "quoted"),
        ("Le soi-disant régime de Kiev a perdu le pont. ", "quoted"),
    ],
)
def test_a_term_counts_for_the_voice_that_uses_it(text: str, voice: str) -> None:
    found = measured(text)
    other = "quoted" if voice == "own" else "own"
    for column in ("kiev_regime", "pro_kremlin", "lean"):
        assert found[f"{column} {voice}"] > 0
        assert f"{column} {other}" not in found


def test_terms_of_the_two_poles_lean_to_opposite_sides_and_mean_the_same_in_english() -> None:
    kremlin, kyiv = measured("Le régime de Kiev recule. "), measured("Les envahisseurs russes reculent. ")
    assert kremlin["lean own"] > 0 > kyiv["lean own"]
    assert "lean own" not in measured("Le régime de Kiev recule. Les envahisseurs russes reculent. ")
    assert measured("The Kiev regime retreats. ", "en").keys() == kremlin.keys()


@given(st.lists(st.sampled_from([PESKOV, MINISTRY, ZELENSKY, "Le régime de Kiev recule. ", "« ", "\n", "İ", "œ"])))
def test_marks_stand_in_the_text_and_stand_for_columns_that_count(pieces: list[str]) -> None:
    voices = hear("".join(pieces), "fr")
    found = measured(voices.text) if voices.text else {}
    for mark in VoiceCounts().marks(voices):
        assert 0 <= mark.start < mark.end <= len(voices.text)
        assert COLUMNS[mark.column] in found
        assert mark.why


def test_names_and_places_of_the_war_are_no_measure() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    told = "De {} à {}, le fleuve a monté cette nuit, et {} reste au sec. "
    for names in (("Odessa", "Kherson", "Moscou"), ("Donetsk", "Koursk", "Kiev"), ("Angers", "Saumur", "Tours")):
        assert measured(told.format(*names)) == {"share author": 1, "nobody": 1}, names


def test_what_follows_the_beginning_is_not_heard() -> None:
    filler = "Le fleuve a monté cette nuit. " * (MAX_CHARACTERS // 30 + 1)
    assert hear(filler + PESKOV, "fr").attributions == ()
    assert measured(filler + PESKOV) == measured(filler)


def test_a_text_on_the_war_is_on_topic_and_others_are_not(
    scorer: Scorer, seeds: dict[str, str], prose: str, rendered: str
) -> None:
    for text in (WAR.format(name="Paul Martin"), *seeds.values()):
        assert on_topic(hear(text, "fr")) > 0.95
    assert on_topic(hear(ENGLISH, "en")) > 0.95
    for text in (prose * 2, rendered * 2, prose + IN_PASSING + prose):
        assert on_topic(hear(text, "fr")) < ON_TOPIC
        slant = slant_of(scorer, text)
        assert slant.verdict == OFF_TOPIC
        assert slant.on_topic < ON_TOPIC


def test_a_long_text_that_names_the_war_at_its_end_is_off_topic(scorer: Scorer, prose: str) -> None:
    """Many words of the war, and few in a thousand characters."""
    text = prose * 12 + "À la fin, on parla de la Russie, de l’Ukraine, de Moscou et de Kiev.\n"
    assert slant_of(scorer, text).verdict == OFF_TOPIC


def test_an_off_topic_text_has_no_evidence_for_a_pole(scorer: Scorer, prose: str) -> None:
    reading = scorer.score(prose + IN_PASSING + "Le régime de Kiev a perdu. " + prose)
    assert reading.slant[AXIS].verdict == OFF_TOPIC
    assert not [item for item in reading.evidence if item.label.startswith(AXIS)]


@dataclass(frozen=True)
class Problem:
    """Rows of twenty outlets: a column for each partisan pole, one of noise, one that is always zero."""

    X: sp.csr_matrix
    y: np.ndarray
    groups: np.ndarray
    languages: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def problem() -> Problem:
    random = np.random.default_rng(3)
    size, outlets = 1200, 20
    outlet = np.arange(size) % outlets
    y = random.choice([-1, 0, 0, 0, 1, 2], size)
    dense = np.zeros((size, len(COLUMNS)), dtype=np.float32)
    dense[:, 0] = random.normal(2.0 * (y == 1), 1)
    dense[:, 1] = random.normal(2.0 * (y == 2), 1)
    dense[:, 2] = random.normal(0, 1, size)
    folds = [(np.flatnonzero(outlet % 4 != k), np.flatnonzero(outlet % 4 == k)) for k in range(4)]
    languages = np.where(random.random(size) < 0.6, "fr", "en")
    return Problem(sp.csr_matrix(dense), y, np.char.add("outlet ", outlet.astype(str)), languages, folds)


def fitted(problem: Problem, language: str = "fr", *, final: bool = True) -> SlantHead:
    return SlantHead(language, C=0.1, voices=1.0).fit(
        problem.X,
        problem.y,
        weights=np.ones(len(problem.y)),
        folds=problem.folds,
        groups=problem.groups,
        languages=problem.languages,
        innocent=np.ones(len(problem.y), bool),
        told=np.full(len(problem.y), -1),
        of_events=np.zeros(problem.X.shape[1], bool),
        final=final,
    )


def test_few_innocent_rows_of_unseen_outlets_are_accused(problem: Problem) -> None:
    for language in LANGUAGES:
        head = fitted(problem, language)
        assert head.thresholds_.shape == (len(POLES),)
        chosen = problem.languages == language
        innocent = head.unseen_[chosen & (problem.y == 0)]
        for pole in (1, 2):
            assert (innocent[:, pole] >= head.thresholds_[pole]).mean() <= head.false_alarms[pole - 1]
            told = head.unseen_[chosen & (problem.y == pole), pole] >= head.thresholds_[pole]
            assert told.mean() > 0.1, "a threshold that nothing passes is no answer"
        partisan = head.unseen_[chosen & (problem.y > 0), 0]
        assert (partisan >= head.thresholds_[0]).mean() <= head.missed
        assert (head.unseen_[chosen & (problem.y == 0), 0] >= head.thresholds_[0]).mean() > 0.1


def test_scores_sum_to_one_and_tell_the_poles_apart(problem: Problem) -> None:
    head = fitted(problem)
    p = head.predict_proba(problem.X)
    assert p.shape == (len(problem.y), len(POLES))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(head.unseen_.sum(axis=1), 1)
    known = problem.y >= 0
    assert (p.argmax(axis=1) == problem.y)[known].mean() > 0.75
    assert p[problem.y == 1, 2].mean() < p[problem.y == 2, 2].mean()
    assert (head.coef_[:, 3:] == 0).all(), "columns without a value say nothing"
    assert (fitted(problem, final=False).coef_ == 0).all()


def test_rows_without_a_label_are_tested_and_teach_nothing(problem: Problem) -> None:
    head = fitted(problem)
    assert not np.isnan(head.unseen_[problem.y < 0]).any()
    kept = np.flatnonzero(problem.y >= 0)
    place = np.full(len(problem.y), -1)
    place[kept] = np.arange(len(kept))
    folds = [(place[train[problem.y[train] >= 0]], place[test[problem.y[test] >= 0]]) for train, test in problem.folds]
    # The spread of the columns is that of all rows; here it is the same, as the columns are wider than `LEAST_SPREAD`.
    smaller = Problem(problem.X[kept], problem.y[kept], problem.groups[kept], problem.languages[kept], folds)
    other = fitted(smaller)
    assert np.corrcoef(head.unseen_[kept, 2], other.unseen_[:, 2])[0, 1] > 0.999


def test_below_its_threshold_a_pole_is_not_called(problem: Problem) -> None:
    head = fitted(problem)
    head.thresholds_ = np.asarray([0.6, 0.5, 0.7])
    for p, verdict in [
        ([0.10, 0.10, 0.80], "pro_kremlin"),
        ([0.20, 0.15, 0.65], UNDETERMINED),
        ([0.20, 0.60, 0.20], "pro_kyiv"),
        ([0.55, 0.25, 0.20], UNDETERMINED),
        ([0.70, 0.20, 0.10], "neutral"),
    ]:
        assert head.verdict(np.asarray(p)) == verdict, p
    assert head.call(np.asarray([0.1, 0.1, 0.8]), ON_TOPIC / 2) == OFF_TOPIC
    head.thresholds_[:] = [0.6, 0.1, 0.1]
    assert head.verdict(np.asarray([0.5, 0.3, 0.2])) == UNDETERMINED, "a pole is called only where it leads"


def test_unseen_scores_are_not_stored(problem: Problem) -> None:
    head = fitted(problem)
    assert "unseen_" not in head.__getstate__()
    trusted = ["biascheck.slant.SlantHead"]
    back = skops.io.load(io.BytesIO(skops.io.dumps(head)), trusted=trusted)
    assert not hasattr(back, "unseen_")
    np.testing.assert_array_equal(back.predict_proba(problem.X), head.predict_proba(problem.X))


def test_the_shipped_head_fits_the_columns_and_has_thresholds(scorer: Scorer) -> None:
    heads = scorer.model.slant.named_steps["heads"]
    words = dict(scorer.model.slant.named_steps["features"].transformer_list)["words"].named_steps["words"]
    for language in LANGUAGES:
        head = heads.of(language)
        assert head.language == language
        assert head.coef_.shape == (2, len(COLUMNS) + len(words.vocabulary))
        assert ((head.thresholds_ > 0) & (head.thresholds_ < 1)).all()
        assert not hasattr(head, "unseen_")
    assert heads.of("de") is heads.of("fr")


def test_each_language_is_read_by_its_own_head(scorer: Scorer) -> None:
    heads = scorer.model.slant.named_steps["heads"]
    X = scorer.model.slant[:-1].transform([hear(ENGLISH, "en"), hear(ENGLISH, "fr"), hear(ENGLISH, "en")])
    p = heads.predict_proba(X, ["en", "fr", "en"])
    np.testing.assert_array_equal(p[0], p[2])
    np.testing.assert_allclose(p[[0, 2]], heads.of("en").predict_proba(X[[0, 2]]))
    np.testing.assert_allclose(p[[1]], heads.of("fr").predict_proba(X[[1]]))


keys = st.tuples(
    st.sampled_from(["ppn", "war-en", "contrast", "press-2018"]),
    st.sampled_from(["a.example", "b.example", "contrast A-001", "contrast A-002", "c.example"]),
    st.sampled_from(LANGUAGES),
    st.sampled_from(["native", "official"]),
    st.integers(-1, 2),
)


@given(st.lists(keys, min_size=1, max_size=60))
def test_folds_keep_outlets_and_situations_whole(rows: list[tuple[str, str, str, str, int]]) -> None:
    sets, outlets, languages, kinds, y = (np.asarray(column) for column in zip(*rows, strict=True))
    size = len(rows)
    X = sp.csr_matrix((size, len(COLUMNS)), dtype=np.float32)
    none = np.zeros(0, np.int32)
    whole = SlantSet(
        X, X[:, :0], none, y.astype(np.int8), np.ones(size, np.float32), y >= 0, outlets, sets, languages, kinds
    )
    folds = slant_folds(whole)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(size))
    for train, test in folds:
        assert not set(outlets[train]) & set(outlets[test])
        assert len(train) + len(test) == size
    weights = slant_weights(whole)
    assert (weights > 0).all()
    for outlet in set(zip(sets.tolist(), outlets.tolist(), strict=True)):
        chosen = (sets == outlet[0]) & (outlets == outlet[1])
        assert weights[chosen].sum() <= np.sqrt(chosen.sum()) + 1e-9


def test_words_of_the_topic_and_names_are_not_counted() -> None:
    """A word that all texts on the war have is the topic; a masked name is one where it begins a sentence as well."""

    def row(text: str, *, war: bool) -> SlantRow:
        return SlantRow(text, "fr", "press", "press", "native", "neutral", war)

    about = [row("Hier la guerre continue, a dit Lazare. Lazare revient. Un fleuve monte.", war=True)] * 20
    about += [row("Hier la guerre reprend. Le temps passe.", war=True)] * 60
    others = [row("Hier un fleuve monte. Le temps passe. Une rue dort.", war=False)] * MIN_OTHERS
    y = np.asarray([0] * len(about) + [-1] * len(others), dtype=np.int8)
    rows = [*about, *others]
    chosen = set(choose_words(fold_many([Body(r.text) for r in rows]), rows, y).tolist())

    def kept(word: str) -> bool:
        return int(hash_text(word)[2][0]) in chosen

    assert kept("fleuve")
    assert not kept("guerre"), "the topic"
    assert not kept("lazare"), "a name where it begins a sentence"
    assert not kept("rue"), "no labelled text has it"
    assert not kept("hier"), "nearly every text has it"
    assert all(code < 1 << BITS for code in chosen), "French comes first"


def test_words_and_pairs_of_events_are_learnt_beside_those_of_sites() -> None:
    texts = ["Les soldats tiennent la ville, dit la mairie. Le pont tient."] * 3 + ["Le pont cède. Une rue dort."] * 2
    rows = [
        SlantRow(text, "fr", WORDED, f"contrast {i}", "open native", "neutral", True) for i, text in enumerate(texts)
    ]
    heard = [hear(text, "fr") for text in texts]
    chosen = choose_words(fold_many([Body(text) for text in texts]), rows, np.full(len(rows), -1, np.int8))
    assert set((chosen >> BITS).tolist()) == {WORDS_OF_EVENTS, PAIRS_OF_EVENTS}
    wording = Wording(chosen, ("fr", "en"))
    found = wording.transform(heard)
    said = [{heard[i].folded[a:b] for _, a, b in wording.places(heard[i])} for i in range(len(heard))]
    assert {"soldats", "pont", "pont tient", "soldats tiennent"} <= said[0]
    assert said[3] == {"le", "pont", "le pont"}, "twice is not often enough to be learnt"
    for number, voices in enumerate(heard):
        assert sorted(found[number].indices) == sorted({column for column, _, _ in wording.places(voices)})
    english = hear("The pont tient.", "en")
    assert wording.transform([english]).nnz == 0


def test_a_pair_is_known_by_how_its_words_begin() -> None:
    rows = [
        SlantRow("Des bombardements massifs, la nuit.", "fr", WORDED, f"contrast {i}", "open native", "neutral", True)
        for i in range(3)
    ]
    chosen = choose_words(fold_many([Body(row.text) for row in rows]), rows, np.full(len(rows), -1, np.int8))
    wording = Wording(chosen[chosen >> BITS == PAIRS_OF_EVENTS], ("fr", "en"))
    found = wording.transform([hear(text, "fr") for text in ("Un bombardement massif !", "Un bombardement lourd !")])
    assert found.sum(axis=1).ravel().tolist() == [[1, 0]]


def test_the_margin_of_events_reaches_what_outlets_teach_nothing_of() -> None:
    """A word that contrast texts alone have moves the poles, and does so as its coefficient says."""
    random = np.random.default_rng(0)
    number = 240
    y = np.tile([0, 1, 2], number // 3)
    told = np.where(np.arange(number) < 120, y, -1)
    X = sp.lil_matrix((number, len(COLUMNS) + 3), dtype=np.float32)
    X[:, 0] = random.random((number, 1))
    for row in np.flatnonzero(told >= 0):
        X[row, len(COLUMNS) + y[row]] = 1
    outlets = np.asarray([f"event {i // 3}" for i in range(number)])
    folds = folds_of(np.arange(number) // 3 % 4, 4)
    kwargs = {
        "weights": np.ones(number),
        "folds": folds,
        "groups": outlets,
        "languages": np.full(number, "fr"),
        "innocent": np.ones(number, bool),
        "told": told,
        "of_events": np.arange(X.shape[1]) >= len(COLUMNS),
    }
    X = X.tocsr()
    head = SlantHead("fr", events=1.0).fit(X, y, **kwargs)
    plain = SlantHead("fr").fit(X, y, **kwargs)
    assert (plain.coef_[:, len(COLUMNS) :] == 0).all()
    assert (head.predict_proba(X)[:120].argmax(axis=1) == y[:120]).all()
    assert (head.unseen_[:120].argmax(axis=1) == y[:120]).all()


@given(st.lists(st.text(alphabet="abé Z'¤0-\n😀", max_size=40), max_size=6))
def test_words_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    together = word_codes(texts, [0] * len(texts))
    for number, text in enumerate(texts):
        alone = word_codes([text], [0])
        assert together[number].indices.tolist() == alone.indices.tolist()
        starts, ends, _ = hash_text(text)
        assert [text[a:b] for a, b in zip(starts, ends, strict=True)] == RUNS.findall(text)


def test_texts_are_heard_together_as_they_are_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In any number, whatever the languages of their neighbours."""
    monkeypatch.setattr("biascheck.slant.CHUNK", 2)
    texts, languages = [PESKOV, ENGLISH, "", ZELENSKY, MINISTRY], ["fr", "en", "fr", "fr", "de"]
    dates = [None, "2021-05-01", None, "2019-01-01", None]
    folded = [fold.text for fold in fold_many([Body(text) for text in texts])]
    alone = [hear(text, language, date) for text, language, date in zip(texts, languages, dates, strict=True)]
    assert hear_many(texts, languages, dates, folded) == alone


def test_french_pro_kremlin_sites_are_spread_over_the_folds() -> None:
    """Each is tested by a model that learnt from the others."""
    sites = np.asarray([f"site-{number}.example" for number in range(4)]).repeat(5)
    size = len(sites)
    X = sp.csr_matrix((size, len(COLUMNS)), dtype=np.float32)
    ones, kremlin = np.ones(size, bool), np.full(size, 2, np.int8)
    french, ppn = np.full(size, "fr"), np.full(size, "ppn")
    rows = SlantSet(X, X[:, :0], np.zeros(0, np.int32), kremlin, ones.astype(np.float32), ones, sites, ppn, french, ppn)
    assert [sorted(set(sites[test])) for _, test in slant_folds(rows)] == [[site] for site in sorted(set(sites))]


def test_english_is_read_for_slant_and_not_for_provenance(scorer: Scorer, valid: Callable[[object], None]) -> None:
    reading = scorer.score(ENGLISH * 2)
    valid(reading.to_dict())
    assert reading.language == "en"
    assert [warning.split(":")[0] for warning in reading.warnings] == ["language"]
    assert "slant" in reading.warnings[0]
    assert reading.provenance.verdict == (UNDETERMINED,)
    assert reading.provenance.scores == {}
    assert reading.provenance.source_language.verdict == UNDETERMINED
    slant = reading.slant[AXIS]
    assert slant.verdict in {"neutral", UNDETERMINED}
    assert sum(slant.scores.values()) == pytest.approx(1)
    assert reading.attribution
    assert {item.side for item in reading.attribution} >= {"russia", "ukraine"}
    assert all(item.label == f"{AXIS}:{slant.verdict}" for item in reading.evidence)


def test_german_is_read_for_neither(scorer: Scorer, valid: Callable[[object], None]) -> None:
    reading = scorer.score(GERMAN * 2)
    valid(reading.to_dict())
    assert reading.language == "de"
    assert reading.provenance.verdict == (UNDETERMINED,)
    assert (reading.slant, reading.attribution, reading.evidence) == ({}, (), ())


def test_a_short_text_has_no_slant(scorer: Scorer) -> None:
    assert scorer.score(PESKOV).slant == {}


def test_names_of_people_who_are_on_no_side_do_not_matter(scorer: Scorer) -> None:
    names = ("Paul Martin", "Rosa Gómez", "Ingrid Solberg", "Li")
    readings = [slant_of(scorer, WAR.format(name=name)) for name in names]
    assert len({reading.verdict for reading in readings}) == 1
    for reading in readings:
        assert reading.scores == pytest.approx(dict(readings[0].scores), abs=0.02)
    assert readings[0].verdict in {"neutral", UNDETERMINED}


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("000", {"pro_kyiv", UNDETERMINED}),
        ("001", {"pro_kremlin"}),
        ("002", {"neutral", UNDETERMINED}),
        ("003", {"pro_kyiv", UNDETERMINED}),
        ("004", {"neutral", UNDETERMINED}),
    ],
)
def test_seeds_are_read_as_a_person_reads_them(
    scorer: Scorer, seeds: dict[str, str], number: str, right: set[str]
) -> None:
    slant = slant_of(scorer, seeds[number])
    assert slant.verdict in right
    assert set(slant.scores) == set(POLES)
    assert sum(slant.scores.values()) == pytest.approx(1)


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_attributions_of_a_reading_stand_in_its_text(scorer: Scorer, seeds: dict[str, str], number: str) -> None:
    reading = scorer.score(seeds[number])
    assert reading.attribution
    for item in reading.attribution:
        assert 0 <= item.start < item.end <= len(reading.text)
        assert not [f for f in reading.furniture if f.start <= item.start and item.end <= f.end]
    starts = [item.start for item in reading.attribution]
    assert starts == sorted(starts)


def test_furniture_moves_attributions_and_no_score(scorer: Scorer) -> None:
    text = WAR.format(name="Paul Martin")
    plain = scorer.score(text)
    furnished = scorer.score(f"Home » Monde » Titre\n\n{text}\nLien source")
    assert furnished.furniture
    assert furnished.slant[AXIS].verdict == plain.slant[AXIS].verdict
    assert furnished.slant[AXIS].scores == pytest.approx(dict(plain.slant[AXIS].scores), abs=0.01)
    said = [[r.text[a.start : a.end] for a in r.attribution] for r in (plain, furnished)]
    assert said[0] == said[1]
    assert replace(furnished.attribution[0], start=0, end=0) == replace(plain.attribution[0], start=0, end=0)


FILES = sorted((ROOT / "data" / "contrast").glob("*.jsonl"))


@pytest.fixture(scope="module")
def contrast() -> list[dict[str, object]]:
    return [json.loads(line) for file in FILES for line in file.read_text(encoding="utf-8").splitlines()]


def test_contrast_texts_are_whole(contrast: list[dict[str, object]]) -> None:
    assert contrast
    levels = {True: {"plain", "loaded"}, False: {"subtle", "middle", "open"}}
    for record in contrast:
        assert list(record) == ["id", "situation", "pole", "level", "style", "genre", "year", "text"]
        assert record["pole"] in {*POLES, OFF_TOPIC}
        assert record["level"] in levels[record["pole"] == OFF_TOPIC], record["id"]
        assert record["style"] in {"native", "translated"}
        assert isinstance(record["year"], int)
        assert 2014 <= record["year"] <= 2026
        assert isinstance(record["text"], str)
        assert 120 <= len(record["text"].split()) <= 230, record["id"]
        assert record["genre"]
        assert record["text"] == record["text"].strip()
    for key in ("id", "text"):
        assert len({record[key] for record in contrast}) == len(contrast), key


def test_a_situation_is_told_once_for_each_pole(contrast: list[dict[str, object]]) -> None:
    """So that what tells the poles apart is not what the texts are about, how open they are, or their French."""
    on_war = [record for record in contrast if record["pole"] != OFF_TOPIC]
    situations = {record["situation"] for record in on_war}
    assert not situations & {record["situation"] for record in contrast if record["pole"] == OFF_TOPIC}
    for situation in situations:
        assert sorted(str(r["pole"]) for r in on_war if r["situation"] == situation) == sorted(POLES), situation
    for key in ("level", "style"):
        shares = [Counter(r[key] for r in on_war if r["pole"] == pole) for pole in POLES]
        assert max(s[value] for s in shares for value in s) > 0
        for value in {value for share in shares for value in share}:
            counts = [share[value] for share in shares]
            assert max(counts) - min(counts) <= 6, (key, value, counts)
