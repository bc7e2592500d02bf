"""Who speaks and what things are called → where a text stands on the axis of the war in Ukraine.

Shares of voice by side, how the author introduces the speakers, what is called what in the author's voice and in
quotations mean the same in French and English, so that the same weeks of the war told by both sides' outlets, which
only English has, teach French as well. Beside them stand the words of each language, names and figures taken out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin

from biascheck.attribution import attributions_of
from biascheck.folding import fold
from biascheck.folds import Fold
from biascheck.framing import Framing, concepts, framing_of
from biascheck.heads import Head, as_softmax, fit_softmax, threshold_for
from biascheck.leftovers import Mark
from biascheck.margins import balance, fit_margin, scale_columns, unseen_margins
from biascheck.quotes import Even
from biascheck.reading import OFF_TOPIC, UNDETERMINED, Attribution

__all__ = [
    "AXIS",
    "COLUMNS",
    "LANGUAGES",
    "ON_TOPIC",
    "POLES",
    "SlantHead",
    "SlantHeads",
    "VoiceCounts",
    "Voices",
    "hear",
    "hear_many",
    "on_topic",
]

AXIS = "ukraine-war"
#: In the order of the head's outputs.
POLES = ("neutral", "pro_kyiv", "pro_kremlin")
LANGUAGES = ("fr", "en")
SIDES = ("russia", "ukraine", "western", "other")
STANCES = ("neutral", "endorsing", "doubting")
VOICES = ("own", "quoted")
#: Characters that are read; what follows adds time and little certainty.
MAX_CHARACTERS = 12_000
#: Articles that are heard together: what is looked for in one after the other has its tables in the cache.
CHUNK = 256
#: Words of the war from which a text may be about it, and how many of them in a thousand characters.
LEAST_TOPICS, TOPIC_RATE = 3, 1.0
#: A column that is hardly ever anything but zero is not blown up to the size of the others.
LEAST_SPREAD = 0.4
#: C of the margin that is learnt from texts on one event.
EVENT_STRENGTH = 1.0
#: A text is on the axis's subject where that is at least as likely as not.
ON_TOPIC = 0.5
_TOTALS = (
    *(f"share {side}" for side in SIDES),
    "share author",
    *(f"voices {side}" for side in SIDES),
    *(f"{side} {stance}" for side in SIDES for stance in STANCES),
    *(f"{pole} {voice}" for pole in ("pro_kremlin", "neutral", "pro_kyiv") for voice in VOICES),
    *(f"lean {voice}" for voice in VOICES),
    *("loaded own", "loaded quoted", "hedge", "booster"),
    *(f"only {side}" for side in ("russia", "ukraine", "western")),
    "nobody",
)
_CONCEPTS = tuple(name for name, _ in concepts())
COLUMNS = (*_TOTALS, *(f"{name} {voice}" for name in _CONCEPTS for voice in VOICES))
_INDEX = {name: number for number, name in enumerate(COLUMNS)}
#: The columns by what is counted in them.
_SHARE = {side: _INDEX[f"share {side}"] for side in (*SIDES, "author")}
_HEARD = {side: _INDEX[f"voices {side}"] for side in SIDES}
_STANCE = {(side, stance): _INDEX[f"{side} {stance}"] for side in SIDES for stance in STANCES}
_NAMED = {(name, quoted): _INDEX[f"{name} {VOICES[quoted]}"] for name in (*POLES, *_CONCEPTS) for quoted in (0, 1)}
_LEAN = {quoted: _INDEX[f"lean {VOICES[quoted]}"] for quoted in (0, 1)}
_LOADED = {("loaded", quoted): _INDEX[f"loaded {VOICES[quoted]}"] for quoted in (0, 1)}
_LOADED |= {(kind, quoted): _INDEX[kind] for kind in ("hedge", "booster") for quoted in (0, 1)}


class Voices(NamedTuple):
    """What was heard in one text: who says what, what things are called, and the folded text for its words."""

    text: str
    attributions: tuple[Attribution, ...]
    framing: Framing
    language: str
    folded: str


def hear(text: str, language: str, date: str | None = None, *, folded: str | None = None) -> Voices:
    """Find attributions and framing of an article in French or English; `folded` is its folded text, where at hand."""
    return hear_many([text], [language], [date], [fold(text).text if folded is None else folded])[0]


def hear_many(
    texts: Sequence[str], languages: Sequence[str], dates: Sequence[str | None], folded: Sequence[str]
) -> list[Voices]:
    """`hear` for many articles: a few at a time, their attributions, then their framing."""
    heard: list[Voices] = []
    for first in range(0, len(texts), CHUNK):
        few = slice(first, first + CHUNK)
        read = [Even(text[:MAX_CHARACTERS]) for text in texts[few]]
        said = attributions_of(read, languages[few], dates[few])
        named = framing_of(read, [[(a.start, a.end) for a in attributions] for attributions in said], languages[few])
        given = [text.given for text in read]
        heard += [Voices(*one) for one in zip(given, said, named, languages[few], folded[few], strict=True)]
    return heard


def on_topic(voices: Voices) -> float:
    """How surely a text is about the war, 0 to 1; a text that names Russia in passing is not.

    A logistic curve over the words of the war, in all and in a thousand characters, through one half where both reach
    what the corpus calls a text on the war.
    """
    count, size = voices.framing.topics, max(len(voices.text), 1)
    rate = 1000 * count / size
    return 1 / (1 + math.exp(-4 * min(math.log((count + 0.5) / LEAST_TOPICS), math.log((rate + 0.1) / TOPIC_RATE))))


class VoiceCounts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Shares of voice, stances, and concepts by voice.

    Examples
    --------
    >>> VoiceCounts().transform([hear("Il pleut sur la ville.", "fr")]).shape == (1, len(COLUMNS))
    True
    """

    def fit(self, X: Iterable[Voices], y: Any = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: Iterable[Voices]) -> sp.csr_matrix:
        """Measure.

        Returns
        -------
        csr_matrix of float32, shape (n_documents, len(COLUMNS))
        """
        columns: list[int] = []
        values: list[float] = []
        ends = [0]
        for voices in X:
            row = _measure(voices)
            columns += row
            values += row.values()
            ends.append(len(columns))
        shape = (len(ends) - 1, len(COLUMNS))
        found = sp.csr_matrix(
            (np.asarray(values, np.float32), np.asarray(columns, np.int32), np.asarray(ends, np.int32)), shape=shape
        )
        found.sort_indices()
        return found

    def marks(self, voices: Voices) -> Iterator[Mark]:
        """What stands at a place of the text and adds to a column: attributions, and terms."""
        for item in voices.attributions:
            why = f"{item.speaker or 'somebody'} ({item.side}) speaks" + (f": {item.verb}" if item.verb else "")
            for column in (f"share {item.side}", f"voices {item.side}", f"{item.side} {item.stance}"):
                yield Mark(_INDEX[column], 1.0, item.start, item.end, why)
        for term in voices.framing.terms:
            voice = VOICES[term.quoted or term.distanced]
            said = "in the author's voice" if voice == "own" else "in a quotation"
            yield Mark(_INDEX[f"{term.concept} {voice}"], 1.0, term.start, term.end, f"{term.why} ({said})")

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _measure(voices: Voices) -> dict[int, float]:
    """The columns of one text that are not zero."""
    size = max(len(voices.text), 1)
    said: dict[str, int] = dict.fromkeys(SIDES, 0)
    counts: dict[int, float] = defaultdict(float)
    for item in voices.attributions:
        said[item.side] += item.end - item.start
        counts[_HEARD[item.side]] += 1
        counts[_STANCE[item.side, item.stance]] += 1
    for term in voices.framing.terms:
        quoted = term.quoted or term.distanced
        counts[_NAMED[term.pole, quoted]] += 1
        counts[_NAMED[term.concept, quoted]] += 1
    russia, ukraine, western, other = (counts[_HEARD[side]] > 0 for side in SIDES)
    found = {column: math.log1p(count) for column, count in counts.items()}
    for side in SIDES:
        found[_SHARE[side]] = said[side] / size
    found[_SHARE["author"]] = 1 - min(sum(said.values()) / size, 1)
    for voice, column in _LEAN.items():
        kremlin, kyiv = counts[_NAMED["pro_kremlin", voice]], counts[_NAMED["pro_kyiv", voice]]
        found[column] = (kremlin - kyiv) / (1 + kremlin + kyiv)
    words: dict[int, float] = defaultdict(float)
    for word in voices.framing.loaded:
        words[_LOADED[word.kind, word.quoted]] += word.strength
    for column, strength in words.items():
        found[column] = math.log1p(2000 * strength / max(size, 500))
    # Told with one side only: what the other says is left out.
    found[_INDEX["only russia"]] = float(russia and not (ukraine or western))
    found[_INDEX["only ukraine"]] = float(ukraine and not russia)
    found[_INDEX["only western"]] = float(western and not russia)
    found[_INDEX["nobody"]] = float(not (russia or ukraine or western or other))
    return {column: value for column, value in found.items() if value}


