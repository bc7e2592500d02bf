"""`biascheck models`."""

from __future__ import annotations

import click

__all__ = ["models"]


@click.command()
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
