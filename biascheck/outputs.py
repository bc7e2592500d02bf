"""Readings → lines of a shard → OUT: JSON lines, CSV or Parquet, by its ending.

Shards hold what OUT will, line by line, so that the workers do the work and assembling is copying. For Parquet, and for
CSV with `--keep`, a line is the list of a row's cells as JSON, made into the format when OUT is assembled: the columns
that `--keep` brings are known only when everything has been read.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from biascheck.errors import BatchError
from biascheck.reading import Failure, Reading, load_schema

__all__ = ["FORMATS", "Column", "Shape", "columns", "csv_line", "finish", "format_of", "line_of"]

FORMATS = ("jsonl", "csv", "parquet")
#: Beginnings that make a spreadsheet take a text for a formula (OWASP, "CSV Injection"), full-width forms included.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Rows of a row group of Parquet output: what is held when it is written.
GROUP_ROWS = 2_000
#: Each gives the lines of one shard.
Shards = Iterable[Callable[[], Iterator[bytes]]]
Write = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A flat column, as `columns.toml` describes it."""

    name: str
    type: str
    source: tuple[str, ...]
    explain: str
    where: Mapping[str, str] = field(default_factory=dict)
    pick: str | None = None
    count: bool = False
    only: str | None = None

    def value(self, record: Mapping[str, Any]) -> Any:
        """The cell of a reading's JSON object."""
        found: Any = record
        for name in self.source:
            if name == "*":
                return max(found.values(), default=None)
            found = found.get(name)
            if found is None:
                return None
        if self.where:
            found = [item for item in found if all(item[name] == value for name, value in self.where.items())]
            if self.count:
                return len(found)
            found = list(dict.fromkeys(item[self.pick] for item in found))
        if isinstance(found, Mapping) or (isinstance(found, list) and found and isinstance(found[0], Mapping)):
            return json.dumps(found, ensure_ascii=False) if found else None
        if isinstance(found, list):
            return "|".join(found) or None
        return found


@cache
def columns() -> tuple[Column, ...]:
    """All flat columns, in order.

    Examples
    --------
    >>> [column.name for column in columns()][:3]
    ['id', 'path', 'sha256']
    """
    listed = tomllib.loads(resources.files("biascheck").joinpath("columns.toml").read_text(encoding="utf-8"))["column"]
    return tuple(Column(source=tuple(item.pop("from").split(".")), **item) for item in listed)


@cache
def _reserved() -> frozenset[str]:
    """Names that a column of the input cannot keep: those of the output, whether asked for or not."""
    top = (name for form in load_schema()["oneOf"] for name in form["properties"])
    return frozenset((*top, *(column.name for column in columns())))


@dataclass(frozen=True, slots=True)
class Shape:
    """What OUT looks like."""

    format: str
    fields: tuple[str, ...] | None = None
    with_text: bool = False
    evidence: bool = False
    keep: bool = False

    def check(self) -> None:
        """Refuse fields that there are not.

        Raises
        ------
        BatchError
            With the names that there are.
        """
        unknown = [name for name in self.fields or () if name not in self.known]
        if unknown or self.fields == ():
            known = ", ".join(self.known)
            raise BatchError(f"--fields: no field {', '.join(unknown) or 'named'}; there are: {known}")

    @property
    def known(self) -> tuple[str, ...]:
        """The fields that may be asked for; text only where it is written."""
        if self.format == "jsonl":
            names = [*load_schema()["oneOf"][0]["properties"], "error"]
            return tuple(name for name in names if name != "text" or self.with_text)
        asked = {None, *(["text"] if self.with_text else []), *(["evidence"] if self.evidence else [])}
        return tuple(column.name for column in columns() if column.only in asked)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The flat columns of OUT."""
        return _columns_of(self)


@cache
def _columns_of(shape: Shape) -> tuple[Column, ...]:
    named = {column.name: column for column in columns()}
    return tuple(named[name] for name in shape.fields or shape.known)


def format_of(out: str) -> str:
    """The format of an output by its ending.

    Raises
    ------
    BatchError
        For any other ending.
    """
    for name in FORMATS:
        if out.lower().endswith(f".{name}"):
            return name
    raise BatchError(f"{out}: the ending says the format: .jsonl, .csv or .parquet; give one of them")


def line_of(result: Reading | Failure, kept: Mapping[str, Any], shape: Shape) -> bytes:
    """A document's line in a shard."""
    if shape.format == "jsonl" and not kept and (shape.fields is None or isinstance(result, Failure)):
        return result.to_json(with_text=shape.with_text).encode() + b"\n"
    record = result.to_dict(with_text=shape.with_text)
    kept = {kept_name(name): value for name, value in kept.items()}
    if shape.format != "jsonl":
        if shape.format == "csv" and not shape.keep:
            return csv_line(record, shape)
        cells = [column.value(record) for column in shape.columns]
        return _dump([cells, kept] if kept else [cells])
    # An error entry stays whole: without the error it would be taken for a reading.
    if shape.fields is not None and isinstance(result, Reading):
        record = {name: record[name] for name in shape.fields if name in record}
    return _dump({**record, **kept})


