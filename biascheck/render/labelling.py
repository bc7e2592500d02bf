"""What an annotator sees: a text by the page, the model's guess, the answers so far, the keys."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from biascheck.labelling_session import AXIS, LABEL_KEYS, POLE_KEYS, Answers, Item, Session
from biascheck.reading import UNDETERMINED, Evidence, Reading

__all__ = ["Screen", "said"]

#: Characters of a text that are shown; nobody reads on to label it.
MAX_CHARACTERS = 20_000
MAX_WIDTH = 100
MAX_REASONS = 3
LEAST_LINES = 5
_DOWN = frozenset({" ", "\x1b[B", "\x1b[6~", "\x1bOB"})
_UP = frozenset({"b", "\x1b[A", "\x1b[5~", "\x1bOA"})
HELP = """Each key sets an answer, which is saved at once; nothing is lost by quitting.

  o a t g r   original, agency, translated, aggregated, rewritten: yes, then no, then nothing
  0           no to those of the five that nothing was said of
  l           the language that it was translated from: en, es, de, ru, fr, none
  k n y x     the war in Ukraine: pro_kremlin, neutral, pro_kyiv, off_topic; again takes it back
  1 to 9      labels and axes of your own (--new-label, --new-axis)
  m           as the model says, where it says anything
  Enter       the next text; s skips this one and says nothing of it
  u           undo the last key, as often as you like
  space, b    a page down, a page up
  q           quit

Any key goes on."""


class Screen:
    """Draws a session.

    Parameters
    ----------
    console : Console
        Where it is no terminal, each text is printed once, and what was said of it.
    total : int
        Texts in the folder that are not labelled yet.
    """

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self.total = total
        self._page = 0
        self._shown: Item | None = None
        self._helping = False
        self._pages = 1

    def turn(self, key: str) -> bool:
        """Turn a page or open the help; False for other keys."""
        if self._helping or key == "?":
            self._helping = not self._helping
            return True
        step = (key in _DOWN) - (key in _UP)
        self._page = min(max(self._page + step, 0), self._pages - 1)
        return step != 0

    def show(self, session: Session) -> None:
        """Draw the present state."""
        new = self._shown is not session.item
        if new:
            self._page, self._shown = 0, session.item
        if not self.console.is_terminal:
            if new:
                self._print_once(session)
            if session.note:
                self.console.print(Text(session.note))
            return
        self.console.clear()
        if self._helping:
            self.console.print(Text(HELP))
            return
        above, below = self._head(session), self._foot(session)
        for line in above:
            self.console.print(line)
        # One line more is where the cursor stands.
        room = max(self.console.height - len(above) - len(below) - 2, LEAST_LINES)
        lines = _lines(self.console, session)
        self._pages = max(-(-len(lines) // room), 1)
        self._page = min(self._page, self._pages - 1)
        shown = lines[self._page * room : (self._page + 1) * room]
        for line in shown:
            self.console.print(line)
        for _ in range(room - len(shown)):
            self.console.print()
        self.console.print(Text(f"── {self._page + 1}/{self._pages} ──", style="dim"))
        for line in below:
            self.console.print(line)

    def _print_once(self, session: Session) -> None:
        for line in self._head(session):
            self.console.print(line)
        for line in _lines(self.console, session)[:20]:
            self.console.print(line)

    def _head(self, session: Session) -> list[Text]:
        item = session.item
        count = f"{session.labelled} labelled, {self.total - session.labelled:,} left"
        lines = [Text(_one_line(f"{item.id}  ({item.outlet})  {count}"), style="bold")]
        # A plain text's title is its first line, which is shown anyway.
        if item.reading.title and not item.reading.text.lstrip("\ufeff \t\r\n").startswith(item.reading.title):
            lines.append(Text(_one_line(item.reading.title), style="italic"))
        lines += [] if session.blind else _guess(item.reading)
        return [*(self._cropped(line) for line in lines), Text()]

    def _foot(self, session: Session) -> list[Text]:
        labels = "  ".join(f"{key} {name}" for key, name in LABEL_KEYS.items())
        own = "  ".join(f"{key} {name}" for key, name in session.digits.items())
        poles = "  ".join(f"{key} {pole}" for key, pole in POLE_KEYS.items())
        guess = "" if session.blind else "m as the model says  "
        state = "no text is left: u undoes, any other key ends" if session.finished else session.note
        return [
            self._cropped(line)
            for line in (
                Text.assemble(("answers  ", "bold"), (said(session.answers) or "none yet", "green")),
                Text(state, style="yellow"),
                Text(f"{labels}  0 no to the rest  l language", style="dim"),
                Text(f"{AXIS}: {poles}" + (f"   own: {own}" if own else ""), style="dim"),
                Text(f"Enter next  s skip  u undo  space/b page  {guess}? help  q quit", style="dim"),
            )
        ]

    def _cropped(self, line: Text) -> Text:
        if self.console.is_terminal:
            line.truncate(self.console.width, overflow="ellipsis")
        return line


def said(answers: Answers) -> str:
    """Answers in a line, as they stand in the columns of the labels file."""
    parts = [f"{name}={'yes' if value else 'no'}" for name, value in answers.labels.items()]
    parts += [f"source_language={answers.language}"] if answers.language else []
    parts += [f"slant.{axis}={pole}" for axis, pole in answers.slant.items()]
    return "  ".join(parts)


def _guess(reading: Reading) -> list[Text]:
    """The verdicts, the probabilities, and the strongest reasons."""
    provenance = reading.provenance
    verdict = ", ".join(provenance.verdict)
    if provenance.source_language.verdict != UNDETERMINED:
        verdict += f" (from {provenance.source_language.verdict})"
    verdict += "".join(f"; {axis}: {slant.verdict}" for axis, slant in reading.slant.items())
    verdict += "".join(f"; {name}: {label.verdict}" for name, label in reading.labels.items())
    odds = "  ".join(f"{name} {score:.0%}" for name, score in provenance.scores.items())
    lines = [Text.assemble(("model    ", "bold"), verdict), Text(f"         {odds}", style="dim")]
    for item in _reasons(reading)[:MAX_REASONS]:
        passage = _one_line(reading.text[item.start : item.end])[:60]
        lines.append(Text(f"         {item.weight:+.1f} {item.label}: “{passage}”: {item.why}", style="dim"))
    return lines


def _reasons(reading: Reading) -> list[Evidence]:
    """What speaks for the verdicts at a place of the text, weightiest first; nobody labels how loaded a text is."""
    found = [e for e in reading.evidence if e.end > e.start and e.weight > 0 and e.label != "loaded"]
    return sorted(found, key=lambda e: -e.weight)


def _lines(console: Console, session: Session) -> list[Text]:
    """The text in lines as wide as the screen; what speaks for the guess underlined, furniture dim."""
    reading = session.item.reading
    # A text may hold what rewrites the screen; every character keeps its place.
    text = Text("".join(c if c.isprintable() or c == "\n" else " " for c in reading.text[:MAX_CHARACTERS]))
    if not session.blind:
        for piece in reading.furniture:
            text.stylize("dim", piece.start, piece.end)
        for item in _reasons(reading):
            text.stylize("underline", item.start, item.end)
    return list(text.wrap(console, min(console.width, MAX_WIDTH)))


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
