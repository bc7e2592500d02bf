"""A line of a page's leftovers → what it speaks of in any language: a source, reading on, an article, sharing, home.

No list of phrases holds how the next site will put ``Republié avec l'aimable accord de`` or its Polish twin, but both
speak of passing on and of an article, and name an outlet. What a line speaks of, two and two, is what the head
`aggregated` learns of lines that no rule names. The words are data (`lexicons/leftovers.toml`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

from biascheck.lexicon import read_table
from biascheck.outlets import DISTINCT, load_table, plain
from biascheck.words import WORD, flags_of, hash_words

__all__ = ["ADDRESS", "FRENCH", "MAX_READ", "MEANINGS", "OTHER_SCRIPT", "Line", "Said", "read_lines", "words_of"]

#: The tables of the file, then what the names in a line are.
MEANINGS = (
    *("origin", "read", "rest", "piece", "here", "translated", "machine", "copied", "issued", "first", "given"),
    *("thanks", "based", "link", "site", "by", "home", "related", "share", "comment", "letter", "channel", "photo"),
    *("stamp", "tags", "advert", "views", "prompt", "own", "desk", "legal", "data"),
    *("outlet", "perhaps outlet", "agency", "address"),
)
_OUTLET, _PERHAPS, _AGENCY, _ADDRESS = range(len(MEANINGS) - 4, len(MEANINGS))
ADDRESS = re.compile(
    r"https?://|www\.|t\.me/|\b[\w-]{1,40}\.(?:com|net|org|fr|info|be|ch|ru|de|es|it|uk|ca)\b", re.IGNORECASE
)
OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u2e80-\ud7ff]")
_WORDS = re.compile(r"[^\W\d_]{1,30}")
#: A word of two letters or more, and whether it begins a line or a part of it.
_PART = re.compile(r"(?:(^|[>/|»«:·•–—]\s{0,3}))?([^\W\d_]{2,30})")
#: Addresses, fields and marks of page builders are in no language.
_TECHNICAL = re.compile(r"\S{0,60}(?:[@_=\[\]{}<>#]|[./](?=\w))\S{0,60}")
MAX_WORDS = 40
#: A longer line is a paragraph: what it speaks of is the story.
MAX_READ = 200
#: French words that are in no line of another language.
FRENCH = frozenset(
    "le les des est dans pour qui pas sur au aux une du et avec ce cette il par nous vous à été plus".split()
)
#: Those of them that are words of no other language either: a line with one is French.
_TELLING = FRENCH - {"il", "et", "est", "par", "plus"}
#: From here on words are not kept apart by blanks, and are looked for inside a run of characters.
_UNSPACED = "\u2e80"
_LONGEST_UNSPACED = 4
_ARTICLE = "ال"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of leftovers in a text: where it stands, and whether a rule or the line model named it."""

    start: int
    end: int
    place: str
    named: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a line speaks of, as indices into `MEANINGS`, and whether in another language, surely or by its look."""

    meanings: frozenset[int]
    foreign: bool
    strange: bool


@dataclass(frozen=True, slots=True)
class _Table:
    whole: dict[str, tuple[int, ...]]
    stems: dict[str, tuple[int, ...]]
    lengths: tuple[int, ...]
    french: frozenset[str]
    foreign: frozenset[str]


@cache
def _table() -> _Table:
    """Words with their meanings; words that French has too tell no language, nor do those that are French alone."""
    tables = read_table("leftovers")
    whole: dict[str, list[int]] = defaultdict(list)
    stems: dict[str, list[int]] = defaultdict(list)
    french: set[str] = set()
    foreign = {word for words in tables["words"].values() for word in words}
    for meaning, by_language in tables["meaning"].items():
        number = MEANINGS.index(meaning)
        for language, words in by_language.items():
            for word in words.split():
                if word.endswith("*"):
                    stems[word[:-1]].append(number)
                else:
                    whole[word].append(number)
                    (french if language == "fr" else foreign).add(word)
    return _Table(
        {word: tuple(numbers) for word, numbers in whole.items()},
        {stem: tuple(numbers) for stem, numbers in stems.items()},
        tuple(sorted({len(stem) for stem in stems})),
        frozenset(french - foreign),
        frozenset(foreign - french),
    )


@lru_cache(maxsize=1 << 8)
def words_of(line: str) -> tuple[str, ...]:
    """The first words of a line, in lower case. A line is asked for several times, one after the other."""
    return tuple(word.lower() for word in _WORDS.findall(line)[:MAX_WORDS])


def read_lines(text: str, lines: Sequence[Line]) -> list[Said]:
    """What each of some lines of a text speaks of; the outlets of all are looked for at once."""
    shown = [text[line.start : min(line.end, line.start + MAX_READ)] for line in lines]
    joined = plain("\n".join(shown))
    words = [words_of(line) for line in shown]
    told = [{meaning for word in some for meaning in _meanings(word)} for some in words]
    begins = list(accumulate((len(line) + 1 for line in shown), initial=0))
    for address in ADDRESS.finditer(joined):
        told[bisect_right(begins, address.start()) - 1].add(_ADDRESS)
    outlets = load_table()
    for match in outlets.matches(joined):
        kind = _AGENCY if outlets.outlet(match.owners[0]).agency else _OUTLET if match.level == DISTINCT else _PERHAPS
        told[bisect_right(begins, match.start) - 1].add(kind)
    looks = _looks(["" if not _TELLING.isdisjoint(some) else line for line, some in zip(shown, words, strict=True)])
    return [
        Said(frozenset(meanings), alien or _foreign(line, some), strange)
        for meanings, line, some, (alien, strange) in zip(told, shown, words, looks, strict=True)
    ]


@lru_cache(maxsize=1 << 14)
def _meanings(word: str) -> tuple[int, ...]:
    table = _table()
    known = table.whole.get(word) or (table.whole.get(word[2:]) if word.startswith(_ARTICLE) else None)
    if known is not None:
        return known
    if word[0] >= _UNSPACED:
        runs = (
            word[start : start + length]
            for length in range(2, _LONGEST_UNSPACED + 1)
            for start in range(len(word) - length + 1)
        )
        return tuple(meaning for run in runs for meaning in table.whole.get(run, ()))
    stems = (word[:length] for length in table.lengths if length <= len(word))
    return tuple(meaning for stem in stems for meaning in table.stems.get(stem, ()))


def _foreign(line: str, words: Sequence[str]) -> bool:
    """Whether a line has another script, or words of another language and none that is French alone."""
    if OTHER_SCRIPT.search(line):
        return True
    table = _table()
    if not FRENCH.isdisjoint(words) or not table.french.isdisjoint(words):
        return False
    return sum(word in table.foreign for word in words) >= 1 + len(words) // 4


def _looks(lines: Sequence[str]) -> list[tuple[bool, bool]]:
    """Of each line, whether its words are no French ones, and whether those that begin its parts are unknown.

    A name is written with a capital letter and may be in any language: only small words make a line foreign.
    """
    parts = [_PART.findall(_TECHNICAL.sub(" ", line))[:MAX_WORDS] for line in lines]
    words = [word for some in parts for _, word in some]
    if not words:
        return [(False, False)] * len(lines)
    elsewhere = _table().foreign
    # Some of the most frequent English words stand in the French list too.
    flags = [
        flag < WORD << 3 and bool(flag & WORD) and word.lower() not in elsewhere
        for word, flag in zip(words, flags_of(hash_words(words)).tolist(), strict=True)
    ]
    looks, at = [], 0
    for some in parts:
        small, french, first = 0, 0, 0
        known = False
        for (opening, word), is_french in zip(some, flags[at : at + len(some)], strict=True):
            if is_french:
                french += word[0].islower()
                known = True
            elif word[0].islower():
                small += len(word) > 2
            elif opening:
                first += 1
        at += len(some)
        looks.append(((small > 1 and small > french) or (small == 1 and not known), first > 0 and not known))
    return looks
