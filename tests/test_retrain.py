"""Retraining: what is learnt, what stays as it was, what poison does; on a few rows of the shipped features."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.pipeline import Pipeline

from biascheck import retrain as module
from biascheck.additions import Additions, Measured, prepare
from biascheck.corpus import HEADS
from biascheck.dataset import LeftoverSet, TrainingSet, load_training
from biascheck.folding import Fold as FoldText
from biascheck.gate import Change, compare
from biascheck.heads import Heads
from biascheck.joining import join_folds
from biascheck.labels import Label
from biascheck.leftovers import LeftoverCounts, Leftovers
from biascheck.registry import in_force
from biascheck.retrain import digest_of, read_unseen, retrain, write_model, write_unseen
from biascheck.scorer import Scorer
from biascheck.store import Model, data_folder, load_model, save_model
from biascheck.training import default_folds, feature_pipeline, featurise, fit_aggregated, fit_heads

ABSENT = "ppn"


@dataclass(frozen=True)
class World:
    """A small model and its rows, and rows that it has not learnt from."""

    model: Model
    training: TrainingSet
    X: sp.csr_matrix
    places: dict[str, slice]
    held: list[int]
    pool: TrainingSet
    every: sp.csr_matrix
    unseen: dict[str, Any]


@pytest.fixture(scope="module")
def world(scorer: Scorer) -> World:
    whole = load_training(data_folder() / "training")
    chance = np.random.default_rng(0)
    some = np.sort(chance.permutation(len(whole.rows))[:2600])

    def part(of: TrainingSet, index: Any) -> TrainingSet:
        rows = [of.rows[i] for i in index]
        return replace(
            of, rows=rows, text=of.text[index], frames=of.frames[index], phrases=of.phrases[index], cues=of.cues[index]
        )

    pool = part(whole, some)
    left = pool.leftovers
    few = np.sort(chance.permutation(len(left.y))[:2000])
    pool = replace(pool, leftovers=LeftoverSet(left.X[few], left.y[few], left.groups[few], left.kinds[few]))
    X, places = featurise(pool)
    held = [i for i, r in enumerate(pool.rows) if r.set == ABSENT or i % 4 == 0]
    kept = np.setdiff1d(np.arange(len(pool.rows)), held)
    training = part(pool, kept)
    folds = default_folds(training.rows)
    provenance, _ = fit_heads(training, features=(X[kept], places), folds={"translated": folds["translated"]})
    aggregated = fit_aggregated(training.leftovers)
    shipped = scorer.model
    model = replace(
        shipped,
        pipeline=Pipeline(
            [
                ("fold", FoldText()),
                ("features", feature_pipeline(pool)),
                ("heads", Heads(provenance, shipped.pipeline.named_steps["heads"].language)),
            ]
        ),
        aggregated=Pipeline([("leftovers", LeftoverCounts()), ("heads", aggregated)]),
    )
    unseen = {
        "translated": provenance.unseen_[:, HEADS.index("translated")],
        "aggregated": aggregated.unseen_[:, 0],
    }
    return World(model, training, X[kept], places, held, pool, X, unseen)


@pytest.fixture(autouse=True)
def same_features(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and additions measured alike, though the texts of the rows are not at hand."""
    monkeypatch.setattr(module, "featurise", lambda *_: (world.X, world.places))


@pytest.fixture
def added(world: World) -> Callable[..., Additions]:
    X = world.every

    def additions(index: list[int], values: list[int], *, label: str = "translated") -> Additions:
        rows = [Label(text="-", labels={label: value}) for value in values]
        return Additions(
            rows=rows,
            outlets=np.asarray([world.pool.rows[i].outlet for i in index], dtype=str),
            french=np.ones(len(index), dtype=bool),
            X=X[index],
            counts=world.pool.leftovers.X[: len(index)],
            slant=None,
            slanted=np.zeros(0, dtype=np.intp),
            lines=None,
            texts=[],
        )

    return additions


def labels_of(world: World, index: list[int]) -> list[int]:
    return [int(world.pool.rows[i].labels["translated"] or 0) for i in index]


