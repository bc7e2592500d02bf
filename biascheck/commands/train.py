"""`biascheck train`."""

from __future__ import annotations

from pathlib import Path

import click

from biascheck import __version__
from biascheck.commands.evaluate import print_figures

__all__ = ["train"]


@click.command()
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
    print_figures(figures)
    click.echo(f"model {name} in {out} (sha256 {digest[:16]})")
