"""Model files: the shipped one opens; everything else is one line that says why not."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from collections import UserDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from biascheck.errors import ModelError
from biascheck.features import Cues
from biascheck.heads import BinaryHeads, Heads, LanguageHead
from biascheck.leftovers import LeftoverCounts
from biascheck.lexicon import lexicon_checksum
from biascheck.lines import LineModel
from biascheck.slant import SlantHead, SlantHeads, VoiceCounts
from biascheck.store import FILE, FORMAT, load_model, models_folder, save_model

LISTS = lexicon_checksum("fr")


def put(folder: Path, data: bytes, **changes: Any) -> Path:
    """A model folder of any bytes, with the right checksum unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    about = {"format": FORMAT, "name": "test", "sha256": hashlib.sha256(data).hexdigest(), "lexicon": LISTS, **changes}
    (folder / FILE).write_bytes(data)
    (folder / "model.json").write_text(json.dumps(about))
    return folder


def refused(folder: Path | str) -> str:
    with pytest.raises(ModelError) as caught:
        load_model(str(folder))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    return message


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    """The parts of a model that nothing was taught."""
    return {
        "pipeline": Pipeline([("features", Cues()), ("heads", Heads(BinaryHeads(("a",)), LanguageHead(("en",))))]),
        "aggregated": Pipeline([("leftovers", LeftoverCounts()), ("heads", BinaryHeads(("aggregated",)))]),
        "lines": LineModel(),
        "slant": Pipeline([("features", VoiceCounts()), ("heads", SlantHeads({"fr": SlantHead(C=0.5)}))]),
    }


@pytest.fixture(scope="module")
def forest() -> LinearSVC:
    return LinearSVC().fit(np.asarray([[0.0], [1.0]]), [0, 1])


def test_the_shipped_model_opens_and_matches_its_description() -> None:
    model = load_model("fr")
    folder = models_folder() / "fr"
    assert model.name == "fr"
    assert model.sha256 == hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    assert model.about["language"] == "fr"
    assert list(model.pipeline.named_steps) == ["fold", "features", "heads"]
    assert list(model.aggregated.named_steps["heads"].names) == ["aggregated"]
    assert isinstance(model.lines, LineModel)
    assert load_model("fr") is model


def test_a_model_comes_back_as_it_was_saved(tmp_path: Path, small: dict[str, Any]) -> None:
    digest = save_model(tmp_path / "m", small, name="mine", about={"language": "fr", "lexicon": LISTS})
    model = load_model(str(tmp_path / "m"))
    assert (model.name, model.sha256, model.about["language"]) == ("mine", digest, "fr")
    assert model.pipeline.named_steps["heads"].provenance.names == ("a",)
    assert model.aggregated.named_steps["heads"].names == ("aggregated",)
    assert model.slant.named_steps["heads"].of("fr").get_params() == SlantHead(C=0.5).get_params()
    assert model.lines.get_params() == small["lines"].get_params()
    assert sorted(file.name for file in (tmp_path / "m").iterdir()) == ["model.json", FILE]


def test_wrong_checksum(tmp_path: Path, small: dict[str, Any]) -> None:
    assert "damaged" in refused(put(tmp_path, skops.io.dumps(small), sha256="0" * 64))


def test_truncated_file(tmp_path: Path, small: dict[str, Any]) -> None:
    save_model(tmp_path, small, name="mine", about={})
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[: len(data) // 2])
    assert "damaged" in refused(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip at all",
        zipped("hello.txt", b"hello"),
        zipped("schema.json", b"{}"),
        zipped("schema.json", b"[" * 5000),
        zipped("schema.json", b'{"__class__": "system", "__module__": "os", "__loader__": "ObjectNode"}'),
    ],
)
def test_what_is_no_skops_file(tmp_path: Path, data: bytes) -> None:
    assert "not a biascheck model" in refused(put(tmp_path, data))


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    for number, data in enumerate((pickle.dumps(Evil()), zipped("schema.json", pickle.dumps(Evil())))):
        assert "not a biascheck model" in refused(put(tmp_path / str(number), data))
    assert not (tmp_path / "ran").exists()


def test_a_scikit_learn_model_of_another_kind(tmp_path: Path, forest: LinearSVC) -> None:
    assert "not a biascheck model" in refused(put(tmp_path / "a", skops.io.dumps(forest)))
    assert "not a biascheck model" in refused(put(tmp_path / "b", skops.io.dumps({"heads": 1})))


def test_parts_that_are_not_those_of_a_model(tmp_path: Path, small: dict[str, Any]) -> None:
    without = {name: part for name, part in small.items() if name != "lines"}
    older = {name: part for name, part in small.items() if name != "slant"}
    for number, parts in enumerate(
        [without, older, {**small, "more": LineModel()}, small["pipeline"], list(small.values())]
    ):
        assert "its parts are others" in refused(put(tmp_path / str(number), skops.io.dumps(parts)))


def test_a_class_that_is_not_trusted_is_named(tmp_path: Path, small: dict[str, Any]) -> None:
    message = refused(put(tmp_path, skops.io.dumps({**small, "lines": UserDict(a=1)})))
    assert "refused" in message
    assert "collections.UserDict" in message


def test_a_function_inside_is_refused(tmp_path: Path, small: dict[str, Any]) -> None:
    pipeline = Pipeline([("features", FunctionTransformer(func=refused)), *small["pipeline"].steps[1:]])
    assert "refused" in refused(put(tmp_path, skops.io.dumps({**small, "pipeline": pipeline})))


def test_another_format(tmp_path: Path, small: dict[str, Any]) -> None:
    message = refused(put(tmp_path, skops.io.dumps(small), format=99))
    assert "99" in message
    assert "matching" in message


def test_other_word_lists(tmp_path: Path, small: dict[str, Any]) -> None:
    """Features counted with other lists have other columns: the scores would mean nothing."""
    data = skops.io.dumps(small)
    assert "word lists" in refused(put(tmp_path / "a", data, language="fr", lexicon="0" * 64))
    assert "word lists" in refused(put(tmp_path / "b", data, lexicon=None))
    for number, language in enumerate(["xx", "../fr", "a\x00b", 3]):
        assert "word lists" in refused(put(tmp_path / str(number), data, language=language))
    assert load_model(str(put(tmp_path / "c", data, language="fr")))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"sha256": "x"}', "[" * 100_000])
def test_a_description_that_is_none(tmp_path: Path, small: dict[str, Any], text: str) -> None:
    put(tmp_path, skops.io.dumps(small))
    (tmp_path / "model.json").write_text(text)
    assert "no model at" in refused(tmp_path)


@pytest.mark.parametrize("name", ["no-such-model", "", "..", "a\x00b", "n" * 5000])
def test_a_missing_name_lists_what_is_installed(name: str) -> None:
    message = refused(name)[:400] if len(name) < 100 else "fr"
    assert "fr" in message


def test_a_folder_without_the_file(tmp_path: Path, small: dict[str, Any]) -> None:
    put(tmp_path, skops.io.dumps(small))
    (tmp_path / FILE).unlink()
    assert FILE in refused(tmp_path)
