"""Write what the documentation prints of the program itself: help pages, output columns, figures, the seeds' readings.

    python docs/generate.py          write them
    python docs/generate.py --check  fail where one is not what the program says now (without the seeds: see below)

Between ``<!-- NAME -->`` and ``<!-- end NAME -->`` a page is this script's; the rest is written by hand. The readings
of the seeds have digits that another machine may round otherwise, so they are written and not checked.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/cli.md", "docs/columns.md", "docs/figures.md", "docs/seeds.md")
CUTS = {
    "outlet": "unseen outlets, systems, sets",
    "year": "unseen years, models, outlets",
    "system": "unseen systems and outlets",
    "family": "unseen site families and outlets",
    "written": "families that we wrote, unseen",
    "dev": "paragraphs kept out of training",
    "article": "unseen articles",
}


def help_pages() -> str:
    """Every command's help, as it prints it."""
    os.environ["COLUMNS"] = "100"
    from biascheck.cli import cli

    context = click.Context(cli)
    pages = [("biascheck", [])]
    for name in cli.list_commands(context):
        pages.append((f"biascheck {name}", [name]))
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            pages += [(f"biascheck {name} {sub}", [name, sub]) for sub in command.list_commands(context)]
    parts = []
    for title, words in pages:
        said = CliRunner().invoke(cli, [*words, "-h"], prog_name="biascheck", terminal_width=100).output
        parts.append(f"## `{title}`\n\n```text\n{said.rstrip()}\n```")
    return "\n\n".join(parts)


def columns() -> str:
    """The flat columns of `batch`, with their explanations."""
    table = tomllib.loads((ROOT / "biascheck" / "columns.toml").read_text(encoding="utf-8"))["column"]
    rows = ["| column | type | what |", "|---|---|---|"]
    rows += [f"| `{row['name']}` | {row['type']} | {row['explain']} |" for row in table]
    return "\n".join(rows)


def _figures() -> tuple[dict[str, Any], dict[str, Any]]:
    card = json.loads((ROOT / "models" / "fr" / "card.json").read_text(encoding="utf-8"))
    return card, {f"{f['head']}.{f['cut']}.{f['name']}": f for f in card["figures"]}


def figures() -> str:
    """Every figure of the card."""
    rows = ["| head | measured on | figure | value | 95 % | positives | negatives |", "|---|---|---|---|---|---|---|"]
    for f in _figures()[0]["figures"]:
        span = f"{f['low']:.3f} to {f['high']:.3f}"
        counts = f"{f['positives']:,} | {f['negatives']:,}"
        cut = CUTS.get(f["cut"], f["cut"])
        rows.append(f"| {f['head']} | {cut} | {f['name']} | {f['value']:.3f} | {span} | {counts} |")
    return "\n".join(rows)


