"""What a run keeps beside its output until it is done: shards, their markers, and what the run is.

``OUT.parts/run.json`` says what the run is; ``OUT.parts/CHECKSUM/000/000000.jsonl`` is a shard's result and
``000000.done`` its marker, with counts and checksum. A result is written under another name, synced and renamed, and
marked only then; what has no marker, or does not fit it, is done again. The folder's checksum is that of the run, so
that a worker left over from a run that was killed cannot write into another's.

When OUT stands, the folder goes and ``OUT.run.json`` stays: what made OUT, and what it came to. The same command finds
its work done then, and a different one is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from biascheck import storage
from biascheck.errors import BatchError
from biascheck.outputs import Shape, finish, kept_name, kept_types, type_of
from biascheck.reading import Failure, Reading

__all__ = ["Parts", "Row", "Tally", "disk_error", "write_shard"]

#: Ids that are looked at for being given twice; eight bytes each are held when OUT is assembled.
MOST_IDS = 8_000_000
#: Shards in one folder.
IN_FOLDER = 1_000


class Row(NamedTuple):
    """A document's line of output, what it says, the columns kept, and which state the file was in that a row named."""

    line: bytes
    result: Reading | Failure
    kept: Mapping[str, Any]
    named: tuple[str, int, str] | None = None


