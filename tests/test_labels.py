"""Labels files: what is read, what is refused with its line, and that nothing is lost in writing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from biascheck.document import DocumentError
from biascheck.errors import LabelsError
from biascheck.label_files import append_label, write_labels
from biascheck.label_reading import read_labels
from biascheck.labels import LABELS, Label, Span, document_of, outlet_of

TEXT = "La mairie a présenté mardi son budget aux habitants du quartier, réunis dans la salle des fêtes. " * 5


def told(problems: list) -> list[tuple[int, str]]:
    return [(p.line, p.what) for p in problems]


def test_csv_in_every_way_of_saying_yes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    file = tmp_path / "labels.csv"
    file.write_text(
        "\ufeffpath;aggregated;translated;source_language;slant.ukraine-war\n"
        "a.txt;OUI;no;;\n"
        "a.txt;True;1;ru;off_topic\n"
        "a.txt;;0;;neutral\n"
    )
    rows, problems = read_labels([file])
    assert not problems
    assert [row.labels for row in rows] == [
        {"aggregated": 1, "translated": 0},
        {"aggregated": 1, "translated": 1},
        {"translated": 0},
    ]
    assert rows[1].source_language == "ru"
    assert rows[2].slant == {"ukraine-war": "neutral"}
    assert [row.line for row in rows] == [2, 3, 4]
    assert document_of(rows[0]).text == TEXT


def test_what_is_wrong_is_told_by_line_and_leaves_the_row_out(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text(
        "path,text,aggregated,source_language,slant.ukraine-war,colour\n"
        "a.txt,,maybe,,,\n"
        ",,yes,,,\n"
        'a.txt,"two\nlines",yes,it,,\n'
        "a.txt,,yes,,pro_peace,\n"
        "a.txt,,yes,,,,extra\n"
        "b.txt,,yes,en,,\n"
    )
    rows, problems = read_labels([file])
    assert [row.path for row in rows] == ["b.txt"]
    assert told(problems) == [
        (1, "unknown column 'colour'"),
        (2, "aggregated: 'maybe'"),
        (3, "no text"),
        (4, "source_language: 'it'"),
        (6, "slant.ukraine-war: 'pro_peace'"),
        (7, "7 cells for 6 columns"),
    ]
    assert all(p.hard and p.remedy and str(p).startswith(f"{file}:{p.line}: ") for p in problems)


def test_jsonl_with_furniture(tmp_path: Path) -> None:
    file = tmp_path / "l.jsonl"
    good = {"text": TEXT, "aggregated": True, "furniture": [{"start": 3, "end": 9, "kind": "related"}]}
    bad = [
        {"text": TEXT, "furniture": [{"start": 9, "end": 3, "kind": "related"}]},
        {"text": TEXT, "furniture": [{"start": 3, "end": 9, "kind": "advert"}]},
        {"text": {"of": "x"}, "agency": "yes"},
    ]
    file.write_text("\n".join([json.dumps(good), *map(json.dumps, bad), "{", "[]", "[" * 100_000]) + "\n")
    rows, problems = read_labels([file])
    assert [(row.line, row.furniture) for row in rows] == [(1, (Span(3, 9, "related"),))]
    assert [p.line for p in problems if p.hard] == [2, 3, 4, 5, 6, 7]


def test_folders_named_by_label(tmp_path: Path) -> None:
    for place in ("aggregated/site.fr", "not_aggregated", "translated.en", "slant.ukraine-war.neutral", "holidays"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "1.txt").write_text(TEXT)
    rows, problems = read_labels([tmp_path])
    assert [(r.path.split("/")[0], dict(r.labels), r.source_language, dict(r.slant)) for r in rows] == [
        ("aggregated", {"aggregated": 1}, "", {}),
        ("not_aggregated", {"aggregated": 0}, "", {}),
        ("slant.ukraine-war.neutral", {}, "", {"ukraine-war": "neutral"}),
        ("translated.en", {"translated": 1}, "en", {}),
    ]
    assert [Path(p.file).name for p in problems] == ["holidays"]
    # The site's own folder is the outlet; the folder that is a label is not.
    assert [outlet_of(row, document_of(row)) for row in rows[:2]] == ["site.fr", tmp_path.name]


def test_a_folder_with_a_labels_file(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("text,agency\nx,yes\n")
    (tmp_path / "aggregated").mkdir()
    rows, problems = read_labels([tmp_path])
    assert [row.labels for row in rows] == [{"agency": 1}]
    assert not problems


def test_own_labels_and_axes_are_known_when_named(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text("text,satire,slant.tone\nx,yes,warm\n")
    _, problems = read_labels([file])
    assert told(problems) == [(1, "unknown column 'satire'"), (1, "unknown axis 'tone'")]
    rows, problems = read_labels([file], new_labels=["satire"], new_axes={"tone": ("warm", "cold")})
    assert (dict(rows[0].labels), dict(rows[0].slant), problems) == ({"satire": 1}, {"tone": "warm"}, [])
    assert read_labels([file], new_labels=None)[0][0].slant == {"tone": "warm"}


def test_nul_bytes_formulas_and_broken_encodings(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_bytes(b'text,agency,note\n"a\x00b",yes,\n"=HYPERLINK(""x"")",no,=1+1\n"caf\xe9",no,\n')
    rows, problems = read_labels([file])
    assert told(problems) == [(2, "NUL bytes"), (4, "not UTF-8")]
    assert rows[1].text == '=HYPERLINK("x")'
    write_labels(tmp_path / "out.csv", rows)
    assert "\n,,,no" not in (tmp_path / "out.csv").read_text()
    # A spreadsheet sees no formula; we see the text that it was.
    assert "'=HYPERLINK" in (tmp_path / "out.csv").read_text()
    assert read_labels([tmp_path / "out.csv"])[0][1].text == '=HYPERLINK("x")'


def test_ten_gigabytes_are_refused_by_their_size(tmp_path: Path) -> None:
    for name in ("l.csv", "l.jsonl", "t.txt"):
        with (tmp_path / name).open("wb") as handle:
            handle.truncate(10 * 1024**3)
    rows, problems = read_labels([tmp_path / "l.csv", tmp_path / "l.jsonl"])
    assert not rows
    assert len(problems) == 2
    assert all("10,737,418,240 bytes" in p.what and p.hard for p in problems)
    with pytest.raises(DocumentError, match="larger than"):
        document_of(Label(path="t.txt", file=str(tmp_path / "x.csv")))


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    _, problems = read_labels([tmp_path / "no.csv", tmp_path / "x.xlsx", tmp_path / "empty"])
    assert [p.what for p in problems] == ["No such file or directory", "not a labels file", "a folder without labels"]


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=30)
labels = st.builds(
    Label,
    id=words,
    path=words.map(lambda s: "p" + s.strip().replace("\n", "")),
    text=st.none() | words.filter(str.strip),
    outlet=words.map(str.strip),
    labels=st.dictionaries(st.sampled_from(LABELS), st.integers(0, 1)),
    source_language=st.sampled_from(["", "en", "ru"]),
    slant=st.dictionaries(st.just("ukraine-war"), st.sampled_from(["neutral", "off_topic"])),
    note=words,
)


def plain(row: Label) -> tuple:
    return (row.id, row.path, row.text, row.outlet, dict(row.labels), row.source_language, dict(row.slant), row.note)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(rows=st.lists(labels, min_size=1, max_size=4))
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str, rows: list[Label]) -> None:
    whole, grown = tmp_path / f"whole{suffix}", tmp_path / f"grown{suffix}"
    grown.unlink(missing_ok=True)
    write_labels(whole, rows)
    for row in rows:
        append_label(grown, row)
    for file in (whole, grown):
        found, problems = read_labels([file])
        assert not problems
        assert [plain(row) for row in found] == [plain(row) for row in rows]


def test_appending_keeps_what_others_wrote(tmp_path: Path) -> None:
    file = tmp_path / "l.csv"
    file.write_text("path;agency;mine\na.txt;yes;kept")
    append_label(file, Label(path="b.txt", labels={"aggregated": 1}))
    assert file.read_text() == "path,agency,mine,aggregated\na.txt,yes,kept\nb.txt,,,yes\n"


def test_names_of_files_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match=r"\.csv or \.jsonl"):
        write_labels(tmp_path / "l.txt", [])
    with pytest.raises(LabelsError, match="furniture"):
        append_label(tmp_path / "l.csv", Label(text=TEXT, furniture=(Span(0, 2, "legal"),)))
