"""Whole-process time of scoring one seed against importing scikit-learn's linear models.

Modules are compiled before, as pip does when it installs them, whatever the environment says of writing bytecode.

Run: python bench/startup.py
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

import biascheck

SEED = sorted((Path(__file__).resolve().parent.parent / "seeds").glob("*.txt"))[1]
OURS = [sys.executable, "-m", "biascheck", "score", str(SEED)]
PEER = [sys.executable, "-c", "import sklearn.linear_model"]
RUNS = 9


def seconds(command: list[str]) -> float:
    """Wall-clock time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Run the two in turn, so that a machine that slows down slows both; print medians and the ratio pair by pair."""
    compileall.compile_dir(Path(biascheck.__file__).parent, quiet=1)
    seconds(OURS), seconds(PEER)  # warm the disk cache
    pairs = [(seconds(OURS), seconds(PEER)) for _ in range(RUNS)]
    print(f"biascheck score one seed:      {statistics.median(a for a, _ in pairs):.2f} s")
    print(f"import sklearn.linear_model:   {statistics.median(b for _, b in pairs):.2f} s")
    print(f"ratio (median of {RUNS} pairs): {statistics.median(a / b for a, b in pairs):.2f}   bar: 1.50 at most")


if __name__ == "__main__":
    main()
