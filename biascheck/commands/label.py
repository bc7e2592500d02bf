"""`biascheck label`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click

from biascheck.commands.options import limits

__all__ = ["label"]

#: A key: the sequence that an arrow or page key sends, or one character.
_KEY = re.compile(r"\x1b(?:\[[0-9;]{0,8}[A-Za-z~]|O[A-Z])|.", re.DOTALL)
_FILE = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("labels.csv"),
    show_default=True,
    help="Labels file, .csv or .jsonl; one that is there is continued.",
)
@click.option("--annotator", default="", help="Your name or initials; texts that they have labelled are not shown.")
@click.option("--blind", is_flag=True, help="Hide the model's guess, so that it does not lead you.")
@click.option(
    "--order",
    type=click.Choice(("useful", "random", "name")),
    default="useful",
    show_default=True,
    help="Which text comes next; 'useful' is the one that the model would learn most from.",
)
@click.option("--limit", type=click.IntRange(1), help="Stop after so many texts.")
@click.option(
    "--pool",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Texts, drawn at random, among which useful ones are looked for.",
)
@click.option("--new-label", "new_labels", multiple=True, metavar="NAME", help="A label of your own, on a key 1 to 9.")
@click.option(
    "--new-axis", "new_axes", multiple=True, metavar="NAME=POLE,POLE", help="An axis of your own, on a key 1 to 9."
)
@click.option(
    "--agreement",
    nargs=2,
    type=_FILE,
    metavar="A B",
    help="Label nothing: compare two labels files (Cohen's kappa, disagreements).",
)
@limits
def label(
    folder: Path | None,
    out: Path,
    annotator: str,
    blind: bool,
    order: str,
    limit: int | None,
    pool: int,
    new_labels: tuple[str, ...],
    new_axes: tuple[str, ...],
    agreement: tuple[Path, Path] | None,
    model: str,
    max_text_bytes: int,
    max_html_bytes: int,
) -> None:
    """Label the texts of FOLDER by hand (.txt, .html), most useful first; `train --add` takes the file.

    Every answer is saved at once: quit when you like, and go on later with the same command. Press ? for the keys.

    Examples: biascheck label pages -o labels.csv --annotator ml; biascheck label --agreement ml.csv jd.csv
    """
    from biascheck.document import Limits
    from biascheck.own_training import parse_axes, parse_labels

    own, axes = parse_labels(new_labels), parse_axes(new_axes)
    if len(own) + len(axes) > 9:
        raise click.UsageError("there are keys for nine labels and axes of your own; label the others another time")
    if set(own) & set(axes):
        raise click.UsageError("a new label and a new axis have the same name; rename one")
    sizes = Limits(text=max_text_bytes, html=max_html_bytes)
    if agreement is not None:
        if folder is not None:
            raise click.UsageError("--agreement compares two labels files and takes no FOLDER; leave one out")
        _print_agreement(*agreement, axes, sizes)
    elif folder is None:
        raise click.UsageError("name the FOLDER whose texts to label (or compare two files: --agreement A B)")
    else:
        options = {"annotator": annotator, "own": own, "axes": axes, "blind": blind, "limit": limit}
        try:
            _label(folder, out, options, order=order, pool=pool, model=model, sizes=sizes)
        except OSError as error:
            raise click.ClickException(
                f"{out}: {error.strerror or error}; check its permissions and the disk"
            ) from None


def _label(folder: Path, out: Path, options: dict[str, Any], *, order: str, pool: int, model: str, sizes: Any) -> None:
    from rich.console import Console

    from biascheck.labelling import Queue
    from biascheck.labelling_session import Item, Journal, Session
    from biascheck.render.labelling import Screen, said
    from biascheck.scorer import Scorer

    own, axes = options["own"], options["axes"]
    journal = Journal(out, columns=[*own, *(f"slant.{axis}" for axis in axes)], axes=axes)
    done = [row for row in journal.rows if row.annotator == options["annotator"]]
    scorer = Scorer(model, limits=sizes)
    queue = Queue(folder, scorer, order=order, done=done, pool=pool)
    click.echo(f"{queue.total:,} texts in {folder}, {queue.left:,} to label; reading …", err=True)

    def next_item() -> Item | None:
        found = queue.next()
        if found is None:
            return None
        name, document = found
        reading = scorer.read([document], evidence=not options["blind"])[0]
        return Item(Path(name).as_posix(), folder / name, queue.outlet(name, document), reading)

    session = Session(journal, next_item, **options)
    if session.finished:
        click.echo("nothing to label", err=True)
    else:
        piped = not sys.stdout.isatty()
        console = Console(highlight=False, width=200 if piped else None, soft_wrap=piped)
        # Whatever ends it, all answers are on the disk.
        with closing(_keys()) as keys, suppress(KeyboardInterrupt, EOFError):
            _loop(session, Screen(console, queue.left), keys, told=said)
    _summary(session.labelled, queue, out)


def _loop(session: Any, screen: Any, keys: Iterable[str], *, told: Callable[[Any], str]) -> None:
    screen.show(session)
    for key in keys:
        if key in {"q", "\x04"} or (session.finished and key != "u"):
            return
        before, answers = session.item, session.answers
        if not screen.turn(key) and not session.press(key) and key.isprintable():
            session.note = f"no key {key!r}: press ? for the keys"
        if not screen.console.is_terminal and key != "u" and (session.item is not before or session.finished):
            click.echo(f"{before.id}: {told(answers) or 'skipped'}")
        screen.show(session)


def _keys() -> Generator[str]:
    """Keys as they are pressed, or the characters of a pipe."""
    if not sys.stdin.isatty():
        while key := sys.stdin.read(1):
            yield key
        return
    try:
        import termios
        import tty
    except ImportError:  # Windows
        while True:
            yield click.getchar()
    # Not click.getchar: it throws away what is typed while a text is drawn.
    place = sys.stdin.fileno()
    before = termios.tcgetattr(place)
    try:
        tty.setcbreak(place, termios.TCSADRAIN)
        while data := os.read(place, 1024):
            yield from _KEY.findall(data.decode("utf-8", "ignore"))
    finally:
        termios.tcsetattr(place, termios.TCSADRAIN, before)


def _summary(labelled: int, queue: Any, out: Path) -> None:
    click.echo(f"{labelled} text{'s' * (labelled != 1)} labelled in {out}")
    if queue.repeated:
        click.echo(f"left out, nearly the same as others: {queue.repeated}", err=True)
    if queue.unfit:
        click.echo(f"left out, too short, no prose or not in French: {queue.unfit}", err=True)
    for failure in queue.failures:
        click.echo(f"could not be read: {failure.message}", err=True)
    if queue.failures:
        sys.exit(1)


def _print_agreement(first: Path, second: Path, axes: Mapping[str, Sequence[str]], sizes: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    from biascheck.agreement import agree
    from biascheck.label_reading import read_labels

    read = [read_labels([file], new_labels=None, new_axes=axes) for file in (first, second)]
    problems = [problem for _, found in read for problem in found]
    for problem in problems:
        click.echo(str(problem), err=True)
    found = agree(read[0][0], read[1][0], limits=sizes)
    click.echo(
        f"{found.shared} texts in both files; {found.only[0]} in {first} alone, {found.only[1]} in {second} alone"
    )
    if found.rows:
        table = Table(box=None, pad_edge=False)
        for column in ("label", "texts", "agreement", "kappa", "95 % interval"):
            table.add_column(column, justify="left" if column == "label" else "right")
        for row in found.rows:
            kappa = ("–", "–") if row.kappa != row.kappa else (f"{row.kappa:.2f}", f"{row.low:.2f} to {row.high:.2f}")
            table.add_row(row.label, str(row.texts), f"{row.raw:.0%}", *kappa)
        Console(highlight=False, width=150).print(table)
    else:
        click.echo("no label that both say something of: nothing to compare")
    for item in found.disagreements:
        click.echo(f"{item.text}  {item.label}: {item.first} / {item.second}")
    if any(problem.hard for problem in problems):
        sys.exit(1)
