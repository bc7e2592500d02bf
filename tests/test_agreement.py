"""Cohen's kappa of two labels files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from biascheck.agreement import agree, kappa_interval
from biascheck.labels import Label


def row(text: str, **known: int) -> Label:
    return Label(id=text, text=text, labels=known)


def rows(values: list[int]) -> list[Label]:
    return [row(f"texte numéro {i}", translated=value) for i, value in enumerate(values)]


def test_kappa_is_that_of_the_textbook() -> None:
    # 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: 0.7 observed, 0.5 by chance.
    first = [1] * 25 + [0] * 25
    second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    found = agree(rows(first), rows(second))
    (only,) = found.rows
    assert (only.label, only.texts, only.raw) == ("translated", 50, 0.7)
    assert only.kappa == pytest.approx(0.4)
    assert only.low < 0.4 < only.high
    assert len(found.disagreements) == 15
    assert (found.disagreements[0].first, found.disagreements[0].second) == ("yes", "no")


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=30, max_size=80))
def test_interval_is_the_bootstrap_of_the_same_kappa(pairs: list[tuple[int, int]]) -> None:
    table = np.zeros((3, 3))
    for x, y in pairs:
        table[x, y] += 1
    low, high = kappa_interval(table)
    kappa = cohen_kappa_score(*zip(*pairs, strict=True)) if len({v for p in pairs for v in p}) > 1 else math.nan
    if math.isnan(low):
        return
    assert -1 <= low <= high <= 1
    if not math.isnan(kappa):
        # Percentiles of draws around it; the bias of kappa in small samples is far below a fifth.
        assert low - 0.2 <= kappa <= high + 0.2


def test_texts_are_matched_by_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "un.txt").write_text("Le même texte.\n", encoding="utf-8")
    (tmp_path / "b" / "deux.txt").write_text("Le même texte.", encoding="utf-8")
    a, b = str(tmp_path / "a/labels.csv"), str(tmp_path / "b/labels.csv")
    first = [
        Label(path="un.txt", labels={"agency": 1}, slant={"ukraine-war": "neutral"}, file=a),
        Label(path="perdu.txt", labels={"agency": 1}, file=a),
    ]
    second = [
        Label(path="deux.txt", labels={"agency": 1}, slant={"ukraine-war": "pro_kyiv"}, file=b),
        Label(path="../a/perdu.txt", labels={"agency": 0}, file=b),
        row("Un autre", agency=0),
    ]
    found = agree(first, second)
    assert (found.shared, found.only) == (2, (0, 1))
    assert [(r.label, r.texts, r.raw) for r in found.rows] == [("agency", 2, 0.5), ("slant.ukraine-war", 1, 0.0)]


def test_a_label_counts_where_both_say_something() -> None:
    first = [row("un", agency=1), row("deux", agency=0, mine=1), row("trois", translated=1)]
    second = [row("un", agency=1), row("deux", mine=1), row("trois", agency=0)]
    found = agree(first, second)
    assert [(r.label, r.texts) for r in found.rows] == [("agency", 1), ("mine", 1)]


def test_where_nothing_varies_kappa_is_not_told() -> None:
    (only,) = agree(rows([1] * 9), rows([1] * 9)).rows
    assert only.raw == 1
    assert all(map(math.isnan, (only.kappa, only.low, only.high)))


def test_the_last_row_of_a_text_counts() -> None:
    (only,) = agree([row("un", agency=0), row("un", agency=1)], [row("un", agency=1)]).rows
    assert (only.texts, only.raw) == (1, 1.0)


def test_strangers_share_nothing() -> None:
    found = agree(rows([1]), [row("ailleurs", translated=1)])
    assert (found.shared, found.only, found.rows, found.disagreements) == (0, (1, 1), (), ())
