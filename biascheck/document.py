"""Bytes → `Document`: encoding, HTML, limits, language. The first step of the street."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from biascheck.errors import DocumentError

__all__ = ["Document", "Limits", "document_from_text", "read_bytes", "read_document"]

HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
MIN_CHARACTERS = 300
#: Characters given to the language identifier; more changes nothing but the time it takes.
LANGUAGE_SAMPLE = 1500
SAMPLE_WORDS = 250
#: Words that tell most texts; a text with fewer different ones than `LEAST_WORDS` is no prose.
FIRST_WORDS, LEAST_WORDS = 200, 25
#: Words among which prose has as many different ones.
VARIOUS_WORDS = 60
#: Share of function words from which a text is French.
FRENCH_SHARE = 0.11
#: Signatures of files that people take for text; saying which one it is saves them a search.
MAGIC = {
    b"%PDF": "a PDF file: convert it to text first (pdftotext)",
    b"PK\x03\x04": "a zip or office file: save its text as .txt first",
    b"\x1f\x8b": "a gzip file: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file: unpack it first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x7fELF": "a program",
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Encodings that French has been written in, likeliest first, and what French has beyond ASCII.
_FRENCH_ENCODINGS = ("cp1252", "iso8859_15", "mac_roman", "cp850")
_FRENCH = frozenset("àâæçéèêëîïôùûüÿœÀÂÆÇÉÈÊËÎÏÔÙÛÜŸŒ’‘“”«»…–—•€°²§©\u00a0")
_CHARSET = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?\s{0,9}([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_HTML_START = re.compile(r"\s{0,999}(?:<\?xml[^>]{0,200}>\s{0,99})?<(?:!doctype\s{1,9}html|html)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_LETTERS = bytes(byte for byte in range(256) if not chr(byte).isalpha())
#: Frequent words that French shares with no language that it is taken for.
_FUNCTION_WORDS = frozenset(
    "le les des est dans pour qui pas sur au aux une du et avec sont ont cette ce ces il elle ils ne plus par mais "
    "nous vous leur été être même aussi après sans deux fait selon ainsi".split()
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be, in bytes as read."""

    text: int = 2_000_000
    html: int = 20_000_000

    @property
    def largest(self) -> int:
        """What may be read before it is known which of the two a document is."""
        return max(self.text, self.html)


@dataclass(frozen=True, slots=True)
class Document:
    """One news text, decoded.

    Attributes
    ----------
    id, path : str
        What the caller names it by; `path` is None for text given directly.
    sha256 : str
        Of the bytes as read (of the UTF-8 form for text given directly).
    text : str
        The decoded input; for HTML the extracted article. All offsets of a reading count in it.
    language : str
        ISO 639-1 code by py3langid, or ``und`` where there is too little to tell.
    encoding : str
        What the bytes were decoded with.
    warnings : tuple of str
        ``code: explanation``; `blocking` says which of them leave a reading undetermined.
    """

    id: str
    path: str | None
    sha256: str
    text: str
    language: str = "und"
    encoding: str = "utf-8"
    title: str | None = None
    author: str | None = None
    date: str | None = None
    site_name: str | None = None
    canonical_url: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def about(self) -> dict[str, str | None]:
        """What the document tells of itself beside its text, as `find_leftovers` takes it."""
        return {
            "title": self.title,
            "author": self.author,
            "site_name": self.site_name,
            "canonical_url": self.canonical_url,
        }

    @property
    def blocking(self) -> tuple[str, ...]:
        """The warnings that forbid a verdict on provenance: too short, not prose, not French."""
        return tuple(w for w in self.warnings if w.split(":", 1)[0] in {"too_short", "not_prose", "language"})

    @property
    def readable(self) -> bool:
        """Whether there is anything to read: prose in French, or in English, which is read for slant alone."""
        return not self.blocking or (self.language == "en" and all(w.startswith("language") for w in self.blocking))


