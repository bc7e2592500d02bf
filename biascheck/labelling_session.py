"""What an annotator's keys do: answers that are on the disk as soon as they are given, and undo."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from biascheck.errors import LabelsError
from biascheck.label_files import append_label
from biascheck.label_reading import read_labels
from biascheck.labels import AXES, COLUMNS, LABELS, MAX_CELL, SOURCE_LANGUAGES, Label
from biascheck.reading import Reading

__all__ = ["LABEL_KEYS", "POLE_KEYS", "Answers", "Item", "Journal", "Session"]

#: Keys that set a label to yes, then no, then nothing.
LABEL_KEYS = {"o": "original", "a": "agency", "t": "translated", "g": "aggregated", "r": "rewritten"}
AXIS = next(iter(AXES))
#: Keys that set a pole of the war in Ukraine; the same key again takes it back.
POLE_KEYS = {"k": "pro_kremlin", "n": "neutral", "y": "pro_kyiv", "x": "off_topic"}
_IN_TABLE = tuple(name for name in COLUMNS if name not in {"text", "html", "furniture"})


@dataclass(frozen=True, slots=True)
class Answers:
    """What an annotator has said of one text so far; `labels` are 1 or 0."""

    labels: Mapping[str, int] = field(default_factory=dict)
    language: str = ""
    slant: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.labels or self.language or self.slant)

    def with_label(self, name: str, value: int | None) -> Answers:
        """With one label set, or taken back."""
        labels = {key: old for key, old in self.labels.items() if key != name}
        if value is not None:
            labels[name] = value
        # A text that is not known to be a translation has no language that it was translated from.
        return Answers(labels, self.language if labels.get("translated") == 1 else "", self.slant)

    def with_pole(self, axis: str, pole: str) -> Answers:
        """With a pole set, or taken back where it was set."""
        slant = {key: old for key, old in self.slant.items() if key != axis}
        return Answers(self.labels, self.language, slant if self.slant.get(axis) == pole else {**slant, axis: pole})

    @property
    def contradiction(self) -> str:
        """Why the labels cannot all be true, or nothing."""
        others = [name for name in LABELS if name != "original" and self.labels.get(name) == 1]
        if self.labels.get("original") == 1 and others:
            return f"original and {others[0]} exclude each other: take one back"
        return ""


@dataclass(frozen=True, slots=True)
class Item:
    """A text as it is put before the annotator; `path` is where it stands, `id` its path in the folder."""

    id: str
    path: Path
    outlet: str
    reading: Reading


class Journal:
    """A labels file that grows by a row with each text; the last rows can be taken back.

    Parameters
    ----------
    file : Path
        Made where it is not there. One that is must be readable; columns that it lacks are added to it.
    columns : sequence of str
        A user's own columns.

    Raises
    ------
    LabelsError
        Where the file cannot be continued.
    """

    def __init__(
        self, file: Path, *, columns: Sequence[str] = (), axes: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.file = file
        self.rows: list[Label] = []
        if file.suffix.lower() not in {".csv", ".jsonl"}:
            raise LabelsError(f"{file}: labels are written as .csv or .jsonl; name the file so")
        if not file.parent.is_dir():
            raise LabelsError(f"{file.parent}: no such folder; make it first, or name another file")
        if file.exists():
            self.rows, problems = read_labels([file], new_labels=None, new_axes=axes)
            hard = next((problem for problem in problems if problem.hard), None)
            # A file without a row has no header that could be wrong.
            if hard is not None and file.stat().st_size:
                raise LabelsError(f"{hard}; mend the file first, or name another with -o")
        self._columns = (*_IN_TABLE, *columns)
        #: Sizes of the file before the row of each text, the present one last.
        self._marks: list[int] = []
        self._size = self._end()

    def _end(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def _open(self) -> None:
        """See to it that adding a row adds bytes at the end, and does nothing else."""
        if self.file.suffix.lower() != ".csv":
            self.file.touch()
            return
        text = self.file.read_bytes().decode("utf-8-sig") if self._end() else ""
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        before = csv.field_size_limit(MAX_CELL)
        try:
            table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        finally:
            csv.field_size_limit(before)
        header = [name.strip() for name in table[0]] if table else []
        lacking = [name for name in self._columns if name not in header]
        if header and not lacking and delimiter == "," and text.endswith("\n"):
            return
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*header, *lacking])
        writer.writerows([*row, *[""] * (len(header) + len(lacking) - len(row))] for row in table[1:] if row)
        part = self.file.with_name(self.file.name + ".part")
        with part.open("wb") as handle:
            handle.write(out.getvalue().encode("utf-8"))
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(self.file)

    def begin(self) -> None:
        """Go on to another text: what was written stays."""
        self._marks.append(self._size)

    def back(self) -> None:
        """Return to the text before, whose row may be written anew; the present one has none."""
        self._marks.pop()

    def put(self, row: Label | None) -> None:
        """Write the row of the present text in place of the one that it had; None leaves it without.

        Raises
        ------
        LabelsError
            Where somebody else has written to the file meanwhile.
        """
        if self._end() != self._size:
            raise LabelsError(f"{self.file}: another program has changed it; start again to go on where you were")
        if self._size == self._marks[0] == self._marks[-1] and row is not None:
            self._open()
            self._marks = [self._end()] * len(self._marks)
        mark = self._marks[-1]
        if self.file.exists() and self._end() > mark:
            with self.file.open("r+b") as handle:
                handle.truncate(mark)
                os.fsync(handle.fileno())
        if row is not None:
            append_label(self.file, row)
        self._size = self._end()


class Session:
    """One annotator's way through texts.

    Parameters
    ----------
    journal : Journal
    next_item : callable
        The text to label next, or None where there is none left.
    own : sequence of str
        Own labels, set by the keys 1 to 9 in this order, own axes after them.
    axes : mapping of str to sequence of str
        Own axes with their poles.
    blind : bool
        Whether the model's guess is hidden, so that it cannot be taken over either.
    limit : int, optional
        Texts to label at most.
    """

    def __init__(
        self,
        journal: Journal,
        next_item: Callable[[], Item | None],
        *,
        annotator: str = "",
        own: Sequence[str] = (),
        axes: Mapping[str, Sequence[str]] | None = None,
        blind: bool = False,
        limit: int | None = None,
    ) -> None:
        self.journal = journal
        self.annotator = annotator
        self.own = tuple(own)
        self.axes = dict(axes or {})
        self.blind = blind
        self.limit = limit
        #: Own labels and axes by their key.
        self.digits = dict(zip("123456789", (*self.own, *self.axes), strict=False))
        self._next_item = next_item
        self._items: list[Item] = []
        self._answers: list[Answers] = []
        self._at = -1
        #: The answers that a key replaced, or None for a step to the next text.
        self._history: list[Answers | None] = []
        #: What to tell the annotator about the last key.
        self.note = ""
        self.finished = not self._forward()

    @property
    def item(self) -> Item:
        """The text before the annotator."""
        return self._items[self._at]

    @property
    def answers(self) -> Answers:
        """What was said of it."""
        return self._answers[self._at]

    @property
    def labelled(self) -> int:
        """Texts of this session that something was said of."""
        return sum(map(bool, self._answers))

    def press(self, key: str) -> bool:
        """Do what a key stands for; False where it stands for nothing here. At the end there is only undo."""
        self.note = ""
        if self.finished:
            if key == "u":
                self.finished = False
            return key == "u"
        answers = self._answered(key)
        if answers is not None:
            self._history.append(self.answers)
            self._say(answers)
        elif key in {"\r", "\n"}:
            self._leave()
        elif key == "s":
            if self.answers:
                self._history.append(self.answers)
                self._say(Answers())
            self._step()
        elif key == "u":
            self._undo()
        else:
            return False
        return True

    def _answered(self, key: str) -> Answers | None:
        """The answers after a key that sets one, or None for other keys."""
        now = self.answers
        name = self.digits.get(key, "")
        if key in LABEL_KEYS or name in self.own:
            label = LABEL_KEYS.get(key, name)
            return now.with_label(label, {None: 1, 1: 0, 0: None}[now.labels.get(label)])
        if key in POLE_KEYS:
            return now.with_pole(AXIS, POLE_KEYS[key])
        if name in self.axes:
            return _turned(now, name, (*self.axes[name], "off_topic"))
        if key == "l":
            languages = (*SOURCE_LANGUAGES, "")
            turned = languages[(languages.index(now.language) + 1) % len(languages)]
            return Answers({**now.labels, "translated": 1}, turned, now.slant)
        if key == "0":
            return Answers({**dict.fromkeys(LABELS, 0), **now.labels}, now.language, now.slant)
        return self._guess() if key == "m" and not self.blind else None

    def _guess(self) -> Answers:
        """The verdicts of the model as answers; what it leaves open stays as it is."""
        now, provenance = self.answers, self.item.reading.provenance
        said = [name for name in provenance.verdict if name in LABELS]
        labels = {**now.labels, **dict.fromkeys(said, 1)}
        language = provenance.source_language.verdict if "translated" in said else now.language
        slant = {
            axis: slant.verdict
            for axis, slant in self.item.reading.slant.items()
            if slant.verdict in {*AXES.get(axis, ()), *self.axes.get(axis, ())}
        }
        own = {
            name: int(label.verdict == "yes")
            for name, label in self.item.reading.labels.items()
            if name in self.own and label.verdict in {"yes", "no"}
        }
        known = language if language in SOURCE_LANGUAGES else now.language
        return Answers({**labels, **own}, known, {**now.slant, **slant})

    def _leave(self) -> None:
        """Go on, where what was said can be true."""
        self.note = self.answers.contradiction
        if not self.note:
            self._step()

    def _step(self) -> None:
        self.finished = not self._forward()
        if not self.finished:
            self._history.append(None)

    def _forward(self) -> bool:
        if self._at + 1 == len(self._items):
            if self.limit is not None and self.labelled >= self.limit:
                return False
            item = self._next_item()
            if item is None:
                return False
            self._items.append(item)
            self._answers.append(Answers())
        self._at += 1
        self.journal.begin()
        # A text that was left by undo keeps what had been said of it until that was undone: nothing.
        return True

    def _undo(self) -> None:
        if not self._history:
            self.note = "nothing to undo"
            return
        before = self._history.pop()
        if before is not None:
            self._say(before)
            return
        self._at -= 1
        self.journal.back()
        self.note = "back to the text before"

    def _say(self, answers: Answers) -> None:
        self._answers[self._at] = answers
        self.journal.put(self._row() if answers else None)

    def _row(self) -> Label:
        item, answers = self.item, self.answers
        try:
            path = os.path.relpath(item.path.resolve(), self.journal.file.parent.resolve())
        except ValueError:  # on another drive
            path = str(item.path.resolve())
        return Label(
            id=item.id,
            path=Path(path).as_posix(),
            outlet=item.outlet,
            labels=answers.labels,
            source_language=answers.language,
            slant=answers.slant,
            annotator=self.annotator,
            labelled_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _turned(now: Answers, axis: str, poles: Sequence[str]) -> Answers:
    """The next pole, and nothing after the last."""
    pole = now.slant.get(axis)
    following = poles[0] if pole is None else (*poles, pole)[poles.index(pole) + 1]
    return now.with_pole(axis, following)
