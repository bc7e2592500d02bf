"""A reading on the terminal (rich): verdicts, probabilities as bars, reasons; plain when piped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import zip_longest

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from biascheck.reading import OFF_TOPIC, UNDETERMINED, Evidence, Failure, Reading, Slant, Upstream
from biascheck.render.marks import Mark, cut

__all__ = ["print_failure", "print_reading", "print_text"]

BAR = 20
_LANGUAGES = {"en": "English", "es": "Spanish", "de": "German", "ru": "Russian", "fr": "French"}
_SIDES = {"ukraine": "blue", "russia": "red", "western": "green", "other": "magenta"}
MAX_REASONS = 8
MAX_PASSAGE = 70
MAX_OUTLETS = 6


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


def print_text(console: Console, reading: Reading) -> None:
    """Print the text with its marks, in brackets and in colour: what is said by colour is said in signs as well.

    ``[western: …]`` is reported speech with the side that speaks, ``{source_link: …}`` furniture, ``_…_`` a term with
    its pole, ``*…*`` evidence for the first verdict that has any (``~…~`` against it).
    """
    first = next((e.label for e in reading.evidence), None)
    named: dict[str, list[str]] = {}
    marks = []
    for number, (layer, (start, end), *signs) in enumerate(_shown(reading, first)):
        named[str(number)] = signs
        marks.append(Mark(str(number), layer, start, end))
    text = Text()
    if first is not None:
        text.append(f"*…* evidence for {first}, ~…~ against it\n", "dim")
    for segment in cut(marks, len(reading.text)):
        styles = [named[mark.key][2] for mark in segment.marks]
        for mark in segment.first:
            text.append(named[mark.key][0], "dim")
        said = "\n".join(_printable(line) for line in reading.text[segment.start : segment.end].split("\n"))
        text.append(said, " ".join(styles))
        for mark in reversed(segment.last):
            text.append(named[mark.key][1], "dim")
    # Wrapped on a screen; as it is for another program.
    console.print(text, soft_wrap=not console.is_terminal)
    console.print()


def _shown(reading: Reading, label: str | None) -> Iterator[tuple[str, tuple[int, int], str, str, str]]:
    """Marks with their layer, place, opening sign, closing sign and style."""
    for item in reading.furniture:
        yield "furniture", (item.start, item.end), f"{{{item.kind}: ", "}", "dim"
    for quote in reading.attribution:
        yield "quote", (quote.start, quote.end), f"[{quote.side}: ", "]", _SIDES.get(quote.side, "")
    off = reading.slant and all(slant.verdict == OFF_TOPIC for slant in reading.slant.values())
    for term in () if off else reading.framing:
        yield "framing", (term.start, term.end), "_", f"_({term.pole}, {term.voice})", "underline"
    # What several reasons say of one place is one mark, for or against.
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for evidence in reading.evidence:
        if evidence.label == label:
            weights[evidence.start, evidence.end] += evidence.weight
    for span, weight in weights.items():
        yield "evidence", span, *(("*", "*", "bold") if weight > 0 else ("~", "~", "bold"))


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
    if provenance.upstream:
        parts.append(Text("upstream  " + "; ".join(map(_outlet, provenance.upstream[:MAX_OUTLETS]))))
    if reading.furniture:
        kinds = Counter(item.kind for item in reading.furniture)
        said = ", ".join(kind if n == 1 else f"{kind} × {n}" for kind, n in kinds.items())
        parts.append(Text(f"furniture  {said}"))
    parts += [Text(_slant(axis, slant)) for axis, slant in reading.slant.items()]
    if reading.labels:
        own = ", ".join(f"{name}: {label.verdict} ({label.score:.0%})" for name, label in reading.labels.items())
        parts.append(Text(f"labels  {own}"))
    if reading.attribution:
        sides = Counter(item.side for item in reading.attribution)
        parts.append(Text("voices  " + ", ".join(f"{side} × {n}" for side, n in sides.most_common())))
    if reading.evidence:
        parts.append(_reasons(reading))
    parts += [Text(f"note  {_printable(warning)}", style="yellow") for warning in reading.warnings]
    return parts


def _slant(axis: str, slant: Slant) -> str:
    if slant.verdict == OFF_TOPIC:
        return f"slant  {axis}: off topic"
    odds = ", ".join(f"{pole} {score:.0%}" for pole, score in slant.scores.items())
    return f"slant  {axis}: {slant.verdict}  ({odds})"


def _outlet(item: Upstream) -> str:
    about = ", ".join(part for part in (item.ownership, item.country) if part and part != "unknown")
    return _printable(f"{item.role}: {item.name}" + (f" ({about})" if about else ""))


def _bars(reading: Reading) -> Table:
    table = Table.grid(padding=(0, 1))
    for label, score in reading.provenance.scores.items():
        chosen = label in reading.provenance.verdict
        full = round(score * BAR)
        bar = Text("█" * full, style="green" if chosen else "dim") + Text("·" * (BAR - full), style="dim")
        table.add_row(Text(label, style="bold" if chosen else ""), bar, Text(f"{score:4.0%}"))
    return table


def _reasons(reading: Reading) -> Table:
    """The strongest passages, with what they add in log-odds; what has no place in the text is left out."""
    table = Table.grid(padding=(0, 1))
    placed = [e for e in reading.evidence if e.end > e.start]
    named = _by_turns([e for e in placed if "wording " not in e.why])
    wording = [e for e in placed if "wording " in e.why and e.weight > 0]
    for item in [*named[: MAX_REASONS - 3], *wording[:3], *named[MAX_REASONS - 3 : MAX_REASONS]]:
        passage = _printable(" ".join(reading.text[item.start : item.end].split()))
        if len(passage) > MAX_PASSAGE:
            passage = passage[: MAX_PASSAGE - 1] + "…"
        label = item.label.rpartition(":")[2]
        said = Text(f"“{passage}”", style="cyan")
        table.add_row(Text(f"{item.weight:+.1f}"), Text(label), said, Text(item.why, style="dim"))
    return table


def _by_turns(evidence: list[Evidence]) -> list[Evidence]:
    """The strongest reason for each label, then the second ones: no verdict stands without a reason."""
    queues = [[e for e in evidence if e.label == label] for label in dict.fromkeys(e.label for e in evidence)]
    return [e for turn in zip_longest(*queues) for e in turn if e is not None]


def _printable(text: str) -> str:
    """Without control and direction characters, which would let a text rewrite the screen."""
    return "".join(character if character.isprintable() else " " for character in text)
