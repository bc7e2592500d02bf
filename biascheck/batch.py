"""Folders and corpora → one file of readings, resumable: the run, which cuts, hands out, collects and assembles.

>>> from biascheck import batch
>>> import tempfile
>>> summary = batch.run(["seeds"], tempfile.mkdtemp() + "/seeds.jsonl", jobs=1)
>>> summary.documents, dict(summary.errors)
(5, {})
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from biascheck import __version__, stopping, storage
from biascheck.cutting import Cut, check, cut, take_census
from biascheck.document import Limits
from biascheck.errors import BatchError
from biascheck.inputs import Entry, Source, sources
from biascheck.outputs import Shape, format_of, line_of
from biascheck.pools import LOOK, Pool, pool_for
from biascheck.progress import Progress, Quiet
from biascheck.reading import Failure
from biascheck.rows import entries
from biascheck.shards import Parts, Row, Tally, disk_error, write_shard
from biascheck.store import checksum, load_model, models_folder
from biascheck.worker import Task, count, named_file, work, work_span

__all__ = ["Summary", "run"]

#: Parts into which a span of documents is cut where one of them ends its worker.
SPANS = 32


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to.

    Attributes
    ----------
    errors, provenance, slant : mapping
        Documents by error code, by label of provenance, by axis and verdict of slant.
    repeated_ids : int
        Documents whose id another has as well; each has its entry.
    resumed : int
        Documents that an earlier run had done.
    named : int
        Documents in files of this machine that rows of the input name.
    """

    documents: int
    errors: Mapping[str, int]
    provenance: Mapping[str, int]
    slant: Mapping[str, int]
    repeated_ids: int
    resumed: int
    seconds: float
    path: str
    named: int = 0


