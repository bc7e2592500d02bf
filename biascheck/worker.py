"""What a worker of a batch run does: a task, which is a piece of input, → a shard. Only counts go back.

The model is opened once a process. Documents are read in chunks: one matrix and one pass of the heads for each, and
never more than a chunk in memory.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from biascheck import __version__, storage
from biascheck.document import Document, Limits
from biascheck.errors import BatchError
from biascheck.inputs import Entry, Piece, internal, read_entry
from biascheck.outputs import Shape, line_of
from biascheck.reading import Failure, Reading
from biascheck.rows import entries
from biascheck.scorer import Scorer
from biascheck.shards import Row, Tally, disk_error, write_shard

__all__ = ["Task", "begin", "count", "named_file", "work", "work_span"]

#: Documents, and characters, that are read at once.
CHUNK, CHUNK_CHARACTERS = 256, 1_000_000
#: An entry, its document, and the state of the file that its row names.
Read = tuple[Entry, Document | Failure, tuple[str, int, str] | None]


@dataclass(frozen=True, slots=True)
class Task:
    """One shard's work, told so that any machine that sees the paths can do it."""

    number: int
    piece: Piece
    checksum: str
    folder: str
    model: str
    sha256: str
    limits: Limits
    shape: Shape
    biascheck: str = __version__


def begin(parent: int) -> None:
    """Begin a worker process of our own.

    Ctrl-C reaches every process of a terminal; the run alone answers it. A worker whose run was killed would wait for
    work for ever: it ends with its parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    from biascheck.quick import import_skops

    import_skops()


def work(task: Task) -> Tally:
    """Read a piece and write its shard.

    Raises
    ------
    BatchError
        Where the shard cannot be written, or this machine has another model or biascheck.
    """
    try:
        with _one_thread():
            return write_shard(task.folder, task.number, task.checksum, _rows(task))
    except OSError as error:
        raise disk_error(error, task.folder) from None


def count(task: Task) -> int:
    """How many documents a piece has."""
    return sum(1 for _ in entries(task.piece, task.limits, keep=False))


def work_span(task: Task, start: int, stop: int) -> list[Row]:
    """Read some of a piece's documents and give back their lines: how the one that ends a worker is found."""
    with _one_thread():
        return list(_rows(task, start, stop))


@contextmanager
def _one_thread() -> Iterator[None]:
    """As many workers as cores share them best with one thread each."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield


@lru_cache(maxsize=2)
def _scorer(model: str, sha256: str, limits: Limits) -> Scorer:
    scorer = Scorer(model, limits=limits)
    if scorer.model.sha256 != sha256:
        raise BatchError(f"the model {model!r} here is another than the run's; install the same on every machine")
    return scorer


def _rows(task: Task, start: int = 0, stop: int | None = None) -> Iterator[Row]:
    if task.biascheck != __version__:
        raise BatchError(f"the run is of biascheck {task.biascheck}, this worker has {__version__}; install the same")
    scorer = _scorer(task.model, task.sha256, task.limits)
    shape = task.shape
    chunk: list[Read] = []
    size = 0
    for entry in islice(entries(task.piece, task.limits, keep=shape.keep), start, stop):
        named = named_file(task.piece, entry)
        document = read_entry(entry, task.limits)
        size += len(document.text) if isinstance(document, Document) else 0
        chunk.append((entry, document, named))
        if len(chunk) >= CHUNK or size >= CHUNK_CHARACTERS:
            yield from _read(scorer, chunk, shape)
            chunk, size = [], 0
    yield from _read(scorer, chunk, shape)


def named_file(piece: Piece, entry: Entry) -> tuple[str, int, str] | None:
    """The state of the file that a row names, before it is read: a run that goes on finds out whether it has changed.

    The files of a folder are compared with the whole input. Asking for files behind a URL takes as long as reading.
    """
    if piece.kind == "files" or entry.file is None or storage.is_url(entry.file):
        return None
    return entry.file, *storage.state(entry.file)


def _read(scorer: Scorer, chunk: list[Read], shape: Shape) -> Iterator[Row]:
    readings = _readings(scorer, chunk, evidence=shape.evidence)
    for (entry, document, named), reading in zip(chunk, readings, strict=True):
        result: Reading | Failure | Exception = document if isinstance(document, Failure) else reading
        if isinstance(result, Exception):
            result = internal(entry, result)
        yield Row(line_of(result, entry.kept, shape), result, entry.kept, named)


def _readings(scorer: Scorer, chunk: list[Read], *, evidence: bool) -> list[Any]:
    """A reading for each document; where one fails the chunk, each is read alone and the failure is its own."""
    documents = [document for _, document, _ in chunk if isinstance(document, Document)]
    try:
        found: list[Any] = list(scorer.read(documents, evidence=evidence))
    except OSError:  # a full disk is no document's: an entry would stand in the output for ever
        raise
    except Exception:  # whatever it is, it is one document's
        found = [_one(scorer, document, evidence=evidence) for document in documents]
    each = iter(found)
    return [next(each) if isinstance(document, Document) else None for _, document, _ in chunk]


def _one(scorer: Scorer, document: Document, *, evidence: bool) -> Reading | Exception:
    try:
        return scorer.read([document], evidence=evidence)[0]
    except OSError:
        raise
    except Exception as error:
        return error
