"""`biascheck score`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from biascheck.commands.options import limits
from biascheck.errors import DocumentError

__all__ = ["score"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as in reading.schema.json.")
@click.option(
    "--evidence/--no-evidence", default=True, show_default=True, help="Work out the passages behind a verdict."
)
@limits
def score(
    files: tuple[str, ...], as_json: bool, evidence: bool, model: str, max_text_bytes: int, max_html_bytes: int
) -> None:
    """Read FILES (.txt, .html), or standard input given as '-'.

    Example: biascheck score seeds/*.txt
    """
    from biascheck.document import Limits
    from biascheck.reading import Failure

    sizes = Limits(text=max_text_bytes, html=max_html_bytes)
    failed = 0
    show = _shower(as_json)
    for result in _read_files(files, model, sizes, evidence=evidence):
        failed += isinstance(result, Failure)
        show(result)
    if failed:
        if len(files) > 1:
            click.echo(f"{failed} of {len(files)} inputs could not be read", err=True)
        sys.exit(1)


def _read_files(files: tuple[str, ...], model: str, sizes: Any, *, evidence: bool) -> Iterator[Any]:
    """A reading or a failure for each file, in order."""
    _import_skops()
    from biascheck.reading import Failure
    from biascheck.scorer import Scorer

    scorer = Scorer(model, limits=sizes)
    for name in files:
        try:
            if name == "-":
                data = sys.stdin.buffer.read(sizes.largest + 1)
                yield scorer.score_bytes(data, id="-", evidence=evidence)
            else:
                yield scorer.score_file(name, evidence=evidence)
        except DocumentError as error:
            yield Failure.of(error, id=name, path=None if name == "-" else name)


def _import_skops() -> None:
    """Import skops without all of scikit-learn.

    It imports every estimator to know which names to trust; the store names the few that our models hold. That is a
    tenth of a second of scoring one text. Only in a process of our own: others may need skops as it is.
    """
    import sklearn.utils

    every = sklearn.utils.all_estimators
    sklearn.utils.all_estimators = list
    try:
        import skops.io  # noqa: F401
    finally:
        sklearn.utils.all_estimators = every


def _shower(as_json: bool) -> Callable[[Any], None]:
    if as_json:
        return lambda result: click.echo(result.to_json().encode("utf-8"))
    from rich.console import Console

    from biascheck.reading import Failure
    from biascheck.render.terminal import print_failure, print_reading

    # Piped, a line is as long as what it says: rich would cut it at 80 columns.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)
    return lambda r: print_failure(console, r) if isinstance(r, Failure) else print_reading(console, r)
