"""Which text of a folder to label next: the one that teaches most.

What a yes or no on a text would tell is measured by the model's own doubt (uncertainty sampling; D. Lewis, W. Gale,
SIGIR 1994), summed over the heads. A text of an outlet that has been seen often counts less, and one that says what
another has said is not shown.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from biascheck.document import HTML_SUFFIXES, Document, read_document
from biascheck.errors import DocumentError
from biascheck.features import hash_ngrams
from biascheck.folding import fold
from biascheck.furniture import body
from biascheck.labels import Label, document_of, outlet_of
from biascheck.reading import Failure, Reading
from biascheck.scorer import Scorer

__all__ = ["ORDERS", "Chooser", "Queue", "doubt", "find_texts", "resemblance", "sketch", "usefulness"]

ORDERS = ("useful", "random", "name")
#: Texts are the same for an annotator from this resemblance on.
SAME = 0.9
#: Bins of a sketch, as a power of two, and bytes of an n-gram.
_BINS = 7
_ORDER = 6
_EMPTY = np.uint32(0xFFFFFFFF)
#: How much less the texts of an outlet count that has been seen often, and after how many texts half of that. Equals
#: take turns, and a family of sites that the model doubts is still seen: at one over the root of the texts seen, 50
#: chosen texts taught less than 50 at random, where few of the texts were of such a family.
MOST_DISCOUNT, HALF_DISCOUNT = 0.1, 5
#: Texts that are scored before the first is shown, and with each one that is labelled.
FIRST, STEP = 200, 20
#: Texts labelled earlier that are read again, the last ones: what is alike to them is not shown.
REMEMBERED = 500
#: Texts that are scored at once.
CHUNK = 20
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_SUFFIXES = HTML_SUFFIXES | {".txt"}

Sketch = npt.NDArray[np.uint32]


def find_texts(folder: Path) -> list[str]:
    """Paths of the texts in a folder and its subfolders, relative to it, by name; hidden ones are left out."""
    found: list[str] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names = (name for name in files if not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES)
        found += [os.path.relpath(os.path.join(where, name), folder) for name in names]
    return sorted(found)


def doubt(p: npt.ArrayLike, threshold: npt.ArrayLike = 0.5) -> npt.NDArray[np.float64]:
    """How little a probability tells, in bits: entropy around one half, or around the threshold of its verdict.

    >>> doubt([0.5, 0.9, 0.999], [0.5, 0.9, 0.5]).round(2).tolist()
    [1.0, 1.0, 0.01]
    """
    said, limit = (np.clip(np.asarray(x, dtype=float), 1e-6, 1 - 1e-6) for x in (p, threshold))
    odds = said * (1 - limit)
    return np.asarray(np.maximum(_entropy(said), _entropy(odds / (odds + (1 - said) * limit))))


def _entropy(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(-p * np.log2(p) - (1 - p) * np.log2(1 - p))


def usefulness(reading: Reading, thresholds: Mapping[str, float]) -> float:
    """What labelling a text would teach: the `doubt` of every head, summed; of an axis where the text is on it."""
    scores = reading.provenance.scores
    worth = float(doubt(list(scores.values()), [thresholds.get(name, 0.5) for name in scores]).sum())
    worth += sum(float(doubt(label.score)) for label in reading.labels.values())
    for slant in reading.slant.values():
        worth += slant.on_topic * float(max(doubt(list(slant.scores.values())), default=0.0))
    return worth


def thresholds_of(scorer: Scorer) -> dict[str, float]:
    """Where the provenance heads of a model begin to say yes."""
    heads = scorer.model.pipeline.named_steps["heads"].provenance
    found = dict(zip(heads.names, map(float, heads.thresholds_), strict=True))
    return {**found, "aggregated": float(scorer.model.aggregated.named_steps["heads"].thresholds_[0])}


def sketch(text: str) -> Sketch:
    """A short stand-in for the n-grams of a text, shape (128,): the smallest hash in each of as many bins.

    One-permutation hashing (P. Li, A. Owen, C.-H. Zhang, NIPS 2012) of the folded text, so that encodings, quotation
    marks, names and figures make no difference.
    """
    data = fold(text).text.encode("utf-8", "replace").ljust(_ORDER)
    hashes = np.sort(hash_ngrams(data, (_ORDER,), 32))
    bins = hashes >> np.uint32(32 - _BINS)
    first = np.flatnonzero(np.concatenate(([True], bins[1:] != bins[:-1])))
    found = np.full(1 << _BINS, _EMPTY)
    found[bins[first]] = hashes[first]
    return found


def resemblance(many: Sketch, one: Sketch) -> npt.NDArray[np.float64]:
    """Share of n-grams that texts have in common with another, estimated from sketches, shape (n_texts,)."""
    some = (many != _EMPTY) | (one != _EMPTY)
    same = (many == one) & some
    return np.asarray(same.sum(axis=-1) / np.maximum(some.sum(axis=-1), 1))


class Chooser:
    """Deals out texts by what they teach, outlets by turns, each text once whatever its copies.

    Examples
    --------
    >>> chooser = Chooser()
    >>> for name, worth, outlet in (("a", 2.0, "x"), ("b", 1.99, "x"), ("c", 1.98, "y")):
    ...     chooser.add(name, worth, outlet, sketch(name * 500))
    >>> [chooser.next() for _ in range(4)]
    ['a', 'c', 'b', None]
    """

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[float, str, Sketch]] = {}
        self._seen: Counter[str] = Counter()
        self._sketches = np.empty((64, 1 << _BINS), dtype=np.uint32)
        self._taken = 0
        #: Texts that were not dealt out because they say what another has said.
        self.repeated = 0

    def add(self, name: str, worth: float, outlet: str, drawn: Sketch) -> None:
        """Put a text among those that may be dealt out."""
        self._waiting[name] = (worth, outlet, drawn)

    def remember(self, outlet: str, drawn: Sketch) -> None:
        """Count a text as dealt out."""
        if self._taken == len(self._sketches):
            self._sketches = np.concatenate([self._sketches, np.empty_like(self._sketches)])
        self._sketches[self._taken] = drawn
        self._taken += 1
        self._seen[outlet] += 1

    def next(self) -> str | None:
        """The text that teaches most, or None where all are dealt out."""
        while self._waiting:
            name = min(self._waiting, key=lambda n: (-self._worth(n), n))
            _, outlet, drawn = self._waiting.pop(name)
            if self._taken and resemblance(self._sketches[: self._taken], drawn).max() >= SAME:
                self.repeated += 1
                continue
            self.remember(outlet, drawn)
            return name
        return None

    def _worth(self, name: str) -> float:
        worth, outlet, _ = self._waiting[name]
        return worth * (1 - MOST_DISCOUNT * self._seen[outlet] / (self._seen[outlet] + HALF_DISCOUNT))


class Queue:
    """The texts of a folder, in the order in which to label them.

    No text is kept: of those that were looked at, what they teach and a sketch; of all others, the path.

    Parameters
    ----------
    folder : Path
    scorer : Scorer
    order : str
        ``useful``, ``random`` or ``name``; only the first looks at texts before they are shown.
    done : sequence of Label
        Rows that were labelled earlier.
    pool : int
        How many texts are scored at most; drawn at random from the folder.
    seed : int
    """

    def __init__(
        self,
        folder: Path,
        scorer: Scorer,
        *,
        order: str = "useful",
        done: Sequence[Label] = (),
        pool: int = 2000,
        seed: int = 0,
    ) -> None:
        self.folder = folder
        self.scorer = scorer
        self.order = order
        #: Texts that could not be read, and the number of those that no label can be given to (short, foreign, a list).
        self.failures: list[Failure] = []
        self.unfit = 0
        finished = {os.path.realpath(row.source) for row in done if row.path}
        names, real = find_texts(folder), os.path.realpath(folder)
        left = [name for name in names if os.path.join(real, name) not in finished]
        #: How many texts there are, and how many of them are not labelled yet.
        self.total, self.left = len(names), len(left)
        if order != "name":
            random.Random(seed).shuffle(left)  # noqa: S311
        self._coming = deque(left[:pool] if order == "useful" else left)
        self._chooser = Chooser()
        self._thresholds = thresholds_of(scorer)
        self._started = False
        self._done = done

    @property
    def repeated(self) -> int:
        """Texts that were left out because they say what another has said."""
        return self._chooser.repeated

    def next(self) -> tuple[str, Document] | None:
        """The path of the text to label next and the text, or None where there is none left."""
        while (name := self._next_name()) is not None:
            document = self._read(name)
            if document is not None:
                return name, document
        return None

    def _next_name(self) -> str | None:
        if self.order != "useful":
            return self._coming.popleft() if self._coming else None
        if not self._started:
            self._remember(self._done)
        self._grow(STEP if self._started else FIRST)
        self._started = True
        while (name := self._chooser.next()) is None and self._coming:
            self._grow(FIRST)
        return name

    def _grow(self, number: int) -> None:
        while number > 0 and self._coming:
            names = [self._coming.popleft() for _ in range(min(CHUNK, number, len(self._coming)))]
            number -= len(names)
            documents = {name: document for name in names if (document := self._read(name)) is not None}
            readings = self.scorer.read(list(documents.values()))
            for (name, document), reading in zip(documents.items(), readings, strict=True):
                worth = usefulness(reading, self._thresholds)
                self._chooser.add(name, worth, self.outlet(name, document), _sketch(reading))

    def _read(self, name: str) -> Document | None:
        path = self.folder / name
        try:
            if _UNWRITABLE.search(name):
                raise DocumentError("unreadable", f"{name!r}: a name that no labels file can hold; rename the file")
            document = read_document(path, id=name, limits=self.scorer.limits)
        except DocumentError as error:
            self.failures.append(Failure.of(error, id=name, path=str(path)))
            return None
        self.unfit += bool(document.blocking)
        return None if document.blocking else document

    def _remember(self, done: Iterable[Label]) -> None:
        documents, outlets = [], []
        for row in list(done)[-REMEMBERED:]:
            try:
                documents.append(document_of(row, self.scorer.limits))
            except DocumentError:
                continue
            outlets.append(outlet_of(row, documents[-1]))
        for first in range(0, len(documents), CHUNK):
            readings = self.scorer.read(documents[first : first + CHUNK])
            for outlet, reading in zip(outlets[first:], readings, strict=False):
                self._chooser.remember(outlet, _sketch(reading))

    def outlet(self, name: str, document: Document) -> str:
        """Who published a text: its page's site, else the folder that it stands in."""
        return outlet_of(Label(path=str(self.folder / name)), document)


def _sketch(reading: Reading) -> Sketch:
    """Of the article alone: two articles of one site share its furniture."""
    return sketch(body(reading.text, reading.furniture))
