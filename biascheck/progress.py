"""What a run shows of itself: a bar on a terminal, a line now and then in a log, nothing when asked to be quiet."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

__all__ = ["Plain", "Progress", "Quiet", "progress_for"]

#: Seconds between two lines of a log.
EVERY = 5.0


class Progress(Protocol):
    """Told by the run how far it is."""

    def start(self, total: int) -> None:
        """The run begins; `total` is the input's size."""

    def skip(self, weight: int, documents: int) -> None:
        """So much was done by an earlier run."""

    def advance(self, weight: int, documents: int, errors: int) -> None:
        """So much has been done."""

    def tick(self) -> None:
        """Time has passed."""

    def say(self, message: str) -> None:
        """Something that the user should know now."""

    def stop(self) -> None:
        """The run has ended, well or not."""


class Quiet:
    """Says nothing."""

    def start(self, total: int) -> None:
        """Nothing."""

    def skip(self, weight: int, documents: int) -> None:
        """Nothing."""

    def advance(self, weight: int, documents: int, errors: int) -> None:
        """Nothing."""

    def tick(self) -> None:
        """Nothing."""

    def say(self, message: str) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


class Plain:
    """A line every few seconds on standard error."""

    def __init__(self, every: float = EVERY) -> None:
        self.every = every
        self.total = self.done = self.skipped = self.documents = self.errors = 0
        self.began = self.said = time.monotonic()

    def start(self, total: int) -> None:
        """Note the size."""
        self.total = total
        self.began = self.said = time.monotonic()

    def skip(self, weight: int, documents: int) -> None:
        """Count as done, not as speed."""
        self.skipped += weight

    def advance(self, weight: int, documents: int, errors: int) -> None:
        """Count, and say so where it is time."""
        self.done += weight
        self.documents += documents
        self.errors += errors
        self.tick()

    def tick(self) -> None:
        """Say a line where it is time."""
        if time.monotonic() - self.said >= self.every:
            self.said = time.monotonic()
            self.say(self.line())

    def line(self) -> str:
        """How far, how fast, how long."""
        passed = max(time.monotonic() - self.began, 1e-9)
        share = min((self.done + self.skipped) / self.total, 1.0) if self.total else 0.0
        text = f"{share:4.0%}  {self.documents:,} documents, {self.documents / passed:,.0f}/s, {self.errors:,} errors"
        if self.done:
            left = max(self.total - self.done - self.skipped, 0) * passed / self.done
            text += f", {_clock(left)} left"
        return text

    def say(self, message: str) -> None:
        """Print."""
        print(message, file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Nothing to clear away."""


class Bar(Plain):
    """A bar by rich."""

    def __init__(self) -> None:
        super().__init__()
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self.bar: Any = RichProgress(BarColumn(), TextColumn("{task.description}"), console=_console(), transient=True)
        self.task: Any = None

    def start(self, total: int) -> None:
        """Show the bar."""
        super().start(total)
        self.task = self.bar.add_task("", total=max(total, 1))
        self.bar.start()

    def tick(self) -> None:
        """Draw it."""
        if self.task is not None:
            self.bar.update(self.task, completed=self.done + self.skipped, description=self.line())

    def say(self, message: str) -> None:
        """Print above the bar."""
        self.bar.console.print(message, markup=False, highlight=False)

    def stop(self) -> None:
        """Clear it away."""
        self.bar.stop()


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes}:{whole % 60:02d}"


def progress_for(*, quiet: bool) -> Progress:
    """What fits where standard error goes."""
    if quiet:
        return Quiet()
    return Bar() if sys.stderr.isatty() else Plain()
