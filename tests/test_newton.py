"""The margins of all folds at once are those that LIBLINEAR finds one by one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.svm import LinearSVC

from biascheck.newton import solve

ROWS, COLUMNS = 300, 80


@pytest.fixture(scope="module", name="X")
def features() -> sp.csr_matrix:
    return sp.random(ROWS, COLUMNS, density=0.2, random_state=3, format="csr", dtype=np.float32)


@pytest.fixture(scope="module")
def y(X: sp.csr_matrix) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 0.3, ROWS)
    return np.asarray(X[:, :10].sum(axis=1)).ravel() + noise > 1.0


@pytest.fixture(scope="module")
def costs() -> np.ndarray:
    chance = np.random.default_rng(4)
    some = 0.5 * chance.uniform(0.2, 2, (ROWS, 3))
    some[:100, 0] = some[100:200, 1] = 0
    return some


def test_the_least_value_is_the_one_that_liblinear_finds(X: sp.csr_matrix, y: np.ndarray, costs: np.ndarray) -> None:
    scale = np.linspace(0, 2, COLUMNS)
    coefficients, margins = solve(X, scale, np.where(y, 1, -1), costs, np.zeros(COLUMNS + 1))
    scaled = (X @ sp.diags(scale)).tocsr()
    for problem in range(3):
        rows = np.flatnonzero(costs[:, problem])
        model = LinearSVC(C=1.0, dual=True, tol=1e-7, max_iter=100_000, random_state=0)
        model.fit(scaled[rows], y[rows], sample_weight=costs[rows, problem])
        expected = model.decision_function(scaled)
        assert np.sqrt(np.square(margins[:, problem] - expected).mean()) < 0.005 * expected.std()
        assert (coefficients[0] == 0).all()
    again = scaled @ coefficients[:-1] + coefficients[-1]
    np.testing.assert_allclose(again, margins, atol=1e-4)


def test_where_the_search_begins_does_not_matter(X: sp.csr_matrix, y: np.ndarray, costs: np.ndarray) -> None:
    chance = np.random.default_rng(5)
    ends = [
        solve(X, np.ones(COLUMNS), np.where(y, 1, -1), costs, start)[1]
        for start in (np.zeros(COLUMNS + 1), chance.normal(0, 1, COLUMNS + 1))
    ]
    assert np.abs(ends[0] - ends[1]).max() < 0.02 * ends[0].std()


def test_the_same_twice_and_alone_as_in_company(X: sp.csr_matrix, y: np.ndarray, costs: np.ndarray) -> None:
    sign, start = np.where(y, 1, -1), np.zeros(COLUMNS + 1)
    one = solve(X, np.ones(COLUMNS), sign, costs, start)
    other = solve(X, np.ones(COLUMNS), sign, costs, start)
    np.testing.assert_array_equal(one[0], other[0])
    alone = solve(X, np.ones(COLUMNS), sign, costs[:, 1:2], start)
    assert np.abs(alone[1][:, 0] - one[1][:, 1]).max() < 0.02 * one[1][:, 1].std()


def test_nothing_to_learn_from_teaches_nothing(X: sp.csr_matrix) -> None:
    coefficients, margins = solve(X, np.ones(COLUMNS), np.ones(ROWS), np.zeros((ROWS, 1)), np.zeros(COLUMNS + 1))
    assert not coefficients.any()
    assert not margins.any()
