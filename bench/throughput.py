"""Documents a second and memory, text and HTML, one core and all, against fastText, scikit-learn and trafilatura.

All documents are made here: sentences of `data/written` and `seeds/` in another order for each, and the same as pages
with menus, teasers and a footer. All sides get the same documents in the same run, in turn, with one thread each, so
that a machine that slows down slows them all. `biascheck batch` runs in processes of its own, by the clock on the wall
(on a machine that does nothing else); its memory is that of the largest process.

Run: OMP_NUM_THREADS=1 python bench/throughput.py [--sizes 1000 10000 100000] [--skip-fasttext]
"""

from __future__ import annotations

import argparse
import datetime
import html
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

ROOT = Path(__file__).resolve().parent.parent
SIZE = 2_300
#: Documents that are measured in a round, and that the peers learn from.
TEXTS, PAGES, LEARNT = 300, 60, 300
#: Documents that are read in one pass.
CHUNK = 256
#: Documents of a run that shows what starting costs.
FEW = 8
#: Seconds between looks at the memory of a run.
LOOK = 0.05
Work = Callable[[], object]


def read_sentences() -> dict[str, list[str]]:
    """Sentences of the texts that we have written and of the seeds, by where they come from."""
    texts: dict[str, list[str]] = {"seeds": [file.read_text("utf-8") for file in sorted(ROOT.glob("seeds/*.txt"))]}
    for file in sorted(ROOT.glob("data/written/*.jsonl")):
        lines = file.read_text("utf-8").splitlines()
        texts[file.stem] = [json.loads(line)["text"] for line in lines if line]
    return {
        name: [part.strip(" .") + "." for text in texts[name] for part in text.replace("\n", " ").split(". ") if part]
        for name in texts
    }