def csv_line(record: Mapping[str, Any], shape: Shape) -> bytes:
    """A document's row of CSV."""
    return _csv_row(column.value(record) for column in shape.columns)


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"


def kept_name(name: str) -> str:
    """The name of an input column in the output; one that the output has itself is marked.

    Examples
    --------
    >>> kept_name("desk"), kept_name("title")
    ('desk', 'input_title')
    """
    while name in _reserved():
        name = f"input_{name}"
    return name


def finish(
    shards: Iterable[Callable[[], Iterator[bytes]]],
    shape: Shape,
    kept: Mapping[str, str],
    write: Callable[[bytes], Any],
) -> None:
    """Assemble: shards' lines, in order, as the format has them; one shard is held at most.

    Parameters
    ----------
    shards : iterable of callables
        Each gives a shard's lines.
    kept : mapping
        Type of each kept column, as `kept_types` gives it.
    """
    if shape.format == "jsonl":
        for shard in shards:
            for line in shard():
                write(line)
    elif shape.format == "csv":
        _finish_csv(shards, shape, list(kept), write)
    else:
        _finish_parquet(shards, shape, kept, write)


def kept_types(seen: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """The type of each kept column, in order of appearance, from the types of its values in each shard."""
    found: dict[str, set[str]] = {}
    for shard in seen:
        for name, types in shard.items():
            found.setdefault(name, set()).update(types)
    return {name: _one_type(types) for name, types in found.items()}


def _one_type(types: set[str]) -> str:
    named = types - {"null"}
    if len(named) == 1:
        return {"int": "integer", "float": "number", "bool": "boolean"}.get(next(iter(named)), "string")
    return "number" if named == {"int", "float"} else "string"


def type_of(value: Any) -> str:
    """How a kept value counts in `kept_types`; a number that 64 bits do not hold is written as text."""
    if value is None:
        return "null"
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return "str"
    return type(value).__name__


def _rows(lines: Iterator[bytes]) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    for line in lines:
        row = json.loads(line)
        yield row[0], row[1] if len(row) > 1 else {}


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def safe_cell(value: Any) -> Any:
    """A cell of CSV: texts that a spreadsheet would run are marked as text by an apostrophe; numbers stay numbers.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell(-1.5)
    ("'=1+1", -1.5)
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return _as_text(value) if isinstance(value, (bool, dict, list)) else value


def _csv_row(cells: Iterable[Any]) -> bytes:
    buffer = io.StringIO(newline="")
    # RFC 4180's line ends; with them, texts with a lone carriage return are quoted as well.
    csv.writer(buffer, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue().encode("utf-8", "replace")


def _finish_csv(shards: Shards, shape: Shape, kept: list[str], write: Write) -> None:
    write(_csv_row([*(column.name for column in shape.columns), *kept]))
    for shard in shards:
        if not shape.keep:
            for line in shard():
                write(line)
            continue
        for cells, more in _rows(shard()):
            write(_csv_row([*cells, *(more.get(name) for name in kept)]))


def _finish_parquet(
    shards: Iterable[Callable[[], Iterator[bytes]]],
    shape: Shape,
    kept: Mapping[str, str],
    write: Callable[[bytes], Any],
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"string": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}
    told = [(column.name, column.type) for column in shape.columns] + list(kept.items())
    schema = pa.schema([(name, types[type]) for name, type in told])
    texts = [type == "string" for _, type in told]
    held: list[list[Any]] = []
    size = 0
    sink = _Sink(write)
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd", write_statistics=False) as writer:

        def flush() -> None:
            nonlocal size
            cells = zip(*held, strict=True) if held else [[] for _ in told]
            arrays = [pa.array(list(column), kind) for column, kind in zip(cells, schema.types, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            held.clear()
            size = 0

        for shard in shards:
            for cells, more in _rows(shard()):
                row = [*cells, *(more.get(name) for name in kept)]
                held.append([_as_text(cell) if text else cell for cell, text in zip(row, texts, strict=True)])
                size += sum(len(cell) for cell in row if isinstance(cell, str))
                if len(held) >= GROUP_ROWS or size > 1 << 24:
                    flush()
        flush()


class _Sink(io.RawIOBase):
    """What pyarrow writes into; nothing is sought in a Parquet file that is being written."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        super().__init__()
        self._write = write
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        whole = bytes(data)
        self._write(whole)
        self._at += len(whole)
        return len(whole)

    def tell(self) -> int:
        return self._at
