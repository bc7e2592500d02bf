"""skops imported quickly, in a process of its own: it opens our model, and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys

_PROGRAM = """
import gc, json, sys
import numpy as np
import scipy.special
import sklearn.utils

before = [dir(np), dir(scipy.special), sklearn.utils.all_estimators]
from biascheck.quick import import_skops

import_skops()
left = [dir(np), dir(scipy.special), sklearn.utils.all_estimators] == before
# The whole of scikit-learn is still there for whoever asks for it.
from sklearn.cluster import Birch
from sklearn.tree import DecisionTreeClassifier
from biascheck.scorer import score

verdict = score("Trop court.").provenance.verdict
print(json.dumps({"left": left, "enabled": gc.isenabled(), "verdict": verdict, "birch": Birch.__module__}))
"""


def test_skops_is_imported_and_everything_put_back() -> None:
    found = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, check=True, text=True)
    assert json.loads(found.stdout) == {
        "left": True,
        "enabled": True,
        "verdict": ["undetermined"],
        "birch": "sklearn.cluster._birch",
    }
