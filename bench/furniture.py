"""Article against furniture on plain text of pages of unseen sites; trafilatura with the HTML is the teacher.

Run: OMP_NUM_THREADS=1 python bench/furniture.py --pages pages.parquet --clean press.parquet other.parquet
`--write FILE.npz` stores the training features (numbers, never text), from which `LineModel.fit` learns.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from biascheck.dataset import LineSet
from biascheck.furniture import find_furniture
from biascheck.line_features import line_features, save_features, select
from biascheck.lines import LineModel
from biascheck.teacher import LAYOUTS, PageLines, assemble, letters, read_page_lines, with_headline

#: Pages of one site that are measured.
MOST_MEASURED = 10
FOLDS = 4
Spans = list[tuple[int, int]]


def read_clean(parquet: Path) -> list[str]:
    """French articles without furniture, the title above every second that has one."""
    import pandas as pd

    rows = pd.read_parquet(parquet, columns=["text", "title", "lang"])
    rows = rows[rows.lang == "fr"]
    return [
        f"{title}\n{text}" if number % 2 and isinstance(title, str) else text
        for number, (text, title) in enumerate(zip(rows.text, rows.title, strict=True))
    ]


@dataclass(frozen=True, slots=True)
class Figures:
    """By characters: F1 of article, share of furniture found, share of article lost. Share of headlines lost."""

    f1: float
    found: float
    lost: float
    headlines: float


def measure(pages: Sequence[PageLines], flags: Sequence[npt.NDArray[np.bool_]]) -> Figures:
    """All pages together; lines that are neither do not count."""
    kept = lost = found = missed = heads = taken = 0
    for page, flagged in zip(pages, flags, strict=True):
        sizes = np.asarray([len(line) for line in page.text.split("\n")])
        kept += int(sizes[(page.labels == 0) & ~flagged].sum())
        lost += int(sizes[(page.labels == 0) & flagged].sum())
        found += int(sizes[(page.labels == 1) & flagged].sum())
        missed += int(sizes[(page.labels == 1) & ~flagged].sum())
        head = with_headline(page) != page.labels
        heads += int(head.sum())
        taken += int((head & flagged).sum())
    f1 = 2 * kept / (2 * kept + lost + missed)
    return Figures(f1, found / (found + missed), lost / (kept + lost), taken / max(heads, 1))


def flag_spans(page: PageLines, spans: Spans) -> npt.NDArray[np.bool_]:
    """Lines of which most is inside one of the spans."""
    marked = np.zeros(len(page.text) + 1, dtype=np.int64)
    for start, end in spans:
        marked[start:end] = 1
    sums = np.concatenate(([0], np.cumsum(marked)))
    lines = line_features([page.text]).spans
    return np.asarray(2 * (sums[lines[:, 1]] - sums[lines[:, 0]]) > lines[:, 1] - lines[:, 0])


def by_rules(text: str) -> Spans:
    return [(found.furniture.start, found.furniture.end) for found in find_furniture(text)]


def by_length(page: PageLines) -> npt.NDArray[np.bool_]:
    return np.asarray([len(line) < 60 for line in page.text.split("\n")])


def by_justext(page: PageLines, stoplist: frozenset[str]) -> npt.NDArray[np.bool_]:
    """JusText with its own settings; every line of the text is a paragraph."""
    from html import escape

    import justext

    lines = page.text.split("\n")
    source = "".join(f"<p>{escape(line)}</p>\n" for line in lines)
    found = justext.justext(f"<html><body>{source}</body></html>", stoplist)
    good = Counter(letters(p.text) for p in found if not p.is_boilerplate)
    return np.asarray([not good[letters(line)] for line in lines])


def unseen(
    pages: Sequence[PageLines], clean: dict[str, list[str]], material: LineSet
) -> tuple[list[Spans], dict[str, list[Spans]]]:
    """The line model's answers for pages and clean texts, each from a model that has not seen the site or set."""
    names = np.unique([*(page.site for page in pages), *clean])
    fold = dict(zip(names, np.random.default_rng(1).permutation(len(names)) % FOLDS, strict=True))
    spans: list[Spans] = [[] for _ in pages]
    answers: dict[str, list[Spans]] = {}
    for number in range(FOLDS):
        learnt = np.asarray([fold[site] != number for site in material.sites])
        X, lines = select(material.X, learnt)
        model = LineModel().fit(X, material.y[lines], material.sites[learnt], material.weights[lines])
        out = [i for i, page in enumerate(pages) if fold[page.site] == number]
        for i, found in zip(out, model.predict_documents([pages[i].text for i in out]), strict=True):
            spans[i] = found
        for name, texts in clean.items():
            if fold[name] == number:
                answers[name] = model.predict_documents(texts)
    return spans, answers


def main() -> None:
    """Print the tables."""
    import justext

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--clean", type=Path, nargs="*", default=[])
    parser.add_argument("--write", type=Path, help="store the training features here")
    options = parser.parse_args()
    pages = list(read_page_lines(options.pages))
    clean = {path.stem: read_clean(path) for path in options.clean}
    material = assemble(pages, clean)
    if options.write:
        weights = material.weights.astype(np.float16)
        save_features(options.write, material.X, y=material.y, sites=material.sites, weights=weights)
    spans, answers = unseen(pages, clean, material)
    stoplist = justext.get_stoplist("French")
    seen: Counter[tuple[str, str]] = Counter()
    chosen = []
    for number, page in enumerate(pages):
        seen[page.site, page.layout] += 1
        if seen[page.site, page.layout] <= MOST_MEASURED:
            chosen.append(number)
    for layout in LAYOUTS:
        numbers = [i for i in chosen if pages[i].layout == layout]
        some = [pages[i] for i in numbers]
        lines = [flag_spans(pages[i], spans[i]) for i in numbers]
        rules = [flag_spans(page, by_rules(page.text)) for page in some]
        table = {
            "keep everything": [np.zeros(len(page.labels), dtype=bool) for page in some],
            "drop lines under 60 characters": [by_length(page) for page in some],
            "jusText, a paragraph a line": [by_justext(page, stoplist) for page in some],
            "rules": rules,
            "line model": lines,
            "rules and line model": [a | b for a, b in zip(rules, lines, strict=True)],
        }
        print(f"\n{len(some)} pages of {len({p.site for p in some})} unseen sites, layout {layout}")
        print(f"{'':32}{'article F1':>12}{'found':>8}{'lost':>8}{'headlines':>11}")
        for name, flags in table.items():
            row = measure(some, flags)
            print(f"{name:32}{row.f1:12.3f}{row.found:8.3f}{row.lost:8.4f}{row.headlines:11.3f}")
    print(f"\n{'clean texts, set unseen':32}{'texts':>8}{'line model: characters':>26}{'texts':>8}")
    for name, found in answers.items():
        total = sum(map(len, clean[name]))
        flagged = sum(end - start for some in found for start, end in some)
        print(f"{name:32}{len(found):8}{flagged / total:26.4%}{sum(map(bool, found)) / len(found):8.2%}")


if __name__ == "__main__":
    main()
