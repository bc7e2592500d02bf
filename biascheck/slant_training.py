"""Measured rows → the fitted heads for the war in Ukraine, one a language, and their pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from biascheck.folds import Fold
from biascheck.slant import COLUMNS, LANGUAGES, SlantHead, SlantHeads, VoiceCounts
from biascheck.slant_rows import EVENTS, SlantSet, slant_folds, slant_weights
from biascheck.wording import Wording

__all__ = ["fit_slant", "slant_pipeline", "slant_words"]

#: Parameters of the heads for the war, by language, and how much the rows of the other language count for each.
SLANT: dict[str, dict[str, Any]] = {
    "fr": {"C": 0.07, "voices": 0.2, "words": 1.5, "events": 0.9, "event_words": 1.0},
    "en": {"C": 0.3, "voices": 0.05},
}
FOREIGN_WEIGHT = {"fr": 0.2, "en": 1.0}


def fit_slant(
    rows: SlantSet,
    *,
    weights: npt.NDArray[np.float64] | None = None,
    folds: Sequence[Fold] | None = None,
    final: bool = True,
    languages: Sequence[str] = tuple(SLANT),
) -> SlantHeads:
    """The heads for the war in Ukraine, calibrated on outlets and situations that they have not seen.

    Parameters
    ----------
    weights, folds
        By default `slant_weights` and `slant_folds`.
    """
    X = sp.hstack([rows.X, slant_words(rows).transform(rows.words)], format="csr")
    weights = slant_weights(rows) if weights is None else weights
    heads = {}
    for language in languages:
        heads[language] = SlantHead(language, **SLANT[language]).fit(
            X,
            np.where(rows.learnt, rows.y, -1).astype(np.intp),
            weights=np.where(rows.languages == language, weights, weights * FOREIGN_WEIGHT[language]),
            folds=slant_folds(rows) if folds is None else folds,
            # Our own texts are one hand, whatever they imitate.
            groups=np.where(rows.sets == "written", "written", rows.outlets),
            languages=rows.languages,
            # Mainstream reporting as it is; the neutral contrast texts were written to be hard.
            innocent=~np.isin(rows.sets, EVENTS),
            told=np.where(np.isin(rows.sets, EVENTS), rows.y, -1).astype(np.intp),
            of_events=np.concatenate([np.zeros(len(COLUMNS), dtype=bool), rows.of_events]),
            final=final,
        )
    return SlantHeads(heads)


def slant_words(rows: SlantSet) -> TfidfTransformer:
    """How much each word counts: less, the more texts have it."""
    return TfidfTransformer().fit(rows.words[(rows.y >= 0) & rows.learnt])


def slant_pipeline(rows: SlantSet, heads: SlantHeads) -> Pipeline:
    """`Voices` → poles of the war in Ukraine."""
    words = Pipeline([("words", Wording(rows.vocabulary, LANGUAGES)), ("weights", slant_words(rows))])
    features = FeatureUnion([("voices", VoiceCounts()), ("words", words)])
    return Pipeline([("features", features), ("heads", heads)])
