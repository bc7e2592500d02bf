"""A user's labels for heads of their own → `biascheck.own`: names, what is enough to learn from, fits and figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.additions import Additions
from biascheck.errors import LabelsError
from biascheck.features import QUOTES, Cues
from biascheck.heads import threshold_for
from biascheck.labels import AXES, COLUMNS, Label
from biascheck.lexicon import load_lexicon
from biascheck.margins import FloatArray, root_weights
from biascheck.own import (
    LEAST_EXAMPLES,
    LEAST_OUTLETS,
    AxisHead,
    OwnHeads,
    OwnLabels,
    folds_of_outlets,
    lacks,
    side_by_side,
)
from biascheck.reading import OFF_TOPIC, UNDETERMINED
from biascheck.slant import COLUMNS as VOICES
from biascheck.slant import VoiceCounts, hear
from biascheck.store import Model

__all__ = ["OwnFigure", "fit_own", "own_values", "parse_axes", "parse_labels", "shared_scale", "train_own"]

#: How much the features of the voices count beside the wording: with `AXIS_STRENGTH` as much as they do in the head for
#: the war.
VOICES_SCALE = 0.05
#: A column that is hardly ever anything but zero is not blown up to the size of the others.
LEAST_SPREAD = 0.4
_NAME = re.compile(r"[a-z][a-z0-9_-]{1,40}")
_TAKEN = frozenset({*COLUMNS, *AXES, "slant", "language", "source_language", "sha256", "verdict", "score"})


def parse_labels(names: Iterable[str]) -> tuple[str, ...]:
    """Check the names of new labels.

    Raises
    ------
    LabelsError
        Where a name is taken, twice there, or no name.
    """
    found: list[str] = []
    for name in names:
        _check_name(name, "label")
        if name in found:
            raise LabelsError(f"new label {name!r} is given twice; name it once")
        found.append(name)
    return tuple(found)


def parse_axes(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Read new axes written as ``name=pole,pole``.

    >>> parse_axes(["left-right=left,center,right"])
    {'left-right': ('left', 'center', 'right')}

    Raises
    ------
    LabelsError
        Where a name is taken or no name, or there are fewer than two poles.
    """
    axes: dict[str, tuple[str, ...]] = {}
    for item in given:
        name, equals, after = item.partition("=")
        poles = tuple(pole.strip() for pole in after.split(","))
        if not equals or len(poles) < 2:
            raise LabelsError(f"new axis {item[:60]!r}: write it as name=pole,pole, with two poles or more")
        _check_name(name, "axis")
        if name in axes or len(set(poles)) < len(poles):
            raise LabelsError(f"new axis {item[:60]!r}: a name is given twice; name it once")
        for pole in poles:
            if not _NAME.fullmatch(pole) or pole in {OFF_TOPIC, UNDETERMINED}:
                raise LabelsError(f"new axis {name!r}: {pole[:40]!r} is no name for a pole; {_NAMES}")
        axes[name] = poles
    return axes


_NAMES = "use 2 to 41 of a-z, 0-9, _ and -, beginning with a letter, and no name that biascheck uses itself"


def _check_name(name: str, what: str) -> None:
    if not _NAME.fullmatch(name) or name in _TAKEN or name in {OFF_TOPIC, UNDETERMINED}:
        raise LabelsError(f"{name[:60]!r} cannot be the name of a new {what}; {_NAMES}")


def own_values(
    rows: Sequence[Label], names: Sequence[str], axes: Mapping[str, Sequence[str]]
) -> dict[str, npt.NDArray[Any]]:
    """What rows of labels files say of own labels and axes, as `fit_own` takes it."""
    found: dict[str, npt.NDArray[Any]] = {
        name: np.asarray([row.labels.get(name, np.nan) for row in rows], dtype=float) for name in names
    }
    for axis in axes:
        found[f"slant.{axis}"] = np.asarray([row.slant.get(axis, "") for row in rows], dtype=str)
    return found


