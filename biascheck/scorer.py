"""Document → Reading: the one way through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from biascheck import __version__
from biascheck.document import Document, Limits, document_from_text, read_bytes, read_document
from biascheck.errors import DocumentError
from biascheck.evidence import explain
from biascheck.folding import fold
from biascheck.furniture import Found, aggregated_score, find_furniture
from biascheck.reading import PROVENANCE, UNDETERMINED, Failure, ModelReference, Provenance, Reading, SourceLanguage
from biascheck.store import Model, load_model

__all__ = ["AGGREGATED_THRESHOLD", "Scorer", "score"]

#: Where the rule for `aggregated` speaks; one strong leftover, or two middling ones.
AGGREGATED_THRESHOLD = 0.75
#: A source language is named where the text is at least as likely as not a translation.
TRANSLATED_ENOUGH = 0.5


class Scorer:
    """Scores texts with one model, opened once.

    Parameters
    ----------
    model : str
        Name of a shipped model or path of a model folder.
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

    def __init__(self, model: str | Path = "fr", *, limits: Limits | None = None) -> None:
        self.model: Model = load_model(str(model))
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
        readable = [d for d in documents if not d.blocking]
        scored = iter(self._heads(readable, evidence=evidence))
        return [self._reading(d, None if d.blocking else next(scored)) for d in documents]

    def _heads(self, documents: Sequence[Document], *, evidence: bool) -> list[_Scored]:
        if not documents:
            return []
        folded = [fold(document.text) for document in documents]
        X = self.model.pipeline[:-1].transform(folded).tocsr()
        heads = self.model.pipeline.named_steps["heads"]
        provenance, languages = heads.predict_proba(X), heads.predict_language(X)
        return [
            _Scored(provenance[i], languages[i], X[i] if evidence else None, find_furniture(document.text))
            for i, document in enumerate(documents)
        ]

    def _reading(self, document: Document, scored: _Scored | None) -> Reading:
        provenance = Provenance()
        furniture: tuple[Any, ...] = ()
        evidence: tuple[Any, ...] = ()
        if scored is not None:
            provenance = self._provenance(scored)
            furniture = tuple(found.furniture for found in scored.furniture)
            if scored.features is not None:
                evidence = explain(document.text, scored.features, provenance, scored.furniture, self.model.pipeline)
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
            furniture=furniture,
            evidence=evidence,
            warnings=document.warnings,
        )

    def _provenance(self, scored: _Scored) -> Provenance:
        heads = self.model.pipeline.named_steps["heads"]
        scores = dict(zip(heads.provenance.names, map(float, scored.provenance), strict=True))
        thresholds = dict(zip(heads.provenance.names, map(float, heads.provenance.thresholds_), strict=True))
        scores["aggregated"] = aggregated_score(scored.furniture)
        thresholds["aggregated"] = AGGREGATED_THRESHOLD
        verdict = tuple(label for label in PROVENANCE if scores[label] >= thresholds[label])
        # A text that came from elsewhere is not the outlet's own, whatever its style.
        if "original" in verdict and len(verdict) > 1:
            verdict = tuple(label for label in verdict if label != "original")
        languages = dict(zip(heads.language.languages, map(float, scored.languages), strict=True))
        top = max(languages, key=languages.__getitem__)
        speaks = scores["translated"] >= TRANSLATED_ENOUGH and languages[top] >= heads.language.threshold_
        return Provenance(
            verdict=verdict or (UNDETERMINED,),
            scores={label: scores[label] for label in PROVENANCE},
            source_language=SourceLanguage(top if speaks else UNDETERMINED, languages),
        )


class _Scored:
    """What the heads say of one document, before it is put into words."""

    __slots__ = ("features", "furniture", "languages", "provenance")

    def __init__(
        self,
        provenance: npt.NDArray[np.float64],
        languages: npt.NDArray[np.float64],
        features: Any,
        furniture: list[Found],
    ) -> None:
        self.provenance = provenance
        self.languages = languages
        self.features = features
        self.furniture = furniture


def score(text: str, *, model: str | Path = "fr") -> Reading:
    """Read one text with a model that stays open.

    Raises
    ------
    DocumentError, ModelError
    """
    return Scorer(model).score(text)
