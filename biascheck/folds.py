"""Which rows are tested together, and what may not be trained on then: by outlet, by system, by story."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Fold", "Keyed", "folds_of", "make_folds"]

#: Sets that hold the same newspaper documents in several versions; their outlets are split in two halves.
_PARALLEL = frozenset({"wmt-en-fr", "wmt-ref"})
_CELLS = ("Google|0", "Google|1", "Firefox|0", "Firefox|1", "wmt21-de-fr", "ppn")
#: The texts that we wrote are tested by models that saw none of them.
WRITTEN = len(_CELLS)


class Keyed(Protocol):
    """What a row must tell to be placed."""

    @property
    def set(self) -> str:
        """Corpus set."""

    @property
    def outlet(self) -> str:
        """Outlet."""

    @property
    def system(self) -> str:
        """Translation system or language model, or empty."""

    @property
    def year(self) -> str:
        """Year, or empty."""

    @property
    def kind(self) -> str:
        """What the corpus says that the row is."""


Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def _half(outlet: str) -> int:
    return zlib.crc32(f"x{outlet}".encode()) % 2


def folds_of(cells: npt.NDArray[np.intp], number: int) -> list[Fold]:
    """Each of `number` cells tested by what is fitted on the others."""
    return [(np.flatnonzero(cells != k), np.flatnonzero(cells == k)) for k in range(number)]


def make_folds(rows: Sequence[Keyed], *, by: str = "outlet") -> list[Fold]:
    """Cut rows into (train, test) index pairs; every row is tested once, by a model that knew nothing like it.

    Parameters
    ----------
    by : {"outlet", "year", "system"}
        ``year`` cuts an outlet further, by year or by the language model that wrote: for labels of which one outlet has
        nearly all, so that an unseen outlet would leave nothing to learn from. ``system`` cuts the sets that are one
        fold under ``outlet``: German news by system and outlet, the pseudo-news by site and year.

    Notes
    -----
    A machine-translated row is tested with its system; in the parallel sets the half of the outlets that is tested with
    it is left out of training in every version, so that no story stands on both sides. Every other row is tested with
    its outlet; outlets are dealt out largest first, each to the fold that has least.
    """
    cell = np.full(len(rows), -1)
    banned = np.zeros((len(_CELLS) + 1, len(rows)), dtype=bool)
    outlets: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.set == "written":
            cell[i] = WRITTEN
        elif row.set in _PARALLEL:
            half = _half(row.outlet)
            family = "Firefox" if row.system.startswith("Firefox") else "Google"
            cell[i] = _CELLS.index(f"{family}|{half}")
            for other in ("Google", "Firefox"):
                banned[_CELLS.index(f"{other}|{half}"), i] = True
            if row.kind == "machine_translation":
                banned[_CELLS.index(f"{family}|{1 - half}"), i] = True
        elif row.set == "wmt21-de-fr" and by == "system":
            # Two halves of the systems by two of the outlets; a row is trained on when both differ from the tested.
            system, half = zlib.crc32(row.system.encode()) % 2, _half(row.outlet)
            cell[i] = 2 * system + half
            for tested in range(4):
                banned[tested, i] = tested // 2 == system or tested % 2 == half
        elif row.set == "ppn" and by == "system":
            outlets[f"{row.outlet} {row.year}"].append(i)
        elif row.set in _CELLS:
            cell[i] = _CELLS.index(row.set)
        else:
            key = row.outlet if by == "outlet" else f"{row.outlet} {row.system or row.year}"
            outlets[key].append(i)
    load = [0] * len(_CELLS)
    for _, members in sorted(outlets.items(), key=lambda item: (-len(item[1]), item[0])):
        lightest = int(np.argmin(load))
        load[lightest] += len(members)
        cell[members] = lightest
    folds = []
    for k in range(len(_CELLS) + 1):
        test = cell == k
        if test.any():
            folds.append((np.flatnonzero(~test & ~banned[k]), np.flatnonzero(test)))
    return folds
