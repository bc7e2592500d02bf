"""`biascheck models`."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["models"]


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List the installed models; choose, remove or verify one.

    Example: biascheck models use fr
    """
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models.command(name="list")
def list_models() -> None:
    """Name, version, checksum, licence and main figures of every model; * marks the one in force."""
    import json

    from biascheck.errors import ModelError
    from biascheck.registry import installed
    from biascheck.store import load_model

    for found in installed():
        mark = "* " if found.in_force else ""
        try:
            model = load_model(found.name)
        except ModelError as error:
            click.echo(f"{mark}{found.name}  cannot be opened: {error}")
            continue
        card = found.folder / "card.json"
        told = json.loads(card.read_text(encoding="utf-8")) if card.is_file() else {}
        click.echo(f"{mark}{model.name}  biascheck {model.about['version']}  sha256 {model.sha256}")
        click.echo("  licence: code Apache-2.0; weights hold PPN (CC BY-NC 4.0): non-commercial")
        for line in _figures(told):
            click.echo(f"  {line}")
        click.echo(f"  card: {card.with_suffix('.md') if card.is_file() else 'none'}")


def _figures(card: dict[str, Any]) -> list[str]:
    figures = {f"{f['head']}.{f['cut']}.{f['name']}": f["value"] for f in card.get("figures", [])}
    auc, recall = figures.get("translated.outlet.auc"), figures.get("translated.outlet.recall_at_1pct")
    added = card.get("additions")
    lines = []
    if added:
        made = f"{card['parent']['name']} ({str(card['parent']['sha256'])[:12]})"
        lines.append(f"{made} with {added['rows']:,} added texts; fitted anew: {', '.join(added['fitted'])}")
        lines.append("gate: passed" if card["gate"]["passed"] else f"gate: {'; '.join(card['gate']['reasons'])}")
    for change in card.get("changes", []):
        if change["name"] == "recall_at_threshold":
            moved = f"{change['before']:.2f} → {change['after']:.2f}"
            lines.append(f"{change['head']}: recall at threshold {moved} on the {change['on']}")
    if auc is not None and recall is not None:
        line = f"AUC {auc:.3f}, recall at 1 % false alarms {recall:.2f}"
        lines.append(f"translated, unseen outlets and systems: {line}")
    return lines or ["no figures: the model has not been measured (biascheck evaluate)"]


@models.command()
@click.argument("name")
def use(name: str) -> None:
    """Put NAME in force: the model that is used where none is named."""
    from biascheck.registry import use as put

    put(name)
    click.echo(f"{name} is in force")


@models.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove NAME, one of your own models."""
    from biascheck.registry import DEFAULT
    from biascheck.registry import remove as take

    was = take(name)
    click.echo(f"{name} is removed" + (f"; {DEFAULT} is in force" if was else ""))


@models.command()
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Check checksums and contents of NAME, or of every model."""
    import sys

    from biascheck.errors import ModelError
    from biascheck.registry import installed
    from biascheck.store import load_model

    failed = False
    for called in [name] if name else [model.name for model in installed()]:
        try:
            model = load_model(called)
        except ModelError as error:
            failed = True
            click.echo(f"{called}: {error}", err=True)
        else:
            click.echo(f"{called}: sound (sha256 {model.sha256})")
    sys.exit(int(failed))