def read_document(path: str | Path, *, id: str | None = None, limits: Limits | None = None) -> Document:
    """Read a ``.txt`` or ``.html`` file.

    Raises
    ------
    DocumentError
        With one of its codes; nothing else escapes for a bad file.
    """
    limits = limits or Limits()
    file = Path(path)
    html = file.suffix.lower() in HTML_SUFFIXES
    try:
        with file.open("rb") as handle:
            data = handle.read(limits.largest + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise DocumentError("not_found", f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise DocumentError("unreadable", f"{path}: a folder, not a file; name the files in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError("unreadable", f"{path}: {reason}; check its permissions") from None
    return read_bytes(data, id=id or str(path), path=str(path), html=html or None, limits=limits)


def read_bytes(
    data: bytes, *, id: str, path: str | None = None, html: bool | None = None, limits: Limits | None = None
) -> Document:
    """Decode bytes of unknown encoding; `html` None looks at the beginning of the text.

    Raises
    ------
    DocumentError
        ``empty``, ``binary``, ``too_large`` or ``no_article``.
    """
    limits = limits or Limits()
    if len(data) > limits.largest:
        raise _too_large(id, limits.html if html else limits.text, html=bool(html))
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise DocumentError("empty", f"{id}: the file is empty")
    for magic, what in MAGIC.items():
        if data.startswith(magic):
            raise DocumentError("binary", f"{id}: not a text but {what}")
    text, encoding, warnings = _decode(data, id, html=html is not False)
    digest = hashlib.sha256(data).hexdigest()
    if html is None:
        html = _HTML_START.match(text) is not None
    limit = limits.html if html else limits.text
    if len(data) > limit:
        raise _too_large(id, limit, html=html)
    document = Document(id=id, path=path, sha256=digest, text=text, encoding=encoding, warnings=warnings)
    document = _extract(document) if html else replace(document, title=_first_line_title(text))
    language, found = _inspect(document.text)
    return replace(document, language=language, warnings=(*warnings, *found))


def document_from_text(text: str, *, id: str = "text", limits: Limits | None = None) -> Document:
    """Make a `Document` of a string; lone surrogates become U+FFFD, so that it can be written as UTF-8."""
    limits = limits or Limits()
    if len(text) > limits.text:
        raise _too_large(id, limits.text, html=False)
    try:
        raw, clean = text.encode("utf-8"), text
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
        clean = raw.decode("utf-8", "replace")
    if not clean.strip("\x00 \t\r\n\ufeff"):
        raise DocumentError("empty", f"{id}: the text is empty")
    language, warnings = _inspect(clean)
    return Document(
        id=id,
        path=None,
        sha256=hashlib.sha256(raw).hexdigest(),
        text=clean,
        language=language,
        title=_first_line_title(clean),
        warnings=warnings,
    )


def _too_large(id: str, limit: int, *, html: bool) -> DocumentError:
    option = "--max-html-bytes" if html else "--max-text-bytes"
    return DocumentError("too_large", f"{id}: larger than {limit:,} bytes; split it, or raise the limit with {option}")


def _decode(data: bytes, id: str, *, html: bool) -> tuple[str, str, tuple[str, ...]]:
    """The text, the encoding that was found, and what had to be mended."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _strict_or_mended(data, name)
    utf16 = _utf16_without_bom(data)
    if utf16 is not None:
        return _strict_or_mended(data, utf16)
    if data.count(0) > len(data) // 1000:
        raise DocumentError("binary", f"{id}: not a text (it has NUL bytes); save it as plain text or HTML")
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError as error:
        whole = data[: error.start]
        # A file cut in the middle of a character; where that would be its only accent, it is another encoding.
        if error.reason == "unexpected end of data" and not whole.isascii():
            return whole.decode("utf-8"), "utf-8", ("truncated: the file ends inside a character",)
    declared = _CHARSET.search(data[:4096]) if html else None
    if declared:
        name = declared.group(1).decode("ascii")
        try:
            if codecs.lookup(name).name not in {"utf-8", "ascii"}:
                return data.decode(name), codecs.lookup(name).name, ()
        except (LookupError, UnicodeDecodeError):
            pass
    return _guess(data, id)


def _strict_or_mended(data: bytes, encoding: str) -> tuple[str, str, tuple[str, ...]]:
    try:
        return data.decode(encoding), encoding, ()
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace").rstrip("\ufffd")
        return text, encoding, (f"truncated: some bytes are not {encoding}",)


def _utf16_without_bom(data: bytes) -> str | None:
    """UTF-16 of Latin script has a NUL in every second byte; no 8-bit text has."""
    sample = data[:2000]
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.7 * half and sample[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and sample[0::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _guess(data: bytes, id: str) -> tuple[str, str, tuple[str, ...]]:
    """Neither UTF-8 nor marked: the encoding that makes it French, else what charset-normalizer finds."""
    invalid = data.decode("utf-8", "replace").count("\ufffd")
    high = sum(data.count(byte) for byte in range(0x80, 0x100))
    if invalid <= 3 and high > 10 * invalid:  # UTF-8 with a few broken bytes, not another encoding
        return data.decode("utf-8", "replace"), "utf-8", (f"encoding: {invalid} broken UTF-8 sequences",)
    if sum(data[:4096].count(byte) for byte in range(32) if byte not in (9, 10, 12, 13, 27)) > len(data[:4096]) // 50:
        raise DocumentError("binary", f"{id}: not a text (it has control bytes); save it as plain text or HTML")
    text, encoding, share = max((_decoded(data, name) for name in _FRENCH_ENCODINGS), key=lambda found: found[2])
    if share >= 0.9:
        return text, encoding, ()
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=[*_FRENCH_ENCODINGS, "cp1251", "cp1250"]).best()
    if best is None:
        raise DocumentError("binary", f"{id}: no known text encoding; save it as UTF-8")
    return data.decode(best.encoding, "replace"), best.encoding, ()


def _decoded(data: bytes, encoding: str) -> tuple[str, str, float]:
    """A text read in an encoding, and the share of its characters beyond ASCII that French has."""
    text = data.decode(encoding, "replace")
    beyond = [character for character in text if character > "\x7f"]
    return text, encoding, sum(character in _FRENCH for character in beyond) / max(len(beyond), 1)


def _extract(document: Document) -> Document:
    """The article and its metadata by trafilatura.

    Raises
    ------
    DocumentError
        ``no_article`` where trafilatura finds none.
    """
    import logging

    from trafilatura import bare_extraction

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found: Any = bare_extraction(document.text, with_metadata=True, include_comments=False)
    except Exception as error:  # lxml and its helpers raise many kinds on hostile pages
        raise DocumentError(
            "no_article", f"{document.id}: the page cannot be parsed ({type(error).__name__}); save its text as .txt"
        ) from None
    if found is None or not (found.text or "").strip():
        raise DocumentError("no_article", f"{document.id}: no article found in the page; save its text as .txt")
    return replace(
        document,
        text=found.text.encode("utf-8", "replace").decode("utf-8"),
        title=found.title or None,
        author=found.author or None,
        date=found.date or None,
        site_name=found.sitename or None,
        canonical_url=found.url or None,
    )


def _first_line_title(text: str) -> str | None:
    """A plain text's first line, where it reads like a headline: short, no full stop, more text below."""
    head, _, rest = text.lstrip("\ufeff \t\r\n").partition("\n")
    head = head.strip()
    return head if 10 <= len(head) <= 200 and not head.endswith((".", ",", ";")) and rest.strip() else None


def _inspect(text: str) -> tuple[str, tuple[str, ...]]:
    """Language, and the reasons for which no verdict may be given."""
    text = text.strip()
    warnings = []
    start = text[:20_000]
    # The first words tell most texts, and save looking at the others.
    plainly = _clearly_prose(start[:LANGUAGE_SAMPLE])
    found = [] if plainly else start.replace("’", " ").replace("'", " ").split()
    letters = _letters(start)
    language = "und"
    if letters >= 20:
        language = "fr" if plainly else _identify(text[:LANGUAGE_SAMPLE], found)
    if len(text) < MIN_CHARACTERS:
        warnings.append(f"too_short: {len(text)} characters; a verdict needs at least {MIN_CHARACTERS}")
    elif letters < 0.5 * len(start) or (not plainly and len(set(found)) < LEAST_WORDS):
        warnings.append("not_prose: a list, a table or repetition rather than sentences; no verdict is given")
    if language not in {"fr", "und"}:
        read = "read for slant, not for provenance" if language == "en" else "the installed model reads French"
        warnings.append(f"language: identified as {language!r}; {read}")
    return language, tuple(warnings)


def _letters(text: str) -> int:
    """How many letters stand in words of two and more; near enough, and quick, for Latin script."""
    latin = text.encode("latin-1", "replace")
    if latin.count(b"?") > len(latin) // 20:
        return sum(map(len, _WORD.findall(text)))
    return len(latin.translate(None, _NO_LETTERS))


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _clearly_prose(start: str) -> bool:
    """Whether the first words of a text have the variety of prose already, and make it `_clearly_french`."""
    words = start.replace("’", " ").replace("'", " ").split(None, FIRST_WORDS)
    if len(words) <= FIRST_WORDS:
        return False
    words.pop()  # it may be cut, or be all that follows
    various = len(set(words[:VARIOUS_WORDS])) >= LEAST_WORDS or len(set(words)) >= LEAST_WORDS
    return various and _count_function_words(words) > FRENCH_SHARE * SAMPLE_WORDS


def _count_function_words(words: Sequence[str]) -> int:
    return len(list(filter(_FUNCTION_WORDS.__contains__, words)))


def _clearly_french(words: Sequence[str]) -> bool:
    """Whether French function words make up so much that opening the language model would tell nothing new."""
    return _count_function_words(words) > max(20, FRENCH_SHARE * len(words))


def _identify(sample: str, words: Sequence[str]) -> str:
    return "fr" if _clearly_french(words[:SAMPLE_WORDS]) else str(_identifier().classify(sample)[0])
