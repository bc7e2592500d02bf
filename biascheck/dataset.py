"""`data/training`: hashed features, labels and keys of every training row. Never a text.

====================  ================================================================================================
file                  what
====================  ================================================================================================
``rows.csv.xz``       id, set, outlet, system, story, year, kind, licence, origin, labels; one line a row
``text.xz``           which byte n-grams of the folded text occur (columns by bucket, most frequent first)
``frames.xz``         which n-grams of frames occur (columns by bucket, most frequent first)
``phrases.xz``        which lexicon entries occur, and how often
``cues.npy``          dense cues, float16
``leftovers.npz.xz``  counts of leftovers for the head `aggregated`: planted and real pages, with family and label
``loaded.npz.xz``     sentences of marked paragraphs and wire copy: n-grams, words that judge, signs; labels and keys
``slant.npz.xz``      shares of voice and framing of texts in French and English, on the war and others; labels and keys
``slant_words.xz``    which words of the slant vocabulary those texts have
``lines.npz.xz``      lines of pages as hashed words and shapes, with the teacher's label, for the line model
``manifest.json``     parameters, buckets of the columns, lexicon checksum, SHA-256 of the files above
====================  ================================================================================================
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import lzma
import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.corpus import HEADS
from biascheck.errors import LabelsError
from biascheck.line_features import LineFeatures, load_features, save_features
from biascheck.loaded_rows import LoadedSet
from biascheck.slant_rows import SlantSet

__all__ = ["FORMAT", "LeftoverSet", "LineSet", "TrainingRow", "TrainingSet", "load_training", "save_training"]

FORMAT = 6
#: A gap of so many rows, or more, is written in full.
LONG = 255
_KEYS = ("id", "set", "outlet", "system", "story", "year", "kind", "licence", "origin", "source_language")


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """Labels and keys of one row; labels are 1, 0, or None where nothing is known."""

    id: str
    set: str
    outlet: str
    system: str
    story: str
    year: str
    kind: str
    licence: str
    origin: str
    source_language: str
    labels: dict[str, int | None]

    @property
    def group(self) -> str:
        """What shares a hand: the outlet, or for translations the set and its system."""
        return f"{self.set}|{self.system}" if self.system else f"{self.set}|{self.outlet}"


@dataclass(frozen=True)
class LeftoverSet:
    """Cases for the head `aggregated`.

    Attributes
    ----------
    X : csr_matrix of float32, shape (n_cases, n_columns)
        Of `LeftoverCounts`.
    y : ndarray of int8, shape (n_cases,)
        1 aggregated, 0 not, -1 not known.
    groups, kinds : ndarray of str, shape (n_cases,)
        The site family or outlet; ``written``, ``plain``, ``plain2``, ``seen`` (families), ``page``, ``article`` or
        ``wire``.
    """

    X: sp.csr_matrix
    y: npt.NDArray[np.int8]
    groups: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]


@dataclass(frozen=True)
class LineSet:
    """Lines of pages with the teacher's label: 1 furniture, 0 article, -1 neither; a site for each text."""

    X: LineFeatures
    y: npt.NDArray[np.int8]
    sites: npt.NDArray[np.str_]
    weights: npt.NDArray[np.float32]


@dataclass(frozen=True)
class TrainingSet:
    """Rows and their raw features (before any weighting).

    `text`, `frames` and `phrases` are csr_matrix of shape (n_rows, …), `cues` an array of shape (n_rows, n_cues).
    """

    rows: Sequence[TrainingRow]
    text: sp.csr_matrix
    phrases: sp.csr_matrix
    cues: npt.NDArray[np.float32]
    columns: npt.NDArray[np.int32]
    frames: sp.csr_matrix
    frame_columns: npt.NDArray[np.int32]
    leftovers: LeftoverSet
    lines: LineSet
    slant: SlantSet
    parameters: dict[str, Any]
    sha256: str = ""
    loaded: LoadedSet | None = None


