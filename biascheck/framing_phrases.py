"""The phrases of `lexicons/framing.toml` → where they stand in a text, without all their forms in memory.

One Aho–Corasick pass finds the beginnings of phrases; what follows a beginning is compared in place. So a phrase with
many forms costs memory for its beginnings alone, and the automaton is built fast.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from biascheck.lexicon import read_table

__all__ = [
    "AFTER",
    "BEFORE",
    "LONGER",
    "NEGATION",
    "TERM",
    "TOPIC",
    "WORD",
    "FramingPhrases",
    "Match",
    "Span",
    "listed",
    "load_phrases",
]

#: A phrase's beginnings are written out up to this many forms, and to this length in characters.
MAX_FORMS, MIN_BEGINNING = 12, 4
#: Texts are full of beginnings as short as "russie ": those are written out up to this many forms.
SHORT_BEGINNING, MAX_SHORT = 9, 64
#: Up to how many forms are written out that are compared after a beginning.
MAX_JOINED = 64
#: Characters by which what may follow a beginning is looked up.
KEY = 2
#: The kinds of entries.
TERM, WORD, TOPIC, BEFORE, AFTER, NEGATION = range(6)
#: Letters that are written out in phrases and in texts.
LONGER = (("œ", "oe"), ("æ", "ae"))
_GROUP = re.compile(r"\{([^{}]*)\}")

Slots = tuple[tuple[str, ...], ...]
#: What a beginning leads to: the kind and number of its entry, and the slots that must follow.
Rest = tuple[int, int, Slots]
#: A find, so that plain sorting puts the longest of those that begin together first: start, minus end, entry.
Span = tuple[int, int, int]
#: A beginning by number, and where it stands.
Match = tuple[int, int, int]


class FramingPhrases:
    """The phrases of one language, by their beginnings."""

    def __init__(self, language: str) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        tables = read_table("framing")
        self.concepts: list[tuple[str, str, str]] = []
        self.words: list[tuple[str, int]] = []
        owners: dict[str, list[Rest]] = {}
        for row in tables["concept"]:
            for phrase in row.get(language, ()):
                _plant(owners, phrase, TERM, len(self.concepts))
            self.concepts.append((row["name"], row["pole"], row["why"]))
        for kind in ("loaded", "hedge", "booster"):
            for row in _of(tables, kind, language):
                for phrase in listed(row["words"]):
                    _plant(owners, phrase, WORD, len(self.words))
                self.words.append((kind, row.get("strength", 1)))
        for row in _of(tables, "topic", language):
            for phrase in listed(row["words"]):
                _plant(owners, phrase, TOPIC, 0)
        for row in _of(tables, "distance", language):
            for phrase in row["phrases"]:
                _plant(owners, phrase, BEFORE if row["side"] == "before" else AFTER, 0)
        for row in _of(tables, "negation", language):
            for phrase in row["phrases"]:
                _plant(owners, phrase, NEGATION, 0)
        self._rests = list(owners.values())
        self._owners: list[_Owner | None] = [None] * len(owners)
        # One byte a character, so that its places are places in the text.
        self._automaton = BytesAhoCorasick(
            [beginning.encode("latin-1") for beginning in owners],
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
        )

    def beginnings(self, folded: str) -> list[Match]:
        """The beginnings of phrases in a folded text, by number, and where they stand."""
        found: list[Match] = self._automaton.find_matches_as_indexes(
            folded.encode("latin-1", "replace"), overlapping=True
        )
        return found

    def find(self, folded: str, beginnings: list[Match]) -> tuple[list[Span], ...]:
        """The phrases in a folded text that has these beginnings, by kind, overlapping ones too."""
        found: tuple[list[Span], ...] = ([], [], [], [], [], [])
        owners, size = self._owners, len(folded)
        for number, start, end in beginnings:
            whole, after, otherwise = owners[number] or self._own(number)
            rests = after.get(folded[end : end + KEY], otherwise) if after else otherwise
            if not (rests or whole) or (start and folded[start - 1].isalnum()):
                continue
            if whole and not (end < size and folded[end].isalnum() and folded[end - 1].isalnum()):
                for kind, entry in whole:
                    found[kind].append((start, -end, entry))
            for kind, entry, slots in rests:
                stop = _follow(folded, end, slots, 0) if folded.startswith(slots[0], end) else -1
                if stop >= 0:
                    while folded[stop - 1] == " ":
                        stop -= 1
                    found[kind].append((start, -stop, entry))
        return found

    def _own(self, number: int) -> _Owner:
        """What a beginning leads to, arranged when a text first has it: most beginnings never are."""
        rests = self._rests[number]
        longer = [(kind, entry, _joined(slots)) for kind, entry, slots in rests if slots]

        def following(sign: str) -> tuple[Rest, ...]:
            return tuple(
                (kind, entry, (forms, *later))
                for kind, entry, (first, *later) in longer
                if (forms := tuple(form for form in first if len(form) < KEY or form[:KEY] == sign))
            )

        signs = {form[:KEY] for _, _, slots in longer for form in slots[0]}
        whole = tuple((kind, entry) for kind, entry, slots in rests if not slots)
        found = _Owner(whole, {sign: following(sign) for sign in signs}, following(""))
        self._owners[number] = found
        return found


class _Owner(NamedTuple):
    """The entries that a beginning is all of; those of which more must follow, by its first characters; all others'."""

    whole: tuple[tuple[int, int], ...]
    after: dict[str, tuple[Rest, ...]]
    otherwise: tuple[Rest, ...]


