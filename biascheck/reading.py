"""What comes out: a `Reading`, or a `Failure` for a document that could not be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from biascheck.errors import DocumentError

__all__ = [
    "OFF_TOPIC",
    "PROVENANCE",
    "UNDETERMINED",
    "Attribution",
    "Evidence",
    "Failure",
    "FramingTerm",
    "Furniture",
    "ModelReference",
    "OwnLabel",
    "Provenance",
    "Reading",
    "Slant",
    "SourceLanguage",
    "Upstream",
    "load_schema",
]

#: The provenance labels, in the order in which they are shown.
PROVENANCE = ("original", "agency", "translated", "aggregated", "rewritten")
UNDETERMINED = "undetermined"
OFF_TOPIC = "off_topic"


@dataclass(frozen=True, slots=True)
class ModelReference:
    """The model that a reading was made with."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """An outlet or agency that the text shows traces of, and the passage; `role` is origin, agency, photo or cited."""

    name: str
    domain: str
    country: str
    ownership: str
    role: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SourceLanguage:
    """The language that a translated text was translated from."""

    verdict: str = UNDETERMINED
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """How the text came to be: one or more labels, or `undetermined` alone."""

    verdict: tuple[str, ...] = (UNDETERMINED,)
    scores: Mapping[str, float] = field(default_factory=dict)
    source_language: SourceLanguage = field(default_factory=SourceLanguage)
    upstream: tuple[Upstream, ...] = ()


@dataclass(frozen=True, slots=True)
class Slant:
    """Where a text stands on one axis."""

    verdict: str
    scores: Mapping[str, float]
    on_topic: float


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """A label that the model's user added: ``yes``, ``no`` or ``undetermined``, and its probability."""

    verdict: str
    score: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """A quote or reported statement, with who says it and how the author introduces them."""

    speaker: str
    side: str
    verb: str
    stance: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Furniture:
    """A part of a page that is not the article."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FramingTerm:
    """A side's word for something; `voice` is ``own`` (the author's) or ``quoted`` (also: held at arm's length)."""

    concept: str
    pole: str
    voice: str
    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that moved a verdict; `for` in JSON is `label` here. Positive weights speak for the label."""

    label: str
    start: int
    end: int
    weight: float
    why: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"for": self.label, "start": self.start, "end": self.end, "weight": self.weight, "why": self.why}


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that biascheck says about one text. Offsets are character positions in `text`, end exclusive."""

    id: str
    path: str | None
    sha256: str
    biascheck: str
    model: ModelReference
    language: str
    text: str
    title: str | None = None
    author: str | None = None
    date: str | None = None
    site_name: str | None = None
    canonical_url: str | None = None
    provenance: Provenance = field(default_factory=Provenance)
    slant: Mapping[str, Slant] = field(default_factory=dict)
    #: A user's own labels; left out of the JSON of a model that has none.
    labels: Mapping[str, OwnLabel] = field(default_factory=dict)
    loaded: float | None = None
    attribution: tuple[Attribution, ...] = ()
    framing: tuple[FramingTerm, ...] = ()
    #: Share of the article's characters that each side speaks; the author's is the rest. Empty without a verdict.
    voices: Mapping[str, float] = field(default_factory=dict)
    furniture: tuple[Furniture, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_dict(self, *, with_text: bool = True) -> dict[str, Any]:
        """The JSON object of `reading.schema.json`; probabilities keep six digits so that ranks survive."""
        source = self.provenance.source_language
        found: dict[str, Any] = {
            "id": self.id,
            "path": self.path,
            "sha256": self.sha256,
            "biascheck": self.biascheck,
            "model": _plain(self.model),
            "language": self.language,
            "title": self.title,
            "author": self.author,
            "date": self.date,
            "site_name": self.site_name,
            "canonical_url": self.canonical_url,
            "text": self.text,
            "provenance": {
                "verdict": list(self.provenance.verdict),
                "scores": _rounded(self.provenance.scores),
                "source_language": {"verdict": source.verdict, "scores": _rounded(source.scores)},
                "upstream": [_plain(item) for item in self.provenance.upstream],
            },
            "slant": {
                axis: {"verdict": s.verdict, "scores": _rounded(s.scores), "on_topic": round(s.on_topic, 6)}
                for axis, s in self.slant.items()
            },
            "loaded": None if self.loaded is None else round(self.loaded, 6),
            "attribution": [_plain(item) for item in self.attribution],
            "framing": [_plain(item) for item in self.framing],
            "voices": _rounded(self.voices),
            "furniture": [_plain(item) for item in self.furniture],
            "evidence": [item.to_dict() for item in self.evidence],
            "warnings": list(self.warnings),
        }
        if self.labels:
            found["labels"] = {
                name: {"verdict": label.verdict, "score": round(label.score, 6)} for name, label in self.labels.items()
            }
        if not with_text:
            del found["text"]
        return found

    def to_json(self, *, with_text: bool = True) -> str:
        """One line of JSON, valid UTF-8 whatever the bytes of a file's name."""
        found = json.dumps(self.to_dict(with_text=with_text), ensure_ascii=False, allow_nan=False)
        return found.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be read; stands in the output in its place."""

    id: str
    path: str | None
    code: str
    message: str

    @classmethod
    def of(cls, error: DocumentError, *, id: str, path: str | None = None) -> Failure:
        """The entry for an error."""
        return cls(id=id, path=path, code=error.code, message=error.message)

    def to_dict(self, *, with_text: bool = True) -> dict[str, Any]:
        """The JSON object."""
        return {"id": self.id, "path": self.path, "error": {"code": self.code, "message": self.message}}

    def to_json(self, *, with_text: bool = True) -> str:
        """One line of JSON."""
        clean = json.dumps(self.to_dict(), ensure_ascii=False)
        return clean.encode("utf-8", "replace").decode("utf-8")


def _plain(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(score), 6) for name, score in scores.items()}


@cache
def load_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a line of output."""
    text = resources.files("biascheck").joinpath("reading.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
