"""How well a model does on a user's own labelled texts: figures, confusion, reliability diagram, worst mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from biascheck.document import Document, Limits
from biascheck.errors import DocumentError
from biascheck.figures import expected_calibration_error
from biascheck.gate import auc_of
from biascheck.labels import Label, Problem, document_of, outlet_of
from biascheck.reading import Reading
from biascheck.scorer import Scorer

__all__ = [
    "Judged",
    "Mistake",
    "Row",
    "confusion",
    "diagram",
    "figures",
    "judge",
    "labels_of",
    "mistakes",
    "wilson",
]

BINS = 10
CHUNK = 64
#: A diagram of fewer texts shows chance.
LEAST_TEXTS = 10
_PANEL, _MARGIN, _HISTOGRAM = 220, 46, 40


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled text and what the model says of it."""

    label: Label
    outlet: str
    reading: Reading

    @property
    def place(self) -> str:
        """Where the text stands."""
        return self.label.path or f"{self.label.file}:{self.label.line}"


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one label, with 95 % intervals; None where there are no texts for it."""

    label: str
    yes: int
    no: int
    auc: float | None
    recall: tuple[float, float, float] | None
    false_alarms: tuple[float, float, float] | None
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A text on which the model is far from its label."""

    place: str
    outlet: str
    label: str
    said: str
    score: float


def judge(rows: Sequence[Label], scorer: Scorer, limits: Limits | None = None) -> tuple[list[Judged], list[Problem]]:
    """Read the texts of labelled rows; those that cannot be read are told."""
    judged: list[Judged] = []
    problems: list[Problem] = []
    waiting: list[tuple[Label, Document]] = []

    def read() -> None:
        readings = scorer.read([document for _, document in waiting])
        for (row, document), reading in zip(waiting, readings, strict=True):
            judged.append(Judged(row, outlet_of(row, document), reading))
        waiting.clear()

    for row in rows:
        try:
            waiting.append((row, document_of(row, limits)))
        except DocumentError as error:
            problems.append(Problem(row.file, row.line, error.message, "it is not counted", hard=False))
        if len(waiting) == CHUNK:
            read()
    read()
    return judged, problems


def labels_of(judged: Sequence[Judged]) -> list[str]:
    """The provenance labels that the texts have."""
    known = Counter(name for item in judged for name in item.label.labels)
    return [name for name in known if any(name in item.reading.provenance.scores for item in judged)]


