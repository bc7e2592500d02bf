"""Shards of a batch: what is marked is whole, what is not is done again, and two runs do not mix."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from biascheck import storage
from biascheck.errors import BatchError
from biascheck.outputs import Shape, line_of
from biascheck.reading import Failure
from biascheck.shards import Parts, Row, Tally, write_shard

SHAPE = Shape("jsonl")
RUN = {"input": "one", "model": "m"}


def rows(*ids: str) -> Iterator[Any]:
    for id in ids:
        failure = Failure(id, None, "empty", "x")
        yield Row(line_of(failure, {}, SHAPE), failure, {})


@pytest.fixture
def out(tmp_path: Path) -> str:
    return str(tmp_path / "out.jsonl")


def begun(out: str, **more: Any) -> Parts:
    parts = Parts(out)
    parts.open({**RUN, **more}, restart=False)
    parts.prepare(0)
    return parts


def test_assembled_in_order_and_cleared_away(out: str) -> None:
    parts = begun(out)
    write_shard(parts.folder, 1, "b", rows("c"))
    tally = write_shard(parts.folder, 0, "a", rows("a", "c"))
    assert (tally.documents, tally.errors["empty"]) == (2, 2)
    assert parts.assemble(2, SHAPE, {}) == 1  # one id given twice
    assert [json.loads(line)["id"] for line in Path(out).read_text().splitlines()] == ["a", "c", "c"]
    parts.finish({"documents": 3})
    assert sorted(os.listdir(Path(out).parent)) == ["out.jsonl", "out.jsonl.run.json"]


def test_a_finished_run_is_known_by_its_record(out: str) -> None:
    parts = begun(out)
    assert parts.finished(RUN) is None, "a run under way is none that has ended"
    write_shard(parts.folder, 0, "a", rows("a"))
    parts.assemble(1, SHAPE, {})
    assert parts.finished(RUN) is None, "the parts are still there"
    parts.finish({"documents": 1})
    assert Parts(out).finished(RUN) == {"documents": 1}
    with pytest.raises(BatchError, match=r"differs in model; .*--restart"):
        Parts(out).finished({**RUN, "model": "other"})
    with Path(out).open("a") as handle:
        handle.write("added by hand\n")
    with pytest.raises(BatchError, match=r"its size; .*--restart"):
        Parts(out).finished(RUN)
    Path(out).unlink()
    assert Parts(out).finished(RUN) is None


def test_only_a_whole_shard_of_the_same_piece_is_complete(out: str) -> None:
    parts = begun(out)
    write_shard(parts.folder, 0, "a", rows("a", "b"))
    tally = parts.complete(0, "a")
    assert tally is not None
    assert tally == Tally.from_dict(json.loads(json.dumps(tally.to_dict())))
    assert parts.complete(0, "other piece") is None
    assert parts.complete(1, "a") is None
    file = Path(parts.folder, "000", "000000.jsonl")
    whole = file.read_bytes()
    file.write_bytes(whole[:-5])
    assert parts.complete(0, "a") is None
    file.write_bytes(whole)
    marker = file.with_suffix(".done")
    for damage in (b"", b"[]", b"{", marker.read_bytes().replace(b'"piece"', b'"peace"')):
        marker.write_bytes(damage)
        assert parts.complete(0, "a") is None


def test_a_shard_damaged_before_assembly_is_said_and_forgotten(out: str) -> None:
    parts = begun(out)
    write_shard(parts.folder, 0, "a", rows("a"))
    Path(parts.folder, "000", "000000.jsonl").write_bytes(b"{}\n")
    with pytest.raises(BatchError, match="damaged since"):
        parts.assemble(1, SHAPE, {})
    assert not Path(parts.folder, "000", "000000.done").exists()
    assert not Path(out).exists()


def test_a_failing_shard_leaves_neither_half_nor_marker(out: str) -> None:
    parts = begun(out)

    def breaking() -> Iterator[Any]:
        yield from rows("a")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_shard(parts.folder, 0, "a", breaking())
    assert os.listdir(Path(parts.folder, "000")) == []


def test_going_on_needs_the_same_run(out: str) -> None:
    parts = begun(out)
    write_shard(parts.folder, 0, "a", rows("a"))
    parts.close()
    again = Parts(out)
    assert again.open(RUN, restart=False)
    assert again.complete(0, "a") is not None
    again.close()
    with pytest.raises(BatchError, match=r"differs in model; .*--restart"):
        Parts(out).open({**RUN, "model": "other"}, restart=False)
    fresh = Parts(out)
    assert not fresh.open({**RUN, "model": "other"}, restart=True)
    assert fresh.complete(0, "a") is None
    fresh.close()


def test_a_finished_output_is_not_overwritten_unasked(out: str) -> None:
    Path(out).write_text("precious")
    with pytest.raises(BatchError, match=r"there already.*--restart"):
        Parts(out).open(RUN, restart=False)
    parts = Parts(out)
    parts.open(RUN, restart=True)
    parts.prepare(0)
    write_shard(parts.folder, 0, "a", rows("a"))
    assert Path(out).read_text() == "precious"
    parts.assemble(1, SHAPE, {})
    assert json.loads(Path(out).read_text())["id"] == "a"


def test_two_runs_at_once_are_refused(out: str) -> None:
    first = begun(out)
    for restart in (False, True):
        with pytest.raises(BatchError, match="another run is writing it"):
            Parts(out).open(RUN, restart=restart)
    first.close()
    Parts(out).open(RUN, restart=False)


def test_killed_while_clearing_away(out: str) -> None:
    parts = begun(out)
    write_shard(parts.folder, 0, "a", rows("a"))
    parts.close()
    os.rename(f"{out}.parts", f"{out}.parts.done")
    fresh = begun(out)
    assert fresh.complete(0, "a") is None
    assert not Path(f"{out}.parts.done").exists()


def test_a_worker_left_over_cannot_bring_back_what_was_removed(out: str) -> None:
    parts = begun(out)
    storage.remove(parts.folder)
    with pytest.raises(FileNotFoundError):
        write_shard(parts.folder, 0, "a", rows("a"))


def test_behind_a_url() -> None:
    out = "memory://folder/out.jsonl"
    parts = begun(out)
    write_shard(parts.folder, 0, "a", rows("a"))
    assert parts.complete(0, "a") is not None
    parts.assemble(1, SHAPE, {})
    parts.finish({"documents": 1})
    assert json.loads(storage.read_whole(out))["id"] == "a"
    assert Parts(out).finished(RUN) == {"documents": 1}
    assert not storage.exists(parts.root)
    storage.remove(out)
    storage.remove(parts.record)
