"""The honest table: how well the heads do on outlets, systems and years that were not in their training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed

from biascheck.corpus import HEADS, LANGUAGES
from biascheck.dataset import TrainingRow, TrainingSet
from biascheck.document import MIN_CHARACTERS
from biascheck.figures import (
    CUT_NAMES,
    Figure,
    FloatArray,
    auc,
    expected_calibration_error,
    figure_of,
    interval,
    measures_of,
)
from biascheck.folds import make_folds
from biascheck.loaded import WIRE_SHARE
from biascheck.slant_evaluation import evaluate_slant
from biascheck.training import CUTS, featurise, fit_aggregated, fit_heads, fit_loaded, language_labels

__all__ = ["evaluate"]

#: A set has so many rows of a source language to be counted for it.
LEAST_CELL = 20
#: The cuts that are printed for each head, beside the one that its threshold is chosen on.
_SHOWN = {**{head: {CUTS[head], "outlet"} for head in HEADS}, "language": {CUTS["language"], "system"}}
_CUTS = ("outlet", "year", "system")


def evaluate(training: TrainingSet, *, progress: Callable[[str], None] = lambda _: None) -> list[Figure]:
    """Refit every head on folds of the shipped features and measure it on what it did not see.

    Human translations are trained on and counted under ``human_recall`` alone: the bar is for machine ones.
    """
    progress(f"fitting on {CUT_NAMES['family']} …")
    figures = [*_aggregated(training), *evaluate_slant(training), *_loaded(training)]
    features = featurise(training)

    # In processes: liblinear draws from one generator for all threads, and the figures would differ from run to run.
    rest = replace(training, text=training.text[:0], frames=training.frames[:0])
    progress(f"fitting on {', '.join(CUT_NAMES[cut] for cut in _CUTS)} …")
    for found in Parallel(n_jobs=2)(delayed(_of_cut)(rest, features, cut) for cut in _CUTS):
        figures += found
    return figures


def _of_cut(training: TrainingSet, features: tuple[sp.csr_matrix, dict[str, slice]], cut: str) -> list[Figure]:
    """The figures of the heads that one cut is shown for."""
    rows = training.rows
    heads = [head for head in HEADS if cut in _SHOWN[head]]
    language = cut in _SHOWN["language"]
    folds = make_folds(rows, by=cut)
    binary, languages = fit_heads(
        training,
        features=features,
        final=False,
        folds={**dict.fromkeys(heads, folds), **({"language": folds} if language else {})},
    )
    figures = []
    for head in heads:
        column = HEADS.index(head)
        figures += _binary(rows, head, cut, binary.unseen_[:, column], float(binary.thresholds_[column]))
    if language and languages is not None:
        figures += _language(rows, cut, languages.unseen_, float(languages.threshold_))
    return figures


def _aggregated(training: TrainingSet) -> list[Figure]:
    """The planted families, and apart from them what must be left alone: articles, wire copy, newsrooms' pages."""
    cases = training.leftovers
    head = fit_aggregated(cases, final=False)
    p, threshold, y = head.unseen_[:, 0], float(head.thresholds_[0]), cases.y.astype(float)
    figures = []
    ours = (cases.kinds == "written") | ((y == 0) & (cases.kinds != "seen"))
    for cut, chosen in (("family", y >= 0), ("written", ours)):
        for name, measure in measures_of(threshold).items():
            figures.append(figure_of("aggregated", cut, name, measure, y[chosen], p[chosen], cases.groups[chosen]))
    alarms = measures_of(threshold)["false_alarms_at_threshold"]
    for kind in ("article", "wire", "page"):
        chosen = cases.kinds == kind
        figures.append(
            figure_of(
                "aggregated", "family", f"false_alarms_{kind}", alarms, y[chosen], p[chosen], cases.groups[chosen]
            )
        )
    return figures


def _loaded(training: TrainingSet) -> list[Figure]:
    """How well `loaded` tells marked paragraphs of unseen articles from the others, and means over wire copy."""
    rows = training.loaded
    if rows is None:
        return []
    p, y, wire, french = fit_loaded(rows, final=False).unseen_, rows.y.astype(float), rows.wire, rows.languages == 0

    def figure(name: str, measure: Callable[[FloatArray, FloatArray], float], chosen: npt.NDArray[Any]) -> Figure:
        return figure_of("loaded", "article", name, measure, y[chosen], p[chosen], rows.articles[chosen])

    marked = french & ~wire
    # Wire copy as often as the probability takes it to be.
    times = max(round(WIRE_SHARE * marked.sum() / max((french & wire).sum(), 1)), 1)
    mixed = np.repeat(np.arange(len(y)), np.where(french, np.where(wire, times, 1), 0))
    figures = [
        figure("fr_auc", auc, marked),
        figure("fr_long_auc", auc, marked & (rows.sizes >= MIN_CHARACTERS)),
        figure("en_auc", auc, ~french & ~wire),
        figure("en_dev_auc", auc, rows.splits == "dev"),
        figure("fr_marked_or_wire_auc", auc, french & (wire | (y == 1))),
        figure("fr_calibration_error", expected_calibration_error, mixed),
        *(
            figure(f"fr_{name}_mean", lambda _, s: float(s.mean()), french & chosen)
            for name, chosen in (("marked", y == 1), ("unmarked", (y == 0) & ~wire), ("wire", wire))
        ),
    ]
    # What English brings: the same passages by heads that have learnt from none.
    p = fit_loaded(replace(rows, splits=np.where(french, rows.splits, "none")), final=False).unseen_
    return [*figures, figure("fr_without_english_auc", auc, marked)]


