"""`biascheck evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

__all__ = ["evaluate", "print_figures"]


@click.command()
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Training features; the shipped ones if left out."
)
@click.option(
    "--floors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fail where a figure is below its floor.",
)
@click.option("--json", "as_json", is_flag=True, help="Figures as one JSON array.")
def evaluate(data: Path | None, floors: Path | None, as_json: bool) -> None:
    """Print the honest table: every head refitted and measured on outlets, systems and years it did not see.

    Takes some minutes. Example: biascheck evaluate
    """
    import json

    from biascheck.dataset import load_training
    from biascheck.evaluation import as_json as plain
    from biascheck.evaluation import check_floors
    from biascheck.evaluation import evaluate as measure
    from biascheck.store import data_folder

    training = load_training(data or data_folder() / "training")
    figures = measure(training, progress=lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(plain(figures)))
    else:
        print_figures(figures)
    if floors is not None:
        failures = check_floors(figures, floors, training)
        for failure in failures:
            click.echo(f"below the gate: {failure}", err=True)
        if failures:
            sys.exit(1)
        click.echo("gate passed: every figure is within its floor or ceiling", err=True)


def print_figures(figures: Any) -> None:
    """The table of `biascheck.evaluation.Figure`s."""
    from rich.console import Console
    from rich.table import Table

    from biascheck.evaluation import CUT_NAMES

    table = Table(box=None, pad_edge=False)
    for column in ("head", "measured on", "figure", "value", "95 % interval", "positives", "negatives"):
        table.add_column(column, justify="left" if column in {"head", "measured on", "figure"} else "right")
    for f in figures:
        interval = f"{f.low:.3f}–{f.high:.3f}"
        counts = (f"{f.positives:,}", f"{f.negatives:,}")
        table.add_row(f.head, CUT_NAMES[f.cut], f.name, f"{f.value:.3f}", interval, *counts)
    # Wide enough for every column: a pipe has no width, and a wrapped table cannot be read or compared.
    Console(highlight=False, width=150).print(table)
