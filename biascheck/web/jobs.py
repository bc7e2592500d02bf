"""What the local page has been given, and the one thread that reads it. All in memory; gone with the server."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
import traceback
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from threading import Lock
from typing import Any, TypeVar

from biascheck.document import HTML_SUFFIXES, Document, read_bytes
from biascheck.errors import DocumentError
from biascheck.reading import Failure, Reading
from biascheck.scorer import Scorer

__all__ = ["Desk", "FullError", "Item", "Run", "Session", "Sizes", "StoppedError"]

#: Texts read in one step of the thread. Between two steps whoever looks at a text is served.
STEP_FILES = 8
STEP_BYTES = 200_000
#: Seconds without a piece of an upload after which its rest is not waited for: the tab was closed.
PATIENCE = 20.0

Answer = TypeVar("Answer")
#: A text's name, what was read, and what is said of it.
Result = tuple[str, Document | None, Reading | Failure]


class FullError(Exception):
    """More than the page takes."""


class StoppedError(Exception):
    """A piece of an upload that was cancelled."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the page takes and keeps: bytes and files of one upload, results of one session (packed), sessions."""

    upload_bytes: int = 200_000_000
    upload_files: int = 5_000
    results: int = 5_000
    result_bytes: int = 300_000_000
    sessions: int = 8


@dataclass(slots=True)
class Item:
    """One text of a session: what was said of it, packed, and the labels that its reader gave it."""

    number: int
    name: str
    #: Without its text, which is packed.
    document: Document | None
    packed: bytes
    #: The reading as JSON without text and evidence, packed; or the error entry.
    said: bytes
    summary: Mapping[str, Any]
    labels: dict[str, str] = field(default_factory=dict)
    labelled_at: str = ""

    @property
    def size(self) -> int:
        """Bytes held."""
        return len(self.packed) + len(self.said)

    @property
    def text(self) -> str:
        """The text, unpacked."""
        return zlib.decompress(self.packed).decode("utf-8")

    def to_dict(self, *, with_text: bool = True) -> dict[str, Any]:
        """The JSON object of the reading, without evidence, or the error entry."""
        found: dict[str, Any] = json.loads(zlib.decompress(self.said))
        if with_text and "error" not in found:
            found["text"] = self.text
        return found


@dataclass(slots=True)
class Run:
    """One upload, which the browser sends in pieces, and how far it has come."""

    key: str
    expected: int = 0
    files: int = 0
    size: int = 0
    done: int = 0
    failed: int = 0
    cancelled: bool = False
    touched: float = field(default_factory=time.monotonic)

    @property
    def total(self) -> int:
        """Files to read, as far as is known; what the browser has stopped sending is not waited for."""
        comes = not self.cancelled and time.monotonic() - self.touched < PATIENCE
        return max(self.files, self.expected) if comes else self.files


