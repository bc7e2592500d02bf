"""Evidence is the verdict's own sum put back on the text: it adds up, and points at the words that it means."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biascheck.evidence import REST, _character_weights, explain_leftovers
from biascheck.features import ByteNgrams
from biascheck.folding import align, fold
from biascheck.leftovers import Leftovers
from biascheck.reading import UNDETERMINED, Evidence, Reading
from biascheck.scorer import Scorer
from biascheck.slant import AXIS, POLES

LEARNT = ("original", "agency", "translated", "rewritten")
#: Beyond this a probability holds too few digits to be turned back into its logarithm.
MAX_LOGIT = 25.0
MENU = "Accueil Sport Météo Newsletter Contact Jeux Podcasts Connexion Emploi Boutique Horoscope ".replace(" ", "\n")


def expected(reading: Reading, label: str) -> float:
    """The log-odds that a label's evidence must add up to; of a language or a pole, against the runner-up."""
    subject, _, choice = label.partition(":")
    if label == "loaded":
        assert reading.loaded is not None
        return math.log(reading.loaded) - math.log1p(-reading.loaded)
    if not choice:
        p = reading.provenance.scores[label]
        return math.log(p) - math.log1p(-p)
    scores = reading.slant[subject].scores if subject == AXIS else reading.provenance.source_language.scores
    second = max(score for other, score in scores.items() if other != choice)
    return math.log(scores[choice]) - math.log(second)


def check(reading: Reading) -> None:
    """What holds for the evidence of every text."""
    verdict = reading.provenance.verdict
    spoken = reading.provenance.source_language.verdict
    labels = ["translated"] if verdict == (UNDETERMINED,) else list(verdict)
    labels += [f"source_language:{spoken}"] if spoken != UNDETERMINED else []
    slant = reading.slant[AXIS]
    labels += [f"{AXIS}:{slant.verdict}"] if slant.verdict in slant.scores else []
    # Sentences that judge are shown where there are some, whatever the verdict.
    labels += ["loaded"] if any(item.label == "loaded" for item in reading.evidence) else []
    assert list(dict.fromkeys(item.label for item in reading.evidence)) == labels
    for label in labels:
        entries = [item for item in reading.evidence if item.label == label]
        wanted = expected(reading, label)
        if abs(wanted) < MAX_LOGIT:
            assert sum(item.weight for item in entries) == pytest.approx(wanted, abs=0.02), label
        *shown, rest = entries
        assert (rest.start, rest.end, rest.why) == (0, 0, REST)
        assert shown == sorted(shown, key=lambda item: -item.weight)
        for item in shown:
            assert item.why != REST
            assert 0 <= item.start < item.end <= len(reading.text)
            assert reading.text[item.start : item.end].strip()
            subject, _, code = label.partition(":")
            if subject == "source_language" and item.weight > 0:
                # A turn of Russian is no reason for English.
                turns = [name for name in ("English", "Spanish", "German", "Russian") if f"of {name}" in item.why]
                assert turns in ([], [{"en": "English", "es": "Spanish", "de": "German", "ru": "Russian"}[code]])
            if label != "aggregated":
                inside = [f for f in reading.furniture if f.start <= item.start and item.end <= f.end]
                assert not inside, (label, reading.text[item.start : item.end])


@pytest.fixture(scope="module")
def texts(seeds: dict[str, str], prose: str, rendered: str) -> dict[str, str]:
    wire = f"PARIS, 3 mars (Reuters) - {prose}{prose}(Reportage Claire Dumont, édité par Paul Roux)"
    return {
        **seeds,
        "prose": prose * 2,
        "rendered": rendered * 2,
        "wire": wire,
        "scraped": f"Home » Monde » Titre\n{rendered}{prose}Related Articles\nLien source",
        "menu": MENU + rendered + prose + MENU + rendered,
    }


TEXTS = ["000", "001", "002", "003", "004", "prose", "rendered", "wire", "scraped", "menu"]


@pytest.mark.parametrize("name", TEXTS)
def test_evidence_adds_up_to_the_verdict(scorer: Scorer, texts: dict[str, str], name: str) -> None:
    check(scorer.score(texts[name]))


