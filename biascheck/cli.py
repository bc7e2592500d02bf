"""The command line. Heavy modules are imported by the command that needs them, so that `-h` is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from biascheck import __version__
from biascheck.errors import BiascheckError, DocumentError

__all__ = ["main"]

Command = TypeVar("Command", bound=Callable[..., Any])


def _limits(command: Command) -> Command:
    """The options that every command that reads documents shares."""
    for option in (
        click.option(
            "--max-html-bytes",
            type=click.IntRange(1),
            default=20_000_000,
            show_default=True,
            help="Refuse larger pages.",
        ),
        click.option(
            "--max-text-bytes",
            type=click.IntRange(1),
            default=2_000_000,
            show_default=True,
            help="Refuse larger texts.",
        ),
        click.option("--model", default="fr", show_default=True, help="Name of a model, or path of a model folder."),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="biascheck")
def cli() -> None:
    """Read a news text and say where it came from and how it slants, with the passages that show it.

    Provenance labels: original, agency, translated (with the source language), aggregated, rewritten; undetermined
    where the text does not say. Slant on the war in Ukraine, French and English: neutral, pro_kyiv, pro_kremlin,
    undetermined, off_topic. A reading reports indications in a text; it never judges whether a claim is true.

    Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
    """


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as in reading.schema.json.")
@click.option(
    "--evidence/--no-evidence", default=True, show_default=True, help="Work out the passages behind a verdict."
)
@_limits
def score(
    files: tuple[str, ...], as_json: bool, evidence: bool, model: str, max_text_bytes: int, max_html_bytes: int
) -> None:
    """Read FILES (.txt, .html), or standard input given as '-'.

    Example: biascheck score seeds/*.txt
    """
    from biascheck.document import Limits
    from biascheck.reading import Failure

    limits = Limits(text=max_text_bytes, html=max_html_bytes)
    failed = 0
    show = _shower(as_json)
    for result in _read_files(files, model, limits, evidence=evidence):
        failed += isinstance(result, Failure)
        show(result)
    if failed:
        if len(files) > 1:
            click.echo(f"{failed} of {len(files)} inputs could not be read", err=True)
        sys.exit(1)


def _read_files(files: tuple[str, ...], model: str, limits: Any, *, evidence: bool) -> Iterator[Any]:
    """A reading or a failure for each file, in order."""
    _import_skops()
    from biascheck.reading import Failure
    from biascheck.scorer import Scorer

    scorer = Scorer(model, limits=limits)
    for name in files:
        try:
            if name == "-":
                data = sys.stdin.buffer.read(limits.largest + 1)
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


@cli.command()
@click.option(
    "--corpus", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Folder of labelled parquet."
)
@click.option("--written", type=click.Path(file_okay=False, path_type=Path), help="Folder of our own .jsonl texts.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Where the training features are.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where the model goes.")
@click.option("--name", default="fr", show_default=True, help="Name of the model.")
def train(corpus: Path | None, written: Path | None, data: Path | None, out: Path | None, name: str) -> None:
    """Fit the model, measure it on unseen outlets, and write it with its card.

    With --corpus the training features are rebuilt first; without it the shipped ones are used.

    Example: biascheck train --out my-model
    """
    from biascheck.card import write_card
    from biascheck.dataset import load_training, save_training
    from biascheck.evaluation import evaluate as measure
    from biascheck.store import data_folder, models_folder, save_model
    from biascheck.training import build_training, fit_parts

    if corpus is None and out is None:
        raise click.UsageError("name a folder for the model with --out (or rebuild everything with --corpus DIR)")
    data = data or data_folder() / "training"
    out = out or models_folder() / name
    if corpus is not None:
        click.echo(f"reading {corpus} …", err=True)
        save_training(data, build_training(corpus, written or data_folder() / "written"))
    training = load_training(data)
    click.echo(f"{len(training.rows):,} rows; fitting …", err=True)
    about = {"training_sha256": training.sha256, "language": "fr", "lexicon": training.parameters["lexicon"]}
    digest = save_model(out, fit_parts(training), name=name, about=about)
    figures = measure(training, progress=lambda line: click.echo(line, err=True))
    write_card(out, training, figures, {"name": name, "version": __version__, "sha256": digest})
    _print_figures(figures)
    click.echo(f"model {name} in {out} (sha256 {digest[:16]})")


@cli.command()
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
        _print_figures(figures)
    if floors is not None:
        failures = check_floors(figures, floors, training)
        for failure in failures:
            click.echo(f"below the gate: {failure}", err=True)
        if failures:
            sys.exit(1)
        click.echo("gate passed: every figure is within its floor or ceiling", err=True)


def _print_figures(figures: Any) -> None:
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


@cli.command()
def models() -> None:
    """List the installed models: name, version, checksum, licence, main figures."""
    import json

    from biascheck.store import load_model, models_folder

    for file in sorted(models_folder().glob("*/model.json")):
        model = load_model(file.parent.name)
        card = file.parent / "card.json"
        rows = json.loads(card.read_text(encoding="utf-8"))["figures"] if card.is_file() else []
        figures = {f"{f['head']}.{f['cut']}.{f['name']}": f["value"] for f in rows}
        click.echo(f"{model.name}  biascheck {model.about['version']}  sha256 {model.sha256}")
        click.echo("  licence: code Apache-2.0; weights hold PPN (CC BY-NC 4.0): non-commercial")
        auc, recall = figures.get("translated.outlet.auc"), figures.get("translated.outlet.recall_at_1pct")
        if auc is not None and recall is not None:
            line = f"AUC {auc:.3f}, recall at 1 % false alarms {recall:.2f}"
            click.echo(f"  translated, unseen outlets and systems: {line}")
        else:
            click.echo("  no figures: the model has not been measured (biascheck evaluate)")
        click.echo(f"  card: {card.with_suffix('.md') if card.is_file() else 'none'}")


def main() -> None:
    """Run the command line; what is wrong with an input is one line with the remedy, never a traceback."""
    try:
        cli(standalone_mode=False, prog_name="biascheck")
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BiascheckError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone: nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
