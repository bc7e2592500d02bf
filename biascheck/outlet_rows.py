"""The rows of `outlets.csv`: one outlet or agency each, and the names that its cells hold."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["Outlet", "bare_name", "cell_parts", "listed", "read_rows", "row_names"]

_PLAIN = str.maketrans("ÉÈÀ", "EEA")


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet or agency, as a row of `outlets.csv` gives it."""

    name: str
    aliases: tuple[str, ...]
    domains: tuple[str, ...]
    country: str
    languages: tuple[str, ...]
    ownership: str
    agency: bool
    translated_names: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The name without the bracket that tells it from others of the same name."""
        return bare_name(self.name)


def listed(text: str) -> tuple[str, ...]:
    r"""The items of a word list: lines of items with bars between.

    >>> listed("ici|là\nailleurs")
    ('ici', 'là', 'ailleurs')
    """
    return tuple(item for line in text.strip("\n").split("\n") for item in line.split("|") if item)


def row_names(row: list[str], capitals: str = "") -> str:
    """The names of a row; agencies' in capitals too, as credits have them, and capitals without accents.

    `capitals` is a further name, as a heading of a page writes it.
    """
    names = f"{row[0]}|{row[1]}" if row[1] else row[0]
    if row[6] == "yes":
        names += "|" + names.upper()
    elif capitals:
        names += "|" + capitals
    if "É" in names or "È" in names:
        names += "|" + names.translate(_PLAIN)
    return f"\n{names}\t{row[7]}"


def cell_parts(cell: str) -> tuple[str, ...]:
    """The items of a cell, between which bars stand."""
    return tuple(cell.split("|")) if cell else ()


def bare_name(name: str) -> str:
    """A name without its bracket."""
    return name.split(" (", maxsplit=1)[0] if name.endswith(")") else name


@cache
def read_rows() -> list[list[str]]:
    """The cells of `outlets.csv` without its head, read once a process; not to be changed."""
    lines = resources.files("biascheck").joinpath("outlets.csv").read_text(encoding="utf-8").splitlines()
    # Few cells have a comma; the rest need no reader.
    return [line.split(",") if '"' not in line else next(csv.reader([line])) for line in lines[1:]]
