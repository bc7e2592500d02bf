"""Texts a second on one core: our heads, heads with furniture, and whole readings against scikit-learn's char n-grams.

The texts are made of words of the seeds, about 2.3 kB each. All sides get the same texts in the same run; the peer
has as many heads as ours. Run: OMP_NUM_THREADS=1 python bench/heads.py
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from biascheck.folding import Body
from biascheck.furniture import bodies
from biascheck.leftovers import find_leftovers
from biascheck.scorer import Scorer

TEXTS = 400
ROUNDS = 7
SIZE = 2300


def make_texts() -> list[str]:
    """Sentences of the seeds, drawn in another order for each text."""
    folder = Path(__file__).resolve().parent.parent / "seeds"
    lines = [line for file in sorted(folder.glob("*.txt")) for line in file.read_text(encoding="utf-8").splitlines()]
    sentences = [part + ". " for line in lines for part in line.split(". ") if len(part) > 40]
    chance = random.Random(0)
    texts = []
    for _ in range(TEXTS):
        text = ""
        while len(text) < SIZE:
            text += chance.choice(sentences)
        texts.append(text[:SIZE])
    return texts


def seconds(work: Callable[[], object]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Print texts a second and the ratios, median over rounds run in turn."""
    texts = make_texts()
    scorer = Scorer()
    model = scorer.model
    heads = model.pipeline.named_steps["heads"]
    number = len(heads.provenance.names) + len(heads.language.languages)
    vectorizer = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=2**18)
    coefficients = np.random.default_rng(0).normal(size=(2**18, number)).astype(np.float32)

    def score(articles: list[Body]) -> None:
        X = model.pipeline[:-1].transform(articles).tocsr()
        heads.predict_proba(X)
        heads.predict_language(X)

    def heads_only() -> None:
        score([Body(text) for text in texts])

    def with_furniture() -> None:
        leftovers = find_leftovers(texts, model.lines)
        model.aggregated.predict_proba(leftovers)
        score(bodies(texts, [left.found for left in leftovers]))

    def whole() -> None:
        scorer.score_many(texts)

    def peer() -> None:
        1 / (1 + np.exp(-(vectorizer.transform(texts) @ coefficients)))

    ours = {
        "features and heads": (heads_only, 8),
        "heads, furniture, glue, upstream": (with_furniture, 3),
        "whole readings": (whole, 2),
    }
    for work, _ in ours.values():
        work()
    rounds = [({name: seconds(work) for name, (work, _) in ours.items()}, seconds(peer)) for _ in range(ROUNDS)]
    for name, (_, bar) in ours.items():
        rate = TEXTS / statistics.median(a[name] for a, _ in rounds)
        ratio = statistics.median(b / a[name] for a, b in rounds)
        print(f"{name:36}{rate:8.0f} texts/s  ratio {ratio:4.1f}  (aim: {bar})")
    print(f"{'HashingVectorizer(char_wb) and heads':36}{TEXTS / statistics.median(b for _, b in rounds):8.0f} texts/s")


if __name__ == "__main__":
    main()
