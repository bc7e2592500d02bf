"""Kill a batch run at random moments, go on, and compare with an undisturbed run, byte for byte.

    python bench/kills.py                      # 50 kills of a run of 5,000 documents
    python bench/kills.py --kills 10 --documents 600

SIGKILL, SIGTERM, Ctrl-C (SIGINT), a full disk (a small tmpfs where that may be mounted, else a limit on the size of
files) and a worker killed, by turns, each at a random moment; one that comes when the run has ended is not counted.
Ends with 1 where an output differed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("SIGKILL", "SIGTERM", "SIGINT", "full disk", "worker killed")


def sentences() -> list[str]:
    text = " ".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "seeds").glob("*.txt")))
    return [found.strip() for found in re.findall(r"[^.\n]{20,400}\.", text)]


def make_documents(file: Path, count: int) -> None:
    chance, known = random.Random(5), sentences()
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            text = " ".join(chance.choices(known, k=15))
            out.write(json.dumps({"id": f"d{number}", "text": text}, ensure_ascii=False) + "\n")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Disk:
    """A folder that can be made full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0

    def _resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    def fill(self, room: int) -> Callable[[], None] | None:
        """Leave so many bytes; what a process must call at its start, where only that can do it."""
        if self.mounted:
            state = os.statvfs(self.folder)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize
            self._resize(max(used + room, 8192))
            return None
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room // 4, room // 4))

    def empty(self) -> None:  # noqa: D102
        if self.mounted:
            self._resize(1 << 30)

    def close(self) -> None:  # noqa: D102
        if self.mounted:
            subprocess.run(["umount", str(self.folder)], check=False)


def workers_of(process: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "popen_loky" in line]


def start(source: Path, out: Path, jobs: int, before: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "biascheck", "batch", str(source), "-o", str(out), "--jobs", str(jobs), "-q"]

    def begin() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a script in the background ignores it, and so do its children
        if before is not None:
            before()

    return subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, preexec_fn=begin)  # noqa: PLW1509


def disturb(
    kind: str, source: Path, out: Path, jobs: int, disk: Disk, chance: random.Random, usual: float
) -> str | None:
    """Start or go on, and end it by one of the kinds; what came of it, or None where it came too late."""
    struck = kind == "full disk"
    size = source.stat().st_size
    before = disk.fill(chance.randrange(size // 50, size)) if kind == "full disk" else None
    process = start(source, out, jobs, before)
    if kind != "full disk":
        try:
            process.wait(chance.uniform(0, usual))
        except subprocess.TimeoutExpired:
            if kind == "worker killed":
                victims = workers_of(process.pid)
                if victims:
                    struck = True
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    time.sleep(chance.uniform(0, usual / 2))
                process.kill()
            else:
                struck = True
                os.killpg(process.pid, getattr(signal, kind))
    _, err = process.communicate()
    disk.empty()
    if b"Traceback" in err:
        print(err.decode(errors="replace"))
        return "traceback"
    # A full disk that was not, and a signal that found nobody.
    missed = process.returncode == 0 and kind != "worker killed"
    return f"code {process.returncode}" if struck and not missed else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    wrong = kills = rounds = 0
    came = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        make_documents(source, options.documents)
        began = time.monotonic()
        start(source, Path(folder) / "undisturbed.jsonl", options.jobs).communicate()
        usual = time.monotonic() - began
        expected = digest(Path(folder) / "undisturbed.jsonl")
        print(f"undisturbed: {options.documents} documents in {usual:.1f} s, {expected[:16]}", flush=True)
        disk = Disk(Path(folder) / "disk")
        print("full disk by", "tmpfs" if disk.mounted else "a limit on the size of files", flush=True)
        try:
            while kills < options.kills:
                rounds += 1
                out = disk.folder / f"out{rounds}.jsonl"
                for _ in range(min(chance.randint(1, 4), options.kills - kills)):
                    kind = KINDS[kills % len(KINDS)]
                    result = disturb(kind, source, out, options.jobs, disk, chance, usual)
                    kills += result is not None
                    came[f"{kind}: {result or 'too late'}"] += 1
                    wrong += result == "traceback"
                    if out.exists() and not Path(f"{out}.parts").exists():
                        break  # it had ended before
                _, err = start(source, out, options.jobs).communicate()
                same = out.exists() and digest(out) == expected
                record = Path(f"{out}.run.json")
                left = sorted(path.name for path in disk.folder.iterdir() if path not in (out, record))
                wrong += not same or bool(left)
                print(f"{kills} kills, round {rounds}:", "same" if same else f"DIFFERS {err!r}", *left, flush=True)
                out.unlink(missing_ok=True)
                record.unlink(missing_ok=True)
        finally:
            disk.close()
    for what, count in sorted(came.items()):
        print(f"{count:3} {what}")
    print(f"{kills} kills in {rounds} rounds: {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
