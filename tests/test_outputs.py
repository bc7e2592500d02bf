"""Outputs of a batch: flat columns, their types, and cells that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.document import document_from_text
from biascheck.errors import BatchError
from biascheck.outputs import Shape, columns, finish, format_of, kept_types, line_of, safe_cell, type_of
from biascheck.reading import Failure
from biascheck.scorer import Scorer

LOST = Failure("=x", "a.txt", "not_found", "a.txt: no such file")


def assembled(shape: Shape, lines: list[bytes], kept: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()

    def shard() -> Iterator[bytes]:
        return iter(lines)

    finish([shard], shape, kept or {}, out.write)
    return out.getvalue()


@pytest.fixture(scope="module")
def seed(scorer: Scorer, seeds: dict[str, str]) -> Any:
    return scorer.read([document_from_text(seeds["001"], id="001")], evidence=True)[0]


def test_every_column_is_explained_and_comes_from_somewhere(seed: Any) -> None:
    names = [column.name for column in columns()]
    assert len(names) == len(set(names))
    record = {**seed.to_dict(), **LOST.to_dict()}
    for column in columns():
        assert column.explain
        assert column.source[0] in record or column.name == "labels"
        value = column.value(seed.to_dict())
        kinds = {"string": str, "number": float, "integer": int}
        assert value is None or isinstance(value, kinds[column.type]), column.name


def test_flat_row_says_what_the_reading_says(seed: Any) -> None:
    row = {column.name: column.value(seed.to_dict()) for column in columns()}
    assert row["provenance"] == "|".join(seed.provenance.verdict)
    assert row["translated"] == round(seed.provenance.scores["translated"], 6)
    assert row["furniture_source_link"] == sum(item.kind == "source_link" for item in seed.furniture)
    sides = sum(row[f"attributions_{side}"] for side in ("russia", "ukraine", "western", "other"))
    assert sides == len(seed.attribution)
    origin = {item.name for item in seed.provenance.upstream if item.role == "origin"}
    assert set((row["upstream_origin"] or "").split("|")) - {""} == origin
    assert json.loads(row["evidence"])[0]["for"]


def test_csv_and_parquet_have_the_same_rows(seed: Any) -> None:
    kept = {"desk": "-1+1", "n": 3}
    flat = [line_of(item, kept, Shape("csv", keep=True)) for item in (seed, LOST)]
    types = kept_types([{name: [type_of(value)] for name, value in kept.items()}])
    rows = list(csv.DictReader(io.StringIO(assembled(Shape("csv", keep=True), flat, types).decode(), newline="")))
    table = pq.read_table(pa.BufferReader(assembled(Shape("parquet"), flat, types)))
    assert table.column_names == list(rows[0])
    assert table.schema.field("translated").type == pa.float64()
    assert table.schema.field("attributions_russia").type == pa.int64()
    assert table.column("n").to_pylist() == [3, 3]
    for name in table.column_names:
        for cell, value in zip((row[name] for row in rows), table.column(name).to_pylist(), strict=True):
            assert cell == ("" if value is None else str(safe_cell(value)))
    assert [row["id"] for row in rows] == ["001", "'=x"]
    assert rows[0]["desk"] == "'-1+1"
    assert rows[1]["error_code"] == "not_found"
    assert rows[1]["provenance"] == rows[1]["attributions_russia"] == ""


def test_csv_written_by_the_workers_is_what_assembling_would_make(seed: Any) -> None:
    made = [
        assembled(shape, [line_of(item, {}, shape) for item in (seed, LOST)])
        for shape in (Shape("csv"), Shape("csv", keep=True))
    ]
    assert made[0] == made[1]


def test_no_documents_leave_a_header_and_a_schema() -> None:
    assert assembled(Shape("csv"), []).startswith(b"id,path,")
    assert pq.read_table(pa.BufferReader(assembled(Shape("parquet"), []))).num_rows == 0
    assert assembled(Shape("jsonl"), []) == b""


def test_fields_pick_and_errors_stay_whole(seed: Any) -> None:
    shape = Shape("jsonl", fields=("loaded", "id"))
    assert list(json.loads(line_of(seed, {}, shape))) == ["loaded", "id"]
    assert json.loads(line_of(LOST, {}, shape)) == LOST.to_dict()
    with pytest.raises(BatchError, match="no field colour; there are: id, path"):
        Shape("csv", fields=("id", "colour")).check()
    with pytest.raises(BatchError, match="text"):
        Shape("csv", fields=("text",)).check()
    Shape("csv", fields=("text",), with_text=True).check()


def test_kept_columns_do_not_hide_ours(seed: Any) -> None:
    line = json.loads(line_of(seed, {"title": "theirs", "desk": [1]}, Shape("jsonl", keep=True)))
    assert (line["title"], line["input_title"], line["desk"]) == (seed.title, "theirs", [1])


def test_types_of_kept_columns() -> None:
    seen = [{"a": ["int"], "b": ["int", "null"], "c": ["list"]}, {"a": ["float"], "b": ["int"], "d": ["bool", "str"]}]
    assert kept_types(seen) == {"a": "number", "b": "integer", "c": "string", "d": "string"}
    assert type_of(2**70) == "str"


def test_format_is_the_ending() -> None:
    assert [format_of(name) for name in ("a.jsonl", "a.CSV", "s3://b/a.parquet")] == ["jsonl", "csv", "parquet"]
    with pytest.raises(BatchError, match="ending"):
        format_of("a.xlsx")


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_no_cell_is_a_formula_and_none_breaks_the_table(texts: list[str]) -> None:
    failures = [Failure(text, None, "empty", text) for text in texts]
    shape = Shape("csv", fields=("id", "error_message"))
    out = assembled(shape, [line_of(item, {}, shape) for item in failures]).decode()
    rows = list(csv.reader(io.StringIO(out, newline="")))[1:]
    assert len(rows) == len(texts)
    for row, text in zip(rows, texts, strict=True):
        assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)
        assert row[0].removeprefix("'") == text.removeprefix("'")
