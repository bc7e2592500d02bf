"""How many labelled texts of a new family it takes: a learning curve on the shipped features, no text needed.

A family (a set, or one outlet of it) is taken out of training whole. Half of it is what a desk could label, half what
its model meets later. Ten, twenty, fifty of the first half are added, as `biascheck train --add` adds them, and the
recall on the second half is printed, beside what the head says of all other rows (outlets unseen). Then fifty texts
chosen by how little the model knows of them stand against a hundred drawn at random, the mean of three draws.

    python bench/learning_curve.py                                    the three families below
    python bench/learning_curve.py rewritten "llm_avactu|*"           one head and family: SET|OUTLET

Heads that the additions carry no label for are not fitted anew, so they lose nothing by construction.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.additions import added_weights
from biascheck.corpus import HEADS
from biascheck.dataset import TrainingRow, TrainingSet, load_training
from biascheck.refit import Fitted, join_folds, refit
from biascheck.store import data_folder
from biascheck.training import default_folds, featurise, row_weights

FAMILIES = (("rewritten", "llm_avactu|*"), ("agency", "orangesum|*"), ("translated", "ppn|*"))
SIZES = (10, 20, 50)
CHOSEN, RANDOM, DRAWS = 50, 100, 3
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Curve:
    """One head, with a family left out."""

    head: str
    X: sp.csr_matrix
    places: dict[str, slice]
    rows: Sequence[TrainingRow]
    others: Ints
    pool: Ints
    later: Ints

    def fit(self, added: Ints) -> Fitted:
        """The head with some rows of the family, as a retraining fits it."""
        base = [self.rows[i] for i in self.others.tolist()]
        extra = [self.rows[i] for i in added.tolist()]
        cut, weights = default_folds(base)[self.head], row_weights(base)
        power = 0.5
        if self.head == "agency":
            weights, power = np.ones(len(base)), 1.0
        outlets = [row.outlet for row in extra]
        found = refit(
            sp.vstack([self.X[self.others], self.X[added]], format="csr"),
            self.places,
            [*base, *extra],
            {self.head: np.concatenate([weights, added_weights(outlets, power)])},
            {self.head: join_folds(cut, [row.outlet for row in base], outlets) if outlets else cut},
            jobs=1,
        )[self.head]
        assert isinstance(found, Fitted)
        return found

    def recall(self, head: Fitted) -> float:
        """Share of the family's later texts with the label that the head calls."""
        yes = [i for i in self.later.tolist() if self.rows[i].labels[self.head] == 1]
        return float((self.scores(head, np.asarray(yes)) >= head.threshold).mean())

    def elsewhere(self, head: Fitted) -> tuple[float, float]:
        """Recall and false alarms on all other rows, outlets unseen."""
        y = np.asarray([self.rows[i].labels[self.head] for i in self.others.tolist()], dtype=float)
        p = head.unseen[: len(y)]
        return float((p[y == 1] >= head.threshold).mean()), float((p[y == 0] >= head.threshold).mean())

    def scores(self, head: Fitted, index: Ints) -> npt.NDArray[np.float64]:
        """Probabilities of rows."""
        margins = self.X[index] @ head.coef.astype(np.float64) + head.intercept
        return np.asarray(1 / (1 + np.exp(np.clip(head.slope * margins + head.offset, -500, 500))))


def cut(training: TrainingSet, features: Any, head: str, family: str) -> Curve:
    """Take a family out."""
    name, _, outlet = family.partition("|")
    inside = np.asarray([r.set == name and outlet in {"*", "", r.outlet} for r in training.rows])
    labelled = np.asarray([r.labels[head] is not None for r in training.rows])
    members = np.random.default_rng(0).permutation(np.flatnonzero(inside & labelled))
    if len(members) < 2 * CHOSEN:
        sys.exit(f"{family}: {len(members)} rows with a label for {head}; a curve needs {2 * CHOSEN}")
    half = len(members) // 2
    X, places = features
    return Curve(head, X, places, training.rows, np.flatnonzero(~inside), members[:half], members[half:])


def show(curve: Curve, what: str, head: Fitted, first: float) -> float:
    """Print one line."""
    recall = curve.recall(head)
    there, alarms = curve.elsewhere(head)
    print(f"{what:28s} {recall:7.3f} {recall - first:+8.3f} {there:10.3f} {alarms:12.4f}", flush=True)
    return recall


def run(curve: Curve, *, active: bool) -> None:
    """Print the curve of one family."""
    print(f"{'added texts':28s} {'recall':>7s} {'gain':>8s} {'elsewhere':>10s} {'false alarms':>12s}")
    bare = curve.fit(np.zeros(0, dtype=np.intp))
    first = curve.recall(bare)
    show(curve, "none", bare, first)
    for size in SIZES:
        show(curve, str(size), curve.fit(curve.pool[:size]), first)
    if not active:
        return
    p = curve.scores(bare, curve.pool)
    least_known = curve.pool[np.argsort(np.abs(p - bare.threshold), kind="stable")[:CHOSEN]]
    show(curve, f"{CHOSEN} chosen", curve.fit(least_known), first)
    drawn = []
    for seed in range(DRAWS):
        some = np.random.default_rng(seed).permutation(curve.pool)[:RANDOM]
        drawn.append(show(curve, f"{RANDOM} at random, draw {seed + 1}", curve.fit(some), first))
    print(f"{f'{RANDOM} at random, mean':28s} {np.mean(drawn):7.3f} {np.mean(drawn) - first:+8.3f}")


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("head", nargs="?", choices=HEADS)
    parser.add_argument("family", nargs="?", help="SET|OUTLET, or SET|* for the whole set")
    parser.add_argument("--no-active", action="store_true", help="leave out the comparison of chosen with random texts")
    asked = parser.parse_args()
    if (asked.head is None) != (asked.family is None):
        parser.error("name both a head and a family, or neither")
    training = load_training(data_folder() / "training")
    X, places = featurise(training)
    features = (X.astype(np.float32), places)
    for head, family in [(asked.head, asked.family)] if asked.head else FAMILIES:
        print(f"\n{head}: {family} left out of training")
        run(cut(training, features, head, family), active=not asked.no_active)


if __name__ == "__main__":
    main()