def _pack(matrix: sp.csr_matrix) -> bytes:
    """A matrix of small counts, column by column: gaps between rows, long ones apart, then the counts.

    Columns of like frequency stand together, so that gaps are alike where they stand together, which packs best.
    """
    matrix = matrix.tocsc()
    matrix.sort_indices()
    sizes = np.diff(matrix.indptr).astype("<u4")
    gaps = np.diff(matrix.indices, prepend=0)
    starts = matrix.indptr[:-1][sizes > 0]
    gaps[starts] = matrix.indices[starts]
    short = np.minimum(gaps, LONG).astype(np.uint8).tobytes()
    long = gaps[gaps >= LONG].astype("<u4")
    counts = np.clip(matrix.data, 1, 255).astype(np.uint8).tobytes()
    header = struct.pack("<4Q", *matrix.shape, matrix.nnz, len(long))
    return lzma.compress(header + sizes.tobytes() + long.tobytes() + short + counts, preset=6)


def _unpack(data: bytes) -> sp.csr_matrix:
    raw = lzma.decompress(data)
    height, width, number, longs = struct.unpack_from("<4Q", raw)
    at = struct.calcsize("<4Q")
    sizes = np.frombuffer(raw, dtype="<u4", count=width, offset=at).astype(np.int64)
    at += 4 * width
    long = np.frombuffer(raw, dtype="<u4", count=longs, offset=at)
    at += 4 * longs
    gaps = np.frombuffer(raw, dtype=np.uint8, count=number, offset=at).astype(np.int64)
    gaps[gaps == LONG] = long
    at += number
    counts = np.frombuffer(raw, dtype=np.uint8, count=number, offset=at).astype(np.float32)
    ends = np.concatenate(([0], np.cumsum(sizes)))
    total = np.concatenate(([0], np.cumsum(gaps)))
    indices = total[1:] - np.repeat(total[ends[:-1]], sizes)
    shape = (height, width)
    return sp.csc_matrix((counts, indices.astype(np.int32), ends.astype(np.int32)), shape=shape).tocsr()


def save_training(folder: Path, training: TrainingSet) -> None:
    """Write a training set; the manifest last, so that a folder with one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*_KEYS, *HEADS])
    for row in training.rows:
        labels = ["" if row.labels[name] is None else row.labels[name] for name in HEADS]
        writer.writerow([*(getattr(row, key) for key in _KEYS), *labels])
    cues = io.BytesIO()
    np.save(cues, training.cues.astype(np.float16), allow_pickle=False)
    left, slant = training.leftovers, training.slant
    lines = io.BytesIO()
    of_lines = training.lines
    save_features(lines, of_lines.X, y=of_lines.y, sites=of_lines.sites, weights=of_lines.weights.astype(np.float16))
    files = {
        "rows.csv.xz": lzma.compress(table.getvalue().encode()),
        "text.xz": _pack(training.text),
        "frames.xz": _pack(training.frames),
        "phrases.xz": _pack(training.phrases),
        "cues.npy": cues.getvalue(),
        "leftovers.npz.xz": _pack_counts(left.X, np.int32, y=left.y, groups=left.groups, kinds=left.kinds),
        "lines.npz.xz": lzma.compress(lines.getvalue()),
        "slant.npz.xz": _pack_counts(
            slant.X,
            np.int16,
            topic=slant.topic.astype(np.float16),
            **{f.name: getattr(slant, f.name) for f in fields(slant) if f.name not in {"X", "words", "topic"}},
        ),
        "slant_words.xz": _pack(slant.words),
    }
    if training.loaded is not None:
        files["loaded.npz.xz"] = _pack_loaded(training.loaded)
    manifest = {
        "format": FORMAT,
        "rows": len(training.rows),
        "parameters": training.parameters,
        "columns": training.columns.tolist(),
        "frame_columns": training.frame_columns.tolist(),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(manifest, separators=(",", ":")) + "\n", encoding="utf-8")


def load_training(folder: Path) -> TrainingSet:
    """Read a training set and check it against its manifest.

    Raises
    ------
    LabelsError
        Where the folder is missing, of another format, or damaged.
    """
    try:
        text = (folder / "manifest.json").read_text(encoding="utf-8")
        manifest = json.loads(text)
        files = {name: (folder / name).read_bytes() for name in manifest["sha256"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise LabelsError(f"{folder}: no training data ({error}); install biascheck again") from None
    if manifest.get("format") != FORMAT:
        raise LabelsError(f"{folder}: training data of another version; rebuild it with 'biascheck train --corpus DIR'")
    for name, digest in manifest["sha256"].items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise LabelsError(f"{folder / name}: damaged (checksum differs); install biascheck again")
    reader = csv.DictReader(io.StringIO(lzma.decompress(files["rows.csv.xz"]).decode()))
    rows = [
        TrainingRow(
            **{key: record[key] for key in _KEYS},
            labels={name: int(record[name]) if record[name] else None for name in HEADS},
        )
        for record in reader
    ]
    slant = _unpack_counts(files["slant.npz.xz"])
    return TrainingSet(
        rows=rows,
        text=_unpack(files["text.xz"]),
        phrases=_unpack(files["phrases.xz"]),
        cues=np.load(io.BytesIO(files["cues.npy"]), allow_pickle=False).astype(np.float32),
        columns=np.asarray(manifest["columns"], dtype=np.int32),
        frames=_unpack(files["frames.xz"]),
        frame_columns=np.asarray(manifest["frame_columns"], dtype=np.int32),
        leftovers=LeftoverSet(**_unpack_counts(files["leftovers.npz.xz"])),
        lines=_lines(files["lines.npz.xz"]),
        slant=SlantSet(words=_unpack(files["slant_words.xz"]), **{**slant, "topic": slant["topic"].astype(np.float32)}),
        parameters=manifest["parameters"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        loaded=_unpack_loaded(files["loaded.npz.xz"]) if "loaded.npz.xz" in files else None,
    )


def _pack_arrays(**arrays: npt.NDArray[Any]) -> bytes:
    """NumPy's own archive, packed as the rest is: a quarter less than with its own compression."""
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return lzma.compress(out.getvalue())


