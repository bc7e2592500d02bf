"""`biascheck evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from biascheck.commands.options import limits

__all__ = ["evaluate", "print_figures"]


@click.command()
@click.argument("labels", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Training features; the shipped ones if left out."
)
@click.option(
    "--floors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Fail where a figure is below its floor.",
)
@click.option("--json", "as_json", is_flag=True, help="Figures as one JSON array.")
@click.option(
    "--diagram",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With LABELS: write the reliability diagram here (.svg).",
)
@click.option("--worst", type=click.IntRange(0), default=10, show_default=True, help="With LABELS: mistakes to show.")
@limits
def evaluate(
    labels: tuple[Path, ...],
    data: Path | None,
    floors: Path | None,
    as_json: bool,
    diagram: Path | None,
    worst: int,
    model: str,
    max_text_bytes: int,
    max_html_bytes: int,
) -> None:
    """Print the honest table: every head refitted and measured on outlets, systems and years it did not see.

    That takes some minutes. With LABELS (.csv, .jsonl or folders) a model is measured on your own labelled texts
    instead: table, confusion, reliability diagram, the worst mistakes.

    Example: biascheck evaluate labels.csv --diagram reliability.svg
    """
    if labels:
        if data is not None or floors is not None:
            raise click.UsageError("--data and --floors are for the table without LABELS; leave them out")
        from biascheck.document import Limits

        sizes = Limits(text=max_text_bytes, html=max_html_bytes)
        _evaluate_labels(labels, model, sizes, diagram=diagram, worst=worst, as_json=as_json)
        return
    if diagram is not None:
        raise click.UsageError("--diagram goes with LABELS; name a labels file")
    _evaluate_training(data, floors, as_json=as_json)


def _evaluate_labels(
    labels: tuple[Path, ...], model: str, sizes: Any, *, diagram: Path | None, worst: int, as_json: bool
) -> None:
    import json

    from biascheck.errors import LabelsError
    from biascheck.label_reading import read_labels
    from biascheck.reliability import confusion, figures, judge, labels_of, mistakes
    from biascheck.reliability import diagram as draw
    from biascheck.scorer import Scorer

    if diagram is not None and diagram.suffix.lower() != ".svg":
        raise click.UsageError(f"{diagram}: the diagram is written as .svg; name it so")
    rows, problems = read_labels(labels)
    judged, unread = judge(rows, Scorer(model, limits=sizes), sizes)
    for problem in [*problems, *unread]:
        click.echo(f"{'error' if problem.hard else 'warning'}: {problem}", err=True)
    if not judged:
        raise LabelsError("no labelled text could be read; look at the problems above")
    table = [figures(judged, name) for name in labels_of(judged)]
    confused, wrong = confusion(judged), mistakes(judged, worst)
    if as_json:
        from dataclasses import asdict

        counts = {name: [[*pair, n] for pair, n in sorted(counter.items())] for name, counter in confused.items()}
        told = {"figures": [asdict(row) for row in table], "confusion": counts}
        click.echo(json.dumps({**told, "mistakes": [asdict(item) for item in wrong]}, ensure_ascii=False))
    else:
        _print_labelled(len(judged), table, confused, wrong)
    if diagram is not None:
        diagram.write_text(draw(judged), encoding="utf-8")
        click.echo(f"reliability diagram in {diagram}", err=True)
    if problems or unread:
        sys.exit(1)


def _print_labelled(number: int, table: Any, confused: Any, wrong: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    def share(value: tuple[float, float, float] | None) -> str:
        return "–" if value is None else f"{value[0]:.2f} ({value[1]:.2f}–{value[2]:.2f})"

    console = Console(highlight=False, width=130)
    console.print(f"{number:,} labelled texts; 95 % intervals over texts, too narrow where outlets are few\n")
    shown = Table(box=None, pad_edge=False)
    for column in ("label", "yes", "no", "AUC", "recall", "false alarms", "calibration error"):
        shown.add_column(column, justify="left" if column == "label" else "right")
    for row in table:
        auc = "–" if row.auc is None else f"{row.auc:.3f}"
        counts = (f"{row.yes:,}", f"{row.no:,}")
        shown.add_row(
            row.label, *counts, auc, share(row.recall), share(row.false_alarms), f"{row.calibration_error:.3f}"
        )
    console.print(shown)
    for name, counter in confused.items():
        verdicts = sorted({verdict for _, verdict in counter})
        cells = Table(box=None, pad_edge=False)
        for column in (f"\n{name}: labelled", *(f"\nread {verdict}" for verdict in verdicts)):
            cells.add_column(column, justify="right" if "read" in column else "left")
        for label in sorted({label for label, _ in counter}):
            cells.add_row(label, *(f"{counter[label, verdict]:,}" for verdict in verdicts))
        console.print(cells)
    if wrong:
        console.print("\nworst mistakes")
        for item in wrong:
            console.print(
                f"  {item.place}  {item.outlet}  labelled {item.label} {item.said}, probability {item.score:.2f}"
            )


def _evaluate_training(data: Path | None, floors: Path | None, *, as_json: bool) -> None:
    import json

    from biascheck.dataset import load_training
    from biascheck.evaluation import evaluate as measure
    from biascheck.figures import as_json as plain
    from biascheck.figures import check_floors
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
    """The table of `biascheck.figures.Figure`s."""
    from rich.console import Console
    from rich.table import Table

    from biascheck.figures import CUT_NAMES

    table = Table(box=None, pad_edge=False)
    for column in ("head", "measured on", "figure", "value", "95 % interval", "positives", "negatives"):
        table.add_column(column, justify="left" if column in {"head", "measured on", "figure"} else "right")
    for f in figures:
        interval = f"{f.low:.3f}–{f.high:.3f}"
        counts = (f"{f.positives:,}", f"{f.negatives:,}")
        table.add_row(f.head, CUT_NAMES[f.cut], f.name, f"{f.value:.3f}", interval, *counts)
    # Wide enough for every column: a pipe has no width, and a wrapped table cannot be read or compared.
    Console(highlight=False, width=150).print(table)
