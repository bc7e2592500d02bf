"""A labelled text, and what labels files hold: `train --add`, `label`, `evaluate LABELS` and `serve` share them.

A labels file is ``.csv`` (UTF-8, with a header) or ``.jsonl``, one text a row:

======================  =============================================================================================
column                  holds
======================  =============================================================================================
``path``                a ``.txt`` or ``.html`` file, relative to the labels file; or else
``text``, ``html``      the text itself, or the page
``id``, ``outlet``      optional; without `outlet` the page's site, else the folder that the file stands in
labels                  ``translated agency aggregated rewritten original``: yes, no, or empty for not known
``source_language``     en es de ru fr
``slant.ukraine-war``   pro_kremlin, neutral, pro_kyiv, off_topic
``furniture``           in .jsonl only: a list of ``{"start", "end", "kind"}``, counted in the text
others                  ``annotator labelled_at note``, a user's own labels (yes, no) and axes (``slant.NAME``)
======================  =============================================================================================

A folder is read as well: its ``labels.csv`` or ``labels.jsonl``, or else its subfolders, whose names are labels
(``aggregated``, ``not_aggregated``, ``translated.en``, ``slant.ukraine-war.neutral``).
`biascheck.label_reading` reads them, `biascheck.label_files` writes them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from biascheck.document import Document, Limits, document_from_text, read_bytes, read_document

__all__ = [
    "AXES",
    "COLUMNS",
    "LABELS",
    "MAX_CELL",
    "SOURCE_LANGUAGES",
    "Label",
    "Problem",
    "Span",
    "document_of",
    "outlet_of",
    "said_by_folder",
]

LABELS = ("translated", "agency", "aggregated", "rewritten", "original")
SOURCE_LANGUAGES = ("en", "es", "de", "ru", "fr")
AXES: Mapping[str, tuple[str, ...]] = {"ukraine-war": ("pro_kremlin", "neutral", "pro_kyiv", "off_topic")}
_TEXTS = ("path", "text", "html")
_ABOUT = ("annotator", "labelled_at", "note")
COLUMNS = (
    *("id", *_TEXTS, "outlet", *LABELS, "source_language"),
    *(f"slant.{axis}" for axis in AXES),
    *("furniture", *_ABOUT),
)
#: Characters of one cell.
MAX_CELL = 20_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a labels file, where, and what to do; `line` is 0 where it is the whole file.

    A `hard` problem forbids training; the others are warnings.
    """

    file: str
    line: int
    what: str
    remedy: str
    hard: bool = True

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of furniture in the text, end exclusive."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Label:
    """One row of a labels file.

    Attributes
    ----------
    id, path, outlet : str
        Empty where not given; `path` as it was written (see `source`).
    text, html : str or None
    labels : mapping of str to int
        1 or 0 for each label that is known, a user's own among them.
    source_language : str
    slant : mapping of str to str
        Pole (or ``off_topic``) for each axis that is known.
    furniture : tuple of Span
    annotator, labelled_at, note : str
    file, line
        Where the row stands.
    """

    id: str = ""
    path: str = ""
    text: str | None = None
    html: str | None = None
    outlet: str = ""
    labels: Mapping[str, int] = field(default_factory=dict)
    source_language: str = ""
    slant: Mapping[str, str] = field(default_factory=dict)
    furniture: tuple[Span, ...] = ()
    annotator: str = ""
    labelled_at: str = ""
    note: str = ""
    file: str = ""
    line: int = 0

    @property
    def source(self) -> Path:
        """The file that the text stands in, relative paths counted from the labels file."""
        return Path(self.file).parent / self.path

    @property
    def known(self) -> bool:
        """Whether the row says anything."""
        return bool(self.labels or self.source_language or self.slant or self.furniture)


def document_of(row: Label, limits: Limits | None = None) -> Document:
    """The text that a row is about.

    Raises
    ------
    DocumentError
        Where it is missing, too large, or no text.
    """
    if row.text is not None:
        return document_from_text(row.text, id=row.id or f"{row.file}:{row.line}", limits=limits)
    if row.html is not None:
        data = row.html.encode("utf-8", "replace")
        return read_bytes(data, id=row.id or f"{row.file}:{row.line}", html=True, limits=limits)
    return read_document(row.source, id=row.id or row.path, limits=limits)


def outlet_of(row: Label, document: Document) -> str:
    """Who published a text: what the row says, else the page's domain or name, else the folder of the file."""
    if row.outlet:
        return row.outlet
    domain = (urlsplit(document.canonical_url).hostname or "") if document.canonical_url else ""
    return domain.removeprefix("www.") or document.site_name or _folder(row)


def _folder(row: Label) -> str:
    if not row.path:
        return ""
    parent = Path(os.path.abspath(row.source)).parent
    # A file straight in a folder that is named by a label: that folder is no outlet.
    return parent.parent.name if said_by_folder(parent.name, None, None) is not None else parent.name


def said_by_folder(
    name: str, new_labels: Sequence[str] | None, axes: Mapping[str, Sequence[str]] | None
) -> dict[str, Any] | None:
    """What the name of a folder says of the texts in it; None where it is no label.

    Without `axes` only names that are labels beyond doubt count, since any name may be a new label's.
    """
    own = new_labels if axes is not None and new_labels is not None else ()
    if name in LABELS or name in own:
        return {"labels": {name: 1}}
    plain = name.removeprefix("not_")
    if plain != name and (plain in LABELS or plain in own):
        return {"labels": {plain: 0}}
    if name.startswith("translated.") and name[11:] in SOURCE_LANGUAGES:
        return {"labels": {"translated": 1}, "source_language": name[11:]}
    axis, dot, pole = name.removeprefix("slant.").rpartition(".")
    if name.startswith("slant.") and dot and pole in (axes or AXES).get(axis, ()):
        return {"slant": {axis: pole}}
    return None
