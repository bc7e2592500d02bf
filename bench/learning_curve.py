"""How many labelled texts of a new family it takes: a learning curve on what is shipped, no corpus needed.

For a provenance head a family (a set, or one outlet of it) is taken out of training whole. Half of it is what a desk
could label, half what its model meets later. Ten, twenty, fifty of the first half are added, as `biascheck train --add`
adds them, and the recall on the second half is printed, beside what the head says of all other rows (outlets unseen).
Then fifty texts chosen by how little the model knows of them stand against a hundred drawn at random, the mean of three
draws.

For `aggregated` a family of `data/leftovers` is taken out. Its pages are planted around our own texts, each with a draw
of the family's lines; the model has the lines of sites that were learnt (`biascheck.own_lines`).

    python bench/learning_curve.py                                    the families below
    python bench/learning_curve.py rewritten "llm_avactu|*"           one head and family: SET|OUTLET
    python bench/learning_curve.py aggregated w203                    one family of data/leftovers

Heads that the additions carry no label for are not fitted anew, so they lose nothing by construction.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.additions import added_weights
from biascheck.corpus import HEADS, LANGUAGES
from biascheck.dataset import LeftoverSet, TrainingRow, TrainingSet, load_training
from biascheck.heads import BinaryHeads, Heads, LanguageHead
from biascheck.joining import join_folds, join_leftovers
from biascheck.leftovers import LeftoverCounts, Leftovers, find_leftovers
from biascheck.own_lines import OwnLines, learn_lines
from biascheck.planting import Family, Page, plant, read_families
from biascheck.refit import refit
from biascheck.store import data_folder, load_model
from biascheck.training import EMPHASIS, STRENGTH, default_folds, featurise, fit_aggregated, row_weights

FAMILIES = (("rewritten", "llm_avactu|*"), ("agency", "orangesum|*"), ("translated", "ppn|*"))
#: Of `data/leftovers`: those that the model without them knows least.
HARD = ("w015", "w093", "w095", "w150", "w166", "w170", "w203", "w219")
SIZES = (10, 20, 50)
CHOSEN, RANDOM, DRAWS = 50, 100, 3
LATER = 100
#: How often a line of a family stands on one of its pages.
SHOWN = 0.6
OUTLET = "new.example"
Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]


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

    def fit(self, added: Ints, start: Heads | None = None) -> Heads:
        """The head with some rows of the family, as a retraining fits it from the model without them."""
        base = [self.rows[i] for i in self.others.tolist()]
        extra = [self.rows[i] for i in added.tolist()]
        cut, weights = default_folds(base)[self.head], row_weights(base)
        power = 0.5
        if self.head == "agency":
            weights, power = np.ones(len(base)), 1.0
        outlets = [row.outlet for row in extra]
        return refit(
            sp.vstack([self.X[self.others], self.X[added]], format="csr"),
            self.places,
            [*base, *extra],
            {self.head: np.concatenate([weights, added_weights(outlets, power)])},
            {self.head: join_folds(cut, [row.outlet for row in base], outlets) if outlets else cut},
            blank(self.X.shape[1]) if start is None else start,
        )

    def recall(self, heads: Heads) -> float:
        """Share of the family's later texts with the label that the head calls."""
        yes = [i for i in self.later.tolist() if self.rows[i].labels[self.head] == 1]
        return float((self.scores(heads, np.asarray(yes)) >= self.threshold(heads)).mean())

    def elsewhere(self, heads: Heads) -> tuple[float, float]:
        """Recall and false alarms on all other rows, outlets unseen."""
        assert heads.provenance is not None
        y = np.asarray([self.rows[i].labels[self.head] for i in self.others.tolist()], dtype=float)
        return called(y, heads.provenance.unseen_[: len(y), HEADS.index(self.head)], self.threshold(heads))

    def scores(self, heads: Heads, index: Ints) -> Floats:
        """Probabilities of rows."""
        return heads.predict_proba(self.X[index])[:, HEADS.index(self.head)]

    def threshold(self, heads: Heads) -> float:
        """Of the head."""
        assert heads.provenance is not None
        return float(heads.provenance.thresholds_[HEADS.index(self.head)])


def blank(width: int) -> Heads:
    """Heads that know nothing."""
    binary, language = BinaryHeads(HEADS, C=STRENGTH, emphasis=EMPHASIS), LanguageHead(LANGUAGES)
    binary.coef_ = np.zeros((len(HEADS), width), dtype=np.float32)
    for name in ("intercept_", "slope_", "offset_"):
        setattr(binary, name, np.zeros(len(HEADS)))
    binary.thresholds_ = np.ones(len(HEADS))
    return Heads(binary, language)


def called(y: Floats, p: Floats, threshold: float) -> tuple[float, float]:
    """Recall and false alarms at a threshold."""
    return float((p[y == 1] >= threshold).mean()), float((p[y == 0] >= threshold).mean())


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


def show(what: str, recall: float, first: float, elsewhere: tuple[float, float]) -> None:
    """Print one line."""
    print(f"{what:28s} {recall:7.3f} {recall - first:+8.3f} {elsewhere[0]:10.3f} {elsewhere[1]:12.4f}", flush=True)


