"""Thresholds, calibrated heads, and the folds that keep what is tested out of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from biascheck.folds import Fold, make_folds
from biascheck.heads import BinaryHeads, LanguageHead, Margin, as_matrix, threshold_for
from biascheck.margins import balance, emphasis, fit_margin

RATE = 0.05
scored = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["large", "large", "large", "middle", "a", "b"])),
    min_size=1,
    max_size=200,
)


@given(scored, st.sampled_from([0.01, 0.05, 0.3]))
def test_threshold_keeps_false_alarms_under_the_rate(rows: list[tuple[float, str]], rate: float) -> None:
    scores = np.asarray([score for score, _ in rows])
    names, codes, sizes = np.unique([group for _, group in rows], return_inverse=True, return_counts=True)
    codes = np.where(sizes[codes] < 20, len(names), codes)
    alarms = scores >= threshold_for(scores, [group for _, group in rows], rate)
    assert alarms.mean() <= rate + 1e-12
    assert np.mean([alarms[codes == code].mean() for code in np.unique(codes)]) <= rate + 1e-9


def test_threshold_is_no_higher_than_needed() -> None:
    scores = np.arange(1000) / 1000
    threshold = threshold_for(scores, ["one"] * 1000, 0.01)
    assert 0.98 < threshold < 0.991


def test_one_bad_outlet_raises_the_threshold_that_the_pool_would_set() -> None:
    scores = np.concatenate([np.linspace(0, 0.5, 2000), np.linspace(0.6, 0.9, 20)])
    pooled = threshold_for(scores, ["one"] * 2020, RATE)
    by_outlet = threshold_for(scores, ["good"] * 2000 + ["bad"] * 20, RATE)
    assert pooled < 0.6 < by_outlet


@dataclass(frozen=True)
class Problem:
    """Rows with one informative column a head, in two folds of outlets."""

    X: sp.csr_matrix
    Y: np.ndarray
    folds: list[Fold]
    groups: list[str]
    weights: np.ndarray


@pytest.fixture(scope="module")
def problem() -> Problem:
    random = np.random.default_rng(7)
    X = sp.random(400, 30, density=0.3, random_state=7, format="csr", dtype=np.float64)
    noise = random.normal(0, 0.2, (400, 2))
    Y = (X[:, :2].toarray() + noise > 0.15).astype(float)
    half = np.arange(400) % 2
    folds = [(np.flatnonzero(half != k), np.flatnonzero(half == k)) for k in (0, 1)]
    return Problem(X, Y, folds, [f"outlet {i % 8}" for i in range(400)], np.ones((400, 2)))


def fitted(problem: Problem, Y: np.ndarray, *, names: Sequence[str] = ("a", "b"), final: bool = True) -> BinaryHeads:
    folds = dict.fromkeys(names, problem.folds)
    return BinaryHeads(("a", "b"), false_alarms=RATE).fit(
        problem.X, Y, weights=problem.weights, folds=folds, groups=problem.groups, final=final
    )


def test_decision_is_a_dot_product(problem: Problem) -> None:
    heads = fitted(problem, problem.Y)
    expected = problem.X.toarray() @ heads.coef_.T.astype(float) + heads.intercept_
    np.testing.assert_allclose(heads.decision_function(problem.X), expected, rtol=1e-5, atol=1e-6)


def test_probabilities_are_those_of_the_sklearn_calibrator(problem: Problem) -> None:
    heads = fitted(problem, problem.Y)
    margins = heads.decision_function(problem.X)
    for head in range(2):
        reference = CalibratedClassifierCV(FrozenEstimator(Margin()), method="sigmoid")
        reference.fit(margins[:, [head]], problem.Y[:, head].astype(int))
        sigmoid = reference.calibrated_classifiers_[0].calibrators[0]
        heads.slope_[head], heads.offset_[head] = sigmoid.a_, sigmoid.b_
        expected = reference.predict_proba(margins[:, [head]])[:, 1]
        np.testing.assert_allclose(heads.predict_proba(problem.X)[:, head], expected, rtol=1e-6)


def test_calibration_is_fitted_on_unseen_decisions_and_the_threshold_holds_there(problem: Problem) -> None:
    heads = fitted(problem, problem.Y)
    for head in range(2):
        unseen, y = heads.unseen_[:, head], problem.Y[:, head]
        assert abs(unseen.mean() - y.mean()) < 0.05
        assert (unseen[y == 0] >= heads.thresholds_[head]).mean() <= RATE
        assert unseen[y == 1].mean() > unseen[y == 0].mean() + 0.1


def test_rows_of_unknown_label_teach_nothing(problem: Problem) -> None:
    unknown = np.arange(400) % 5 == 0
    Y = problem.Y.copy()
    Y[unknown, 0] = np.nan
    shuffled = problem.X.tolil()
    shuffled[np.flatnonzero(unknown)] = 0.9
    one = fitted(problem, Y)
    other = fitted(Problem(shuffled.tocsr(), Y, problem.folds, problem.groups, problem.weights), Y)
    np.testing.assert_array_equal(one.coef_[0], other.coef_[0])
    assert (one.slope_[0], one.offset_[0], one.thresholds_[0]) == (
        other.slope_[0],
        other.offset_[0],
        other.thresholds_[0],
    )
    assert (one.coef_[1] != other.coef_[1]).any()


def test_heads_without_folds_are_left_out_and_never_speak(problem: Problem) -> None:
    heads = fitted(problem, problem.Y, names=("a",))
    assert (heads.coef_[1] == 0).all()
    assert np.isnan(heads.unseen_[:, 1]).all()
    assert (heads.predict_proba(problem.X)[:, 1] < heads.thresholds_[1]).all()
    assert (fitted(problem, problem.Y, final=False).coef_ == 0).all()


def test_unseen_scores_are_not_stored(problem: Problem) -> None:
    assert "unseen_" not in fitted(problem, problem.Y).__getstate__()


def test_language_head_tells_languages_apart(problem: Problem) -> None:
    dense = problem.X.toarray()
    y = dense[:, :3].argmax(axis=1)
    y[dense[:, :3].max(axis=1) < 0.1] = -1
    head = LanguageHead(("en", "es", "de")).fit(problem.X, y, weights=np.ones(400), folds=problem.folds)
    p = head.predict_proba(problem.X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (p.argmax(axis=1) == y)[y >= 0].mean() > 0.8
    assert np.isnan(head.unseen_[y < 0]).all()
    spoken = head.unseen_.max(axis=1) >= head.threshold_
    assert (head.unseen_[spoken].argmax(axis=1) == y[spoken]).mean() >= 0.8
    assert "unseen_" not in head.__getstate__()


def test_heads_can_be_cloned() -> None:
    heads = clone(BinaryHeads(("a",), C={"a": 2.0}, false_alarms=0.1))
    assert heads.get_params() == {"names": ("a",), "C": {"a": 2.0}, "false_alarms": 0.1, "emphasis": None}
    assert clone(LanguageHead(("en",), precision=0.9)).precision == 0.9


def test_emphasis_is_on_what_tells_the_classes_apart() -> None:
    random = np.random.default_rng(0)
    y = np.arange(400) % 2
    telling = random.random(400) < np.where(y == 1, 0.4, 0.1)
    even, measure = random.random(400) < 0.3, random.random(400)
    X = sp.csr_matrix(np.column_stack([telling, even, measure]).astype(np.float32))
    scale = emphasis(X, y, np.ones(400), 0.5)
    assert scale[0] > 1 > scale[1]
    assert scale[2] == 1, "nearly all rows have it: a measure, whatever its values"
    np.testing.assert_allclose(emphasis(X, y, np.full(400, 7.0), 0.5), scale)
    plain, _ = fit_margin(X, y, np.ones(400), C=1.0)
    strong, _ = fit_margin(X, y, np.ones(400), C=0.01, power=1.0)
    assert strong[0] / abs(strong[1]) > plain[0] / abs(plain[1])


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.01, 10)), min_size=1, max_size=50))
def test_balance_gives_every_class_the_same_weight(rows: list[tuple[int, float]]) -> None:
    y, weights = (np.asarray(column) for column in zip(*rows, strict=True))
    balanced = balance(y, weights)
    sums = [balanced[y == label].sum() for label in np.unique(y)]
    np.testing.assert_allclose(sums, np.full(len(sums), len(y) / len(sums)))


def test_as_matrix_keeps_what_is_not_known() -> None:
    matrix = as_matrix([{"a": 1, "b": None}, {"a": 0, "b": 1}], ("a", "b"))
    np.testing.assert_array_equal(matrix, [[1, np.nan], [0, 1]])


@dataclass(frozen=True)
class KeyedRow:
    """The keys of a row, as `make_folds` reads them, and the story that it tells."""

    set: str
    outlet: str
    system: str = ""
    year: str = "2020"
    kind: str = "native"
    story: str = ""


def parallel(outlet: str, number: int) -> list[KeyedRow]:
    story = f"{outlet} {number}"
    return [
        KeyedRow("wmt-en-fr", outlet, "Google", kind="machine_translation", story=story),
        KeyedRow("wmt-en-fr", outlet, "Firefox 2", kind="machine_translation", story=story),
        KeyedRow("wmt-ref", outlet, "", kind="native", story=story),
    ]


keyed = st.lists(
    st.one_of(
        st.builds(KeyedRow, st.just("pages"), st.sampled_from("abcdefgh"), year=st.sampled_from(["2019", "2020"])).map(
            lambda row: [row]
        ),
        st.builds(parallel, st.sampled_from(["p", "q", "r", "s", "t"]), st.integers(0, 9)),
        st.builds(KeyedRow, st.just("wmt21-de-fr"), st.sampled_from("xyz"), st.sampled_from(["S1", "S2", "S3"])).map(
            lambda row: [row]
        ),
        st.builds(KeyedRow, st.just("ppn"), st.sampled_from("mn"), year=st.sampled_from(["2021", "2022"])).map(
            lambda row: [row]
        ),
        st.just([KeyedRow("written", "w")]),
    ),
    min_size=1,
    max_size=40,
).map(lambda groups: [row for group in groups for row in group])


@given(keyed, st.sampled_from(["outlet", "year", "system"]))
def test_every_row_is_tested_once_by_a_model_that_did_not_see_it(rows: list[KeyedRow], by: str) -> None:
    folds = make_folds(rows, by=by)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested.tolist()) == list(range(len(rows)))
    assert all(not set(train) & set(test) for train, test in folds)


@given(keyed)
def test_no_outlet_of_a_tested_native_row_is_trained_on(rows: list[KeyedRow]) -> None:
    for train, test in make_folds(rows):
        outlets = {(rows[i].set, rows[i].outlet) for i in test if rows[i].set == "pages"}
        assert not outlets & {(rows[i].set, rows[i].outlet) for i in train}


@given(keyed, st.sampled_from(["outlet", "year", "system"]))
def test_no_story_of_the_parallel_sets_stands_on_both_sides(rows: list[KeyedRow], by: str) -> None:
    for train, test in make_folds(rows, by=by):
        assert not {rows[i].story for i in test if rows[i].story} & {rows[i].story for i in train}


@given(keyed)
def test_no_system_of_the_parallel_sets_is_trained_on_where_it_is_tested(rows: list[KeyedRow]) -> None:
    for train, test in make_folds(rows):
        systems = {rows[i].system for i in test if rows[i].set == "wmt-en-fr"}
        assert not systems & {rows[i].system for i in train if rows[i].set == "wmt-en-fr"}


@given(keyed)
def test_cut_by_system_hides_system_and_outlet_of_german_news(rows: list[KeyedRow]) -> None:
    german = [i for i, row in enumerate(rows) if row.set == "wmt21-de-fr"]
    for train, test in make_folds(rows, by="system"):
        trained = [rows[i] for i in set(train.tolist()) & set(german)]
        for i in set(test.tolist()) & set(german):
            assert all(row.system != rows[i].system and row.outlet != rows[i].outlet for row in trained)


def test_cut_by_system_tests_a_year_of_the_pseudo_news_with_its_other_years_known() -> None:
    rows = [KeyedRow("ppn", "rrn", year=year) for year in ("2022", "2023") for _ in range(40)]
    for train, test in make_folds(rows, by="system"):
        tested, trained = ({rows[i].year for i in of} for of in (test, train))
        assert len(tested) == 1
        assert trained == {"2022", "2023"} - tested


def test_cut_by_year_hides_the_year_of_an_outlet_and_leaves_the_others() -> None:
    rows = [KeyedRow("pages", "a", year=str(2000 + i % 5)) for i in range(50)]
    for train, test in make_folds(rows, by="year"):
        assert {rows[i].year for i in test}.isdisjoint({rows[i].year for i in train})
        assert len(train) == 40