@pytest.fixture
def speak(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Choose the verdict: the labels named are said of every text, and no other."""
    heads, aggregated = scorer.model.pipeline.named_steps["heads"], scorer.model.aggregated.named_steps["heads"]

    def chosen(*labels: str, language: bool = True) -> None:
        thresholds = np.asarray([0.0 if name in labels else 2.0 for name in heads.provenance.names])
        monkeypatch.setattr(heads.provenance, "thresholds_", thresholds)
        monkeypatch.setattr(aggregated, "thresholds_", np.asarray([0.0 if "aggregated" in labels else 2.0]))
        monkeypatch.setattr(heads.language, "threshold_", 0.0 if language else 2.0)

    return chosen


@pytest.mark.parametrize("labels", [("agency", "translated", "aggregated", "rewritten"), ("original",), ()])
def test_evidence_adds_up_whatever_is_said(
    scorer: Scorer, texts: dict[str, str], speak: Callable[..., None], labels: tuple[str, ...]
) -> None:
    """For labels that speak against their text as well, and for languages named by a whisker."""
    speak(*labels)
    for text in texts.values():
        reading = scorer.score(text)
        assert reading.provenance.verdict == (labels or (UNDETERMINED,))
        check(reading)


@pytest.mark.parametrize("pole", POLES)
def test_evidence_for_a_pole_adds_up_whatever_is_said(
    scorer: Scorer, texts: dict[str, str], monkeypatch: pytest.MonkeyPatch, pole: str
) -> None:
    """For a pole that is called against its text as well."""
    head = scorer.model.slant.named_steps["heads"].of("fr")
    monkeypatch.setattr(type(head), "verdict", lambda self, p: pole)
    called = [reading for text in texts.values() if (reading := scorer.score(text)).slant[AXIS].verdict == pole]
    assert len(called) >= 5
    for reading in called:
        check(reading)
        entries = [item for item in reading.evidence if item.label == f"{AXIS}:{pole}"]
        spans = {(item.start, item.end) for item in entries[:-1]}
        assert len(spans) == len(entries) - 1 > 0


def test_an_undetermined_text_shows_what_speaks_for_and_against_a_translation(
    scorer: Scorer, texts: dict[str, str], speak: Callable[..., None]
) -> None:
    speak(language=False)
    for text in texts.values():
        reading = scorer.score(text)
        assert {item.label for item in reading.evidence if not item.label.startswith((AXIS, "loaded"))} == {
            "translated"
        }


def test_evidence_is_left_out_on_request(scorer: Scorer, texts: dict[str, str]) -> None:
    for text in texts.values():
        with_evidence = scorer.score(text)
        assert with_evidence.evidence
        assert scorer.score(text, evidence=False) == replace(with_evidence, evidence=())
    assert all(not reading.evidence for reading in scorer.score_many(texts.values()))  # type: ignore[union-attr]


LINES = ["Lien source", "Related Articles", "Hier, à Berlin, ", "« Non », a-t-il déclaré.", "fr-01", "Lille (AFP) - "]
pieces = st.sampled_from([*LINES, "selon Londres", "\n", "\n\n", " ", "İ", "œ", "\u202f", "🙂", "e\u0301", "\ud800"])
changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(pieces, st.text(max_size=20))), max_size=6)


@settings(max_examples=40)
@given(name=st.sampled_from(["000", "003", "rendered", "scraped", "menu"]), changes=changes)
def test_evidence_adds_up_after_small_changes(
    scorer: Scorer, texts: dict[str, str], name: str, changes: list[tuple[float, int, str]]
) -> None:
    text = texts[name]
    for place, cut, put in changes:
        at = round(place * len(text))
        text = text[:at] + put + text[at + cut :]
    reading = scorer.score(text)
    if reading.provenance.scores:
        check(reading)


def located(reading: Reading) -> Iterator[tuple[str, str, str]]:
    for item in reading.evidence:
        if item.why != REST and item.label in LEARNT:
            yield item.label, item.why, reading.text[item.start : item.end]


def test_passages_are_the_same_words_with_and_without_furniture_around(
    scorer: Scorer, seeds: dict[str, str], speak: Callable[..., None]
) -> None:
    """Furniture above and in the middle moves every place and changes nothing that the learnt heads see."""
    speak("translated", "rewritten", language=False)
    plain = seeds["000"].strip().replace("\r", "")
    parts = plain.split("\n")
    full = [number for number, part in enumerate(parts) if part.strip()]
    middle = full[len(full) // 2]
    broken = [*parts[:middle], "Related Articles", *parts[middle:], "Lien source"]
    furnished = "\n".join(["Home » Monde » Titre", *broken])
    one, other = scorer.score(plain), scorer.score(furnished)
    assert [furnished[f.start : f.end] for f in other.furniture] == [
        "Home » Monde » Titre",
        "Related Articles",
        "Lien source",
    ]
    assert len(list(located(one))) > 10
    assert list(located(one)) == list(located(other))


def test_a_passage_around_furniture_says_the_words_of_the_article(scorer: Scorer, texts: dict[str, str]) -> None:
    for name in ("003", "004", "scraped", "menu"):
        reading = scorer.score(texts[name])
        for item in reading.evidence:
            if item.label in LEARNT and item.why != REST:
                furniture = [f for f in reading.furniture if f.start < item.end and item.start < f.end]
                assert not furniture, (name, reading.text[item.start : item.end])


def test_a_text_of_furniture_alone_is_undetermined(scorer: Scorer, valid: Callable[[object], None]) -> None:
    text = "\n".join(["Home » Monde » Titre", *["Related Articles", "Partager sur Facebook", "Lien source"] * 12])
    reading = scorer.score(f"{text}\nThis website uses cookies to improve your experience.\n" * 3)
    valid(reading.to_dict())
    assert reading.provenance.verdict == (UNDETERMINED,)
    assert reading.provenance.scores == {}
    assert reading.evidence == ()
    assert reading.warnings


def test_a_short_article_between_furniture_is_too_short(
    scorer: Scorer, valid: Callable[[object], None], prose: str
) -> None:
    notice = "This website uses cookies to improve your experience. We'll assume you're ok with this.\n"
    text = f"Home » Région » La bibliothèque rouvre\n{prose[:250]}\n{notice}Lien source : www.rt.com/news/123\n"
    assert len(text) > 400
    reading = scorer.score(text)
    valid(reading.to_dict())
    assert reading.furniture
    assert [warning.split(":")[0] for warning in reading.warnings] == ["too_short"]
    assert "of article" in reading.warnings[0]
    assert reading.provenance.verdict == (UNDETERMINED,)
    assert reading.provenance.scores == {}
    assert reading.provenance.source_language.verdict == UNDETERMINED
    assert reading.evidence == ()
    longer = scorer.score(text.replace(prose[:250], prose))
    assert longer.warnings == ()
    assert longer.evidence


def page(article: str) -> bytes:
    paragraphs = "".join(f"<p>{line}</p>" for line in article.split("\n") if line.strip())
    return (
        "<!doctype html><html lang=fr><head><meta charset=utf-8><title>La bibliothèque rouvre</title></head><body>"
        "<nav><ul><li>Accueil</li><li>Sport</li></ul></nav>"
        f"<article><h1>La bibliothèque rouvre</h1>{paragraphs}</article><footer>Mentions légales</footer></body></html>"
    ).encode()


def test_evidence_of_a_page_points_into_its_extracted_text(scorer: Scorer, prose: str, rendered: str) -> None:
    reading = scorer.score_bytes(page(f"{rendered}{prose}{rendered}Lien source"), id="page")
    assert "<p>" not in reading.text
    assert reading.title == "La bibliothèque rouvre"
    check(reading)


def test_a_page_of_furniture_alone_says_nothing(scorer: Scorer, valid: Callable[[object], None]) -> None:
    links = "\n".join(["Partager sur Facebook", "Related Articles", "Lien source", "Mentions légales"] * 10)
    reading = scorer.score_bytes(page(links), id="page")
    valid(reading.to_dict())
    assert reading.provenance.verdict == (UNDETERMINED,)
    assert reading.evidence == ()


def test_weights_are_numbers_of_json(scorer: Scorer, texts: dict[str, str]) -> None:
    for text in texts.values():
        for item in scorer.score(text).evidence:
            assert type(item) is Evidence
            assert math.isfinite(item.weight)
            assert type(item.weight) is float
            assert type(item.start) is int


def test_nothing_found_leaves_the_whole_decision_to_the_rest(scorer: Scorer, prose: str) -> None:
    aggregated = scorer.model.aggregated
    bare = Leftovers(prose)
    row = aggregated[:-1].transform([bare])
    entries = explain_leftovers(bare, row, aggregated)
    p = float(aggregated.named_steps["heads"].predict_proba(row)[0, 0])
    assert sum(item.weight for item in entries) == pytest.approx(math.log(p / (1 - p)), abs=0.02)
    assert entries[-1].why == REST


@pytest.mark.parametrize("block", ["text", "frames"])
def test_weights_of_ngrams_are_given_to_the_characters_that_hold_them(
    scorer: Scorer, rendered: str, block: str
) -> None:
    """Each n-gram is counted once, however often it stands, and all of it lands on the text."""
    folded, _ = align(rendered * 2)
    blocks = dict(scorer.model.pipeline.named_steps["features"].transformer_list)
    ngrams: ByteNgrams = blocks[block].named_steps["ngrams"]
    assert ngrams.columns is not None
    present = ngrams.transform([fold(rendered * 2)])
    worth = np.zeros(len(ngrams.columns))
    worth[present.indices] = np.random.default_rng(1).normal(size=present.nnz)
    assert _character_weights(folded, worth, ngrams).sum() == pytest.approx(worth.sum())
