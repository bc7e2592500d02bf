"""Rows → features → a fitted pipeline. What `biascheck train` runs."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler

from biascheck.corpus import HEADS, LANGUAGES, Row, read_corpus, read_written
from biascheck.dataset import LeftoverSet, LineSet, TrainingRow, TrainingSet
from biascheck.features import QUOTES, ByteNgrams, Cues, Phrases, Signs, Sparse, Worlds
from biascheck.folding import Fold as FoldText
from biascheck.folding import fold_many
from biascheck.folds import Fold, folds_of, make_folds
from biascheck.frames import FrameNgrams
from biascheck.furniture import bodies, find_all
from biascheck.heads import BinaryHeads, Heads, LanguageHead, as_matrix
from biascheck.leftovers import COLUMNS, TOLD_TOGETHER, LeftoverCounts
from biascheck.lexicon import lexicon_checksum, load_lexicon
from biascheck.lines import LineModel
from biascheck.loaded import LoadedHead
from biascheck.loaded_rows import LoadedSet, loaded_folds, measure_loaded, read_loaded
from biascheck.margins import root_weights
from biascheck.planting import plant_leftovers
from biascheck.slant_rows import measure_slant, read_slant
from biascheck.slant_training import fit_slant, slant_pipeline
from biascheck.teacher import assemble, clean_texts, read_page_lines

__all__ = [
    "build_training",
    "featurise",
    "fit_aggregated",
    "fit_heads",
    "fit_loaded",
    "fit_parts",
    "row_weights",
]

LANGUAGE = "fr"
TEXT_ORDERS = (6,)
#: Share of rows that an n-gram must occur in, at least and at most. Chosen without labels, so no fold is looked at.
TEXT_BAND, FRAME_BAND = (0.015, 0.3), (0.006, 0.5)
#: How much each block of features counts for the provenance heads and for the source language.
#: Names say nothing about provenance and must not; calques say more about the language than all n-grams.
#: The pseudo-news are nearly all the real Russian and nearly all the war: with n-grams of bytes, or counted in full,
#: the war is Russian. Frames have no topic. Worlds of names count little: Russian sites write of Berlin too.
PROVENANCE_SCALES = {"text": 1.0, "frames": 1.0, "calques": 0.1, "phrases": 0.07}
PROVENANCE_SCALES |= {"calque_shares": 0.05, "shares": 0.05, "cues": 0.01}
#: Wire copy is typed with straight quotation marks where newspapers set «; nobody else's marks tell more than storage.
#: How many calques a text has, of whatever kind, says more of an unseen system than which ones.
HEAD_SCALES = {
    "agency": {"quotes": 0.05, "signs": 0.5},
    "original": {"signs": 0.5},
    "translated": {"calque_shares": 0.3, "text": 1.15},
}
LANGUAGE_SCALES = {"frames": 1.2, "calques": 0.15, "calque_shares": 0.6, "worlds": 0.1}
PSEUDO_NEWS_WEIGHT = 0.3
#: How the rows are cut for each head's unseen scores. Agency copy stands in one portal almost alone, syntheses of
#: language models in one site: there the cut is by year and by model.
CUTS = {"original": "year", "agency": "year", "translated": "outlet", "rewritten": "year", "language": "outlet"}
#: C of the heads that need another than 0.5.
STRENGTH = {"agency": 0.2, "translated": 0.25, "aggregated": 0.05}
#: Power of the log-count ratios of the heads that weigh their columns so (`biascheck.margins.emphasis`). It helps where
#: one desk's habits are looked for, and costs recall where outlets and systems differ more than labels.
EMPHASIS = {"agency": 0.5, "aggregated": 0.25}
#: For `aggregated`, how much count what stands together in a line and the words of leftovers, of which there are many,
#: of few families; which leftovers count double, since they are known beforehand to be telling.
TOGETHER, LEFTOVER_WORDS = 0.7, 0.5
SURE_LEFTOVERS = frozenset({"rule", "strong rule", "upstream origin"})
#: Signs that a text was taken over. No other sign beside them, and not their being many, makes them less.
RISING_LEFTOVERS = SURE_LEFTOVERS | {"glue", "stop", "joined twice", "told foreign"}
RISING_LEFTOVERS |= {name for name in COLUMNS if name.startswith(("form ", "translation_note "))}


def build_training(corpus: Path, written: Path) -> TrainingSet:
    """Read every row of the corpus and our own texts, and count the features of their bodies.

    The line model comes first: what it and the rules call furniture is no part of what the heads learn from.

    Raises
    ------
    LabelsError
        Where the corpus cannot be read.
    """
    rows: list[Row] = [*read_corpus(corpus), *read_written(written)]
    pages = list(read_page_lines(corpus / "pages.parquet"))
    lines = assemble(pages, clean_texts(rows))
    model = fit_lines(lines)
    texts = [row.text for row in rows]
    folded = fold_many(bodies(texts, find_all(texts, model)))
    text = ByteNgrams(orders=TEXT_ORDERS).transform(folded)
    columns = _band(text, TEXT_BAND)
    frames = FrameNgrams().transform(folded)
    frame_columns = _band(frames, FRAME_BAND)
    return TrainingSet(
        rows=[_keys(row) for row in rows],
        text=text[:, columns],
        phrases=Phrases(LANGUAGE).count(folded),
        cues=np.hstack([Cues().transform(folded), Signs().transform(folded), Worlds().transform(folded)]),
        columns=columns,
        frames=frames[:, frame_columns],
        frame_columns=frame_columns,
        leftovers=plant_leftovers(rows, pages, corpus.parent / "markers.csv", written.parent / "leftovers", model),
        lines=lines,
        slant=measure_slant(list(read_slant(corpus, written.parent / "contrast", written))),
        loaded=measure_loaded(list(read_loaded(corpus))),
        parameters={"language": LANGUAGE, "lexicon": lexicon_checksum(LANGUAGE)},
    )


def _keys(row: Row) -> TrainingRow:
    return TrainingRow(
        id=row.id,
        set=row.set,
        outlet=row.outlet,
        system=row.system,
        story=row.story,
        year=row.year,
        kind=row.kind,
        licence=row.licence,
        origin=row.origin,
        source_language=row.source_language or "",
        labels={name: getattr(row, name) for name in HEADS},
    )


def _band(matrix: sp.csr_matrix, band: tuple[float, float]) -> npt.NDArray[np.int32]:
    """Columns that occur in a share of the rows within `band`, most frequent first, which packs best."""
    share = np.asarray(matrix.sum(axis=0)).ravel() / matrix.shape[0]
    order = np.argsort(-share, kind="stable")
    kept = order[(share[order] >= band[0]) & (share[order] <= band[1])]
    return np.asarray(kept, dtype=np.int32)


def feature_pipeline(training: TrainingSet) -> FeatureUnion:
    """The fitted transformers that turn folded texts into the rows of `featurise`."""
    text, frames, scaler = _weighting(training)
    ngrams = ByteNgrams(orders=TEXT_ORDERS, columns=training.columns)
    return FeatureUnion(
        [
            ("text", Pipeline([("ngrams", ngrams), ("weights", text)])),
            ("frames", Pipeline([("ngrams", FrameNgrams(columns=training.frame_columns)), ("weights", frames)])),
            ("phrases", Phrases(LANGUAGE)),
            ("cues", Pipeline([("measure", Cues()), ("scale", scaler), ("sparse", Sparse())])),
            ("signs", Pipeline([("find", Signs()), ("sparse", Sparse())])),
            ("worlds", Pipeline([("count", Worlds()), ("sparse", Sparse())])),
        ]
    )


def _weighting(training: TrainingSet) -> tuple[TfidfTransformer, TfidfTransformer, StandardScaler]:
    cues = training.cues[:, : len(Cues().get_feature_names_out())]
    return (
        TfidfTransformer().fit(training.text),
        TfidfTransformer().fit(training.frames),
        StandardScaler().fit(cues),
    )


def featurise(
    training: TrainingSet, dtype: type[np.floating[Any]] = np.float64
) -> tuple[sp.csr_matrix, dict[str, slice]]:
    """All feature blocks side by side, and where each stands.

    Parameters
    ----------
    dtype
        Of the matrix; in single precision it takes two thirds of the memory.

    Returns
    -------
    csr_matrix of shape (n_rows, n_features), and the columns of each block
    """
    text, frames, scaler = _weighting(training)
    width = len(Cues().get_feature_names_out())
    cues = sp.csr_matrix(scaler.transform(training.cues[:, :width]))
    blocks = {
        "text": text.transform(training.text),
        "frames": frames.transform(training.frames),
        **_phrase_blocks(training),
        "cues": cues[:, :-QUOTES],
        "quotes": cues[:, -QUOTES:],
        "signs": sp.csr_matrix(training.cues[:, width : width + len(Signs.kinds)]),
        "worlds": sp.csr_matrix(training.cues[:, width + len(Signs.kinds) :]),
    }
    places, at = {}, 0
    for name, block in blocks.items():
        places[name] = slice(at, at + block.shape[1])
        at += block.shape[1]
    # Blocks of one format are joined without a triple for every number.
    return sp.hstack([block.tocsr() for block in blocks.values()], format="csr", dtype=dtype), places


def _phrase_blocks(training: TrainingSet) -> dict[str, sp.csr_matrix]:
    """Lexicon entries, calques first as the lexicon has them, then the totals of their kinds, calques first."""
    lexicon = load_lexicon(LANGUAGE)
    weighed = Phrases(LANGUAGE).weigh(training.phrases).tocsc()
    entries = len(lexicon.entries)
    calques = sum(entry.kind == "calque" for entry in lexicon.entries)
    kinds = entries + lexicon.n_calque_kinds
    return {
        "calques": weighed[:, :calques],
        "phrases": weighed[:, calques:entries],
        "calque_shares": weighed[:, entries:kinds],
        "shares": weighed[:, kinds:],
    }


def row_weights(rows: Sequence[TrainingRow]) -> npt.NDArray[np.float64]:
    """`root_weights` by outlet or system, shape (n_rows,)."""
    return root_weights([row.group for row in rows])


def language_weights(rows: Sequence[TrainingRow]) -> npt.NDArray[np.float64]:
    """`row_weights`, less for the pseudo-news, which are Russian alone, shape (n_rows,)."""
    return np.asarray(row_weights(rows) * [PSEUDO_NEWS_WEIGHT if row.set == "ppn" else 1.0 for row in rows])


def _scale(places: dict[str, slice], scales: dict[str, float]) -> npt.NDArray[np.float64]:
    scale = np.zeros(max(place.stop for place in places.values()))
    for name, place in places.items():
        scale[place] = scales.get(name, 0.0)
    return scale


def provenance_scale(places: dict[str, slice], head: str) -> npt.NDArray[np.float64]:
    """How much each column of `featurise` counts for a provenance head, shape (n_features,)."""
    return _scale(places, {**PROVENANCE_SCALES, **HEAD_SCALES.get(head, {})})


def language_scale(places: dict[str, slice]) -> npt.NDArray[np.float64]:
    """How much each column of `featurise` counts for the source language, shape (n_features,)."""
    return _scale(places, LANGUAGE_SCALES)


def language_labels(rows: Sequence[TrainingRow]) -> npt.NDArray[np.intp]:
    """Index of each row's source language, -1 where it has none or went through another language on its way."""
    return np.asarray(
        [
            LANGUAGES.index(row.source_language)
            if row.source_language in LANGUAGES and row.origin in {"", row.source_language, "fr"}
            else -1
            for row in rows
        ],
        dtype=np.intp,
    )


