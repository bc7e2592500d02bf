"""Sources → pieces, one after another, none held: lines of JSON at line ends, CSV at record ends, Parquet at rows.

How large a piece is depends on the input alone, not on how many processes there are, so that a run may be resumed with
another number of them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO

from biascheck import storage
from biascheck.document import MAGIC, Limits
from biascheck.errors import BatchError
from biascheck.inputs import CONTENT, SUFFIXES, Piece, Source
from biascheck.reading import Failure
from biascheck.rows import csv_records, line_limit, lines, too_long

__all__ = ["Census", "Cut", "check", "cut", "take_census"]

#: Bytes of a piece: at least a second's tenth of work, at most what is bearable to lose.
LEAST, USUAL, MOST = 1 << 17, 1 << 20, 1 << 24
#: Files of a piece of a folder.
LEAST_FILES, MOST_FILES = 16, 256
#: A row group is cut into so many pieces at most: each must unpack what stands before it.
MOST_OF_GROUP = 64
#: A row that names a file stands for a document of so many times its size.
NAMED = 32
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Census:
    """How much there is, and a checksum by which another input is told from this one."""

    files: int
    bytes: int
    sha256: str

    @property
    def piece_bytes(self) -> int:
        """Thirty pieces of a small input, a thousand of a large one."""
        return min(max(LEAST, min(self.bytes // 32, USUAL), self.bytes // 1000), MOST)

    @property
    def piece_files(self) -> int:
        """The same for files of folders."""
        return min(max(LEAST_FILES, self.files // 32), MOST_FILES)


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece, and its bytes where they must be laid down for the workers first."""

    piece: Piece
    data: bytes | None = None

    @property
    def checksum(self) -> str:
        """What the piece is, wherever its bytes are laid down."""
        told = json.dumps(asdict(replace(self.piece, spool="", weight=0)), sort_keys=True)
        digest = hashlib.sha256(told.encode())
        digest.update(self.data or b"")
        return digest.hexdigest()


def take_census(found: Sequence[Source]) -> Census:
    """Count files and bytes by their names, sizes and times; no content is read."""
    digest = hashlib.sha256()
    files = total = 0
    for source in found:
        digest.update(f"{source.kind}\0{source.shown}\0".encode("utf-8", "surrogateescape"))
        for name, readable in _walk(source.path) if source.kind == "folder" else [("", True)]:
            file = storage.join(source.path, name) if name else source.path
            size, when = storage.state(file) if readable else (-1, "")
            files += 1
            total += max(size, 0)
            digest.update(f"{name}\0{size}\0{when}\0".encode("utf-8", "surrogateescape"))
    return Census(files, total, digest.hexdigest())


def _walk(folder: str) -> Iterator[tuple[str, bool]]:
    """Files of a folder that are read, relative to it and in order; a folder that cannot be opened, with False.

    The names of one folder are held at a time. Hidden files are left out: macOS puts one beside each file. Links to
    folders are not followed, as they may lead in a circle.
    """
    if storage.is_url(folder):
        for name in storage.files_below(folder, SUFFIXES):
            yield name, True
        return
    waiting = [""]
    while waiting:
        below = waiting.pop()
        if not below.endswith(os.sep) and below:
            yield below, True
            continue
        try:
            with os.scandir(os.path.join(folder, below)) as found:
                names = [
                    below + item.name + (os.sep if item.is_dir(follow_symlinks=False) else "")
                    for item in found
                    if not item.name.startswith(".")
                    and (item.is_dir(follow_symlinks=False) or item.name.lower().endswith(SUFFIXES))
                ]
        except OSError:
            yield below or ".", False
            continue
        waiting += sorted(names, reverse=True)


def check(found: Sequence[Source]) -> None:
    """Look at the beginning of every file with rows, so that what cannot be read is said before the work begins.

    Raises
    ------
    BatchError
        For a file without the columns, in another format than its name says, or cut short.
    """
    for source in found:
        if source.kind in ("folder", "file"):
            continue
        try:
            if source.kind == "parquet":
                _parquet_head(source)
                continue
            with storage.open_file(source.path) as handle:
                head = handle.read(4096)
            if source.kind == "csv":
                _csv_head(source)
        except OSError as error:
            raise BatchError(f"{source.shown}: {error.strerror or error}; check its permissions") from None
        _check_magic(source, head)


