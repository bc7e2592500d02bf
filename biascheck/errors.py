"""The exceptions that biascheck raises on purpose; each message says the remedy."""

from __future__ import annotations

__all__ = ["BatchError", "BiascheckError", "DocumentError", "LabelsError", "ModelError"]


class BiascheckError(Exception):
    """Base of everything raised on purpose; `str()` of it is fit for a user's screen."""


class DocumentError(BiascheckError):
    """A document that cannot be read.

    Parameters
    ----------
    code : str
        Stable, for programs: ``empty``, ``binary``, ``too_large``, ``not_found``, ``unreadable``,
        ``no_article``; in a batch also ``bad_row``, ``internal`` and ``worker_died``.
    message : str
        For people, with the remedy.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[DocumentError], tuple[str, str]]:
        return (type(self), (self.code, self.message))


class ModelError(BiascheckError):
    """A model that is missing, damaged, foreign or of another version."""


class LabelsError(BiascheckError):
    """Training or evaluation data that cannot be used as it stands."""


class BatchError(BiascheckError):
    """A batch run that cannot begin or cannot go on; what is done of it stays done."""
