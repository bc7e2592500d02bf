"""A piece of an input → its documents as they stand there: rows of JSON, CSV and Parquet, and names of files.

Nothing here raises for damaged bytes: a row that cannot be read is an entry that says so, in its place. The cutter
parses CSV and splits lines with the same code as the workers, so that both agree on where a record ends.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from biascheck import storage
from biascheck.document import Limits
from biascheck.inputs import CONTENT, Entry, Piece, reason
from biascheck.reading import Failure

__all__ = ["csv_records", "entries", "line_limit", "lines", "too_long"]

#: A line or a record may be this much longer than the largest document that may be read.
SLACK = 1_000_000
#: Rows of a Parquet file that are taken out at once, and the bytes that they may come to.
PARQUET_ROWS, PARQUET_BYTES = 64, 1 << 24
_ID = re.compile(rb'\s{0,9}\{\s{0,9}"id"\s{0,9}:\s{0,9}"([^"\\]{1,200})"')


def line_limit(limits: Limits) -> int:
    """Bytes from where on a line or a record is not held in memory."""
    return limits.largest + SLACK


def entries(piece: Piece, limits: Limits, *, keep: bool) -> Iterator[Entry]:
    """The documents of a piece, in order; what cannot be read is an entry that says so, and nothing raises."""
    readers = {"files": _files, "jsonl": _json_rows, "csv": _csv_rows, "parquet": _parquet_rows}
    if piece.lost is not None:
        yield Entry(piece.lost.id, failure=piece.lost)
        return
    number = 0
    try:
        for number, entry in enumerate(readers[piece.kind](piece, limits, keep), 1):  # noqa: B007
            yield entry
    except Exception as error:  # pyarrow and csv raise many kinds on damaged bytes
        gone = isinstance(error, FileNotFoundError)
        message = f"{piece.shown}: {reason(error)}; {number} documents of this part were read before"
        id = f"{piece.shown}@{piece.first + piece.start}"
        yield _failed(id, piece.shown, "not_found" if gone else "unreadable", message)


def _failed(id: str, shown: str | None, code: str, message: str) -> Entry:
    return Entry(id, failure=Failure(id, shown, code, message))


# ---- folders


def _files(piece: Piece, limits: Limits, keep: bool) -> Iterator[Entry]:
    for name in piece.files:
        shown = storage.join(piece.shown, name) if piece.shown else name
        id = name.replace(os.sep, "/")
        yield Entry(id.encode("utf-8", "replace").decode(), shown, file=storage.join(piece.path, name))


# ---- lines of JSON


def lines(handle: BinaryIO, start: int, end: int, limit: int) -> Iterator[tuple[int, bytes, bool]]:
    """Offset, line, and whether it is whole; of one longer than `limit` only the beginning is held."""
    handle.seek(start)
    offset = start
    while offset < end:
        line = handle.readline(limit + 1)
        if not line:
            return
        size, whole = len(line), True
        if size > limit and not line.endswith(b"\n"):
            line, whole = line[:1000], False
            while more := handle.readline(1 << 20):
                size += len(more)
                if more.endswith(b"\n"):
                    break
        yield offset, line, whole
        offset += size


def too_long(line: bytes, where: str, limit: int) -> Entry:
    """The entry of a line that is not held; its id stands first in most files."""
    found = _ID.match(line)
    id = found.group(1).decode("utf-8", "replace") if found else where
    return _failed(id, None, "too_large", f"{where}: a line of more than {limit:,} bytes; split it")


def _json_rows(piece: Piece, limits: Limits, keep: bool) -> Iterator[Entry]:
    limit = line_limit(limits)
    folder = os.path.dirname(piece.path)
    with storage.open_file(piece.spool or piece.path) as handle:
        for offset, line, whole in lines(handle, piece.start, piece.end, limit):
            where = f"{piece.shown}@{piece.first + offset}"
            if not whole:
                yield too_long(line, where, limit)
                continue
            if offset + piece.first == 0:
                line = line.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901
            if not line.strip():
                continue
            warnings: tuple[str, ...] = ()
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError:
                # A bad byte costs a character, not the article; `score` reads files so as well.
                text = line.decode("utf-8", "replace")
                warnings = (f"encoding: {text.count(chr(0xFFFD))} broken UTF-8 sequences",)
            try:
                row = json.loads(text)
            except (ValueError, RecursionError) as error:
                reason = "nested too deep" if isinstance(error, RecursionError) else str(error)[:100]
                yield _failed(where, None, "bad_row", f"{where}: no JSON ({reason}); mend the line")
                continue
            if not isinstance(row, dict):
                yield _failed(where, None, "bad_row", f"{where}: a JSON {type(row).__name__}, not an object with an id")
                continue
            yield _row(row, where, folder, keep=keep, warnings=warnings)


def _row(row: Mapping[str, Any], where: str, folder: str, *, keep: bool, warnings: tuple[str, ...] = ()) -> Entry:
    """A row by its columns; `where` names it as long as it has no id."""
    given = row.get("id")
    if isinstance(given, bool) or not isinstance(given, str | int | float) or given == "":
        return _failed(where, None, "bad_row", f"{where}: no id; give each row a text or a number named id")
    # Names of documents go to terminals and logs: control characters are shown, not acted on.
    id = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in clean(str(given)))
    kept = {clean(name): plain(value) for name, value in row.items() if name not in ("id", *CONTENT)} if keep else {}
    column = next((name for name in CONTENT if row.get(name) not in (None, "")), None)
    if column is None:
        if not any(name in row for name in CONTENT):
            failure = Failure(id, None, "bad_row", f"{id}: no text, html or path in the row; name the column so")
        else:
            failure = Failure(id, None, "empty", f"{id}: the text is empty")
        return Entry(id, kept=kept, failure=failure)
    value = row[column]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        message = f"{id}: {column} is a {type(value).__name__}, not a text; convert it"
        return Entry(id, kept=kept, failure=Failure(id, None, "bad_row", message))
    if column == "text":
        return Entry(id, text=value, kept=kept, warnings=warnings)
    if column == "html":
        return Entry(id, html=value, kept=kept, warnings=warnings)
    shown = clean(storage.join(os.path.dirname(where.rpartition("@")[0]), value))
    return Entry(id, shown, file=storage.join(folder, value), kept=kept, warnings=warnings)


def clean(text: str) -> str:
    """Valid UTF-8, whatever the bytes of a name were."""
    return text.encode("utf-8", "replace").decode("utf-8")


def plain(value: Any, depth: int = 0) -> Any:
    """A value of an input column as JSON has it: no NaN, no date, no bytes, no endless nesting."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if depth < 20 and isinstance(value, Mapping):
        return {clean(str(name)): plain(item, depth + 1) for name, item in value.items()}
    if depth < 20 and isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    return clean(str(value))