def default_folds(rows: Sequence[TrainingRow]) -> dict[str, list[Fold]]:
    """What each head is calibrated on (`CUTS`): unseen outlets and systems, or years and models."""
    by = {cut: make_folds(rows, by=cut) for cut in set(CUTS.values())}
    return {head: by[cut] for head, cut in CUTS.items()}


def fit_heads(
    training: TrainingSet,
    *,
    features: tuple[sp.csr_matrix, dict[str, slice]] | None = None,
    final: bool = True,
    folds: Mapping[str, Sequence[Fold]] | None = None,
) -> tuple[BinaryHeads, LanguageHead | None]:
    """Fit heads on a training set.

    Parameters
    ----------
    features
        What `featurise` gives, where it is at hand.
    final : bool
        False does the unseen folds only, which is all that an evaluation needs.
    folds : mapping of head to folds, optional
        Heads that are left out are not fitted; by default all, on `default_folds`.
    """
    X, places = featurise(training) if features is None else features
    rows = training.rows
    folds = default_folds(rows) if folds is None else folds
    weights = row_weights(rows)
    binary = BinaryHeads(HEADS, C=STRENGTH, emphasis=EMPHASIS).fit(
        X,
        as_matrix([row.labels for row in rows], HEADS),
        # Agency copy stands in one portal: weighing outlets evenly would leave its few other rows to decide.
        weights=np.column_stack([np.ones(len(rows)) if head == "agency" else weights for head in HEADS]),
        folds=folds,
        groups=[row.group for row in rows],
        scales={head: provenance_scale(places, head) for head in HEADS},
        final=final,
    )
    if "language" not in folds:
        return binary, None
    return binary, fit_language(X, places, rows, language_weights(rows), folds["language"], final=final)


