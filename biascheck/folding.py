"""Text → folded text: what only tells encodings, layouts and topics apart is made alike.

Typography is the first thing that a classifier learns here and the last that it should: one set of texts has ``«`` and
another ``"`` because of who stored it, not because of who wrote it. Names and figures tell the topic. Both are folded
before any model counts anything.

Characters are replaced in strings, blanks are taken out in bytes: each is the faster of the two for its part, and many
texts go through the second part as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["NAME", "Body", "Fold", "Folded", "align", "fold", "fold_many", "fold_typography", "fold_typography_many"]

#: Stands for a proper name in folded text.
NAME = "¤"
#: Characters that are read; what follows adds time and no certainty.
MAX_CHARACTERS = 20_000
#: Texts that are folded as one run of bytes: enough to share numpy's cost by the call, few enough for the cache.
CHUNK = 32

#: « and » on their way to ``"``: the blank after the one and before the other is French typography.
_OPEN, _CLOSE = "\x02", "\x03"
#: Stands between texts, and at both ends of each.
_BETWEEN, _EDGE = "\x1e", "\x1f"
#: Our own signs before those that become them; what most texts have next, so that few are searched in wide characters.
_REPLACEMENTS = (
    *((own, " ") for own in _BETWEEN + _EDGE + _OPEN + _CLOSE),
    *((apostrophe, "'") for apostrophe in "’‘"),
    *((quote, '"') for quote in "“”„"),
    ("«", _OPEN),
    ("»", _CLOSE),
    ("…", "..."),
    ("–", "-"),
    ("—", "-"),
    ("œ", "oe"),
    ("Œ", "Oe"),
    *((blank, " ") for blank in "\u00a0\u202f\u2009\u2002\u2003\u200a\u2028\u2029\x85"),
    *((nothing, "") for nothing in "\u00ad\u200b\ufeff"),
)
#: Agencies stay: they are what tells wire copy, and no outlet.
_AGENCIES = "AFP|AP|TASS|Tass|EFE|DPA|ATS|APS|MAP|TAP|Belga|Reuters|Xinhua|Interfax|Ukrinform|ANSA|Anadolu"
_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
#: Capitalised words that neither begin a sentence or a quotation nor are a news agency; "M. Dupont" begins none. The
#: tests look back from the capital, so that the pattern begins with it and is found fast.
_NAME = re.compile(
    rf"({_CAPITAL}(?<!\w.)(?<!(?<!\bM)[.!?:;\n{_OPEN}{_EDGE}]..)(?<![\n\"{_OPEN}{_EDGE}].)(?<=(?!(?:{_AGENCIES})\b).)"
    rf"\w+(?:[ '-]{_CAPITAL}\w+){{0,9}})",
    re.DOTALL,
)

#: What a byte is to its neighbours: a blank, something that no blank follows, something that no blank precedes.
_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d "
_BLANK, _NONE_AFTER, _NONE_BEFORE = 1, 2, 4
_ROLES = bytes(
    _BLANK | _NONE_AFTER
    if chr(byte) in _BLANKS
    else _NONE_AFTER * (chr(byte) in _OPEN + _EDGE) | _NONE_BEFORE * (chr(byte) in ";:!?%" + _CLOSE + _EDGE)
    for byte in range(256)
)
_SIGNS = bytes(
    32 if _ROLES[byte] & _BLANK or chr(byte) == _EDGE else 34 if chr(byte) in _OPEN + _CLOSE else byte
    for byte in range(256)
)
_FIGURES = bytes(48 if 48 <= byte < 58 else byte for byte in _SIGNS)
#: The same for a byte that is a character.
_LATIN = bytes(ord(chr(byte).lower()) for byte in _FIGURES)


class Folded(NamedTuple):
    """A folded text, and what was taken out of it.

    `names` are in lower case, between blanks, each as often as it stood; `quotes` counts ``"``, ``«`` and ``“``;
    `kinds` are those of the furniture that stood around the body.
    """

    text: str
    names: str
    quotes: tuple[int, int, int] = (0, 0, 0)
    kinds: tuple[str, ...] = ()


class Body(NamedTuple):
    """An article without its furniture, and the kinds of that furniture."""

    text: str
    kinds: tuple[str, ...] = ()


def fold_typography(text: str) -> str:
    """Fold quotation marks, apostrophes, dashes, spaces and ligatures alone.

    >>> fold_typography("« Il est au cœur… »")
    '"Il est au coeur..."'
    """
    return fold_typography_many([text])[0]


def fold_typography_many(texts: Sequence[str]) -> list[str]:
    """`fold_typography` of many short texts at once."""
    joined = _BETWEEN.join(texts)
    for old, new in _REPLACEMENTS:
        if old != _BETWEEN:
            joined = joined.replace(old, new)
    return _settle(joined.encode("utf-8", "replace"), _SIGNS).decode("utf-8").split(_BETWEEN)


def fold(text: str) -> Folded:
    r"""Fold typography, names, figures, case and white space.

    Names (capitalised words that do not begin a sentence) become ``¤``, every digit ``0``; quotation marks, apostrophes
    and dashes are one of a kind. The text begins and ends with a blank, so that an n-gram can see a word's edge.

    >>> fold("« C’est inacceptable » Rutte a dit en 2024.")
    Folded(text=' "c\'est inacceptable" ¤ a dit en 0000. ', names=' rutte ', quotes=(0, 1, 0), kinds=())
    """
    return fold_many([Body(text)])[0]


def fold_many(bodies: Iterable[Body]) -> list[Folded]:
    """`fold` for each of many bodies."""
    masked, names, quotes, kinds = [], [], [], []
    for body in bodies:
        text = body.text[:MAX_CHARACTERS]
        kinds.append(body.kinds)
        quotes.append((text.count('"'), text.count("«"), text.count("“")))
        # A name is every second part; one pass of the pattern finds them and what stands between.
        parts = _NAME.split(_edged(_replace(text).strip(_BLANKS)))
        masked.append(NAME.join(parts[0::2]))
        names.append(f" {' '.join(parts[1::2])} ".lower())
    return [Folded(*said) for said in zip(_finish(masked), names, quotes, kinds, strict=True)]


def _finish(masked: Sequence[str]) -> list[str]:
    """Fold case, figures and blanks; in a byte a character where all are of Latin-1, which is quicker."""
    latin: list[tuple[int, bytes]] = []
    other: list[tuple[int, bytes]] = []
    for number, text in enumerate(masked):
        try:
            latin.append((number, text.encode("latin-1")))
        except UnicodeEncodeError:
            other.append((number, text.lower().encode("utf-8", "replace")))
    finished = [""] * len(masked)
    for texts, table, encoding in ((latin, _LATIN, "latin-1"), (other, _FIGURES, "utf-8")):
        for first in range(0, len(texts), CHUNK):
            numbers, data = zip(*texts[first : first + CHUNK], strict=True)
            settled = _settle(_BETWEEN.encode().join(data), table).decode(encoding).split(_BETWEEN)
            for number, text in zip(numbers, settled, strict=True):
                finished[number] = text
    return finished


def _edged(text: str) -> str:
    return f"{_EDGE}{text}{_EDGE}" if text else _EDGE


def _replace(text: str) -> str:
    for old, new in _REPLACEMENTS:
        text = text.replace(old, new)
    return text


def _settle(data: bytes, table: bytes) -> bytes:
    """Take out blanks beside blanks and where typography puts them, then translate every byte by `table`."""
    kept = ~_superfluous(np.frombuffer(data.translate(_ROLES), dtype=np.uint8))
    return np.frombuffer(data.translate(table), dtype=np.uint8)[kept].tobytes()


def _superfluous(roles: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Blanks after a blank or an opening quotation mark, before a closing one or ``;:!?%``; shape as `roles`."""
    around = np.zeros_like(roles)
    around[1:] = roles[:-1] & _NONE_AFTER
    around[:-1] |= roles[1:] & _NONE_BEFORE
    return np.asarray((roles & _BLANK) & (around != 0), dtype=bool)