def _unpack_arrays(data: bytes) -> dict[str, npt.NDArray[Any]]:
    with np.load(io.BytesIO(lzma.decompress(data)), allow_pickle=False) as file:
        return dict(file)


def _pack_counts(matrix: sp.csr_matrix, index: type[np.integer[Any]], **columns: npt.NDArray[Any]) -> bytes:
    """A csr_matrix of damped counts, half precision, with its rows' labels and keys."""
    return _pack_arrays(
        data=matrix.data.astype(np.float16),
        indices=matrix.indices.astype(index),
        indptr=matrix.indptr.astype(np.int32),
        width=np.asarray(matrix.shape[1]),
        **columns,
    )


def _unpack_counts(data: bytes) -> dict[str, Any]:
    """The matrix as ``X``, and the labels and keys."""
    found = _unpack_arrays(data)
    shape = (len(found["y"]), int(found.pop("width")))
    parts = (found.pop("data").astype(np.float32), found.pop("indices").astype(np.int32), found.pop("indptr"))
    return {"X": sp.csr_matrix(parts, shape=shape), **found}


def _pack_loaded(loaded: LoadedSet) -> bytes:
    """Counts of n-grams as `_pack` has them, the other columns beside."""
    columns = {field.name: getattr(loaded, field.name) for field in fields(loaded)}
    columns["X"] = np.frombuffer(_pack(loaded.X), dtype=np.uint8)
    columns["counts"] = loaded.counts.astype(np.float16)
    return _pack_arrays(**columns)


def _unpack_loaded(data: bytes) -> LoadedSet:
    found = _unpack_arrays(data)
    return LoadedSet(**{**found, "X": _unpack(found["X"].tobytes()), "counts": found["counts"].astype(np.float32)})


def _lines(data: bytes) -> LineSet:
    X, columns = load_features(io.BytesIO(lzma.decompress(data)))
    return LineSet(X, columns["y"], columns["sites"], columns["weights"].astype(np.float32))