@dataclass
class Tally:
    """Counts of a shard, or of a run."""

    documents: int = 0
    named: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    provenance: Counter[str] = field(default_factory=Counter)
    slant: Counter[str] = field(default_factory=Counter)
    kept: dict[str, list[str]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count one document."""
        result = row.result
        self.documents += 1
        self.named += row.named is not None
        if isinstance(result, Failure):
            self.errors[result.code] += 1
        else:
            self.provenance.update(result.provenance.verdict)
            self.slant.update(f"{axis} {slant.verdict}" for axis, slant in result.slant.items())
        for name, value in row.kept.items():
            types = self.kept.setdefault(kept_name(name), [])
            if (kind := type_of(value)) not in types:
                types.append(kind)

    def merge(self, other: Tally) -> None:
        """Add another's counts."""
        self.documents += other.documents
        self.named += other.named
        self.errors += other.errors
        self.provenance += other.provenance
        self.slant += other.slant
        for name, types in other.kept.items():
            mine = self.kept.setdefault(name, [])
            mine += [kind for kind in types if kind not in mine]

    def to_dict(self) -> dict[str, Any]:
        """As it stands in a marker."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Tally:
        """Out of a marker."""
        counters = {name: Counter(told[name]) for name in ("errors", "provenance", "slant")}
        return cls(documents=int(told["documents"]), named=int(told["named"]), kept=dict(told["kept"]), **counters)


def disk_error(error: OSError, out: str) -> BatchError:
    """An error of the disk that OUT is on, said with what to do; what is done stays done."""
    reason = error.strerror or str(error)
    return BatchError(f"{out}: {reason}; make room or permit writing there, then run the same command to go on")


def _differing(before: Any, now: Mapping[str, Any]) -> list[str]:
    """The parts of a description in which another run differs."""
    if not isinstance(before, dict):
        return ["run.json"]
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _names(folder: str, number: int) -> tuple[str, str]:
    base = storage.join(folder, f"{number // IN_FOLDER:03d}")
    return storage.join(base, f"{number:06d}.jsonl"), storage.join(base, f"{number:06d}.done")


def write_shard(folder: str, number: int, checksum: str, rows: Iterable[Row]) -> Tally:
    """Write a shard and its marker; nothing of the size of the shard is held.

    Parameters
    ----------
    checksum : str
        Of the piece of input that it was made of.
    """
    result, marker = _names(folder, number)
    tally, digest, size, ids = Tally(), hashlib.sha256(), 0, bytearray()
    named = []
    with storage.Written(result) as file:
        for row in rows:
            file.write(row.line)
            digest.update(row.line)
            size += len(row.line)
            tally.add(row)
            ids += hashlib.blake2b(row.result.id.encode("utf-8", "replace"), digest_size=8).digest()
            if row.named is not None:
                named.append(row.named)
    told = {
        "piece": checksum,
        "sha256": digest.hexdigest(),
        "bytes": size,
        "tally": tally.to_dict(),
        "named": named,
        "ids": base64.b64encode(ids).decode(),
    }
    storage.write_whole(marker, json.dumps(told).encode())
    return tally


class Parts:
    """The parts folder of one output, locked for this process.

    Parameters
    ----------
    out : str
        The output, absolute.

    Attributes
    ----------
    begun : int, optional
        The shard in the middle of which an earlier run ended that had one process only.
    changed : int
        Shards found done of which a named file is not what it was.
    """

    def __init__(self, out: str) -> None:
        self.out = out
        self.root = f"{out}.parts"
        self.folder = ""
        self.begun: int | None = None
        self.changed = 0
        self._lock: int | None = None
        self._description: Mapping[str, Any] = {}

    @property
    def record(self) -> str:
        """What stays beside a finished output: the run that made it, and what it came to."""
        return f"{self.out}.run.json"

    def finished(self, description: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the same run came to, where it has ended and its output stands; None where there is work to do.

        Raises
        ------
        BatchError
            Where the output is another run's, or nobody knows whose.
        """
        if storage.exists(storage.join(self.root, "run.json")) or not storage.exists(self.out):
            return None
        try:
            told = json.loads(storage.read_whole(self.record))
            before, size, summary = told["run"], told["bytes"], dict(told["summary"])
        except (OSError, ValueError, KeyError, TypeError):
            raise BatchError(
                f"{self.out} is there already; name another output, or give --restart to write it anew"
            ) from None
        differs = _differing(before, description) or (
            [] if size == storage.size_and_time(self.out)[0] else ["its size"]
        )
        if differs:
            raise BatchError(
                f"{self.out} is there already, of a run that differs in {', '.join(differs)}; "
                "name another output, or give --restart to write it anew"
            )
        return summary

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Say beside the output what made it, then forget the parts."""
        told = {"run": self._description, "bytes": storage.size_and_time(self.out)[0], "summary": summary}
        storage.write_whole(self.record, json.dumps(told, ensure_ascii=True, indent=1).encode())
        if storage.is_url(self.out):
            storage.remove(self.root)
            return
        self.close()
        # Renamed first: half a folder would be taken for a run to go on with.
        os.replace(self.root, f"{self.root}.done")
        storage.remove(f"{self.root}.done")

    def open(self, description: Mapping[str, Any], *, restart: bool) -> bool:
        """Begin a run or go on with it; whether there was one to go on with.

        Raises
        ------
        BatchError
            Where the output is finished, belongs to another run, or is being written by another process.
        """
        try:
            return self._open(description, restart=restart)
        except BaseException:
            self.close()
            raise

    def _open(self, description: Mapping[str, Any], *, restart: bool) -> bool:
        storage.remove(f"{self.root}.done")
        self._description = description
        found = storage.exists(storage.join(self.root, "run.json"))
        if not restart:
            self.finished(description)
        told = json.dumps(description, sort_keys=True, ensure_ascii=True, indent=1).encode()
        try:
            storage.make_folder(self.root)
            self._take_lock()
            if restart:
                self._clear()
            elif found:
                self._compare(description)
            if restart or not found:
                storage.remove(self.record)
                storage.write_whole(storage.join(self.root, "run.json"), told)
        except OSError as error:
            raise disk_error(error, self.root) from None
        self.folder = storage.join(self.root, hashlib.sha256(told).hexdigest()[:16])
        with suppress(OSError, ValueError):
            self.begun = int(storage.read_whole(storage.join(self.root, "begun")))
        return found and not restart

    def _take_lock(self) -> None:
        """Where the system has locks on files; they end with their process, however it ends."""
        if storage.is_url(self.root):
            return
        try:
            import fcntl
        except ImportError:  # Windows
            return
        name = storage.join(self.root, "lock")
        self._lock = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            taken = True
        except OSError:  # a shared disk without locks
            taken = False
        else:
            # Another run may have ended, and removed the folder, between opening and locking.
            taken = not os.path.exists(name) or os.fstat(self._lock).st_ino != os.stat(name).st_ino
        if taken:
            raise BatchError(f"{self.out}: another run is writing it; wait for it, or name another output")

    def _clear(self) -> None:
        if storage.is_url(self.root):
            storage.remove(self.root)
            return
        for item in os.scandir(self.root):
            if item.name != "lock":
                storage.remove(item.path)

    def _compare(self, description: Mapping[str, Any]) -> None:
        try:
            before = json.loads(storage.read_whole(storage.join(self.root, "run.json")))
        except ValueError:
            before = None
        differs = _differing(before, description)
        if differs:
            raise BatchError(
                f"{self.root} holds a run that differs in {', '.join(differs)}; "
                "run it as it was to go on, or give --restart to start over"
            )

    def prepare(self, number: int) -> None:
        """Make a shard's folder; workers do not, so that one left over cannot bring back what was removed."""
        if number % IN_FOLDER == 0:
            storage.make_folder(storage.join(self.folder, f"{number // IN_FOLDER:03d}"))

    def begin(self, number: int) -> None:
        """Note which shard this process is about to do itself, in case it is its last."""
        storage.write_whole(storage.join(self.root, "begun"), str(number).encode(), sync=False)

    def complete(self, number: int, checksum: str) -> Tally | None:
        """The counts of a shard that is done and undamaged; None where it must be done."""
        result, marker = _names(self.folder, number)
        try:
            told = json.loads(storage.read_whole(marker))
            digest = hashlib.sha256()
            with storage.open_file(result) as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
            if told["piece"] != checksum or told["sha256"] != digest.hexdigest():
                return None
            if any(storage.state(file) != (size, when) for file, size, when in told["named"]):
                self.changed += 1
                return None
            return Tally.from_dict(told["tally"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def spool(self, number: int, data: bytes) -> str:
        """Lay down the bytes of a piece that cannot be read from the middle of its file."""
        name = storage.join(self.folder, f"{number // IN_FOLDER:03d}")
        name = storage.join(name, f"{number:06d}.input")
        storage.write_whole(name, data, sync=False)  # laid down anew by every run
        return name

    def assemble(self, count: int, shape: Shape, kept: Mapping[str, list[str]]) -> int:
        """Make OUT of all shards, by rename; how many documents bear an id that another has.

        Raises
        ------
        BatchError
            Where a shard was damaged since; it is forgotten, so that the next run does it again.
        """
        remote = storage.is_url(self.out)
        assembled = self.out if remote else storage.join(self.root, "assembled")
        with storage.Written(assembled) as file:
            finish((self._lines(number) for number in range(count)), shape, kept_types([kept]), file.write)
        twice = self._given_twice(count)
        if not remote:
            os.replace(assembled, self.out)
            storage.sync_folder(os.path.dirname(self.out))
        return twice

    def _lines(self, number: int) -> Callable[[], Iterator[bytes]]:
        def lines() -> Iterator[bytes]:
            result, marker = _names(self.folder, number)
            digest = hashlib.sha256()
            with storage.open_file(result) as handle:
                for line in handle:
                    digest.update(line)
                    yield line
            if json.loads(storage.read_whole(marker))["sha256"] != digest.hexdigest():
                storage.remove(marker)
                raise BatchError(f"{result}: damaged since it was written; run the same command to do it again")

        return lines

    def _given_twice(self, count: int) -> int:
        import numpy as np

        found = bytearray()
        for number in range(count):
            found += base64.b64decode(json.loads(storage.read_whole(_names(self.folder, number)[1]))["ids"])
            if len(found) > 8 * MOST_IDS:
                break
        ids = np.frombuffer(found, np.uint64)
        return int(ids.size - np.unique(ids).size)

    def close(self) -> None:
        """Let others at the output."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
