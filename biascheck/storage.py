"""Files of a batch run, on this machine or behind any fsspec URL: a kill leaves no half of one.

A local file is written under another name, flushed, synced and renamed. An object store shows an object only once it
is whole, so that a URL is written directly.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from biascheck.errors import BatchError

__all__ = [
    "Written",
    "absolute",
    "exists",
    "files_below",
    "is_folder",
    "is_regular",
    "is_url",
    "join",
    "make_folder",
    "matches",
    "open_file",
    "read_whole",
    "remove",
    "size_and_time",
    "state",
    "sync_folder",
    "write_whole",
]


def is_url(name: str) -> bool:
    """Whether a name is an fsspec URL rather than a path."""
    return "://" in name


def _remote(name: str) -> Any:
    """The filesystem behind a URL, and the name in it.

    Raises
    ------
    BatchError
        Without fsspec, or for an address that it does not know.
    """
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(name)
    except ImportError as error:
        message = f"{name}: needs fsspec and its part for this address ({error}); pip install 'biascheck[dask]'"
        raise BatchError(message) from None
    except ValueError as error:
        raise BatchError(f"{name}: {error}; give a path or an address that fsspec knows") from None


def absolute(name: str) -> str:
    """The name by which any process finds the file: workers may stand in another folder."""
    if name.startswith("file://"):
        name = name.removeprefix("file://")
    return name if is_url(name) else os.path.abspath(name)


def join(folder: str, name: str) -> str:
    """A name in a folder; one that is absolute already stays as it is."""
    if is_url(name):
        return name
    return f"{folder.rstrip('/')}/{name}" if is_url(folder) else os.path.join(folder, name)


def open_file(name: str) -> BinaryIO:
    """Open for reading; seekable."""
    if is_url(name):
        system, inside = _remote(name)
        remote: BinaryIO = system.open(inside, "rb")
        return remote
    return open(name, "rb")


def exists(name: str) -> bool:
    """Whether there is a file or a folder of this name."""
    if is_url(name):
        system, inside = _remote(name)
        return bool(system.exists(inside))
    return os.path.exists(name)


def is_regular(name: str) -> bool:
    """Whether opening it cannot wait for ever, as a pipe or a device can.

    Raises
    ------
    OSError
        Where there is no such file.
    """
    return is_url(name) or stat.S_ISREG(os.stat(name).st_mode)


def size_and_time(name: str) -> tuple[int, str]:
    """What tells one state of a file from another, without reading it."""
    if is_url(name):
        system, inside = _remote(name)
        found = system.info(inside)
        names = ("mtime", "LastModified", "last_modified", "updated", "ETag")
        when = next((found[name] for name in names if name in found), "")
        return int(found.get("size") or 0), str(when)
    status = os.stat(name)
    return status.st_size, str(status.st_mtime_ns)


def state(name: str) -> tuple[int, str]:
    """As `size_and_time`, with a size that no file has where there is none."""
    try:
        return size_and_time(name)
    except (OSError, ValueError):  # ValueError for a name that no file can have
        return -1, ""


def make_folder(name: str) -> None:
    """Make a folder and those above it."""
    if is_url(name):
        system, inside = _remote(name)
        system.makedirs(inside, exist_ok=True)
    else:
        os.makedirs(name, exist_ok=True)


def remove(name: str) -> None:
    """Remove a file or a folder with all that is in it; what is not there is not missed."""
    if is_url(name):
        system, inside = _remote(name)
        if system.exists(inside):
            system.rm(inside, recursive=True)
    elif os.path.isdir(name) and not os.path.islink(name):
        shutil.rmtree(name, ignore_errors=True)
    elif os.path.lexists(name):
        Path(name).unlink(missing_ok=True)


class Written:
    """A file that is there whole or not at all; if `sync`, also after the machine itself has failed.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with Written(folder + "/a") as file:
    ...     file.write(b"whole")
    >>> open(folder + "/a").read()
    'whole'
    """

    def __init__(self, name: str, *, sync: bool = True) -> None:
        self.name, self.sync = name, sync
        # Of this process: a worker whose run was killed may still be writing when the next run begins.
        self._part = name if is_url(name) else f"{name}.{os.getpid()}.part"

    def __enter__(self) -> Written:
        if is_url(self.name):
            system, inside = _remote(self.name)
            self.handle: Any = system.open(inside, "wb")
        else:
            self.handle = open(self._part, "wb")
        return self

    def write(self, data: bytes) -> None:
        """Append."""
        self.handle.write(data)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self._give_up()
            return
        if is_url(self.name):
            self.handle.close()
            return
        try:
            self.handle.flush()
            if self.sync:
                os.fsync(self.handle.fileno())
            self.handle.close()
            os.replace(self._part, self.name)
            if self.sync:
                sync_folder(os.path.dirname(self.name))
        except OSError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        if is_url(self.name):
            discard = getattr(self.handle, "discard", None)
            if discard is not None:
                discard()
            return
        with contextlib.suppress(OSError):  # a full disk is met again when what is buffered is written
            self.handle.close()
        Path(self._part).unlink(missing_ok=True)


def write_whole(name: str, data: bytes, *, sync: bool = True) -> None:
    """Write a small file, whole or not at all."""
    with Written(name, sync=sync) as file:
        file.write(data)


def read_whole(name: str) -> bytes:
    """Read a small file."""
    with open_file(name) as handle:
        return handle.read()


def sync_folder(name: str) -> None:
    """Make a rename last; where the system cannot (Windows), it has its own way."""
    try:
        handle = os.open(name or ".", os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def files_below(url: str, suffixes: Iterable[str]) -> list[str]:
    """The files of a remote folder with one of these endings, relative to it, in order."""
    system, inside = _remote(url)
    start = len(inside.rstrip("/")) + 1
    return sorted(name[start:] for name in system.find(inside) if name.lower().endswith(tuple(suffixes)))


def matches(pattern: str) -> list[str]:
    """What a pattern stands for behind a URL, in order."""
    system, inside = _remote(pattern)
    return [system.unstrip_protocol(name) for name in sorted(system.glob(inside))]


def is_folder(name: str) -> bool:
    """Whether it is a folder."""
    if is_url(name):
        system, inside = _remote(name)
        return bool(system.isdir(inside))
    return os.path.isdir(name)
