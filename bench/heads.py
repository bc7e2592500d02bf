"""Texts a second on one core: our features and heads against scikit-learn's char n-grams with as many heads.

The texts are made of words of the seeds, about 2.3 kB each. Both sides are given the same texts and the same heads'
shapes, in the same run. Run: OMP_NUM_THREADS=1 python bench/heads.py
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from biascheck.folding import fold
from biascheck.store import load_model

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
    """Print texts a second and the ratio, median over rounds run in turn."""
    texts = make_texts()
    pipeline = load_model().pipeline
    heads = pipeline.named_steps["heads"]
    number = len(heads.provenance.names) + len(heads.language.languages)
    vectorizer = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=2**18)
    coefficients = np.random.default_rng(0).normal(size=(2**18, number)).astype(np.float32)

    def ours() -> None:
        X = pipeline[:-1].transform([fold(text) for text in texts]).tocsr()
        heads.predict_proba(X)
        heads.predict_language(X)

    def peer() -> None:
        1 / (1 + np.exp(-(vectorizer.transform(texts) @ coefficients)))

    ours(), peer()
    rounds = [(seconds(ours), seconds(peer)) for _ in range(ROUNDS)]
    print(f"biascheck features and heads:           {TEXTS / statistics.median(a for a, _ in rounds):8.0f} texts/s")
    print(f"HashingVectorizer(char_wb) and heads:   {TEXTS / statistics.median(b for _, b in rounds):8.0f} texts/s")
    print(f"ratio (median of {ROUNDS} rounds): {statistics.median(b / a for a, b in rounds):.1f}   bar: 8 at least")


if __name__ == "__main__":
    main()
