"""Labels → a labels file, whole or row by row, on the disk before anybody goes on (the format: `biascheck.labels`)."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from biascheck.errors import LabelsError
from biascheck.labels import COLUMNS, MAX_CELL, Label
from biascheck.storage import write_whole

__all__ = ["append_label", "lines_of", "write_labels"]

#: What a spreadsheet takes for a formula: written with an apostrophe before it, which reading takes away again.
_FORMULA = re.compile(r"'{0,99}[=+\-@\t\r]")


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _record(row: Label) -> dict[str, Any]:
    """A row as it is written: what is not known is left out."""
    record: dict[str, Any] = {
        "id": row.id,
        "path": row.path,
        "text": row.text,
        "html": row.html,
        "outlet": row.outlet,
        **{name: "yes" if value else "no" for name, value in row.labels.items()},
        "source_language": row.source_language,
        **{f"slant.{axis}": pole for axis, pole in row.slant.items()},
        "furniture": [{"start": s.start, "end": s.end, "kind": s.kind} for s in row.furniture],
        "annotator": row.annotator,
        "labelled_at": row.labelled_at,
        "note": row.note,
    }
    return {name: value for name, value in record.items() if value}


def _columns(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The header of a .csv: the known columns that a table by hand needs, and whatever else the rows have."""
    used = {name for record in records for name in record}
    known = [name for name in COLUMNS if name in used or name not in {"text", "html", "furniture"}]
    return [*known, *sorted(used - set(known))]


def _csv_line(record: Mapping[str, Any], columns: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([_guarded(str(record.get(name, ""))) for name in columns])
    return out.getvalue()


def _suffix(path: Path, rows: Iterable[Label]) -> str:
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".jsonl"}:
        raise LabelsError(f"{path}: labels are written as .csv or .jsonl; name the file so")
    if suffix == ".csv" and any(row.furniture for row in rows):
        raise LabelsError(f"{path}: furniture does not fit into a .csv; write .jsonl")
    return suffix


def write_labels(path: str | Path, rows: Iterable[Label]) -> None:
    """Write a labels file whole, or not at all.

    Raises
    ------
    LabelsError
        Where the name ends neither in .csv nor in .jsonl, or a .csv would have to hold furniture.
    """
    path, rows = Path(path), list(rows)
    lines = lines_of(rows, _suffix(path, rows))
    write_whole(str(path), "".join(lines).encode("utf-8", "replace"))


def lines_of(rows: Iterable[Label], suffix: str) -> list[str]:
    """The lines of a labels file that ends in ``.csv`` or ``.jsonl``."""
    records = [_record(row) for row in rows]
    if suffix == ".csv":
        columns = _columns(records)
        return [",".join(columns) + "\n", *(_csv_line(record, columns) for record in records)]
    return [json.dumps(record, ensure_ascii=False) + "\n" for record in records]


def _add_columns(path: Path, names: Sequence[str], delimiter: str) -> None:
    """Widen a .csv, cells as they are, whatever stands in them."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        records = list(csv.reader(handle, delimiter=delimiter))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*records[0], *names])
    writer.writerows(records[1:])
    write_whole(str(path), out.getvalue().encode("utf-8", "replace"))


def append_label(path: str | Path, row: Label) -> None:
    """Add one row to a labels file, which is made where it is not; on the disk when this returns.

    Raises
    ------
    LabelsError
        As `write_labels`.
    """
    path, record = Path(path), _record(row)
    line = json.dumps(record, ensure_ascii=False) + "\n"
    try:
        with path.open("rb") as handle:
            first = handle.readline(MAX_CELL).decode("utf-8-sig", "replace")
            handle.seek(-1, os.SEEK_END)
            torn = handle.read(1) != b"\n"
    except OSError:  # no such file, or an empty one
        first, torn = "", False
    if _suffix(path, [row]) == ".csv":
        delimiter = max(",;\t", key=first.count)
        columns = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        if first and (delimiter != "," or not set(record) <= set(columns)):
            _add_columns(path, sorted(set(record) - set(columns)), delimiter)
            columns += sorted(set(record) - set(columns))
            torn = False
        if not first:
            columns = _columns([record])
        line = ("" if first else ",".join(columns) + "\n") + _csv_line(record, columns)
    with path.open("ab") as handle:
        handle.write((("\n" if torn else "") + line).encode("utf-8", "replace"))
        handle.flush()
        os.fsync(handle.fileno())