def scores_of(
    judged: Sequence[Judged], name: str
) -> tuple[list[Judged], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Texts with a label and a score, whether they are labelled yes, and their probabilities."""
    of = [item for item in judged if name in item.label.labels and name in item.reading.provenance.scores]
    y = np.asarray([item.label.labels[name] for item in of], dtype=np.float64)
    return of, y, np.asarray([item.reading.provenance.scores[name] for item in of], dtype=np.float64)


def wilson(hits: int, number: int) -> tuple[float, float, float] | None:
    """A share with its 95 % interval (E. Wilson, JASA 22, 1927)."""
    if not number:
        return None
    z, share = 1.96, hits / number
    middle = share + z * z / (2 * number)
    reach = z * sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    scale = 1 + z * z / number
    return share, max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def figures(judged: Sequence[Judged], name: str) -> Row:
    """AUC, recall and false alarms of the verdicts, and calibration, for one label.

    Notes
    -----
    Intervals are Wilson's, over texts: texts of one outlet are no independent witnesses, so with few outlets they are
    too narrow.
    """
    of, y, p = scores_of(judged, name)
    said = np.asarray([name in item.reading.provenance.verdict for item in of], dtype=bool)
    yes, no = int((y == 1).sum()), int((y == 0).sum())
    return Row(
        label=name,
        yes=yes,
        no=no,
        auc=auc_of(y, p) if yes and no else None,
        recall=wilson(int(said[y == 1].sum()), yes),
        false_alarms=wilson(int(said[y == 0].sum()), no),
        calibration_error=expected_calibration_error(y, p, BINS) if len(y) else float("nan"),
    )


def confusion(judged: Sequence[Judged]) -> dict[str, Counter[tuple[str, str]]]:
    """How often each label was given each verdict: provenance labels, source language, slant axes."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for item in judged:
        provenance = item.reading.provenance
        pairs = [
            (name, "yes" if value else "no", "yes" if name in provenance.verdict else "no")
            for name, value in item.label.labels.items()
            if name in provenance.scores
        ]
        if item.label.source_language and provenance.source_language is not None:
            pairs.append(("source_language", item.label.source_language, provenance.source_language.verdict))
        for axis, pole in item.label.slant.items():
            if axis in item.reading.slant:
                pairs.append((f"slant.{axis}", pole, item.reading.slant[axis].verdict))
        for name, label, verdict in pairs:
            found.setdefault(name, Counter())[label, verdict] += 1
    return found


def mistakes(judged: Sequence[Judged], number: int = 10) -> list[Mistake]:
    """The texts whose labels the model holds for least likely, worst first."""
    found = []
    for item in judged:
        scores = item.reading.provenance.scores
        for name, value in item.label.labels.items():
            if name in scores:
                away = 1 - scores[name] if value else scores[name]
                found.append((away, Mistake(item.place, item.outlet, name, "yes" if value else "no", scores[name])))
        for axis, pole in item.label.slant.items():
            slant = item.reading.slant.get(axis)
            if slant is not None and pole in slant.scores and slant.verdict not in {pole, "undetermined"}:
                score = slant.scores[pole]
                found.append((1 - score, Mistake(item.place, item.outlet, f"slant.{axis}", pole, score)))
    found = [pair for pair in found if pair[0] > 0.5]
    return [mistake for _, mistake in sorted(found, key=lambda pair: (-pair[0], pair[1].place))[:number]]


def diagram(judged: Sequence[Judged]) -> str:
    """A reliability diagram as SVG: how often texts of a probability have a label, over how many of them there are.

    Notes
    -----
    After A. Murphy and R. Winkler, Applied Statistics 26, 1977.
    """
    names = [name for name in labels_of(judged) if len(scores_of(judged, name)[1]) >= LEAST_TEXTS]
    width = max(1, len(names)) * (_PANEL + _MARGIN) + _MARGIN
    height = _PANEL + _HISTOGRAM + 3 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11" role="img">',
        "<title>Reliability: how often texts of a probability have the label</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    if not names:
        parts.append(f'<text x="{_MARGIN}" y="{_MARGIN}">fewer than {LEAST_TEXTS} texts a label</text>')
    for number, name in enumerate(names):
        _, y, p = scores_of(judged, name)
        parts += _panel(name, y, p, _MARGIN + number * (_PANEL + _MARGIN))
    return "\n".join([*parts, "</svg>", ""])


def _panel(name: str, y: npt.NDArray[np.float64], p: npt.NDArray[np.float64], left: float) -> list[str]:
    top = _MARGIN
    base = top + _PANEL
    place = np.clip((p * BINS).astype(int), 0, BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    error = expected_calibration_error(y, p, BINS)
    parts = [
        f'<text x="{left}" y="{top - 18}" font-weight="bold">{escape(name)}</text>',
        f'<text x="{left}" y="{top - 5}">{len(y):,} texts, calibration error {error:.3f}</text>',
        f'<rect x="{left}" y="{top}" width="{_PANEL}" height="{_PANEL}" fill="none" stroke="#888"/>',
        f'<line x1="{left}" y1="{base}" x2="{left + _PANEL}" y2="{top}" stroke="#bbb" stroke-dasharray="4 3"/>',
    ]
    for tick in (0, 0.5, 1):
        at, up = left + tick * _PANEL, base - tick * _PANEL
        parts.append(f'<text x="{at:.0f}" y="{base + 14}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{left - 5}" y="{up + 4:.0f}" text-anchor="end">{tick:g}</text>')
    for k in np.flatnonzero(counts).tolist():
        inside = place == k
        share = wilson(int(y[inside].sum()), int(counts[k]))
        assert share is not None
        x = left + float(p[inside].mean()) * _PANEL
        middle, low, high = (base - value * _PANEL for value in share)
        tall = _HISTOGRAM * counts[k] / counts.max()
        told = f"probability {p[inside].mean():.2f}: {share[0]:.2f} of {counts[k]} texts are {name}"
        parts += [
            f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="#1b6ca8"/>',
            f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="4" fill="#1b6ca8"><title>{escape(told)}</title></circle>',
            f'<rect x="{left + k * _PANEL / BINS + 1:.1f}" y="{base + 20 + _HISTOGRAM - tall:.1f}" '
            f'width="{_PANEL / BINS - 2:.1f}" height="{tall:.1f}" fill="#9bbfd9"/>',
        ]
    bottom = base + 20 + _HISTOGRAM
    parts.append(f'<text x="{left}" y="{bottom + 14}">probability by the model (bars: texts)</text>')
    return parts
