"""Before and after on the same rows: what a retrained head gains and loses, and whether it may replace the old one.

Every figure is of rows whose outlet the model had not seen. An interval is that of the difference, over draws of whole
outlets (a paired bootstrap; B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 8), so that a
difference that the draw of outlets would explain is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from biascheck.dataset import LineSet
from biascheck.lines import LineModel
from biascheck.slant import POLES
from biascheck.slant_rows import SlantSet

__all__ = ["Change", "auc_of", "compare", "compare_lines", "compare_slant"]

FloatArray = npt.NDArray[np.float64]
REPLICATES = 200
#: What a figure may lose without being called worse, however sure the loss: two points of recall, half a point of AUC,
#: and two in a thousand for what is said of texts wrongly. New families move a threshold by as much.
LEAST_LOSS = {"auc": 0.005, "recall_at_1pct": 0.02, "recall_at_threshold": 0.02}
LEAST_ALARMS = 0.002
#: With fewer outlets there is no interval.
LEAST_GROUPS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One figure before and after, on the shipped rows or on the additions."""

    head: str
    on: str
    name: str
    before: float
    before_interval: tuple[float, float]
    after: float
    after_interval: tuple[float, float]
    difference_interval: tuple[float, float]
    rows: int

    @property
    def reason(self) -> str:
        """Why this forbids the model to replace the old one; empty where it does not."""
        low, high = self.difference_interval
        difference = self.after - self.before
        if self.name in LEAST_LOSS:
            worse = high < 0 and difference < -LEAST_LOSS[self.name]
        else:
            worse = low > 0 and difference > LEAST_ALARMS
        if not worse:
            return ""
        where = "shipped texts of unseen outlets" if self.on == "shipped" else "the additions, outlets unseen"
        return (
            f"{self.head}: {self.name} on {where} went from {self.before:.3f} to {self.after:.3f} "
            f"(95 % of the difference {low:+.3f} to {high:+.3f})"
        )

    def as_json(self) -> dict[str, Any]:
        """For a card."""
        plain = asdict(self)
        return {
            key: [round(v, 5) for v in value] if isinstance(value, tuple) else value for key, value in plain.items()
        }


class _Curve:
    """A head's scores, sorted once, so that a figure under any weights of the rows is a sum."""

    def __init__(self, y: FloatArray, p: FloatArray, threshold: float) -> None:
        self.y = y
        values, self.place = np.unique(p, return_inverse=True)
        self.size = len(values)
        self.at = int(np.searchsorted(values, threshold))

    def figures(self, weights: FloatArray) -> dict[str, float]:
        positive = np.bincount(self.place, weights * (self.y == 1), minlength=self.size)
        negative = np.bincount(self.place, weights * (self.y == 0), minlength=self.size)
        positives, negatives = positive.sum(), negative.sum()
        below = np.cumsum(negative)
        found = {}
        if positives and negatives:
            found["auc"] = float(positive @ (below - negative / 2)) / (positives * negatives)
            last = int(np.searchsorted(below, 0.99 * negatives))
            found["recall_at_1pct"] = float(positive[last + 1 :].sum() / positives)
        if positives:
            found["recall_at_threshold"] = float(positive[self.at :].sum() / positives)
        if negatives:
            found["false_alarms_at_threshold"] = float(negative[self.at :].sum() / negatives)
        return found


def auc_of(y: FloatArray, p: FloatArray) -> float:
    """Area under the ROC curve; both labels must occur."""
    return _Curve(y, p, 0.5).figures(np.ones(len(y)))["auc"]


