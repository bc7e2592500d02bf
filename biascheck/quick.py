"""A process of our own → skops imported without what it does not need: `biascheck score`, and workers.

skops imports every estimator of scikit-learn to know which names to trust, and clusters, trees, ensembles for a class
of each; it looks for the home of every function of numpy and scipy in every module there is. Our models hold none of
them, and the store names what they may hold. That is a third of a second of scoring one text. Only in a process of our
own: others may need skops as it is.
"""

from __future__ import annotations

import gc
import sys
from types import ModuleType

__all__ = ["import_skops"]

#: Imported by skops for a name or two that our models have no use for; None is as if it were not there, for which skops
#: is prepared.
_STUBS: dict[str, tuple[str, ...] | None] = {
    "sklearn.cluster": ("Birch",),
    "sklearn.tree": (),
    "sklearn.tree._tree": ("Tree",),
    "sklearn.ensemble._hist_gradient_boosting.binning": None,
}


def import_skops() -> None:
    """Import skops without all of scikit-learn; as it is, where it turns out to need more.

    As much time is spent on searching what is imported for garbage: that is not done, neither now nor later.
    """
    gc.disable()
    try:
        _import_skops()
    finally:
        gc.freeze()
        gc.set_threshold(200_000)
        gc.enable()


def _import_skops() -> None:
    import numpy as np
    import scipy.special
    import sklearn.utils

    if "skops.io" in sys.modules:
        return
    every = sklearn.utils.all_estimators
    listings = [(vars(module), vars(module).get("__dir__")) for module in (np, scipy.special)]
    stubs = {name: _stub(name, holds) for name, holds in _STUBS.items() if name not in sys.modules}
    sklearn.utils.all_estimators = list
    for names, _ in listings:
        names["__dir__"] = list
    sys.modules.update(stubs)  # type: ignore[arg-type]
    try:
        import skops.io
    except ImportError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "skops"]:
            del sys.modules[name]
    finally:
        sklearn.utils.all_estimators = every
        for names, listing in listings:
            del names["__dir__"]
            if listing is not None:
                names["__dir__"] = listing
        for name in stubs:
            del sys.modules[name]
    import skops.io  # noqa: F401


def _stub(name: str, holds: tuple[str, ...] | None) -> ModuleType | None:
    if holds is None:
        return None
    module = ModuleType(name)
    for one in holds:
        setattr(module, one, type(one, (), {"__module__": name}))
    return module
