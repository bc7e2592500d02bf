"""The one way through, with the shipped model. Texts were written for the purpose; the seeds are the user's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import biascheck
from biascheck.document import Limits, document_from_text
from biascheck.errors import DocumentError, ModelError
from biascheck.evidence import REST
from biascheck.reading import PROVENANCE, UNDETERMINED, Failure, Reading
from biascheck.scorer import Scorer
from biascheck.slant import AXIS, POLES

Valid = Callable[[object], None]
NUMBERS = ["000", "001", "002", "003", "004"]
GERMAN = (
    "Die Gemeinde hat gestern beschlossen, die alte Bücherei im Viertel wieder zu öffnen. Eine Nachbarin erklärt, sie "
    "habe lange auf diese Antwort gewartet und komme jede Woche mit den Kindern. Mehrere Vereine bereiten bereits ein "
    "Fest für den ersten Samstag im Juni vor, zu dem jeder ein Buch mitbringen kann, um es am Eingang zu tauschen."
)


@pytest.fixture(scope="module")
def readings(scorer: Scorer, seeds: dict[str, str]) -> dict[str, Reading]:
    return {number: scorer.score(text, id=number) for number, text in seeds.items()}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_reading_fits_the_schema_and_is_whole(readings: dict[str, Reading], valid: Valid, number: str) -> None:
    reading = readings[number]
    for with_text in (True, False):
        found = json.loads(reading.to_json(with_text=with_text))
        valid(found)
        assert ("text" in found) == with_text
    assert set(reading.provenance.scores) == set(PROVENANCE)
    assert sum(reading.provenance.source_language.scores.values()) == pytest.approx(1)
    assert reading.biascheck == biascheck.__version__
    assert reading.warnings == ()


@pytest.mark.parametrize("number", NUMBERS)
def test_no_seed_is_called_original_or_agency(readings: dict[str, Reading], number: str) -> None:
    assert not {"original", "agency"} & set(readings[number].provenance.verdict)


@pytest.mark.parametrize("number", ["001", "002", "003", "004"])
def test_translated_seeds_are_told(readings: dict[str, Reading], number: str) -> None:
    assert "translated" in readings[number].provenance.verdict


@pytest.mark.parametrize("number", NUMBERS)
def test_scraped_seeds_are_aggregated_and_the_others_not(readings: dict[str, Reading], number: str) -> None:
    assert ("aggregated" in readings[number].provenance.verdict) == (number in {"001", "003", "004"})


@pytest.mark.parametrize(("number", "language"), [("001", "en"), ("002", "es"), ("003", "en"), ("004", "es")])
def test_no_seed_gets_a_wrong_source_language(readings: dict[str, Reading], number: str, language: str) -> None:
    assert readings[number].provenance.source_language.verdict in {language, UNDETERMINED}


@pytest.mark.parametrize("number", NUMBERS)
def test_evidence_points_into_the_text(readings: dict[str, Reading], number: str) -> None:
    reading = readings[number]
    assert reading.evidence
    assert all(reading.text[item.start : item.end].strip() for item in reading.evidence if item.why != REST)
    known = {*PROVENANCE, *(f"source_language:{code}" for code in reading.provenance.source_language.scores)}
    known |= {"loaded", *(f"{AXIS}:{pole}" for pole in POLES)}
    for item in reading.evidence:
        assert 0 <= item.start <= item.end <= len(reading.text)
        assert item.label in known
        assert item.why
        assert math.isfinite(item.weight)
    for part in reading.furniture:
        assert reading.text[part.start : part.end].strip()


def test_every_verdict_has_its_reasons(readings: dict[str, Reading]) -> None:
    for reading in readings.values():
        verdict = {label for label in reading.provenance.verdict if label != UNDETERMINED}
        assert verdict <= {item.label for item in reading.evidence}


def test_evidence_is_left_out_on_request_and_changes_no_score(scorer: Scorer, readings: dict[str, Reading]) -> None:
    plain = scorer.score(readings["003"].text, id="003", evidence=False)
    assert plain == replace(readings["003"], evidence=())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Trop court.", "too_short"),
        (GERMAN, "language"),
        ("bonjour " * 100, "not_prose"),
        ("1 234, 5 678; " * 60, "not_prose"),
    ],
)
def test_what_cannot_be_judged_is_undetermined_and_says_why(scorer: Scorer, valid: Valid, text: str, code: str) -> None:
    reading = scorer.score(text)
    valid(reading.to_dict())
    assert reading.provenance.verdict == (UNDETERMINED,)
    assert reading.provenance.scores == {}
    assert reading.provenance.source_language.verdict == UNDETERMINED
    assert reading.evidence == ()
    assert (reading.slant, reading.attribution) == ({}, ())
    assert code in [warning.split(":")[0] for warning in reading.warnings]


@pytest.mark.parametrize("text", ["", " \n", "\ufeff", "\x00"])
def test_nothing_raises_for_one_and_is_a_failure_among_many(scorer: Scorer, text: str) -> None:
    with pytest.raises(DocumentError, match="empty"):
        scorer.score(text)
    (failure,) = scorer.score_many([text])
    assert isinstance(failure, Failure)
    assert failure.code == "empty"


def test_many_keep_their_order_and_bad_input_its_place(
    scorer: Scorer, seeds: dict[str, str], prose: str, valid: Valid
) -> None:
    texts = [seeds["001"], "", prose, "court", seeds["002"], "x" * 3_000_000, GERMAN, "\ud800"]
    results = scorer.score_many(texts)
    assert [result.id for result in results] == [str(i) for i in range(len(texts))]
    assert [isinstance(result, Failure) for result in results] == [i in {1, 5} for i in range(len(texts))]
    assert isinstance(results[5], Failure)
    assert results[5].code == "too_large"
    for result, text in zip(results, texts, strict=True):
        valid(json.loads(result.to_json()))
        if isinstance(result, Reading) and text != "\ud800":
            assert result.text == text
    assert scorer.score_many([]) == []


def test_a_batch_says_what_single_readings_say(scorer: Scorer, seeds: dict[str, str], prose: str) -> None:
    texts = [*seeds.values(), prose, "court"]
    for number, (text, together) in enumerate(zip(texts, scorer.score_many(texts, evidence=True), strict=True)):
        alone = scorer.score(text, id=str(number))
        assert isinstance(together, Reading)
        assert together.provenance.verdict == alone.provenance.verdict
        assert together.provenance.scores == pytest.approx(alone.provenance.scores)
        assert together.furniture == alone.furniture
        assert together.attribution == alone.attribution
        assert together.slant.keys() == alone.slant.keys()
        for axis, slant in together.slant.items():
            assert slant.verdict == alone.slant[axis].verdict
            assert slant.scores == pytest.approx(dict(alone.slant[axis].scores))
        assert [(e.label, e.start, e.end) for e in together.evidence] == [
            (e.label, e.start, e.end) for e in alone.evidence
        ]


def test_file_bytes_and_text_are_read_alike(scorer: Scorer, seed_files: dict[str, Path]) -> None:
    file = seed_files["002"]
    text = file.read_text(encoding="utf-8")
    readings = [scorer.score_file(file), scorer.score_bytes(file.read_bytes(), id="x"), scorer.score(text)]
    readings.append(scorer.score_bytes(text.encode("utf-16"), id="x"))
    for reading in readings:
        assert reading.provenance == readings[0].provenance
        assert reading.text == text
    assert readings[0].path == readings[0].id == str(file)
    assert readings[1].path is None


@pytest.mark.parametrize(
    "changes",
    [
        {"« ": "“", " »": "”", "«\u00a0": "“", "\u00a0»": "”"},
        {"’": "'"},
        {"’": "‘"},
        {"« ": '"', " »": '"', "“": '"', "”": '"'},
        {" ": "\u00a0"},
        {"–": "—"},
        {"\n": "\r\n"},
    ],
)
def test_typography_moves_no_learnt_score(
    scorer: Scorer, readings: dict[str, Reading], changes: dict[str, str]
) -> None:
    """Of the kinds of quotation marks alone the head `agency` may know: wire copy is typed with straight ones."""
    quotes = not {"“", '"'}.isdisjoint(changes.values())
    for number in ("000", "002", "004"):
        text = readings[number].text
        for old, new in changes.items():
            text = text.replace(old, new)
        scores = scorer.score(text, evidence=False).provenance.scores
        expected = readings[number].provenance.scores
        for label in ("original", "agency", "translated", "rewritten"):
            if label != "agency" or not quotes:
                assert scores[label] == pytest.approx(expected[label], abs=1e-9), (number, label)


@settings(max_examples=25)
@given(st.text(st.characters(codec=None), max_size=120))
def test_any_text_is_a_valid_line_of_utf8(scorer: Scorer, prose: str, valid: Valid, text: str) -> None:
    reading = scorer.score(prose + text + prose)
    line = reading.to_json()
    assert "\n" not in line
    found = json.loads(line.encode("utf-8"))
    valid(found)
    for item in found["evidence"]:
        assert 0 <= item["start"] <= item["end"] <= len(found["text"])
        assert item["start"] < item["end"] or item["why"] == REST


def test_surrogates_in_names_are_valid_utf8_too(scorer: Scorer, prose: str, valid: Valid, tmp_path: Path) -> None:
    reading = scorer.score(prose, id="na\udcffme")
    valid(json.loads(reading.to_json().encode("utf-8")))
    failure = Failure("na\udcffme", "na\udcffme", "empty", "na\udcffme: the file is empty")
    valid(json.loads(failure.to_json().encode("utf-8")))


def test_limits_reach_every_way_in(seeds: dict[str, str], seed_files: dict[str, Path]) -> None:
    small = Scorer(limits=Limits(text=1000, html=1000))
    for way in (
        lambda: small.score(seeds["002"]),
        lambda: small.score_file(seed_files["002"]),
        lambda: small.score_bytes(seeds["002"].encode(), id="x"),
    ):
        with pytest.raises(DocumentError, match="--max-text-bytes"):
            way()


def test_original_never_stands_beside_another_label(
    scorer: Scorer, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that came from elsewhere is not the outlet's own, however native it reads."""
    heads = scorer.model.pipeline.named_steps["heads"].provenance
    aggregated = scorer.model.aggregated.named_steps["heads"]
    monkeypatch.setattr(heads, "thresholds_", np.asarray([0.0 if name == "original" else 2.0 for name in heads.names]))
    monkeypatch.setattr(aggregated, "thresholds_", np.asarray([2.0]))
    assert scorer.score(prose).provenance.verdict == ("original",)
    monkeypatch.setattr(aggregated, "thresholds_", np.asarray([0.0]))
    assert scorer.score(prose).provenance.verdict == ("aggregated",)


def test_the_function_of_the_package_is_the_scorer(seeds: dict[str, str], readings: dict[str, Reading]) -> None:
    assert biascheck.score(seeds["001"]).provenance == readings["001"].provenance
    with pytest.raises(ModelError):
        biascheck.Scorer("no-such-model")
    with pytest.raises(AttributeError):
        _ = biascheck.nothing


def test_a_long_text_is_read_by_its_beginning(scorer: Scorer, seeds: dict[str, str]) -> None:
    long = seeds["002"] * 100
    reading = scorer.score(long)
    beginning = scorer.score(long[:20_000], evidence=False).provenance.scores
    for label in ("original", "agency", "translated", "rewritten"):
        assert reading.provenance.scores[label] == pytest.approx(beginning[label], abs=1e-9)
    assert max(item.end for item in reading.evidence if item.label != "aggregated") <= 20_000


def test_documents_can_be_read_directly(scorer: Scorer, prose: str) -> None:
    document = document_from_text(prose, id="mine")
    (reading,) = scorer.read([document])
    assert (reading.id, reading.sha256, reading.language) == ("mine", document.sha256, "fr")
    assert scorer.read([]) == []
