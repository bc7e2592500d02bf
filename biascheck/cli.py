"""The command line: which commands there are, and what its user sees of an error."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from biascheck import __version__
from biascheck.errors import BiascheckError

__all__ = ["main"]

#: In the order of the help page. A command's module is imported when it is called for, so that `-h` is quick.
COMMANDS = ("score", "batch", "train", "label", "evaluate", "report", "serve", "models")


class _Commands(click.Group):
    """Commands that stand in a module of their own name in `biascheck.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"biascheck.commands.{cmd_name}"), cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="biascheck")
def cli() -> None:
    """Read a news text and say where it came from and how it slants, with the passages that show it.

    Provenance labels: original, agency, translated (with the source language), aggregated, rewritten; undetermined
    where the text does not say. Slant on the war in Ukraine, French and English: neutral, pro_kyiv, pro_kremlin,
    undetermined, off_topic. A reading reports indications in a text; it never judges whether a claim is true.

    Exit codes: 0 done, 1 some inputs failed, 2 wrong usage.
    """


def main() -> None:
    """Run the command line; what is wrong with an input is one line with the remedy, never a traceback."""
    try:
        cli(standalone_mode=False, prog_name="biascheck")
    except (click.exceptions.Abort, KeyboardInterrupt):
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