def run(world: World, additions: Additions) -> Any:
    return retrain(world.model, world.training, additions, unseen=dict(world.unseen), jobs=1)


def change(changes: Any, name: str, on: str = "shipped") -> Change:
    return next(c for c in changes if c.name == name and c.on == on)


def test_a_family_that_was_not_there_is_learnt(world: World, added: Callable[..., Additions]) -> None:
    family = [i for i in world.held if world.pool.rows[i].set == ABSENT]
    learnt, rest = family[:50], family[50:]
    result = run(world, added(learnt, [1] * len(learnt)))
    X = world.every[rest]
    column = HEADS.index("translated")

    def margin(heads: Any) -> float:
        return float(heads.provenance.predict_proba(X)[:, column].mean())

    before = margin(world.model.pipeline.named_steps["heads"])
    after = margin(result.parts["pipeline"].named_steps["heads"])
    assert after > before


def test_what_has_no_additions_stays_as_it_is(world: World, added: Callable[..., Additions]) -> None:
    result = run(world, added(world.held[:30], labels_of(world, world.held[:30])))
    assert result.fitted == ("translated",)
    for part in ("aggregated", "slant", "lines"):
        assert result.parts[part] is getattr(world.model, part)
    old, new = (p.named_steps["heads"] for p in (world.model.pipeline, result.parts["pipeline"]))
    assert new.language is old.language
    for head in HEADS:
        same = np.array_equal(
            old.provenance.coef_[HEADS.index(head)], new.provenance.coef_[HEADS.index(head)], equal_nan=True
        )
        assert same == (head != "translated")


