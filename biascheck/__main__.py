"""`python -m biascheck`, and the command `biascheck`: the process from its first to its last moment."""

from __future__ import annotations

import signal

__all__ = ["run"]


def run() -> None:
    """Run the command line; Ctrl-C before it has begun, or after it has ended, shows no traceback."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from biascheck.cli import main

    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    run()
