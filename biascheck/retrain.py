"""Labelled additions → a new model beside the shipped one: which heads are fitted anew, and what that changes.

Features stay those of the shipped model, so a head without additions is carried over as it is. A head with additions is
fitted on the shipped rows and the added ones, cut into the shipped folds; the added rows join these by outlet.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.pipeline import Pipeline

from biascheck import __version__
from biascheck.additions import Additions, added_weights
from biascheck.card import write_retrained_card
from biascheck.corpus import HEADS
from biascheck.dataset import TrainingSet
from biascheck.folds import Fold
from biascheck.gate import Change, compare, compare_lines, compare_slant
from biascheck.heads import BinaryHeads, Heads
from biascheck.joining import join_folds, join_leftovers, join_lines, join_slant, some_lines
from biascheck.margins import FloatArray
from biascheck.own_lines import OwnLines, learn_lines
from biascheck.refit import refit
from biascheck.slant import SlantHeads
from biascheck.slant_rows import SlantSet, slant_folds, slant_weights
from biascheck.slant_training import fit_slant, slant_pipeline
from biascheck.store import Model, models_folder, save_model
from biascheck.training import (
    default_folds,
    featurise,
    fit_aggregated,
    fit_lines,
    language_labels,
    language_weights,
    row_weights,
)

__all__ = ["UNSEEN", "Retrained", "digest_of", "read_unseen", "retrain", "unseen_of", "write_model", "write_unseen"]

#: Beside a model: what its heads say of the rows that they are measured on, by models that had not seen them.
UNSEEN = "unseen.npz"
_ABOUT = ("training_sha256", "language", "lexicon")


@dataclass(frozen=True)
class Retrained:
    """A model with additions.

    Attributes
    ----------
    parts : mapping
        What `save_model` takes; parts and heads without additions are the shipped ones.
    fitted : tuple of str
        What was fitted anew.
    changes : sequence of Change
        Figures before and after.
    lines : int
        Pages of the additions that have a line of their own site (see `biascheck.own_lines`).
    """

    parts: Mapping[str, Any]
    fitted: tuple[str, ...]
    changes: Sequence[Change]
    lines: int = 0

    @property
    def reasons(self) -> list[str]:
        """Why the model is worse than the shipped one; empty where it is not."""
        return [change.reason for change in self.changes if change.reason]


def unseen_of(parts: Mapping[str, Any]) -> dict[str, FloatArray]:
    """The unseen scores of freshly fitted parts, by head."""
    found = {name: _unseen(parts["pipeline"].named_steps["heads"], name) for name in (*HEADS, "language")}
    found["aggregated"] = parts["aggregated"].named_steps["heads"].unseen_[:, 0]
    found |= {f"slant.{name}": head.unseen_ for name, head in parts["slant"].named_steps["heads"].heads.items()}
    return found


def write_unseen(folder: Path, unseen: Mapping[str, FloatArray], training: TrainingSet) -> None:
    """Store unseen scores beside a model, for the next retraining to compare with."""
    arrays: dict[str, Any] = {name: values.astype(np.float32) for name, values in unseen.items()}
    part = folder / f"{UNSEEN}.part"
    with part.open("wb") as handle:
        np.savez_compressed(handle, training=np.asarray(training.sha256), **arrays)
    part.replace(folder / UNSEEN)


def read_unseen(folder: Path, training: TrainingSet) -> dict[str, FloatArray]:
    """The unseen scores beside a model; empty where there are none for this training set."""
    try:
        with np.load(folder / UNSEEN, allow_pickle=False) as file:
            found = dict(file)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}
    return found if str(found.pop("training", "")) == training.sha256 else {}


def digest_of(additions: Additions) -> str:
    """SHA-256 of what is learnt from: texts as features, labels and outlets, wherever the files stand."""
    said = [
        [str(outlet), sorted(row.labels.items()), row.source_language, sorted(row.slant.items()), len(row.furniture)]
        for row, outlet in zip(additions.rows, additions.outlets, strict=True)
    ]
    digest = hashlib.sha256(json.dumps(said).encode())
    for matrix in (additions.X, additions.counts):
        digest.update(matrix.indices.tobytes() + matrix.data.tobytes())
    return digest.hexdigest()


def retrain(
    model: Model,
    training: TrainingSet,
    additions: Additions,
    *,
    unseen: dict[str, FloatArray] | None = None,
    jobs: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Retrained:
    """Fit what the additions have labels for.

    Parameters
    ----------
    model, training
        The shipped ones, which belong together.
    unseen : dict, optional
        What `read_unseen` gave; heads that are not in it are fitted without the additions as well, to compare, and
        their scores put into it.
    jobs : int, optional
        Processes; two where there are two cores.
    """
    unseen = {} if unseen is None else unseen
    parts: dict[str, Any] = {
        name: getattr(model, name)
        for name in (field.name for field in fields(model))
        if name not in {"name", "sha256", "about"} and getattr(model, name) is not None
    }
    fitted: list[str] = []
    changes: list[Change] = []
    if additions.lines is not None:
        progress("fitting lines …")
        parts["lines"] = fit_lines(join_lines(training.lines, additions.lines))
        held = np.asarray([zlib.crc32(site.encode()) % 3 == 0 for site in training.lines.sites.tolist()])
        others = some_lines(training.lines, ~held)
        both = fit_lines(join_lines(others, additions.lines))
        changes += compare_lines(some_lines(training.lines, held), fit_lines(others), both)
        fitted.append("lines")
    if additions.slant is not None and (additions.slant.y >= 0).any():
        progress("fitting slant …")
        parts["slant"], found = _slant(model, training.slant, additions.slant, unseen)
        changes += found
        fitted.append("slant")
    if (~np.isnan(additions.values("aggregated"))).any():
        progress("fitting aggregated …")
        parts["aggregated"], found = _aggregated(model, training, additions, unseen)
        changes += found
        fitted.append("aggregated")
    names = [head for head in HEADS if (~np.isnan(additions.values(head))).any()]
    names += ["language"] if any(row.source_language for row in additions.training_rows()) else []
    if names:
        parts["pipeline"], found = _provenance(model, training, additions, names, unseen, jobs, progress)
        changes += found
        fitted += names
    lines = parts["aggregated"].named_steps["leftovers"]
    known = int(lines.find([text.leftovers for text in additions.texts]).sum()) if isinstance(lines, OwnLines) else 0
    return Retrained(parts, tuple(fitted), changes, known)


def write_model(
    folder: Path, model: Model, result: Retrained, additions: dict[str, Any], *, name: str, training: str
) -> str:
    """Write a retrained model with its card (see `biascheck.card.write_retrained_card`).

    Parameters
    ----------
    model
        The shipped one.
    additions : dict
        What the card says of them.
    training : str
        SHA-256 of the training set.

    Returns
    -------
    str
        SHA-256 of the model file.
    """
    about: dict[str, Any] = {
        key: model.about[key] for key in ("training_sha256", "language", "lexicon") if key in model.about
    }
    digest = save_model(folder, dict(result.parts), name=name, about={**about, "parent": model.sha256})
    try:
        parent = json.loads((models_folder() / model.name / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        parent = {}
    described = {"name": name, "version": __version__, "sha256": digest, "training_sha256": training}
    parent = {**parent, "name": model.name, "version": model.about.get("version"), "sha256": model.sha256}
    write_retrained_card(folder, described, parent, additions, result.changes)
    return digest


def _provenance(
    model: Model,
    training: TrainingSet,
    additions: Additions,
    names: Sequence[str],
    unseen: dict[str, FloatArray],
    jobs: int | None,
    progress: Callable[[str], None],
) -> tuple[Pipeline, list[Change]]:
    shipped, places = featurise(training, np.float32)
    rows, added = list(training.rows), additions.training_rows()
    old: Heads = model.pipeline.named_steps["heads"]
    folds = {name: cut for name, cut in default_folds(rows).items() if name in names}
    weights = {name: row_weights(rows) for name in names}
    weights |= {"agency": np.ones(len(rows))} if "agency" in names else {}
    weights |= {"language": language_weights(rows)} if "language" in names else {}
    missing = {name: folds[name] for name in names if name not in unseen}
    if missing:
        bare = refit(shipped, places, rows, weights, missing, old, final=False, jobs=jobs, progress=progress)
        unseen |= {name: _unseen(bare, name) for name in missing}
    X = sp.vstack([shipped, additions.X.astype(np.float32)], format="csr")
    del shipped
    heads = refit(
        X,
        places,
        [*rows, *added],
        {
            name: np.concatenate([weight, added_weights(additions.outlets, 1.0 if name == "agency" else 0.5)])
            for name, weight in weights.items()
        },
        {name: join_folds(cut, [r.outlet for r in rows], additions.outlets.tolist()) for name, cut in folds.items()},
        old,
        jobs=jobs,
        progress=progress,
    )
    before, after = old.provenance, heads.provenance
    assert before is not None
    assert after is not None
    changes = []
    now = old.predict_proba(additions.X)
    for name in names:
        p = _unseen(heads, name)
        if name == "language":
            changes += _language(training, additions, old, unseen[name], p)
            continue
        column = HEADS.index(name)
        thresholds = (float(before.thresholds_[column]), float(after.thresholds_[column]))
        y, groups = _known([row.labels[name] for row in rows]), np.asarray([row.group for row in rows])
        changes += compare(name, y, (unseen[name], p[: len(rows)]), thresholds, groups)
        said = (now[:, column], p[len(rows) :])
        changes += compare(name, additions.values(name), said, thresholds, additions.outlets, added=True)
    return Pipeline([*model.pipeline.steps[:-1], ("heads", heads)]), changes


def _unseen(heads: Heads, name: str) -> FloatArray:
    """The unseen scores of one head, of heads that have just been fitted."""
    assert heads.provenance is not None
    assert heads.language is not None
    return heads.language.unseen_ if name == "language" else heads.provenance.unseen_[:, HEADS.index(name)]


def _known(labels: Sequence[int | None]) -> FloatArray:
    return np.asarray([np.nan if label is None else label for label in labels], dtype=np.float64)


def _language(
    training: TrainingSet, additions: Additions, old: Heads, unseen: FloatArray, after: FloatArray
) -> list[Change]:
    """Whether the likeliest language is the right one, of the shipped rows and of the added."""
    rows = training.rows
    y = language_labels(rows)
    known = (y >= 0) & ~np.isnan(unseen[:, 0]) & ~np.isnan(after[: len(rows), 0])
    right = [np.where(known, p.argmax(axis=1) == y, np.nan) for p in (unseen, after[: len(rows)])]
    groups = np.asarray([f"{row.outlet} {row.system}" for row in rows])
    changes = compare("language", np.where(known, 1.0, np.nan), (right[0], right[1]), (0.5, 0.5), groups)
    z = language_labels(additions.training_rows())
    said = (old.predict_language(additions.X), after[len(rows) :])
    hits = [np.where(z >= 0, np.nan_to_num(p).argmax(axis=1) == z, np.nan) for p in said]
    return changes + compare(
        "language", np.where(z >= 0, 1.0, np.nan), (hits[0], hits[1]), (0.5, 0.5), additions.outlets, added=True
    )


def _aggregated(
    model: Model, training: TrainingSet, additions: Additions, unseen: dict[str, FloatArray]
) -> tuple[Pipeline, list[Change]]:
    shipped = training.leftovers
    y = additions.values("aggregated")
    chosen = np.flatnonzero(~np.isnan(y))
    y, outlets, bare = y[chosen], additions.outlets[chosen], additions.counts[chosen]
    texts = [additions.texts[i].leftovers for i in chosen.tolist()] if additions.texts else []
    own = learn_lines(texts, y, outlets.tolist(), training.lines.X) if texts else None
    lined = own.find(texts) if own else np.zeros(len(y), dtype=bool)
    both, weights, folds = join_leftovers(shipped, bare, y, outlets, lined)
    if "aggregated" not in unseen:
        unseen["aggregated"] = fit_aggregated(shipped, final=False).unseen_[:, 0]
    head = fit_aggregated(both, weights=weights, folds=folds)
    old: BinaryHeads = model.aggregated.named_steps["heads"]
    thresholds = (float(old.thresholds_[0]), float(head.thresholds_[0]))
    after = head.unseen_[:, 0]
    said = (unseen["aggregated"], after[: len(shipped.y)])
    changes = compare("aggregated", shipped.y.astype(float), said, thresholds, shipped.groups)
    said = (old.predict_proba(bare)[:, 0], after[len(shipped.y) :])
    changes += compare("aggregated", y, said, thresholds, outlets, added=True)
    steps = [("leftovers", own), *model.aggregated.steps[1:-1]] if own else model.aggregated.steps[:-1]
    return Pipeline([*steps, ("heads", head)]), changes


def _slant(
    model: Model, shipped: SlantSet, added: SlantSet, unseen: dict[str, FloatArray]
) -> tuple[Pipeline, list[Change]]:
    both = join_slant(shipped, added)
    old: SlantHeads = model.slant.named_steps["heads"]
    languages = tuple(old.heads or {})
    if not all(f"slant.{language}" in unseen for language in languages):
        before = fit_slant(shipped, final=False)
        unseen |= {f"slant.{language}": before.of(language).unseen_ for language in languages}
    folds: list[Fold] = join_folds(slant_folds(shipped), shipped.outlets.tolist(), added.outlets.tolist())
    weights = np.concatenate([slant_weights(shipped), added_weights(added.outlets)])
    heads = fit_slant(both, weights=weights, folds=folds)
    number = len(shipped.y)

    def called(of: SlantHeads, scores: Mapping[str, FloatArray], rows: SlantSet) -> npt.NDArray[np.str_]:
        said = []
        for i, (language, topic) in enumerate(zip(rows.languages.tolist(), rows.topic.tolist(), strict=True)):
            said.append(of.of(language).call(scores[language][i].astype(np.float64), topic))
        return np.asarray(said, dtype=str)

    words = dict(model.slant.named_steps["features"].transformer_list)["words"]
    after = {language: heads.of(language).unseen_ for language in languages}
    changes = compare_slant(
        shipped,
        called(old, {language: unseen[f"slant.{language}"] for language in languages}, shipped),
        called(heads, {language: p[:number] for language, p in after.items()}, shipped),
    )
    X = sp.hstack([added.X, words[1:].transform(added.words)], format="csr")
    now = {language: old.of(language).predict_proba(X) for language in languages}
    late = {language: p[number:] for language, p in after.items()}
    changes += compare_slant(added, called(old, now, added), called(heads, late, added), added=True)
    return slant_pipeline(both, heads), changes
