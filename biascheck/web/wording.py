"""French and English for the local page: its own words, and those that it shares with the reports."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from biascheck.render.words import LANGUAGES, Words, load_words

__all__ = ["Wording", "choose_language", "load_wording"]


class Wording:
    """The wording of one language; what it lacks of itself it asks of the reports' words.

    Examples
    --------
    >>> load_wording("fr").say("progress", done=3, total=20), load_wording("fr").name("label", "translated")
    ('3 sur 20 lus', 'traduit')
    """

    def __init__(self, code: str, table: Mapping[str, Any]) -> None:
        self.code = code
        self.table = table
        self.words: Words = load_words(code)

    def say(self, key: str, /, **values: Any) -> str:
        """A phrase with its numbers."""
        shown = {name: self.words.number(v) if isinstance(v, int) else v for name, v in values.items()}
        return str(self.table[key]).format(**shown)

    def question(self, label: str) -> str:
        """What is asked of a text for a label; a user's own label is its own question."""
        return str(self.table["questions"].get(label, self.name("label", label)))

    def failure(self, code: str) -> str:
        """What an error code says."""
        return str(self.table["failures"].get(code, code))

    def name(self, kind: str, value: str) -> str:
        """What the reports call a label, a language, an axis."""
        return self.words.name(kind, value)


@cache
def load_wording(code: str) -> Wording:
    """The wording of ``fr`` or ``en``."""
    text = resources.files("biascheck.web").joinpath("words.toml").read_text(encoding="utf-8")
    return Wording(code, tomllib.loads(text)[code])


def choose_language(asked: str | None, kept: str | None, accepted: str) -> str:
    """The page's language: what is asked for, was asked for, or the browser's first that we have; else French.

    Examples
    --------
    >>> choose_language(None, None, "de-DE,en;q=0.8,fr;q=0.5"), choose_language("fr", "en", "en"), choose_language(
    ...     None, None, "")
    ('en', 'fr', 'fr')
    """
    for choice in (asked, kept):
        if choice in LANGUAGES:
            return str(choice)
    for part in accepted[:500].split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]
