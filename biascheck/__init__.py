"""biascheck: where a news text came from and how it slants, with the passages that show it.

>>> import biascheck
>>> reading = biascheck.score(open("seeds/001_11e3a12bee799160.txt", encoding="utf-8").read())
>>> "translated" in reading.provenance.verdict
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biascheck.document import Document, Limits, read_document
    from biascheck.errors import BiascheckError, DocumentError, LabelsError, ModelError
    from biascheck.reading import Failure, Reading
    from biascheck.scorer import Scorer, score

__version__ = "0.1.0"
__all__ = [
    "BiascheckError",
    "Document",
    "DocumentError",
    "Failure",
    "LabelsError",
    "Limits",
    "ModelError",
    "Reading",
    "Scorer",
    "__version__",
    "read_document",
    "score",
]

_HOMES = {
    "document": ("Document", "Limits", "read_document"),
    "errors": ("BiascheckError", "DocumentError", "LabelsError", "ModelError"),
    "reading": ("Failure", "Reading"),
    "scorer": ("Scorer", "score"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `biascheck --help` must not wait for scikit-learn.
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"biascheck.{module}"), name)
    raise AttributeError(f"module 'biascheck' has no attribute {name!r}")
