"""The honest table: how well the heads do on outlets, systems and years that were not in their training."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from joblib import Parallel, delayed

from biascheck.corpus import HEADS, LANGUAGES
from biascheck.dataset import TrainingRow, TrainingSet
from biascheck.document import MIN_CHARACTERS
from biascheck.errors import LabelsError
from biascheck.folds import make_folds
from biascheck.loaded import WIRE_SHARE
from biascheck.slant import POLES, SlantHeads
from biascheck.slant_rows import EVENTS, HELD_OUT, SlantSet
from biascheck.slant_training import fit_slant
from biascheck.training import CUTS, featurise, fit_aggregated, fit_heads, fit_loaded, language_labels

__all__ = ["Figure", "check_floors", "evaluate", "expected_calibration_error", "recall_at"]

FloatArray = npt.NDArray[np.float64]
REPLICATES = 200
#: False accusations among mainstream texts on the war at which the recall of the slant heads is shown.
SLANT_CURVE = {"05pct": 0.005, "1pct": 0.01, "2pct": 0.02, "5pct": 0.05, "10pct": 0.1}
#: The cuts that are printed for each head; the first is the one that its threshold is chosen on.
_SHOWN = {head: (CUTS[head], "outlet" if CUTS[head] != "outlet" else "") for head in (*HEADS, "language")}
_CUTS = ("outlet", "year", "system")
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


def _auc(y: FloatArray, scores: FloatArray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, scores))


def evaluate(training: TrainingSet, *, progress: Callable[[str], None] = lambda _: None) -> list[Figure]:
    """Refit every head on folds of the shipped features and measure it on what it did not see.

    Human translations are trained on and counted under ``human_recall`` alone: the bar is for machine ones.
    """
    progress(f"fitting on {CUT_NAMES['family']} …")
    figures = [*_aggregated(training), *_slant(training), *_loaded(training)]
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
        for name, measure in _measures(threshold).items():
            figures.append(_figure("aggregated", cut, name, measure, y[chosen], p[chosen], cases.groups[chosen]))
    alarms = _measures(threshold)["false_alarms_at_threshold"]
    for kind in ("article", "wire", "page"):
        chosen = cases.kinds == kind
        figures.append(
            _figure("aggregated", "family", f"false_alarms_{kind}", alarms, y[chosen], p[chosen], cases.groups[chosen])
        )
    return figures


def _slant(training: TrainingSet) -> list[Figure]:
    """What the head for the war says of outlets and situations that it has not seen.

    False accusations are counted among mainstream texts (`false_war`, `false_all`: either pole, on the war and over all
    rows); recall among texts of pro-Kremlin sites, as the mean over sites, where so many of the mainstream texts on the
    war are taken for pro-Kremlin ones. What is left without a part tells what it brings.
    """
    from sklearn.metrics import f1_score

    rows = training.slant
    heads = fit_slant(rows, final=False)
    war, p = rows.war, _by_language(heads, rows)
    french = rows.languages == "fr"
    contrast, held_out = np.isin(rows.sets, EVENTS), rows.sets == HELD_OUT
    written = rows.sets == "written"
    said = np.asarray(
        [
            heads.of(language).call(q, topic)
            for q, language, topic in zip(p, rows.languages.tolist(), rows.topic.tolist(), strict=True)
        ]
    )
    partisan = np.isin(said, POLES[1:])
    kremlin, neutral = rows.y == POLES.index("pro_kremlin"), rows.y == POLES.index("neutral")
    real = french & ~contrast & ~held_out & ~written
    groups = rows.outlets

    def measured(name: str, measure: Callable[[npt.NDArray[np.intp]], float], chosen: npt.NDArray[np.bool_]) -> Figure:
        index = np.flatnonzero(chosen)
        low, high = _interval(lambda part: measure(index[part]), groups[index], np.zeros(len(index)))
        return Figure("slant", "outlet", name, measure(index), low, high, len(index), 0)

    def figure(name: str, values: npt.NDArray[Any], chosen: npt.NDArray[np.bool_], by_site: bool = False) -> Figure:
        def measure(part: npt.NDArray[np.intp]) -> float:
            v, g = values[part].astype(float), groups[part]
            return float(np.mean([v[g == site].mean() for site in np.unique(g)])) if by_site else float(v.mean())

        return measured(name, measure, chosen)

    def macro_f1(part: npt.NDArray[np.intp]) -> float:
        # The likeliest pole of texts that are all on the war and all have one, with nothing undecided.
        return float(f1_score(rows.y[part], p[part].argmax(axis=1), average="macro"))

    figures = []
    for language, chosen in (("fr", real), ("en", (rows.languages == "en") & (rows.kinds != "official"))):
        for label, rate in SLANT_CURVE.items():
            found = p[:, 2] > np.quantile(p[chosen & neutral, 2], 1 - rate)
            figures.append(figure(f"{language}_recall_at_{label}", found, chosen & kremlin, by_site=True))
        figures += [
            figure(f"{language}_recall_at_threshold", said == "pro_kremlin", chosen & kremlin, by_site=True),
            figure(f"{language}_false_war", partisan, chosen & neutral),
        ]
    mainstream = real & ~np.isin(rows.sets, ["ppn", "sputnik_afrique"])
    wrong = ((rows.y == 2) & (said == "pro_kyiv")) | ((rows.y == 1) & (said == "pro_kremlin"))
    right = [(p.argmax(axis=1) == k) == (rows.y == k) for k in range(len(POLES))]
    figures += [
        figure("fr_false_all", partisan, mainstream),
        figure("fr_false_written", partisan, written),
        figure("contrast_opposite", wrong, contrast & war),
        figure("contrast_right", np.all(right, axis=0), contrast & war),
        figure("held_out_opposite", wrong, held_out),
        figure("held_out_right", np.all(right, axis=0), held_out),
        figure("held_out_neutral_called", partisan, held_out & neutral),
        figure("off_topic_left_alone", ~partisan, contrast & ~war),
        measured("contrast_f1", macro_f1, contrast & war),
        measured("held_out_f1", macro_f1, held_out),
    ]
    for name, part in {
        "without_english": replace(rows, y=np.where(french, rows.y, -1).astype(np.int8)),
        "without_words": replace(rows, words=sp.csr_matrix(rows.words.shape, dtype=np.float32)),
        "without_voices": replace(rows, X=sp.csr_matrix(rows.X.shape, dtype=np.float32)),
    }.items():
        q = fit_slant(part, final=False, languages=("fr",)).of("fr").unseen_
        found = q[:, 2] > np.quantile(q[real & neutral, 2], 0.98)
        figures.append(figure(f"fr_{name}_recall_at_2pct", found, real & kremlin, by_site=True))
        right = [(q.argmax(axis=1) == k) == (rows.y == k) for k in range(len(POLES))]
        figures.append(figure(f"fr_{name}_contrast_right", np.all(right, axis=0), contrast & war))
    return figures


def _loaded(training: TrainingSet) -> list[Figure]:
    """How well `loaded` tells marked paragraphs of unseen articles from the others, and means over wire copy."""
    rows = training.loaded
    if rows is None:
        return []
    p, y, wire, french = fit_loaded(rows, final=False).unseen_, rows.y.astype(float), rows.wire, rows.languages == 0

    def figure(name: str, measure: Callable[[FloatArray, FloatArray], float], chosen: npt.NDArray[Any]) -> Figure:
        return _figure("loaded", "article", name, measure, y[chosen], p[chosen], rows.articles[chosen])

    marked = french & ~wire
    # Wire copy as often as the probability takes it to be.
    times = max(round(WIRE_SHARE * marked.sum() / max((french & wire).sum(), 1)), 1)
    mixed = np.repeat(np.arange(len(y)), np.where(french, np.where(wire, times, 1), 0))
    figures = [
        figure("fr_auc", _auc, marked),
        figure("fr_long_auc", _auc, marked & (rows.sizes >= MIN_CHARACTERS)),
        figure("en_auc", _auc, ~french & ~wire),
        figure("en_dev_auc", _auc, rows.splits == "dev"),
        figure("fr_marked_or_wire_auc", _auc, french & (wire | (y == 1))),
        figure("fr_calibration_error", expected_calibration_error, mixed),
        *(
            figure(f"fr_{name}_mean", lambda _, s: float(s.mean()), french & chosen)
            for name, chosen in (("marked", y == 1), ("unmarked", (y == 0) & ~wire), ("wire", wire))
        ),
    ]
    # What English brings: the same passages by heads that have learnt from none.
    p = fit_loaded(replace(rows, splits=np.where(french, rows.splits, "none")), final=False).unseen_
    return [*figures, figure("fr_without_english_auc", _auc, marked)]


def _by_language(heads: SlantHeads, rows: SlantSet) -> FloatArray:
    """Each row's probabilities by the head of its language that had not seen its outlet."""
    french = rows.languages == "fr"
    return np.asarray(np.where(french[:, None], heads.of("fr").unseen_, heads.of("en").unseen_))


