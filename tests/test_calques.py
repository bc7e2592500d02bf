"""The calques of the lexicon against the shipped training rows: a calque that natives write as often accuses them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from biascheck.dataset import TrainingSet, load_training
from biascheck.lexicon import lexicon_checksum, load_lexicon
from biascheck.store import data_folder

LANGUAGES = ("en", "es", "de", "ru")


@pytest.fixture(scope="module")
def training() -> TrainingSet:
    return load_training(data_folder() / "training")


def shares(training: TrainingSet, chosen: list[bool]) -> npt.NDArray[np.float64]:
    """Share of the chosen rows on which each entry fires."""
    rows = training.phrases[np.flatnonzero(chosen)]
    return np.asarray((rows > 0).sum(axis=0)).ravel() / max(sum(chosen), 1)


def test_the_rows_were_counted_with_the_lists_as_they_are(training: TrainingSet) -> None:
    assert training.parameters["lexicon"] == lexicon_checksum("fr")
    assert training.phrases.shape == (len(training.rows), len(load_lexicon("fr").entries))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_calque_is_as_frequent_among_natives_as_in_translations(training: TrainingSet, language: str) -> None:
    """Rows of the corpus or our own, whichever have it more often: neither has every calque."""
    native = shares(training, [row.kind == "native" for row in training.rows])
    ours, others = (
        shares(training, [row.source_language == language and (row.set == "written") == own for row in training.rows])
        for own in (True, False)
    )
    translated = np.maximum(ours, others)
    assert translated.any()
    calques = [e for e in load_lexicon("fr").entries if (e.kind, e.value) == ("calque", language)]
    bad = [e for e in calques if native[e.index] > 0 and native[e.index] >= translated[e.index]]
    assert not bad, [(e.why, native[e.index], translated[e.index]) for e in bad]


@pytest.mark.parametrize("language", LANGUAGES)
def test_most_calques_occur_in_translations(training: TrainingSet, language: str) -> None:
    fired = shares(training, [row.source_language == language for row in training.rows]) > 0
    indices = [e.index for e in load_lexicon("fr").entries if (e.kind, e.value) == ("calque", language)]
    assert fired[indices].mean() > 0.5


def test_no_row_is_both_native_and_translated(training: TrainingSet) -> None:
    for row in training.rows:
        assert not (row.kind == "native" and row.source_language)
        assert not (row.labels["original"] == 1 and row.labels["translated"] == 1)
        assert all(value in {0, 1, None} for value in row.labels.values())
