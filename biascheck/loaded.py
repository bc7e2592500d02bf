"""Sentences → how much their wording judges instead of telling, 0 to 1.

The paragraphs that this is learnt from are marked as wholes, and what persuades stands in some of their sentences.
Each sentence has a rate, and a paragraph is marked where at least one of its sentences would be (noisy-or; P. Viola,
J. Platt and C. Zhang, Multiple Instance Boosting for Object Detection, NIPS 2005). A sentence's rate comes of words
that judge, in the author's voice and in quotations, of signs, and of hashed byte n-grams of text with names masked. The
rate of a text is that of `PASSAGE` characters of it, so that an article and a paragraph are on one scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from biascheck.evidence import REST
from biascheck.features import hash_ngrams
from biascheck.furniture import placed
from biascheck.heads import Head
from biascheck.reading import Evidence
from biascheck.sentences import BLANKS, COUNTS, LEAST_BYTES, Sentences, cut
from biascheck.slant import LANGUAGES, Voices, hear

if TYPE_CHECKING:
    from biascheck.loaded_rows import LoadedSet
    from biascheck.store import Model

__all__ = ["BITS", "ORDER", "LoadedHead", "LoadedSentence", "explain_loaded", "loaded_sentences"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]

#: Length of the byte n-grams, and buckets as a power of two.
ORDER, BITS = 5, 16
#: Characters that the score of a text speaks of: a long paragraph.
PASSAGE = 800
#: Parts of wire copy to one of marked paragraphs among the passages that the probability speaks of.
WIRE_SHARE = 2.0
#: Sentences whose n-grams are looked up together: enough to share numpy's cost by the call, few enough for the cache.
RUN = 1_000
#: Sentences that are shown, and how many times the odds of a sentence of wire copy they have at least.
MAX_SHOWN, SHOWN = 5, 2.5


@dataclass(frozen=True, slots=True)
class LoadedSentence:
    """A sentence with its score; offsets in the text as given, end exclusive."""

    start: int
    end: int
    score: float


class LoadedHead(Head):
    """Rates of sentences, and the calibrated probability that a passage would be marked.

    Parameters
    ----------
    penalty : float
        Of the squared coefficients.

    Attributes
    ----------
    coef_ : ndarray of float32, shape (len(LANGUAGES), 2**BITS)
        By bucket.
    counts_ : ndarray, shape (len(LANGUAGES), len(COUNTS))
    intercept_ : ndarray, shape (len(LANGUAGES),)
    slope_ : float
    offset_ : ndarray, shape (len(LANGUAGES),)
        ``p = 1 / (1 + exp(-(slope * log(exp(rate) - 1) + offset)))``
    usual_ : ndarray, shape (len(LANGUAGES),)
        Calibrated log-odds of a sentence of wire copy, on average.
    unseen_ : ndarray, shape (n_passages,)
        Probabilities by models that had not seen a passage's article; not stored.
    """

    def __init__(self, penalty: float = 0.2) -> None:
        self.penalty = penalty

    def fit(self, rows: LoadedSet, *, folds: Sequence[tuple[IntArray, IntArray]], final: bool = True) -> Self:
        """Fit on marked passages.

        N-grams have coefficients of their own in each language, counts a share in common as well.
        """
        from sklearn.linear_model import LogisticRegression

        X, width = _blocks(rows), rows.X.shape[1]
        rates = np.full(len(rows.y), np.nan)
        for train, test in folds:
            margins = X @ _fit_rates(X, rows, train, self.penalty)
            rates[test] = passage_rates(margins, rows.owners, rows.sizes)[test]
        self.intercept_, self.offset_ = np.zeros(len(LANGUAGES)), np.zeros(len(LANGUAGES))
        # A reader's news is neither set: in each language, so much wire copy for each part of what was marked.
        weights = np.zeros(len(rows.y))
        for language in range(len(LANGUAGES)):
            for wire in (False, True):
                cell = (rows.languages == language) & (rows.wire == wire)
                weights[cell] = (WIRE_SHARE if wire else 1.0) / max(cell.sum(), 1)
        english = (rows.languages == 1).astype(float)
        regression = LogisticRegression(C=100.0).fit(
            np.column_stack([_logit(rates), english]), rows.y, sample_weight=weights / weights.mean()
        )
        self.slope_ = float(regression.coef_[0, 0])
        self.offset_[:] = regression.intercept_[0] + regression.coef_[0, 1] * np.arange(len(LANGUAGES))
        self.unseen_ = regression.predict_proba(np.column_stack([_logit(rates), english]))[:, 1]
        self.coef_ = np.zeros((len(LANGUAGES), 1 << BITS), dtype=np.float32)
        self.counts_ = np.zeros((len(LANGUAGES), len(COUNTS)))
        self.usual_ = np.zeros(len(LANGUAGES))
        if final:
            every = _fit_rates(X, rows, np.arange(len(rows.y)), self.penalty)
            idf, common = _idf(rows), every[len(LANGUAGES) * width :].reshape(-1, len(COUNTS) + 1)
            for language in range(len(LANGUAGES)):
                self.coef_[language, rows.columns] = every[language * width : (language + 1) * width] * idf
                own = common[0] + common[1 + language]
                telling = (rows.wire & (rows.languages == language))[rows.owners]
                if telling.any():
                    self.usual_[language] = self.slope_ * (X[telling] @ every).mean() + self.offset_[language]
                self.counts_[language], self.intercept_[language] = own[:-1], own[-1] * _ONE
        return self

    def margins(self, sentences: Sentences, language: str) -> FloatArray:
        """Logarithm of the odds of each sentence before calibration, shape (n_sentences,)."""
        number = LANGUAGES.index(language)
        runs = range(0, len(sentences.starts), RUN)
        sums = np.concatenate([np.empty(0), *(_sums(self.coef_[number], sentences, first) for first in runs)])
        length = sentences.ends - sentences.starts
        ngrams = np.where(length >= ORDER, sums, 0) / np.sqrt(np.maximum(length, LEAST_BYTES))
        return np.asarray(ngrams + sentences.counts @ self.counts_[number] + self.intercept_[number])

    def probabilities(self, rates: FloatArray, language: str) -> FloatArray:
        """Calibrated probability that a passage of such a rate would be marked, shape as `rates`."""
        return _sigmoid(self.slope_ * _logit(rates) + self.offset_[LANGUAGES.index(language)])

    def score(self, sentences: Sentences, language: str) -> FloatArray:
        """`loaded` of each text, shape (n_texts,)."""
        margins = self.margins(sentences, language)
        return self.probabilities(passage_rates(margins, sentences.owners, sentences.sizes), language)

    def score_many(self, heard: Sequence[Voices]) -> list[float | None]:
        """`loaded` of texts of any language; None for one that is not known."""
        found: list[float | None] = [None] * len(heard)
        for language in LANGUAGES:
            rows = [i for i, voices in enumerate(heard) if voices.language == language]
            if not rows:
                continue
            for i, score in zip(rows, self.score(cut([heard[i] for i in rows]), language).tolist(), strict=True):
                found[i] = score
        return found

    def sentences(self, voices: Voices) -> tuple[LoadedSentence, ...]:
        """The sentences of one text with their scores."""
        found = cut([voices])
        rates = np.logaddexp(0, self.margins(found, voices.language))
        scores = self.probabilities(rates, voices.language)
        return tuple(
            LoadedSentence(*_trimmed(voices.text, start, end), score)
            for (start, end), score in zip(found.spans.tolist(), scores.tolist(), strict=True)
            if voices.text[start:end].strip()
        )


def _sums(worth: npt.NDArray[np.float32], sentences: Sentences, first: int) -> npt.NDArray[np.float32]:
    """What the n-grams of `RUN` sentences from the first on are worth, by the worth of each bucket."""
    starts, ends = sentences.starts[first : first + RUN], sentences.ends[first : first + RUN]
    # What stands after the last n-gram of the last sentence closes it, and adds nothing.
    data = sentences.data[starts[0] : ends[-1]].ljust(ORDER) + b" " * ORDER
    # An n-gram over an edge is in no sentence: every second sum is of those.
    cuts = np.column_stack([starts, np.maximum(ends - ORDER + 1, starts)]).ravel() - starts[0]
    return np.asarray(np.add.reduceat(worth.take(hash_ngrams(data, (ORDER,), BITS)), cuts)[::2])


#: The value of a language's own column.
_ONE = 0.3
#: Rates below this are not told apart.
_LEAST = 1e-9


def _blocks(rows: LoadedSet) -> sp.csr_matrix:
    """N-grams of each language, then counts and a constant: in common, and of each language."""
    weighed = (sp.diags(1 / np.sqrt(rows.lengths)) @ rows.X @ sp.diags(_idf(rows))).tocsr()
    dense = sp.csr_matrix(np.column_stack([rows.counts, np.full(len(rows.counts), _ONE)]))
    of = [(rows.languages[rows.owners] == language).astype(float) for language in range(len(LANGUAGES))]
    blocks = [*(sp.diags(own) @ weighed for own in of), dense, *(sp.diags(own) @ dense for own in of)]
    return sp.hstack(blocks, format="csr")


def _idf(rows: LoadedSet) -> FloatArray:
    idf = np.log(rows.X.shape[0] / np.maximum(np.asarray((rows.X > 0).sum(axis=0)).ravel(), 1))
    return np.asarray(idf / idf.mean())


def _fit_rates(X: sp.csr_matrix, rows: LoadedSet, train: IntArray, penalty: float) -> FloatArray:
    """Coefficients with which the noisy-or of its sentences tells best whether a passage is marked."""
    from scipy.optimize import minimize

    place = np.full(len(rows.y), -1)
    place[train] = np.arange(len(train))
    chosen = place[rows.owners] >= 0
    part, owners = X[chosen], place[rows.owners[chosen]]
    turned = part.T.tocsr()
    marked, weights = rows.y[train] == 1, rows.weights[train].astype(float)

    def loss(coefficients: FloatArray) -> tuple[float, FloatArray]:
        margins = part @ coefficients
        rates = np.maximum(np.bincount(owners, np.logaddexp(0, margins), minlength=len(train)), _LEAST)
        some = -np.expm1(-rates)
        value = weights @ np.where(marked, -np.log(some), rates) + penalty / 2 * coefficients @ coefficients
        slope = weights * np.where(marked, 1 - 1 / some, 1.0)
        return float(value), np.asarray(turned @ (slope[owners] * _sigmoid(margins)) + penalty * coefficients)

    found = minimize(loss, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 60, "maxcor": 6})
    return np.asarray(found.x)


def passage_rates(margins: FloatArray, owners: IntArray, sizes: npt.NDArray[np.floating[Any]]) -> FloatArray:
    """What all sentences of a text amount to, for a longer one in `PASSAGE` characters; shape as `sizes`."""
    rates = np.bincount(owners, np.logaddexp(0, margins), minlength=len(sizes))
    return np.asarray(rates * np.minimum(1, PASSAGE / sizes))


def _logit(rates: FloatArray) -> FloatArray:
    """Logarithm of the odds that something with a rate happens at all."""
    return np.asarray(np.log(np.expm1(np.clip(rates, _LEAST, 500))))


def _sigmoid(x: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -500, 500))))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A sentence without blanks, and without a mark that closes the quotation of the sentence before."""
    said = text[start:end]
    left = said.lstrip("\ufeff »”" + "".join(map(chr, BLANKS)))
    if left and left != said:
        start = end - len(left)
    return start, start + len(text[start:end].rstrip())