def make_texts(number: int, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Where a text's sentences come from, and the text: a headline and paragraphs, about `SIZE` bytes long."""
    sentences = read_sentences()
    names = list(sentences)
    chance = random.Random(seed)
    for _ in range(number):
        name = chance.choice(names)
        parts = [chance.choice(sentences[name]).strip(".")[:110]]
        size = len(parts[0].encode())
        while size < SIZE:
            parts.append(" ".join(chance.choices(sentences[name], k=chance.randint(2, 4))))
            size += len(parts[-1].encode()) + 2
        yield name, "\n\n".join(parts)


def as_page(text: str, number: int) -> str:
    """A text as the page of a site: head with metadata and scripts, menus, teasers, a cookie notice, a footer.

    Some 60 kB, less than the median of French news pages (74 kB).
    """
    chance = random.Random(number)
    headline, *paragraphs = text.split("\n\n")
    words = [word for word in text.split() if word.isalpha() and len(word) > 4] or ["article"]

    def label(least: int, most: int) -> str:
        return html.escape(" ".join(chance.choices(words, k=chance.randint(least, most))).capitalize())

    def links(count: int, least: int, most: int, kind: str) -> str:
        items = (
            f'<li class="{kind}__item"><a class="{kind}__link" href="/{chance.randrange(10**6)}-{n}">'
            f"{label(least, most)}</a></li>"
            for n in range(count)
        )
        return f'<ul class="{kind}">{"".join(items)}</ul>'

    body = "".join(f"<p>{html.escape(paragraph)}</p>\n" for paragraph in paragraphs)
    script = ";".join(f"window.c{n}={{id:{chance.randrange(10**9)},slot:'top'}}" for n in range(380))
    title = html.escape(headline)
    return f"""<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8"><title>{title} - Le Courrier</title>
<meta property="og:title" content="{title}"><meta property="og:site_name" content="Le Courrier">
<meta name="author" content="Anne Dupont"><meta property="article:published_time" content="2024-05-03T10:00:00+02:00">
<link rel="canonical" href="https://www.lecourrier.example/monde/{number}"><script>{script}</script>
<style>{".a{color:#333;margin:0 auto}" * 400}</style></head>
<body><header><div class="logo"><a href="/">Le Courrier</a></div><nav>{links(60, 1, 2, "menu")}</nav></header>
<div id="cookies" class="cookie-banner"><p>Nous utilisons des cookies.</p><button>Accepter</button></div>
<main><nav class="breadcrumb">{links(3, 1, 1, "breadcrumb")}</nav><article><h1>{title}</h1>
<div class="byline">Par <a rel="author" href="/auteur">Anne Dupont</a> | 3 mai 2024 à 10h00</div>
<figure><img src="/i/{number}.jpg" alt="{label(3, 6)}"><figcaption>{label(5, 9)}. © AFP</figcaption></figure>
{body}<div class="share">{links(5, 1, 1, "share")}</div></article></main>
<aside><h2>À lire aussi</h2>{links(30, 6, 12, "teaser")}<h2>Les plus lus</h2>{links(25, 6, 12, "teaser")}</aside>
<footer>{links(50, 1, 3, "footer")}<p>© 2024 Le Courrier. Tous droits réservés.</p></footer>
<script>{script}</script></body></html>
"""


def our_sides(texts: Sequence[str]) -> dict[str, Work]:
    """Heads alone, and whole readings, in this process."""
    from biascheck import Scorer
    from biascheck.folding import Body

    scorer = Scorer()
    heads = scorer.model.pipeline.named_steps["heads"]

    def heads_only() -> None:
        for first in range(0, len(texts), CHUNK):
            X = scorer.model.pipeline[:-1].transform([Body(text) for text in texts[first : first + CHUNK]]).tocsr()
            heads.predict_proba(X)
            heads.predict_language(X)

    def whole() -> None:
        for first in range(0, len(texts), CHUNK):
            scorer.score_many(texts[first : first + CHUNK])

    return {"biascheck, heads": heads_only, "biascheck, readings": whole}


def text_peers(texts: Sequence[str], *, fasttext: bool) -> dict[str, Work]:
    """Classifiers of texts, taught to tell where made texts come from."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    learnt = list(make_texts(LEARNT, seed=1))
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True)
    pipeline = make_pipeline(vectorizer, LogisticRegression(max_iter=20, tol=0.01))
    pipeline.fit([text for _, text in learnt], [name for name, _ in learnt])
    peers: dict[str, Work] = {"scikit-learn, char TF-IDF + LR": lambda: pipeline.predict_proba(texts)}
    if fasttext:
        lines = [text.replace("\n", " ") + "\n" for text in texts]
        model = _fasttext(learnt)
        # Its own `predict` needs numpy 1.
        peers["fastText, char n-grams 3 to 6"] = lambda: [model.f.predict(line, 1, 0.0, "strict") for line in lines]
    return peers


def _fasttext(learnt: Sequence[tuple[str, str]]) -> Any:
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(f"__label__{name} " + text.replace("\n", " ") + "\n" for name, text in learnt)
        file.flush()
        return fasttext.train_supervised(
            file.name, minn=3, maxn=6, wordNgrams=1, bucket=500_000, epoch=2, thread=1, verbose=0
        )


def page_sides(pages: Sequence[bytes]) -> dict[str, Work]:
    """Pages read by us, and by trafilatura with the same options."""
    from trafilatura import bare_extraction

    from biascheck import Scorer
    from biascheck.document import read_bytes

    scorer = Scorer()

    def ours() -> None:
        scorer.read([read_bytes(page, id=str(number), html=True) for number, page in enumerate(pages)])

    def alone() -> None:
        for page in pages:
            bare_extraction(page.decode(), with_metadata=True, include_comments=False)

    return {"biascheck, pages": ours, "trafilatura alone": alone}


def rates(sides: dict[str, Work], number: int, rounds: int) -> dict[str, list[float]]:
    """Documents a second of processor time of each side, round by round, after a first call that is not counted."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for counted in (False, *([True] * rounds)):
        for name, work in sides.items():
            start = time.process_time()
            work()
            if counted:
                found[name].append(number / (time.process_time() - start))
    return found


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over rounds."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def write_input(path: Path, number: int, *, pages: bool) -> Path:
    """A .jsonl of made documents."""
    with path.open("w", encoding="utf-8") as file:
        for n, (_, text) in enumerate(make_texts(number, seed=2)):
            row = {"id": str(n), "html": as_page(text, n)} if pages else {"id": str(n), "text": text}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def run_batch(source: Path, jobs: int) -> tuple[float, float]:
    """`batch.run` in a process of its own: its seconds, and the memory of its largest process in MB."""
    call = [sys.executable, __file__, "--child", str(source), str(source.with_suffix(f".{jobs}.out.jsonl")), str(jobs)]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
    peak = 0.0
    done = threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(LOOK):
            peak = max(peak, _largest(process.pid))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    said, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"batch of {source.name} with {jobs} jobs ended with {process.returncode}")
    return float(said), peak


