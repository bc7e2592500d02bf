"""A batch on a Dask cluster of real processes: the bytes of the one-process run, also when a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from biascheck import batch
from biascheck.errors import BatchError

pytest.importorskip("distributed")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Cluster:
    """A scheduler and two workers, as a user would start them."""

    def __init__(self, folder: Path) -> None:
        self.address = f"tcp://127.0.0.1:{_free_port()}"
        self.folder = folder
        port = self.address.rpartition(":")[2]
        self.scheduler = self._start("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        one = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))
        self.workers = [self._start("dask_worker", self.address, *one) for _ in range(2)]

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=self.folder,  # elsewhere: only absolute paths are found
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "elsewhere").mkdir()
    started = Cluster(tmp_path / "elsewhere")
    yield started
    started.stop()


def test_two_workers_write_the_same_bytes_also_when_one_is_killed(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prose: str, rendered: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "page.txt").write_text(prose)
    rows = [{"id": f"d{n}", "text": (prose, rendered, "")[n % 3] * 3} for n in range(600)]
    rows.append({"id": "file", "path": "in/page.txt"})
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    inputs = ["in", "in.jsonl", "in/page.txt"]
    batch.run(inputs, "one.jsonl", jobs=1)

    class Killing:
        """Kills a worker when a third is done."""

        done = 0

        def advance(self, weight: int, documents: int, errors: int) -> None:
            self.done += documents
            if self.done > 200 and cluster.workers[0].poll() is None:
                cluster.workers[0].send_signal(signal.SIGKILL)
                cluster.workers[0].wait()

        def start(self, total: int) -> None: ...
        def skip(self, weight: int, documents: int) -> None: ...
        def tick(self) -> None: ...
        def say(self, message: str) -> None: ...
        def stop(self) -> None: ...

    deadline = time.monotonic() + 60
    while True:
        try:
            summary = batch.run(inputs, "many.jsonl", scheduler=cluster.address, progress=Killing())
            break
        except BatchError:  # the scheduler is still starting
            assert time.monotonic() < deadline
    assert cluster.workers[0].poll() is not None
    assert cluster.workers[1].poll() is None
    assert summary.documents == 603
    assert Path("many.jsonl").read_bytes() == Path("one.jsonl").read_bytes()


def test_no_scheduler_is_one_line(tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text(prose)
    monkeypatch.setattr("biascheck.pools.CONNECT", 1)
    address = f"tcp://127.0.0.1:{_free_port()}"
    with pytest.raises(BatchError, match="no Dask scheduler at tcp://"):
        batch.run([tmp_path], tmp_path / "out.jsonl", scheduler=address)


def test_without_the_extra_the_remedy_is_said(tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text(prose)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BatchError, match=r"pip install 'biascheck\[dask\]'"):
        batch.run([tmp_path], tmp_path / "out.jsonl", local_cluster=1)
