"""Inputs of a batch: whatever the cuts, every document once and in order; what is damaged is said."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck import cutting
from biascheck.cutting import check, cut, take_census
from biascheck.document import Document, Limits
from biascheck.errors import BatchError
from biascheck.inputs import Entry, read_entry, sources
from biascheck.reading import Failure
from biascheck.rows import entries

LIMITS = Limits(text=5_000, html=5_000)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut as finely as can be, so that every boundary is met."""
    monkeypatch.setattr(cutting, "LEAST", 1)
    monkeypatch.setattr(cutting, "LEAST_FILES", 1)
    monkeypatch.setattr("biascheck.rows.SLACK", 5_000)


def read(*inputs: Path | str, limits: Limits = LIMITS, keep: bool = False) -> list[Entry]:
    """All entries, through pieces, as workers have them."""
    found = sources([str(name) for name in inputs])
    check(found)
    result: list[Entry] = []
    for number, one in enumerate(cut(found, take_census(found), limits)):
        piece = one.piece
        if one.data is not None:
            spool = Path(found[0].path).parent / f"spool{number}"
            spool.write_bytes(one.data)
            from dataclasses import replace

            piece = replace(piece, spool=str(spool))
        result += entries(piece, limits, keep=keep)
    return result


def codes(found: list[Entry]) -> list[str]:
    return [entry.failure.code if entry.failure else "" for entry in found]


def pieces(*inputs: Path | str) -> int:
    found = sources([str(name) for name in inputs])
    return sum(1 for _ in cut(found, take_census(found), LIMITS))


ROWS = [{"id": f"n{number}", "text": "ligne\navec « accents » " * (number % 7), "desk": number} for number in range(99)]


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(folder: Path, ending: str, rows: list[dict[str, Any]], group: int = 40) -> Path:
    file = folder / f"in{ending}"
    if ending == ".jsonl":
        file.write_bytes(as_jsonl(rows))
    elif ending == ".jsonl.gz":
        file.write_bytes(gzip.compress(as_jsonl(rows)))
    elif ending == ".jsonl.zst":
        with pa.CompressedOutputStream(str(file), "zstd") as stream:
            stream.write(as_jsonl(rows))
    elif ending == ".csv":
        file.write_bytes(as_csv(rows).encode())
    else:
        pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=group)
    return file


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst", ".csv", ".parquet"])
def test_every_row_once_in_order_however_it_is_cut(ending: str, tmp_path: Path) -> None:
    file = write(tmp_path, ending, ROWS)
    assert pieces(file) > 5
    found = read(file, keep=True)
    assert [entry.id for entry in found] == [row["id"] for row in ROWS]
    assert [entry.text or "" for entry in found] == [row["text"] for row in ROWS]
    assert [str(entry.kept["desk"]) for entry in found] == [str(row["desk"]) for row in ROWS]