def _measures(threshold: float) -> dict[str, Callable[[FloatArray, FloatArray], float]]:
    """The figures of a yes/no head, each a function of labels and probabilities."""
    return {
        "auc": _auc,
        "recall_at_1pct": recall_at,
        "calibration_error": expected_calibration_error,
        "recall_at_threshold": lambda t, s: float((s[t == 1] >= threshold).mean()),
        "false_alarms_at_threshold": lambda t, s: float((s[t == 0] >= threshold).mean()),
    }


def _binary(rows: Sequence[TrainingRow], head: str, cut: str, p: FloatArray, threshold: float) -> list[Figure]:
    y = np.asarray([np.nan if row.labels[head] is None else row.labels[head] for row in rows], dtype=float)
    human = np.asarray([row.kind == "human_translation" for row in rows])
    known = ~np.isnan(y) & ~np.isnan(p)
    shown = known & ~human if head == "translated" else known
    groups = np.asarray([row.group for row in rows])
    measures = _measures(threshold)
    found = [_figure(head, cut, name, measure, y[shown], p[shown], groups[shown]) for name, measure in measures.items()]
    if head == "translated":
        measure = measures["recall_at_threshold"]
        found.append(
            _figure(head, cut, "human_recall", measure, y[known & human], p[known & human], groups[known & human])
        )
        # Our own texts were written to be hard; what the corpus's outlets and systems alone give is told apart.
        real = shown & np.asarray([row.set != "written" for row in rows])
        names = ("auc", "recall_at_1pct")
        found += [_figure(head, cut, f"real_{n}", measures[n], y[real], p[real], groups[real]) for n in names]
    return found


def _figure(
    head: str,
    cut: str,
    name: str,
    measure: Callable[[FloatArray, FloatArray], float],
    y: FloatArray,
    p: FloatArray,
    groups: npt.NDArray[np.str_],
) -> Figure:
    low, high = _interval(lambda chosen: measure(y[chosen], p[chosen]), groups, y)
    return Figure(head, cut, name, measure(y, p), low, high, int((y == 1).sum()), int((y == 0).sum()))


def _interval(
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


def _language(rows: Sequence[TrainingRow], cut: str, p: FloatArray, threshold: float) -> list[Figure]:
    """Every cell of set and language counts alike, so that one large set does not stand for its language."""
    y = language_labels(rows)
    known = ~np.isnan(p[:, 0])
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
        low, high = _interval(lambda c, m=measure, o=only: m(o[c]), groups[only], y[only])  # type: ignore[misc]
        figures.append(Figure("language", cut, name, measure(every), low, high, len(only), 0))
    return figures


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