def _draws(groups: npt.NDArray[np.str_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The number of each row's group, and how often each group is drawn, shape (REPLICATES, n_groups)."""
    names, of = np.unique(groups, return_inverse=True)
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(names), (REPLICATES, len(names)))
    times = np.asarray([np.bincount(draw, minlength=len(names)) for draw in drawn], dtype=np.intp)
    return of, times


def _interval(values: list[float]) -> tuple[float, float]:
    if not values:
        return (float("nan"), float("nan"))
    low, high = np.percentile(values, [2.5, 97.5])
    return (float(low), float(high))


def _changes(
    head: str,
    on: str,
    figures: tuple[Callable[[FloatArray], dict[str, float]], Callable[[FloatArray], dict[str, float]]],
    groups: npt.NDArray[np.str_],
) -> list[Change]:
    """Every figure of both models, from what they are under weights of the rows."""
    ones = np.ones(len(groups))
    before, after = (measure(ones) for measure in figures)
    of, times = _draws(groups)
    drawn: dict[str, list[tuple[float, float]]] = {name: [] for name in before}
    if times.shape[1] >= LEAST_GROUPS:
        for time in times:
            weights = time[of].astype(np.float64)
            one, other = (measure(weights) for measure in figures)
            for name in drawn.keys() & one.keys():
                drawn[name].append((one[name], other[name]))
    return [
        Change(
            head=head,
            on=on,
            name=name,
            before=value,
            before_interval=_interval([a for a, _ in drawn[name]]),
            after=after[name],
            after_interval=_interval([b for _, b in drawn[name]]),
            difference_interval=_interval([b - a for a, b in drawn[name]]),
            rows=len(groups),
        )
        for name, value in before.items()
    ]


def compare(
    head: str,
    y: FloatArray,
    scores: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    thresholds: tuple[float, float],
    groups: npt.NDArray[np.str_],
    *,
    added: bool = False,
) -> list[Change]:
    """The figures of a yes/no head, before and after.

    Parameters
    ----------
    y, scores, groups
        Of the same rows; NaN where a label or a score is not known.
    added : bool
        Whether these are the added rows.
    """
    known = ~np.isnan(y) & ~np.isnan(scores[0]) & ~np.isnan(scores[1])
    if not known.any():
        return []
    curves = [_Curve(y[known], p[known].astype(np.float64), t) for p, t in zip(scores, thresholds, strict=True)]
    on = "additions" if added else "shipped"
    return _changes(head, on, (curves[0].figures, curves[1].figures), groups[known])


def _share(hits: npt.NDArray[np.bool_]) -> Callable[[FloatArray], float]:
    return lambda weights: float(weights @ hits / weights.sum()) if weights.sum() else float("nan")


def compare_slant(
    rows: SlantSet, before: npt.NDArray[np.str_], after: npt.NDArray[np.str_], *, added: bool = False
) -> list[Change]:
    """Accusations of neutral texts (and of texts off the subject), and how many partisan ones are found."""
    on = "additions" if added else "shipped"
    innocent = (rows.y == POLES.index("neutral")) | ~rows.war
    changes = []
    for language in dict.fromkeys(rows.languages.tolist()):
        for name, chosen in (("false_accusations", innocent), ("recall_at_threshold", rows.y > 0)):
            index = np.flatnonzero(chosen & (rows.languages == language))
            if not len(index):
                continue
            poles = np.asarray(POLES)[np.maximum(rows.y[index], 0)]

            def measure(
                said: npt.NDArray[np.str_],
                name: str = name,
                index: npt.NDArray[np.intp] = index,
                poles: npt.NDArray[Any] = poles,
            ) -> Callable[[FloatArray], dict[str, float]]:
                hit = np.isin(said[index], POLES[1:]) if name == "false_accusations" else said[index] == poles
                share = _share(hit)
                return lambda weights: {name: share(weights)}

            changes += _changes(f"slant {language}", on, (measure(before), measure(after)), rows.outlets[index])
    return changes


def compare_lines(held: LineSet, before: LineModel, after: LineModel) -> list[Change]:
    """Article lines called furniture, and furniture that is found, on sites that neither model has learnt from."""
    sites = np.repeat(held.sites, held.X.sizes)
    flags = [model.flag_lines(held.X) for model in (before, after)]
    changes = []
    for name, label in (("false_alarms_at_threshold", 0), ("recall_at_threshold", 1)):
        index = np.flatnonzero(held.y == label)

        def measure(
            flag: npt.NDArray[np.bool_], name: str = name, index: npt.NDArray[np.intp] = index
        ) -> Callable[[FloatArray], dict[str, float]]:
            share = _share(flag[index])
            return lambda weights: {name: share(weights)}

        changes += _changes("lines", "shipped", (measure(flags[0]), measure(flags[1])), sites[index])
    return changes
