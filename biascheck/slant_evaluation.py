"""How well the heads for the war in Ukraine do on outlets and situations that they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.dataset import TrainingSet
from biascheck.figures import Figure, FloatArray, interval
from biascheck.slant import POLES, SlantHeads
from biascheck.slant_rows import EVENTS, HELD_OUT, HELD_OUT_PLAIN, TESTED, SlantSet
from biascheck.slant_training import fit_slant

__all__ = ["evaluate_slant"]

#: False accusations among mainstream texts on the war at which the recall of the slant heads is shown.
SLANT_CURVE = {"05pct": 0.005, "1pct": 0.01, "2pct": 0.02, "5pct": 0.05, "10pct": 0.1}


def evaluate_slant(training: TrainingSet) -> list[Figure]:
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
    contrast, tested = np.isin(rows.sets, EVENTS), np.isin(rows.sets, TESTED)
    written, unlabelled = rows.sets == "written", rows.war & (rows.y < 0)
    said = np.asarray(
        [
            heads.of(language).call(q, topic)
            for q, language, topic in zip(p, rows.languages.tolist(), rows.topic.tolist(), strict=True)
        ]
    )
    partisan = np.isin(said, POLES[1:])
    kremlin, neutral = rows.y == POLES.index("pro_kremlin"), rows.y == POLES.index("neutral")
    real = french & ~contrast & ~tested & ~written
    groups = rows.outlets

    def measured(name: str, measure: Callable[[npt.NDArray[np.intp]], float], chosen: npt.NDArray[np.bool_]) -> Figure:
        index = np.flatnonzero(chosen)
        low, high = interval(lambda part: measure(index[part]), groups[index], np.zeros(len(index)))
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
        figure("fr_false_written", partisan, written & ~unlabelled),
        figure("contrast_opposite", wrong, contrast & war),
        figure("contrast_right", np.all(right, axis=0), contrast & war),
        figure("off_topic_left_alone", ~partisan, contrast & ~war),
        measured("contrast_f1", macro_f1, contrast & war),
    ]
    for key, name in (("held_out", HELD_OUT), ("held_out_plain", HELD_OUT_PLAIN)):
        chosen = rows.sets == name
        figures += [
            figure(f"{key}_opposite", wrong, chosen),
            figure(f"{key}_right", np.all(right, axis=0), chosen),
            figure(f"{key}_neutral_called", partisan, chosen & neutral),
            measured(f"{key}_f1", macro_f1, chosen),
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


def _by_language(heads: SlantHeads, rows: SlantSet) -> FloatArray:
    """Each row's probabilities by the head of its language that had not seen its outlet."""
    french = rows.languages == "fr"
    return np.asarray(np.where(french[:, None], heads.of("fr").unseen_, heads.of("en").unseen_))
