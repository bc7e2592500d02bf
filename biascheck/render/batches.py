"""What `biascheck batch` wrote → readings again, one by one: whole from .jsonl, as far as it goes from flat columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from biascheck.errors import BatchError
from biascheck.outputs import columns

__all__ = ["ENDINGS", "read_batch"]

ENDINGS = (".jsonl", ".csv", ".parquet")
#: Rows of a Parquet file that are held at once.
ROWS = 1000
#: A text stands in one cell.
MAX_CELL = 100_000_000
_ROLES = ("origin", "agency", "photo", "cited")


def read_batch(path: Path) -> Iterator[dict[str, Any]]:
    """Readings and error entries of one file, in its order; from .csv and .parquet those without their passages.

    Raises
    ------
    BatchError
        Where the file cannot be read, or is another's.
    """
    remedy = f"give what `biascheck batch` wrote ({', '.join(ENDINGS)})"
    entries = {".csv": _csv, ".parquet": _parquet}.get(path.suffix.lower(), _jsonl)(path)
    number = 0
    try:
        for number, entry in enumerate(entries, start=1):
            if not _whole(entry):
                raise BatchError(f"{path}, row {number}: not a reading; {remedy}")
            yield entry
    except OSError as error:
        raise BatchError(f"{path}: {error.strerror or 'damaged'}; {remedy}") from None
    except (ValueError, RecursionError, csv.Error):
        raise BatchError(f"{path}, row {number + 1}: cannot be read; {remedy}") from None


def _whole(entry: Mapping[str, Any]) -> bool:
    """Whether an entry has what a page is made of, in the shapes of the schema."""
    try:
        if "error" in entry:
            return bool(entry["error"]["code"]) and isinstance(entry["error"]["message"], str)
        provenance = entry["provenance"]
        slants = (entry.get("slant") or {}).values()
        shares = [provenance["scores"], entry.get("voices") or {}, *(slant["scores"] for slant in slants)]
        return (
            isinstance(provenance["verdict"], list)
            and isinstance(provenance["source_language"]["verdict"], str)
            and all(isinstance(share, float | int) for found in shares for share in found.values())
            and all(isinstance(slant["verdict"], str) for slant in slants)
            and all({"name", "role", "ownership", "country"} <= set(item) for item in provenance.get("upstream", ()))
        )
    except (KeyError, TypeError, AttributeError):
        return False


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as handle:
        for line in handle:
            if line.strip():
                entry = json.loads(line)
                yield entry if isinstance(entry, dict) else {}


def _csv(path: Path) -> Iterator[dict[str, Any]]:
    before = csv.field_size_limit(MAX_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                yield _unfolded({name: value for name, value in row.items() if value not in {None, ""}})
    finally:
        csv.field_size_limit(before)


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS):
            for row in batch.to_pylist():
                yield _unfolded({name: value for name, value in row.items() if value is not None})


def _unfolded(row: Mapping[str, Any]) -> dict[str, Any]:
    """A flat row as the reading that it was, without passages: what was counted in it cannot be told apart again."""
    entry: dict[str, Any] = {"id": str(row.get("id", "")), "path": row.get("path")}
    if "error_code" in row:
        return entry | {"error": {"code": str(row["error_code"]), "message": str(row.get("error_message", ""))}}
    if "provenance" not in row:
        return {}
    for column in columns():
        if column.name not in row or column.where or column.source[-1] == "*":
            continue
        value = float(row[column.name]) if column.type == "number" else row[column.name]
        place = entry
        for name in column.source[:-1]:
            place = place.setdefault(name, {})
        place[column.source[-1]] = value
    provenance = entry["provenance"]
    provenance["verdict"] = str(provenance["verdict"]).split("|")
    provenance.setdefault("scores", {})
    provenance.setdefault("source_language", {"verdict": ""})["scores"] = {}
    provenance["upstream"] = [
        {"name": name, "domain": "", "country": "", "ownership": "unknown", "role": role, "start": 0, "end": 0}
        for role in _ROLES
        for name in str(row.get(f"upstream_{role}", "")).split("|")
        if name
    ]
    entry["slant"] = {axis: slant for axis, slant in entry.get("slant", {}).items() if "verdict" in slant}
    for slant in entry["slant"].values():
        slant.setdefault("scores", {})
    # Cells that hold JSON, and a list: nothing of a folder's page is made of them.
    for name in ("labels", "evidence", "warnings"):
        entry.pop(name, None)
    return entry