def _joined(slots: Slots) -> Slots:
    """Slots with neighbours written out as one, while its forms are no more than `MAX_JOINED`."""
    joined: list[tuple[str, ...]] = []
    for slot in slots:
        if joined and len(joined[-1]) * len(slot) <= MAX_JOINED:
            joined[-1] = tuple(a + b for a, b in product(joined[-1], slot))
        else:
            joined.append(slot)
    return tuple(joined)


def _follow(text: str, at: int, slots: Slots, number: int) -> int:
    """Where the longest way through the slots ends at a word's edge, or -1."""
    if number == len(slots):
        return -1 if at < len(text) and text[at].isalnum() and text[at - 1].isalnum() else at
    best = -1
    for form in slots[number]:
        if text.startswith(form, at):
            best = max(best, _follow(text, at + len(form), slots, number + 1))
    return best


@cache
def load_phrases(language: str) -> FramingPhrases:
    """The phrases of a language, ``fr`` or ``en``, arranged once a process."""
    return FramingPhrases(language)


def _of(tables: dict[str, list[dict[str, Any]]], kind: str, language: str) -> list[dict[str, Any]]:
    return [row for row in tables[kind] if row["language"] == language]


def listed(words: str) -> list[str]:
    """The phrases of a value that semicolons part."""
    return [word for part in words.split(";") if (word := " ".join(part.split()))]


def _plant(owners: dict[str, list[Rest]], phrase: str, kind: int, entry: int) -> None:
    """Enter a phrase under the forms of its beginning."""
    for old, new in LONGER:
        phrase = phrase.replace(old, new)
    parts = _GROUP.split(phrase)
    slots = [tuple(part.split("|")) if i % 2 else (part,) for i, part in enumerate(parts) if part]
    beginnings, taken, shortest = [""], 0, 0
    for slot in slots:
        # Of what distances, all forms would count that are written out, not the longest alone.
        most = MAX_SHORT if shortest < SHORT_BEGINNING and kind in (TERM, WORD, TOPIC) else MAX_FORMS
        if len(beginnings) * len(slot) > most and shortest >= MIN_BEGINNING:
            break
        beginnings = [beginning + form for beginning in beginnings for form in slot]
        taken, shortest = taken + 1, shortest + min(map(len, slot))
    rest = (kind, entry, tuple(slots[taken:]))
    for beginning in beginnings:
        if key := beginning.lstrip() if rest[2] else beginning.strip():
            owners.setdefault(key, []).append(rest)
