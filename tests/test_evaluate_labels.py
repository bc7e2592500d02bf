"""`biascheck evaluate LABELS`: figures of a user's own labelled set."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.label_files import write_labels
from biascheck.labels import Label
from biascheck.reading import Provenance, Reading
from biascheck.reliability import Judged, confusion, diagram, figures, mistakes, wilson
from biascheck.scorer import Scorer


@pytest.fixture(scope="module")
def reading(scorer: Scorer, prose: str) -> Reading:
    return scorer.score(prose * 2)


Judge = Callable[..., list[Judged]]


@pytest.fixture
def judged(reading: Reading) -> Judge:
    def made(*pairs: tuple[int, float]) -> list[Judged]:
        return [
            Judged(
                Label(path=f"{number}.txt", labels={"aggregated": yes}, file="l.csv", line=number),
                f"o{number % 4}.fr",
                replace(
                    reading,
                    provenance=Provenance(
                        verdict=("aggregated",) if p >= 0.5 else ("undetermined",),
                        scores={**reading.provenance.scores, "aggregated": p},
                    ),
                ),
            )
            for number, (yes, p) in enumerate(pairs, 1)
        ]

    return made


def test_figures(judged: Judge) -> None:
    row = figures(judged((1, 0.9), (1, 0.8), (1, 0.2), (0, 0.6), (0, 0.1)), "aggregated")
    assert (row.yes, row.no) == (3, 2)
    assert row.auc == pytest.approx(5 / 6)
    assert row.recall is not None
    assert row.recall[0] == pytest.approx(2 / 3)
    assert row.false_alarms is not None
    assert row.false_alarms[0] == 0.5


def test_one_sided_sets_have_no_auc(judged: Judge) -> None:
    row = figures(judged((1, 0.9), (1, 0.8)), "aggregated")
    assert (row.auc, row.false_alarms) == (None, None)


def test_confusion_and_worst_mistakes(judged: Judge) -> None:
    texts = judged((1, 0.9), (1, 0.02), (0, 0.97), (0, 0.7), (0, 0.1))
    assert confusion(texts)["aggregated"] == {("yes", "yes"): 1, ("yes", "no"): 1, ("no", "yes"): 2, ("no", "no"): 1}
    assert [m.place for m in mistakes(texts, 2)] == ["2.txt", "3.txt"]


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_interval_holds_its_share(hits: int, number: int) -> None:
    share = wilson(min(hits, number), number)
    assert share is not None
    assert 0 <= share[1] <= share[0] + 1e-12
    assert share[0] - 1e-12 <= share[2] <= 1


def test_the_diagram_is_svg(judged: Judge) -> None:
    chance = np.random.default_rng(0)
    texts = judged(*[(int(chance.random() < p), float(p)) for p in chance.random(60)])
    root = ElementTree.fromstring(diagram(texts))  # noqa: S314
    circles = root.findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 10
    assert "fewer than" in diagram(judged((1, 0.9)))
    assert "fewer than" not in diagram(texts)


def test_the_command(run, tmp_path: Path, prose: str, rendered: str) -> None:
    rows = [Label(text=f"{t} {n}", outlet=f"o{n}", labels={"translated": y}) for n, (t, y) in enumerate(
        [(prose * 2, 0), (rendered * 2, 1), (prose * 3, 0), (rendered * 3, 1)]
    )]  # fmt: skip
    write_labels(tmp_path / "l.csv", rows)
    ran = run("evaluate", tmp_path / "l.csv", "--diagram", tmp_path / "d.svg", "--model", "fr")
    assert ran.code == 0
    assert "translated" in ran.out
    assert "labelled no" in ran.out or "translated: labelled" in ran.out
    assert (tmp_path / "d.svg").read_text().startswith("<svg")
    told = json.loads(run("evaluate", tmp_path / "l.csv", "--json").out)
    assert told["figures"][0]["yes"] == 2
    # A row that cannot be read is told, and the rest is measured.
    with (tmp_path / "l.csv").open("a") as handle:
        handle.write(",gone.txt,,,yes,,,,,,,,,\n")
    broken = run("evaluate", tmp_path / "l.csv")
    assert broken.code == 1
    assert "l.csv:" in broken.err
    assert run("evaluate", tmp_path / "l.csv", "--diagram", tmp_path / "d.png").code == 2
    assert run("evaluate", "--diagram", tmp_path / "d.svg").code == 2
