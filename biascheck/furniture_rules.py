"""`lexicons/furniture.toml` → rules for lines, folded and arranged so that most lines are refused at once.

A text is folded once to one byte a character (case, accents and typography made alike), so that a place in the folded
text is a place in the text. Tables of words and first bytes tell which lines deserve a closer look; regular expressions
see those lines only. `furniture.py` says which rules see which line.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from biascheck.lexicon import read_table
from biascheck.outlet_rows import read_rows

__all__ = [
    "MAX_LINE",
    "Line",
    "Numbered",
    "Rule",
    "Zone",
    "first_of",
    "fits",
    "fold_bytes",
    "fold_many_bytes",
    "load_rules",
    "outlet_fits",
]

#: A longer line is a paragraph. It also bounds the work of every pattern.
MAX_LINE = 300
#: Whole-line patterns that nothing announces see lines up to this length only.
MAX_SHORT = 90
#: What is folded to the key, besides case and accents. Ã and Ă stay apart: they betray text decoded the wrong way.
_ALIKE = {
    "'": "’‘ʼ´`",
    '"': "«»“”„‟",
    "-": "–—―−‐‑",
    " ": "\t\x0b\x0c\u00a0\u202f\u2009\u200b\ufeff",
    "\n": "\r\x85\u2028\u2029",
    "*": "•·∙●▪■◦⭐\ufe0f",
    ".": "…",
    ">": "›",
    "a": "æÆ",
    "i": "ıİ",
    "l": "łŁ",
    "o": "œŒøØ",
    "s": "ß",
    "©": "©",
    "£": "ÃĂ",
}
_WORD = re.compile(rb"[a-z\xc0-\xff]+")
_SIGNS = bytes(byte for byte in range(256) if not (48 <= byte < 58 or 97 <= byte < 123 or byte >= 0xC0))


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule of the file; `aggregated` is how strongly it says that the text was taken from another site."""

    kind: str
    where: str
    zone: str
    aggregated: float
    why: str
    phrases: tuple[bytes, ...]
    pattern: str
    raw: bool
    whole: bool
    longest: int

    @property
    def compiled(self) -> re.Pattern[Any]:
        """The pattern, over folded bytes, or over the text itself where case counts."""
        return _compile(self.pattern, self.raw)


@cache
def _compile(pattern: str, raw: bool) -> re.Pattern[Any]:
    return re.compile(pattern) if raw else re.compile(pattern.encode("latin-1"))


@cache
def _fold_table() -> npt.NDArray[np.uint8]:
    """One byte for each character of the basic plane; scripts without a Latin form share 63 bytes by remainder."""
    table = (0xC0 + np.arange(0x10000) % 63).astype(np.uint8)
    for code in range(0x250):
        plain = unicodedata.normalize("NFD", chr(code).lower())[0]
        table[code] = ord(plain) if plain < "\x80" else 0xA0 + code % 32
    for code in range(0x370, 0x530):
        table[code] = 0xC0 + ord(chr(code).lower()[0]) % 63
    for plain, characters in _ALIKE.items():
        for character in characters:
            table[ord(character)] = ord(plain)
    return table


