"""`biascheck train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from biascheck import __version__
from biascheck.commands.evaluate import print_figures

__all__ = ["train"]

#: Problems that are printed; a file that is wrong throughout would fill the screen.
MOST_PROBLEMS = 40
#: An own head below this is told to be little better than chance.
LEAST_AUC = 0.7


@click.command()
@click.option(
    "--add",
    "labels",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Labels file (.csv, .jsonl) or folder to learn from beside the shipped features; may be given often.",
)
@click.option(
    "--new-label", "new_labels", multiple=True, metavar="NAME", help="With --add: learn a label of your own, a column."
)
@click.option(
    "--new-axis",
    "new_axes",
    multiple=True,
    metavar="NAME=POLE,POLE",
    help="With --add: learn an axis of your own, the column slant.NAME.",
)
@click.option("--check", is_flag=True, help="With --add: check the labels and stop.")
@click.option("--force", is_flag=True, help="With --add: put the model in force though the gate says that it is worse.")
@click.option(
    "--corpus", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of labelled parquet."
)
@click.option("--written", type=click.Path(file_okay=False, path_type=Path), help="Folder of our own .jsonl texts.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Where the training features are.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where the model goes.")
@click.option("--name", help="Name of the model  [default: fr; with --add one made from what was added]")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Threads that fit.")
def train(
    labels: tuple[Path, ...],
    new_labels: tuple[str, ...],
    new_axes: tuple[str, ...],
    check: bool,
    force: bool,
    corpus: Path | None,
    written: Path | None,
    data: Path | None,
    out: Path | None,
    name: str | None,
    jobs: int,
) -> None:
    """Fit a model, measure it on unseen outlets, and write it with its card.

    With --add the shipped model learns from your labelled texts: the heads that they have labels for are fitted anew,
    measured before and after, and the new model is put in force unless it is worse. Without it everything is fitted
    from the shipped features, or with --corpus from a corpus.

    Example: biascheck train --add labels.csv
    """
    if labels:
        if corpus is not None or written is not None:
            raise click.UsageError("--add learns beside the shipped features; leave --corpus and --written out")
        from biascheck.own_training import parse_axes, parse_labels

        own = parse_labels(new_labels), parse_axes(new_axes)
        _add(labels, own, check=check, force=force, data=data, out=out, name=name, jobs=jobs)
        return
    if check or force or new_labels or new_axes:
        raise click.UsageError("--check, --force, --new-label and --new-axis go with --add LABELS")
    _all(corpus, written, data, out, name or "fr")


def _all(corpus: Path | None, written: Path | None, data: Path | None, out: Path | None, name: str) -> None:
    from biascheck.card import write_card
    from biascheck.dataset import load_training, save_training
    from biascheck.evaluation import evaluate as measure
    from biascheck.retrain import unseen_of, write_unseen
    from biascheck.store import data_folder, models_folder, save_model
    from biascheck.training import build_training, fit_parts

    if corpus is None and out is None:
        raise click.UsageError("name labelled texts with --add LABELS, or a folder for the model with --out")
    data = data or data_folder() / "training"
    out = out or models_folder() / name
    if corpus is not None:
        click.echo(f"reading {corpus} …", err=True)
        save_training(data, build_training(corpus, written or data_folder() / "written"))
    training = load_training(data)
    click.echo(f"{len(training.rows):,} rows; fitting …", err=True)
    about = {"training_sha256": training.sha256, "language": "fr", "lexicon": training.parameters["lexicon"]}
    parts = fit_parts(training)
    digest = save_model(out, parts, name=name, about=about)
    write_unseen(out, unseen_of(parts), training)
    figures = measure(training, progress=lambda line: click.echo(line, err=True))
    write_card(out, training, figures, {"name": name, "version": __version__, "sha256": digest})
    print_figures(figures)
    click.echo(f"model {name} in {out} (sha256 {digest[:16]})")


def _add(
    labels: tuple[Path, ...],
    own: tuple[tuple[str, ...], dict[str, tuple[str, ...]]],
    *,
    check: bool,
    force: bool,
    data: Path | None,
    out: Path | None,
    name: str | None,
    jobs: int,
) -> None:
    from dataclasses import replace

    from biascheck.additions import prepare
    from biascheck.dataset import load_training
    from biascheck.errors import LabelsError
    from biascheck.label_reading import read_labels
    from biascheck.own_training import train_own
    from biascheck.registry import DEFAULT, check_name, home
    from biascheck.retrain import digest_of, retrain, write_unseen
    from biascheck.store import data_folder, load_model

    def tell(line: str) -> None:
        click.echo(line, err=True)

    if name is not None and out is None:
        check_name(name)
    model = load_model(DEFAULT)
    rows, problems = read_labels(labels, new_labels=own[0], new_axes=own[1])
    tell(f"{len(rows):,} rows; checking …")
    training = load_training(data or data_folder() / "training")
    additions, found = prepare(rows, model, training.text)
    _refuse(problems + found)
    if not additions.rows:
        raise LabelsError("nothing to learn from: no row is left; look at the problems above")
    tell(f"{len(additions.rows):,} texts of {len(set(additions.outlets.tolist())):,} outlets to learn from")
    # Own heads come first: they take a second, and are refused where there is too little to learn them from.
    heads, measured = train_own(additions, model, *own) if any(own) else (None, ())
    _print_own(measured)
    if check:
        return
    if model.about.get("training_sha256") != training.sha256:
        raise LabelsError("the shipped model and training features do not belong together; install biascheck again")
    unseen = _unseen(training)
    known = set(unseen)
    result = retrain(model, training, additions, unseen=unseen, jobs=jobs, progress=tell)
    if set(unseen) != known:
        home().mkdir(parents=True, exist_ok=True)
        write_unseen(home(), unseen, training)
    if heads is not None:
        fitted = (*result.fitted, *(f"own {figure.head}" for figure in measured))
        result = replace(result, parts={**result.parts, "own": heads}, fitted=fitted)
    chosen = name or f"{DEFAULT}-{digest_of(additions)[:8]}"
    _write(labels, model, training.sha256, additions, result, own=measured, name=chosen, out=out, force=force)


def _unseen(training: Any) -> Any:
    """The shipped model's scores, or else those that an earlier retraining had to work out."""
    from biascheck.registry import DEFAULT, home
    from biascheck.retrain import read_unseen
    from biascheck.store import models_folder

    return read_unseen(models_folder() / DEFAULT, training) or read_unseen(home(), training)