@given(
    st.lists(
        st.text(alphabet=st.sampled_from('ab",;\n\r\x00é「 '), max_size=12),
        min_size=1,
        max_size=12,
    )
)
def test_csv_is_cut_where_the_parser_ends_records(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("csv")
    rows = [{"id": f"n{number}", "text": f"x{text}"} for number, text in enumerate(texts)]
    file = folder / "in.csv"
    file.write_bytes(as_csv(rows).encode())
    least, cutting.LEAST = cutting.LEAST, 1
    try:
        found = read(file)
    finally:
        cutting.LEAST = least
    assert [entry.id for entry in found] == [row["id"] for row in rows]
    assert [entry.text for entry in found] == [row["text"] for row in rows]


def test_csv_of_a_french_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(as_csv([{"id": 1, "text": "été ; « déjà »"}], ";").encode("cp1252"))
    assert read(file)[0].text == "été ; « déjà »"
    file.write_bytes(b"\xef\xbb\xbf" + as_csv([{"id": 1, "text": "été"}]).encode())
    assert read(file)[0].text == "été"


def test_rows_that_are_no_documents(tmp_path: Path) -> None:
    lines = [
        b'{"id": "a", "text": "bon"}',
        b"{no json",
        b"[1, 2]",
        b'{"text": "sans id"}',
        b'{"id": true, "text": "x"}',
        b'{"id": "b"}',
        b'{"id": "c", "text": ""}',
        b'{"id": "d", "text": 7}',
        b"",
        b'{"id": 12, "text": "nombre"}',
        b'{"id": "e\\u001b[31m\\n", "text": "controle"}',
        b'{"id": "f", "text": null, "html": "<p>page</p>"}',
        b'{"id": "g", "text": "choisi", "html": "<p>page</p>"}',
        b'{"id": "h", "text": "cass\xff\xfe"}',
        b"[" * 100_000,
        b'{"id": "i", "text": "\\ud800 seul", "x": NaN}',
    ]
    file = tmp_path / "in.jsonl"
    file.write_bytes(b"\n".join(lines))
    found = read(file, limits=Limits(), keep=True)
    assert codes(found) == ["", *["bad_row"] * 5, "empty", "bad_row", *[""] * 5, "bad_row", ""]
    by_id = {entry.id: entry for entry in found}
    assert by_id["12"].text == "nombre"
    assert by_id["e\\x1b[31m\\x0a"].text == "controle"
    assert by_id["f"].html == "<p>page</p>"
    assert by_id["g"].text == "choisi"
    assert by_id["h"].warnings == ("encoding: 2 broken UTF-8 sequences",)
    assert by_id["i"].kept == {"x": None}
    assert any(entry.id.endswith(f"in.jsonl@{len(lines[0]) + 1}") for entry in found)


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_a_line_too_long_is_an_entry_and_is_not_held(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("biascheck.rows.SLACK", 1_000)
    rows = [{"id": "a", "text": "bon"}, {"id": "long", "text": "x" * 3_000_000}, {"id": "b", "text": "bon"}]
    file = write(tmp_path, ending, rows)
    found = read(file)
    assert [(entry.id, code) for entry, code in zip(found, codes(found), strict=True)] == [
        ("a", ""),
        ("long", "too_large"),
        ("b", ""),
    ]
    assert max(path.stat().st_size for path in tmp_path.glob("spool*")) < 1_000 if ending != ".jsonl" else True


def test_a_record_of_csv_too_long_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biascheck.rows.SLACK", 200_000)
    file = tmp_path / "in.csv"
    file.write_bytes(as_csv([{"id": "a", "text": "x" * 3_000_000}, {"id": "b", "text": "bon"}]).encode())
    assert codes(read(file)) == ["too_large", ""]


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
def test_packed_file_cut_short_keeps_what_stands_before(ending: str, tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": os.urandom(200).hex()} for number in range(5_000)]
    file = write(tmp_path, ending, rows)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    found = read(file)
    assert codes(found)[-1] == "unreadable"
    assert len(found) > 1_000
    assert [entry.id for entry in found[:-1]] == [str(number) for number in range(len(found) - 1)]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut.parquet", b"PAR1" + b"x" * 500, "cut short"),
        ("empty.parquet", b"", "cut short"),
        ("gz.jsonl", gzip.compress(b"{}"), "unpack it first"),
        ("plain.jsonl.gz", b"{}", "not what its ending says"),
        ("sixteen.jsonl", b"\xff\xfe{\x00", "UTF-16"),
        ("columns.csv", b"name,body\n1,2\n", "id and one of text"),
        ("empty.csv", b"", "id and one of text"),
        ("kind.docx", b"", "not a kind of file"),
    ],
)
def test_what_cannot_be_read_is_refused_before_the_work(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BatchError, match=said):
        check(sources([tmp_path / name]))
    with pytest.raises(BatchError, match="no such file"):
        sources([tmp_path / "missing.jsonl"])


def test_parquet_damaged_inside_keeps_what_stands_before(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": os.urandom(500).hex()} for number in range(400)]
    file = tmp_path / "in.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=100, use_dictionary=False)
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3_000] = b"\xff" * 3_000
    file.write_bytes(data)
    found = read(file)
    assert [entry.id for entry in found[:100]] == [str(number) for number in range(100)]
    assert "unreadable" in codes(found)
    assert found[-1].id == "399"


@pytest.mark.usefixtures("small_pieces")
def test_folder_in_order_without_hidden_files_or_others(tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/1.HTML", "a.txt", "c.htm", ".hidden.txt", "b/skip.pdf", ".git/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = read(tmp_path)
    assert [entry.id for entry in found] == ["a.txt", "b/1.HTML", "b/2.txt", "c.htm"]
    assert [entry.shown for entry in found] == [str(tmp_path / entry.id) for entry in found]
    assert [entry.id for entry in read(f"{tmp_path}/**/*.txt")] == [str(tmp_path / "a.txt"), str(tmp_path / "b/2.txt")]


def test_folder_that_cannot_be_opened_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "z.txt").write_text("x")
    scandir = os.scandir

    def closed(path: str) -> Any:
        if str(path).rstrip("/").endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("biascheck.cutting.os.scandir", closed)
    found = read(tmp_path)
    assert [(entry.id, code) for entry, code in zip(found, codes(found), strict=True)] == [
        ("closed/", "unreadable"),
        ("z.txt", ""),
    ]


def test_paths_in_rows_are_relative_to_their_file(tmp_path: Path, prose: str) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text(prose)
    (folder / "bomb.html").write_bytes(gzip.compress(bytes(10_000_000)))
    os.mkfifo(folder / "pipe.txt")
    rows = [{"id": name, "path": f"{name}"} for name in ("a.txt", "gone.txt", "bomb.html", "pipe.txt", ".")]
    (folder / "in.jsonl").write_bytes(as_jsonl(rows))
    found = [read_entry(entry, Limits()) for entry in read(folder / "in.jsonl")]
    first = found[0]
    assert isinstance(first, Document)
    assert (first.id, first.path, first.text) == ("a.txt", str(folder / "a.txt"), prose)
    assert [f.code for f in found[1:] if isinstance(f, Failure)] == ["not_found", "binary", "unreadable", "unreadable"]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".csv", ".parquet"])
def test_rows_that_name_files_are_cut_finer(ending: str, tmp_path: Path) -> None:
    counts = []
    for column in ("text", "path"):
        rows = [{"id": f"n{number}", column: os.urandom(50).hex()} for number in range(4_000)]
        counts.append(pieces(write(tmp_path, ending, rows, group=4_000)))
    assert counts[1] > 8 * counts[0]


def test_census_tells_inputs_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("x")
    before = take_census(sources([tmp_path]))
    assert before == take_census(sources([tmp_path]))
    os.utime(file, (1, 1))
    assert before.sha256 != take_census(sources([tmp_path])).sha256
