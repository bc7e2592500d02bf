"""Figures, floors, and the head `aggregated` on families that it has not seen; on data made for the purpose."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from biascheck.dataset import LeftoverSet, LineSet, TrainingSet
from biascheck.errors import LabelsError
from biascheck.figures import Figure, check_floors, expected_calibration_error, recall_at
from biascheck.leftovers import BUCKETS, COLUMNS
from biascheck.line_features import line_features
from biascheck.slant import COLUMNS as COLUMNS_OF_SLANT
from biascheck.slant import LANGUAGES as LANGUAGES_OF_SLANT
from biascheck.slant_evaluation import evaluate_slant
from biascheck.slant_rows import SlantSet
from biascheck.training import fit_aggregated, leftover_folds


@pytest.fixture(scope="module")
def leftovers() -> LeftoverSet:
    """Forty families of ten pages: a strong rule and a tag of its own on every aggregating one, noise on all."""
    random = np.random.default_rng(4)
    families = np.repeat(np.arange(40), 10)
    y = (families % 2).astype(np.int8)
    X = np.zeros((400, len(COLUMNS) + BUCKETS), dtype=np.float32)
    X[:, COLUMNS.index("rule")] = np.where(y, random.uniform(1, 3, 400), random.uniform(0, 0.5, 400))
    X[np.arange(400), len(COLUMNS) + families] = 1
    X[:, COLUMNS.index("byline head")] = random.integers(0, 2, 400)
    kinds = np.where(families < 30, "written", "article")
    return LeftoverSet(sp.csr_matrix(X), y, np.char.add("family ", families.astype(str)), kinds)


def test_no_family_is_trained_on_where_it_is_tested(leftovers: LeftoverSet) -> None:
    folds = leftover_folds(leftovers)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(400))
    for train, test in folds:
        assert not set(leftovers.groups[train]) & set(leftovers.groups[test])


def test_the_head_tells_unseen_families_by_what_they_share(leftovers: LeftoverSet) -> None:
    head = fit_aggregated(leftovers)
    p, y = head.unseen_[:, 0], leftovers.y
    assert p[y == 1].min() > p[y == 0].max()
    assert (p[y == 0] >= head.thresholds_[0]).mean() <= 0.01
    weights = -head.slope_[0] * head.coef_[0]
    assert int(weights.argmax()) == COLUMNS.index("rule")
    assert head.predict_proba(leftovers.X)[:, 0][y == 1].min() > 0.5
    assert (fit_aggregated(leftovers, final=False).coef_ == 0).all()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60))
def test_calibration_error_is_a_distance_and_none_where_probabilities_are_frequencies(
    rows: list[tuple[bool, float]],
) -> None:
    y, p = (np.asarray(column, dtype=float) for column in zip(*rows, strict=True))
    assert 0 <= expected_calibration_error(y, p) <= 1
    assert expected_calibration_error(y, y) == 0
    assert expected_calibration_error(y, np.full(len(y), y.mean())) == pytest.approx(0, abs=1e-9)


def test_recall_is_counted_above_what_few_negatives_pass() -> None:
    y = np.repeat([0.0, 1.0], 1000)
    scores = np.concatenate([np.linspace(0, 1, 1000), np.full(600, 2.0), np.full(400, 0.5)])
    assert recall_at(y, scores, 0.01) == pytest.approx(0.6)
    assert recall_at(y, scores, 0.6) == pytest.approx(1.0)


@pytest.fixture(scope="module")
def slant() -> SlantSet:
    """Outlets of every kind, told apart by the lean of the author's voice; half of the last is not on the war."""
    parts = [
        *((f"press-{n}", "press-2018", "fr", 0, 20) for n in range(8)),
        *((f"kremlin-{n}", "ppn", "fr", 2, 20) for n in range(8)),
        *((f"kyiv-{n}", "war-en", "en", 1, 20) for n in range(4)),
        *((f"wire-{n}", "war-en", "en", 0, 20) for n in range(4)),
        *((f"state-{n}", "war-en", "en", 2, 20) for n in range(4)),
        *((f"contrast {n}", "contrast", "fr", pole, 1) for n in range(20) for pole in range(3)),
        *((f"contrast off-{n}", "contrast", "fr", -1, 1) for n in range(20)),
        *((f"contrast held-{n}", "contrast held out", "fr", pole, 1) for n in range(10) for pole in range(3)),
        *((f"contrast plain-{n}", "contrast held out plain", "fr", pole, 1) for n in range(5) for pole in range(3)),
        *((f"written {n}", "written", "fr", 0, 10) for n in range(4)),
        ("talk", "sputnik_afrique", "fr", -1, 10),
    ]
    rows = [part[:4] for part in parts for _ in range(part[4])]
    outlets, sets, languages, poles = (np.asarray(column) for column in zip(*rows, strict=True))
    random = np.random.default_rng(5)
    X = np.zeros((len(rows), len(COLUMNS_OF_SLANT)), dtype=np.float32)
    towards = np.asarray([0.0, -1.0, 1.0, 0.0])[poles]
    X[:, COLUMNS_OF_SLANT.index("lean own")] = random.normal(towards, 0.1)
    X[:, COLUMNS_OF_SLANT.index("share author")] = random.uniform(0.3, 0.9, len(rows))
    war, kinds = poles >= 0, np.full(len(rows), "native")
    # A word that one pole alone uses.
    words = sp.csr_matrix((X[:, [COLUMNS_OF_SLANT.index("lean own")]] > 0.5).astype(np.float32))
    keys = (war.astype(np.float32), war, outlets, sets, languages, kinds)
    return SlantSet(sp.csr_matrix(X), words, np.zeros(1, np.int32), poles.astype(np.int8), *keys)