def _refuse(problems: Any) -> None:
    """Print problems by file and line; hard ones end here."""
    for problem in problems[:MOST_PROBLEMS]:
        click.echo(f"{'error' if problem.hard else 'warning'}: {problem}", err=True)
    if len(problems) > MOST_PROBLEMS:
        click.echo(f"… and {len(problems) - MOST_PROBLEMS:,} more", err=True)
    hard = sum(problem.hard for problem in problems)
    if hard:
        raise click.UsageError(f"{hard:,} problems in the labels; nothing was trained. Mend them and run it again")


def _write(
    labels: tuple[Path, ...],
    model: Any,
    training: str,
    additions: Any,
    result: Any,
    *,
    own: Any,
    name: str,
    out: Path | None,
    force: bool,
) -> None:
    import os
    import shutil
    from dataclasses import asdict

    from biascheck.additions import RULE
    from biascheck.registry import home, in_force, install, use
    from biascheck.retrain import digest_of, write_model

    said = {
        "files": [_checksum(path) for path in labels],
        "sha256": digest_of(additions),
        "rows": len(additions.rows),
        "outlets": len(set(additions.outlets.tolist())),
        "labels": additions.tally(),
        "rule": RULE,
        "fitted": list(result.fitted),
        "site_lines": result.lines,
        "own": [asdict(figure) for figure in own],
    }
    part = out or home() / "models" / f".{name}.{os.getpid()}.part"
    try:
        digest = write_model(part, model, result, said, name=name, training=training)
        folder = part if out is not None else install(part, name)
    finally:
        if out is None:
            shutil.rmtree(part, ignore_errors=True)
    print_changes(result.changes)
    if result.lines:
        click.echo(f"{result.lines} of the texts have a line of their site, by which its next pages are known")
    for reason in result.reasons:
        click.echo(f"worse: {reason}")
    click.echo(f"model {name} in {folder} (sha256 {digest[:16]})")
    if out is not None:
        click.echo(f"use it with --model {folder}")
    elif result.reasons and not force:
        click.echo(f"not put in force ({in_force()} stays): it is worse; --force uses it all the same")
    else:
        use(name)
        click.echo(f"in force from now on; biascheck models use {model.name} goes back")


def _checksum(path: Path) -> dict[str, str]:
    """SHA-256 of a labels file; of a folder's names and files."""
    import hashlib

    if path.is_file():
        return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return {"name": f"{path.resolve().name}/", "sha256": digest.hexdigest()}


def _print_own(figures: Any) -> None:
    """How own heads do on outlets that they had not seen."""
    for f in figures:
        counts = f"{f.yes} texts with it, {f.no} without, {f.outlets} outlets"
        # Such a head is nearly always silent; its user should know why.
        doubtful = "" if f.auc >= LEAST_AUC else "; little better than chance: label more outlets"
        click.echo(
            f"own {f.head}: on unseen outlets AUC {f.auc:.2f}, finds {f.recall:.0%}, false alarms {f.false_alarms:.1%} "
            f"({counts}){doubtful}"
        )


def print_changes(changes: Any) -> None:
    """The table of figures before and after."""
    from math import isnan

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("head", "on", "figure", "before", "after", "difference, 95 %", "rows"):
        table.add_column(column, justify="left" if column in {"head", "on", "figure"} else "right")
    for c in changes:
        low, high = c.difference_interval
        interval = f"{low:+.3f} to {high:+.3f}" if not isnan(low) else "too few outlets"
        table.add_row(c.head, c.on, c.name, f"{c.before:.3f}", f"{c.after:.3f}", interval, f"{c.rows:,}")
    Console(highlight=False, width=130).print(table)
