"""Text → folded text: what only tells encodings, layouts and topics apart is made alike.

Typography is the first thing that a classifier learns here and the last that it should: one set of texts has ``«`` and
another ``"`` because of who stored it, not because of who wrote it. Names and figures tell the topic. Both are folded
before any model counts anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple, Self

from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["NAME", "Fold", "Folded", "align", "fold", "fold_typography"]

#: Stands for a proper name in folded text.
NAME = "¤"
#: Characters that are read; what follows adds time and no certainty.
MAX_CHARACTERS = 20_000

_REPLACEMENTS = (
    ("\u00a0", " "),
    ("\u202f", " "),
    ("\u2009", " "),
    ("\u00ad", ""),
    ("\u200b", ""),
    ("\ufeff", ""),
    ("’", "'"),
    ("‘", "'"),
    ("…", "..."),
    ("–", "-"),
    ("—", "-"),
    ("œ", "oe"),
    ("Œ", "Oe"),
    ("« ", '"'),
    ("«", '"'),
    (" »", '"'),
    ("»", '"'),
    ("“", '"'),
    ("”", '"'),
    ("„", '"'),
    (" ;", ";"),
    (" :", ":"),
    (" !", "!"),
    (" ?", "?"),
    (" %", "%"),
    ("\r", "\n"),
    ("M. ", "M "),
)
_CAPITALISED = re.compile(r"[A-ZÀ-ÖØ-Þ]\w+(?:[ '-][A-ZÀ-ÖØ-Þ]\w+){0,9}")
_SENTENCE_END = frozenset(".!?:;\n")
#: Agencies stay: they are what tells wire copy, and no outlet.
_AGENCIES = frozenset(
    "AFP AP TASS EFE DPA ATS APS MAP TAP Belga Reuters Xinhua Interfax Ukrinform ANSA Anadolu Tass".split()
)
_DIGITS = bytes(48 if 48 <= byte < 58 else byte for byte in range(256))


class Folded(NamedTuple):
    """A folded text, and the names taken out of it (lower case, between blanks, each as often as it stood)."""

    text: str
    names: str


def fold_typography(text: str) -> str:
    """Fold quotation marks, apostrophes, dashes, spaces and ligatures alone.

    >>> fold_typography("« Il est au cœur… »")
    '"Il est au coeur..."'
    """
    for old, new in _REPLACEMENTS:
        text = text.replace(old, new)
    return text


def fold(text: str) -> Folded:
    r"""Fold typography, names, figures, case and white space.

    Names (capitalised words that do not begin a sentence) become ``¤``, every digit ``0``; quotation marks, apostrophes
    and dashes are one of a kind. The text begins and ends with a blank, so that an n-gram can see a word's edge.

    >>> fold("« C’est inacceptable » Rutte a dit en 2024.")
    Folded(text=' "c\'est inacceptable" ¤ a dit en 0000. ', names=' rutte ')
    """
    text = fold_typography(text[:MAX_CHARACTERS])
    names: list[str] = []

    keep = names.append

    def name(match: re.Match[str]) -> str:
        found = match[0]
        if not _is_name(text, match.start(), found):
            return found
        keep(found)
        return NAME

    folded = _CAPITALISED.sub(name, text).lower()
    folded = folded.encode("utf-8", "replace").translate(_DIGITS).decode("utf-8")
    return Folded(f" {' '.join(folded.split())} ", f" {' '.join(names).lower()} ")


def _is_name(text: str, start: int, found: str) -> bool:
    """A capitalised word that neither begins a sentence or a quotation nor is a news agency."""
    return (
        start > 1 and text[start - 1] not in '\n"' and text[start - 2] not in _SENTENCE_END and found not in _AGENCIES
    )


def align(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Fold a text and tell where each character of the result stood.

    The slow twin of `fold`, for explanations: the same steps on characters that carry their places with them.

    Returns
    -------
    str, list of (start, end)
        ``fold(text).text``, and for each of its characters the span of `text` that it stands for.
    """
    text = text[:MAX_CHARACTERS]
    spans = [(i, i + 1) for i in range(len(text))]
    for old, new in _REPLACEMENTS:
        text, spans = _substitute(re.compile(re.escape(old)), text, spans, partial(_constant, new))
    original = text

    def name(match: re.Match[str]) -> str:
        return NAME if _is_name(original, match.start(), match.group()) else match.group()

    text, spans = _substitute(_CAPITALISED, text, spans, name)
    spans = [span for span, character in zip(spans, text, strict=True) for _ in character.lower()]
    text = text.lower().encode("utf-8", "replace").translate(_DIGITS).decode("utf-8")
    text, spans = _substitute(re.compile(r"\s+"), text, spans, partial(_constant, " "))
    if not text.startswith(" "):
        text, spans = " " + text, [(0, 0), *spans]
    if not text.endswith(" ") or text == " ":
        end = spans[-1][1]
        text, spans = text + " ", [*spans, (end, end)]
    return text, spans


def _constant(new: str, _: re.Match[str]) -> str:
    return new


def _substitute(
    pattern: re.Pattern[str], text: str, spans: list[tuple[int, int]], replace: Callable[[re.Match[str]], str]
) -> tuple[str, list[tuple[int, int]]]:
    """``pattern.sub`` on a text with spans; what replaces a match stands for the whole match."""
    parts: list[str] = []
    kept: list[tuple[int, int]] = []
    last = 0
    for match in pattern.finditer(text):
        new = replace(match)
        if new == match.group():
            continue
        parts += [text[last : match.start()], new]
        kept += spans[last : match.start()]
        kept += [(spans[match.start()][0], spans[match.end() - 1][1])] * len(new)
        last = match.end()
    return "".join([*parts, text[last:]]), kept + spans[last:]


class Fold(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """`fold` as the first step of the pipeline.

    Examples
    --------
    >>> Fold().transform(["À Kiev, le 3 mai"])
    [Folded(text=' à ¤, le 0 mai ', names=' kiev ')]
    """

    def fit(self, X: Iterable[str], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Iterable[str]) -> list[Folded]:
        """Fold each text of `X`, shape (n_documents,)."""
        return [fold(text) for text in X]

    def __sklearn_is_fitted__(self) -> bool:
        return True
