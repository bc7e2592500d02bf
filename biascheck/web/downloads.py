"""What is taken home from the local page: readings as JSON or CSV, reports as HTML, labels for `train --add`."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from biascheck.label_files import lines_of
from biascheck.labels import Label, outlet_of
from biascheck.outputs import Shape, csv_line, finish
from biascheck.render.folder import folder_page
from biascheck.web.jobs import Desk, Item

__all__ = ["as_csv", "as_html", "as_json", "as_labels", "label_row"]

#: Up to so many texts a report of all shows the evidence of each.
EXPLAINED = 200


def as_json(items: Sequence[Item]) -> Iterator[bytes]:
    """One JSON array, a reading or an error entry a line, with the texts."""
    for number, item in enumerate(items):
        line = json.dumps(item.to_dict(), ensure_ascii=False)
        yield (("[\n" if number == 0 else ",\n") + line).encode("utf-8", "replace")
    yield b"\n]\n" if items else b"[]\n"


def as_csv(items: Sequence[Item]) -> bytes:
    """The flat columns of `biascheck batch -o OUT.csv`."""
    shape, out = Shape("csv"), io.BytesIO()

    def lines() -> Iterator[bytes]:
        for item in items:
            yield csv_line(item.to_dict(with_text=False), shape)

    finish([lines], shape, {}, out.write)
    return out.getvalue()


def as_html(items: Sequence[Item], desk: Desk, about: Mapping[str, Any], lang: str) -> bytes:
    """The report of all texts; with evidence where there are few."""
    explained = len(items) <= EXPLAINED
    readings = (desk.open(item) if explained else item.to_dict() for item in items)
    return folder_page(readings, about=about, lang=lang, title="").encode("utf-8", "replace")


def as_labels(items: Sequence[Item], annotator: str, suffix: str) -> bytes:
    """A labels file, ``csv`` or ``jsonl``, of the texts that have labels; it holds their texts."""
    rows = [label_row(item, annotator) for item in items if item.labels and item.document is not None]
    return "".join(lines_of(rows, f".{suffix}")).encode("utf-8", "replace")


def label_row(item: Item, annotator: str) -> Label:
    """The row of one labelled text."""
    assert item.document is not None
    said = item.labels
    return Label(
        id=item.name,
        text=item.text,
        outlet=_outlet(item),
        labels={name: int(value == "yes") for name, value in said.items() if _is_label(name)},
        source_language=said.get("source_language", ""),
        slant={name.removeprefix("slant."): pole for name, pole in said.items() if name.startswith("slant.")},
        annotator=annotator,
        labelled_at=item.labelled_at,
        note=said.get("note", ""),
    )


def _is_label(name: str) -> bool:
    return name not in {"source_language", "note"} and not name.startswith("slant.")


def _outlet(item: Item) -> str:
    """Who published a text: its page's site, else the folder that it was dropped with; the row has no path of it."""
    assert item.document is not None
    return outlet_of(Label(), item.document) or PurePosixPath(item.name).parent.name
