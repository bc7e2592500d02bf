"""`biascheck label` as a person uses it: keys by a pipe and by a terminal, going on later, agreement."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from biascheck.commands.label import label
from biascheck.label_files import write_labels
from biascheck.label_reading import read_labels
from biascheck.labels import Label

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path, prose: str, rendered: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    pages = tmp_path / "pages"
    for name, text in {"un/a.txt": prose, "deux/b.txt": rendered}.items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return pages


def rows_of(file: Path) -> list[Label]:
    rows, problems = read_labels([file])
    assert problems == []
    return rows


def test_keys_by_a_pipe_fill_a_labels_file(folder: Path, run: Run) -> None:
    ran = run("label", "pages", "--order", "name", "--annotator", "ml", stdin=b"tl\no0\n")
    assert ran.code == 0, ran.err
    first, second = rows_of(folder.parent / "labels.csv")
    assert (first.path, first.outlet, first.source_language) == ("pages/deux/b.txt", "deux", "en")
    assert first.source.samefile(folder / "deux/b.txt")
    assert second.labels == {"original": 1, "translated": 0, "agency": 0, "aggregated": 0, "rewritten": 0}
    assert "deux/b.txt: translated=yes  source_language=en" in ran.out
    assert "2 texts labelled" in ran.out


def test_it_goes_on_where_it_was(folder: Path, run: Run) -> None:
    run("label", "pages", "--annotator", "ml", "--order", "name", stdin=b"t\nq")
    ran = run("label", "pages", "--annotator", "ml", "--order", "name", stdin=b"a\n")
    assert [row.path for row in rows_of(folder.parent / "labels.csv")] == ["pages/deux/b.txt", "pages/un/a.txt"]
    assert "deux/b.txt" not in ran.out
    assert "nothing to label" in run("label", "pages", "--annotator", "ml", stdin=b"a").err
    # Another annotator labels the same texts.
    run("label", "pages", "--annotator", "jd", "--order", "name", stdin=b"t\nt\n")
    assert [row.annotator for row in rows_of(folder.parent / "labels.csv")] == ["ml", "ml", "jd", "jd"]


def test_guess_and_evidence_are_shown_unless_blind(folder: Path, run: Run) -> None:
    seen = run("label", "pages", "--order", "name", stdin=b"q").out
    assert "model    translated" in seen
    assert "translated: “" in seen
    blind = run("label", "pages", "--order", "name", "--blind", stdin=b"mq")
    assert "Le ministre a été cité" in blind.out
    assert "model " not in blind.out
    assert "%" not in blind.out
    assert not (folder.parent / "labels.csv").exists()


def test_limit_ends_it(folder: Path, run: Run) -> None:
    assert "1 text labelled" in run("label", "pages", "--limit", "1", stdin=b"t\na\n").out
    assert len(rows_of(folder.parent / "labels.csv")) == 1


def test_broken_files_are_listed_and_tell_by_the_exit_code(folder: Path, run: Run) -> None:
    (folder / "image.txt").write_bytes(b"\x89PNG\r\n")
    ran = run("label", "pages", "-o", "l.jsonl", stdin=b"t\nt\n")
    assert ran.code == 1
    assert "could not be read: image.txt: not a text but a picture" in ran.err
    assert len(rows_of(folder.parent / "l.jsonl")) == 2


def test_text_cannot_rewrite_the_screen(folder: Path, run: Run, prose: str) -> None:
    (folder / "un/a.txt").write_text("\x1b[2JTitre [bold] du jour\n" + prose + "\x1b]0;x\x07\u202e", encoding="utf-8")
    ran = run("label", "pages", "--order", "name", stdin=b"s\nq")
    assert "[bold]" in ran.out
    assert not {"\x1b", "\x07", "\u202e"} & set(ran.out)


def test_new_labels_are_columns(folder: Path, run: Run) -> None:
    given = ("--new-label", "clickbait", "--new-axis", "left-right=left,right")
    ran = run("label", "pages", "--order", "name", *given, stdin=b"12\nq")
    assert ran.code == 0, ran.err
    rows, problems = read_labels(["labels.csv"], new_labels=["clickbait"], new_axes={"left-right": ("left", "right")})
    assert problems == []
    assert (rows[0].labels, rows[0].slant) == ({"clickbait": 1}, {"left-right": "left"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "FOLDER"),
        (("nowhere",), "nowhere"),
        (("pages", "-o", "labels.txt"), ".csv or .jsonl"),
        (("pages", "--new-label", "translated"), "cannot be the name"),
        (("pages", "--new-axis", "left-right"), "name=pole,pole"),
        (("pages", "--agreement", "pages", "pages"), "takes no FOLDER"),
        (("pages", *(x for i in range(10) for x in ("--new-label", f"label{i}"))), "nine"),
    ],
)
def test_wrong_usage_says_the_remedy(folder: Path, run: Run, arguments: tuple[str, ...], said: str) -> None:
    ran = run("label", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_click_runner_drives_it(folder: Path) -> None:
    ran = CliRunner().invoke(label, ["pages", "--order", "name"], input="t\nuug\nq")
    assert ran.exit_code == 0, ran.output
    assert [dict(row.labels) for row in rows_of(folder.parent / "labels.csv")] == [{"aggregated": 1}]


def test_agreement_of_two_files(folder: Path, run: Run) -> None:
    for name, second in (("ml.csv", b"t\n"), ("jd.jsonl", b"tt\n")):
        assert run("label", "pages", "-o", name, "--order", "name", stdin=b"tk\n" + second).code == 0
    write_labels("other.csv", [Label(text="Un texte d’ailleurs.", labels={"agency": 1})])
    ran = run("label", "--agreement", "ml.csv", "jd.jsonl")
    assert ran.code == 0, ran.err
    assert "2 texts in both files; 0 in ml.csv alone, 0 in jd.jsonl alone" in ran.out
    lines = [line.split() for line in ran.out.splitlines() if "%" in line]
    table = {words[0]: words[1:4] for words in lines}
    assert table["translated"] == ["2", "50%", "0.00"]
    assert table["slant.ukraine-war"] == ["1", "100%", "–"]
    assert "pages/un/a.txt  translated: yes / no" in ran.out
    assert "nothing to compare" in run("label", "--agreement", "ml.csv", "other.csv").out


def test_agreement_tells_of_rows_that_cannot_be_read(folder: Path, run: Run) -> None:
    (folder.parent / "a.csv").write_text("text,agency\nUn,oui\nDeux,peut-être\n", encoding="utf-8")
    ran = run("label", "--agreement", "a.csv", "a.csv")
    assert ran.code == 1
    assert "a.csv:3" in ran.err
    assert "1 texts in both files" in ran.out


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_a_killed_session_loses_nothing(folder: Path) -> None:
    main, side = pty.openpty()
    command = "from biascheck.cli import main; main()"
    arguments = [sys.executable, "-c", command, "label", "pages", "--order", "name"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    child = subprocess.Popen(arguments, stdin=side, stdout=side, stderr=side, env=environment, cwd=folder.parent)
    os.close(side)
    shown = ""

    def until(expected: str, seconds: float = 60) -> None:
        nonlocal shown
        shown, end = "", time.monotonic() + seconds
        while expected not in shown:
            assert time.monotonic() < end, shown
            if select.select([main], [], [], 0.2)[0]:
                shown += os.read(main, 65536).decode("utf-8", "replace")

    try:
        until("q quit")
        assert "none yet" in shown
        os.write(main, b"t")
        until("translated=yes")
        os.write(main, b"l")
        until("source_language=en")
        os.write(main, b"?")
        until("Any key goes on")
        os.write(main, b" \r")
        until("none yet")
        # Typed faster than the screen is drawn.
        os.write(main, b"ggr")
        until("rewritten=yes")
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
        os.close(main)
    assert [(dict(row.labels), row.source_language) for row in rows_of(folder.parent / "labels.csv")] == [
        ({"translated": 1}, "en"),
        ({"aggregated": 0, "rewritten": 1}, ""),
    ]