def shared_scale(pipeline: Any) -> FloatArray:
    """How much each feature counts for the provenance heads of a model, shape (n_features,).

    Names and typography, which say where a text was stored, count nothing.
    """
    from biascheck.training import PROVENANCE_SCALES

    blocks = dict(pipeline.named_steps["features"].transformer_list)
    lexicon = load_lexicon(blocks["phrases"].language)
    calques = sum(entry.kind == "calque" for entry in lexicon.entries)
    widths = {
        **{name: len(blocks[name].named_steps["ngrams"].columns) for name in ("text", "frames")},
        "calques": calques,
        "phrases": len(lexicon.entries) - calques,
        "calque_shares": lexicon.n_calque_kinds,
        "shares": len(lexicon.kinds) - lexicon.n_calque_kinds,
        "cues": len(Cues().get_feature_names_out()) - QUOTES,
    }
    scale = np.zeros(pipeline.named_steps["heads"].provenance.coef_.shape[1])
    known = np.concatenate([np.full(width, PROVENANCE_SCALES[name]) for name, width in widths.items()])
    scale[: len(known)] = known
    return scale


@dataclass(frozen=True, slots=True)
class OwnFigure:
    """How an own head does on outlets that it has not seen.

    Attributes
    ----------
    head : str
        A label, or ``axis:pole``.
    yes, no, outlets : int
    auc : float
    recall : float
        Share of the texts with the label that are called so.
    false_alarms : float
        Share of those without it that are called so. The threshold was chosen on the same texts.
    """

    head: str
    yes: int
    no: int
    outlets: int
    auc: float
    recall: float
    false_alarms: float


def train_own(
    additions: Additions, model: Model, names: Sequence[str], axes: Mapping[str, Sequence[str]]
) -> tuple[OwnHeads, tuple[OwnFigure, ...]]:
    """`fit_own` on checked rows of labels files, for a model whose features they were measured with.

    Only rows that the model reads for provenance count: its features are those of French.

    Raises
    ------
    LabelsError
        As `fit_own`.
    """
    values = own_values(additions.rows, names, axes)
    for known in values.values():
        known[~additions.french] = np.nan if known.dtype == np.float64 else ""
    scale = shared_scale(model.pipeline)
    heard = [hear(text.article, text.language, text.date) for text in additions.texts] if axes else []
    voices = VoiceCounts().transform(heard) if axes else None
    return fit_own(additions.X, values, additions.outlets.tolist(), names, axes=axes, voices=voices, scale=scale)


def fit_own(
    X: sp.csr_matrix,
    values: Mapping[str, npt.NDArray[Any]],
    outlets: Sequence[str],
    names: Sequence[str],
    *,
    axes: Mapping[str, Sequence[str]],
    voices: sp.csr_matrix | None = None,
    scale: FloatArray | None = None,
    false_alarms: float = 0.01,
) -> tuple[OwnHeads, tuple[OwnFigure, ...]]:
    """Train heads for own labels and axes, calibrated on outlets that they have not seen.

    Parameters
    ----------
    X : csr_matrix, shape (n_rows, n_features)
        What the provenance heads see: ``model.pipeline[:-1].transform(bodies)``.
    values : mapping of str to ndarray, shape (n_rows,)
        For a label 1, 0 or NaN; for an axis, under ``slant.NAME``, a pole, ``off_topic`` or nothing (see `own_values`).
    outlets : sequence of str, shape (n_rows,)
    names : sequence of str
        The own labels.
    axes : mapping of str to sequence of str
        The own axes with their poles.
    voices : csr_matrix, shape (n_rows, n_voices), optional
        Of `VoiceCounts`; axes need it. Columns that follow, the words of the slant pipeline, are not used.
    scale : ndarray, shape (n_features,), optional
        How much each feature of `X` counts: `shared_scale`; all the same where it is left out.
    false_alarms : float
        Share of the texts without a label, or of another pole, that may be called so.

    Raises
    ------
    LabelsError
        Where a side has too few examples, or of too few outlets.
    """
    group = np.asarray(outlets, dtype=str)
    scale = np.ones(X.shape[1]) if scale is None else scale
    labels = _fit_labels(X, values, group, names, scale, false_alarms) if names else None
    heads: dict[str, AxisHead] = {}
    if axes:
        if voices is None:
            raise ValueError("axes need the features of slant")
        voices = voices[:, : len(VOICES)].tocsr()
        variance = np.asarray(voices.multiply(voices).mean(axis=0) - np.square(voices.mean(axis=0))).ravel()
        spread = np.sqrt(np.maximum(variance, 0.0))
        beside = np.where(spread > 0, VOICES_SCALE / np.maximum(spread, LEAST_SPREAD), 0.0)
        both, wide = side_by_side(X, voices), np.concatenate([scale, beside])
        for axis, poles in axes.items():
            y = values[f"slant.{axis}"]
            _refuse(f"axis {axis!r}", {pole: y == pole for pole in poles}, group)
            heads[axis] = AxisHead(tuple(poles), false_alarms=false_alarms).fit(both, y, outlets=group, scale=wide)
    own = OwnHeads(labels, heads)
    return own, tuple(_figures(own, values, group))


