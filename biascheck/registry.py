"""Which models there are, and which of them is in force.

The shipped models stand in the package. A user's own stand in ``models`` below the user's data folder (platformdirs),
or below ``BIASCHECK_HOME``. Beside them one small file, replaced by rename, names the model in force; without it the
shipped one is. A name, once given, keeps its model: so the model in force never changes while it is being written.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from biascheck import store
from biascheck.errors import ModelError

__all__ = ["DEFAULT", "Installed", "check_name", "find", "home", "in_force", "install", "installed", "remove", "use"]

#: The shipped model.
DEFAULT = "fr"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_IN_FORCE = "in_force"


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that can be called by its name."""

    name: str
    folder: Path
    shipped: bool
    in_force: bool


def home() -> Path:
    """Where a user's models and the name of the one in force are."""
    given = os.environ.get("BIASCHECK_HOME")
    if given:
        return Path(given)
    from platformdirs import user_data_dir

    return Path(user_data_dir("biascheck", appauthor=False))


def _shipped(name: str) -> Path | None:
    folder = store.models_folder() / name
    return folder if (folder / "model.json").is_file() else None


def check_name(name: str) -> str:
    """A name that a user's model may have.

    Raises
    ------
    ModelError
        Where it is no name, or a shipped model's.
    """
    if not _NAME.fullmatch(name) or name.endswith((".part", ".old")):
        raise ModelError(f"{name[:80]!r}: a model's name is of small letters, digits, '-', '_' and '.'; choose another")
    if _shipped(name):
        raise ModelError(f"{name!r} is a shipped model; choose another name")
    return name


def find(name: str) -> Path | None:
    """The folder of a shipped model or of a user's own; None where there is neither."""
    if not _NAME.fullmatch(name):
        return None
    shipped = _shipped(name)
    if shipped is not None:
        return shipped
    own = home() / "models" / name
    return own if (own / "model.json").is_file() else None


def in_force() -> str:
    """Name of the model that is used where none is named."""
    try:
        name = (home() / _IN_FORCE).read_text(encoding="utf-8").strip()
    except (OSError, ValueError, RuntimeError):
        return DEFAULT
    return name if _NAME.fullmatch(name) else DEFAULT


def installed() -> list[Installed]:
    """Every model that can be called by its name, the shipped ones first."""
    now = in_force()
    found = []
    for folder, shipped in ((store.models_folder(), True), (home() / "models", False)):
        names = [file.parent.name for file in sorted(folder.glob("*/model.json"))]
        found += [Installed(name, folder / name, shipped, name == now) for name in names if _NAME.fullmatch(name)]
    return found


def use(name: str) -> None:
    """Make a model the one in force, after opening it.

    Raises
    ------
    ModelError
        Where there is no such model, or it does not open; the one in force stays.
    """
    from biascheck.storage import write_whole

    if find(name) is None:
        raise ModelError(f"no model {name!r}; installed: {', '.join(model.name for model in installed())}")
    store.load_model(name)
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(str(folder / _IN_FORCE), f"{name}\n".encode())


def remove(name: str) -> bool:
    """Remove a user's model; where it was in force the shipped one is from then on.

    Returns
    -------
    bool
        Whether it was in force.

    Raises
    ------
    ModelError
        Where there is no such model, or it is a shipped one.
    """
    folder = find(name)
    if folder is None:
        raise ModelError(f"no model {name!r}; installed: {', '.join(model.name for model in installed())}")
    if _shipped(name):
        raise ModelError(f"{name!r} is a shipped model and stays; biascheck models use NAME puts another in force")
    current = in_force() == name
    if current:
        (home() / _IN_FORCE).unlink(missing_ok=True)
    # Gone at once for whoever looks, whatever happens while the files are being deleted.
    gone = folder.with_name(f".{name}.{os.getpid()}.old")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return current


def install(part: Path, name: str) -> Path:
    """Move a finished model, written beside the others, to its name.

    Returns
    -------
    Path
        Where it stands. A model of that name and checksum is left as it is.

    Raises
    ------
    ModelError
        Where another model has that name.
    """
    folder = home() / "models" / check_name(name)
    if (folder / "model.json").is_file():
        if store.checksum(folder) != store.checksum(part):
            raise ModelError(
                f"a model {name!r} is installed already; choose another --name, or biascheck models remove {name}"
            )
        shutil.rmtree(part, ignore_errors=True)
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder
