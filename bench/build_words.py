"""Make `biascheck/lexicons/words.npy`, the hashed word list of `biascheck.words`. For maintainers.

Known are the French forms of simplemma's data (MIT), the words and names of native French press, those of English
press, and the names of `names.toml` and `outlets.csv`. Only hashes are kept. A word of the press that is two frequent
words is left out: it may be glued at its source.

Run: python bench/build_words.py CORPUS    CORPUS: a folder of .parquet files with text, outlet, lang, kind
"""

from __future__ import annotations

import csv
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from biascheck import words as known
from biascheck.glue import load_lists

OUT = Path(__file__).resolve().parent.parent / "biascheck" / "lexicons" / "words.npy"
FREQUENT = 20_000
_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſ]{2,40}")
_CAPITAL = re.compile(r"(?<=[a-zà-ÿ,;][ '’])[A-ZÀ-Þ][A-Za-zÀ-ÖØ-öø-ſ]{1,23}")


@dataclass(slots=True)
class Count:
    """In how many texts a word stands, in how many with a capital inside a sentence, and in which outlets."""

    texts: int = 0
    capital: int = 0
    outlets: set[str] = field(default_factory=set)

    @property
    def is_name(self) -> bool:
        """Whether the word mostly has a capital where no sentence begins."""
        return self.capital * 2 >= self.texts


def count(rows: Iterable[tuple[str, str]]) -> dict[str, Count]:
    """Count the words of (text, outlet)."""
    counts: dict[str, Count] = {}
    for text, outlet in rows:
        capital = {word.lower() for word in _CAPITAL.findall(text)}
        for word in {word.lower() for word in _WORD.findall(text)}:
            entry = counts.setdefault(word, Count())
            entry.texts += 1
            entry.capital += word in capital
            entry.outlets.add(outlet)
    return counts


def read(folder: Path, lang: str) -> Iterator[tuple[str, str]]:
    """(text, outlet) of the native and agency texts of a language."""
    for path in sorted(folder.glob("*.parquet")):
        table = pd.read_parquet(path)
        if "text" not in table:
            continue
        table = table[(table["lang"] == lang) & table["kind"].isin(["native", "agency"])].drop_duplicates("text")
        for text, outlet in zip(table["text"], table["outlet"].fillna(path.stem), strict=True):
            yield text, str(outlet)


def dictionary() -> set[str]:
    """French forms and lemmas, and the parts of those with a hyphen or an apostrophe."""
    data = DefaultDictionaryFactory().get_dictionary("fr")
    words = {word.lower() for pair in data.items() for word in pair}
    parts = {part for word in words for part in re.split(r"[-' ’]", word)}
    return {word for word in words | parts if word and len(word) <= known.LETTERS}


def own_names() -> set[str]:
    """Words of the names of `lexicons/names.toml` and `outlets.csv`."""
    worlds = tomllib.loads((OUT.parent / "names.toml").read_text(encoding="utf-8"))
    names = [name for world in worlds.values() for group in world.values() for name in group]
    with (OUT.parent.parent / "outlets.csv").open(encoding="utf-8", newline="") as file:
        names += [f"{row['name']} {row['aliases']}" for row in csv.DictReader(file)]
    return {word.lower() for name in names for word in _WORD.findall(name)}


def is_doubtful(word: str, frequent: set[str], function: frozenset[str]) -> bool:
    """Whether a word of the press is a function word and a frequent one, so that it may be glued at its source."""
    for at in range(2, len(word) - 1):
        left, right = word[:at], word[at:]
        if (
            left in frequent
            and right in frequent
            and ((left in function and len(right) >= 4) or (right in function and len(left) >= 4))
        ):
            return True
    return False


def build(french: dict[str, Count], english: dict[str, Count], forms: set[str]) -> npt.NDArray[np.uint32]:
    """The sorted list: hash and flags of each word."""
    lists = load_lists()
    ranked = sorted(french, key=lambda word: (-french[word].texts, word))
    frequent = set([word for word in ranked if word in forms or french[word].texts >= 200][:FREQUENT]) | lists.function
    flags = dict.fromkeys(forms | lists.function | lists.words, known.WORD)
    for word, entry in french.items():
        if entry.texts < 4 or (len(entry.outlets) < 2 and not (entry.is_name and entry.texts >= 6)):
            continue
        if word not in flags:
            rare = len(entry.outlets) < 4 and entry.texts < 12
            if rare and not entry.is_name and is_doubtful(word, frequent, lists.function):
                continue
            flags[word] = 0 if entry.texts < 10 else known.WORD
        if entry.is_name and len(word) >= 3:
            flags[word] |= known.NAME
    for word, entry in english.items():
        if entry.texts < 5 or len(entry.outlets) < 3:
            continue
        flags.setdefault(word, 0)
        if entry.is_name and entry.texts >= 10 and len(word) >= 4:
            flags[word] |= known.NAME
    for word in own_names():
        flags[word] = flags.get(word, 0) | (known.NAME if len(word) >= 3 else 0)
    for word in frequent:
        flags[word] = flags.get(word, 0) | known.FREQUENT
    for word, value in [item for item in flags.items() if "œ" in item[0]]:
        flags.setdefault(word.replace("œ", "oe"), value)
    words = list(flags)
    hashes = known.hash_words(words) | np.array([flags[word] for word in words], np.uint32)
    # Where two words share a hash, the flags of both hold.
    keys, group = np.unique(hashes & known.HASH, return_inverse=True)
    merged = np.zeros(len(keys), np.uint32)
    np.bitwise_or.at(merged, group, hashes & np.uint32(7))
    listed: npt.NDArray[np.uint32] = keys | merged
    # `biascheck.words` looks at so many neighbours and no further: about one word of the list lies beyond.
    return listed[np.searchsorted(listed >> 14, listed >> 14) + known.NEAR > np.arange(len(listed))]


def main() -> None:
    """Count, build and write."""
    folder = Path(sys.argv[1])
    words = build(count(read(folder, "fr")), count(read(folder, "en")), dictionary())
    np.save(OUT, words)
    print(f"{len(words)} words, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
