"""A line of a page's leftovers → what it looks like, whoever the outlet is: a source, a teaser, a field of a feed.

Each form is a pattern with its strength (`[form.x]` of `lexicons/leftovers.toml`). A pattern is tried only on lines
that hold one of its words or signs, so that most lines cost a look into a table.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from biascheck.lexicon import read_table
from biascheck.outlets import plain

__all__ = ["FORMS", "Form", "forms_of"]

_MACROS = "macro"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a line may look like; `aggregated` is how strongly it says that the text was taken from another site."""

    name: str
    aggregated: float
    why: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Table:
    forms: tuple[Form, ...]
    words: dict[str, tuple[int, ...]]
    signs: dict[str, tuple[tuple[str, tuple[int, ...]], ...]]


@cache
def _table() -> _Table:
    rows = dict(read_table("leftovers")["form"])
    macros: dict[str, str] = rows.pop(_MACROS)
    words: dict[str, list[int]] = defaultdict(list)
    signs: dict[str, list[int]] = defaultdict(list)
    forms = []
    for number, (name, row) in enumerate(rows.items()):
        pattern = row["pattern"]
        for macro, value in macros.items():
            pattern = pattern.replace(f"<{macro}>", value)
        forms.append(Form(name, row["aggregated"], row["why"], re.compile(pattern)))
        for word in row.get("words", "").split():
            words[word].append(number)
        for sign in row.get("signs", ()):
            signs[sign].append(number)
    return _Table(
        tuple(forms),
        {word: tuple(numbers) for word, numbers in words.items()},
        {
            first: tuple((sign, tuple(numbers)) for sign, numbers in signs.items() if sign[0] == first)
            for first in {sign[0] for sign in signs}
        },
    )


#: Names of the forms, in the order of the file.
FORMS = tuple(name for name in read_table("leftovers")["form"] if name != _MACROS)


def forms_of(line: str, words: Iterable[str]) -> Iterator[Form]:
    """The forms that a short line has, in the order of the file; `words` are its words in lower case.

    >>> [form.name for form in forms_of("Lire la suite sur La Gazette", ["lire", "la", "suite"])]
    ['read_at']
    """
    table = _table()
    line = plain(line)
    tried: set[int] = set()
    for word in words:
        if word in table.words:
            tried.update(table.words[word])
    for first in table.signs.keys() & set(line):
        for sign, numbers in table.signs[first]:
            if sign in line:
                tried.update(numbers)
    for number in sorted(tried):
        form = table.forms[number]
        if form.pattern.search(line):
            yield form
