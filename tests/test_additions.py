"""Labelled texts before training: what is refused, what counts once, what an outlet may weigh."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from biascheck.additions import MOST_ROWS, Additions, added_weights, prepare
from biascheck.label_reading import read_labels
from biascheck.labels import Label, Problem, Span
from biascheck.scorer import Scorer

WHO = "maire ministre directrice syndicat comité juge voisine pêcheur infirmière chercheur".split()
WHAT = "budget chantier rapport procès festival barrage vaccin tramway verger théâtre musée quai lycée".split()
WHERE = "Bordeaux Nantes Lille Brest Nice Tours Dijon Metz Rouen Nîmes Angers Reims Pau Caen".split()
DONE = "présenté défendu critiqué reporté suspendu relancé financé visité inauguré contesté examiné".split()
WHEN = "lundi mardi mercredi jeudi vendredi samedi dimanche".split()


def story(seed: int, sentences: int = 9) -> str:
    """French prose that nobody wrote: another for every seed."""
    chance = random.Random(seed)  # noqa: S311
    return " ".join(
        f"Le {chance.choice(WHEN)} {chance.randint(1, 28)}, à {chance.choice(WHERE)}, on a {chance.choice(DONE)} le "
        f"{chance.choice(WHAT)} que {chance.choice(WHO)} et {chance.choice(WHO)} avaient {chance.choice(DONE)} avec "
        f"{chance.randint(2, 900)} habitants, malgré le {chance.choice(WHAT)} de {chance.choice(WHERE)}."
        for _ in range(sentences)
    )


Prepare = Callable[..., tuple[Additions, list[Problem]]]


@pytest.fixture(scope="module")
def made(scorer: Scorer) -> Prepare:
    def prepared(*rows: Label, text: object = None) -> tuple[Additions, list[Problem]]:
        numbered = [
            Label(**{**{f: getattr(row, f) for f in row.__slots__}, "file": row.file or "l.csv", "line": number})
            for number, row in enumerate(rows, 2)
        ]
        return prepare(numbered, scorer.model, text)  # type: ignore[arg-type]

    return prepared


def row(seed: int, outlet: str = "a.fr", **labels: int) -> Label:
    return Label(text=story(seed), outlet=outlet, labels=labels)


def told(problems: list[Problem]) -> list[tuple[int, bool]]:
    return [(problem.line, problem.hard) for problem in problems]


def test_what_cannot_be_true_at_once_is_refused(made: Prepare) -> None:
    _, problems = made(
        Label(text=story(1), labels={"agency": 1}, source_language="en"),
        Label(text=story(2), labels={"translated": 0}, source_language="en"),
        row(3, original=1, aggregated=1),
        Label(text=story(4), labels={"aggregated": 1}, furniture=(Span(0, 10**6, "related"),)),
        row(5, translated=1),
        row(5, translated=0),
        Label(text=story(6), labels={"translated": 1}, source_language="ru", outlet="a.fr"),
    )
    assert told([p for p in problems if p.hard]) == [(2, True), (3, True), (4, True), (5, True), (7, True)]
    assert "line 6" in problems[-1].what


def test_a_thousand_copies_count_once(made: Prepare) -> None:
    additions, problems = made(*[row(1, aggregated=1) for _ in range(1000)], row(2, aggregated=0))
    assert len(additions.rows) == 2
    assert len([p for p in problems if "same text" in p.what]) == 999


def test_rows_of_one_text_say_together_what_they_say(made: Prepare) -> None:
    additions, problems = made(row(1, aggregated=1), row(1, translated=0))
    assert [dict(r.labels) for r in additions.rows] == [{"aggregated": 1, "translated": 0}]
    assert not problems


def test_nearly_the_same_text(made: Prepare) -> None:
    long = story(1)
    again = f"{long} Et le public a applaudi."
    additions, problems = made(
        Label(text=long, labels={"aggregated": 1}, outlet="a.fr"),
        Label(text=again, labels={"aggregated": 1}, outlet="b.fr"),
        Label(text=again + " Puis il est parti.", labels={"aggregated": 0}, outlet="b.fr"),
        Label(text=story(2), labels={"aggregated": 0}, outlet="b.fr"),
    )
    assert len(additions.rows) == 2
    assert told(problems) == [(3, False), (4, True)]


def test_what_the_model_is_measured_on_is_not_learnt_from(made: Prepare, scorer: Scorer) -> None:
    first, _ = made(row(1, original=1))
    width = scorer.model.pipeline.named_steps["features"].transformer_list[0][1].named_steps["weights"].idf_.shape[0]
    shipped = first.X[:, :width].tocsr()
    shipped.data[:] = 1
    additions, problems = made(row(1, original=1), row(2, original=1), text=shipped)
    assert len(additions.rows) == 1
    assert told(problems) == [(2, False)]


def test_texts_that_nothing_can_be_learnt_from(made: Prepare, tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as handle:
        handle.truncate(10 * 1024**3)
    (tmp_path / "nul.txt").write_bytes(b"a\x00b" * 500)
    here = str(tmp_path / "l.csv")
    _, problems = made(
        Label(path="huge.txt", labels={"agency": 1}, file=here),
        Label(path="nul.txt", labels={"agency": 1}, file=here),
        Label(path="gone.txt", labels={"agency": 1}, file=here),
        Label(text="Trop court.", labels={"agency": 1}),
        Label(text="The council met on Monday and voted for the new budget of the town. " * 8, labels={"agency": 1}),
        Label(text=story(1)),
    )
    by_line = {problem.line: problem for problem in problems}
    assert [by_line[n].hard for n in range(2, 8)] == [True, True, True, False, False, False]
    assert all(problem.remedy for problem in problems)
    assert "larger than" in by_line[2].what


def test_formulas_are_text(made: Prepare, tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text(f"text,outlet,agency,note\n\"=cmd|' /C calc'!A0 {story(1)}\",+1,yes,@x\n")
    rows, problems = read_labels([file])
    additions, more = made(*rows)
    assert (len(additions.rows), problems, more) == (1, [], [])
    assert additions.outlets.tolist() == ["+1"]


def test_a_label_of_one_outlet_alone_is_told(made: Prepare) -> None:
    _, problems = made(*[row(i, aggregated=1) for i in range(6)], *[row(i, "b.fr", aggregated=0) for i in range(6, 12)])
    assert ["a.fr alone" in problem.what for problem in problems] == [True]


def test_no_outlet_drowns_the_rest() -> None:
    small, large = added_weights(["a"] * MOST_ROWS).sum(), added_weights(["a"] * 500).sum()
    assert large == pytest.approx(small)
    mixed = added_weights(["a"] * 500 + ["b"])
    assert mixed[-1] == 1
    assert mixed[:-1].max() < 0.02


def test_off_topic_is_tested_and_not_learnt_from(made: Prepare) -> None:
    additions, _ = made(
        Label(text=story(1), slant={"ukraine-war": "off_topic"}),
        row(2, agency=0),
        Label(text=story(3), slant={"ukraine-war": "pro_kyiv"}),
    )
    assert additions.slant is not None
    assert additions.slanted.tolist() == [0, 2]
    assert additions.slant.y.tolist() == [-1, 1]
    assert np.isnan(additions.values("agency")[[0, 2]]).all()


def test_furniture_is_lines(made: Prepare) -> None:
    text = f"Accueil > Monde\nTitre\n{story(1)}\nPartager cet article"
    spans = (Span(0, 15, "breadcrumb"), Span(len(text) - 20, len(text), "share"))
    additions, _ = made(Label(text=text, outlet="a.fr", furniture=spans))
    assert additions.lines is not None
    assert additions.lines.y.tolist() == [1, 0, 0, 1]