@pytest.fixture
def training(leftovers: LeftoverSet, slant: SlantSet) -> TrainingSet:
    none = sp.csr_matrix((0, 1), dtype=np.float32)
    lines = LineSet(line_features([]), np.zeros(0, np.int8), np.zeros(0, "<U1"), np.zeros(0, np.float32))
    empty, none_columns = np.zeros((0, 1), np.float32), np.zeros(0, np.int32)
    return TrainingSet(
        [], none, none, empty, none_columns, none, none_columns, leftovers, lines, slant, {}, sha256="a" * 64
    )


def test_floors_and_ceilings_are_held(training: TrainingSet, tmp_path: Path) -> None:
    floors = tmp_path / "floors.toml"
    floors.write_text(
        f'training_sha256 = "{"a" * 64}"\n[floor]\n"t.outlet.auc" = 0.9\n"t.outlet.gone" = 0.1\n'
        '[ceiling]\n"t.outlet.alarms" = 0.01\n',
        encoding="utf-8",
    )
    good = Figure("t", "outlet", "auc", 0.9, 0.8, 1.0, 5, 5)
    alarms = replace(good, name="alarms", value=0.02)
    assert check_floors([good, replace(alarms, value=0.01)], floors, training) == ["t.outlet.gone: no such figure"]
    said = check_floors([replace(good, value=0.8), alarms], floors, training)
    assert [line.split(":")[0] for line in said] == ["t.outlet.auc", "t.outlet.gone", "t.outlet.alarms"]
    with pytest.raises(LabelsError, match="other training data"):
        check_floors([good], floors, replace(training, sha256="b" * 64))


def test_figures_of_slant_count_who_is_accused(training: TrainingSet) -> None:
    """On rows that are easily told apart everything is found; on labels that mean nothing nobody is accused more."""
    figures = {figure.name: figure for figure in evaluate_slant(training)}
    assert {figure.head for figure in figures.values()} == {"slant"}
    for figure in figures.values():
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
    for language in LANGUAGES_OF_SLANT:
        assert figures[f"{language}_recall_at_2pct"].value > 0.9
        assert figures[f"{language}_recall_at_threshold"].value > 0.9
        assert figures[f"{language}_false_war"].value <= 0.02
    assert figures["fr_recall_at_2pct"].positives == 160
    assert figures["contrast_right"].value > 0.9
    assert figures["contrast_opposite"].value == 0
    assert figures["contrast_opposite"].positives == 60
    assert figures["held_out_right"].value > 0.9
    assert figures["held_out_right"].positives == 30
    assert figures["held_out_plain_f1"].value > 0.9
    assert figures["held_out_plain_opposite"].positives == 15
    assert figures["off_topic_left_alone"].value == 1
    assert figures["off_topic_left_alone"].positives == 20
    assert figures["fr_false_written"].value <= 0.03


def test_a_rebellious_label_shows_in_the_figures(training: TrainingSet) -> None:
    """Contrast texts with the poles swapped are read as the opposite."""
    rows = training.slant
    contrast = rows.sets == "contrast"
    y = rows.y.copy()
    y[contrast & (rows.y == 1)], y[contrast & (rows.y == 2)] = 2, 1
    figures = {figure.name: figure.value for figure in evaluate_slant(replace(training, slant=replace(rows, y=y)))}
    assert figures["contrast_right"] < 0.75
    assert figures["contrast_opposite"] > 0.1