def fold_bytes(text: str) -> bytes:
    """Fold a text to one byte a character.

    >>> fold_bytes("À l’été…")
    b"a l'ete."
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return _fold_table().take(codes, mode="clip").tobytes()


def fold_many_bytes(texts: Sequence[str]) -> list[bytes]:
    """`fold_bytes` of each of a few texts, read as one."""
    folded = fold_bytes("".join(texts))
    return [folded[start:end] for start, end in pairwise(accumulate(map(len, texts), initial=0))]


def _squeeze(folded: bytes) -> bytes:
    return folded.translate(None, _SIGNS)


@cache
def _outlet_names() -> frozenset[bytes]:
    """Names of outlets as letters and digits alone."""
    names: list[str] = []
    for own, aliases, domains, *_ in read_rows():
        for name in (own, *aliases.split("|"), *domains.split("|")):
            names += [name, name.split(" (")[0], name.removeprefix("The ")]
    return frozenset(map(_squeeze, fold_bytes("\n".join(names)).split(b"\n"))) - {b""}


def _is_outlet(name: str) -> bool:
    return len(name) > 1 and _squeeze(fold_bytes(name)) in _outlet_names()


@cache
def load_rules() -> tuple[Rule, ...]:
    """The rules, in the order of the file: the first that matches a line names it."""
    tables = read_table("furniture")
    macros: dict[str, str] = tables["macro"]

    def expanded(pattern: str) -> str:
        for name, value in macros.items():
            pattern = pattern.replace(f"<{name}>", value)
        return pattern

    return tuple(
        Rule(
            kind=row["kind"],
            where=row["where"],
            zone=row.get("zone", "text"),
            aggregated=row["aggregated"],
            why=row["why"],
            phrases=tuple(fold_bytes(row.get("phrases", "")).strip(b"\n").split(b"\n")) if "phrases" in row else (),
            pattern=expanded(row.get("pattern", "")),
            raw=row.get("raw", False),
            whole=row.get("whole", False),
            longest=row.get("longest", sys.maxsize if row["where"] in {"opening", "ending"} else MAX_LINE),
        )
        for row in tables["rule"]
    )


class Line(NamedTuple):
    """A line: its number, its place without edges, and what the rules look at."""

    number: int
    start: int
    end: int
    blank_start: int
    blank_end: int
    key: bytes


#: A rule and its place in the file: of two that fit, the first counts.
Numbered = tuple[int, Rule]


def first_of(one: Numbered | None, other: Numbered | None) -> Numbered | None:
    """Of two rules that fit, the one that counts."""
    if one is None or other is None:
        return one or other
    return one if one[0] <= other[0] else other


class Zone:
    """The rules of one zone, arranged for quick refusal."""

    def __init__(self, rules: Iterable[Numbered]) -> None:
        self.lines: dict[bytes, Numbered] = {}
        self.words: list[tuple[int, Rule, frozenset[bytes]]] = []
        self.inline: list[Numbered] = []
        starts: dict[bytes, list[tuple[bytes, int, Rule]]] = {}
        short: list[Numbered] = []
        for index, rule in rules:
            if rule.where == "words":
                self.words.append((index, rule, frozenset(rule.phrases)))
            elif rule.where in {"opening", "ending"}:
                self.inline.append((index, rule))
            elif rule.where in {"start", "prefix"}:
                for phrase in rule.phrases:
                    head = phrase[: 4 if len(phrase) > 3 else 2]
                    starts.setdefault(head, []).append((phrase, index, rule))
            elif rule.where == "line":
                for phrase in rule.phrases:
                    self.lines.setdefault(_bare(phrase), (index, rule))
                if rule.pattern:
                    short.append((index, rule))
        self.starts = {head: tuple(entries) for head, entries in starts.items()}
        self.raw = [(index, rule) for index, rule in short if rule.raw]
        folded = [(index, rule) for index, rule in short if not rule.raw]
        self.folded = dict(folded)
        patterns = (b"(?P<r%d>%s)" % (index, rule.pattern.encode("latin-1")) for index, rule in folded)
        self.short = re.compile(b"|".join(patterns)) if folded else None

    def whole(self, line: Line, text: str, folded: bytes) -> Numbered | None:
        """The first rule of the zone that a whole line fits, apart from what the automaton finds."""
        key, size = line.key, len(line.key)
        best: Numbered | None = None
        for length in (4, 2, 1):
            entries = self.starts.get(key[:length])
            for phrase, index, rule in entries or ():
                if (
                    key.startswith(phrase)
                    and size <= rule.longest
                    and (rule.where == "prefix" or _ends_word(phrase, key))
                    and (not rule.pattern or fits(rule, line, text, folded))
                ):
                    best = first_of(best, (index, rule))
        if not 1 < size <= MAX_SHORT:
            return best
        best = first_of(best, self.lines.get(_bare(key)))
        if self.short is not None:
            for start, end in {(line.start, line.end), (line.blank_start, line.blank_end)}:
                match = self.short.fullmatch(folded, start, end)
                if match is not None and match.lastgroup is not None:
                    index = int(match.lastgroup[1:])
                    best = first_of(best, (index, self.folded[index]))
        for index, rule in self.raw:
            if fits(rule, line, text, folded):
                best = first_of(best, (index, rule))
        for index, rule, words in self.words:
            if _of_words(key, rule, words):
                best = first_of(best, (index, rule))
        return best


def _ends_word(phrase: bytes, key: bytes) -> bool:
    return not (phrase[-1:].isalnum() and key[len(phrase) : len(phrase) + 1].isalnum())


def _bare(key: bytes) -> bytes:
    return key.strip(b" .:!?\"'")


def fits(rule: Rule, line: Line, text: str, folded: bytes) -> bool:
    """Whether a whole-line pattern fits, with the line's bullets or without them; a group `outlet` must be one."""
    source: Any = text if rule.raw else folded
    match = rule.compiled.fullmatch(source, line.start, line.end)
    if match is None and (line.start, line.end) != (line.blank_start, line.blank_end):
        match = rule.compiled.fullmatch(source, line.blank_start, line.blank_end)
    return match is not None and outlet_fits(match)


def outlet_fits(match: re.Match[Any]) -> bool:
    """Whether what a match names as an outlet, if anything, is one."""
    outlet = match.groupdict().get("outlet")
    return outlet is None or _is_outlet(outlet)


def _of_words(key: bytes, rule: Rule, words: frozenset[bytes]) -> bool:
    """Whether every word of a line is of the rule's vocabulary, and its pattern is somewhere in the line."""
    first = _WORD.search(key)
    if first is None or first[0] not in words:
        return False
    found = _WORD.findall(key)
    return words.issuperset(found) and len(key) <= rule.longest and rule.compiled.search(key) is not None
