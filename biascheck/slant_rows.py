"""Corpus and contrast texts → the measured rows that the slant head learns from: numbers, labels and keys, no text."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.document import MIN_CHARACTERS
from biascheck.folding import Body, Folded, fold_many
from biascheck.folds import Fold, folds_of
from biascheck.margins import root_weights
from biascheck.slant import LANGUAGES, POLES, VoiceCounts, hear_many, on_topic
from biascheck.wording import BITS, PAIRS_OF_EVENTS, WORDS_OF_EVENTS, Wording, pair_codes, word_codes

__all__ = [
    "SlantRow",
    "SlantSet",
    "choose_words",
    "measure_slant",
    "read_slant",
    "slant_folds",
    "slant_weights",
]

#: Labels of the corpus as poles: those of outlets, except for the contrast texts, which were written to theirs.
_POLE = {"mainstream": "neutral", "neutral": "neutral", "pro_kyiv": "pro_kyiv", "pro_kremlin": "pro_kremlin"}
_SETS = (
    *("ppn", "sputnik_afrique", "war-en", "semeval25-task10", "press-2018", "orangesum", "lemonde_2020", "iwac_press"),
    *("wmt-ref", "wmt-en-fr", "wmt21-de-fr", "llm_avactu", "llm_rp"),
)
#: Rows that are not on the war, of a set: enough to see that they are left alone.
MAX_OTHER = 300
#: English rows of an outlet: they help French and are a reading's second language; all would be three times the data.
MAX_ENGLISH = 300
#: A head of state's own site has a register of its own.
OFFICIAL_WEIGHT = 0.3
#: The sets of contrast texts: those that are learnt from, those whose words alone are (with their voices and framing
#: the head finds less of what sites publish), and those that are only tested on: hard ones, and ones as a tester who
#: knew nothing of the others wrote them.
CONTRAST, WORDED = "contrast", "contrast words"
HELD_OUT, HELD_OUT_PLAIN = "contrast held out", "contrast held out plain"
EVENTS, TESTED = (CONTRAST, WORDED), (HELD_OUT, HELD_OUT_PLAIN)
#: Contrast texts that a word or a pair of words must stand in to be learnt.
LEAST_EVENTS = 3
#: Share of a language's labelled rows that a word must occur in, at least and at most.
WORD_BAND = (0.003, 0.4)
#: A word that is a masked name this often, for every time that it is not, is a name where it begins a sentence.
NAME_SHARE = 0.2
#: A word that neutral texts on the war have so many times as often as texts on other things is the war's own; and how
#: many such texts it takes to tell. English has few, and the same weeks of the war told by both sides instead.
TOPIC_RATIO, MIN_OTHERS = 2.0, 200
#: Russian outlets in the sets for translation: nobody says whose slant they have; mainstream witnesses they are not.
_RUSSIAN = ("rt-german", "aif", "izvestia", "gazeta")
_WAR = re.compile(r"\b(?:Ukrain|Russ|Kiev|Kyiv|Moscou|Poutine|OTAN|Zelensk|Kremlin|Donbass)")
_CELLS = 4


@dataclass(frozen=True, slots=True)
class SlantRow:
    """One text with its label and keys; `pole` is empty where there is none, `war` whether it is on the war."""

    text: str
    language: str
    set: str
    outlet: str
    kind: str
    pole: str
    war: bool


@dataclass(frozen=True)
class SlantSet:
    """Measured rows.

    Attributes
    ----------
    X : csr_matrix of float32, shape (n_rows, len(slant.COLUMNS))
    words : csr_matrix of float32, shape (n_rows, len(vocabulary))
        Ones where a word of the vocabulary occurs.
    vocabulary : ndarray of int32, shape (n_words,)
        Of `Wording`.
    y : ndarray of int8, shape (n_rows,)
        Index into `POLES`; -1 for what is not on the war, or has no label.
    topic : ndarray of float32, shape (n_rows,)
        `on_topic`.
    war : ndarray of bool, shape (n_rows,)
    outlets, sets, languages, kinds : ndarray of str, shape (n_rows,)
    """

    X: sp.csr_matrix
    words: sp.csr_matrix
    vocabulary: npt.NDArray[np.int32]
    y: npt.NDArray[np.int8]
    topic: npt.NDArray[np.float32]
    war: npt.NDArray[np.bool_]
    outlets: npt.NDArray[np.str_]
    sets: npt.NDArray[np.str_]
    languages: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]

    @property
    def learnt(self) -> npt.NDArray[np.bool_]:
        """The rows that are learnt from whole, where they are labelled, shape (n_rows,)."""
        return ~np.isin(self.sets, (*TESTED, WORDED))

    @property
    def of_events(self) -> npt.NDArray[np.bool_]:
        """The words that contrast texts alone teach, shape (n_words,)."""
        return np.asarray(self.vocabulary >> BITS >= WORDS_OF_EVENTS)


def read_slant(corpus: Path, contrast: Path, written: Path) -> Iterator[SlantRow]:
    """Yield the rows of a corpus folder, and the texts that we wrote."""
    import pandas as pd

    for name in _SETS:
        others = 0
        english: Counter[str] = Counter()
        for record in pd.read_parquet(corpus / f"{name}.parquet").sample(frac=1, random_state=0).to_dict("records"):
            war = bool(record["on_war"])
            others += not war
            if record["lang"] == "en":
                english[str(record["outlet"])] += 1
                if english[str(record["outlet"])] > MAX_ENGLISH:
                    continue
            if (war or others <= MAX_OTHER) and record["lang"] in LANGUAGES:
                yield from _row(record, name, war)
    for file in sorted(contrast.glob("*.jsonl")):
        tested = {"held_out": HELD_OUT, "held_out_plain": HELD_OUT_PLAIN}
        name = tested.get(file.stem, WORDED if file.stem.startswith("words") else CONTRAST)
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            pole = record["pole"]
            kind = f"{record['level']} {record['style']}"
            outlet = f"contrast {record['situation']}"
            yield SlantRow(record["text"], "fr", name, outlet, kind, _POLE.get(pole, "neutral"), pole != "off_topic")
    for file in sorted(written.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            war = len(_WAR.findall(record["text"])) >= 3
            outlet = f"written {record['source_lang'] or record['kind']}"
            # What imitates the Russian press is no witness for neutral reporting on the war.
            pole = "" if war and record["source_lang"] == "ru" else "neutral"
            yield SlantRow(record["text"], "fr", "written", outlet, record["kind"], pole, war)


def _row(record: dict[str, Any], name: str, war: bool) -> Iterator[SlantRow]:
    text, slant = record["text"], record.get("slant")
    if not isinstance(text, str) or len(text) < MIN_CHARACTERS:
        return
    if name not in {"ppn", "sputnik_afrique", "war-en", "semeval25-task10"}:
        russian = str(record["outlet"]).endswith(".ru") or record["outlet"] in _RUSSIAN
        slant = "unknown" if russian else "mainstream"
    pole = _POLE.get(str(slant), "")
    yield SlantRow(text, record["lang"], name, str(record["outlet"] or name), str(record["kind"]), pole, war)


def measure_slant(rows: list[SlantRow], vocabulary: npt.NDArray[np.int32] | None = None) -> SlantSet:
    """Hear every row; without a vocabulary (of `SlantSet`) it is chosen from these rows."""
    folded = fold_many([Body(row.text) for row in rows])
    heard = hear_many(
        [row.text for row in rows], [row.language for row in rows], [None] * len(rows), [f.text for f in folded]
    )
    y = np.asarray([POLES.index(row.pole) if row.war and row.pole else -1 for row in rows], dtype=np.int8)
    if vocabulary is None:
        vocabulary = choose_words(folded, rows, y)
    return SlantSet(
        VoiceCounts().transform(heard),
        Wording(vocabulary, LANGUAGES).transform(heard),
        vocabulary,
        y,
        np.asarray([on_topic(voices) for voices in heard], dtype=np.float32),
        np.asarray([row.war for row in rows]),
        np.asarray([row.outlet for row in rows]),
        np.asarray([row.set for row in rows]),
        np.asarray([row.language for row in rows]),
        np.asarray([row.kind for row in rows]),
    )


def choose_words(folded: Sequence[Folded], rows: Sequence[SlantRow], y: npt.NDArray[np.int8]) -> npt.NDArray[np.int32]:
    """Codes of words that enough labelled texts of their language have, that are no names, and not the war's own.

    What neutral texts on the war say much oftener than texts on anything else is the topic: half of our neutral texts
    name the war only in passing, so a head that counts "guerre" or "soldats" would hear a pole in them.
    """
    kept = []
    for number, language in enumerate(LANGUAGES):
        own = [i for i, row in enumerate(rows) if row.language == language]

        def shares(chosen: Sequence[int], names: bool = False) -> npt.NDArray[np.float64]:
            texts = [folded[i].names if names else folded[i].text for i in chosen]
            counts = np.bincount(word_codes(texts, [0] * len(texts)).indices, minlength=1 << BITS)
            return np.asarray((counts + 0.5) / (len(texts) + 1))

        learnt = [i for i in own if y[i] >= 0 and rows[i].set not in TESTED]
        others = [i for i in own if not rows[i].war and rows[i].pole == "neutral"]
        said = shares(learnt)
        good = (said >= WORD_BAND[0]) & (said <= WORD_BAND[1]) & (shares(learnt, names=True) <= NAME_SHARE * said)
        if len(others) >= MIN_OTHERS:
            good &= shares([i for i in learnt if y[i] == 0]) <= TOPIC_RATIO * shares(others)
        kept.append(np.flatnonzero(good) | number << BITS)
    # Words and pairs of the texts that we wrote in three framings: there both sides have the topic alike.
    events = [folded[i].text for i, row in enumerate(rows) if row.set in EVENTS and row.war]
    often = np.bincount(word_codes(events, [0] * len(events)).indices, minlength=1 << BITS) >= LEAST_EVENTS
    often[kept[0]] = False
    kept.append(np.flatnonzero(often) | WORDS_OF_EVENTS << BITS)
    often = np.bincount(pair_codes(events).indices, minlength=1 << BITS) >= LEAST_EVENTS
    kept.append(np.flatnonzero(often) | PAIRS_OF_EVENTS << BITS)
    return np.concatenate(kept).astype(np.int32)


def slant_weights(rows: SlantSet) -> npt.NDArray[np.float64]:
    """One over the root of an outlet's rows, so that no outlet and no set stands for its pole."""
    weights = root_weights([f"{s}|{o}" for s, o in zip(rows.sets.tolist(), rows.outlets.tolist(), strict=True)])
    weights[rows.kinds == "official"] *= OFFICIAL_WEIGHT
    return weights


def slant_folds(rows: SlantSet) -> list[Fold]:
    """Four cuts by outlet, by situation for the contrast texts; each pro-Kremlin site that writes French in its own."""
    partisan = (
        (rows.languages == "fr") & (rows.y == POLES.index("pro_kremlin")) & ~np.isin(rows.sets, (*EVENTS, *TESTED))
    )
    sites = Counter(rows.outlets[partisan].tolist())
    own = {site: number % _CELLS for number, (site, _) in enumerate(sites.most_common())}
    cell = np.asarray([own.get(o, zlib.crc32(o.encode()) % _CELLS) for o in rows.outlets.tolist()])
    return folds_of(cell, _CELLS)
