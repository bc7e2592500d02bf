"""Wording of the pages in French and English: labels, numbers, and the reasons of evidence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["LANGUAGES", "Words", "load_words"]

LANGUAGES = ("fr", "en")
#: Reasons hold names from texts; a longer one is not looked up.
MAX_REASON = 300
#: A foreign wording, with or without what it means in English, which a reader in another language is spared.
_GLOSSED = re.compile(r'((?:"[^"]{1,80}"(?:, )?){1,4})(?:: .{0,200})?')
_QUOTED = re.compile(r'"([^"]*)"')
_FIELD = re.compile(r"\\\{(\w+)\\\}")


class Words:
    """The wording of one language.

    Examples
    --------
    >>> words = load_words("fr")
    >>> words.name("side", "russia"), words.percent(0.986), words.signed(-1.234)
    ('Russie', '99\u202f%', '−1,2')
    >>> words.reason("a turn of English")
    ('un tour anglais', 'fr')
    """

    def __init__(self, code: str, table: Mapping[str, Any], reasons: Mapping[str, Any]) -> None:
        self.code = code
        self.table = table
        self._exact: Mapping[str, str] = reasons.get("exact", {})
        self._patterns = [
            (re.compile(_FIELD.sub(r"(?P<\1>.{0,200})", re.escape(row["en"]))), row[code])
            for row in reasons.get("pattern", ())
        ]
        self._terms: Mapping[str, Mapping[str, str]] = reasons.get("terms", {})

    def name(self, kind: str, value: str) -> str:
        """What a value of the contract (a label, side, role …) is called; itself where no name is known."""
        return str(self.table.get(kind, {}).get(value, value.replace("_", " ")))

    def known(self, kind: str, value: str) -> str:
        """The same, or nothing."""
        return str(self.table.get(kind, {}).get(value, ""))

    def number(self, value: int) -> str:
        """A count with its thousands apart."""
        return f"{value:,}".replace(",", "\u202f" if self.code == "fr" else ",")

    def decimal(self, value: float, digits: int = 2) -> str:
        """A number with decimals."""
        return f"{value:.{digits}f}".replace(".", self.table["decimal"])

    def percent(self, share: float) -> str:
        """A share in percent; certainty is never claimed of a probability that is less than one."""
        shown = round(100 * share)
        text = ">99" if shown == 100 and share < 1 else "<1" if shown == 0 and share > 0 else str(shown)
        return str(self.table["percent"]).format(text)

    def signed(self, value: float) -> str:
        """A weight with its sign."""
        return ("+" if value >= 0 else "−") + self.decimal(abs(value), 1)

    def listed(self, items: Sequence[str]) -> str:
        """Items as a phrase."""
        return str(self.table["and"]).join(([", ".join(items[:-1])] if items[:-1] else []) + list(items[-1:]))

    def reason(self, why: str) -> tuple[str, str]:
        """A reason in this language, with the language that it is in: English where nobody has put it into another."""
        if self.code == "en":
            return why, "en"
        if why in self._exact:
            return self._exact[why], self.code
        if len(why) <= MAX_REASON:
            for pattern, said in self._patterns:
                match = pattern.fullmatch(why)
                if match is not None:
                    return self._filled(said, match.groupdict())
            glossed = _GLOSSED.fullmatch(why)
            if glossed is not None:
                return _QUOTED.sub("« \\1 »", glossed[1]), self.code
        return why, "en"

    def _filled(self, said: str, values: Mapping[str, str]) -> tuple[str, str]:
        """A pattern with its fields put into this language as well."""
        found, language = {}, self.code
        for field, value in values.items():
            if field == "reason":
                found[field], language = self.reason(value)
            else:
                found[field] = self._terms.get(field, {}).get(value, value)
        return said.format(**found), language


def _table(name: str) -> dict[str, Any]:
    text = resources.files("biascheck.render").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def load_words(language: str) -> Words:
    """The wording of ``fr`` or ``en``."""
    reasons = _table("reasons.toml") if language != "en" else {}
    return Words(language, _table("words.toml")[language], reasons)