def child(source: str, out: str, jobs: int) -> None:
    """The process of `run_batch`: seconds of the run alone."""
    from biascheck import batch

    start = time.perf_counter()
    batch.run([source], out, jobs=jobs, restart=True)
    print(time.perf_counter() - start)


def _largest(root: int) -> float:
    """Peak memory of a process and its descendants, the largest of them in MB; 0 where there is no /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    peak = 0.0
    for pid in family:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        peak = max([peak, *(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
    return peak


def machine() -> str:
    """Date, processor, versions."""
    try:
        models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        processor = models[0].split(":")[1].strip()
    except (OSError, IndexError):
        processor = platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "scikit-learn", "trafilatura"))
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return f"{today}, {processor}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def show(name: str, rate: float, *ratios: str) -> None:
    """One row of the table."""
    print(f"| {name:34} | {rate:9.0f} | {'; '.join(ratios)} |", flush=True)


def one_core(rounds: int, *, fasttext: bool) -> None:
    """Text and pages, in this process."""
    texts = [text for _, text in make_texts(TEXTS)]
    peers = text_peers(texts, fasttext=fasttext)
    found = rates({**our_sides(texts), **peers}, len(texts), rounds)
    for name, values in found.items():
        ours = name.startswith("biascheck")
        against = [f"{ratio(values, found[peer]):.2f} × {peer.split(',')[0]}" for peer in peers] if ours else []
        show(name, statistics.median(values), *against)
    pages = [as_page(text, number).encode() for number, text in enumerate(texts[:PAGES])]
    found = rates(page_sides(pages), len(pages), max(3, rounds // 2))
    for name, values in found.items():
        theirs = found["trafilatura alone"]
        show(name, statistics.median(values), f"{ratio(values, theirs):.2f} × trafilatura" if values != theirs else "")


def batches(sizes: Sequence[int], pages: int) -> None:
    """`biascheck batch`: one process and all, text and pages, then by size. What starting costs is taken off."""
    every = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        for kind, number in (("text", sizes[min(1, len(sizes) - 1)]), ("HTML", pages)):
            source = write_input(Path(folder) / f"{kind}.jsonl", number, pages=kind == "HTML")
            few = write_input(Path(folder) / f"{kind}-few.jsonl", FEW, pages=kind == "HTML")
            seconds = {}
            for jobs in dict.fromkeys((1, every)):
                start, _ = run_batch(few, jobs)
                taken, peak = run_batch(source, jobs)
                seconds[jobs] = max(taken - start, 1e-9)
                gain = f"{seconds[1] / seconds[jobs]:.2f} × one process; " if jobs > 1 else ""
                said = f"{gain}{peak:.0f} MB a process; start {start:.1f} s"
                show(f"batch, {kind}, {jobs} process{'es' * (jobs > 1)}", (number - FEW) / seconds[jobs], said)
        start, _ = run_batch(write_input(Path(folder) / "few.jsonl", FEW, pages=False), 1)
        for size in sizes:
            source = write_input(Path(folder) / "sized.jsonl", size, pages=False)
            taken, peak = run_batch(source, 1)
            cost = (taken - start) / max(size - FEW, 1)
            show(f"batch, {size:,} texts", 1 / cost, f"{1e6 * cost:.0f} µs a document; {peak:.0f} MB")
            source.unlink()


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="texts a batch run")
    parser.add_argument("--pages", type=int, default=1_000, help="pages of the batch run of pages")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--skip-fasttext", action="store_true", help="where fasttext-wheel is not installed")
    parser.add_argument("--skip-batch", action="store_true", help="one core in this process alone")
    given = parser.parse_args()
    print(f"{machine()}\n\n| what                               | documents/s | against |\n|---|---|---|", flush=True)
    one_core(given.rounds, fasttext=not given.skip_fasttext)
    if not given.skip_batch:
        batches(given.sizes, given.pages)


if __name__ == "__main__":
    main()
