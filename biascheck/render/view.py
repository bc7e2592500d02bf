"""A reading → what its page says, in words and numbers; the template only places them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from biascheck.reading import OFF_TOPIC, UNDETERMINED
from biascheck.render.marked import marked_text
from biascheck.render.words import Words

__all__ = ["MAX_CHOICES", "SIDES", "title_of", "view"]

#: Verdicts whose evidence can be chosen; the style sheet has a rule for each.
MAX_CHOICES = 12
#: Evidence is cut to this length where a note shows it again.
MAX_PASSAGE = 120
SIDES = ("ukraine", "russia", "western", "other")
#: Heads of the card → what they are called here, in the order shown; figures of "found" and "false alarms".
_FIGURES = (
    ("original", "year", "recall_at_threshold", "false_alarms_at_threshold"),
    ("agency", "year", "recall_at_threshold", "false_alarms_at_threshold"),
    ("translated", "outlet", "recall_at_threshold", "false_alarms_at_threshold"),
    ("aggregated", "family", "recall_at_threshold", "false_alarms_at_threshold"),
    ("rewritten", "outlet", "recall_at_threshold", "false_alarms_at_threshold"),
)


def title_of(reading: Mapping[str, Any], words: Words) -> str:
    """A reading's title, or what else it goes by."""
    title = " ".join(str(reading.get("title") or "").split())
    name = str(reading.get("path") or reading.get("id") or "").rstrip("/")
    return title or name.rpartition("/")[2] or str(words.table["page"]["untitled"])


