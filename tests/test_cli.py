"""The command line as its users meet it: help, readings, exit codes, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from biascheck import __version__
from biascheck.cli import cli
from biascheck.evidence import REST
from biascheck.reading import (
    Evidence,
    Failure,
    ModelReference,
    Provenance,
    Reading,
    SourceLanguage,
)
from biascheck.render.terminal import print_failure, print_reading

Run = Callable[..., Any]
COMMANDS = {name: cli.get_command(click.Context(cli), name) for name in cli.list_commands(click.Context(cli))}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(run: Run, command: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = run(*command.split(), "-h")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == run(*command.split(), "--help").out
    assert ran.out == snapshot


def test_version(run: Run) -> None:
    assert run("--version").out.strip().endswith(__version__)


def examples() -> list[tuple[str, list[str]]]:
    """The examples of every help text, as words."""
    found = []
    for name, command in COMMANDS.items():
        for example in re.findall(r"Example:\s+(biascheck .+?)(?:$|\n)", command.help or ""):
            found.append((name, shlex.split(example)))
    return found


def test_reading_commands_have_an_example() -> None:
    assert {"score", "train", "evaluate"} <= {name for name, _ in examples()}


@pytest.mark.parametrize(("name", "words"), examples())
def test_examples_of_the_help_parse(name: str, words: list[str]) -> None:
    assert words[:2] == ["biascheck", name]
    command: click.Command = COMMANDS[name]
    assert command.make_context(name, words[2:])


def test_score_json_is_a_reading(run: Run, valid: Callable[[object], None], seed_files: dict[str, Path]) -> None:
    file = seed_files["001"]
    ran = run("score", "--json", file)
    assert (ran.code, ran.err) == (0, "")
    reading = json.loads(ran.out)
    valid(reading)
    assert reading["path"] == str(file)
    assert reading["text"] == file.read_text(encoding="utf-8")
    assert reading["evidence"]


def test_score_without_evidence(run: Run, seed_files: dict[str, Path]) -> None:
    assert json.loads(run("score", "--json", "--no-evidence", seed_files["001"]).out)["evidence"] == []


def test_score_prints_a_reading(run: Run, seed_files: dict[str, Path]) -> None:
    ran = run("score", seed_files["001"])
    assert ran.code == 0
    for word in ("translated", "aggregated", "rewritten", "Lien source", str(seed_files["001"])):
        assert word in ran.out
    assert not CONTROL.search(ran.out)


def test_score_of_standard_input(run: Run, seed_files: dict[str, Path]) -> None:
    data = seed_files["003"].read_bytes()
    piped = json.loads(run("score", "--json", "-", stdin=data).out)
    file = json.loads(run("score", "--json", seed_files["003"]).out)
    assert (piped["id"], piped["path"]) == ("-", None)
    assert {**piped, "id": file["id"], "path": file["path"]} == file
    assert run("score", "-", stdin=b"").code == 1


def test_standard_input_may_be_a_page(run: Run, prose: str) -> None:
    page = f"<!doctype html><html><head><title>T</title></head><body><article><p>{prose}</p></article></body></html>"
    found = json.loads(run("score", "--json", "-", stdin=page.encode()).out)
    assert "<p>" not in found["text"]
    assert "La commune" in found["text"]


def test_a_missing_file_does_not_stop_the_others(
    run: Run, valid: Callable[[object], None], seed_files: dict[str, Path], tmp_path: Path
) -> None:
    files = [seed_files["000"], tmp_path / "missing.txt", tmp_path, seed_files["002"]]
    ran = run("score", "--json", *files)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    for line in lines:
        valid(line)
    assert [line["id"] for line in lines] == [str(file) for file in files]
    assert ["error" in line for line in lines] == [False, True, True, False]
    assert ran.code == 1
    assert "2 of 4" in ran.err
    plain = run("score", *files)
    assert plain.code == 1
    assert "no such file" in plain.out
    assert str(files[3]) in plain.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["score"], "FILES"),
        (["score", "--no-such-option", "x"], "--no-such-option"),
        (["score", "--max-text-bytes", "0", "x"], "max-text-bytes"),
        (["no-such-command"], "no-such-command"),
        (["train"], "--out"),
        (["train", "--corpus", "/no/such/folder"], "/no/such/folder"),
        (["evaluate", "--floors", "/no/such/file"], "/no/such/file"),
        (["models", "extra"], "extra"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], word: str) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert word in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("model", ["no-such-model", "/no/such/folder", "a\x1b[31mb", "."])
def test_unknown_model_is_one_line(run: Run, model: str, seed_files: dict[str, Path]) -> None:
    ran = run("score", "--model", model, seed_files["000"])
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Error: no model at")
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("command", [["evaluate", "--data"], ["train", "--out", "unused", "--data"]])
def test_missing_training_data_is_one_line(run: Run, command: list[str], tmp_path: Path) -> None:
    ran = run(*command, tmp_path / "nothing")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "no training data" in ran.err


def test_a_corpus_without_files_is_one_line(run: Run, tmp_path: Path) -> None:
    ran = run("train", "--corpus", tmp_path, "--out", tmp_path / "model", "--data", tmp_path / "data")
    assert ran.code == 2
    assert "no .parquet files" in ran.err


def test_limits_are_options(run: Run, seed_files: dict[str, Path]) -> None:
    ran = run("score", "--max-text-bytes", "100", seed_files["000"])
    assert ran.code == 1
    assert "--max-text-bytes" in ran.out


def test_models_names_the_shipped_one(run: Run) -> None:
    ran = run("models")
    assert ran.code == 0
    assert ran.out.startswith("* fr ")
    assert "CC BY-NC" in ran.out
    assert str(Path("fr", "card.md")) in ran.out


def test_a_model_without_a_card_is_still_listed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from biascheck import store

    (tmp_path / "bare").mkdir()
    for name in ("model.json", store.FILE):
        (tmp_path / "bare" / name).write_bytes((store.models_folder() / "fr" / name).read_bytes())
    monkeypatch.setattr(store, "models_folder", lambda: tmp_path)
    ran = run("models")
    assert ran.code == 0
    assert "card: none" in ran.out


HOSTILE = "\x1b[31mTitre\x1b]0;pris\x07 [bold]rouge[/bold] \u202e à l’envers\x9b31m"


def test_control_characters_of_a_text_do_not_reach_the_screen(run: Run, prose: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.txt"
    file.write_text(f"{HOSTILE}\n{prose}{HOSTILE}\nLien source \x1b[2J\n", encoding="utf-8")
    ran = run("score", file, tmp_path / "\x1b[31mmissing")
    assert not CONTROL.search(ran.out)
    assert "[bold]rouge[/bold]" in ran.out


def reading(**changes: object) -> Reading:
    """A reading made by hand: nothing in it depends on a model."""
    text = "Un titre écrit pour l’essai\n\nIl a déclaré : “Tout va bien”, dans une phrase d’essai.\n\nLien source"
    evidence = (
        Evidence("translated", 29, 58, 1.5, "verb after the quote in English order"),
        Evidence("translated", 60, 84, 0.5, "wording that translations have and native texts do not"),
        Evidence("aggregated", 86, 97, 1.9, "a link back to the page that the text was taken from"),
    )
    scores = {"original": 0.01, "agency": 0.04, "translated": 0.98, "aggregated": 0.95, "rewritten": 0.5}
    fields = {
        "id": "essai",
        "path": "essai.txt",
        "sha256": "0" * 64,
        "biascheck": "0.0.0",
        "model": ModelReference("fr", "0" * 64),
        "language": "fr",
        "text": text,
        "title": "Un titre écrit pour l’essai",
        "provenance": Provenance(
            ("translated", "aggregated"), scores, SourceLanguage("en", {"en": 0.81, "es": 0.12, "de": 0.04, "ru": 0.03})
        ),
        "evidence": evidence,
        "warnings": ("truncated: the file ends inside a character",),
        **changes,
    }
    return Reading(**fields)  # type: ignore[arg-type]


def printed(what: Reading | Failure, **options: object) -> str:
    out = StringIO()
    console = Console(file=out, width=110, highlight=False, **options)  # type: ignore[arg-type]
    (print_failure if isinstance(what, Failure) else print_reading)(console, what)  # type: ignore[operator]
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_a_printed_reading(snapshot: SnapshotAssertion) -> None:
    assert printed(reading()) == snapshot


def test_a_printed_reading_that_says_nothing(snapshot: SnapshotAssertion) -> None:
    short = reading(provenance=Provenance(), evidence=(), warnings=("too_short: 12 characters",), title=None)
    assert printed(short) == snapshot


def test_the_rest_is_not_printed_and_every_label_has_its_reason_early() -> None:
    strong = tuple(Evidence("translated", 29, 58, 3.0 - n / 10, f"reason {n}") for n in range(9))
    weak = Evidence("aggregated", 86, 97, 0.1, "a link back")
    shown = printed(reading(evidence=(*strong, Evidence("translated", 0, 0, 7.7, REST), weak)))
    assert REST not in shown
    assert "+7.7" not in shown
    assert "a link back" in shown
    assert shown.index("reason 0") < shown.index("a link back") < shown.index("reason 1")


def test_a_printed_failure(snapshot: SnapshotAssertion) -> None:
    assert printed(Failure("x", "x.txt", "empty", "x.txt: the file is empty")) == snapshot


@pytest.mark.parametrize("field", ["id", "path", "title"])
def test_no_field_can_rewrite_the_screen(field: str) -> None:
    shown = reading(**{"path": None, field: HOSTILE})
    assert not CONTROL.search(printed(shown))
    assert not CONTROL.search(printed(Failure(HOSTILE, HOSTILE if field == "path" else None, "empty", HOSTILE)))
    assert "[bold]rouge[/bold]" in printed(shown, force_terminal=True)


def installed(*arguments: str | bytes | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from biascheck.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_piped_output_is_plain_utf8_whatever_the_file_is_called(seed_files: dict[str, Path], tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\xff.txt"
    try:
        Path(os.fsdecode(file)).write_bytes(seed_files["000"].read_bytes())
    except OSError:
        pytest.skip("the file system takes UTF-8 names only")
    for option in ("--evidence", "--json"):
        ran = installed("score", option, file, seed_files["004"])
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert "translated" in ran.stdout.decode("utf-8")
        assert b"\x1b" not in ran.stdout


def test_help_does_not_wait_for_the_heavy_libraries() -> None:
    code = "import sys\nfrom biascheck.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code, "-h"], capture_output=True, check=False, text=True)
    assert ran.stdout.startswith("Usage")
    assert not {"sklearn", "numpy", "rich", "trafilatura"} & set(ran.stdout.splitlines()[-1].split())


def test_a_closed_pipe_is_no_error(seed_files: dict[str, Path]) -> None:
    command = [sys.executable, "-c", "from biascheck.cli import main; main()", "score", "--json", seed_files["000"]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        errors = process.stderr.read()
    assert b"Traceback" not in errors
    assert b"Exception" not in errors
