"""Batch runs, whole: the same bytes however they are run, killed and resumed; no document ends one."""

from __future__ import annotations

import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biascheck import batch, worker
from biascheck.errors import BatchError
from biascheck.inputs import Entry, read_entry
from biascheck.progress import Quiet
from biascheck.scorer import Scorer

#: A document that ends the process that reads it, each time or the first.
DEADLY, DEADLY_ONCE = "MORTEL", "MORTEL UNE FOIS "


def write_rows(file: Path, texts: list[str], **more: Any) -> Path:
    file.write_text("".join(json.dumps({"id": f"d{n}", "text": t, **more}) + "\n" for n, t in enumerate(texts)))
    return file


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, prose: str, rendered: str) -> Path:
    """Ten shards, by a column that only weighs: in.jsonl, and what an undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("corpus")
    texts = [f"{(prose, rendered)[n % 2]}Fin du numéro {n}." if n % 10 else "" for n in range(500)]
    batch.run([write_rows(folder / "in.jsonl", texts, weight="x" * 2_500)], folder / "undisturbed.jsonl", jobs=1)
    return folder


def test_a_run_says_what_the_scorer_says(
    tmp_path: Path, seed_files: dict[str, Path], scorer: Scorer, valid: Callable[[object], None]
) -> None:
    folder = seed_files["001"].parent
    summary = batch.run([folder], tmp_path / "out.jsonl", jobs=1, with_text=True)
    found = lines(tmp_path / "out.jsonl")
    assert [entry["id"] for entry in found] == sorted(file.name for file in folder.glob("*.txt"))
    for entry in found:
        valid(entry)
        alone = scorer.score_file(folder / entry["id"], id=entry["id"], evidence=False).to_dict()
        assert entry == alone
    assert (summary.documents, summary.errors, summary.path) == (5, {}, str(tmp_path / "out.jsonl"))
    assert sum(summary.provenance.values()) >= 5


def test_the_same_bytes_with_processes_and_from_every_kind_of_input(tmp_path: Path, corpus: Path) -> None:
    file = corpus / "in.jsonl"
    summary = batch.run([file], tmp_path / "two.jsonl", jobs=2)
    assert summary.errors == {"empty": 50}
    one = (corpus / "undisturbed.jsonl").read_bytes()
    assert one == (tmp_path / "two.jsonl").read_bytes()
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(file.read_bytes()))
    pq.write_table(pa.Table.from_pylist(lines(file)), tmp_path / "in.parquet")
    for kind in ("jsonl.gz", "parquet"):
        batch.run([tmp_path / f"in.{kind}"], tmp_path / f"{kind}.out.jsonl", jobs=1)
        assert (tmp_path / f"{kind}.out.jsonl").read_bytes() == one, kind
    left = sorted(p.name for p in tmp_path.iterdir() if "out.jsonl." in p.name)
    assert left == [f"{kind}.out.jsonl.run.json" for kind in ("jsonl.gz", "parquet")]


# ---- workers that die; these functions are found by the workers, which have this module's folder on their path


def _deadly_reader(entry: Entry, limits: Any) -> Any:
    text = entry.text or ""
    if text.startswith(DEADLY_ONCE):
        marker = Path(text.removeprefix(DEADLY_ONCE))
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    elif text.startswith(DEADLY):
        os.kill(os.getpid(), signal.SIGSEGV)
    return read_entry(entry, limits)


def _deadly_work(task: worker.Task) -> Any:
    worker.read_entry = _deadly_reader  # type: ignore[attr-defined]
    return worker.work(task)


def _deadly_span(task: worker.Task, start: int, stop: int) -> Any:
    worker.read_entry = _deadly_reader  # type: ignore[attr-defined]
    return worker.work_span(task, start, stop)


def test_a_document_that_kills_its_worker_is_an_error_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prose: str, valid: Callable[[object], None]
) -> None:
    monkeypatch.setattr(batch, "work", _deadly_work)
    monkeypatch.setattr(batch, "work_span", _deadly_span)
    texts = [f"{prose} {n}" for n in range(60)]
    texts[41] = DEADLY
    texts[7] = f"{DEADLY_ONCE}{tmp_path / 'died'}"
    file = write_rows(tmp_path / "in.jsonl", texts, desk="x")
    summary = batch.run([file], tmp_path / "out.jsonl", jobs=2, keep=True)
    found = lines(tmp_path / "out.jsonl")
    assert (tmp_path / "died").exists()
    assert [entry["id"] for entry in found] == [f"d{n}" for n in range(60)]
    assert [entry["id"] for entry in found if "error" in entry] == ["d41"]
    assert found[41].pop("desk") == "x"
    valid(found[41])
    assert found[41]["error"]["code"] == "worker_died"
    assert summary.errors == {"worker_died": 1}


def test_one_process_that_crashed_goes_on_past_the_document(tmp_path: Path, prose: str) -> None:
    texts = [f"{prose} {n}" for n in range(30)]
    texts[11] = DEADLY
    file = write_rows(tmp_path / "in.jsonl", texts)
    code = (
        "import sys, test_batch as deadly\nfrom biascheck import batch\nfrom biascheck.progress import Plain\n"
        "batch.work, batch.work_span = deadly._deadly_work, deadly._deadly_span\n"
        "batch.run([sys.argv[1]], sys.argv[2], jobs=1, progress=Plain())\n"
    )
    once = [sys.executable, "-c", code, str(file), str(tmp_path / "out.jsonl")]
    folder = Path(__file__).parent
    crashed = subprocess.run(once, cwd=folder, capture_output=True, check=False)
    assert crashed.returncode == -signal.SIGSEGV
    again = subprocess.run(once, cwd=folder, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "a run ended in the middle of part 0; it is read in another process" in again.stderr
    found = lines(tmp_path / "out.jsonl")
    assert [entry["id"] for entry in found] == [f"d{n}" for n in range(30)]
    assert [(entry["id"], entry["error"]["code"]) for entry in found if "error" in entry] == [("d11", "worker_died")]


def test_a_document_at_which_the_scorer_fails_costs_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prose: str
) -> None:
    read = Scorer.read

    def failing(self: Scorer, documents: Any, **more: Any) -> Any:
        if any("panne" in document.text for document in documents):
            raise ZeroDivisionError("oups")
        return read(self, documents, **more)

    monkeypatch.setattr(Scorer, "read", failing)
    file = write_rows(tmp_path / "in.jsonl", [prose, f"{prose} panne", prose])
    batch.run([file], tmp_path / "out.jsonl", jobs=1)
    found = lines(tmp_path / "out.jsonl")
    assert ["error" in entry for entry in found] == [False, True, False]
    assert found[1]["error"]["code"] == "internal"
    assert "ZeroDivisionError" in found[1]["error"]["message"]


# ---- kills


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "biascheck", "batch", *map(str, arguments)]


def stopped_at(process: subprocess.Popen[bytes], out: Path, shards: int) -> None:
    """Wait until so many shards are done, or the process."""
    folder = Path(f"{out}.parts")
    while process.poll() is None and len(list(folder.glob("*/*/*.done"))) < shards:
        time.sleep(0.01)


def test_killed_by_any_signal_it_goes_on_to_the_same_bytes(tmp_path: Path, corpus: Path) -> None:
    file = corpus / "in.jsonl"
    out = tmp_path / "out.jsonl"
    done = 0
    for number, jobs in ((signal.SIGKILL, "2"), (signal.SIGTERM, "1"), (signal.SIGINT, "1")):
        with subprocess.Popen(command(file, "-o", out, "--jobs", jobs), stderr=subprocess.PIPE) as process:
            stopped_at(process, out, done + 1)
            process.send_signal(number)
            _, err = process.communicate()
        now = len(list(Path(f"{out}.parts").glob("*/*/*.done")))
        assert now > done, "what was done is kept"
        done = now
        if number != signal.SIGKILL:
            assert process.returncode == 128 + number
            assert err.decode().splitlines()[-1] == "Stopped; run the same command again to go on where it was."
    refused = subprocess.run(command(file, "-o", out, "--with-text"), capture_output=True, check=False)
    assert refused.returncode == 2
    assert b"differs in options" in refused.stderr
    last = subprocess.run(command(file, "-o", out, "--jobs", "1"), capture_output=True, check=False)
    assert last.returncode == 1  # the empty documents
    assert b"by an earlier run" in last.stderr
    assert out.read_bytes() == (corpus / "undisturbed.jsonl").read_bytes()
    assert not Path(f"{out}.parts").exists()


class Stopping(Quiet):
    """Ends a run when so many shards are done, and takes note of what is said."""

    def __init__(self, shards: int) -> None:
        self.left = shards
        self.said: list[str] = []

    def advance(self, weight: int, documents: int, errors: int) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt

    def say(self, message: str) -> None:
        self.said.append(message)


def test_named_files_that_have_changed_are_read_again(tmp_path: Path, prose: str) -> None:
    for number in range(200):
        if number != 7:
            (tmp_path / f"{number}.txt").write_text(f"{prose} {number}")
    rows = [{"id": str(number), "path": f"{number}.txt", "weight": "x" * 100} for number in range(200)]
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        batch.run([file], out, jobs=1, with_text=True, progress=Stopping(4))
    assert 4 <= len(list(tmp_path.glob("out.jsonl.parts/*/*/*.done"))) < 7
    before = (tmp_path / "3.txt").stat().st_size
    (tmp_path / "3.txt").write_text(f"{prose} troi"[:before])
    (tmp_path / "7.txt").write_text(f"{prose} venu plus tard")
    (tmp_path / "80.txt").unlink()
    progress = Stopping(0)
    summary = batch.run([file], out, jobs=1, with_text=True, progress=progress)
    assert progress.said[-1] == "2 parts read again: files that their rows name had changed"
    assert 0 < summary.resumed < 200
    assert (summary.named, summary.errors) == (200, {"not_found": 1})
    batch.run([file], tmp_path / "fresh.jsonl", jobs=1, with_text=True)
    assert out.read_bytes() == (tmp_path / "fresh.jsonl").read_bytes()
    assert batch.run([file], out, jobs=1, with_text=True, progress=progress).resumed == 200
    assert "have not been looked at again; --restart" in progress.said[-1]


def test_files_of_a_folder_that_have_changed_are_another_input(tmp_path: Path, prose: str) -> None:
    (tmp_path / "in").mkdir()
    for number in range(40):
        (tmp_path / "in" / f"{number}.txt").write_text(f"{prose} {number}")
    with pytest.raises(KeyboardInterrupt):
        batch.run([tmp_path / "in"], tmp_path / "out.jsonl", jobs=1, progress=Stopping(1))
    file = tmp_path / "in" / "0.txt"
    file.write_text(file.read_text().upper())
    with pytest.raises(BatchError, match=r"differs in input; .*--restart"):
        batch.run([tmp_path / "in"], tmp_path / "out.jsonl", jobs=1)


def test_ctrl_c_while_workers_start_is_one_line(tmp_path: Path, prose: str) -> None:
    # So much that it cannot be done before the signal is heard.
    many = tmp_path / "in.jsonl"
    many.write_text("".join(json.dumps({"id": str(n), "text": prose * 3}) + "\n" for n in range(20_000)))
    once = command(many, "-o", tmp_path / "out.jsonl", "--jobs", "2", "-q")
    with subprocess.Popen(once, stderr=subprocess.PIPE, start_new_session=True, text=True) as process:
        workers = ""
        while process.poll() is None and "popen_loky" not in workers:
            ps = ["ps", "-ww", "-o", "args=", "--ppid", str(process.pid)]  # whole, however narrow the terminal
            workers = subprocess.run(ps, capture_output=True, text=True, check=False).stdout
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err == "Stopped; run the same command again to go on where it was.\n"


def test_a_full_disk_is_one_line_and_the_run_goes_on_later(tmp_path: Path, corpus: Path) -> None:
    file = corpus / "in.jsonl"
    size = (corpus / "undisturbed.jsonl").stat().st_size
    out = tmp_path / "out.jsonl"

    def full() -> None:  # files, as the assembled one, cannot grow so large
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    ran = subprocess.run(
        command(file, "-o", out, "--jobs", "1", "-q"), capture_output=True, preexec_fn=full, check=False
    )
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert b"File too large; make room" in ran.stderr
    assert not out.exists()
    batch.run([file], out, jobs=1)
    assert out.read_bytes() == (corpus / "undisturbed.jsonl").read_bytes()


# ---- the command


def test_the_command_counts_and_says_where(tmp_path: Path, run: Callable[..., Any], prose: str) -> None:
    for name in ("a.txt", "sub/b.txt", "sub/c.html"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(prose if name != "sub/c.html" else "<html><body></body></html>")
    out = tmp_path / "in" / "out.csv"
    ran = run("batch", tmp_path / "in", tmp_path / "in" / "a.txt", "-o", out, "--jobs", "1")
    assert ran.code == 1
    assert ran.out == ""
    assert "4 documents in" in ran.err
    assert "errors: no_article 1" in ran.err
    assert str(out) in ran.err
    rows = out.read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["id", "a.txt", "sub/b.txt", "sub/c.html", str(tmp_path / "in/a.txt")]
    before = out.read_bytes(), out.stat().st_mtime_ns
    again = run("batch", tmp_path / "in", tmp_path / "in" / "a.txt", "-o", out)
    assert again.code == 1
    assert "of them 4 by an earlier run" in again.err
    assert (out.read_bytes(), out.stat().st_mtime_ns) == before
    again = run("batch", tmp_path / "in", "-o", out)
    assert again.code == 2
    assert again.err.startswith("Error: ")
    assert "--restart" in again.err
    assert run("batch", tmp_path / "in", "-o", out, "--restart", "-q", "--jobs", "1").err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing/", "-o", "out.jsonl"), "no such file or folder"),
        (("in.jsonl", "-o", "out.xlsx"), ".jsonl, .csv or .parquet"),
        (("in.jsonl", "-o", "in.jsonl"), "both read and written"),
        (("in.jsonl", "-o", "out.jsonl", "--fields", "id,colour"), "there are: id, path"),
        (("in.jsonl", "-o", "out.jsonl", "--model", "missing"), "no model at"),
        (("in.jsonl", "-o", "file/out.jsonl"), "make room or permit writing"),
        (("in.jsonl", "-o", "out.jsonl", "--scheduler", "tcp://127.0.0.1:1", "--local-cluster", "1"), "exclude"),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    prose: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "in.jsonl", [prose])
    (tmp_path / "file").write_text("x")
    ran = run("batch", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert sorted(os.listdir(tmp_path)) == ["file", "in.jsonl"]


def test_columns_are_explained_by_the_command(run: Callable[..., Any]) -> None:
    ran = run("batch", "--columns")
    assert ran.code == 0
    assert "Probability that the text is a translation" in ran.out


def test_the_model_must_be_the_run_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prose: str) -> None:
    file = write_rows(tmp_path / "in.jsonl", [prose])
    monkeypatch.setattr(batch, "_model", lambda name: (name, "0" * 64))
    with pytest.raises(BatchError, match="another than the run's"):
        batch.run([file], tmp_path / "out.jsonl", jobs=1)


def test_hostile_documents_are_entries(tmp_path: Path, prose: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bomb.html").write_bytes(gzip.compress(bytes(30_000_000)))
    (folder / "broken.txt").write_bytes(prose.encode() + b"\xff\xfe")
    (folder / "empty.txt").touch()
    (folder / "large.txt").write_bytes(b"x" * 2_500_000)
    (folder / "nul.txt").write_bytes(bytes(1000))
    (folder / "good.txt").write_text(prose)
    name = os.fsencode(folder) + b"/latin\xe9.txt"
    Path(os.fsdecode(name)).write_text(prose)
    summary = batch.run([folder], tmp_path / "out.jsonl", jobs=1)
    found = {entry["id"]: entry.get("error", {}).get("code") for entry in lines(tmp_path / "out.jsonl")}
    assert found == {
        "bomb.html": "binary",
        "broken.txt": None,
        "empty.txt": "empty",
        "good.txt": None,
        "large.txt": "too_large",
        "latin?.txt": None,
        "nul.txt": "empty",
    }
    assert summary.documents == 7


def test_ids_given_twice_are_kept_and_said(tmp_path: Path, prose: str, run: Callable[..., Any]) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text((json.dumps({"id": "same", "text": prose}) + "\n") * 3)
    ran = run("batch", file, "-o", tmp_path / "out.jsonl", "--jobs", "1")
    assert "ids given more than once: 2" in ran.err
    assert len(lines(tmp_path / "out.jsonl")) == 3
