"""The table of outlets and agencies (`outlets.csv`): names and addresses in a text → the rows they stand for.

Names are found in one Aho–Corasick pass (A. Aho, M. Corasick, CACM 18/6, 1975) over their first letters, and the names
that begin so are written out when a text first has them: most never are. An address belongs to the outlet of the
longest known ending of its host. How surely a form is a name, and not an ordinary word, is its level.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any, NamedTuple

from biascheck.lexicon import read_table
from biascheck.outlet_rows import Outlet, bare_name, cell_parts, listed, read_rows, row_names

__all__ = [
    "CONTEXT",
    "DISTINCT",
    "WEAK",
    "Match",
    "Table",
    "load_outlets",
    "load_table",
    "plain",
]

#: A form that is a name wherever it stands; one that needs a place or a word beside it; one that needs a plain word.
DISTINCT, CONTEXT, WEAK = range(3)

_ARTICLES = "Le |La |Les |The |El |Il |Die |Der |Das |Los |L'"
_ARTICLE = re.compile(_ARTICLES)
_NAME = re.compile(r"[^|\t\n]*")
_STARTS = tuple(sign + article for sign in "|\t\n" for article in ("", *_ARTICLES.split("|")))
_SMALL_WORD = re.compile(r"(?<= )[a-zà-ÿ]{4,}")
_FRENCH = frozenset(("Le", "La", "Les", "L'"))
_CONTRACTED = {"Le": ("au ", "du "), "Les": ("aux ", "des ")}
#: What stands in French before an English name instead of its article.
_ENGLISH = ("le ", "l'", "au ", "du ")
#: Signs that a name behind them is part of.
_NO_EDGE = frozenset("@#_")
_HOST_DOT = re.compile(r"\.[A-Za-z]{2}")
_HOST_BACK = re.compile(r"[\w.-]{0,100}")
_HOST_AHEAD = re.compile(r"[\w.-]{1,100}")
_PATH = re.compile(r"(?::\d{1,5})?(?:[/?#][^\s<>\"»]{0,400})?")
_HANDLE = re.compile(r"(?<![\w.@])@(\w{4,40})")
#: What makes a name the beginning of another word.
_JOINED = re.compile(r"[^\W_]|-[^\W\d_A-Z]")
_ENDINGS = (".com", ".co.uk", ".ru", ".fr", ".de", ".es", ".org", ".net", ".it")


class Match(NamedTuple):
    """A name or address found: the rows it may stand for, how sure its form is, and where (end exclusive)."""

    owners: tuple[int, ...]
    level: int
    start: int
    end: int
    address: bool


class _Form(NamedTuple):
    """A way to write a name: whose it may be, its level, where its key and where the name itself begin in it."""

    text: str
    owners: tuple[int, ...]
    level: int
    key: int
    shift: int


#: What may stand in a text from a key on, the longest first, and with it the forms that end so.
_Written = tuple[tuple[str, ...], tuple[tuple[str, tuple[_Form, ...]], ...]]


def _stands(text: str, form: _Form, start: int) -> bool:
    """Whether what a form has before its key stands in a text before a place, and no word is joined to it."""
    begin = start - form.key
    return (
        begin >= 0
        and text.startswith(form.text[: form.key], begin)
        and not (begin and (text[begin - 1].isalnum() or text[begin - 1] in _NO_EDGE))
    )


class Table:
    """The rows of `outlets.csv`, what finds their names in a text, and their hosts.

    Parameters
    ----------
    rows : list of list of str
        The cells of each row.
    words : dict
        A parsed `lexicons/upstream.toml`.
    """

    def __init__(self, rows: list[list[str]], words: dict[str, dict[str, Any]]) -> None:
        from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

        self.rows, self.words = rows, words
        names = words["names"]
        self._distinct, self._ordinary = frozenset(listed(names["distinct"])), frozenset(listed(names["ordinary"]))
        self._small, self._known = frozenset(listed(names["small"])), frozenset(listed(names["known"]))
        self._english = frozenset(listed(names["english"]))
        self._never, self._people = frozenset(listed(names["never"])), frozenset(listed(names["people"]))
        # One line a row: its own names, a tab, names put into French.
        cells = [row_names(row, self._capitals(row)) for row in rows]
        # The last row's names are no outlets, and hide those that stand in them: "Spoutnik V".
        self._hiding = (len(rows),)
        cells.append("\n" + "|".join(listed(names["longer"])) + "\t")
        self._begins = [0, *itertools.accumulate(len(cell) for cell in cells)]
        self._names = "".join(cells)
        # A bar stands before a name, a tab before one put into French, a line before the next row's.
        begun = rf"[|\t\n](?:{_ARTICLES})?((?:{names['often']})[^|\t\n]{{0,4}}|[^|\t\n]{{1,5}})"
        # An ordinary word in small letters is no name alone, and what is longer has a key of its own.
        keys = {key.partition(" (")[0].rstrip(" (") for key in re.findall(begun, self._names)}
        self._keys = sorted(key for key in keys if not (key.islower() and key in self._never))
        # A key that begins another sorts before it, and has its forms too.
        self._automaton = AhoCorasick(
            self._keys,
            matchkind=MatchKind.LeftmostFirst,
            implementation=Implementation.DFA,
            store_patterns=False,
        )
        #: Of each key, what may stand in a text from there on, and the forms that begin so; None until a text has it.
        self._forms: list[_Written | None] = [None] * len(self._keys)
        self._outlets: dict[int, Outlet] = {}

    def _capitals(self, row: list[str]) -> str:
        """An outlet's name as mastheads and bylines write it in capitals, unless it may be a heading's word there."""
        name = bare_name(row[0])
        core = _ARTICLE.sub("", name, count=1)
        shown = name.upper()
        word = core.isalpha() and core == name and name not in self._distinct
        return "" if row[6] == "yes" or word or name == shown or core in self._small else f"{shown} ()"

    def outlet(self, row: int) -> Outlet:
        """The outlet of a row."""
        if row not in self._outlets:
            name, aliases, domains, country, language, ownership, agency, translated = self.rows[row]
            self._outlets[row] = Outlet(
                name,
                cell_parts(aliases),
                cell_parts(domains),
                country,
                cell_parts(language),
                ownership,
                agency == "yes",
                cell_parts(translated),
            )
        return self._outlets[row]

    @cached_property
    def domains(self) -> dict[str, int]:
        """Rows by domain, and by Telegram channel (`t.me/…`)."""
        found: dict[str, int] = {}
        for i, row in enumerate(self.rows):
            for domain in row[2].split("|"):
                found.setdefault(domain, i)
        return found

    @cached_property
    def handles(self) -> dict[str, int]:
        """Rows by the domain or name without dots and blanks, as their accounts write them: ``@lemondefr``."""
        found: dict[str, int] = {}
        for i, row in enumerate(self.rows):
            names = (bare_name(name) for name in (row[0], *cell_parts(row[1])) if " " in name or name in self._distinct)
            for name in (*row[2].split("|"), *names):
                joined = "".join(filter(str.isalnum, name.lower()))
                if "/" not in name and len(joined) > 4:
                    found.setdefault(joined, i)
                    found.setdefault("_".join(name.lower().split()), i)
        return found

    @cached_property
    def short(self) -> dict[str, int]:
        """Agencies by their short names in small letters, as sign-offs write them."""
        found: dict[str, int] = {}
        for i, row in enumerate(self.rows):
            if row[6] == "yes":
                for name in (row[0], *cell_parts(row[1]), *cell_parts(row[7])):
                    if name.isalpha() and 1 < len(name) < 9 and name not in self._never and name != "PA":
                        found.setdefault(name.lower(), i)
        return found

    def is_distinct(self, word: str) -> bool:
        """Whether a word is a name wherever it stands."""
        return word in self._distinct

    def is_name(self, name: str) -> bool:
        """Whether a row has this name or alias, or its article and this."""
        return any(f"{start}{name}{end}" in self._names for start in _STARTS for end in ("|", "\t", " ("))

    def host(self, host: str, path: str) -> int | None:
        """The row of the longest known ending of a host, a Telegram channel before Telegram."""
        if host in {"t.me", "telegram.me"}:
            channel = path.lower().strip("/").removeprefix("s/").split("/")[0].split("?")[0]
            # A channel that the table has not is no upstream of Telegram's.
            if channel:
                return self.domains.get(f"t.me/{channel}")
        parts = host.split(".")
        return next(
            (self.domains[h] for k in range(len(parts) - 1) if (h := ".".join(parts[k:])) in self.domains), None
        )

    def matches(self, text: str) -> Iterator[Match]:
        """Addresses first, then the names that stand in none, each kind in the order of the text.

        Parameters
        ----------
        text : str
            The text with apostrophes and blanks of one kind.
        """
        spans: list[tuple[int, int, bool]] = []
        yield from self._addresses(text, spans)
        opens = [span[0] for span in spans]
        size, last = len(text), 0
        for number, start, _ in self._automaton.find_matches_as_indexes(text):
            known = self._forms[number] or self._written(number)
            # Nearly all that begins like a name ends here.
            if not text.startswith(known[0], start):
                continue
            before = text[start - 1 : start]
            if start < last or before.isalnum() or before in _NO_EDGE:
                continue
            for tail, forms in known[1]:
                if not text.startswith(tail, start):
                    continue
                end = start + len(tail)
                if end < size and text[end - 1].isalnum() and _JOINED.match(text, end):
                    continue
                form = next((form for form in forms if _stands(text, form, start)), None)
                if form is None:
                    continue
                at = bisect_right(opens, start) - 1
                # "Le Figaro.fr" is a name, "figaro" in "https://…" is not.
                free = at < 0 or spans[at][1] <= start or not spans[at][2]
                if form.owners != self._hiding and (free or (start == opens[at] and end >= spans[at][1])):
                    yield Match(form.owners, form.level, start - form.key + form.shift, end, False)
                last = end
                break

    def _addresses(self, text: str, spans: list[tuple[int, int, bool]]) -> Iterator[Match]:
        """Addresses and Telegram handles; `spans` gets each address's place and whether names in it count no more."""
        end = 0
        for dot in _HOST_DOT.finditer(text):
            if dot.start() < end:
                continue
            back = _HOST_BACK.match(text[max(end, dot.start() - 100) : dot.start()][::-1])
            start = dot.start() - (back.end() if back else 0)
            host = _HOST_AHEAD.match(text, start)
            if host is None or start == dot.start():
                continue
            path = _PATH.match(text, host.end())
            end = max(path.end() if path and path.end() > path.start() else host.end(), dot.end())
            scheme = text[max(0, start - 8) : start].lower()
            opened = start - (8 if scheme.endswith("https://") else 7 if scheme.endswith("http://") else 0)
            name = host.group().lower().rstrip(".-_").removeprefix("www.")
            spans.append((opened, end, "/" in text[opened:end] or name.endswith(_ENDINGS) or name in self.domains))
            row = None if start and text[start - 1] == "@" else self.host(name, text[host.end() : end])
            if row is not None:
                stop = end if end > host.end() else start + len(host.group().rstrip(".-_"))
                yield Match((row,), DISTINCT, opened, stop, True)
        if "@" in text:
            for handle in _HANDLE.finditer(text):
                name = handle.group(1).lower()
                row = self.domains.get("t.me/" + name, self.handles.get(name))
                if row is not None:
                    yield Match((row,), DISTINCT, handle.start(), handle.end(), True)

    def _written(self, number: int) -> _Written:
        """The forms of the names that begin with a key, the longest first; kept for the next text."""
        key, names = self._keys[number], self._names
        forms: dict[tuple[str, int], tuple[list[int], int, int]] = {}
        late: list[tuple[str, int]] = []
        at = names.find(key)
        while at >= 0:
            before = names[max(0, at - 5) : at]
            if before.endswith(_STARTS):
                start = at - len(before) + max(map(before.rfind, "|\t\n")) + 1
                name = _NAME.match(names, start)
                row = bisect_right(self._begins, start) - 1
                if name and "\t" in names[self._begins[row] : start]:
                    late.append((name.group(), row))
                elif name:
                    self._write(forms, name.group(), row, translated=False)
            at = names.find(key, at + 1)
        for french, row in late:
            known = {bare_name(n).removeprefix("The ") for n in (self.rows[row][0], *cell_parts(self.rows[row][1]))}
            self._write(forms, french, row, translated=_ARTICLE.sub("", french, count=1) not in known)
        ready = sorted(
            (
                _Form(text, self._ordered(text, rows), level, core, shift)
                for (text, core), (rows, level, shift) in forms.items()
            ),
            key=lambda form: (form.key - len(form.text), form.text[form.key :], -form.key),
        )
        groups = itertools.groupby(ready, key=lambda form: form.text[form.key :])
        tails = tuple((tail, tuple(group)) for tail, group in groups)
        written = (tuple(tail for tail, _ in tails), tails)
        self._forms[number] = written
        return written

    def _ordered(self, text: str, rows: list[int]) -> tuple[int, ...]:
        """Rows of one name; an agency that has it with a bracket stands behind those that have it without one."""
        if len(rows) == 1:
            return (rows[0],)
        return tuple(
            sorted(rows, key=lambda row: self.rows[row][6] == "yes" and f"{text} (" in row_names(self.rows[row]))
        )

    def _write(
        self, forms: dict[tuple[str, int], tuple[list[int], int, int]], name: str, row: int, *, translated: bool
    ) -> None:
        """Add the forms of one name."""

        def put(text: str, level: int, core: int, shift: int = 0) -> None:
            rows = forms.setdefault((text, core), ([], level, shift))[0]
            if row not in rows:
                rows.append(row)

        if row == len(self.rows):
            forms[name, 0] = ([row], DISTINCT, 0)
            return
        qualified, name = name.endswith(")"), bare_name(name)
        if name in self._never or len(name) < 2 or (name.startswith("@") and len(name) < 5):
            return
        found = _ARTICLE.match(name)
        core = found.end() if found else 0
        level = self._level(name, name[core:], qualified, translated)
        put(name, level, core)
        titled = _SMALL_WORD.sub(lambda word: word.group().title(), name) if not translated and " " in name else name
        if titled != name and titled[core : core + 5] == name[core : core + 5]:
            # "Le Courrier Picard"
            self._write(forms, titled + " ()" if qualified else titled, row, translated=translated)
        article, rest = name[:core].rstrip(), name[core:]
        if article in {"The", "Der", "Die"} and rest not in self._never:
            sure = level == DISTINCT and (" " in rest or rest in self._distinct)
            put(rest, DISTINCT if sure else WEAK, 0)
            if rest in self._english:
                # "selon le Telegraph"
                for small in _ENGLISH:
                    put(small + rest, max(level, CONTEXT), len(small), len(small) if small in _CONTRACTED["Le"] else 0)
        elif article in _FRENCH and not translated:
            # "Coupe du Monde" is no newspaper's, "le directeur du Figaro" is.
            sure = level == DISTINCT and name != "Le Monde"
            for contracted in _CONTRACTED.get(article, ()):
                size = len(contracted)
                put(contracted + rest, level if sure else max(level, CONTEXT), size, size)
                # "le bureau du « Monde »"
                put(contracted + "« " + rest, level, size + 2, size + 2)
            # "selon le Parisien": with a small article a single word is less surely a name.
            if rest in self._small:
                level = WEAK
            elif " " not in rest and rest not in self._known:
                level = max(level, CONTEXT)
            put(name[0].lower() + name[1:], level, core)

    def _level(self, name: str, core: str, qualified: bool, translated: bool) -> int:
        """How surely a name is no ordinary word."""
        if name == "PA" or name in self._people:
            return WEAK
        if qualified and " " not in name and core == name and not name.isupper() and "-" not in name:
            return WEAK
        if name in self._distinct or name[0] == "@":
            return DISTINCT
        single = " " not in core and not _marked(core)
        return CONTEXT if qualified or translated or name in self._ordinary or single else DISTINCT


def plain(text: str) -> str:
    """Straight apostrophes and plain blanks, one for one: far faster than a table of `str.translate`."""
    if text.isascii():
        return text
    return text.replace("’", "'").replace("‘", "'").replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")


def _marked(word: str) -> bool:
    """Whether a single word can be no ordinary one: it has a digit, a dot, or capitals inside small letters."""
    return any(c.isdigit() or c in ".&@" for c in word) or (
        len(word) > 5 and not word.isupper() and any(c.isupper() for c in word[1:])
    )


@cache
def load_table() -> Table:
    """The table, made once a process."""
    return Table(read_rows(), read_table("upstream"))


@cache
def load_outlets() -> tuple[Outlet, ...]:
    """The rows of `outlets.csv`, in its order."""
    table = load_table()
    return tuple(table.outlet(i) for i in range(len(table.rows)))