def loaded_sentences(text: str, language: str, model: Model) -> tuple[LoadedSentence, ...]:
    """The sentences of a text with their scores; none where the language is neither French nor English.

    Only the first `MAX_CHARACTERS` characters are read.

    Parameters
    ----------
    text : str
        An article without its furniture, or any passage of it.
    language : str
        ``fr`` or ``en``.
    model : Model
        Of `biascheck.store.load_model`.
    """
    if language not in LANGUAGES or model.loaded is None:
        return ()
    head: LoadedHead = model.loaded
    return head.sentences(hear(text, language))


def explain_loaded(
    head: LoadedHead, voices: Voices, score: float | None, places: npt.NDArray[np.intp]
) -> tuple[Evidence, ...]:
    """The sentences that judge most, with the words that do; weights are log-odds over those of wire copy.

    Sentences do not add up as words do (one is enough); the last entry is what is left of the log-odds of the text's
    own `score`, so that a reader of evidence need not know. None where no sentence stands out.

    `places` tells where each character of the body stands in the document's text.
    """
    if voices.language not in LANGUAGES or score is None:
        return ()
    usual = float(head.usual_[LANGUAGES.index(voices.language)])
    weighed = sorted(
        ((_log_odds(s.score) - usual, s) for s in head.sentences(voices)), key=lambda w: (-w[0], w[1].start)
    )
    shown = [
        Evidence("loaded", *placed((s.start, s.end), places), round(weight, 4), _why(voices, s))
        for weight, s in weighed[:MAX_SHOWN]
        if weight >= np.log(SHOWN)
    ]
    left = _log_odds(score) - sum(item.weight for item in shown)
    return (*shown, Evidence("loaded", 0, 0, round(left, 4), REST)) if shown else ()


def _log_odds(p: float) -> float:
    return float(np.log(max(p, _LEAST) / max(1 - p, _LEAST)))


def _why(voices: Voices, sentence: LoadedSentence) -> str:
    words = [w for w in voices.framing.loaded if sentence.start <= w.start and w.end <= sentence.end]
    judging = _listed(voices.text[w.start : w.end] for w in words if w.kind == "loaded" and not w.quoted)
    quoted = _listed(voices.text[w.start : w.end] for w in words if w.kind == "loaded" and w.quoted)
    said = [f"words that judge: {judging}"] if judging else []
    said += [f"words that judge, in a quotation: {quoted}"] if quoted else []
    return "; ".join(said) or "wording of sentences that persuade rather than tell"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(" ".join(word.split()).lower() for word in words))
