"""Ctrl-C and its like: one line and an exit code, also where Python would lose them or show a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from biascheck import stopping

BEGIN = """
import os, signal
from biascheck import stopping

class Dying:
    def __del__(self):  # an exception raised here is printed and lost
        os.kill(os.getpid(), signal.{name})

"""


def ran(code: str, name: str = "SIGINT", *before: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*before, sys.executable, "-c", BEGIN.format(name=name) + code], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_at_once_wherever_it_strikes(name: str) -> None:
    code, out, err = ran("with stopping.answered():\n    Dying()\n    print('went on')", name)
    assert (code, out, err) == (128 + getattr(signal, name), "", f"{stopping.LINE}\n")


def test_with_workers_it_waits_for_the_next_look_and_no_longer_for_one_who_insists() -> None:
    held = (
        "with stopping.answered():\n    stopping.hold()\n    Dying(); Dying()\n    print('went on', flush=True)\n    "
    )
    code, out, err = ran(f"{held}try: stopping.check()\n    except stopping.Stopped as stop: print(stop.number)")
    assert (code, out, err) == (0, "went on\n2\n", "")
    code, out, err = ran(f"{held}stopping.PATIENCE = 0\n    Dying()\n    print('not reached')")
    assert (code, out, err) == (130, "went on\n", f"{stopping.LINE}\n")


def test_a_signal_that_is_ignored_stays_so() -> None:
    code = "with stopping.answered():\n    Dying()\nprint(signal.getsignal(signal.SIGHUP).name)"
    assert ran(f"signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{code}", "SIGHUP") == (0, "SIG_IGN\n", "")


def test_given_back_afterwards() -> None:
    before = [signal.getsignal(getattr(signal, name)) for name in stopping.NAMES]
    with stopping.answered():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(getattr(signal, name)) for name in stopping.NAMES] == before


def test_processes_started_do_not_hear_it() -> None:
    code = (
        "import subprocess, sys\n"
        "with stopping.deaf():\n"
        "    started = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1); print(7)'])\n"
        "started.send_signal(signal.SIGINT)\n"
        "print(started.wait())"
    )
    assert ran(code) == (0, "7\n0\n", "")


STRIKE = "import atexit, os, sys, types, biascheck.__main__\nstrike = lambda *_: os.kill(os.getpid(), 2)\n"
RUN = "biascheck.__main__.run()\n"


def test_no_traceback_while_the_command_line_is_imported() -> None:
    code = "sys.meta_path.insert(0, types.SimpleNamespace(find_spec=strike))\n"
    assert ran(STRIKE + code + RUN) == (-signal.SIGINT, "", "")


def test_no_traceback_while_the_interpreter_is_taken_apart() -> None:
    code = "sys.modules['biascheck.cli'] = types.SimpleNamespace(main=lambda: print('done'))\natexit.register(strike)\n"
    assert ran(STRIKE + code + RUN) == (0, "done\n", "")
