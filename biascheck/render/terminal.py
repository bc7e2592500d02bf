"""A reading on the terminal (rich): verdicts, probabilities as bars, reasons; plain when piped."""

from __future__ import annotations

from itertools import zip_longest

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from biascheck.reading import UNDETERMINED, Evidence, Failure, Reading

__all__ = ["print_failure", "print_reading"]

BAR = 20
_LANGUAGES = {"en": "English", "es": "Spanish", "de": "German", "ru": "Russian", "fr": "French"}
MAX_REASONS = 8
MAX_PASSAGE = 70


def print_reading(console: Console, reading: Reading) -> None:
    """Print one reading, about twenty lines."""
    # Text of the document goes through Text, never through markup: a headline may hold square brackets.
    name, title = _printable(reading.path or reading.id), _printable(reading.title or "")
    console.print(Text(name, style="bold"), Text(title, style="italic"), sep="  ")
    console.print(Padding(Group(*_body(reading)), (0, 0, 1, 2), expand=False))


def print_failure(console: Console, failure: Failure) -> None:
    """Print why a document could not be read."""
    console.print(Text(_printable(failure.path or failure.id), style="bold"))
    said = Text(f"error  {failure.code}: {_printable(failure.message)}", style="red")
    console.print(Padding(said, (0, 0, 1, 2), expand=False))


def _body(reading: Reading) -> list[Text | Table]:
    provenance = reading.provenance
    verdict = ", ".join(provenance.verdict)
    parts: list[Text | Table] = [
        Text.assemble("provenance  ", (verdict, "bold" if verdict != UNDETERMINED else "dim")),
    ]
    if provenance.scores:
        parts.append(_bars(reading))
    source = provenance.source_language
    if source.scores and "translated" in provenance.verdict:
        best = sorted(source.scores.items(), key=lambda item: -item[1])[:2]
        odds = ", ".join(f"{_LANGUAGES.get(code, code)} {score:.0%}" for code, score in best)
        said = _LANGUAGES.get(source.verdict, source.verdict)
        parts.append(Text.assemble("translated from  ", (said, "bold"), f"  ({odds})"))
    if reading.evidence:
        parts.append(_reasons(reading))
    parts += [Text(f"note  {_printable(warning)}", style="yellow") for warning in reading.warnings]
    return parts


def _bars(reading: Reading) -> Table:
    table = Table.grid(padding=(0, 1))
    for label, score in reading.provenance.scores.items():
        chosen = label in reading.provenance.verdict
        full = round(score * BAR)
        bar = Text("█" * full, style="green" if chosen else "dim") + Text("·" * (BAR - full), style="dim")
        table.add_row(Text(label, style="bold" if chosen else ""), bar, Text(f"{score:4.0%}"))
    return table


def _reasons(reading: Reading) -> Table:
    table = Table.grid(padding=(0, 1))
    named = _by_turns([e for e in reading.evidence if not e.why.startswith("wording ")])
    wording = [e for e in reading.evidence if e.why.startswith("wording ")]
    seen: set[tuple[int, int, str]] = set()
    for item in [*named[: MAX_REASONS - 3], *wording[:3], *named[MAX_REASONS - 3 : MAX_REASONS]]:
        if (item.start, item.end, item.why) in seen:
            continue
        seen.add((item.start, item.end, item.why))
        passage = _printable(" ".join(reading.text[item.start : item.end].split()))
        if len(passage) > MAX_PASSAGE:
            passage = passage[: MAX_PASSAGE - 1] + "…"
        table.add_row(Text("·"), Text(f"“{passage}”", style="cyan"), Text(item.why, style="dim"))
    return table


def _by_turns(evidence: list[Evidence]) -> list[Evidence]:
    """The strongest reason for each label, then the second ones: no verdict stands without a reason."""
    queues = [[e for e in evidence if e.label == label] for label in dict.fromkeys(e.label for e in evidence)]
    return [e for turn in zip_longest(*queues) for e in turn if e is not None]


def _printable(text: str) -> str:
    """Without control and direction characters, which would let a text rewrite the screen."""
    return "".join(character if character.isprintable() else " " for character in text)
