"""Document → Reading: the one way through."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from biascheck import __version__
from biascheck.document import MIN_CHARACTERS, Document, Limits, document_from_text, read_bytes, read_document
from biascheck.errors import DocumentError
from biascheck.evidence import explain, explain_leftovers, explain_slant
from biascheck.features import count_features
from biascheck.furniture import bodies, body_with_offsets, placed
from biascheck.leftovers import Leftovers, find_leftovers
from biascheck.loaded import explain_loaded
from biascheck.reading import (
    PROVENANCE,
    UNDETERMINED,
    Attribution,
    Evidence,
    Failure,
    FramingTerm,
    Furniture,
    ModelReference,
    OwnLabel,
    Provenance,
    Reading,
    Slant,
    SourceLanguage,
)
from biascheck.slant import AXIS, COLUMNS, POLES, SIDES, VOICES, Voices, hear_many, on_topic
from biascheck.store import Model, load_model

__all__ = ["Scorer", "score"]

#: A source language is named where the text is at least as likely as not a translation.
TRANSLATED_ENOUGH = 0.5
#: What is found in the body, at a place of its own.
Placed = TypeVar("Placed", Attribution, FramingTerm)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """No search for garbage meanwhile: all that is made here is freed as soon as nothing refers to it."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Scorer:
    """Scores texts with one model, opened once.

    Parameters
    ----------
    model : str or Path, optional
        Name of a model or path of a model folder; by default the model in force (`biascheck models`).
    limits : Limits, optional
        Sizes beyond which a document is refused.

    Raises
    ------
    ModelError
        Where the model cannot be opened.

    Examples
    --------
    >>> from biascheck import Scorer
    >>> Scorer().score("Trop court.").provenance.verdict
    ('undetermined',)
    """

    def __init__(self, model: str | Path | None = None, *, limits: Limits | None = None) -> None:
        self.model: Model = load_model(None if model is None else str(model))
        self.limits = limits or Limits()

    def score(self, text: str, *, id: str = "text", evidence: bool = True) -> Reading:
        """Read one text.

        Raises
        ------
        DocumentError
            Where the text is empty or too large.
        """
        return self.read([document_from_text(text, id=id, limits=self.limits)], evidence=evidence)[0]

    def score_file(self, path: str | Path, *, id: str | None = None, evidence: bool = True) -> Reading:
        """Read one ``.txt`` or ``.html`` file.

        Raises
        ------
        DocumentError
            Where the file cannot be read.
        """
        return self.read([read_document(path, id=id, limits=self.limits)], evidence=evidence)[0]

    def score_bytes(self, data: bytes, *, id: str, evidence: bool = True) -> Reading:
        """Read bytes of unknown encoding, text or HTML.

        Raises
        ------
        DocumentError
            Where they cannot be read.
        """
        return self.read([read_bytes(data, id=id, limits=self.limits)], evidence=evidence)[0]

    def score_many(self, texts: Iterable[str], *, evidence: bool = False) -> list[Reading | Failure]:
        """Read many texts in one pass; what cannot be read is a `Failure` in its place, and nothing raises."""
        documents: list[Document | Failure] = []
        for number, text in enumerate(texts):
            try:
                documents.append(document_from_text(text, id=str(number), limits=self.limits))
            except DocumentError as error:
                documents.append(Failure.of(error, id=str(number)))
        readings = iter(self.read([d for d in documents if isinstance(d, Document)], evidence=evidence))
        return [next(readings) if isinstance(d, Document) else d for d in documents]

    def read(self, documents: Sequence[Document], *, evidence: bool = False) -> list[Reading]:
        """Documents → readings, in order, with one matrix and one pass of the heads for all."""
        with _without_collecting():
            return self._read(documents, evidence=evidence)

    def _read(self, documents: Sequence[Document], *, evidence: bool) -> list[Reading]:
        readable = [d for d in documents if d.readable]
        scored = iter(self._score(readable))
        return [self._reading(d, next(scored) if d.readable else None, evidence=evidence) for d in documents]

    def _score(self, documents: Sequence[Document]) -> list[_Scored]:
        if not documents:
            return []
        texts = [document.text for document in documents]
        leftovers = find_leftovers(texts, self.model.lines, [document.about for document in documents])
        articles = bodies(texts, [left.found for left in leftovers])
        folded = self.model.pipeline.named_steps["fold"].transform(articles)
        X = count_features(self.model.pipeline.named_steps["features"], folded)
        heads = self.model.pipeline.named_steps["heads"]
        L = self.model.aggregated[:-1].transform(leftovers)
        aggregated = self.model.aggregated.named_steps["heads"].predict_proba(L)[:, 0]
        provenance, languages = heads.predict_proba(X), heads.predict_language(X)
        heard = hear_many(
            [article.text for article in articles],
            [document.language for document in documents],
            [document.date for document in documents],
            [fold.text for fold in folded],
        )
        V = count_features(self.model.slant.named_steps["features"], heard)
        poles = self.model.slant.named_steps["heads"].predict_proba(V, [d.language for d in documents])
        loaded = self.model.loaded.score_many(heard) if self.model.loaded is not None else [None] * len(documents)
        voices = V[:, : len(COLUMNS)]
        own = self.model.own.call(X, voices) if self.model.own is not None else [({}, {})] * len(documents)
        return [
            _Scored(
                body=articles[i].text,
                leftovers=leftovers[i],
                row=i,
                features=X,
                counts=L,
                provenance=provenance[i],
                languages=languages[i],
                aggregated=float(aggregated[i]),
                voices=heard[i],
                voiced=V,
                poles=poles[i],
                loaded=loaded[i],
                own=own[i],
            )
            for i in range(len(documents))
        ]

    def _reading(self, document: Document, scored: _Scored | None, *, evidence: bool) -> Reading:
        provenance = Provenance()
        slant: dict[str, Slant] = {}
        loaded: float | None = None
        labels: dict[str, OwnLabel] = {}
        furniture: tuple[Furniture, ...] = ()
        attribution: tuple[Attribution, ...] = ()
        framing: tuple[FramingTerm, ...] = ()
        voices: dict[str, float] = {}
        passages: tuple[Evidence, ...] = ()
        warnings = document.warnings
        if scored is not None:
            furniture = tuple(item.furniture for item in scored.leftovers.found)
            attribution, framing = scored.voices.attributions, _framing(scored.voices)
            places = scored.places() if evidence or (furniture and (attribution or framing)) else None
            if furniture and places is not None:
                attribution = tuple(_moved(item, places) for item in attribution)
                framing = tuple(_moved(item, places) for item in framing)
            size = len(scored.body.strip())
            if size < MIN_CHARACTERS:
                said = f"too_short: {size} characters of article; a verdict needs at least {MIN_CHARACTERS}"
                warnings = (*warnings, said)
                provenance = Provenance(upstream=tuple(scored.leftovers.upstream))
            else:
                provenance = self._provenance(scored) if not document.blocking else provenance
                slant = {AXIS: self._slant(scored, document.language)}
                if not document.blocking:
                    labels, axes = scored.own
                    slant |= axes
                loaded = scored.loaded
                voices = _shares(scored.voices)
                if places is not None and evidence:
                    passages = self._evidence(scored, provenance, places) if not document.blocking else ()
                    voiced = scored.voiced[scored.row]
                    passages += explain_slant(scored.voices, scored.body, voiced, slant[AXIS], self.model.slant, places)
                    if self.model.loaded is not None:
                        passages += explain_loaded(self.model.loaded, scored.voices, scored.loaded, places)
                    passages += self._own_evidence(scored, labels, places)
        return Reading(
            id=document.id,
            path=document.path,
            sha256=document.sha256,
            biascheck=__version__,
            model=ModelReference(self.model.name, self.model.sha256),
            language=document.language,
            text=document.text,
            title=document.title,
            author=document.author,
            date=document.date,
            site_name=document.site_name,
            canonical_url=document.canonical_url,
            provenance=provenance,
            slant=slant,
            loaded=loaded,
            labels=labels,
            attribution=attribution,
            framing=framing,
            voices=voices,
            furniture=furniture,
            evidence=passages,
            warnings=warnings,
        )

    def _slant(self, scored: _Scored, language: str) -> Slant:
        topic = on_topic(scored.voices)
        head = self.model.slant[-1].of(language)
        scores = dict(zip(POLES, scored.poles.tolist(), strict=True))
        return Slant(head.call(scored.poles, topic), scores, topic)

    def _evidence(self, scored: _Scored, provenance: Provenance, places: npt.NDArray[np.intp]) -> tuple[Evidence, ...]:
        found = explain(scored.body, places, scored.features[scored.row], provenance, self.model.pipeline)
        if "aggregated" in provenance.verdict:
            found += explain_leftovers(scored.leftovers, scored.counts[scored.row], self.model.aggregated)
        order = {label: number for number, label in enumerate(provenance.verdict)}
        return tuple(sorted(found, key=lambda e: order.get(e.label, len(order))))

    def _own_evidence(
        self, scored: _Scored, labels: dict[str, OwnLabel], places: npt.NDArray[np.intp]
    ) -> tuple[Evidence, ...]:
        said = [name for name, label in labels.items() if label.verdict == "yes"]
        if not said:
            return ()
        features = self.model.pipeline.named_steps["features"]
        found: tuple[Evidence, ...] = self.model.own.explain(
            said, scored.body, places, scored.features[scored.row], features
        )
        return found

    def _provenance(self, scored: _Scored) -> Provenance:
        heads, aggregated = self.model.pipeline[-1], self.model.aggregated[-1]
        scores = dict(zip(heads.provenance.names, scored.provenance.tolist(), strict=True))
        thresholds = dict(zip(heads.provenance.names, heads.provenance.thresholds_.tolist(), strict=True))
        scores["aggregated"] = scored.aggregated
        thresholds["aggregated"] = float(aggregated.thresholds_[0])
        verdict = tuple(label for label in PROVENANCE if scores[label] >= thresholds[label])
        # A text that came from elsewhere is not the outlet's own, whatever its style.
        if "original" in verdict and len(verdict) > 1:
            verdict = tuple(label for label in verdict if label != "original")
        languages = dict(zip(heads.language.languages, scored.languages.tolist(), strict=True))
        top = max(languages, key=languages.__getitem__)
        speaks = scores["translated"] >= TRANSLATED_ENOUGH and languages[top] >= heads.language.threshold_
        return Provenance(
            verdict=verdict or (UNDETERMINED,),
            scores={label: scores[label] for label in PROVENANCE},
            source_language=SourceLanguage(top if speaks else UNDETERMINED, languages),
            upstream=tuple(scored.leftovers.upstream),
        )


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the heads say of one document, before it is put into words."""

    body: str
    leftovers: Leftovers
    #: Its row of the matrices, which are all documents'; a row is cut out for explanations only.
    row: int
    features: Any
    counts: Any
    provenance: npt.NDArray[np.float64]
    languages: npt.NDArray[np.float64]
    aggregated: float
    voices: Voices
    voiced: Any
    poles: npt.NDArray[np.float64]
    loaded: float | None
    #: What a user's own heads say: labels, and axes.
    own: tuple[dict[str, OwnLabel], dict[str, Slant]]

    def places(self) -> npt.NDArray[np.intp]:
        """Where each character of the body stands in the document's text."""
        found = [item.furniture for item in self.leftovers.found]
        return np.asarray(body_with_offsets(self.leftovers.text, found)[1], dtype=np.intp)


def _framing(voices: Voices) -> tuple[FramingTerm, ...]:
    """The terms heard, each with the voice that it counts for."""
    return tuple(
        FramingTerm(t.concept, t.pole, VOICES[t.quoted or t.distanced], t.start, t.end, t.why)
        for t in voices.framing.terms
    )


def _shares(voices: Voices) -> dict[str, float]:
    """Who has the word, in shares of the article's characters as far as it was read; the author has what is left."""
    said = dict.fromkeys(SIDES, 0)
    for item in voices.attributions:
        said[item.side] += item.end - item.start
    size = max(len(voices.text), sum(said.values()), 1)
    shares = {side: count / size for side, count in said.items()}
    return {**shares, "author": max(1 - sum(shares.values()), 0.0)}


def _moved(item: Placed, places: npt.NDArray[np.intp]) -> Placed:
    """What was found in the body, at its place in the text."""
    start, end = placed((item.start, item.end), places)
    return replace(item, start=start, end=end)


def score(text: str, *, model: str | Path | None = None) -> Reading:
    """Read one text with a model that stays open.

    Raises
    ------
    DocumentError, ModelError
    """
    return Scorer(model).score(text)