def summary() -> str:
    """The figures that README shows."""
    found = _figures()[1]

    def value(key: str) -> str:
        f = found[key]
        return f"{f['value']:.3f} ({f['low']:.3f}–{f['high']:.3f})"

    def short(key: str, digits: int = 3) -> str:
        return f"{found[key]['value']:.{digits}f}"

    lines = [
        "| head | measured on | AUC | recall at 1 % false alarms | calibration error | at the shipped threshold: "
        "recall, false alarms |",
        "|---|---|---|---|---|---|",
    ]
    for head, cut in (
        *(("translated", "outlet"), ("rewritten", "year"), ("rewritten", "outlet"), ("agency", "year")),
        *(("agency", "outlet"), ("original", "year"), ("aggregated", "family")),
    ):
        k = f"{head}.{cut}."
        at = f"{short(k + 'recall_at_threshold', 2)}, {short(k + 'false_alarms_at_threshold')}"
        lines.append(
            f"| `{head}` | {CUTS[cut]} | {value(k + 'auc')} | {value(k + 'recall_at_1pct')} "
            f"| {short(k + 'calibration_error')} | {at} |"
        )
    lines += [
        "",
        "| source language | measured on | right one ranked first, mean over languages | right when it speaks "
        "| it speaks, and is right |",
        "|---|---|---|---|---|",
    ]
    for cut in ("system", "outlet"):
        k = f"language.{cut}."
        cells = (value(k + "macro_recall"), value(k + "right_when_spoken"), short(k + "macro_recall_spoken", 2))
        lines.append(f"| en, es, de, ru | {CUTS[cut]} | {' | '.join(cells)} |")
    k = "slant.outlet."
    lines += ["", "| slant, `ukraine-war`, unseen outlets | French | English |", "|---|---|---|"]
    for said, name in (
        ("pro-Kremlin sites' texts on the war called `pro_kremlin`, mean over sites", "recall_at_threshold"),
        ("the same where 1 % of mainstream texts on the war are", "recall_at_1pct"),
        ("the same where 2 % are", "recall_at_2pct"),
        ("the same where 5 % are", "recall_at_5pct"),
        ("mainstream texts on the war called either pole", "false_war"),
    ):
        lines.append(f"| {said} | {value(f'{k}fr_{name}')} | {value(f'{k}en_{name}')} |")
    lines += [
        f"| mainstream texts on all subjects called either pole | {value(k + 'fr_false_all')} | |",
        f"| recall at 2 % without the English rows | {value(k + 'fr_without_english_recall_at_2pct')} | |",
        f"| recall at 2 % without words; without voices | {short(k + 'fr_without_words_recall_at_2pct')}; "
        f"{short(k + 'fr_without_voices_recall_at_2pct')} | |",
        f"| our contrast texts: right pole; called the opposite | {short(k + 'contrast_right')}; "
        f"{short(k + 'contrast_opposite')} | |",
        f"| our off-topic texts left alone | {short(k + 'off_topic_left_alone')} | |",
    ]
    return "\n".join(lines)


def _scored(*names: str) -> str:
    from biascheck.cli import cli

    os.chdir(ROOT)
    said = CliRunner().invoke(cli, ["score", *names], prog_name="biascheck").output
    return "```text\n" + "\n".join(line.rstrip() for line in said.strip().splitlines()) + "\n```"


def _seed_files(*numbers: str) -> list[str]:
    paths = sorted((ROOT / "seeds").glob("*.txt"))
    return [f"seeds/{path.name}" for path in paths if not numbers or path.name[:3] in numbers]


def seeds() -> str:
    """All five seeds as `score` prints them."""
    return _scored(*_seed_files())


def reading() -> str:
    """Two of the seeds, for README."""
    return _scored(*_seed_files("001", "004"))


BLOCKS: dict[str, Callable[[], str]] = {
    "cli": help_pages,
    "columns": columns,
    "figures": figures,
    "summary": summary,
    "seeds": seeds,
    "reading": reading,
}
UNCHECKED = {"seeds", "reading"}
_BLOCK = re.compile(r"<!-- (\w+) -->\n(.*?)<!-- end \1 -->", re.DOTALL)


def fill(text: str, *, check: bool = False) -> str:
    """A page with its blocks as the program has them now."""

    def block(found: re.Match[str]) -> str:
        name = found[1]
        if check and name in UNCHECKED:
            return found[0]
        return f"<!-- {name} -->\n{BLOCKS[name]()}\n<!-- end {name} -->"

    return _BLOCK.sub(block, text)


def main() -> None:
    """Write the pages, or with --check say which are old."""
    check = "--check" in sys.argv[1:]
    old = []
    for name in PAGES:
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        new = fill(text, check=check)
        if new != text:
            old.append(name)
            if not check:
                path.write_text(new, encoding="utf-8")
    if check and old:
        sys.exit(f"not what the program says: {', '.join(old)}; run python docs/generate.py")


if __name__ == "__main__":
    main()
