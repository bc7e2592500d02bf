"""Labels files and folders → rows, and what is wrong with them by file and line (the format: `biascheck.labels`)."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from biascheck.document import HTML_SUFFIXES
from biascheck.labels import AXES, COLUMNS, LABELS, MAX_CELL, SOURCE_LANGUAGES, Label, Problem, Span, said_by_folder
from biascheck.leftovers import KINDS

__all__ = ["read_labels"]

_TEXTS = ("path", "text", "html")
#: Beyond these nothing is read: a labels file, and one line of it. They leave room for 20,000 texts of 5 kB.
MAX_FILE_BYTES = 300_000_000
MAX_LINE_BYTES = 64_000_000
_YES, _NO = frozenset({"yes", "true", "1", "oui"}), frozenset({"no", "false", "0", "non"})
_NAME = re.compile(r"[a-z][a-z0-9_-]{1,40}")
_SUFFIXES = HTML_SUFFIXES | {".txt"}
#: An apostrophe that a spreadsheet's formula was written behind (see `label_files`); it is taken away again.
_GUARDED = re.compile(r"'{1,99}[=+\-@\t\r]")


def read_labels(
    paths: Iterable[str | Path],
    *,
    new_labels: Sequence[str] | None = (),
    new_axes: Mapping[str, Sequence[str]] | None = None,
) -> tuple[list[Label], list[Problem]]:
    """Read labels files and folders; what is wrong with a row leaves it out and is told as a `Problem`.

    Parameters
    ----------
    new_labels : sequence of str, optional
        A user's own labels that are columns; None takes every column that may be a label or an axis.
    new_axes : mapping of str to sequence of str, optional
        A user's own axes with their poles.

    Notes
    -----
    The texts are not looked at: see `biascheck.additions`.
    """
    rows: list[Label] = []
    problems: list[Problem] = []
    axes = {**AXES, **{name: (*poles, "off_topic") for name, poles in (new_axes or {}).items()}}
    read = _Reader(new_labels, axes, problems)
    for path in paths:
        rows += read.folder(Path(path)) if Path(path).is_dir() else read.file(Path(path))
    return rows, problems


class _Reader:
    """Reads files and collects what is wrong with them."""

    def __init__(
        self, new_labels: Sequence[str] | None, axes: Mapping[str, Sequence[str]], problems: list[Problem]
    ) -> None:
        self.new_labels = new_labels
        self.axes = axes
        self.problems = problems

    def folder(self, folder: Path) -> Iterator[Label]:
        for name in ("labels.csv", "labels.jsonl"):
            if (folder / name).is_file():
                yield from self.file(folder / name)
                return
        found = False
        for part in sorted(p for p in folder.iterdir() if p.is_dir()):
            said = said_by_folder(part.name, self.new_labels, self.axes)
            if said is None:
                remedy = "name it after a label (aggregated, not_aggregated, translated.en, slant.ukraine-war.neutral)"
                self.problems.append(Problem(str(part), 0, "the folder's name is no label", remedy))
                continue
            found = True
            for file in sorted(p for p in part.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file()):
                # As if there were a labels file in the folder, so that paths are relative to it.
                yield Label(path=file.relative_to(folder).as_posix(), file=str(folder / "labels"), **said)
        if not found:
            remedy = "put a labels.csv or labels.jsonl in it, or subfolders named by label"
            self.problems.append(Problem(str(folder), 0, "a folder without labels", remedy))

    def file(self, file: Path) -> Iterator[Label]:
        records = {".csv": self._csv, ".jsonl": self._jsonl}.get(file.suffix.lower())
        if records is None:
            self._problem(file, 0, "not a labels file", "give a .csv, a .jsonl or a folder")
            return
        try:
            size = file.stat().st_size
            if size > MAX_FILE_BYTES:
                what = f"{size:,} bytes, more than the {MAX_FILE_BYTES:,} that are read"
                self._problem(file, 0, what, "split it, or name texts by path instead of holding them")
                return
            for line, record in records(file):
                row = self._row(file, line, record)
                if row is not None:
                    yield row
        except OSError as error:
            self._problem(file, 0, error.strerror or type(error).__name__, "check the path and its permissions")

    def _problem(self, file: Path, line: int, what: str, remedy: str, *, hard: bool = True) -> None:
        self.problems.append(Problem(str(file), line, what, remedy, hard))

    def _lines(self, file: Path, end: list[int]) -> Iterator[str]:
        """Lines of a file, without those that cannot be read; `end` counts them."""
        with file.open("rb") as handle:
            while data := handle.readline(MAX_LINE_BYTES + 1):
                end[0] += 1
                if len(data) > MAX_LINE_BYTES:
                    what = f"a line of more than {MAX_LINE_BYTES:,} bytes"
                    self._problem(file, end[0], what, "name the text by path, or split the file")
                    return
                if b"\x00" in data:
                    self._problem(file, end[0], "NUL bytes", "save the file as plain UTF-8")
                    data = data.replace(b"\x00", b"")
                try:
                    yield data.decode("utf-8-sig" if end[0] == 1 else "utf-8")
                except UnicodeDecodeError:
                    self._problem(file, end[0], "not UTF-8", "save the file as UTF-8")
                    yield data.decode("utf-8", "replace")

    def _jsonl(self, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        at, told = [0], set[str]()
        for line in self._lines(file, at):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                self._problem(file, at[0], "not JSON", "write one JSON object a line")
                continue
            if not isinstance(record, dict):
                self._problem(file, at[0], "not a JSON object", 'write {"path": …, "aggregated": "yes"} or alike')
                continue
            # A column that is not known is told once, where it stands first.
            self._check_columns(file, at[0], [name for name in record if name not in told], furniture=True)
            told |= set(record)
            yield at[0], record

    def _csv(self, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        at = [0]
        lines = self._lines(file, at)
        first = next(lines, "")
        limit = csv.field_size_limit(MAX_CELL)
        try:
            # Spreadsheets that speak French write semicolons.
            delimiter = max(",;\t", key=first.count)
            header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
            self._check_columns(file, 1, header, furniture=False)
            if len(set(header)) < len(header):
                self._problem(file, 1, "a column stands twice", "keep one of them")
                return
            reader = csv.reader(lines, delimiter=delimiter)
            while True:
                start = at[0] + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    self._problem(file, start, f"not csv ({error})", "check the quotation marks of the line")
                    return
                if not any(cells):
                    continue
                if len(cells) > len(header):
                    what = f"{len(cells)} cells for {len(header)} columns"
                    self._problem(file, start, what, "put cells that hold the separator in quotation marks")
                    continue
                yield start, {name: _unguarded(cell) for name, cell in zip(header, cells, strict=False)}
        finally:
            csv.field_size_limit(limit)

    def _check_columns(self, file: Path, line: int, names: Sequence[str], *, furniture: bool) -> None:
        if not furniture and not set(names) & set(_TEXTS):
            self._problem(file, line, "no column path, text or html", "name the texts in one of them")
        for name in names:
            if name == "furniture" and not furniture:
                self._problem(file, line, "furniture in a .csv", "give furniture in a .jsonl file")
            elif name.startswith("slant.") and name[6:] not in self.axes and self.new_labels is not None:
                remedy = f"known axes: {', '.join(self.axes)}; a new one is made with --new-axis"
                self._problem(file, line, f"unknown axis {name[6:60]!r}", remedy)
            elif not (name in COLUMNS or name.startswith("slant.") or _is_own(name, self.new_labels)):
                remedy = f"take it out, or make a new label of it with --new-label; known: {', '.join(COLUMNS)}"
                self._problem(file, line, f"unknown column {name[:60]!r}", remedy)

    def _row(self, file: Path, line: int, record: Mapping[str, Any]) -> Label | None:
        """A checked row, or None where anything about it is wrong."""
        before = len(self.problems)

        def wrong(what: str, remedy: str) -> None:
            self._problem(file, line, what, remedy)

        def text(name: str) -> str:
            value = record.get(name)
            if value is not None and not isinstance(value, (str, int, float)):
                wrong(f"{name} is not a text", "write it in quotation marks")
            return "" if value is None else str(value)

        given = {name: text(name) for name in _TEXTS}
        if not any(value.strip() for value in given.values()):
            wrong("no text", "fill in path, text or html")
        elif "\n" in given["path"] or len(given["path"]) > 4000:
            wrong("the path is no path", "put the text itself in the column text")
        labels: dict[str, int] = {}
        for name in record:
            if name in LABELS or (name not in COLUMNS and _is_own(name, self.new_labels)):
                value = text(name).strip().lower()
                if value in _YES | _NO:
                    labels[name] = int(value in _YES)
                elif value:
                    wrong(f"{name}: {value[:40]!r}", "write yes, no, or nothing")
        slant = {}
        for axis in [name[6:] for name in record if name.startswith("slant.")]:
            pole = text(f"slant.{axis}").strip().lower()
            poles = self.axes.get(axis, (pole,) if self.new_labels is None else ())
            if pole and pole not in poles and axis in self.axes:
                wrong(f"slant.{axis}: {pole[:40]!r}", f"write one of {', '.join(poles)}, or nothing")
            elif pole in poles and pole:
                slant[axis] = pole
        language = text("source_language").strip().lower()
        if language and language not in SOURCE_LANGUAGES:
            wrong(f"source_language: {language[:40]!r}", f"write one of {', '.join(SOURCE_LANGUAGES)}, or nothing")
        date = text("labelled_at").strip()
        if date and not _is_date(date):
            self._problem(file, line, f"labelled_at: {date[:40]!r}", "write it as 2026-11-22T10:00:00Z", hard=False)
        row = Label(
            id=text("id"),
            path=given["path"].strip(),
            # The text itself goes before a page, and both before a path.
            text=given["text"] if given["text"].strip() else None,
            html=given["html"] if given["html"].strip() and not given["text"].strip() else None,
            outlet=text("outlet").strip(),
            labels=labels,
            source_language=language,
            slant=slant,
            furniture=_spans(record.get("furniture"), wrong),
            annotator=text("annotator"),
            labelled_at=date,
            note=text("note"),
            file=str(file),
            line=line,
        )
        return row if not any(problem.hard for problem in self.problems[before:]) else None


def _spans(value: Any, wrong: Callable[[str, str], None]) -> tuple[Span, ...]:
    remedy = 'write a list of {"start": 0, "end": 12, "kind": "source_link"}'
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        wrong("furniture is no list", remedy)
        return ()
    spans = []
    for item in value:
        start, end, kind = (item.get(key) for key in ("start", "end", "kind")) if isinstance(item, dict) else (0, 0, 0)
        if type(start) is not int or type(end) is not int or not 0 <= start < end:
            wrong("furniture: not a span", remedy)
        elif kind not in KINDS:
            wrong(f"furniture: unknown kind {str(kind)[:40]!r}", f"known: {', '.join(sorted(KINDS))}")
        else:
            spans.append(Span(start, end, kind))
    return tuple(sorted(spans, key=lambda span: span.start))


def _is_own(name: str, new_labels: Sequence[str] | None) -> bool:
    return _NAME.fullmatch(name) is not None if new_labels is None else name in new_labels


def _is_date(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _unguarded(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell
