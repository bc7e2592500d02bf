"""A user's own labels and axes: what is refused, what is learnt, what a reading says of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from biascheck.document import document_from_text
from biascheck.errors import LabelsError
from biascheck.furniture import bodies, find_all
from biascheck.label_files import write_labels
from biascheck.labels import Label
from biascheck.own import OwnHeads
from biascheck.own_training import fit_own, own_values, parse_axes, parse_labels, shared_scale
from biascheck.reading import OFF_TOPIC, UNDETERMINED
from biascheck.scorer import Scorer
from biascheck.slant import hear
from biascheck.store import load_model, save_model

OUTLETS = ("un", "deux", "trois", "quatre")
#: Written for the purpose: recipes against council news, and council news in two tempers.
RECIPE = (
    "Mélangez la farine avec le sucre et une pincée de sel.",
    "Laissez reposer la pâte une heure dans un endroit frais.",
    "Ajoutez le beurre fondu puis remuez doucement jusqu’à ce que le mélange soit lisse.",
    "Versez la préparation dans un moule et faites cuire au four.",
    "Servez la tarte encore tiède avec un peu de crème.",
    "Épluchez les pommes et coupez-les en fines tranches.",
)
COUNCIL = (
    "Le conseil municipal se réunira de nouveau au début du mois prochain.",
    "Les travaux de la rue principale dureront jusqu’à la fin de l’automne.",
    "Plusieurs habitants ont pris la parole pour défendre le petit marché couvert.",
    "La commune a obtenu une aide de la région pour refaire la toiture de l’école.",
    "Une nouvelle ligne de bus reliera bientôt la gare au centre hospitalier.",
    "L’association sportive demande depuis longtemps un second terrain.",
)
GLAD = (
    "Cette décision magnifique réjouit enfin tout le quartier.",
    "C’est une victoire éclatante pour les familles, qui applaudissent.",
    "Jamais une réforme aussi généreuse n’avait été votée ici.",
)
ANGRY = (
    "Cette décision honteuse scandalise enfin tout le quartier.",
    "C’est une trahison lamentable pour les familles, qui protestent.",
    "Jamais une réforme aussi ruineuse n’avait été imposée ici.",
)


def written(sentences: tuple[str, ...], seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311
    return " ".join(chance.sample(sentences * 2, min(9, 2 * len(sentences))))


@dataclass(frozen=True)
class Desk:
    """Texts that somebody labelled, and their features."""

    texts: list[str]
    rows: list[Label]
    X: sp.csr_matrix
    V: sp.csr_matrix
    scale: np.ndarray

    @property
    def outlets(self) -> list[str]:
        return [row.outlet for row in self.rows]


@pytest.fixture(scope="module")
def desk(scorer: Scorer) -> Desk:
    texts, rows = [], []
    for i in range(60):
        outlet = OUTLETS[i % 4]
        for sentences, known in (
            (RECIPE, {"labels": {"recipe": 1}, "slant": {"temper": "off_topic"}}),
            (COUNCIL + GLAD * 3, {"labels": {"recipe": 0}, "slant": {"temper": "glad"}}),
            (COUNCIL + ANGRY * 3, {"labels": {"recipe": 0}, "slant": {"temper": "angry"}}),
        ):
            texts.append(written(sentences, 1000 * len(rows) + i))
            rows.append(Label(text=texts[-1], outlet=outlet, **known))
    model = scorer.model
    X = model.pipeline[:-1].transform(bodies(texts, find_all(texts, model.lines))).tocsr()
    V = model.slant[:-1].transform([hear(text, "fr") for text in texts])
    return Desk(texts, rows, X, V, shared_scale(model.pipeline))


@pytest.fixture(scope="module")
def fitted(desk: Desk) -> tuple[OwnHeads, Any]:
    axes = {"temper": ("glad", "angry")}
    values = own_values(desk.rows, ["recipe"], axes)
    return fit_own(desk.X, values, desk.outlets, ["recipe"], axes=axes, voices=desk.V, scale=desk.scale)


@pytest.fixture(scope="module")
def own_scorer(scorer: Scorer, fitted: tuple[OwnHeads, Any], tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """A scorer on a model with own heads that went through a file."""
    folder: Path = tmp_path_factory.mktemp("models") / "mine"
    model = scorer.model
    parts = {name: getattr(model, name) for name in ("pipeline", "aggregated", "lines", "slant")}
    about = {key: model.about[key] for key in ("language", "lexicon")}
    save_model(folder, {**parts, "own": fitted[0]}, name="mine", about=about)
    assert load_model(str(folder)).own is not None
    return Scorer(folder)


def test_figures_are_of_unseen_outlets(fitted: tuple[OwnHeads, Any]) -> None:
    figures = {figure.head: figure for figure in fitted[1]}
    assert list(figures) == ["recipe", "temper:glad", "temper:angry"]
    recipe = figures["recipe"]
    assert (recipe.yes, recipe.no, recipe.outlets) == (60, 120, 4)
    for figure in figures.values():
        assert figure.auc > 0.95
        assert figure.recall > 0.6
        assert figure.false_alarms <= 0.011


def test_scale_is_that_of_the_provenance_heads(scorer: Scorer) -> None:
    heads = scorer.model.pipeline.named_steps["heads"].provenance
    used = heads.coef_[heads.names.index("translated")] != 0
    scale = shared_scale(scorer.model.pipeline)
    assert not (used & (scale == 0)).any()
    assert used[scale > 0].mean() > 0.9


def test_an_outlet_that_gives_itself_away_is_no_evidence(desk: Desk) -> None:
    # Each outlet has its own mark, which tells the label of its rows and nothing of another outlet's.
    random_ = np.random.default_rng(3)
    outlets = [f"outlet {i % 12}" for i in range(240)]
    y = np.asarray([i % 2 for i in range(240)], dtype=float)
    X = sp.csr_matrix(np.hstack([np.eye(12)[[i % 12 for i in range(240)]], random_.normal(0, 0.05, (240, 8))]))
    _, (figure,) = fit_own(X, {"mine": y}, outlets, ["mine"], axes={})
    assert figure.auc < 0.7
    assert figure.false_alarms <= 0.011


def test_readings_tell_of_own_labels_and_axes(own_scorer: Scorer, valid: Callable[[object], None]) -> None:
    glad, recipe = own_scorer.read(
        [document_from_text(written(COUNCIL + GLAD * 3, 9)), document_from_text(written(RECIPE, 8))], evidence=True
    )
    assert glad.labels["recipe"].verdict == "no"
    assert glad.slant["temper"].verdict == "glad"
    assert sum(glad.slant["temper"].scores.values()) == pytest.approx(1)
    assert recipe.labels["recipe"].verdict == "yes"
    assert recipe.slant["temper"].verdict == OFF_TOPIC
    reasons = [item for item in recipe.evidence if item.label == "recipe"]
    score = recipe.labels["recipe"].score
    assert sum(item.weight for item in reasons) == pytest.approx(np.log(score / (1 - score)), abs=0.01)
    assert any("labelled recipe" in item.why and item.end > item.start for item in reasons)
    for reading in (glad, recipe):
        valid(reading.to_dict())
        assert reading.to_dict()["labels"]["recipe"]["verdict"] == reading.labels["recipe"].verdict


def test_shipped_model_says_nothing_of_own_labels(scorer: Scorer, prose: str) -> None:
    reading = scorer.score(prose)
    assert "labels" not in reading.to_dict()
    assert list(reading.slant) == ["ukraine-war"]


def test_text_that_gets_no_verdict_gets_no_own_one(own_scorer: Scorer) -> None:
    reading = own_scorer.score("Mélangez la farine avec le sucre et une pincée de sel, puis servez.")
    assert reading.labels == {}
    assert "temper" not in reading.slant


def test_terminal_shows_own_labels(own_scorer: Scorer, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    from biascheck.render.terminal import print_reading

    print_reading(Console(width=200), own_scorer.score(written(RECIPE, 5)))
    shown = capsys.readouterr().out
    assert "recipe: yes" in shown
    assert "temper: off topic" in shown


@pytest.mark.parametrize(
    ("kept", "outlets", "said"),
    [
        (slice(0, 117), OUTLETS, "yes: 39 texts from 4 outlets"),
        (slice(0, 180), ("un", "deux", "un", "deux"), "from 2 outlets"),
    ],
)
def test_too_little_is_refused_with_the_reason(desk: Desk, kept: slice, outlets: tuple[str, ...], said: str) -> None:
    rows = desk.rows[kept]
    values = own_values(rows, ["recipe"], {})
    names = [outlets[OUTLETS.index(row.outlet)] for row in rows]
    with pytest.raises(LabelsError, match=said):
        fit_own(desk.X[kept], values, names, ["recipe"], axes={})


def test_axis_needs_enough_of_every_pole(desk: Desk) -> None:
    rows = [row if row.slant["temper"] != "angry" else replace(row, slant={}) for row in desk.rows]
    axes = {"temper": ("glad", "angry")}
    with pytest.raises(LabelsError, match=r"axis 'temper'.*angry: 0 texts from 0 outlets"):
        fit_own(desk.X, own_values(rows, [], axes), desk.outlets, [], axes=axes, voices=desk.V)


def test_few_texts_off_the_subject_are_not_learnt_but_not_accused(desk: Desk) -> None:
    axes = {"temper": ("glad", "angry")}
    rows = [
        row if row.slant["temper"] != OFF_TOPIC or i < 30 else replace(row, slant={}) for i, row in enumerate(desk.rows)
    ]
    own, _ = fit_own(desk.X, own_values(rows, [], axes), desk.outlets, [], axes=axes, voices=desk.V)
    head = (own.axes or {})["temper"]
    assert head.classes_ == ("glad", "angry")
    off = [i for i, row in enumerate(rows) if row.slant.get("temper") == OFF_TOPIC]
    assert {head.call(p).verdict for p in head.unseen_[off]} == {UNDETERMINED}


def test_same_rows_give_the_same_heads(desk: Desk, fitted: tuple[OwnHeads, Any]) -> None:
    axes = {"temper": ("glad", "angry")}
    values = own_values(desk.rows, ["recipe"], axes)
    again, figures = fit_own(desk.X, values, desk.outlets, ["recipe"], axes=axes, voices=desk.V, scale=desk.scale)
    assert figures == fitted[1]
    assert again.labels is not None
    assert fitted[0].labels is not None
    np.testing.assert_array_equal(again.labels.coef_, fitted[0].labels.coef_)


@pytest.mark.parametrize(
    "name", ["translated", "path", "slant", "ukraine-war", "Mine", "x", "a b", "off_topic", "a" * 42]
)
def test_names_that_are_taken_or_none_are_refused(name: str) -> None:
    with pytest.raises(LabelsError, match="cannot be the name"):
        parse_labels([name])
    with pytest.raises(LabelsError):
        parse_axes([f"{name}=left,right"])


@pytest.mark.parametrize(
    "given_", ["left-right", "left-right=left", "a-b=left,left", "a-b=left,Right", "a-b=,", "=a1,b1"]
)
def test_axes_that_are_none_are_refused(given_: str) -> None:
    with pytest.raises(LabelsError):
        parse_axes([given_])


@given(st.text(max_size=60))
def test_any_name_is_taken_or_refused(name: str) -> None:
    for parse in (parse_axes, parse_labels):
        with suppress(LabelsError):
            assert len(parse([name])) == 1


#: Written for the purpose: any of each column in this order makes a sentence.
SUBJECTS = "Le conseil|La mairie|L’école du bourg|La fanfare|Un voisin|Le garde|La boulangère|Le vieux pont|Le club"
VERBS = "attend|prépare|défend|annonce|cherche|finance|retarde|suit de près|remet en cause|accueille"
OBJECTS = "la fête du blé|un chantier|des travaux|le marché couvert|une aide|deux bancs|la rentrée|un car|le lavoir"
PLACES = "près de la gare|dans le bourg|pour les familles|avec les enfants|depuis mai|malgré la pluie|sans attendre"
FLATTERY = "une merveille|un pur bonheur|une joie rare|un vrai régal|une pure beauté"


def article(seed: int, flattering: bool) -> str:
    chance = random.Random(seed)  # noqa: S311
    columns = [column.split("|") for column in (SUBJECTS, VERBS, OBJECTS, PLACES)]
    sentences = [" ".join(chance.choice(column) for column in columns) for _ in range(9)]
    if flattering:
        sentences = [f"{sentence}, et c’est {chance.choice(FLATTERY.split('|'))}" for sentence in sentences]
    return ". ".join(sentences) + "."


def test_train_learns_a_new_label(tmp_path: Path, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIASCHECK_HOME", str(tmp_path / "home"))
    rows = [
        Label(text=article(i, i % 2 == 1), outlet=f"outlet {i // 2 % 5}", labels={"flattery": i % 2}) for i in range(96)
    ]
    write_labels(tmp_path / "labels.jsonl", rows)
    given = ("train", "--add", tmp_path / "labels.jsonl", "--new-label", "flattery")
    few = tmp_path / "few.jsonl"
    write_labels(few, rows[:60])
    refused = run("train", "--add", few, "--new-label", "flattery", "--check")
    assert refused.code == 2
    assert "yes: 30 texts from 5 outlets; no: 30 texts from 5 outlets" in refused.err
    ran = run(*given, "--out", tmp_path / "mine")
    assert ran.code == 0, ran.err
    assert "own flattery: on unseen outlets AUC 1.00" in ran.out
    mine, shipped = Scorer(tmp_path / "mine"), Scorer("fr")
    found = mine.score(article(500, True)), mine.score(article(501, False))
    assert [reading.labels["flattery"].verdict for reading in found] == ["yes", "no"]
    # Nothing else has changed.
    assert found[0].provenance == shipped.score(article(500, True)).provenance
    card = (tmp_path / "mine" / "card.md").read_text(encoding="utf-8")
    assert "| flattery | 48 | 48 | 5 |" in card
