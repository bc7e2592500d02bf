"""Words as data: `lexicons/*.toml`, found in one Aho–Corasick pass (A. Aho, M. Corasick, CACM 18/6, 1975)."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

import numpy as np

from biascheck.folding import fold_typography_many

__all__ = [
    "Entry",
    "Hit",
    "Lexicon",
    "counted_worlds",
    "expand",
    "lexicon_checksum",
    "load_lexicon",
    "load_names",
    "read_table",
]

_ALTERNATIVES = re.compile(r"\{([^{}]*)\}")
MAX_EXPANSIONS = 400
#: Texts that are worth building a faster automaton for.
MANY = 200
#: The tables of a lexicon, and the key that says what an entry of each is for.
_TABLES = (("calque", "from"), ("marker", "for"), ("verb", "stance"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a lexicon.

    `kind` is the table it stands in (``calque``, ``marker``, ``verb``), `value` its ``from``, ``for`` or ``stance``.
    """

    index: int
    kind: str
    value: str
    why: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: its entry, and where in the folded text (end exclusive)."""

    entry: Entry
    start: int
    end: int


def expand(phrase: str) -> Iterator[str]:
    """Write out the alternatives of a phrase.

    >>> list(expand("a {dit|affirmé} que"))
    ['a dit que', 'a affirmé que']
    """
    parts = _ALTERNATIVES.split(phrase)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    for combination in itertools.product(*choices):
        yield "".join(combination)


class Lexicon:
    """The entries of one language and the automaton that finds them.

    Parameters
    ----------
    tables : dict
        A parsed ``lexicons/<language>.toml``.
    """

    def __init__(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        rows = [(kind, row[key], row) for kind, key in _TABLES for row in tables.get(kind, [])]
        written = [
            [p for phrase in row["phrases"] for p in itertools.islice(expand(phrase), MAX_EXPANSIONS)]
            for _, _, row in rows
        ]
        folded = iter(fold_typography_many([phrase for phrases in written for phrase in phrases]))
        entries: list[Entry] = []
        owners: dict[str, list[int]] = {}
        for (kind, value, row), phrases in zip(rows, written, strict=True):
            forms = tuple(dict.fromkeys(itertools.islice(folded, len(phrases))))
            for form in forms:
                owners.setdefault(form, []).append(len(entries))
            entries.append(Entry(len(entries), kind, value, row.get("why", ""), forms))
        self.entries = tuple(entries)
        kinds = list(dict.fromkeys((entry.kind, entry.value) for entry in entries))
        #: The totals that are features: each calque language, marker label and verb stance, calques first.
        self.kinds = tuple(sorted(kinds, key=lambda kind: (kind[0] != "calque", kinds.index(kind))))
        self.n_calque_kinds = sum(kind == "calque" for kind, _ in self.kinds)
        self.membership = np.zeros((len(entries), len(self.kinds)), dtype=np.float32)
        for entry in entries:
            self.membership[entry.index, self.kinds.index((entry.kind, entry.value))] = 1
        # The edges that must be word edges; a phrase that begins or ends with a blank or a sign brings its own.
        self._phrases = [
            (phrase[0].isalnum(), phrase[-1].isalnum(), tuple(indices)) for phrase, indices in owners.items() if phrase
        ]
        self._written = [phrase for phrase in owners if phrase]
        # Built in an eighth of the time that the faster one takes, which pays where many texts are read.
        self._automaton = AhoCorasick(
            self._written,
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
            store_patterns=False,
        )

    @cached_property
    def _fast(self) -> Any:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        return AhoCorasick(
            self._written, matchkind=MatchKind.Standard, implementation=Implementation.DFA, store_patterns=False
        )

    def find(self, folded: str) -> Iterator[tuple[int, int, int]]:
        """Yield ``(entry index, start, end)`` for each phrase of a folded text, overlapping ones too; linear time."""
        return self._find(self._automaton, folded)

    def find_many(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """The entry indices of `find` for each text."""
        automaton = self._fast if len(texts) >= MANY else self._automaton
        for folded in texts:
            yield [index for index, _, _ in self._find(automaton, folded)]

    def _find(self, automaton: Any, folded: str) -> Iterator[tuple[int, int, int]]:
        size = len(folded)
        for number, start, end in automaton.find_matches_as_indexes(folded, overlapping=True):
            left, right, indices = self._phrases[number]
            if right and end < size and folded[end].isalnum():
                continue
            if left and start and folded[start - 1].isalnum():
                continue
            for index in indices:
                yield index, start, end

    def hits(self, folded: str) -> list[Hit]:
        """The phrases of a folded text as `Hit`, in order."""
        return [Hit(self.entries[index], start, end) for index, start, end in self.find(folded)]


def _read(name: str) -> bytes:
    return resources.files("biascheck").joinpath(f"lexicons/{name}.toml").read_bytes()


@cache
def read_table(name: str) -> dict[str, Any]:
    """`lexicons/<name>.toml`, parsed once a process; not to be changed."""
    return tomllib.loads(_read(name).decode())


@cache
def load_lexicon(language: str) -> Lexicon:
    """The lexicon of a language, built once a process."""
    return Lexicon(read_table(language))


@cache
def load_names() -> tuple[dict[str, int], tuple[str, ...]]:
    """Names in lower case with the index of their world, and the worlds."""
    tables = read_table("names")
    worlds = tuple(tables)
    table = {
        name.lower(): worlds.index(world)
        for world, lists in tables.items()
        for names in lists.values()
        for name in names
    }
    return table, worlds


def counted_worlds() -> tuple[int, ...]:
    """The worlds that are features, by their index.

    The Russian one is not: since 2022 its names stand in every language's news, and counted they made half of all texts
    on the war Russian.
    """
    return tuple(number for number, world in enumerate(load_names()[1]) if world != "ru")


def lexicon_checksum(language: str) -> str:
    """SHA-256 of the word lists that features depend on: features counted with other lists do not fit a model."""
    return hashlib.sha256(_read(language) + _read("names") + _read("framing")).hexdigest()
