"""One number of the honest table, how it is measured, its interval, and the floors that it must hold."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from biascheck.dataset import TrainingSet
from biascheck.errors import LabelsError

__all__ = ["CUT_NAMES", "Figure", "FloatArray", "as_json", "auc", "check_floors", "expected_calibration_error"]
__all__ += ["figure_of", "interval", "measures_of", "recall_at"]

FloatArray = npt.NDArray[np.float64]
REPLICATES = 200
CUT_NAMES = {
    "outlet": "unseen outlets, systems and sets",
    "year": "unseen years, models and outlets",
    "system": "unseen systems and outlets",
    "family": "unseen site families and outlets",
    "written": "unseen families that we wrote, and outlets",
    "article": "unseen articles",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the table with its 95 % interval (a bootstrap over outlets and systems, not over texts)."""

    head: str
    cut: str
    name: str
    value: float
    low: float
    high: float
    positives: int
    negatives: int

    @property
    def key(self) -> str:
        """How a floor names it."""
        return f"{self.head}.{self.cut}.{self.name}"


def recall_at(y: FloatArray, scores: FloatArray, rate: float = 0.01) -> float:
    """Share of positives above the score that `rate` of the negatives pass."""
    return float((scores[y == 1] > np.quantile(scores[y == 0], 1 - rate)).mean())


def expected_calibration_error(y: FloatArray, p: FloatArray, bins: int = 15) -> float:
    """Mean distance between probability and frequency over equal-width bins (M. Naeini et al., AAAI 2015)."""
    place = np.clip((p * bins).astype(int), 0, bins - 1)
    return float(
        sum(
            (place == k).mean() * abs(p[place == k].mean() - y[place == k].mean())
            for k in range(bins)
            if (place == k).any()
        )
    )


def auc(y: FloatArray, scores: FloatArray) -> float:
    """Share of pairs of a positive and a negative in which the positive has the higher score."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, scores))


def measures_of(threshold: float) -> dict[str, Callable[[FloatArray, FloatArray], float]]:
    """The figures of a yes/no head, each a function of labels and probabilities."""
    return {
        "auc": auc,
        "recall_at_1pct": recall_at,
        "calibration_error": expected_calibration_error,
        "recall_at_threshold": lambda t, s: float((s[t == 1] >= threshold).mean()),
        "false_alarms_at_threshold": lambda t, s: float((s[t == 0] >= threshold).mean()),
    }


def figure_of(
    head: str,
    cut: str,
    name: str,
    measure: Callable[[FloatArray, FloatArray], float],
    y: FloatArray,
    p: FloatArray,
    groups: npt.NDArray[np.str_],
) -> Figure:
    """A measure of labels and probabilities with its interval over groups."""
    low, high = interval(lambda chosen: measure(y[chosen], p[chosen]), groups, y)
    return Figure(head, cut, name, measure(y, p), low, high, int((y == 1).sum()), int((y == 0).sum()))


def interval(
    measure: Callable[[npt.NDArray[np.intp]], float], groups: npt.NDArray[np.str_], y: npt.NDArray[Any]
) -> tuple[float, float]:
    """2.5th and 97.5th percentile over draws of whole groups; texts of one outlet are no independent witnesses."""
    random = np.random.default_rng(0)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    wanted = len(np.unique(y))
    values = []
    for _ in range(REPLICATES):
        chosen = np.concatenate([members[i] for i in random.integers(0, len(members), len(members))])
        if len(np.unique(y[chosen])) == wanted:
            values.append(measure(chosen))
    if not values:
        return (float("nan"), float("nan"))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def check_floors(figures: Iterable[Figure], floors: Path, training: TrainingSet) -> list[str]:
    """What stands below its floor, or above its ceiling, in words; empty when the gate is passed.

    Raises
    ------
    LabelsError
        Where the floors were pinned for other data.
    """
    pinned = tomllib.loads(floors.read_text(encoding="utf-8"))
    if pinned["training_sha256"] != training.sha256:
        raise LabelsError(
            f"{floors}: the floors are for other training data ({pinned['training_sha256'][:12]}, here "
            f"{training.sha256[:12]}); look at 'biascheck evaluate', then pin floors and checksum together"
        )
    values = {figure.key: figure.value for figure in figures}
    failures = []
    for bound in ("floor", "ceiling"):
        for key, limit in pinned[bound].items():
            if key not in values:
                failures.append(f"{key}: no such figure")
            elif values[key] < limit if bound == "floor" else values[key] > limit:
                failures.append(f"{key}: {values[key]:.4f}, {bound} {limit}")
    return failures


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Figures for the card."""
    return [{k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(f).items()} for f in figures]