def fit_language(
    X: sp.csr_matrix,
    places: dict[str, slice],
    rows: Sequence[TrainingRow],
    weights: npt.NDArray[np.float64],
    folds: Sequence[Fold],
    *,
    final: bool = True,
) -> LanguageHead:
    """The head for the source language, on the translated rows alone; `unseen_` is NaN for the others."""
    translated = np.asarray([row.labels["translated"] == 1 for row in rows])
    y = np.where(translated, language_labels(rows), -1)
    known = np.flatnonzero(y >= 0)
    place = np.full(len(y), -1)
    place[known] = np.arange(len(known))
    head = LanguageHead(LANGUAGES).fit(
        X[known],
        y[known],
        weights=weights[known],
        folds=[(place[train][y[train] >= 0], place[test][y[test] >= 0]) for train, test in folds],
        scale=language_scale(places),
        final=final,
    )
    unseen = np.full((len(y), len(LANGUAGES)), np.nan)
    unseen[known] = head.unseen_
    head.unseen_ = unseen
    return head


def fit_lines(lines: LineSet) -> LineModel:
    """The model of lines that no rule names."""
    return LineModel().fit(lines.X, lines.y, lines.sites, lines.weights)


def leftover_folds(leftovers: LeftoverSet) -> list[Fold]:
    """Five cuts by whole site families and outlets, those of a label dealt out evenly."""
    cell = np.asarray([zlib.crc32(group.encode()) % 5 for group in leftovers.groups.tolist()])
    return folds_of(cell, 5)