# ---- CSV


class TooLongError(Exception):
    """A line of CSV that is not held in memory."""


class _Lines:
    """Lines for `csv.reader`, counting bytes; Latin-1 keeps every byte until a field is decoded."""

    def __init__(self, handle: BinaryIO, start: int, limit: int, end: int = sys.maxsize) -> None:
        self._found = lines(handle, start, end, limit)
        self.offset = start
        self._handle = handle

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        _, line, whole = next(self._found)
        self.offset = self._handle.tell()
        if not whole:
            raise TooLongError
        return line.decode("latin-1")


def csv_records(
    handle: BinaryIO, start: int, end: int, limit: int, delimiter: str
) -> Iterator[tuple[int, int, list[str] | None]]:
    """Where each record begins and ends, and its fields as Latin-1; None for one that cannot be held.

    The cutter and the workers parse with the same code, so that they agree on where a record ends, quoted line breaks
    and stray quotation marks included.
    """
    csv.field_size_limit(max(csv.field_size_limit(), limit))
    source = _Lines(handle, start, limit, end)
    reader = csv.reader(source, delimiter=delimiter)
    before = start
    while True:
        try:
            fields: list[str] | None = next(reader)
        except StopIteration:
            return
        except (csv.Error, TooLongError):
            fields = None
        yield before, source.offset, fields
        before = source.offset


def _decoded(field: str) -> str:
    """UTF-8, else what spreadsheets of Western Europe write."""
    raw = field.encode("latin-1")
    if raw.isascii():
        return field
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _csv_rows(piece: Piece, limits: Limits, keep: bool) -> Iterator[Entry]:
    limit = line_limit(limits)
    folder = os.path.dirname(piece.path)
    with storage.open_file(piece.path) as handle:
        for offset, _, fields in csv_records(handle, piece.start, piece.end, limit, piece.delimiter):
            where = f"{piece.shown}@{offset}"
            if fields is None:
                yield _failed(where, None, "too_large", f"{where}: a record of more than {limit:,} bytes; split it")
            elif len(fields) not in (0, len(piece.columns)):
                message = f"{where}: {len(fields)} fields where the header has {len(piece.columns)}; quote the texts"
                yield _failed(where, None, "bad_row", message)
            elif fields:
                row = dict(zip(piece.columns, map(_decoded, fields), strict=True))
                yield _row(row, where, folder, keep=keep)


# ---- Parquet


def _parquet_rows(piece: Piece, limits: Limits, keep: bool) -> Iterator[Entry]:
    import pyarrow.parquet as pq

    folder = os.path.dirname(piece.path)
    with storage.open_file(piece.path) as handle, pq.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 18) as file:
        names = [name for name in file.schema_arrow.names if keep or name in ("id", *CONTENT)]
        number = 0
        group = file.metadata.row_group(piece.group)
        most = min(max(PARQUET_BYTES * group.num_rows // max(group.total_byte_size, 1), 1), PARQUET_ROWS)
        found = file.iter_batches(most, row_groups=[piece.group], columns=names, use_threads=False)
        for batch in found:
            if number + len(batch) > piece.start:
                part = batch.slice(max(piece.start - number, 0), piece.end - max(piece.start, number))
                at = max(piece.start, number)
                for place in range(len(part)):
                    # Row by row: a batch of pages is not to stand in memory twice.
                    row = part.slice(place, 1).to_pylist()[0]
                    where = f"{piece.shown}@{piece.first + at + place}"
                    yield _row(row, where, folder, keep=keep)
            number += len(batch)
            if number >= piece.end:
                return
