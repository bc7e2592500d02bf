"""Models of a user's own: one in force, chosen and removed by name, and nothing lost when a training is killed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from biascheck import registry, store
from biascheck.errors import ModelError
from biascheck.store import load_model


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIASCHECK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def built(home: Path, name: str = "part", *, called: str = "desk") -> Path:
    """A copy of the shipped model, as a training leaves it before it has its name."""
    part = home / "models" / f".{name}.1.part"
    shutil.copytree(store.models_folder() / "fr", part)
    about = json.loads((part / "model.json").read_text())
    (part / "model.json").write_text(json.dumps({**about, "name": called}))
    return part


def test_without_anything_the_shipped_model_is_in_force(home: Path) -> None:
    assert registry.in_force() == "fr"
    assert load_model() is load_model("fr")
    assert not home.exists()


def test_install_use_and_remove(home: Path) -> None:
    folder = registry.install(built(home), "desk")
    assert folder == home / "models" / "desk"
    assert registry.in_force() == "fr"
    registry.use("desk")
    assert load_model().name == "desk"
    assert [(m.name, m.shipped, m.in_force) for m in registry.installed()] == [
        ("fr", True, False),
        ("desk", False, True),
    ]
    assert registry.remove("desk")
    assert registry.in_force() == "fr"
    assert not list((home / "models").iterdir())


def test_a_killed_training_changes_nothing(home: Path) -> None:
    registry.install(built(home), "desk")
    registry.use("desk")
    built(home, "half")
    (home / "in_force.99.part").write_text("half")
    assert [m.name for m in registry.installed()] == ["fr", "desk"]
    assert registry.in_force() == "desk"
    with pytest.raises(ModelError):
        registry.use(".half.1.part")


def test_a_name_keeps_its_model(home: Path) -> None:
    registry.install(built(home), "desk")
    # The same model again is no other.
    registry.install(built(home, "again"), "desk")
    part = built(home, "other")
    about = json.loads((part / "model.json").read_text())
    (part / "model.json").write_text(json.dumps({**about, "sha256": "0" * 64}))
    with pytest.raises(ModelError, match="installed already"):
        registry.install(part, "desk")


def test_a_damaged_model_is_not_put_in_force(home: Path) -> None:
    folder = registry.install(built(home), "desk")
    (folder / store.FILE).write_bytes(b"x")
    with pytest.raises(ModelError, match="damaged"):
        registry.use("desk")
    assert registry.in_force() == "fr"


def test_a_model_in_force_that_is_gone_says_how_to_go_back(home: Path) -> None:
    registry.install(built(home), "desk")
    registry.use("desk")
    shutil.rmtree(home / "models" / "desk")
    with pytest.raises(ModelError, match="biascheck models use fr"):
        load_model()


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "Fr", "a/b", "x" * 80, "fr", "a\n"])
def test_names_that_no_model_may_have(home: Path, name: str) -> None:
    with pytest.raises(ModelError):
        registry.check_name(name)


def test_the_shipped_model_stays(home: Path) -> None:
    with pytest.raises(ModelError, match="shipped"):
        registry.remove("fr")
    with pytest.raises(ModelError, match="no model"):
        registry.remove("../../etc")


def test_a_file_of_rubbish_names_no_model(home: Path) -> None:
    home.mkdir()
    for rubbish in (b"\xff\xfe", b"../../x\n", b"\n", b"a" * 500):
        (home / "in_force").write_bytes(rubbish)
        assert registry.in_force() == "fr"


def test_commands(home: Path, run) -> None:
    registry.install(built(home), "desk")
    assert "* fr  biascheck" in run("models").out
    assert run("models", "use", "desk").code == 0
    listed = run("models", "list").out
    assert "* desk" in listed
    assert "* fr" not in listed
    assert run("models", "verify").code == 0
    (home / "models" / "desk" / store.FILE).write_bytes(b"x")
    verified = run("models", "verify")
    assert verified.code == 1
    assert "damaged" in verified.err
    assert "cannot be opened" in run("models").out
    assert run("models", "use", "nobody").code == 2
    assert "fr is in force" in run("models", "remove", "desk").out
    assert run("models", "remove", "fr").code == 2


def test_commands_use_the_model_in_force(home: Path, run, tmp_path: Path, prose: str) -> None:
    registry.install(built(home), "desk")
    registry.use("desk")
    (tmp_path / "a.txt").write_text(prose * 3)
    ran = run("score", "--json", tmp_path / "a.txt")
    assert json.loads(ran.out)["model"]["name"] == "desk"