def _binary(rows: Sequence[TrainingRow], head: str, cut: str, p: FloatArray, threshold: float) -> list[Figure]:
    y = np.asarray([np.nan if row.labels[head] is None else row.labels[head] for row in rows], dtype=float)
    human = np.asarray([row.kind == "human_translation" for row in rows])
    known = ~np.isnan(y) & ~np.isnan(p)
    shown = known & ~human if head == "translated" else known
    groups = np.asarray([row.group for row in rows])
    measures = measures_of(threshold)
    found = [
        figure_of(head, cut, name, measure, y[shown], p[shown], groups[shown]) for name, measure in measures.items()
    ]
    if head == "translated":
        measure = measures["recall_at_threshold"]
        found.append(
            figure_of(head, cut, "human_recall", measure, y[known & human], p[known & human], groups[known & human])
        )
        # Our own texts were written to be hard; what the corpus's outlets and systems alone give is told apart.
        real = shown & np.asarray([row.set != "written" for row in rows])
        names = ("auc", "recall_at_1pct")
        found += [figure_of(head, cut, f"real_{n}", measures[n], y[real], p[real], groups[real]) for n in names]
    return found


def _language(rows: Sequence[TrainingRow], cut: str, p: FloatArray, threshold: float) -> list[Figure]:
    """Every cell of set and language counts alike, so that one large set does not stand for its language.

    Six human translations from Russian would else be a third of what is said of Russian: cells under `LEAST_CELL` rows
    are left out.
    """
    y = language_labels(rows)
    sizes = Counter((row.set, row.source_language) for row in rows)
    known = ~np.isnan(p[:, 0]) & [sizes[row.set, row.source_language] >= LEAST_CELL for row in rows]
    y, p = y[known], p[known]
    kept = [row for row, k in zip(rows, known, strict=True) if k]
    cells = np.asarray([f"{row.set} {row.source_language}" for row in kept])
    groups = np.asarray([f"{row.outlet} {row.system}" for row in kept])
    right, spoken = p.argmax(axis=1) == y, p.max(axis=1) >= threshold

    def recall(chosen: npt.NDArray[np.intp], hit: npt.NDArray[np.bool_], language: int) -> float:
        of = chosen[y[chosen] == language]
        return float(np.mean([hit[of][cells[of] == cell].mean() for cell in np.unique(cells[of])]))

    def macro(chosen: npt.NDArray[np.intp], hit: npt.NDArray[np.bool_]) -> float:
        return float(np.mean([recall(chosen, hit, language) for language in np.unique(y[chosen])]))

    def precision(chosen: npt.NDArray[np.intp]) -> float:
        weight = np.zeros(len(chosen))
        for language in range(len(LANGUAGES)):
            of = y[chosen] == language
            for cell in np.unique(cells[chosen][of]):
                inside = of & (cells[chosen] == cell)
                weight[inside] = 1 / inside.sum() / len(np.unique(cells[chosen][of]))
        weight = weight * spoken[chosen]
        return float((weight * right[chosen]).sum() / max(weight.sum(), 1e-12))

    measures: dict[str, Callable[[npt.NDArray[np.intp]], float]] = {
        "macro_recall": lambda c: macro(c, right),
        "macro_recall_spoken": lambda c: macro(c, right & spoken),
        "right_when_spoken": precision,
        **{
            f"recall_{code}": (lambda c, k=k: recall(c, right, k))  # type: ignore[misc]
            for k, code in enumerate(LANGUAGES)
        },
    }
    every = np.arange(len(y))
    figures = []
    for name, measure in measures.items():
        only = every if not name.startswith("recall_") else every[y == LANGUAGES.index(name[-2:])]
        low, high = interval(lambda c, m=measure, o=only: m(o[c]), groups[only], y[only])  # type: ignore[misc]
        figures.append(Figure("language", cut, name, measure(every), low, high, len(only), 0))
    return figures