def run(
    inputs: Sequence[str | Path],
    out: str | Path,
    *,
    model: str = "fr",
    jobs: int | None = None,
    fields: Sequence[str] | None = None,
    with_text: bool = False,
    evidence: bool = False,
    keep: bool = False,
    restart: bool = False,
    scheduler: str | None = None,
    local_cluster: int | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Read every document of the inputs and write one line or row for each, in input order.

    Killed at any moment, the same call goes on where it was.

    Parameters
    ----------
    inputs : sequence of str or Path
        Folders, files, globs or fsspec URLs.
    out : str or Path
        The output; its ending says the format: ``.jsonl``, ``.csv`` or ``.parquet``.
    jobs : int, optional
        Processes; all cores if None; 1 reads in this process.
    fields : sequence of str, optional
        Only these fields or columns.
    with_text, evidence, keep : bool
        Write the texts, the passages behind the verdicts, the unknown columns of the input.
    restart : bool
        Start over, whatever there is.
    scheduler : str, optional
        Address of a Dask scheduler.
    local_cluster : int, optional
        Workers of a Dask cluster on this machine, for a try.

    Raises
    ------
    BatchError
        Where the run cannot begin or go on; the message says the remedy.
    """
    began = time.monotonic()
    target = storage.absolute(str(out))
    shape = Shape(format_of(target), tuple(fields) if fields is not None else None, with_text, evidence, keep)
    shape.check()
    limits = limits or Limits()
    found = sources(inputs)
    _check_out(target, found)
    check(found)
    model, sha256 = _model(model)
    census = take_census(found)
    description = {
        "biascheck": __version__,
        "input": asdict(census),
        "model": sha256,
        "options": json.loads(json.dumps({**asdict(shape), **asdict(limits)})),
    }
    parts = Parts(target)
    done = None if restart else parts.finished(description)
    if done is not None:
        if done.get("named") and progress is not None:
            progress.say("the files that rows name have not been looked at again; --restart reads them anew")
        return Summary(**{**done, "resumed": done["documents"], "seconds": time.monotonic() - began, "path": str(out)})
    resumed = parts.open(description, restart=restart)
    driver = _Driver(parts, shape, limits, model, sha256, progress or Quiet(), (_jobs(jobs), scheduler, local_cluster))
    driver.progress.start(census.bytes)
    killed = True
    try:
        if resumed:
            driver.progress.say(f"going on with {parts.root}")
        shards = driver.do_all(cut(found, census, limits))
        driver.close(kill=False)
        killed = False
        stopping.check()
        repeated = parts.assemble(shards, shape, driver.tally.kept)
        summary = _summary(driver, repeated, time.monotonic() - began, str(out))
        parts.finish(asdict(summary))
    except OSError as error:
        raise disk_error(error, str(out)) from None
    finally:
        if killed:
            driver.close(kill=True)
        driver.progress.stop()
        parts.close()
    return summary


def _summary(driver: _Driver, repeated: int, seconds: float, out: str) -> Summary:
    tally = driver.tally
    return Summary(
        tally.documents,
        dict(tally.errors.most_common()),
        dict(tally.provenance.most_common()),
        dict(tally.slant.most_common()),
        repeated,
        driver.resumed,
        seconds,
        out,
        tally.named,
    )


def _jobs(jobs: int | None) -> int:
    """All cores that this process may use, unless it is said."""
    if jobs is not None and jobs < 1:
        raise BatchError("--jobs: at least 1; leave it out for all cores")
    from joblib import cpu_count

    return jobs or int(cpu_count())


def _model(name: str) -> tuple[str, str]:
    """The model's name as any process finds it, and its checksum; the workers open it and compare."""
    from biascheck.registry import find

    # A shipped model is known by its name on every machine; a user's own by its folder, on storage that they share.
    shipped = (models_folder() / name / "model.json").is_file()
    folder = models_folder() / name if shipped else (find(name) or Path(name)).absolute()
    # Where there is none, opening it says what is wrong with it.
    return name if shipped else str(folder), checksum(folder) or load_model(name).sha256


def _check_out(out: str, found: Sequence[Source]) -> None:
    if storage.exists(out) and storage.is_folder(out):
        raise BatchError(f"{out}: a folder; name a file in it")
    if any(source.path == out or _same(source.path, out) for source in found):
        raise BatchError(f"{out}: both read and written; name another output")


def _same(one: str, other: str) -> bool:
    if storage.is_url(one) or storage.is_url(other) or not os.path.exists(other):
        return False
    return os.path.samefile(one, other)


class _Driver:
    """Hands shards out and takes their counts in; holds no more than the shards under way."""

    def __init__(
        self,
        parts: Parts,
        shape: Shape,
        limits: Limits,
        model: str,
        sha256: str,
        progress: Progress,
        where: tuple[int, str | None, int | None],
    ) -> None:
        self.parts, self.shape, self.limits, self.progress = parts, shape, limits, progress
        self.model, self.sha256, self.where = model, sha256, where
        self.tally = Tally()
        self.resumed = 0
        self._pool: Pool | None = None
        self._pending: dict[Future[Any], Task] = {}
        self._suspects: list[Task] = []

    @property
    def pool(self) -> Pool:
        """Started for the first shard that is not done yet."""
        if self._pool is None:
            self._pool = pool_for(*self.where)
        return self._pool

    def do_all(self, cuts: Iterator[Cut]) -> int:
        """Do every shard that is not done; how many there are."""
        number = -1
        for number, one in enumerate(cuts):
            stopping.check()
            done = self.parts.complete(number, one.checksum)
            if done is not None:
                self.tally.merge(done)
                self.resumed += done.documents
                self.progress.skip(one.piece.weight, done.documents)
                continue
            self._collect(2 * self.pool.width - 1)
            self.parts.prepare(number)
            task = self._task(number, one)
            if self.pool.frail and number == self.parts.begun:
                self.progress.say(f"a run ended in the middle of part {number}; it is read in another process")
                self._finish(task, self._again(task))
                continue
            if self.pool.frail:
                self.parts.begin(number)
            self._pending[self.pool.submit(work, task)] = task
        if self._pending:
            self._collect(0)
        if self.parts.changed:
            self.progress.say(f"{self.parts.changed} parts read again: files that their rows name had changed")
        return number + 1

    def _task(self, number: int, one: Cut) -> Task:
        from dataclasses import replace

        piece = one.piece
        if one.data is not None:
            piece = replace(piece, spool=self.parts.spool(number, one.data))
        return Task(number, piece, one.checksum, self.parts.folder, self.model, self.sha256, self.limits, self.shape)

    def _collect(self, most: int) -> None:
        """Wait until `most` shards are under way; where a worker died, until none is, and look into it."""
        while len(self._pending) > most:
            done, _ = wait(self._pending, timeout=LOOK, return_when=FIRST_COMPLETED)
            self.progress.tick()
            self.pool.check()
            for future in done:
                task = self._pending.pop(future)
                try:
                    self._finish(task, future.result())
                except self.pool.deaths:
                    self._suspects.append(task)
                except CancelledError:
                    raise BatchError("the Dask scheduler gave the work up; run the same command to go on") from None
            if self._suspects:
                most = 0
        for task in sorted(self._suspects, key=lambda task: task.number):
            self.progress.say(f"a worker died; part {task.number} is read again, by itself")
            self._finish(task, self._again(task))
        self._suspects.clear()

    def _finish(self, task: Task, tally: Tally) -> None:
        self.tally.merge(tally)
        if task.piece.spool:
            storage.remove(task.piece.spool)
        self.progress.advance(task.piece.weight, tally.documents, tally.errors.total())

    def _again(self, task: Task) -> Tally:
        """The shard once more, by itself; then in smaller and smaller spans, until what ends a worker is found."""
        try:
            tally: Tally = self.pool.alone(work, task)
            return tally
        except self.pool.deaths:
            pass
        try:
            documents = self.pool.alone(count, task)
        except self.pool.deaths:  # not a document but the file
            where = f"{task.piece.shown}@{task.piece.first + task.piece.start}"
            rows = [self._died(Entry(where, task.piece.shown), None)]
        else:
            rows = self._spans(task, 0, documents)
        try:
            return write_shard(task.folder, task.number, task.checksum, rows)
        except OSError as error:
            raise disk_error(error, task.folder) from None

    def _spans(self, task: Task, start: int, stop: int) -> list[Row]:
        step = max(-(-(stop - start) // SPANS), 1)
        return [row for at in range(start, stop, step) for row in self._span(task, at, min(at + step, stop))]

    def _span(self, task: Task, start: int, stop: int) -> list[Row]:
        try:
            rows: list[Row] = self.pool.alone(work_span, task, start, stop)
            return rows
        except self.pool.deaths:
            if stop - start == 1:
                entry = next(islice(entries(task.piece, self.limits, keep=self.shape.keep), start, stop))
                return [self._died(entry, named_file(task.piece, entry))]
        return self._spans(task, start, stop)

    def _died(self, entry: Entry, named: tuple[str, int, str] | None) -> Row:
        message = f"{entry.id}: the process that read it died (memory, or a crash in a library); save it as plain text"
        failure = Failure(entry.id, entry.shown, "worker_died", message)
        return Row(line_of(failure, entry.kept, self.shape), failure, entry.kept, named)

    def close(self, *, kill: bool) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.close(kill=kill)
            self._pool = None