class SlantHead(Head):
    """Neutral, pro-Kyiv or pro-Kremlin, for texts on the war in one language, with the help of the other.

    A linear margin for each partisan pole against the rest, then a multinomial regression on the margins of rows whose
    outlet was unseen (vector scaling; C. Guo et al., ICML 2017). A pole is called where its probability passes a
    threshold with at most `false_alarms` of the neutral rows above it, over all and as the mean over outlets.

    Parameters
    ----------
    language : str
        Whose rows calibrate and choose the thresholds; the other language's teach the margins.
    C : float
        Of `LinearSVC`.
    false_alarms : tuple of float
        Share of neutral texts on the war that may pass the threshold of `POLES` after the first; few texts are on the
        war, so that of all mainstream reporting it is a fifth of it.
    missed : float
        Share of partisan texts that may be called neutral.
    voices : float
        How much the columns of `VoiceCounts` count beside words.
    concepts : float
        How much a concept counts beside shares and stances.
    words : float
        How much words count.
    events : float
        How much a second margin counts: of words and pairs of words alone, learnt from texts that tell one event from
        either side. In a margin of its own, since what the three framings teach must not drown what outlets do.
    event_words : float
        How much the words and pairs count, beside `words`, that only those texts have often enough: less, since what
        outlets teach of them may be their topics.

    Attributes
    ----------
    coef_ : ndarray of float32, shape (2, n_columns)
        For the poles after the first.
    intercept_ : ndarray, shape (2,)
    scale_ : ndarray, shape (3, 2)
    shift_ : ndarray, shape (3,)
    thresholds_ : ndarray, shape (3,)
    unseen_ : ndarray, shape (n_rows, 3)
        Probabilities by models that had not seen a row's outlet; not stored.
    """

    def __init__(
        self,
        language: str = "fr",
        C: float = 0.1,
        false_alarms: tuple[float, float] = (0.01, 0.02),
        missed: float = 0.02,
        voices: float = 0.1,
        concepts: float = 0.5,
        words: float = 1.0,
        events: float = 0.0,
        event_words: float = 0.0,
    ) -> None:
        self.language = language
        self.C = C
        self.false_alarms = false_alarms
        self.missed = missed
        self.voices = voices
        self.concepts = concepts
        self.words = words
        self.events = events
        self.event_words = event_words

    def fit(
        self,
        X: sp.csr_matrix,
        y: npt.NDArray[np.intp],
        *,
        weights: npt.NDArray[np.float64],
        folds: Sequence[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]],
        groups: npt.NDArray[np.str_],
        languages: npt.NDArray[np.str_],
        innocent: npt.NDArray[np.bool_],
        told: npt.NDArray[np.intp],
        of_events: npt.NDArray[np.bool_],
        final: bool = True,
    ) -> Self:
        """Fit on rows on the war; `y` indexes `POLES`, rows of -1 are tested and not learnt from.

        `innocent` are the neutral rows that the thresholds are chosen on; `told` is `y` of the rows that tell one event
        from every side, -1 of others; `of_events` are the columns that `event_words` counts.
        """
        counted = X[:, : len(COLUMNS)]
        spread = np.sqrt(np.asarray(counted.multiply(counted).mean(axis=0) - np.square(counted.mean(axis=0)))).ravel()
        scale = np.where(of_events, self.event_words, self.words)
        scale[: len(COLUMNS)] = self.voices * np.where(spread > 0, 1 / np.maximum(spread, LEAST_SPREAD), 0.0)
        scale[len(_TOTALS) : len(COLUMNS)] *= self.concepts
        scaled, used = scale_columns(X, scale)
        margins = np.column_stack(
            [unseen_margins(scaled, np.where(y < 0, -1, y == pole), weights, folds, C=self.C) for pole in (1, 2)]
        )
        self.coef_ = np.zeros((2, X.shape[1]), dtype=np.float32)
        self.intercept_ = np.zeros(2)
        if self.events:
            margins += self._of_events(X, told, folds, final=final)
        own = (languages == self.language) & (y >= 0)
        self.scale_, self.shift_ = fit_softmax(margins[own], y[own], weights[own] / weights[own].mean())
        self.unseen_ = as_softmax(margins, self.scale_, self.shift_)
        self.thresholds_ = np.ones(len(POLES))
        # Nor is a partisan text cleared: `neutral` needs a threshold too.
        partisan = own & (y > 0)
        self.thresholds_[0] = threshold_for(self.unseen_[partisan, 0], groups[partisan].tolist(), self.missed)
        innocent = innocent & own & (y == 0)
        for pole in (1, 2):
            scores = self.unseen_[innocent, pole]
            self.thresholds_[pole] = threshold_for(scores, groups[innocent].tolist(), self.false_alarms[pole - 1])
        if final:
            for pole in (1, 2):
                target = (y == pole).astype(int)
                coefficients, intercept = fit_margin(scaled, target, balance(target, weights), C=self.C)
                self.coef_[pole - 1, used] += coefficients * scale[used]
                self.intercept_[pole - 1] += intercept
        return self

    def _of_events(
        self, X: sp.csr_matrix, told: npt.NDArray[np.intp], folds: Sequence[Fold], *, final: bool
    ) -> npt.NDArray[np.float64]:
        """The second margin of every row, by models that had not seen its event; with `final`, its coefficients."""
        rows = np.flatnonzero(told >= 0)
        words = X[:, len(COLUMNS) :].tocsr()
        weights = np.ones(len(told))
        margins = np.zeros((len(told), 2))
        for pole in (1, 2):
            target = np.where(told < 0, -1, told == pole)
            margins[:, pole - 1] = self.events * unseen_margins(words, target, weights, folds, C=EVENT_STRENGTH)
            if final:
                even = balance(target[rows], weights[rows])
                coefficients, intercept = fit_margin(words[rows], target[rows], even, C=EVENT_STRENGTH)
                self.coef_[pole - 1, len(COLUMNS) :] += self.events * coefficients
                self.intercept_[pole - 1] += self.events * intercept
        return margins

    def predict_proba(self, X: sp.csr_matrix) -> npt.NDArray[np.float64]:
        """Probabilities of `POLES`, shape (n_rows, 3), given that a text is on the war."""
        return as_softmax(np.asarray(X @ self.coef_.T + self.intercept_), self.scale_, self.shift_)

    def call(self, p: npt.NDArray[np.float64], topic: float) -> str:
        """`verdict` of a text that is on the subject as surely as `topic`; ``off_topic`` of another."""
        return self.verdict(p) if topic >= ON_TOPIC else OFF_TOPIC

    def verdict(self, p: npt.NDArray[np.float64]) -> str:
        """The likeliest pole where it passes its threshold, else ``undetermined``."""
        called = [pole for pole in (1, 2) if p[pole] >= self.thresholds_[pole] and p[pole] == p.max()]
        if called:
            return POLES[called[0]]
        return POLES[0] if p[0] >= self.thresholds_[0] and p[0] == p.max() else UNDETERMINED


class SlantHeads(BaseEstimator):  # type: ignore[misc]
    """A `SlantHead` for each language: their words differ, and so do the outlets that they are calibrated on."""

    def __init__(self, heads: Mapping[str, SlantHead] | None = None) -> None:
        self.heads = heads

    def fit(self, X: Any, y: Any = None) -> Self:
        """Nothing: the heads come fitted (see `biascheck.slant_training.fit_slant`)."""
        return self

    def of(self, language: str) -> SlantHead:
        """The head that reads a language; any other but English is read as French, of which nothing is said."""
        assert self.heads is not None
        return self.heads.get(language, self.heads[LANGUAGES[0]])

    def predict_proba(self, X: sp.csr_matrix, languages: Sequence[str]) -> npt.NDArray[np.float64]:
        """Probabilities of `POLES`, shape (n_rows, 3), each row by the head of its language."""
        p = np.zeros((X.shape[0], len(POLES)))
        heads = [self.of(language) for language in languages]
        for head in dict.fromkeys(heads):
            rows = [number for number, of in enumerate(heads) if of is head]
            p[rows] = head.predict_proba(X[rows])
        return p

    def __sklearn_is_fitted__(self) -> bool:
        return True
