"""Document → the parts of a page that are not the article, by rules over lines (`lexicons/furniture.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from biascheck.reading import Furniture

__all__ = ["Found", "Rule", "aggregated_score", "find_furniture", "load_rules"]

#: A longer line is a paragraph. It also bounds the work of every pattern.
MAX_LINE = 300
_LINE = re.compile(r"[^\n\r]+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "\u00a0": " ", "\u202f": " ", "“": '"', "”": '"'})
#: Bullets and rules that lists bring.
_EDGES = " \t•·*-–—>|\u200b\ufeff"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the file; `aggregated` is how strongly it says that the text was taken from another site."""

    kind: str
    where: str
    aggregated: float
    why: str
    phrases: tuple[str, ...]
    pattern: re.Pattern[str] | None

    def matches(self, line: str, *, first: bool, last: bool) -> bool:
        """Whether a line, stripped and with straight quotes, is of this kind."""
        if (self.where == "first" and not first) or (self.where == "last" and not last):
            return False
        if self.pattern is not None:
            return self.pattern.fullmatch(line) is not None or self.pattern.fullmatch(line.lower()) is not None
        lowered = line.lower()
        if self.where == "any":
            return any(phrase in lowered for phrase in self.phrases)
        if self.where in {"line", "last"}:
            return lowered in self.phrases
        return lowered.startswith(self.phrases)


@dataclass(frozen=True, slots=True)
class Found:
    """A line of furniture and the rule that named it."""

    furniture: Furniture
    rule: Rule


@cache
def load_rules() -> tuple[Rule, ...]:
    """The rules, in the order of the file: the first that matches a line names it."""
    data = resources.files("biascheck").joinpath("lexicons/furniture.toml").read_text(encoding="utf-8")
    return tuple(
        Rule(
            kind=row["kind"],
            where=row["where"],
            aggregated=row["aggregated"],
            why=row["why"],
            phrases=tuple(row.get("phrases", ())),
            pattern=re.compile(row["pattern"]) if "pattern" in row else None,
        )
        for row in tomllib.loads(data)["rule"]
    )


def find_furniture(text: str) -> list[Found]:
    """Lines of `text` that are furniture, in order; spans leave out blanks at the edges."""
    return list(_find(text))


def _find(text: str) -> Iterator[Found]:
    lines = [match for match in _LINE.finditer(text) if match.group().strip()]
    rules = load_rules()
    for number, match in enumerate(lines):
        line = match.group()
        if len(line) > MAX_LINE:
            continue
        clean = line.translate(_QUOTES).strip(_EDGES)
        first, last = number < 3, number == len(lines) - 1
        for rule in rules:
            if clean and rule.matches(clean, first=first, last=last):
                start = match.start() + len(line) - len(line.lstrip())
                end = match.end() - (len(line) - len(line.rstrip()))
                yield Found(Furniture(rule.kind, start, end), rule)
                break


def aggregated_score(found: list[Found]) -> float:
    """How surely the leftovers say that the text was taken from another site.

    Independent witnesses: one minus the product of the doubts, each rule counted once. A rule of thumb whose strengths
    are set by hand; it stands in until there is a trained head.
    """
    doubt = 1.0
    for rule in dict.fromkeys(item.rule for item in found):
        doubt *= 1 - rule.aggregated
    return round(1 - doubt, 6)