def test_the_same_input_gives_the_same_bytes(world: World, added: Callable[..., Additions], tmp_path: Path) -> None:
    additions = added(world.held[:30], labels_of(world, world.held[:30]))
    said = {"files": [], "sha256": digest_of(additions), "rows": 30, "outlets": 2, "labels": [], "rule": ""}
    for name in ("a", "b"):
        result = run(world, additions)
        told = {**said, "fitted": list(result.fitted)}
        write_model(tmp_path / name, world.model, result, told, name="desk", training=world.training.sha256)
    for file in ("model.skops", "model.json", "card.json", "card.md"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert load_model(str(tmp_path / "a")).about["parent"] == world.model.sha256


def test_without_additions_the_model_is_the_old_one(
    world: World, added: Callable[..., Additions], tmp_path: Path
) -> None:
    result = run(world, added([], []))
    assert result.fitted == ()
    parts = {name: getattr(world.model, name) for name in result.parts}
    digests = [save_model(tmp_path / n, dict(p), name="x", about={}) for n, p in (("a", parts), ("b", result.parts))]
    assert digests[0] == digests[1]


def test_aggregated_is_learnt_on_its_own(world: World, added: Callable[..., Additions]) -> None:
    index = list(range(40))
    values = world.training.leftovers.y[:40].tolist()
    result = run(world, added(index, values, label="aggregated"))
    assert result.fitted == ("aggregated",)
    assert result.parts["pipeline"] is world.model.pipeline
    assert {c.on for c in result.changes} == {"shipped", "additions"}


def test_lines_of_a_site_are_learnt_and_tested_without_them(
    world: World, added: Callable[..., Additions], tmp_path: Path
) -> None:
    innocent = np.flatnonzero(world.training.leftovers.y == 0)[:40]
    additions = added(list(range(40)), [1] * 40, label="aggregated")
    prose = " ".join(f"Une phrase du texte numéro {n} que rien ne distingue des autres." for n in range(9))
    texts = [
        Measured("", "fr", None, Leftovers(f"Titre\n{prose}" + "\nGerbe du jour reprise ici" * (n % 4 > 0)))
        for n in range(40)
    ]
    additions = replace(
        additions, texts=texts, counts=world.training.leftovers.X[innocent], outlets=np.full(40, "a.fr", dtype="<U9")
    )
    result = run(world, additions)
    save_model(tmp_path / "m", dict(result.parts), name="m", about={"lexicon": world.model.about["lexicon"]})
    counts = load_model(str(tmp_path / "m")).aggregated.named_steps["leftovers"]
    assert counts.find([text.leftovers for text in texts]).tolist() == [n % 4 > 0 for n in range(40)]
    # Of an outlet that nobody has seen nothing is called: the line is no merit of the head.
    assert change(result.changes, "recall_at_threshold", "additions").after < 0.1
    # Pages with the line teach nothing else.
    few = replace(
        additions, texts=[], rows=[Label(text="-", labels={}) if n % 4 else r for n, r in enumerate(additions.rows)]
    )
    again = run(world, few)
    heads = [r.parts["aggregated"].named_steps["heads"] for r in (result, again)]
    assert heads[0].thresholds_[0] == pytest.approx(heads[1].thresholds_[0], abs=0.02)


def contained(result: Any) -> bool:
    """Refused by the gate, or nothing lost that matters."""
    fell = change(result.changes, "recall_at_threshold")
    rose = change(result.changes, "false_alarms_at_threshold")
    return bool(result.reasons) or (fell.after > fell.before - 0.03 and rose.after < rose.before + 0.01)


def test_five_flipped_labels_in_a_hundred(world: World, added: Callable[..., Additions]) -> None:
    index = world.held[:200]
    values = labels_of(world, index)
    for at in range(0, 200, 20):
        values[at] = 1 - values[at]
    assert contained(run(world, added(index, values)))


def test_an_outlet_with_all_its_labels_flipped(world: World, added: Callable[..., Additions]) -> None:
    index = [i for i in world.held if world.pool.rows[i].labels["translated"] == 0][:300]
    additions = added(index, [1] * len(index))
    assert contained(run(world, replace(additions, outlets=np.full(len(index), "poison.fr"))))


def test_an_outlet_of_many_rows_weighs_no_more_than_one_of_fifty(
    world: World, added: Callable[..., Additions], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def refit(X: Any, places: Any, rows: Any, weights: Any, *_: Any, **__: Any) -> Any:
        seen.update(weights)
        raise StopIteration

    monkeypatch.setattr(module, "refit", refit)
    index = world.held[:300]
    additions = replace(added(index, [1] * 300), outlets=np.full(300, "one.fr"))
    with pytest.raises(StopIteration):
        run(world, additions)
    assert seen["translated"][-300:].sum() == pytest.approx(50**0.5)


def test_folds_keep_the_shipped_rows_and_an_outlet_together() -> None:
    shipped = [(np.asarray([2, 3]), np.asarray([0, 1])), (np.asarray([0, 1]), np.asarray([2, 3]))]
    folds = join_folds(shipped, ["a", "a", "b", "b"], ["b", "c", "c", "d", "b"])
    assert [test.tolist()[:2] for _, test in folds] == [[0, 1], [2, 3]]
    assert {4, 8} <= set(folds[1][1].tolist())
    for train, test in folds:
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(9))
    c = [{5, 6} & set(test.tolist()) for _, test in folds]
    assert sorted(map(len, c)) == [0, 2]


@pytest.mark.parametrize(("shift", "worse"), [(0.0, False), (-0.6, True), (0.6, False)])
def test_the_gate(shift: float, worse: bool) -> None:
    chance = np.random.default_rng(1)
    y = np.repeat([0.0, 1.0], 600)
    groups = np.asarray([f"o{i % 30}" for i in range(1200)])
    p = np.clip(0.3 + 0.4 * y + chance.normal(0, 0.1, 1200), 0, 1)
    after = p + shift * 0.3 * y
    changes = compare("translated", y, (p, after), (0.5, 0.5), groups)
    assert any(c.reason for c in changes) == worse
    assert all(c.difference_interval[0] <= c.after - c.before + 1e-9 for c in changes)


def test_more_false_alarms_are_worse() -> None:
    y = np.zeros(1000)
    groups = np.asarray([f"o{i % 40}" for i in range(1000)])
    p = np.linspace(0, 1, 1000)
    (alarms,) = compare("slant fr", y, (p * 0.9, p), (0.89, 0.89), groups)
    assert "false_alarms_at_threshold" in alarms.reason
    (fewer,) = compare("slant fr", y, (p, p * 0.9), (0.89, 0.89), groups)
    assert not fewer.reason


def test_unseen_scores_are_of_their_training_set(world: World, tmp_path: Path) -> None:
    write_unseen(tmp_path, world.unseen, world.training)
    found = read_unseen(tmp_path, world.training)
    assert np.allclose(found["translated"], world.unseen["translated"], atol=1e-6, equal_nan=True)
    assert read_unseen(tmp_path, replace(world.training, sha256="other")) == {}
    (tmp_path / "unseen.npz").write_bytes(b"PK rubbish")
    assert read_unseen(tmp_path, world.training) == {}


@pytest.fixture
def command(
    world: World, scorer: Scorer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, run: Callable[..., Any]
) -> Callable[..., Any]:
    """`biascheck train --add` on two texts, with the figures that a retraining would have found."""
    home = tmp_path / "home"
    monkeypatch.setenv("BIASCHECK_HOME", str(home))
    monkeypatch.setattr("biascheck.dataset.load_training", lambda _: replace(world.training, sha256=digest))
    monkeypatch.setattr("biascheck.additions.prepare", lambda rows, model, text: prepare(rows, model))
    digest = scorer.model.about["training_sha256"]

    def ran(text: str, *options: str, loss: float = 0.0) -> Any:
        figure = Change("agency", "shipped", "auc", 0.9, (0.8, 1), 0.9 - loss, (0.8, 1), (-loss, -loss / 2), 9)
        parts = {name: getattr(scorer.model, name) for name in ("pipeline", "aggregated", "lines", "slant")}
        result = module.Retrained(parts, ("agency",), [figure])
        monkeypatch.setattr(module, "retrain", lambda *_, **__: result)
        file = tmp_path / "labels.csv"
        file.write_text(text)
        return run("train", "--add", file, *options)

    return ran


def test_a_model_that_is_worse_is_written_and_not_put_in_force(
    command: Callable[..., Any], run: Callable[..., Any], prose: str
) -> None:
    labels = f'text,outlet,agency\n"{prose * 2}",a.fr,yes\n'
    ran = command(labels, "--name", "desk", loss=0.2)
    assert ran.code == 0
    assert "worse: agency: auc" in ran.out
    assert "not put in force" in ran.out
    assert in_force() == "fr"
    assert "desk" in run("models").out
    # The same again, by force.
    assert "in force from now on" in command(labels, "--name", "desk", "--force", loss=0.2).out
    assert in_force() == "desk"


def test_a_good_model_is_put_in_force_with_its_card(command: Callable[..., Any], prose: str, tmp_path: Path) -> None:
    assert command(f'text,outlet,agency\n"{prose * 2}",a.fr,yes\n', "--name", "desk").code == 0
    assert in_force() == "desk"
    folder = tmp_path / "home" / "models" / "desk"
    card = json.loads((folder / "card.json").read_text())
    assert card["parent"]["sha256"] == load_model("fr").sha256
    assert card["additions"]["labels"] == [["agency", "yes", 1]]
    assert len(card["additions"]["files"][0]["sha256"]) == 64
    assert "bibliothèque" not in (folder / "card.json").read_text() + (folder / "card.md").read_text()


def test_checking_stops_before_training(command: Callable[..., Any], prose: str) -> None:
    good = f'text,outlet,agency\n"{prose * 2}",a.fr,yes\n'
    assert command(good, "--check").code == 0
    assert in_force() == "fr"
    bad = command(good + f'"{prose * 2}",b.fr,no\n"{prose}",b.fr,perhaps\n')
    assert bad.code == 2
    assert "labels.csv:" in bad.err
    assert "Traceback" not in bad.err
    assert command('text,agency\n"trop court",yes\n').code == 2


def test_options_that_do_not_go_together(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("text,agency\n")
    assert run("train", "--check").code == 2
    assert run("train", "--add", tmp_path / "l.csv", "--corpus", tmp_path).code == 2
    assert run("train", "--add", tmp_path / "l.csv", "--name", "../x").code == 2
