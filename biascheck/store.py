"""Model files: one folder a model, written by skops, opened without running code, checked before use."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from biascheck.errors import ModelError

__all__ = ["FORMAT", "Model", "checksum", "data_folder", "load_model", "models_folder", "save_model"]

FORMAT = 4
FILE = "model.skops"
#: Classes that a model may hold, ours and scikit-learn's; numpy's and scipy's are known to skops. Nothing else opens.
_TRUSTED = [
    "biascheck.features.ByteNgrams",
    "biascheck.features.Cues",
    "biascheck.features.Phrases",
    "biascheck.features.Signs",
    "biascheck.features.Sparse",
    "biascheck.features.Worlds",
    "biascheck.folding.Fold",
    "biascheck.frames.FrameNgrams",
    "biascheck.heads.BinaryHeads",
    "biascheck.heads.Heads",
    "biascheck.heads.LanguageHead",
    "biascheck.leftovers.LeftoverCounts",
    "biascheck.lines.LineModel",
    "biascheck.loaded.LoadedHead",
    "biascheck.own.AxisHead",
    "biascheck.own.OwnHeads",
    "biascheck.own.OwnLabels",
    "biascheck.own_lines.OwnLines",
    "biascheck.slant.SlantHead",
    "biascheck.slant.SlantHeads",
    "biascheck.slant.VoiceCounts",
    "biascheck.wording.Wording",
    "sklearn.feature_extraction.text.TfidfTransformer",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
]
_LIBRARIES = ("scikit-learn", "numpy", "scipy", "skops")


@dataclass(frozen=True, slots=True)
class Model:
    """An opened model and what is written about it.

    Attributes
    ----------
    pipeline : Pipeline
        Bodies of articles → provenance and source language.
    aggregated : Pipeline
        `Leftovers` → the head `aggregated`.
    lines : LineModel
        Texts → lines of furniture that no rule names.
    slant : Pipeline
        `Voices` → poles of the war in Ukraine.
    loaded : LoadedHead, optional
        Sentences → how much their wording judges.
    own : object, optional
        Heads for labels and axes that a user added.
    """

    name: str
    sha256: str
    pipeline: Any
    aggregated: Any
    lines: Any
    slant: Any
    about: dict[str, Any]
    loaded: Any = None
    own: Any = None


_PARTS = ("pipeline", "aggregated", "lines", "slant")
#: Parts that a model may be without.
_OPTIONAL = ("loaded", "own")


def _shipped(folder: str) -> Path:
    """A folder that stands in the wheel beside the modules, and at the top of a checkout."""
    inside = Path(str(resources.files("biascheck"))) / folder
    return inside if inside.is_dir() else Path(__file__).resolve().parent.parent / folder


def models_folder() -> Path:
    """Where the shipped models are."""
    return _shipped("models")


def data_folder() -> Path:
    """Where the shipped training features and our own texts are."""
    return _shipped("data")


def save_model(folder: Path, parts: dict[str, Any], *, name: str, about: dict[str, Any]) -> str:
    """Write a model, given by its parts; the description, without which nothing is opened, comes last and by rename.

    Returns
    -------
    str
        SHA-256 of the model file.
    """
    import skops.io

    from biascheck.storage import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    data = _same_bytes(skops.io.dumps(parts))
    digest = hashlib.sha256(data).hexdigest()
    described = {
        "format": FORMAT,
        "name": name,
        "version": metadata.version("biascheck"),
        "sha256": digest,
        "libraries": {library: metadata.version(library) for library in _LIBRARIES},
        **about,
    }
    write_whole(str(folder / FILE), data)
    write_whole(str(folder / "model.json"), (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode())
    return digest


def checksum(folder: Path) -> str:
    """What a model's description says of its file; empty where there is none."""
    try:
        return str(json.loads((folder / "model.json").read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _same_bytes(data: bytes) -> bytes:
    """A skops file in which addresses of objects are numbered by where they come first, and no time stands."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[bytes]) -> bytes:
        key = found.group(2).decode()
        return found.group(1) + numbers.setdefault(key, str(len(numbers) + 1)).encode() + found.group(3)

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        schema = re.sub(rb'("(?:__id__|file)": "?)(\d+)(\.[a-z]+"|(?=[,\s]))', number, old.read("schema.json"))
        named = {f"{numbers[Path(n).stem]}{Path(n).suffix}": n for n in old.namelist() if n != "schema.json"}
        files = {**{name: old.read(named[name]) for name in sorted(named)}, "schema.json": schema}
        for name, content in files.items():
            about = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            about.create_system = 3
            new.writestr(about, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=6)
    return out.getvalue()


def load_model(name: str | None = None) -> Model:
    """Open a model by the name of a shipped one or of a user's own, or by the path of a folder.

    Parameters
    ----------
    name : str, optional
        By default the model in force (see `biascheck.registry`).

    Raises
    ------
    ModelError
        Missing, of another format, damaged, or holding anything but the classes that a model is made of.
    """
    from biascheck import registry

    named = registry.in_force() if name is None else name
    folder = registry.find(named) or Path(named)
    try:
        # A model is opened once, unless its folder has been given another since.
        stamp = tuple((folder / file).stat().st_mtime_ns for file in ("model.json", FILE))
    except (OSError, ValueError):
        stamp = ()
    return _load(named, folder, stamp)


@lru_cache(maxsize=4)
def _load(name: str, folder: Path, _: tuple[int, ...]) -> Model:
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        data = (folder / FILE).read_bytes()
        expected, called, version = about["sha256"], about["name"], about["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        from biascheck import registry

        known = ", ".join(model.name for model in registry.installed()) or "none"
        gone = "; 'biascheck models use fr' puts the shipped one in force" if name == registry.in_force() else ""
        raise ModelError(
            f"no model at {name!r}; installed: {known}; a path must hold model.json and {FILE}{gone}"
        ) from None
    if version != FORMAT:
        raise ModelError(f"{folder}: model format {version}, this biascheck reads {FORMAT}; install matching versions")
    digest = hashlib.sha256(data).hexdigest()
    if digest != expected:
        raise ModelError(f"{folder / FILE}: damaged (checksum differs from model.json); install biascheck again")
    if not _same_lists(about):
        raise ModelError(f"{folder}: trained with other word lists than this biascheck has; train it again")
    return Model(name=called, sha256=digest, about=about, **_open(data, folder))


def _same_lists(about: dict[str, Any]) -> bool:
    # Imported here: what models there are is told without numpy and scikit-learn.
    from biascheck.lexicon import lexicon_checksum

    try:
        return bool(about.get("lexicon") == lexicon_checksum(str(about.get("language", "fr"))))
    except (OSError, ValueError):  # a language that this biascheck has no lists for
        return False


def _open(data: bytes, folder: Path) -> dict[str, Any]:
    import skops.io

    try:
        foreign = sorted(set(skops.io.get_untrusted_types(data=data)) - set(_TRUSTED))
        if foreign:
            raise ModelError(f"{folder / FILE}: refused, it holds {foreign[0]}; biascheck opens only its own models")
        parts: Any = skops.io.loads(data, trusted=_TRUSTED)
    except ModelError:
        raise
    except Exception as error:  # skops and zipfile raise many kinds on foreign bytes
        raise ModelError(f"{folder / FILE}: not a biascheck model ({type(error).__name__})") from None
    if not isinstance(parts, dict) or not set(_PARTS) <= set(parts) <= {*_PARTS, *_OPTIONAL}:
        raise ModelError(f"{folder / FILE}: not a biascheck model (its parts are others)")
    return parts
