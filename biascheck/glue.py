"""Text → places where a blank is missing between two words, as where a page's tag was stripped (``forceafin``).

Every word is looked up in the list of `words.py`; only the few unknown ones are cut in two.
The rules are ours; the method is that of dictionary-based word segmentation, with silence where a new word, a name, a
brand or a slip of the keyboard would do as well: one place in a long text, or a doubtful one in a text that has no
sure ones, is not found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

import numpy as np

from biascheck.lexicon import read_table
from biascheck.words import (
    FLAGS,
    FREQUENT,
    MAX_WORD,
    NAME,
    WORD,
    Bytes,
    Places,
    flags_of,
    hash_runs,
    known_hashes,
    read_letters,
)

__all__ = ["Glue", "find_glue", "find_glue_many", "load_lists"]

MIN_WORD = 4
#: Unknown words that are cut in two; what follows adds time and no certainty.
MAX_CANDIDATES = 500
#: A text with more unknown words than this share is not in French, or not in words.
MAX_UNKNOWN = 0.2
FEW_UNKNOWN = 8
#: Words on each of which a blank may be forgotten.
SLIP = 1500
#: Scores of a cut: a capital tells, sure by itself, and doubtful: found in a text that has `ENOUGH` sure ones.
_CAPITAL, SURE, _DOUBTFUL = 5, 3, 2
ENOUGH = 2
#: How far around a word an address is looked for.
_AROUND = 60

#: Texts that are searched as one run: enough to share numpy's cost by the call, few enough for the cache.
CHUNK = 16
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class Glue:
    """Two words in one: the span of both in the text, and where the blank between them is missing."""

    start: int
    end: int
    at: int


class _Cut(NamedTuple):
    """How surely a word is two, and which."""

    score: int
    start: int
    end: int
    at: int
    word: str


@dataclass(frozen=True, slots=True)
class _Lists:
    """The word lists of `lexicons/glue.toml`."""

    function: frozenset[str]
    tail: frozenset[str]
    openers: frozenset[str]
    first_never: frozenset[str]
    first_long: frozenset[str]
    first_alone: frozenset[str]
    first_doubtful: frozenset[str]
    second_never: frozenset[str]
    second_long: frozenset[str]
    prefixes: frozenset[str]
    suffixes: frozenset[str]
    words: frozenset[str]
    abbreviations: frozenset[str]
    domains: frozenset[str]


@cache
def load_lists() -> _Lists:
    """The word lists, read once."""
    return _Lists(**{name: frozenset(words) for name, words in read_table("glue").items()})


def find_glue(text: str) -> list[Glue]:
    """Places of a French `text` where a blank is missing between two words, in order.

    Found are an unknown word that is two known ones, of which one is a function word or both are frequent
    (``forceafin``), and a change from small to capital letters inside it or the other way round (``septembreLe``,
    ``OTANce``). A full stop without a blank behind it is most often a slip of the keyboard: it is found before a
    photographer's name in capitals alone. Addresses, hashtags, brands, words made with prefixes and texts that are
    mostly unknown are left alone.

    >>> find_glue("Les ministres des Affaires étrangèresau complet")
    [Glue(start=27, end=39, at=37)]
    """
    return _find([text])[0]


def find_glue_many(texts: Iterable[str]) -> list[list[Glue]]:
    """`find_glue` for each of many texts."""
    whole = list(texts)
    return [found for first in range(0, len(whole), CHUNK) for found in _find(whole[first : first + CHUNK])]


def _find(texts: Sequence[str]) -> list[list[Glue]]:
    """`find_glue` for each of a few texts, read as one."""
    text = _BETWEEN.join(texts)
    data = read_letters(text)
    letters = data != 0
    edges = (letters[1:] != letters[:-1]).nonzero()[0]
    starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts
    long = (lengths >= MIN_WORD).nonzero()[0]
    unknown = long[~known_hashes(hash_runs(data, starts[long], np.minimum(lengths[long], MAX_WORD + 1)))]
    found = [_find_stops(text) if "." in text else [] for text in texts]
    if len(unknown):
        bounds = list(accumulate((len(text) + 1 for text in texts), initial=0))
        words = starts.searchsorted(np.array(bounds)).tolist()
        chosen = _choose(words, unknown, lengths)
        cuts: list[list[_Cut]] = [[] for _ in texts]
        for made in _cut_words(text, data, starts[chosen], ends[chosen]) if len(chosen) else ():
            cuts[bisect_right(bounds, made.start) - 1].append(made)
        for number, mine in enumerate(cuts):
            if mine:
                kept = _weigh(mine, words[number + 1] - words[number])
                first = bounds[number]
                found[number] += [Glue(cut.start - first, cut.end - first, cut.at - first) for cut in kept]
                found[number].sort(key=lambda item: item.start)
    return found


def _choose(words: Sequence[int], unknown: Places, lengths: Places) -> Places:
    """The unknown words that are cut: of each text no more than `MAX_CANDIDATES`, and none of a foreign one."""
    parts = []
    firsts = unknown.searchsorted(np.array(words)).tolist()
    for number, (first, last) in enumerate(pairwise(firsts)):
        if last - first <= max(FEW_UNKNOWN, MAX_UNKNOWN * (words[number + 1] - words[number])):
            mine = unknown[first:last]
            parts.append(mine[lengths[mine] <= MAX_WORD][:MAX_CANDIDATES])
    return np.concatenate(parts) if parts else unknown[:0]


def _weigh(cuts: Sequence[_Cut], words: int) -> list[_Cut]:
    """The cuts of a text of so many `words` that its other cuts confirm."""
    spelled: dict[str, int] = {}
    sure = 0
    for cut in cuts:
        spelled[cut.word] = spelled.get(cut.word, 0) + 1
        sure += cut.score >= SURE
    # What is written the same way twice is a word, unless a capital tells.
    once = [cut for cut in cuts if cut.score == _CAPITAL or spelled[cut.word] == 1]
    kept = [cut for cut in once if cut.score >= SURE or sure >= ENOUGH]
    # One in a long text is a slip of the keyboard.
    return kept if len(kept) * SLIP >= words else []


#: A full stop, then capitals alone: the photographer's name behind a picture's caption.
_STOP = re.compile(r"\.([A-ZÀ-ÖØ-Þ]{2,40})(?=[ -][A-ZÀ-ÖØ-Þ]{2}| ?[/|])")


def _find_stops(text: str) -> list[Glue]:
    """Full stops without a blank before capitals alone (``Bruxelles.SAUL LOEB``)."""
    lists = load_lists()
    found = []
    for stop in islice(_STOP.finditer(text), MAX_CANDIDATES):
        start = end = stop.start()
        while end - start < MAX_WORD and text[start - 1 : start].isalpha():
            start -= 1
        left, right = text[start:end], stop[1].lower()
        if len(left) < 3 or not left[1:].islower() or left.lower() in lists.abbreviations or right in lists.domains:
            continue
        if not _in_address(text, start, stop.end()):
            found.append(Glue(start, stop.end(), end + 1))
    return found


_ADDRESS = re.compile(r"//|www\.|[@#_\\=&%]")


def _in_address(text: str, start: int, end: int) -> bool:
    """Whether the run of characters without a blank around a span is an address, a hashtag, a file or a code."""
    before = text[max(0, start - _AROUND) : start].split()[-1:] if start and not text[start - 1].isspace() else []
    after = text[end : end + _AROUND].split()[:1] if not text[end : end + 1].isspace() else []
    around = "".join(before) + " " + "".join(after)
    if _ADDRESS.search(around):
        return True
    if text[start - 1 : start].isdigit() or text[end : end + 1].isdigit():
        return True
    # Part of a broken or bracketed word: ``der-nière``, ``no(yaient)``.
    if (
        text[start - 1 : start] == "-"
        or text[end : end + 1] == "-"
        or (text[start - 2 : start - 1].isalpha() and text[start - 1 : start] == "(")
    ):
        return True
    # A word in quotation marks alone is meant so.
    if text[start - 1 : start] in {'"', "“"} and text[end : end + 1] in {'"', "”"}:
        return True
    # A dot and a letter right behind or before the word: the name of a site or of a file.
    return (text[end : end + 1] == "." and text[end + 1 : end + 2].islower()) or (
        text[start - 1 : start] == "." and text[start - 2 : start - 1].isalnum() and text[start].islower()
    )


def _cut_words(text: str, data: Bytes, starts: Places, ends: Places) -> list[_Cut]:
    """The unknown words between `starts` and `ends` that are two known ones, each at its surest place."""
    counts = ends - starts - 1
    first, last = starts.repeat(counts), ends.repeat(counts)
    cuts = np.arange(1, len(first) + 1) + (starts + counts - counts.cumsum()).repeat(counts)
    pieces, lengths = np.concatenate([first, cuts]), np.concatenate([cuts - first, last - cuts])
    flags = flags_of(hash_runs(data, pieces, lengths))
    # Neither 0, which is no piece of a word, nor more than all flags.
    known = (flags - np.uint32(1)) < FLAGS
    # One letter behind the cut is judged by the apostrophe that follows it.
    possible = (known[: len(cuts)] & (known[len(cuts) :] | (cuts == last - 1))).nonzero()[0]
    best: dict[int, _Cut] = {}
    for i in possible.tolist():
        start, at, end = int(first[i]), int(cuts[i]), int(last[i])
        before, after = int(flags[i]), int(flags[len(cuts) + i] if known[len(cuts) + i] else 0)
        score = _judge(text, start, at, end, before, after)
        if score and (start not in best or score >= best[start].score):
            best[start] = _Cut(score, start, end, at, text[start:end])
    return [cut for cut in best.values() if not _in_address(text, cut.start, cut.end)]


def _judge(text: str, start: int, at: int, end: int, left: int, right: int) -> int:
    """How surely a cut is a missing blank; 0 for not at all."""
    lists = load_lists()
    head, tail = text[start:at], text[at:end]
    low, high = head.lower(), tail.lower()
    elided = text[end : end + 1] in {"'", "’"}
    if elided:
        # ``annéeL'Ukraine``, not an English ``Wendy's``.
        behind = text[end + 1 : end + 3]
        possible = len(behind) == 2 and behind.isalpha() and high in _ELIDED
    else:
        possible = len(tail) > 1 or high in lists.function
    # A capital inside either side is a brand's.
    if not possible or not (head[1:] == low[1:] or head.isupper()) or not (tail[1:] == high[1:] or tail.isupper()):
        return 0
    if head[-1].islower() and tail[0].isupper():
        return _judge_capital(head, tail, left, right, elided=elided)
    if tail != high:
        return 0
    if len(head) > 1 and head.isupper():
        return _judge_acronym(head, high, left, elided=elided)
    if head[0].isupper() and (low not in lists.openers or (high in lists.function and len(low) < 3)):
        return _judge_name(low, high, left, elided=elided)
    return _judge_small(low, high, left, right, elided=elided)


_ELIDED = frozenset("l d c s j n m qu jusqu lorsqu".split())


def _judge_acronym(head: str, high: str, left: int, *, elided: bool) -> int:
    """``OTANce``: capitals, then a function word in small letters."""
    if elided:
        return _CAPITAL if left & NAME else 0
    long = len(head) >= 3 and len(high) >= 2 and left & (NAME | FREQUENT)
    return _CAPITAL if high in load_lists().function and (long or len(high) >= 3) else 0


def _judge_capital(head: str, tail: str, left: int, right: int, *, elided: bool) -> int:
    """``septembreLe``, ``annéeL'``, ``RussieLe``: a capital in the middle."""
    lists = load_lists()
    function = head in lists.function
    begins = tail.lower() in lists.function or elided
    if head.lower() in lists.prefixes and not function:
        return 0
    if head[0].isupper():
        # Two capitals are a brand unless the second word begins sentences.
        return _CAPITAL if len(head) >= 4 and len(tail) >= 2 and begins and tail[1:].islower() else 0
    if len(head) <= 2:
        sure = function and head not in {"a", "y"} and bool(right & (NAME | WORD)) and len(tail) >= 2
        return _DOUBTFUL if sure else 0
    if not left & WORD or not (begins or len(tail) >= 3):
        return 0
    # ``deMacron`` and ``parisTout`` are slips of the keyboard as often.
    return _CAPITAL if not function and (begins or right & NAME) else _DOUBTFUL


