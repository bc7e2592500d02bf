"""Ctrl-C, SIGTERM and a closed terminal while a batch runs: one line and an exit code, wherever they strike.

Python's own answer is an exception wherever the program stands. In an import it ends in a traceback, in a destructor it
is lost. So the command line ends the process at once, which a run bears at any moment; while there are workers, at the
next moment at which they can be ended in order. A run that is started from Python keeps Python's answer.
"""

from __future__ import annotations

import atexit
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["Stopped", "answered", "check", "deaf", "hold", "release", "say"]

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
LINE = "Stopped; run the same command again to go on where it was."
#: Seconds that ending the workers may take before one who asks again is obeyed at once.
PATIENCE = 3.0


class Stopped(KeyboardInterrupt):
    """A signal asks to end; no `except Exception` on the way takes it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class _State:
    """Of the process, as its signals are."""

    held = False
    asked = 0
    since = 0.0


@contextmanager
def answered() -> Iterator[None]:
    """Answer the signals that nobody has chosen to ignore, as `nohup` does for a closed terminal."""
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] not in (signal.SIG_IGN, None)]
    _State.asked = 0
    for number in heard:
        signal.signal(number, _answer)
    try:
        yield
    finally:
        # What is done is done: taking the interpreter apart is no work that can be stopped.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        for number in heard:
            signal.signal(number, before[number])


def _answer(number: int, _: Any) -> None:
    if _State.asked:
        if time.monotonic() - _State.since < PATIENCE:
            return
    elif _State.held:
        _State.asked, _State.since = number, time.monotonic()
        return
    say()
    os._exit(128 + number)


def say() -> None:
    """Tell the user; straight to the terminal, whose bar may be half drawn and its cursor hidden."""
    clear = "\r\x1b[2K\x1b[?25h" if os.isatty(2) else ""
    with suppress(OSError):  # nobody listens
        os.write(2, f"{clear}{LINE}\n".encode())


def hold() -> None:
    """From here on there is something to end in order: `check` is called often."""
    _State.held = True


def release() -> None:
    """There is nothing to end in order any more."""
    _State.held = False


def check() -> None:
    """Raise `Stopped` where a signal has asked for it."""
    if _State.asked:
        raise Stopped(_State.asked)


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started here do not hear Ctrl-C, which a terminal sends to all: the run answers for them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    # Else it starts with the first process, and lets the signal through again (before Python 3.14).
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
