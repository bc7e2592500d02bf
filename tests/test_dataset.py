"""Training features on disk: what is written comes back; what is damaged is refused with the remedy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from biascheck.dataset import LeftoverSet, LineSet, TrainingRow, TrainingSet, load_training, save_training
from biascheck.errors import LabelsError
from biascheck.line_features import line_features
from biascheck.slant import COLUMNS
from biascheck.slant_rows import SlantSet


@st.composite
def matrices(draw: Any, height: int, width: int) -> sp.csr_matrix:
    """Counts from 1 to 255 in a few places of a wide matrix; rows may be empty."""
    places = draw(
        st.dictionaries(st.tuples(st.integers(0, height - 1), st.integers(0, width - 1)), st.integers(1, 255))
    )
    rows, columns = ([place[axis] for place in places] for axis in (0, 1))
    return sp.csr_matrix((np.asarray(list(places.values()), dtype=np.float32), (rows, columns)), shape=(height, width))


def row(number: int, **labels: int | None) -> TrainingRow:
    keys = ("set", "outlet", "system", "story", "year", "kind", "licence", "origin", "source_language")
    return TrainingRow(
        id=str(number),
        **{key: f'{key} «{number}», "x"' for key in keys},
        labels={name: labels.get(name) for name in ("original", "agency", "translated", "rewritten")},
    )


PAGE = "Accueil\nSport\nLe conseil s’est réuni hier soir et la salle était pleine.\nMentions légales"


def cases(X: sp.csr_matrix) -> LeftoverSet:
    """Leftovers of as many texts as the matrix has rows."""
    number = np.arange(X.shape[0])
    return LeftoverSet(X, (number % 2).astype(np.int8), np.char.add("famille ", number.astype(str)), number.astype(str))


def lines_of(*texts: str) -> LineSet:
    X = line_features(texts)
    y = (np.arange(len(X.tokens)) % 3 - 1).astype(np.int8)
    sites = np.asarray([f"site-{number}.example" for number in range(len(texts))])
    return LineSet(X, y, sites, np.linspace(0.5, 2, len(y)).astype(np.float16).astype(np.float32))


def heard(X: sp.csr_matrix) -> SlantSet:
    """Slant rows of as many texts as the matrix has rows, with values that half precision holds."""
    number = np.arange(X.shape[0])
    keys = [np.char.add(f"{name} «é» ", number.astype(str)) for name in ("outlet", "set", "language", "kind")]
    words = sp.csr_matrix((np.ones(len(number), np.float32), number, np.arange(len(number) + 1)), (len(number), 9))
    y, topic = (number % 4 - 1).astype(np.int8), (number / 8).astype(np.float32)
    return SlantSet(X, words, np.arange(9, dtype=np.int32), y, topic, number % 2 == 0, *keys)


LINES = lines_of(PAGE, "Une phrase.")
HEARD = heard(sp.csr_matrix((2, len(COLUMNS)), dtype=np.float32))
NOTHING_LEFT = cases(sp.csr_matrix((1, 5), dtype=np.float32))


@st.composite
def training_sets(draw: Any) -> TrainingSet:
    height = draw(st.integers(1, 6))
    label = st.sampled_from([None, 0, 1])
    return TrainingSet(
        rows=[row(i, original=draw(label), translated=draw(label)) for i in range(height)],
        text=draw(matrices(height, draw(st.sampled_from([1, 300, 70_000, 1 << 18])))),
        phrases=draw(matrices(height, 700)),
        cues=draw(arrays(np.float16, (height, 4), elements=st.floats(-100, 100, width=16))).astype(np.float32),
        columns=np.asarray(draw(st.lists(st.integers(0, 1 << 18), max_size=5)), dtype=np.int32),
        frames=draw(matrices(height, 400)),
        frame_columns=np.asarray(draw(st.lists(st.integers(0, 1 << 18), max_size=5)), dtype=np.int32),
        leftovers=cases(draw(matrices(draw(st.integers(1, 4)), 2100))),
        lines=lines_of(*draw(st.lists(st.sampled_from([PAGE, "Accueil", "Une phrase."]), min_size=1, max_size=3))),
        slant=heard(draw(matrices(draw(st.integers(1, 4)), len(COLUMNS)))),
        parameters={"language": "fr", "lexicon": "0" * 64},
    )


@settings(max_examples=40)
@given(training_sets())
def test_what_is_saved_comes_back(tmp_path_factory: pytest.TempPathFactory, training: TrainingSet) -> None:
    folder = tmp_path_factory.mktemp("training")
    save_training(folder, training)
    back = load_training(folder)
    assert list(back.rows) == list(training.rows)
    for name in ("text", "frames", "phrases"):
        one, other = getattr(training, name), getattr(back, name)
        assert one.shape == other.shape
        assert other.has_sorted_indices
        assert (one != other).nnz == 0
        assert other.nnz == one.nnz
    np.testing.assert_array_equal(back.cues, training.cues)
    np.testing.assert_array_equal(back.columns, training.columns)
    np.testing.assert_array_equal(back.frame_columns, training.frame_columns)
    assert back.leftovers.X.shape == training.leftovers.X.shape
    assert (back.leftovers.X != training.leftovers.X).nnz == 0
    for name in ("y", "groups", "kinds"):
        np.testing.assert_array_equal(getattr(back.leftovers, name), getattr(training.leftovers, name))
    for name in ("y", "sites", "weights"):
        np.testing.assert_array_equal(getattr(back.lines, name), getattr(training.lines, name))
    for name in ("shape", "buckets", "tokens", "sizes"):
        np.testing.assert_array_equal(getattr(back.lines.X, name), getattr(training.lines.X, name))
    assert back.slant.X.shape == training.slant.X.shape
    assert (back.slant.X != training.slant.X).nnz == 0
    for name in ("y", "topic", "war", "outlets", "sets", "languages", "kinds"):
        one, other = getattr(training.slant, name), getattr(back.slant, name)
        np.testing.assert_array_equal(other, one)
        assert other.dtype == one.dtype
    assert (back.lines.X.spans == 0).all(), "where a line stood is no part of what is kept"
    assert back.parameters == training.parameters
    assert len(back.sha256) == 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    one = sp.csr_matrix(np.asarray([[0, 2, 0], [0, 0, 0], [255, 0, 1]], dtype=np.float32))
    columns = np.asarray([5, 6, 7], dtype=np.int32)
    save_training(
        tmp_path / "training",
        TrainingSet(
            [row(i) for i in range(3)],
            one,
            one,
            np.zeros((3, 2), np.float32),
            columns,
            one,
            columns,
            NOTHING_LEFT,
            LINES,
            HEARD,
            {},
        ),
    )
    return tmp_path / "training"


def refused(folder: Path) -> str:
    with pytest.raises(LabelsError) as caught:
        load_training(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


def test_no_text_of_a_row_is_among_the_keys() -> None:
    assert "text" not in TrainingRow.__slots__


def test_counts_above_what_a_byte_holds_are_cut(tmp_path: Path) -> None:
    training = load_training_of(tmp_path, 1000.0)
    assert training.phrases[0, 1] == 255


def load_training_of(folder: Path, count: float) -> TrainingSet:
    matrix = sp.csr_matrix(np.asarray([[0, count]], dtype=np.float32))
    columns = np.asarray([0, 1], dtype=np.int32)
    save_training(
        folder,
        TrainingSet(
            [row(0)], matrix, matrix, np.zeros((1, 1)), columns, matrix, columns, NOTHING_LEFT, LINES, HEARD, {}
        ),
    )
    return load_training(folder)


@pytest.mark.parametrize("height", [1, 254, 255, 256, 70_000])
def test_long_gaps_between_rows_come_back(tmp_path: Path, height: int) -> None:
    matrix = sp.lil_matrix((height, 3), dtype=np.float32)
    matrix[height - 1, 0] = matrix[0, 2] = 1
    matrix[height - 1, 2] = 2
    matrix = matrix.tocsr()
    empty = np.zeros((height, 1))
    columns = np.arange(3, dtype=np.int32)
    rows = [row(0)] * height
    save_training(
        tmp_path, TrainingSet(rows, matrix, matrix, empty, columns, matrix, columns, NOTHING_LEFT, LINES, HEARD, {})
    )
    assert (load_training(tmp_path).frames != matrix).nnz == 0


def test_saving_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = load_training_of(tmp_path / "a", 3), load_training_of(tmp_path / "b", 3)
    assert one.sha256 == other.sha256
    assert replace(one, rows=()).sha256 == one.sha256


@pytest.mark.parametrize(
    "name",
    [
        "rows.csv.xz",
        "text.xz",
        "frames.xz",
        "phrases.xz",
        "cues.npy",
        "leftovers.npz.xz",
        "slant.npz.xz",
        "lines.npz.xz",
    ],
)
def test_a_damaged_file_is_named(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    message = refused(folder)
    assert name in message
    assert "damaged" in message
    assert "install" in message


def test_a_truncated_file_is_refused(folder: Path) -> None:
    data = (folder / "text.xz").read_bytes()
    (folder / "text.xz").write_bytes(data[:-9])
    assert "damaged" in refused(folder)


def test_another_format_is_refused_with_the_way_to_rebuild(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    message = refused(folder)
    assert "version" in message
    assert "biascheck train" in message


@pytest.mark.parametrize("manifest", ["", "{", "[]", "null", "{}", '"text"', "\xff"])
def test_a_manifest_that_is_none_is_refused(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_bytes(manifest.encode("latin-1"))
    assert "install" in refused(folder)


@pytest.mark.parametrize(
    "name", ["manifest.json", "rows.csv.xz", "cues.npy", "leftovers.npz.xz", "slant.npz.xz", "lines.npz.xz"]
)
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert "install" in refused(folder)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert "no training data" in refused(tmp_path / "nowhere")
