"""INPUT… → what there is to read: the sources that a user names, pieces of them, and the documents in a piece.

A piece is told by a path and a range, so that only paths travel to the workers, which read it by themselves. How the
sources are cut into pieces is `biascheck.cutting`; what stands in a piece is read by `biascheck.rows`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biascheck import storage
from biascheck.document import HTML_SUFFIXES, Document, Limits, document_from_text, read_bytes
from biascheck.errors import BatchError, DocumentError
from biascheck.reading import Failure

__all__ = ["CONTENT", "SUFFIXES", "Entry", "Piece", "Source", "read_entry", "sources"]

#: The files of a folder that are read.
SUFFIXES = (".txt", ".html", ".htm")
#: Kinds of files with many documents, by their ending; the longer endings come first.
KINDS = {".jsonl.gz": "gz", ".jsonl.zst": "zst", ".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet"}
#: Where a row has its document, in this order: where both text and page are given, somebody has chosen the text.
CONTENT = ("text", "html", "path")


@dataclass(frozen=True, slots=True)
class Source:
    """One file or folder that the user named: `shown` as written, `path` as any process finds it."""

    kind: str
    shown: str
    path: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a source: `start` and `end` count bytes, rows of a Parquet file or nothing, by `kind`.

    Attributes
    ----------
    files : tuple of str
        For a piece of a folder: its files, relative to it.
    columns : tuple of str
        For CSV: the header.
    group : int
        For Parquet: the row group; `start` and `end` count in it, `first` is its first row's number in the file.
    spool : str
        Where the bytes are instead, for what cannot be read from the middle; `first` is where they were.
    lost : Failure, optional
        The entry of what cannot be read at all.
    weight : int
        Its share of the input's size, for the time left.
    """

    kind: str
    shown: str
    path: str
    start: int = 0
    end: int = 0
    files: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    delimiter: str = ","
    group: int = 0
    first: int = 0
    spool: str = ""
    lost: Failure | None = None
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as its input has it: a text, a page or the name of a file; or why there is none."""

    id: str
    shown: str | None = None
    text: str | None = None
    html: str | None = None
    file: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None


def sources(inputs: Sequence[str | Path]) -> list[Source]:
    """What the user's names stand for, in their order; a glob is its matches in alphabetical order.

    Raises
    ------
    BatchError
        For a name that stands for nothing, or for a file of a kind that is not read.
    """
    found: list[Source] = []
    for given in map(str, inputs):
        name = given.removeprefix("file://")
        if storage.exists(name):
            found.append(_source(name))
            continue
        matches = _matches(name) if any(mark in name for mark in "*?[") else []
        if not matches:
            raise BatchError(f"{given}: no such file or folder; check the path")
        found += map(_source, matches)
    if not found:
        raise BatchError("nothing to read; name files or folders")
    return found


def _matches(pattern: str) -> list[str]:
    if storage.is_url(pattern):
        return storage.matches(pattern)
    import glob

    return sorted(glob.glob(pattern, recursive=True))


def _source(name: str) -> Source:
    path = storage.absolute(name)
    if storage.is_folder(name):
        return Source("folder", name.rstrip("/") or "/", path)
    low = name.lower()
    kind = next((kind for ending, kind in KINDS.items() if low.endswith(ending)), None)
    if kind is None and low.endswith(SUFFIXES):
        kind = "file"
    if kind is None:
        endings = " ".join((*SUFFIXES, *KINDS))
        raise BatchError(f"{name}: not a kind of file that is read ({endings}); convert or rename it")
    return Source(kind, name, path)


def read_entry(entry: Entry, limits: Limits) -> Document | Failure:
    """An entry's document, or why there is none; nothing raises for a bad one, `OSError` does for a bad machine."""
    if entry.failure is not None:
        return entry.failure
    try:
        if entry.file is not None:
            data, html = _read_file(entry.file, entry.shown or entry.file, limits)
            document = read_bytes(data, id=entry.id, path=entry.shown, html=html, limits=limits)
        elif entry.text is not None:
            document = document_from_text(entry.text, id=entry.id, limits=limits)
        else:
            page = (entry.html or "").encode("utf-8", "replace")
            document = read_bytes(page, id=entry.id, html=True, limits=limits)
    except DocumentError as error:
        return Failure.of(error, id=entry.id, path=entry.shown)
    except OSError:  # not of the document, whose file has been read: this machine has no room or no permission
        raise
    except Exception as error:  # one document never ends a worker; MemoryError is among these
        return internal(entry, error)
    if entry.warnings or entry.shown != document.path:
        from dataclasses import replace

        document = replace(document, path=entry.shown, warnings=(*entry.warnings, *document.warnings))
    return document


def internal(entry: Entry, error: Exception) -> Failure:
    """The entry of a document at which biascheck itself fails."""
    message = f"{entry.id}: biascheck failed on it ({type(error).__name__}: {error}); please report this"
    return Failure(entry.id, entry.shown, "internal", message[:500])


def _read_file(name: str, shown: str, limits: Limits) -> tuple[bytes, bool | None]:
    html = os.path.splitext(name)[1].lower() in HTML_SUFFIXES
    try:
        # A pipe or a device among the rows' paths would be waited for, or never end.
        if not storage.is_regular(name):
            raise DocumentError("unreadable", f"{shown}: not a regular file; name files of text")
        with storage.open_file(name) as handle:
            return handle.read(limits.largest + 1), html or None
    except (FileNotFoundError, NotADirectoryError):
        raise DocumentError("not_found", f"{shown}: no such file; check the path") from None
    except (OSError, ValueError, BatchError) as error:
        raise DocumentError("unreadable", f"{shown}: {reason(error)}; check its permissions") from None


def reason(error: Exception) -> str:
    """An error in a few words."""
    return str(getattr(error, "strerror", None) or str(error).split("\n", 1)[0][:200] or type(error).__name__)
