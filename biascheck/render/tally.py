"""Many readings → counts: verdicts, outlets, months, slant, voices, languages, upstream, errors; a row each."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from biascheck.reading import OFF_TOPIC, PROVENANCE, UNDETERMINED

__all__ = ["BINS", "VERDICTS", "Tally", "outlet_of"]

#: In the order of the bits of a row's verdicts.
VERDICTS = (*PROVENANCE, UNDETERMINED)
#: Columns of the distribution of slant.
BINS = 20
#: Errors and warnings kept by name; more are counted.
MAX_ERRORS = 500
#: Poles that stand on the left of a picture.
_LEFT = ("pro_kyiv", "left")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_HOST = re.compile(r"https?://(?:www\.)?([^/?#:\s]{1,200})")


def outlet_of(reading: Mapping[str, Any]) -> str:
    """Whose page a text is: what it says of itself, else its address, else the folder that it stands in."""
    name = " ".join(str(reading.get("site_name") or "").split())
    if name:
        return name
    host = _HOST.match(str(reading.get("canonical_url") or ""))
    if host:
        return host[1]
    parts = PurePosixPath(str(reading.get("path") or "").replace("\\", "/")).parts
    return parts[-2] if len(parts) > 1 and parts[-2] not in {"/", "..", "."} else ""


@dataclass(slots=True)
class Tally:
    """What is counted while readings go by; a row is what the table of the page shows of one."""

    texts: int = 0
    failed: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    outlets: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    months: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    #: By axis: verdicts, and for each verdict its texts by bin.
    slants: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    bins: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    poles: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: Poles of the axis that rows show, in the order of their percentages.
    order: list[str] = field(default_factory=list)
    voices: Counter[str] = field(default_factory=Counter)
    voiced: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    upstream: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str, str]] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)

    def add(self, reading: Mapping[str, Any]) -> None:
        """Count one reading, or one entry of a document that could not be read."""
        name = str(reading.get("id") or reading.get("path") or "")
        if "error" in reading:
            code, message = str(reading["error"]["code"]), str(reading["error"]["message"])
            self.failed += 1
            self.codes[code] += 1
            if len(self.errors) < MAX_ERRORS:
                self.errors.append((name, code, message))
            self.rows.append(["", name, "", "", 0, 0, "", "", [], [], "", f"{code}: {message}"])
            return
        self.texts += 1
        provenance = reading["provenance"]
        said = [label for label in VERDICTS if label in provenance["verdict"]]
        outlet, date = outlet_of(reading), str(reading.get("date") or "")
        self.verdicts.update(said)
        month = _MONTH.match(date)
        for place in (self.outlets[outlet] if outlet else None, self.months[month[0]] if month else None):
            if place is not None:
                place[""] += 1
                place.update(said)
        language = provenance["source_language"]["verdict"] if "translated" in said else ""
        if language:
            self.languages[language] += 1
        upstream = self._upstream(provenance.get("upstream", ()))
        slant, poles = self._slant(reading.get("slant") or {})
        shares = reading.get("voices") or {}
        if any(share for side, share in shares.items() if side != "author"):
            self.voiced += 1
            self.voices.update(shares)
        scores = provenance["scores"]
        self.rows.append(
            [
                " ".join(str(reading.get("title") or "").split()),
                name,
                outlet,
                date[:10],
                sum(1 << VERDICTS.index(label) for label in said),
                round(100 * max((scores[label] for label in said if label in scores), default=0)),
                language,
                slant,
                [round(100 * scores[label]) for label in PROVENANCE] if scores else [],
                poles,
                upstream,
                "",
            ]
        )

    def _upstream(self, items: Any) -> str:
        """Count each outlet once a text and role; its names in a line."""
        found = dict.fromkeys((str(item["name"]), str(item["role"])) for item in items)
        for name, role in found:
            self.upstream[name][role] += 1
        for item in items:
            self.owners.setdefault(str(item["name"]), (str(item["ownership"]), str(item["country"])))
        return ", ".join(dict.fromkeys(name for name, _ in found))

    def _slant(self, slants: Mapping[str, Any]) -> tuple[str, list[int]]:
        """Count every axis; the verdict and percentages of the first."""
        shown: tuple[str, list[int]] = ("", [])
        for axis, slant in slants.items():
            verdict, scores = str(slant["verdict"]), slant["scores"]
            self.slants[axis][verdict] += 1
            # From left to right, whatever the order in which the scores come.
            ends = sorted((p for p in scores if p not in {"neutral", "center"}), key=lambda p: (p not in _LEFT, p))
            if verdict != OFF_TOPIC and len(ends) == 2:
                self.poles.setdefault(axis, (ends[0], ends[1]))
                place = (scores[ends[1]] - scores[ends[0]] + 1) / 2
                by = self.bins.setdefault(axis, {}).setdefault(verdict, [0] * BINS)
                by[min(int(place * BINS), BINS - 1)] += 1
            if not shown[0]:
                middle = [pole for pole in scores if pole not in ends]
                self.order = self.order or [*ends[:1], *middle, *ends[1:]]
                shown = (verdict, [round(100 * scores.get(pole, 0)) for pole in self.order])
        return shown