def _check_magic(source: Source, head: bytes) -> None:
    packed = {"gz": b"\x1f\x8b", "zst": b"\x28\xb5\x2f\xfd"}
    if source.kind in packed:
        if head and not head.startswith(packed[source.kind]):
            raise BatchError(f"{source.shown}: not what its ending says; rename it, or pack it again")
        return
    for magic, what in MAGIC.items():
        if head.startswith(magic):
            raise BatchError(f"{source.shown}: {what}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BatchError(f"{source.shown}: written as UTF-16; save it as UTF-8")


def _has_columns(source: Source, names: Sequence[str]) -> None:
    if "id" in names and any(name in names for name in CONTENT):
        return
    some = ", ".join(names[:12]) or "none"
    raise BatchError(f"{source.shown}: needs the columns id and one of text, html, path; it has {some}; rename them")


def cut(found: Sequence[Source], census: Census, limits: Limits) -> Iterator[Cut]:
    """The pieces of all sources, in order, as they are asked for."""
    for source in found:
        if source.kind == "folder":
            yield from _cut_folder(source, census)
        elif source.kind == "file":
            size = max(_size(source.path), 1)
            # A file by its own name has it as its id, as `biascheck score` has.
            folder = "" if storage.is_url(source.path) else os.path.abspath(".")
            yield Cut(Piece("files", "", folder, files=(source.shown,), weight=size))
        else:
            cutter = {"jsonl": _cut_lines, "csv": _cut_csv, "parquet": _cut_parquet, "gz": _unpack, "zst": _unpack}
            try:
                yield from cutter[source.kind](source, census, limits)
            except OSError as error:  # it was there when the run began
                yield Cut(_lost(source, 0, error.strerror or str(error)))


def _size(path: str) -> int:
    return max(storage.state(path)[0], 0)


def _lost(source: Source, place: int, reason: str) -> Piece:
    where = f"{source.shown}@{place}"
    failure = Failure(where, source.shown, "unreadable", f"{where}: {reason}; what stands before it is kept")
    return Piece("lost", source.shown, source.path, start=place, lost=failure)


def _cut_folder(source: Source, census: Census) -> Iterator[Cut]:
    names: list[str] = []
    weight = 0
    for name, readable in _walk(source.path):
        if readable:
            names.append(name)
            weight += _size(storage.join(source.path, name))
        if names and (not readable or len(names) >= census.piece_files or weight >= 4 * census.piece_bytes):
            yield Cut(Piece("files", source.shown, source.path, files=tuple(names), weight=weight))
            names, weight = [], 0
        if not readable:
            id = name.replace(os.sep, "/")
            shown = storage.join(source.shown, name)
            failure = Failure(id, shown, "unreadable", f"{shown}: the folder cannot be opened; check its permissions")
            yield Cut(Piece("lost", source.shown, source.path, lost=failure))
    if names:
        yield Cut(Piece("files", source.shown, source.path, files=tuple(names), weight=weight))


def _piece_bytes(census: Census, columns: Iterable[str]) -> int:
    return census.piece_bytes // (NAMED if next((name for name in CONTENT if name in columns), "") == "path" else 1)


def _columns(line: bytes) -> Iterable[str]:
    """Those of the first row, which tells what the others are like."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return ()
    return row if isinstance(row, dict) else ()


def _cut_lines(source: Source, census: Census, limits: Limits) -> Iterator[Cut]:
    size = _size(source.path)
    start = 0
    with storage.open_file(source.path) as handle:
        most = _piece_bytes(census, _columns(handle.readline(1 << 16)))
        while start < size:
            handle.seek(min(start + most, size) - 1)
            while more := handle.readline(1 << 20):
                if more.endswith(b"\n"):
                    break
            end = handle.tell()
            yield Cut(Piece("jsonl", source.shown, source.path, start, end, weight=end - start))
            start = end


def _csv_head(source: Source) -> tuple[tuple[str, ...], str, int]:
    """Header, delimiter and where the first row begins; the delimiter is the one that makes the columns appear."""
    best: tuple[tuple[str, ...], str, int] = ((), ",", 0)
    for delimiter in DELIMITERS:
        with storage.open_file(source.path) as handle:
            _, end, fields = next(csv_records(handle, 0, 1 << 62, 1_000_000, delimiter), (0, 0, None))
        raw = [field.encode("latin-1") for field in fields or []]
        names = tuple(name.decode("utf-8", "replace").removeprefix("\ufeff").strip().strip('"') for name in raw)
        if "id" in names and len(names) > 1:
            best = (names, delimiter, end)
            break
        best = max(best, (names, delimiter, end), key=lambda found: len(found[0]))
    _has_columns(source, best[0])
    return best


def _cut_csv(source: Source, census: Census, limits: Limits) -> Iterator[Cut]:
    columns, delimiter, start = _csv_head(source)
    piece = Piece("csv", source.shown, source.path, columns=columns, delimiter=delimiter)
    end = start
    most = _piece_bytes(census, columns)
    with storage.open_file(source.path) as handle:
        for _, end, _ in csv_records(handle, start, 1 << 62, line_limit(limits), delimiter):
            if end - start >= most:
                yield Cut(replace(piece, start=start, end=end, weight=end - start))
                start = end
    if end > start:
        yield Cut(replace(piece, start=start, end=end, weight=end - start))


def _parquet_head(source: Source) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with storage.open_file(source.path) as handle, pq.ParquetFile(handle) as file:
            _has_columns(source, file.schema_arrow.names)
            return file.metadata
    except pa.ArrowException as error:
        reason = str(error).split(".", 1)[0][:150]
        raise BatchError(f"{source.shown}: no Parquet file, or cut short ({reason}); write it again") from None


def _cut_parquet(source: Source, census: Census, limits: Limits) -> Iterator[Cut]:
    meta = _parquet_head(source)
    size = _size(source.path)
    most = _piece_bytes(census, meta.schema.to_arrow_schema().names)
    first = 0
    for group in range(meta.num_row_groups):
        described = meta.row_group(group)
        rows = described.num_rows
        pieces = min(max(described.total_byte_size // most, 1), MOST_OF_GROUP)
        step = max(-(-rows // pieces), 1)
        for start in range(0, rows, step):
            end = min(start + step, rows)
            weight = size * (end - start) // max(meta.num_rows, 1)
            yield Cut(Piece("parquet", source.shown, source.path, start, end, group=group, first=first, weight=weight))
        first += rows


def _unpack(source: Source, census: Census, limits: Limits) -> Iterator[Cut]:
    """Packed lines cannot be read from the middle: they are unpacked here, a piece at a time, and laid down.

    A line that would fill memory or disk, as of a zip bomb, is neither held nor laid down.
    """
    limit = line_limit(limits)
    data = bytearray()
    start = seen = packed = most = 0
    name = source.shown

    def piece() -> Cut:
        nonlocal packed
        weight, packed = raw.tell() - packed, raw.tell()
        return Cut(Piece("jsonl", name, source.path, 0, len(data), first=start, weight=weight), bytes(data))

    with storage.open_file(source.path) as raw, _unpacked(source.kind, raw) as stream:
        offset = 0
        try:
            for offset, line, whole in _stream_lines(stream, limit):
                seen = offset + len(line)
                most = most or _piece_bytes(census, _columns(line))
                if whole:
                    start = start if data else offset
                    data += line
                if data and (len(data) >= most or not whole):
                    yield piece()
                    data.clear()
                if not whole:
                    entry = too_long(line, f"{name}@{offset}", limit)
                    yield Cut(Piece("lost", name, source.path, start=offset, lost=entry.failure))
        except (OSError, EOFError, zlib.error) as error:
            if data:
                yield piece()
            yield Cut(_lost(source, seen, f"damaged or cut short ({str(error)[:100]})"))
            return
        if data:
            yield piece()


def _unpacked(kind: str, raw: BinaryIO) -> Any:
    if kind == "gz":
        return gzip.GzipFile(fileobj=raw, mode="rb")
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(raw, "zstd"), 1 << 18)


def _stream_lines(stream: Any, limit: int) -> Iterator[tuple[int, bytes, bool]]:
    """As `lines`, for what cannot be sought in."""

    class Forward:
        def seek(self, place: int) -> None:
            pass

        readline = stream.readline

    return lines(Forward(), 0, 1 << 62, limit)  # type: ignore[arg-type]
