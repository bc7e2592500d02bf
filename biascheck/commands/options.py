"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["limits"]

Command = TypeVar("Command", bound=Callable[..., Any])


def _in_force() -> str:
    from biascheck.registry import in_force

    return in_force()


def limits(command: Command) -> Command:
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
        click.option(
            "--model",
            default=_in_force,
            show_default="the one in force",
            help="Name of a model, or path of a model folder.",
        ),
    ):
        command = option(command)
    return command