def _fit_labels(
    X: sp.csr_matrix,
    values: Mapping[str, npt.NDArray[Any]],
    outlets: npt.NDArray[Any],
    names: Sequence[str],
    scale: FloatArray,
    false_alarms: float,
) -> OwnLabels:
    Y = np.column_stack([np.asarray(values[name], dtype=float) for name in names])
    weights, folds = np.zeros(Y.shape), {}
    for number, name in enumerate(names):
        y = Y[:, number]
        _refuse(f"label {name!r}", {"yes": y == 1, "no": y == 0}, outlets)
        rows = np.flatnonzero(~np.isnan(y))
        weights[rows, number] = root_weights(outlets[rows].tolist())
        folds[name] = [(rows[a], rows[b]) for a, b in folds_of_outlets(y[rows].astype(int), outlets[rows])]
    heads = OwnLabels(tuple(names), false_alarms=false_alarms)
    heads.fit(X, Y, weights=weights, folds=folds, groups=outlets.tolist(), scales=dict.fromkeys(names, scale))
    has = [Y[:, number] == 1 for number in range(len(names))]
    heads.refusals_ = np.asarray(
        [threshold_for(1 - heads.unseen_[y, n], outlets[y].tolist(), false_alarms) for n, y in enumerate(has)]
    )
    return heads


def _refuse(what: str, sides: Mapping[str, npt.NDArray[np.bool_]], outlets: npt.NDArray[Any]) -> None:
    short = [f"{name}: {lack}" for name, side in sides.items() if (lack := lacks(side, outlets))]
    if short:
        need = f"each side needs at least {LEAST_EXAMPLES} French texts from at least {LEAST_OUTLETS} outlets"
        raise LabelsError(f"new {what} cannot be learnt yet ({'; '.join(short)}); {need}: label more of them")


def _figures(own: OwnHeads, values: Mapping[str, npt.NDArray[Any]], outlets: npt.NDArray[Any]) -> Iterable[OwnFigure]:
    if own.labels is not None:
        for number, name in enumerate(own.labels.names):
            y = values[name]
            p = own.labels.unseen_[:, number]
            yield _figure(name, y == 1, y == 0, p, p >= max(own.labels.thresholds_[number], 0.5), outlets)
    for axis, head in (own.axes or {}).items():
        said = values[f"slant.{axis}"]
        calls = np.asarray(["" if np.isnan(p[0]) else head.call(p).verdict for p in head.unseen_])
        for number, pole in enumerate(head.poles):
            yes, no = said == pole, (said != pole) & (said != "")
            yield _figure(f"{axis}:{pole}", yes, no, head.unseen_[:, number], calls == pole, outlets)


def _figure(
    head: str,
    yes: npt.NDArray[np.bool_],
    no: npt.NDArray[np.bool_],
    p: FloatArray,
    called: npt.NDArray[np.bool_],
    outlets: npt.NDArray[Any],
) -> OwnFigure:
    from sklearn.metrics import roc_auc_score

    known = yes | no
    return OwnFigure(
        head=head,
        yes=int(yes.sum()),
        no=int(no.sum()),
        outlets=len(np.unique(outlets[known])),
        auc=float(roc_auc_score(yes[known], p[known])),
        recall=float(called[yes].mean()),
        false_alarms=float(called[no].mean()),
    )