def aggregated_weights(leftovers: LeftoverSet) -> npt.NDArray[np.float64]:
    """`root_weights` by family or outlet, shape (n_cases,)."""
    return root_weights(leftovers.groups.tolist())


def fit_aggregated(
    leftovers: LeftoverSet,
    *,
    weights: npt.NDArray[np.float64] | None = None,
    folds: Sequence[Fold] | None = None,
    final: bool = True,
) -> BinaryHeads:
    """The head `aggregated`, calibrated on families that it has not seen.

    Parameters
    ----------
    weights, folds
        By default `aggregated_weights` and `leftover_folds`.
    """
    weights = aggregated_weights(leftovers) if weights is None else weights
    scale = np.full(leftovers.X.shape[1], LEFTOVER_WORDS)
    scale[: len(COLUMNS)] = [
        2.0 if name in SURE_LEFTOVERS else TOGETHER if name in TOLD_TOGETHER else 1.0 for name in COLUMNS
    ]
    rising = np.zeros(leftovers.X.shape[1], dtype=bool)
    rising[: len(COLUMNS)] = [name in RISING_LEFTOVERS for name in COLUMNS]
    return BinaryHeads(("aggregated",), C=STRENGTH, emphasis=EMPHASIS).fit(
        leftovers.X,
        # -1 is tested only.
        np.where(leftovers.y < 0, np.nan, leftovers.y)[:, None],
        weights=weights[:, None],
        folds={"aggregated": leftover_folds(leftovers) if folds is None else folds},
        groups=leftovers.groups.tolist(),
        scales={"aggregated": scale},
        rising={"aggregated": rising},
        final=final,
    )


def fit_loaded(rows: LoadedSet, *, final: bool = True) -> LoadedHead:
    """How much sentences judge, calibrated on articles that it has not seen."""
    return LoadedHead().fit(rows, folds=loaded_folds(rows), final=final)


def fit_parts(training: TrainingSet) -> dict[str, Any]:
    """What a model file holds: see `biascheck.store.Model`."""
    provenance, language = fit_heads(training)
    heads = Heads(provenance, language)
    return {
        "pipeline": Pipeline([("fold", FoldText()), ("features", feature_pipeline(training)), ("heads", heads)]),
        "aggregated": Pipeline([("leftovers", LeftoverCounts()), ("heads", fit_aggregated(training.leftovers))]),
        "lines": fit_lines(training.lines),
        "slant": slant_pipeline(training.slant, fit_slant(training.slant)),
        **({} if training.loaded is None else {"loaded": fit_loaded(training.loaded)}),
    }
