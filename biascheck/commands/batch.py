"""`biascheck batch`."""

from __future__ import annotations

import sys
from typing import Any

import click

from biascheck import stopping
from biascheck.commands.options import limits

__all__ = ["batch"]


class _Stoppable(click.Command):
    """Signals are answered from its first moment on: finding the model in force imports much."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.with_resource(stopping.answered())
        try:
            return super().parse_args(ctx, args)
        except BaseException:
            ctx.close()
            raise


def _show_columns(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from biascheck.outputs import columns

    for column in columns():
        click.echo(f"{column.name:28} {column.type:8} {column.explain}")
    context.exit()


@click.command(cls=_Stoppable)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", "out", required=True, help="Ending in .jsonl, .csv or .parquet.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; 1 reads in this one.  [default: all cores]")
@click.option("--fields", help="Only these, by comma: fields of the JSON, or columns of --columns.")
@click.option("--with-text", is_flag=True, help="Write the texts as well.")
@click.option("--evidence", is_flag=True, help="Work out the passages behind the verdicts.")
@click.option("--keep", is_flag=True, help="Pass other columns of the input through; a taken name gets input_.")
@click.option("--restart", is_flag=True, help="Start over, whatever an earlier run has left or finished.")
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="Run on a Dask cluster; needs biascheck[dask].")
@click.option("--local-cluster", type=click.IntRange(1), metavar="N", help="Run on a Dask cluster of N workers here.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress and no summary.")
@click.option(
    "--columns",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_columns,
    help="Explain every column of .csv and .parquet output, and exit.",
)
@limits
def batch(
    inputs: tuple[str, ...],
    out: str,
    fields: str | None,
    quiet: bool,
    scheduler: str | None,
    local_cluster: int | None,
    max_text_bytes: int,
    max_html_bytes: int,
    **options: Any,
) -> None:
    """Read every document of INPUT and write one line or row for each to one file, in input order.

    INPUT: folders (.txt .html .htm, and in folders below), files, globs, or .jsonl .jsonl.gz .jsonl.zst .csv .parquet
    with the columns id and one of text, html, path (relative to the file). A document that cannot be read has an
    error entry in its place. Killed at any moment, the same command goes on where it was.

    Example: biascheck batch articles/ -o readings.jsonl
    """
    if scheduler and local_cluster:
        raise click.UsageError("--scheduler and --local-cluster exclude each other")
    from biascheck import batch as batches
    from biascheck.document import Limits
    from biascheck.progress import progress_for

    try:
        summary = batches.run(
            inputs,
            out,
            fields=None if fields is None else [name.strip() for name in fields.split(",") if name.strip()],
            scheduler=scheduler,
            local_cluster=local_cluster,
            limits=Limits(text=max_text_bytes, html=max_html_bytes),
            progress=progress_for(quiet=quiet),
            **options,
        )
    except stopping.Stopped as stop:
        stopping.say()
        sys.exit(128 + stop.number)
    if not quiet:
        _show(summary)
    if summary.errors:
        sys.exit(1)


def _show(summary: Any) -> None:
    def said(counts: Any) -> str:
        return ", ".join(f"{name} {number:,}" for name, number in counts.items())

    rate = (summary.documents - summary.resumed) / max(summary.seconds, 1e-9)
    lines = [f"{summary.documents:,} documents in {summary.seconds:,.1f} s ({rate:,.0f}/s) → {summary.path}"]
    if summary.resumed:
        lines.append(f"  of them {summary.resumed:,} by an earlier run")
    if summary.provenance:
        lines.append(f"  provenance: {said(summary.provenance)}")
    if summary.slant:
        lines.append(f"  slant: {said(summary.slant)}")
    if summary.errors:
        lines.append(f"  errors: {said(summary.errors)}; each has an entry that says why")
    if summary.repeated_ids:
        lines.append(f"  ids given more than once: {summary.repeated_ids:,}; each document has its entry")
    click.echo("\n".join(lines), err=True)