def view(reading: Mapping[str, Any], about: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Everything that the template shows, in words."""
    key = hashlib.sha256(f"{reading.get('id')}\0{reading.get('sha256')}".encode("utf-8", "replace")).hexdigest()[:8]
    text = reading.get("text")
    by_label: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in reading.get("evidence", ()):
        by_label[str(item["for"])].append(item)
    choices = {label: number for number, label in enumerate([*by_label][:MAX_CHOICES])}
    notes = [_notes(label, number, by_label[label], text or "", words) for label, number in choices.items()]
    quotes = _quotes(reading.get("attribution", ()), words)
    slants = (reading.get("slant") or {}).values()
    # What a side calls things says nothing in a text that is not about it.
    off = bool(slants) and all(slant["verdict"] == OFF_TOPIC for slant in slants)
    framing = _framing(() if off else reading.get("framing", ()), words)
    furniture = _furniture(reading.get("furniture", ()), words)
    thresholds = about.get("thresholds", {})
    scores = reading["provenance"]["scores"]
    return {
        "w": words.table["page"],
        "words": words,
        "key": key,
        "title": title_of(reading, words),
        "facts": _facts(reading, words),
        "summary": _summary(reading, words),
        "warnings": [words.reason(str(item)) for item in reading.get("warnings", ())],
        "provenance": _provenance(reading, thresholds.get("provenance", {}), choices, words),
        "undecided": bool(scores) and list(reading["provenance"]["verdict"]) == [UNDETERMINED],
        "has_scores": bool(scores),
        "languages": _languages(reading, thresholds.get("source_language"), choices, words),
        "axes": [
            _axis(
                axis, slant, thresholds.get("slant", {}).get(axis, {}).get(reading.get("language"), {}), choices, words
            )
            for axis, slant in reading.get("slant", {}).items()
        ],
        "labels": _labels(reading.get("labels") or {}, choices, words),
        "loaded": _loaded(reading.get("loaded"), choices, words),
        "choices": choices,
        "notes": notes,
        "text": None if text is None else marked_text(text, key, notes, quotes, framing, furniture, words),
        "text_language": str(reading.get("language") or "und"),
        "sides": [side for side in SIDES if any(q["side"] == side for q in quotes)],
        "poles": list(dict.fromkeys(f["pole"] for f in framing)),
        "voices": _voices(reading.get("voices") or {}, words),
        "quotes": quotes,
        "framing": framing,
        "furniture": furniture,
        "upstream": _upstream(reading["provenance"].get("upstream", ()), words),
        "about": about,
        "figures": _figures(about.get("figures", ()), str(reading.get("language")), words),
        "failures": [words.reason(item) for item in about.get("known_failures", ())],
        "model": reading.get("model", {}),
        "sha256": reading.get("sha256", ""),
        "program": reading.get("biascheck", ""),
    }


def _thresholds(about: Mapping[str, Any], axis: str, reading: Mapping[str, Any]) -> Mapping[str, float]:
    """The thresholds of an axis's poles, which depend on the text's language."""
    poles: Mapping[str, float] = (
        about.get("thresholds", {}).get("slant", {}).get(axis, {}).get(reading.get("language"), {})
    )
    return poles


def _facts(reading: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """What stands under the title."""
    page = words.table["page"]
    language = str(reading.get("language") or "und")
    found = [
        (page["source"], reading.get("path") or reading.get("id")),
        (page["site"], reading.get("site_name")),
        (page["author"], reading.get("author")),
        (page["published"], reading.get("date")),
        (page["language"], words.name("language", language)),
    ]
    return [(name, str(value)) for name, value in found if value]


def _summary(reading: Mapping[str, Any], words: Words) -> list[str]:
    """The reading in a sentence or two; careful ones."""
    page, provenance = words.table["page"], reading["provenance"]
    scores = provenance["scores"]
    said = []
    for label in provenance["verdict"]:
        if label == UNDETERMINED:
            continue
        shown = words.percent(scores.get(label, 0))
        source = words.known("from", provenance["source_language"]["verdict"])
        if label == "translated" and source:
            said.append(words.table["indication"]["translated_from"].format(shown, **{"from": source}))
        else:
            said.append(words.table["indication"].get(label, words.name("label", label) + " ({})").format(shown))
    found = [page["indicates"].format(words.listed(said))] if said else []
    if not said:
        found.append(page["too_little"] if scores else page["no_verdict"])
    for axis, slant in reading.get("slant", {}).items():
        name, verdict = words.name("axis", axis), slant["verdict"]
        if verdict == OFF_TOPIC:
            found.append(page["stands_off"].format(axis=name))
        else:
            share = slant["scores"].get(verdict)
            shown = words.name("label", verdict) + (f" ({words.percent(share)})" if share is not None else "")
            found.append(page["stands"].format(axis=name, verdict=shown))
    return found


def _row(
    name: str, score: float, words: Words, *, threshold: float | None, said: bool, number: int | None, meaning: str = ""
) -> dict[str, Any]:
    """A line of a verdict's table: name, bar, threshold; `number` is its choice."""
    page = words.table["page"]
    # A threshold of one belongs to what is never called by it.
    at = threshold if threshold is not None and threshold < 1 else None
    state = page["said" if said else "not_said"]
    if at is not None:
        aside = not said and score >= at
        state = page["set_aside" if aside else "said_at" if said else "not_said_at"].format(words.percent(at))
    return {
        "name": name,
        "meaning": meaning,
        "width": round(100 * min(max(score, 0), 1), 1),
        "percent": words.percent(score),
        "threshold": None if at is None else round(100 * at, 1),
        "said": said,
        "state": state,
        "number": number,
    }


def _provenance(
    reading: Mapping[str, Any], thresholds: Mapping[str, float], choices: Mapping[str, int], words: Words
) -> list[dict[str, Any]]:
    provenance = reading["provenance"]
    return [
        _row(
            words.name("label", label),
            score,
            words,
            threshold=thresholds.get(label),
            said=label in provenance["verdict"],
            number=choices.get(label),
            meaning=words.known("meaning", label),
        )
        for label, score in provenance["scores"].items()
    ]


def _languages(
    reading: Mapping[str, Any], threshold: float | None, choices: Mapping[str, int], words: Words
) -> dict[str, Any] | None:
    """Source languages, likeliest first; nothing where the text does not read as translated."""
    provenance = reading["provenance"]
    source = provenance["source_language"]
    if not source["scores"]:
        return None
    idle = source["verdict"] == UNDETERMINED and provenance["scores"].get("translated", 0) < 0.5
    rows = [
        _row(
            words.name("language", code),
            score,
            words,
            threshold=threshold,
            said=code == source["verdict"],
            number=choices.get(f"source_language:{code}"),
        )
        for code, score in sorted(source["scores"].items(), key=lambda item: -item[1])
    ]
    return {"idle": idle, "rows": rows, "undecided": source["verdict"] == UNDETERMINED}


def _axis(
    axis: str, slant: Mapping[str, Any], thresholds: Mapping[str, float], choices: Mapping[str, int], words: Words
) -> dict[str, Any]:
    verdict = slant["verdict"]
    rows = [
        _row(
            words.name("label", pole),
            score,
            words,
            threshold=thresholds.get(pole),
            said=pole == verdict,
            number=choices.get(f"{axis}:{pole}"),
            meaning=words.known("meaning", pole),
        )
        for pole, score in slant["scores"].items()
    ]
    return {
        "name": words.name("axis", axis),
        "off": verdict == OFF_TOPIC,
        "undecided": verdict == UNDETERMINED,
        "rows": rows,
    }


def _labels(labels: Mapping[str, Mapping[str, Any]], choices: Mapping[str, int], words: Words) -> list[dict[str, Any]]:
    """What a user's own heads say."""
    rows = []
    for name, label in labels.items():
        verdict = label["verdict"]
        row = _row(name, label["score"], words, threshold=None, said=verdict == "yes", number=choices.get(name))
        rows.append({**row, "state": words.name("label", verdict)})
    return rows


def _loaded(score: float | None, choices: Mapping[str, int], words: Words) -> dict[str, Any] | None:
    """How much of the wording judges: a measure, which has no threshold and is no verdict."""
    if score is None:
        return None
    name = words.table["page"]["loaded_row"]
    return {**_row(name, score, words, threshold=None, said=False, number=choices.get("loaded")), "state": ""}


def _place(item: Mapping[str, Any], words: Words) -> str:
    """Where a passage stands, for those who check."""
    start, end = words.number(int(item["start"])), words.number(int(item["end"]))
    return str(words.table["page"]["start_end"]).format(start=start, end=end)


def _quotes(items: Iterable[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    somebody = words.table["page"]["somebody"]
    return [
        {
            "key": f"q{number}",
            "start": int(item["start"]),
            "end": int(item["end"]),
            "side": item["side"] if item["side"] in SIDES else "other",
            "side_name": words.name("side", item["side"]),
            "speaker": " ".join(str(item["speaker"]).split()) or somebody,
            "verb": str(item["verb"]),
            "stance": words.name("stance", item["stance"]),
            "place": _place(item, words),
        }
        for number, item in enumerate(items)
    ]


def _framing(items: Iterable[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    return [
        {
            "key": f"f{number}",
            "start": int(item["start"]),
            "end": int(item["end"]),
            "pole": item["pole"] if item["pole"] in {"pro_kremlin", "pro_kyiv"} else "neutral",
            "pole_name": words.name("label", item["pole"]),
            "voice": "own" if item["voice"] == "own" else "quoted",
            "voice_name": words.name("voice", item["voice"]),
            "why": words.reason(str(item.get("why", ""))),
            "place": _place(item, words),
        }
        for number, item in enumerate(items)
    ]


def _furniture(items: Iterable[Mapping[str, Any]], words: Words) -> list[dict[str, Any]]:
    return [
        {
            "key": f"p{number}",
            "start": int(item["start"]),
            "end": int(item["end"]),
            "name": words.name("furniture", item["kind"]),
            "place": _place(item, words),
        }
        for number, item in enumerate(items)
    ]


def _notes(label: str, number: int, items: Sequence[Mapping[str, Any]], text: str, words: Words) -> dict[str, Any]:
    """A verdict's evidence in reading order; several reasons at one place are one note."""
    at: dict[tuple[int, int], list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        at[int(item["start"]), int(item["end"])].append(item)
    rest = [item for (start, end), found in at.items() if end <= start for item in found]
    placed = sorted((span, found) for span, found in at.items() if span[1] > span[0])
    most = max((abs(sum(float(i["weight"]) for i in found)) for _, found in placed), default=1.0) or 1.0
    notes = []
    for place, (span, found) in enumerate(placed, start=1):
        weight = sum(float(item["weight"]) for item in found)
        passage = " ".join(text[span[0] : min(span[1], span[0] + 4 * MAX_PASSAGE)].split())
        reasons = [
            {"why": words.reason(str(item["why"])), "weight": words.signed(float(item["weight"]))}
            for item in sorted(found, key=lambda i: -abs(float(i["weight"])))
        ]
        notes.append(
            {
                "key": f"e{number}-{place}",
                "number": place,
                "start": span[0],
                "end": span[1],
                "passage": passage if len(passage) <= MAX_PASSAGE else passage[: MAX_PASSAGE - 1] + "…",
                "against": weight < 0,
                "weight": words.signed(weight),
                "width": round(100 * abs(weight) / most, 1),
                "reasons": reasons,
            }
        )
    # "source_language:en" and "ukraine-war:pro_kyiv" are labels of a kind.
    kind, _, value = label.rpartition(":")
    name = words.name("language" if kind == "source_language" else "label", value)
    kind_name = words.table["page"]["source_language"] if kind == "source_language" else words.name("axis", kind)
    return {
        "number": number,
        "name": f"{kind_name}{words.table['colon']}{name}" if kind else name,
        "notes": notes,
        "rest": [(words.reason(str(item["why"])), words.signed(float(item["weight"]))) for item in rest],
    }


def _voices(shares: Mapping[str, float], words: Words) -> list[dict[str, Any]]:
    """Shares of voice as pieces of one bar, the author last."""
    found, at = [], 0.0
    for side in (*SIDES, "author"):
        share = float(shares.get(side, 0.0))
        if share > 0:
            width = 100 * share
            found.append(
                {
                    "side": side,
                    "name": words.name("side", side),
                    "percent": words.percent(share),
                    "at": round(at, 2),
                    "width": round(width, 2),
                }
            )
            at += width
    return found


def _upstream(items: Iterable[Mapping[str, Any]], words: Words) -> list[dict[str, str]]:
    """Each outlet once for each role, in reading order."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for item in items:
        row = {
            "name": str(item["name"]),
            "domain": str(item["domain"]),
            "role": words.name("role", item["role"]),
            "ownership": words.name("ownership", item["ownership"]),
            "country": str(item["country"]) or "–",
            "place": _place(item, words),
        }
        found.setdefault((row["name"], row["role"]), row)
    return list(found.values())


def _figures(figures: Iterable[Mapping[str, Any]], language: str, words: Words) -> list[dict[str, str]]:
    """What share of cases is found at the shipped thresholds, and how many false alarms come with it."""
    by = {(f["head"], f["cut"], f["name"]): f for f in figures}
    rows = []
    slant = "en" if language == "en" else "fr"
    own = (("slant", "outlet", f"{slant}_recall_at_threshold", f"{slant}_false_war"),)
    for head, cut_, found, false in (*_FIGURES, *own):
        recall, alarms = by.get((head, cut_, found)), by.get((head, cut_, false))
        if recall is None or alarms is None:
            continue
        rows.append(
            {
                "name": words.name("figure", head),
                "found": _interval(recall, words),
                "false": _interval(alarms, words, 1),
            }
        )
    return rows


def _interval(figure: Mapping[str, Any], words: Words, digits: int = 0) -> str:
    low, value, high = (words.decimal(100 * float(figure[name]), digits) for name in ("low", "value", "high"))
    return f"{words.table['percent'].format(value)} ({low}–{high})"
