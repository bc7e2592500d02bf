"""On whose side a speaker is: `lexicons/sides.toml`, looked up by name, office or institution."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from biascheck.lexicon import read_table

__all__ = ["SideTable", "load_side_table", "plain", "side_of"]


@lru_cache(maxsize=4096)
def plain(word: str) -> str:
    """A word without accents, spelt alike whoever transliterated it: Zelenskyy and Zelenski, Poutine and Putin."""
    word = word.lower()
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    for old, new in _SPELLINGS:
        word = word.replace(old, new)
    word = _DOUBLED.sub(r"\1", word)
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


_SPELLINGS = (
    ("ł", "l"), ("’", ""), ("'", ""), ("chtch", "ch"), ("shch", "ch"), ("tch", "ch"), ("tsch", "ch"), ("sch", "ch"),
    ("sh", "ch"), ("kh", "h"), ("zh", "j"), ("ge", "gue"), ("gi", "gui"), ("gu", "g"), ("ou", "u"), ("w", "v"),
    ("y", "i"), ("ck", "k"), ("x", "ks"),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = frozenset("aeiouy")


@dataclass(frozen=True, slots=True)
class _Person:
    initials: frozenset[str]
    side: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class SideTable:
    """Surnames with their people, words with their side, and the first of each words' words."""

    people: dict[str, tuple[_Person, ...]]
    words: dict[str, str]
    firsts: frozenset[str]
    civilian: frozenset[str]
    installed: frozenset[str]


@cache
def load_side_table() -> SideTable:
    """The side lexicon."""
    tables = read_table("sides")
    people: dict[str, tuple[_Person, ...]] = {}
    for side, rows in tables["people"].items():
        for row in rows.strip().split("\n"):
            name, _, dates = row.partition(";")
            since, _, until = dates.strip().partition("..")
            *given, surname = name.split()
            person = _Person(
                frozenset(_initial(plain(part)) for g in given for part in g.split("|")), side, since, until
            )
            for spelling in surname.replace("_", " ").split("|"):
                key = plain(spelling.split(" ")[-1])
                people[key] = (*people.get(key, ()), person)
    words = {word.replace("_", " "): side for side, value in tables["words"].items() for word in value.split()}
    return SideTable(
        people,
        words,
        frozenset(word.split(" ", 1)[0] for word in words),
        frozenset(tables["civilian"].split()),
        frozenset(tables["installed"].replace("_", " ").split("\n")),
    )


def _initial(plain: str) -> str:
    # Vowels count alike: Evgueni and Yevgeny, Alexandre and Oleksandr are one person's.
    return "*" if plain[:1] in _VOWELS else plain[:1]


_WORD = re.compile(r"[\w-]+")
#: First words of two- and three-word institutions are looked up together.
_LONGEST = 3


@lru_cache(maxsize=4096)
def side_of(description: str, date: str | None = None) -> str:
    """The side of a speaker described by name, role or both: the first word that tells decides.

    >>> side_of("le porte-parole du Kremlin"), side_of("Volodymyr Zelenskyy"), side_of("une habitante de Kiev")
    ('russia', 'ukraine', 'other')
    """
    if not description:
        return "other"
    table = load_side_table()
    description = description.replace("’", "'")
    lowered = description.lower()
    for word in table.installed:
        if word in lowered:
            return "russia"
    words = _WORD.findall(description)[:40]
    low = " ".join(words).lower().split(" ")
    if not table.civilian.isdisjoint(low):
        return "other"
    for number in range(len(words)):
        if low[number] in table.firsts:
            for length in range(_LONGEST, 0, -1):
                side = table.words.get(" ".join(low[number : number + length]))
                if side is not None and not _is_given(words, number):
                    return side
        # A capitalised word after it makes it a given name: "Philip Pronine" is not Édouard Philippe.
        if words[number][:1].isupper() and not (number + 1 < len(words) and words[number + 1][:1].isupper()):
            previous = words[number - 1] if number else ""
            for person in table.people.get(plain(words[number]), ()):
                given = previous[:1].isupper() and previous.lower() not in _TITLES
                if given and _initial(plain(previous)) not in person.initials:
                    continue
                if date and ((person.since and date < person.since) or (person.until and date >= person.until)):
                    continue
                return person.side
    return "other"


_TITLES = frozenset(
    "président president minister ministre general général secretary chancelier chancellor premier colonel m mr "
    "mme mrs ms dr spokesman spokeswoman senator governor le la king pope commander admiral ambassador".split()
)


def _is_given(words: list[str], number: int) -> bool:
    # "Paris Hilton", "Jack London": a place between capitals is part of somebody's name.
    return (
        number + 1 < len(words)
        and words[number][:1].isupper()
        and words[number + 1][:1].isupper()
        and plain(words[number + 1]) in load_side_table().people
        and words[number].lower() not in load_side_table().words
    )
