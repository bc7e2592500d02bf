"""Readings → one self-contained HTML page of many texts: pictures, and a table to sort, filter and open.

The pictures are drawn here, as tables with inline SVG. The table's rows travel as JSON, of which the page's script
shows those in sight. The pages of the texts themselves are in it as long as they are few.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from biascheck.errors import BatchError
from biascheck.reading import OFF_TOPIC, PROVENANCE, UNDETERMINED
from biascheck.render.marked import visible
from biascheck.render.page import SCRIPT, STYLE, environment, read_template, text_page, wrap
from biascheck.render.tally import BINS, VERDICTS, Tally
from biascheck.render.view import SIDES
from biascheck.render.words import Words, load_words

__all__ = ["MAX_PAGES", "folder_page", "folder_script", "folder_style"]

#: Texts up to which their own pages are part of the folder's, and characters of text.
MAX_PAGES, MAX_CHARACTERS = 200, 3_000_000
#: Rows of the pictures, and of the table where there is no script.
MAX_OUTLETS, MAX_UPSTREAM, MAX_PLAIN = 12, 12, 100
#: Rows that a browser can scroll through.
MAX_ROWS = 500_000
#: Months up to which each has its column; else years have.
MAX_MONTHS = 120


@cache
def folder_style() -> str:
    """The style sheet of a folder's page, with that of a text's."""
    return STYLE + read_template("folder.css")


@cache
def folder_script() -> str:
    """The script of a folder's page, with that of a text's."""
    return SCRIPT + read_template("folder.js")


def folder_page(
    readings: Iterable[Mapping[str, Any]], *, about: Mapping[str, Any], lang: str = "fr", title: str = ""
) -> str:
    """The page of many readings and failures (their JSON objects, with texts or without).

    Parameters
    ----------
    readings : iterable of mapping
        Gone through once; texts are kept for the first `MAX_PAGES` only.
    about : mapping
        What `biascheck.render.page.about_model` says.

    Raises
    ------
    BatchError
        For more than `MAX_ROWS` texts.
    """
    words = load_words(lang)
    tally = Tally()
    kept: dict[int, Mapping[str, Any]] = {}
    size = 0
    for number, reading in enumerate(readings):
        if number == MAX_ROWS:
            raise BatchError(f"more than {MAX_ROWS:,} texts; give fewer to one page")
        tally.add(reading)
        size += len(reading.get("text") or "")
        if number >= MAX_PAGES or size > MAX_CHARACTERS:
            kept.clear()
        elif reading.get("text") is not None:
            kept[number] = reading
    pages = {n: text_page(r, about=about, lang=lang, embedded=True) for n, r in kept.items()}
    body = environment().get_template("folder.html.j2").render(**_view(tally, about, words, title, pages))
    return wrap(
        body,
        title=title or words.table["folder"]["kicker"],
        lang=lang,
        style=folder_style(),
        script=folder_script(),
        data=f'<script type="application/json" id="bc-data">{_data(tally, words)}</script>',
    )


def _data(tally: Tally, words: Words) -> str:
    """The rows with what their codes are called, as JSON that no parser of HTML can leave."""
    folder = words.table["folder"]
    slants = sorted({row[7] for row in tally.rows if row[7]})
    held = {
        # Titles and names are shown as they are: nothing in them may work on the page around them.
        "rows": [[visible(v) if isinstance(v, str) else v for v in row] for row in tally.rows],
        "verdicts": [words.name("label", label) for label in VERDICTS],
        "scored": [words.name("label", label) for label in PROVENANCE],
        "languages": {code: words.name("language", code) for code in tally.languages},
        "slants": {verdict: words.name("label", verdict) for verdict in slants},
        "poles": [words.name("label", pole) for pole in tally.order],
        "error": words.name("label", "error"),
        "words": {
            name: folder[name] for name in ("shown", "open", "close", "details", "not_indicated", "column_outlet")
        }
        | {"upstream": folder["upstream"], "percent": words.table["percent"], "slant": folder["column_slant"]},
        "locale": words.code,
    }
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _view(tally: Tally, about: Mapping[str, Any], words: Words, title: str, pages: Mapping[int, str]) -> dict[str, Any]:
    folder = words.table["folder"]
    read = folder["texts_one"] if tally.texts == 1 else folder["texts"].format(words.number(tally.texts))
    failed = [folder["failed"].format(words.number(tally.failed))] if tally.failed else []
    dates = sorted(row[3] for row in tally.rows if row[3][:4].isdigit())
    return {
        "w": words.table["page"],
        "f": folder,
        "words": words,
        "title": title,
        "summary": [read, *failed, *([f"{dates[0]} – {dates[-1]}"] if dates else [])],
        "verdicts": [
            {"value": number, **_counted(words.name("label", label), tally.verdicts[label], tally.texts, words)}
            for number, label in enumerate(VERDICTS)
        ],
        "labels": [words.name("label", label) for label in VERDICTS],
        "outlets": _outlets(tally, words),
        "outlet_names": sorted(tally.outlets, key=str.casefold)[:2000],
        "dates": _dates(tally, words),
        "slants": [_slant(axis, tally, words) for axis in tally.slants],
        "slant_values": [
            (verdict, words.name("label", verdict))
            for verdict in dict.fromkeys(v for c in tally.slants.values() for v in c)
        ],
        "voices": _voices(tally, words),
        "languages": [
            _counted(words.name("language", code), count, sum(tally.languages.values()), words)
            for code, count in tally.languages.most_common()
        ],
        "upstream": _upstream(tally, words),
        "roles": [words.name("role", role) for role in ("origin", "agency", "photo", "cited")],
        "codes": [(words.known("error", code) or code, words.number(n)) for code, n in tally.codes.most_common()],
        "errors": tally.errors,
        "plain": _plain(tally, words),
        "pages": pages,
        "about": about,
    }


def _counted(name: str, count: int, total: int, words: Words) -> dict[str, Any]:
    share = count / total if total else 0.0
    return {
        "name": name,
        "count": words.number(count),
        "width": round(100 * share, 2),
        "percent": words.percent(share),
    }


def _cells(counts: Counter[str], words: Words) -> list[dict[str, Any]]:
    """Shares of the verdicts among the texts of one outlet or month."""
    total = counts[""] or 1
    return [
        {"percent": words.percent(counts[label] / total), "depth": round(counts[label] / total, 2), "n": counts[label]}
        for label in VERDICTS
    ]


def _outlets(tally: Tally, words: Words) -> list[dict[str, Any]]:
    most = sorted(tally.outlets.items(), key=lambda item: (-item[1][""], item[0]))[:MAX_OUTLETS]
    return [{"name": name, "count": words.number(counts[""]), "cells": _cells(counts, words)} for name, counts in most]


def _dates(tally: Tally, words: Words) -> dict[str, Any] | None:
    """A strip for each verdict, a column for each month (or year) that has texts between the first and the last."""
    if not tally.months:
        return None
    by: dict[str, Counter[str]] = dict(tally.months)
    if len(_span(min(by), max(by))) > MAX_MONTHS:
        years: dict[str, Counter[str]] = {}
        for month, counts in by.items():
            years.setdefault(month[:4], Counter()).update(counts)
        by = years
    periods = _span(min(by), max(by))[-400:]
    most = max(counts[""] for counts in by.values())
    width = 100 / len(periods)
    columns = []
    for number, period in enumerate(periods):
        counts = by.get(period, Counter())
        columns.append(
            {
                "period": period,
                "x": round(number * width, 3),
                "width": round(width * 0.92, 3),
                "count": words.number(counts[""]),
                "height": round(30 * counts[""] / most, 2),
                "cells": _cells(counts, words),
            }
        )
    return {"columns": columns, "first": periods[0], "last": periods[-1]}


def _span(first: str, last: str) -> list[str]:
    """Every month or year from the first to the last."""
    if len(first) == 4:
        return [f"{year:04}" for year in range(int(first), int(last) + 1)]
    start, end = (12 * int(month[:4]) + max(min(int(month[5:]), 12), 1) - 1 for month in (first, last))
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(start, end + 1)]


def _slant(axis: str, tally: Tally, words: Words) -> dict[str, Any]:
    """The distribution of an axis: texts by the difference of its poles' probabilities, in pieces by verdict."""
    bins = tally.bins.get(axis, {})
    ends = tally.poles.get(axis, ("", ""))
    order = [ends[0], "neutral", "center", UNDETERMINED, ends[1]]
    verdicts = [verdict for verdict in order if verdict in bins] + [v for v in bins if v not in order]
    most = max((sum(bins[v][n] for v in verdicts) for n in range(BINS)), default=1) or 1
    pieces = []
    for n in range(BINS):
        at = 60.0
        for verdict in verdicts:
            height = 60 * bins[verdict][n] / most
            if height:
                at -= height
                pieces.append({"x": n * 5, "y": round(at, 2), "height": round(height, 2), "kind": _kind(verdict, ends)})
    counts = tally.slants[axis]
    total = sum(counts.values())
    names = [*verdicts, *(v for v in counts if v not in verdicts)]
    return {
        "name": words.name("axis", axis),
        "pieces": pieces,
        "ends": [words.name("label", end) for end in ends] if pieces else [],
        "legend": [
            {
                "kind": _kind(verdict, ends),
                "value": verdict,
                **_counted(words.name("label", verdict), counts[verdict], total, words),
            }
            for verdict in names
        ],
    }