def align(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Fold a text and tell where each character of the result stood.

    The slow twin of `fold`, for explanations: the same steps on characters that carry their places with them.

    Returns
    -------
    str, list of (start, end)
        ``fold(text).text``, and for each of its characters the span of `text` that it stands for.
    """
    text = text[:MAX_CHARACTERS]
    single = dict(_REPLACEMENTS)
    pieces = [single.get(character, character) for character in text]
    full = [number for number, piece in enumerate(pieces) if piece.strip(_BLANKS)]
    first, last = (full[0], full[-1] + 1) if full else (0, 0)
    places = [(i, i + 1) for i in range(first, last) for _ in pieces[i]]
    spans = [(first, first), *places, (last, last)] if full else [(0, 0)]
    parts: list[str] = []
    kept: list[tuple[int, int]] = []
    at = 0
    for number, part in enumerate(_NAME.split(_edged("".join(pieces[first:last])))):
        places, at = spans[at : at + len(part)], at + len(part)
        parts.append(NAME if number % 2 else part)
        kept += [(places[0][0], places[-1][1])] if number % 2 else places
    masked = "".join(parts)
    kept = [span for span, character in zip(kept, masked, strict=True) for _ in character.lower()]
    folded = masked.lower().encode("utf-8", "replace").decode("utf-8")
    roles = np.frombuffer(bytes(_ROLES[ord(c)] if c.isascii() else 0 for c in folded), dtype=np.uint8)
    stay = np.flatnonzero(~_superfluous(roles)).tolist()
    return "".join(folded[i] for i in stay).translate(_FIGURES_OF_TEXT), [kept[i] for i in stay]


_FIGURES_OF_TEXT = {byte: new for byte, new in enumerate(_FIGURES) if byte < 128}


class Fold(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """`fold_many` as the first step of the pipeline.

    Examples
    --------
    >>> Fold().transform([Body("À Kiev, le 3 mai")])
    [Folded(text=' à ¤, le 0 mai ', names=' kiev ', quotes=(0, 0, 0), kinds=())]
    """

    def fit(self, X: Iterable[Body], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Iterable[Body]) -> list[Folded]:
        """Fold each body of `X`, shape (n_documents,)."""
        return fold_many(X)

    def __sklearn_is_fitted__(self) -> bool:
        return True