class Session:
    """What one browser has been given. Its methods may be called from both threads."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.annotator = ""
        self.run = Run("")
        self._items: OrderedDict[int, Item] = OrderedDict()
        self._held = 0
        self._waiting: deque[tuple[Run, str, bytes]] = deque()
        self._waiting_bytes = 0
        #: Whether a step of the thread is under way or in its queue.
        self._active = False
        #: Counts how often everything was forgotten: what was begun before is not kept.
        self._era = 0
        self._number = 0
        self._lock = Lock()

    @property
    def running(self) -> bool:
        """Whether there is anything left to read, or to come."""
        with self._lock:
            run = self.run
            return self._active or (not run.cancelled and run.done < run.total)

    @property
    def last(self) -> int:
        """The number of the newest text."""
        return self._number

    def __len__(self) -> int:
        return len(self._items)

    def items(self, after: int = 0) -> list[Item]:
        """The texts that are kept, in the order in which they came, newer than number `after`."""
        with self._lock:
            return [item for item in self._items.values() if item.number > after]

    def item(self, number: int) -> Item | None:
        """One of them."""
        with self._lock:
            return self._items.get(number)

    def add(self, results: Sequence[Result], run: Run | None = None, era: int | None = None) -> list[Item]:
        """Keep results, and let go of the oldest beyond what is kept."""
        packed = [(result, *_packed(result)) for result in results]
        added = []
        with self._lock:
            if era is not None and era != self._era:
                return []
            for (name, document, said), text, blob in packed:
                self._number += 1
                bare = replace(document, text="") if document is not None else None
                item = Item(self._number, name, bare, text, blob, _summary(said))
                self._items[item.number] = item
                self._held += item.size
                added.append(item)
            while len(self._items) > self.sizes.results or (self._held > self.sizes.result_bytes and self._items):
                self._held -= self._items.popitem(last=False)[1].size
            if run is not None:
                run.done += len(results)
                run.failed += sum(isinstance(said, Failure) for _, _, said in results)
        return added

    def wait(self, run: Run, files: Sequence[tuple[str, bytes]]) -> bool:
        """Put files in the queue; whether nobody is at work on it, so that somebody has to begin.

        Raises
        ------
        FullError, StoppedError
            None of them is queued then.
        """
        size = sum(len(data) for _, data in files)
        with self._lock:
            if run.cancelled:
                raise StoppedError
            sizes = self.sizes
            # Small runs may add up: what waits counts as well.
            full = max(run.size, self._waiting_bytes) + size > sizes.upload_bytes
            if full or run.files + len(files) > sizes.upload_files:
                raise FullError
            self._waiting.extend((run, name, data) for name, data in files)
            self._waiting_bytes += size
            run.files += len(files)
            run.size += size
            run.touched = time.monotonic()
            begin, self._active = not self._active, True
            return begin

    def take(self) -> tuple[Run, int, list[tuple[str, bytes]]] | None:
        """The next few files of the queue, all of one run; None ends the work on it."""
        with self._lock:
            if not self._waiting:
                self._active = False
                return None
            run, files, size = self._waiting[0][0], list[tuple[str, bytes]](), 0
            while self._waiting and self._waiting[0][0] is run and len(files) < STEP_FILES and size < STEP_BYTES:
                _, name, data = self._waiting.popleft()
                files.append((name, data))
                size += len(data)
            self._waiting_bytes -= size
            return run, self._era, files

    def cancel(self) -> None:
        """Forget what waits; what has been read stays."""
        with self._lock:
            self._waiting.clear()
            self._waiting_bytes = 0
            self.run.cancelled = True

    def clear(self) -> None:
        """Forget everything."""
        self.cancel()
        with self._lock:
            self._items.clear()
            self._held = 0
            self._era += 1
            self.run = Run("")


class Desk:
    """Reads what all sessions are given, in one thread, a few texts at a time.

    One thread, because two would share the processor; a pool of one, because its queue is fair: a step that has
    more to do goes to the end of it, behind whoever opened a text meanwhile.
    """

    def __init__(self, scorer: Scorer, sizes: Sizes) -> None:
        self.scorer = scorer
        self.sizes = sizes
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="biascheck")

    def session(self, key: str | None) -> Session | None:
        """The session of a cookie."""
        session = self._sessions.get(key or "")
        if session is not None and key:
            self._sessions.move_to_end(key)
        return session

    def new_session(self) -> tuple[str, Session]:
        """A session with its key; the one not seen for longest goes where there are too many."""
        while len(self._sessions) >= self.sizes.sessions:
            self._sessions.popitem(last=False)[1].clear()
        key = secrets.token_urlsafe(24)
        self._sessions[key] = Session(self.sizes)
        return key, self._sessions[key]

    def upload(self, session: Session, files: Sequence[tuple[str, bytes]], *, key: str = "", expected: int = 0) -> Run:
        """Queue files. A key that is the present run's makes them a part of it; else they begin a run.

        Raises
        ------
        FullError, StoppedError
            None of them is queued then.
        """
        run = session.run
        if not key or key != run.key:
            run = Run(key or secrets.token_urlsafe(8), expected=max(0, min(expected, self.sizes.upload_files)))
        begin = session.wait(run, files)
        session.run = run
        if begin:
            self._pool.submit(self._step, session)
        return run

    def close(self) -> None:
        """Stop after the step under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def call(self, work: Callable[..., Answer], *arguments: Any) -> Answer:
        """Do something in the reading thread, in turn."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    def read(self, document: Document, *, evidence: bool) -> Reading:
        """Read one text, in the present thread."""
        return self.scorer.read([document], evidence=evidence)[0]

    def keep(self, session: Session, name: str, data: bytes) -> Item:
        """Read one text and keep it, in the present thread."""
        return session.add(self._results([(name, data)]))[0]

    def open(self, item: Item) -> dict[str, Any]:
        """The reading of an item with its evidence, or its error entry, in the present thread."""
        if item.document is None:
            return item.to_dict()
        return self.scorer.read([replace(item.document, text=item.text)], evidence=True)[0].to_dict()

    def _document(self, name: str, data: bytes) -> Document:
        page = PurePosixPath(name).suffix.lower() in HTML_SUFFIXES
        return read_bytes(data, id=name, html=page or None, limits=self.scorer.limits)

    def _step(self, session: Session) -> None:
        taken = session.take()
        if taken is None:
            return
        run, era, files = taken
        session.add(self._results(files), run, era)
        with suppress(RuntimeError):  # the server stops
            self._pool.submit(self._step, session)

    def _results(self, files: Sequence[tuple[str, bytes]]) -> list[Result]:
        read: list[tuple[str, Document | None, Failure | None]] = []
        for name, data in files:
            try:
                read.append((name, self._document(name, data), None))
            except DocumentError as error:
                read.append((name, None, Failure.of(error, id=name)))
            except Exception:
                read.append((name, None, _broken(name)))
        readings = iter(self._readings([document for _, document, _ in read if document is not None]))
        return [(name, document, failure or next(readings)) for name, document, failure in read]

    def _readings(self, documents: list[Document]) -> list[Reading | Failure]:
        """Readings of a few documents at once; where one of them is more than we can read, of each alone."""
        try:
            return list(self.scorer.read(documents))
        except Exception:
            if len(documents) > 1:
                return [self._readings([document])[0] for document in documents]
            return [_broken(documents[0].id)]


def _broken(name: str) -> Failure:
    """A bug of ours: the run goes on, and the terminal tells it."""
    traceback.print_exc(file=sys.stderr)
    return Failure(name, None, "unreadable", f"{name}: cannot be read; this is a bug, please report it")


def _packed(result: Result) -> tuple[bytes, bytes]:
    """The text and the JSON of a result, small."""
    _, document, said = result
    text = document.text if document is not None else ""
    blob = said.to_json(with_text=False)
    return zlib.compress(text.encode("utf-8", "replace"), 1), zlib.compress(blob.encode("utf-8"), 1)


def _summary(said: Reading | Failure) -> dict[str, Any]:
    """What the list shows of a result."""
    if isinstance(said, Failure):
        return {"error": said.code, "message": said.message}
    return {
        "title": said.title,
        "language": said.language,
        "verdict": said.provenance.verdict,
        "source_language": said.provenance.source_language.verdict,
        "slant": {axis: slant.verdict for axis, slant in said.slant.items()},
        "warnings": [warning.split(":", 1)[0] for warning in said.warnings],
    }