def _kind(verdict: str, ends: Sequence[str]) -> str:
    """Class of a verdict's colour and pattern."""
    if verdict in ends:
        return ("one", "two")[list(ends).index(verdict)]
    return {UNDETERMINED: "open", OFF_TOPIC: "off"}.get(verdict, "middle")


def _voices(tally: Tally, words: Words) -> list[dict[str, Any]]:
    found, at = [], 0.0
    for side in (*SIDES, "author"):
        share = tally.voices[side] / max(tally.voiced, 1)
        if share:
            counted = {"name": words.name("side", side), "percent": words.percent(share)}
            found.append({"side": side, "at": round(at, 2), "width": round(100 * share, 2), **counted})
            at += 100 * share
    return found


def _upstream(tally: Tally, words: Words) -> list[dict[str, Any]]:
    most = sorted(tally.upstream.items(), key=lambda item: (-item[1].total(), item[0]))[:MAX_UPSTREAM]
    return [
        {
            "name": name,
            "ownership": words.name("ownership", tally.owners[name][0]),
            "country": tally.owners[name][1] or "–",
            "roles": [
                words.number(counts[role]) if counts[role] else "–" for role in ("origin", "agency", "photo", "cited")
            ],
        }
        for name, counts in most
    ]


def _plain(tally: Tally, words: Words) -> list[dict[str, str]]:
    """The first rows in words, for a browser without script."""
    return [
        {
            "name": row[0] or row[1],
            "verdict": row[11]
            or words.listed([words.name("label", label) for n, label in enumerate(VERDICTS) if row[4] >> n & 1]),
            "slant": words.name("label", row[7]) if row[7] else "",
        }
        for row in tally.rows[:MAX_PLAIN]
    ]