def _judge_name(low: str, high: str, left: int, *, elided: bool) -> int:
    """``Rutteà``, ``Russiedont``: a name and a word that no name ends in."""
    if len(low) < 5 or not left & (NAME | FREQUENT) or not (elided or high in load_lists().tail):
        return 0
    # Surnames end like ``Grammont`` and ``Paredes``.
    return SURE if high != "de" and (len(low) >= 6 or high == "à" or len(high) >= 4) else _DOUBTFUL


def _judge_small(low: str, high: str, left: int, right: int, *, elided: bool) -> int:
    """``forceafin``: small letters only, or a capital that begins a sentence."""
    lists = load_lists()
    first, second = low in lists.function, high in lists.function or elided
    if first and second:
        return 4 if low not in lists.first_alone else 0
    if first and _holds(high, right, never=low in lists.first_never, long=low in lists.first_long):
        short = len(low) == 1 or low in lists.first_doubtful or len(high) < (4 if len(low) > 2 else 5)
        return _DOUBTFUL if short else SURE
    if second and _holds(low, left, never=high in lists.second_never, long=high in lists.second_long):
        # ``culturelle`` and ``veilleurs`` are endings.
        ending = low.endswith(("el", "eil")) and high.startswith("le")
        return _DOUBTFUL if ending or len(low) < 4 else SURE
    if first or second or not left & right & FREQUENT or low in lists.prefixes or high in lists.suffixes:
        return 0
    return _judge_content(low, high)


def _judge_content(low: str, high: str) -> int:
    """``forcesrusses``: two frequent words, neither a function word."""
    shorter, longer = sorted([len(low), len(high)])
    # ``microscopie`` and ``autosélection`` are no ``micros`` and ``autos``.
    plural = low[-1] in "sx" and low[:-1] not in load_lists().prefixes
    if shorter >= 6 or (shorter == 5 and longer >= 8 and plural):
        return SURE if low[-1] not in "oi" and low[:4] != high[:4] else 0
    return _DOUBTFUL if (shorter == 5 and low[-1] in "sxuéet") or (shorter == 4 and plural) else 0


def _holds(word: str, flags: int, *, never: bool, long: bool) -> bool:
    """Whether what stands beside a function word is common enough to be a word of its own."""
    if never or len(word) < 3:
        return False
    if long or len(word) == 4:
        return bool(flags & FREQUENT) and len(word) >= 4
    return bool(flags & FREQUENT) or (len(word) >= 5 and bool(flags & WORD))
