"""A folder of labelled parquet files → rows with texts, labels and the keys to split by.

Only the maintainers have such a folder. It gives a table of labels and keys, and hashed features, never a text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biascheck.document import MIN_CHARACTERS
from biascheck.errors import LabelsError

__all__ = ["HEADS", "LANGUAGES", "Row", "read_corpus", "read_written"]

#: The provenance heads that are learnt, and the languages that a text can be found to be translated from.
HEADS = ("original", "agency", "translated", "rewritten")
LANGUAGES = ("en", "es", "de", "ru")
#: Rows that one set and kind may bring, so that a portal's 9,000 wire stories leave room for the rest (and for git).
MAX_ROWS = {("orangesum", "agency"): 3200, ("orangesum", "native"): 2600, ("ppn", "translated"): 1500}
#: Sets in another language, without provenance, or read for another purpose.
_SKIPPED = frozenset({"article-bias", "war-en", "semeval25-task10", "semeval23-task3"})
#: Pages that are translations themselves, or whose texts stand in another set already.
_SKIPPED_PAGES = frozenset(
    {"courrierinternational.com", "aa.com.tr", "nospensees.fr", "rrn.media", "waronfakes.com", "notrepays.today"}
    | {"Orange Actu", "Orange Auto", "actu.orange.fr"}
)
_AGENCY_AUTHOR = re.compile(r"\b(?:AFP|Reuters|Belga|ATS|Keystone)\b", re.IGNORECASE)
_AGENCY_SIGNED = re.compile(r"\((?:AFP|afp|ats|ATS|Belga|Reuters|AP)(?:/\w{2,9})?\)|© ?\d{4} ?AFP")


@dataclass(frozen=True, slots=True)
class Row:
    """One text with its labels (1, 0, or None where nothing is known) and the keys of the honest splits."""

    id: str
    text: str
    set: str
    outlet: str
    system: str
    story: str
    year: str
    kind: str
    licence: str
    origin: str
    original: int | None
    agency: int | None
    translated: int | None
    rewritten: int | None
    source_language: str | None


def read_corpus(folder: Path) -> Iterator[Row]:
    """Yield the French rows of a corpus folder.

    Raises
    ------
    LabelsError
        Where the folder has no parquet files, or pyarrow and pandas are not installed.
    """
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise LabelsError(f"{folder}: no .parquet files; name the folder of the training corpus")
    try:
        import pandas as pd
    except ImportError:
        raise LabelsError("reading a corpus needs pandas and pyarrow: pip install 'biascheck[train]'") from None
    taken: dict[tuple[str, str], int] = {}
    for file in files:
        if file.stem in _SKIPPED:
            continue
        frame = pd.read_parquet(file)
        # A fixed shuffle: a limit on a set must not take its first year only.
        records = _pages(frame) if "html" in frame else frame.sample(frac=1, random_state=0).to_dict("records")
        for record in records:
            row = _row({key: _known(value) for key, value in record.items()})
            if row is None:
                continue
            key = (row.set, str(record["kind"]))
            taken[key] = taken.get(key, 0) + 1
            if taken[key] <= MAX_ROWS.get(key, 1 << 30):
                yield row


def read_written(folder: Path) -> Iterator[Row]:
    """Yield the texts that we wrote for the purpose, `data/written/*.jsonl`."""
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            kind = record["kind"]
            machine = kind == "machine_translation"
            yield Row(
                id=f"written-{record['id']}",
                text=record["text"],
                set="written",
                outlet=f"written {record['source_lang'] or kind}",
                system="" if kind == "native" else f"written {record['source_lang'] or kind}",
                story="",
                year="2026",
                kind=kind,
                licence="Apache-2.0 (written for the purpose)",
                origin="",
                # Our natives and translations are the work of a language model as well: they teach `rewritten` nothing.
                original=None if kind == "native" else 0,
                agency=None,
                translated=int(machine),
                rewritten=1 if kind == "llm" else None,
                source_language=record["source_lang"] if machine else None,
            )


def _known(value: Any) -> Any:
    """None for the ways in which parquet and pandas say that there is nothing."""
    return None if value is None or str(value) in {"", "nan", "None"} else value


def _pages(frame: Any) -> Iterator[dict[str, Any]]:
    """The articles of raw pages, as `document` reads them; the author line tells agency copy."""
    from trafilatura import extract

    for page in frame.to_dict("records"):
        outlet = page["outlet"]
        if outlet in _SKIPPED_PAGES or page["lang"] != "fr":
            continue
        text = extract(page["html"], include_comments=False)
        author = str(_known(page["author"]) or "")
        agency = bool(_AGENCY_AUTHOR.search(author))
        yield {**page, "set": "pages", "text": text, "kind": "agency" if agency else "native", "wire": None}


def _row(record: dict[str, Any]) -> Row | None:
    text, kind = record["text"], record["kind"]
    if record["lang"] != "fr" or text is None or len(text) < MIN_CHARACTERS or kind in {"unknown", "official"}:
        return None
    translated = kind in {"machine_translation", "human_translation", "translated"}
    signed = kind == "agency" or (kind == "native" and bool(_AGENCY_SIGNED.search(text[:300] + text[-300:])))
    # A text that names an agency may be its copy under another byline, or not: it teaches neither head.
    doubtful = kind == "native" and record.get("wire") is not None and not signed
    extra = record.get("extra")
    origin = json.loads(extra).get("orig_lang", "") if isinstance(extra, str) and extra.startswith("{") else ""
    system = str(record.get("mt_system") or record.get("llm") or ("" if not translated else kind))
    outlet = str(record.get("outlet") or record["set"])
    source = record.get("source_lang") if translated else None
    return Row(
        id=str(record["id"]),
        text=text,
        set=record["set"],
        outlet=outlet,
        system=system,
        story=_key(record.get("story") or record["id"]),
        year=_year(record.get("date")),
        kind="agency" if signed else kind,
        licence=str(record["licence"]),
        origin=str(origin or ""),
        original=None if doubtful else int(kind == "native" and not signed),
        agency=None if doubtful else int(signed),
        translated=int(translated),
        rewritten=int(kind == "llm"),
        source_language=source if source in LANGUAGES else None,
    )


def _year(date: Any) -> str:
    found = re.search(r"\b(?:19|20)\d\d\b", str(date or "")[:32])
    return found.group() if found else ""


def _key(value: Any) -> str:
    return hashlib.sha256(str(value).encode()).hexdigest()[:12]
