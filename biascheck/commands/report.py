"""`biascheck report`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from biascheck.commands.options import limits

__all__ = ["report"]

#: Documents of one pass of the model, and up to how many evidence is worked out and texts are kept.
CHUNK, MAX_EVIDENCE = 32, 200
ENDINGS, BATCHES = (".txt", ".html", ".htm"), (".jsonl", ".csv", ".parquet")


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path())
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The page to write (.html).")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True, help="Language of the page.")
@limits
def report(
    inputs: tuple[str, ...], output: Path | None, lang: str, model: str, max_text_bytes: int, max_html_bytes: int
) -> None:
    """Write a page to look at: one self-contained HTML file, readable offline and on paper.

    One file (.txt, .html) gives its text with every passage marked. Several files, a folder, or what `biascheck batch`
    wrote (.jsonl, .csv, .parquet) give a page of all: counts, pictures, and a table whose rows open the texts.

    Example: biascheck report seeds/001_11e3a12bee799160.txt -o report.html
    """
    if output is None:
        raise click.UsageError(f"where to? add -o report.html, as in: biascheck report {inputs[0]} -o report.html")
    from biascheck.document import Limits

    sizes = Limits(text=max_text_bytes, html=max_html_bytes)
    page, failed, number = _page(inputs, output, model, sizes, lang)
    _write(output, page)
    click.echo(f"{output}: {'1 text' if number == 1 else f'{number:,} texts'}, {len(page.encode()) / 1000:,.0f} kB")
    if failed:
        click.echo(f"{failed} of {number} inputs could not be read; they are listed in the page", err=True)
        sys.exit(1)


def _page(inputs: Sequence[str], output: Path, model: str, sizes: Any, lang: str) -> tuple[str, int, int]:
    """The page, how many inputs failed, and how many there were."""
    from biascheck.render.folder import folder_page
    from biascheck.render.page import text_page

    files = list(_files(inputs, output))
    if not files:
        raise click.UsageError(f"no .txt or .html in {inputs[0]}; name a file or a folder with texts")
    about = _About(model)
    if len(files) == 1 and not _is_batch(files[0][0]) and not Path(inputs[0]).is_dir():
        entry = next(_scored(files, about, sizes, evidence=True))
        if "error" in entry:
            raise click.ClickException(f"{entry['error']['code']}: {entry['error']['message']}")
        return text_page(entry, about=about.of(entry), lang=lang), 0, 1
    counted = _Counted(_entries(files, about, sizes))
    title = inputs[0] if len(inputs) == 1 else f"{inputs[0]} … {inputs[-1]}"
    page = folder_page(counted, about=about, lang=lang, title=title)
    return page, counted.failed, counted.number


class _About(dict[str, Any]):
    """What is said of the model: opened when first needed, and silent about readings of another."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self._scorer: Any = None

    def scorer(self, sizes: Any = None) -> Any:
        """The scorer with this model."""
        if self._scorer is None:
            from biascheck.render.page import about_model
            from biascheck.scorer import Scorer

            self._scorer = Scorer(self.name, limits=sizes)
            self.update(about_model(self._scorer.model))
        return self._scorer

    def of(self, entry: dict[str, Any]) -> dict[str, Any]:
        """What is known of the model of an entry: all where it is the one at hand."""
        return self if entry.get("model", {}).get("sha256") == self.get("sha256") else dict(entry.get("model", {}))


class _Counted:
    """Entries, counted while they go by."""

    def __init__(self, entries: Iterator[dict[str, Any]]) -> None:
        self.entries = entries
        self.number = self.failed = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for entry in self.entries:
            self.number += 1
            self.failed += "error" in entry
            yield entry


def _files(inputs: Sequence[str], output: Path) -> Iterator[tuple[Path, str]]:
    """Files with their ids; a folder gives what it holds, in sorted order, and never the page that is written."""
    for name in inputs:
        path = Path(name)
        if not path.is_dir():
            yield path, name
            continue
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in ENDINGS and file.is_file() and file.resolve() != output.resolve():
                yield file, file.relative_to(path).as_posix()


def _is_batch(path: Path) -> bool:
    return path.suffix.lower() in BATCHES


def _entries(files: Sequence[tuple[Path, str]], about: _About, sizes: Any) -> Iterator[dict[str, Any]]:
    texts = [file for file in files if not _is_batch(file[0])]
    few = len(texts) <= MAX_EVIDENCE
    for path, _ in files:
        if _is_batch(path):
            yield from _batch(path, about)
    yield from _scored(texts, about, sizes, evidence=few)


def _scored(
    files: Sequence[tuple[Path, str]], about: _About, sizes: Any, *, evidence: bool
) -> Iterator[dict[str, Any]]:
    """Readings of files, a chunk at a time; texts go along as long as they are few."""
    if not files:
        return
    from biascheck.document import Document, read_document
    from biascheck.errors import DocumentError
    from biascheck.reading import Failure

    scorer = about.scorer(sizes)
    left = iter(files)
    while chunk := list(islice(left, CHUNK)):
        found: list[Document | Failure] = []
        for path, id_ in chunk:
            try:
                found.append(read_document(path, id=id_, limits=sizes))
            except DocumentError as error:
                found.append(Failure.of(error, id=id_, path=str(path)))
        readings = iter(scorer.read([d for d in found if isinstance(d, Document)], evidence=evidence))
        for item in found:
            entry = next(readings) if isinstance(item, Document) else item
            # As every other output: a file's name may hold bytes that are no UTF-8.
            yield json.loads(entry.to_json(with_text=evidence))


def _batch(path: Path, about: _About) -> Iterator[dict[str, Any]]:
    """The entries of a batch's output; its first reading tells of which model to speak."""
    from biascheck.render.batches import read_batch

    for entry in read_batch(path):
        if not about and "model" in entry:
            about.update(_told(entry, about))
        yield entry


def _told(entry: dict[str, Any], about: _About) -> dict[str, Any]:
    """What is known of the model of a batch: all if it is the one at hand, else its name and checksum."""
    from biascheck.errors import ModelError

    try:
        about.scorer()
    except ModelError:
        return dict(entry["model"])
    if about.get("sha256") == entry["model"].get("sha256"):
        return about
    about.clear()
    return dict(entry["model"])


def _write(output: Path, page: str) -> None:
    """Whole or not at all."""
    part = output.with_name(output.name + ".part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise click.ClickException(f"{output}: {error.strerror}; give -o a place that can be written") from None
