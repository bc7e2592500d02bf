"""`biascheck score`."""

from __future__ import annotations

import shlex
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
@click.option("--show", is_flag=True, help="Print the text as well, with its quotes, terms and furniture marked.")
@limits
def score(
    files: tuple[str, ...],
    as_json: bool,
    evidence: bool,
    show: bool,
    model: str,
    max_text_bytes: int,
    max_html_bytes: int,
) -> None:
    """Read FILES (.txt, .html), or standard input given as '-'.

    Example: biascheck score seeds/*.txt
    """
    from biascheck.document import Limits
    from biascheck.reading import Failure

    sizes = Limits(text=max_text_bytes, html=max_html_bytes)
    if show and as_json:
        raise click.UsageError("--show is for reading, --json for programs; choose one (the JSON holds the text)")
    failed = 0
    print_result = _printer(as_json, show=show)
    for result in _read_files(files, model, sizes, evidence=evidence):
        failed += isinstance(result, Failure)
        print_result(result)
    if not as_json and failed < len(files) and sys.stdout.isatty():
        named = " ".join(map(shlex.quote, files)) if len(files) < 4 else f"{shlex.quote(files[0])} …"
        click.secho(f"the same as a page: biascheck report {named} -o report.html", dim=True)
    if failed:
        if len(files) > 1:
            click.echo(f"{failed} of {len(files)} inputs could not be read", err=True)
        sys.exit(1)


def _read_files(files: tuple[str, ...], model: str, sizes: Any, *, evidence: bool) -> Iterator[Any]:
    """A reading or a failure for each file, in order."""
    from biascheck.quick import import_skops

    import_skops()
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


def _printer(as_json: bool, *, show: bool = False) -> Callable[[Any], None]:
    if as_json:
        return lambda result: click.echo(result.to_json().encode("utf-8"))
    from rich.console import Console

    from biascheck.reading import Failure
    from biascheck.render.terminal import print_failure, print_reading, print_text

    # Piped, a line is as long as what it says: rich would cut it at 80 columns.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 1000)

    def printed(result: Any) -> None:
        if isinstance(result, Failure):
            print_failure(console, result)
            return
        print_reading(console, result)
        if show:
            print_text(console, result)

    return printed