def head_line() -> None:
    """Print what the columns are."""
    print(f"{'added texts':28s} {'recall':>7s} {'gain':>8s} {'elsewhere':>10s} {'false alarms':>12s}")


def run(curve: Curve, *, active: bool) -> None:
    """Print the curve of one family."""
    head_line()
    bare = curve.fit(np.zeros(0, dtype=np.intp))
    first = curve.recall(bare)
    show("none", first, first, curve.elsewhere(bare))

    def add(what: str, some: Ints) -> float:
        heads = curve.fit(some, bare)
        recall = curve.recall(heads)
        show(what, recall, first, curve.elsewhere(heads))
        return recall

    for size in SIZES:
        add(str(size), curve.pool[:size])
    if not active:
        return
    p = curve.scores(bare, curve.pool)
    add(f"{CHOSEN} chosen", curve.pool[np.argsort(np.abs(p - curve.threshold(bare)), kind="stable")[:CHOSEN]])
    drawn = [
        add(f"{RANDOM} at random, draw {seed + 1}", np.random.default_rng(seed).permutation(curve.pool)[:RANDOM])
        for seed in range(DRAWS)
    ]
    print(f"{f'{RANDOM} at random, mean':28s} {np.mean(drawn):7.3f} {np.mean(drawn) - first:+8.3f}")


def pages(family: Family, number: int, hosts: Sequence[str], chance: random.Random) -> list[str]:
    """Pages of a family around texts, each with a draw of all the lines that its three known pages have."""

    def draw(place: str) -> list[str]:
        lines = dict.fromkeys(line for page in family.pages for line in getattr(page, place))
        return [line for line in lines if chance.random() < SHOWN]

    found = []
    for host in hosts[:number]:
        like = chance.choice(family.pages)
        parts = {place: draw(place) for place in ("head", "under_title", "middle", "tail")}
        page = Page(title_prefix=like.title_prefix, title_suffix=like.title_suffix, glue=like.glue, **parts)
        title = " ".join(host.split(". ", 1)[0].split()[:16]).rstrip(",;:.")
        found.append(plant(page, title, host, seed=chance.randrange(10**6)))
    return found


def run_aggregated(training: TrainingSet, family: Family, hosts: Sequence[str]) -> None:
    """Print the curve of one family of leftovers."""
    head_line()
    left = training.leftovers
    others = left.groups != family.name
    base = LeftoverSet(left.X[others], left.y[others], left.groups[others], left.kinds[others])
    chance, lines = random.Random(1), load_model("fr").lines
    pool = find_leftovers(pages(family, max(SIZES), hosts, chance), lines)
    later = find_leftovers(pages(family, LATER, hosts[max(SIZES) :], chance), lines)
    first = 0.0
    for size in (0, *SIZES):
        counts, head = _aggregated(training, base, pool[:size])
        threshold = float(head.thresholds_[0])
        recall = float((head.predict_proba(counts.transform(later))[:, 0] >= threshold).mean())
        first = recall if not size else first
        there = called(base.y.astype(float), head.unseen_[: len(base.y), 0], threshold)
        show(str(size or "none"), recall, first, there)


def _aggregated(
    training: TrainingSet, base: LeftoverSet, added: Sequence[Leftovers]
) -> tuple[LeftoverCounts, BinaryHeads]:
    """The head with some pages, as a retraining fits it, and what counts for it."""
    if not added:
        return LeftoverCounts(), fit_aggregated(base)
    y, outlets = np.ones(len(added)), np.full(len(added), OUTLET)
    counts = learn_lines(added, y, outlets.tolist(), training.lines.X) or OwnLines()
    bare = LeftoverCounts().transform(added)
    both, weights, folds = join_leftovers(base, bare, y, outlets, counts.find(added))
    return counts, fit_aggregated(both, weights=weights, folds=folds)


def read_hosts() -> list[str]:
    """Our own texts, in an order of their own."""
    files = sorted(data_folder().glob("written/*.jsonl"))
    texts = [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    random.Random(0).shuffle(texts)
    return texts


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("head", nargs="?", choices=(*HEADS, "aggregated"))
    parser.add_argument("family", nargs="?", help="SET|OUTLET, SET|* for the whole set, or a family of data/leftovers")
    parser.add_argument("--no-active", action="store_true", help="leave out the comparison of chosen with random texts")
    asked = parser.parse_args()
    if asked.family is None and asked.head not in {None, "aggregated"}:
        parser.error("name a family as well")
    training = load_training(data_folder() / "training")
    if asked.head != "aggregated":
        features = featurise(training, np.float32)
        for head, family in [(asked.head, asked.family)] if asked.head else FAMILIES:
            print(f"\n{head}: {family} left out of training")
            run(cut(training, features, head, family), active=not asked.no_active)
    if asked.head in {None, "aggregated"}:
        families = {f.name.split()[-1]: f for f in read_families(data_folder() / "leftovers" / "written.jsonl")}
        hosts = read_hosts()
        for name in [asked.family] if asked.family else HARD:
            if name not in families:
                parser.error(f"no family {name!r} in data/leftovers")
            print(f"\naggregated: {name} left out of training")
            run_aggregated(training, families[name], hosts)


if __name__ == "__main__":
    main()
