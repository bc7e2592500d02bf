"""A form of the lexicon in its place → the verb with auxiliary, clitics and inverted pronoun, or no verb at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from biascheck.speech import Form, Speech

__all__ = ["Verb", "read_verb"]

#: What may stand between the subject and the auxiliary: "lui a dit".
_OBJECTS = (" lui", " leur", " nous", " vous", " en", " y", " se")
_INVERTED = re.compile(r"-(?:t-)?(il|elle|on|ils|elles)\b")
_NOUN_WORDS = frozenset(
    "le la les l' un une des ce cet cette ces son sa ses leur leurs du au aux de d' en sans par toute chaque notre "
    "votre the a an of his her its their".split()
)
_NOUN_BEFORE = re.compile(rf"(?:^|[ \n'(])(?:{'|'.join(_NOUN_WORDS)}) ?$")
_MODAL = re.compile(
    r"\b(?:would|could|should|can|may|might|must|not|n't|never|cannot|did|does|do|will|be|is|are|was|were"
    r"|been|being|to|to be)$"
)
_NEGATED = re.compile(r"(?:^|[ '])(?:pas|jamais|rien|guère)(?: |$)")


@dataclass(slots=True)
class Verb:
    """A verb in its sentence: the span of the whole verb phrase, and how it is said."""

    form: Form
    start: int
    end: int
    shown: str
    pronoun: str
    negated: bool
    sentence: int
    finite: bool
    #: The last quotation that begins before it, by number; -1 where there is none.
    quote: int = -1


def read_verb(  # noqa: PLR0911
    speech: Speech, text: str, low: str, form: Form, start: int, end: int, sentence: int, floor: int
) -> Verb | None:
    """The verb with auxiliary, clitics and inverted pronoun, or nothing where the word is no verb."""
    left = low[max(floor, start - 70) : start]
    shown = text[start:end]
    pronoun, negated, kind = "", False, form.kind
    if kind == "P":
        if left.endswith(" a ") and not form.reflexive and not left.endswith(_OBJECTS, 0, -3):
            return Verb(form, start - 2, end, f"a {shown}", "", False, sentence, True)
        found = speech.find_auxiliary(left)
        if found is not None:
            clitic, auxiliary = found.clitic, found.word
            if auxiliary in ("est", "sont", "était", "étaient"):
                if not form.reflexive or clitic not in ("s'", "se "):
                    return None
            elif form.reflexive:
                return None
            negated = clitic.startswith("n'") or bool(found.adverbs and _NEGATED.search(found.adverbs))
            pronoun = found.inverted.rpartition("-")[2]
            front = clitic if form.reflexive else ""
            return Verb(
                form,
                start - found.length,
                end,
                f"{front}{auxiliary} {shown}",
                pronoun,
                negated,
                sentence,
                True,
            )
        if form.reflexive or form.text not in ("dit", "écrit", "conclut", "redit", "décrit", "prédit"):
            return None
        kind = "F"
    if speech.english:
        found = speech.find_auxiliary(left)
        begin = start - found.length if found else start
        if kind == "E" and (
            _MODAL.search(low, max(floor, begin - 12), max(floor, begin - 1))
            or _NOUN_BEFORE.search(low, max(floor, start - 8), start)
        ):
            return None
        auxiliary = found.word if found else ""
        return Verb(form, begin, end, f"{auxiliary} {shown}".strip(), "", False, sentence, kind == "E")
    if kind == "F":
        if low.startswith("-", end):
            match = _INVERTED.match(low, end)
            return Verb(form, start, match.end(), shown, match[1], False, sentence, True) if match else None
        if _is_noun(left):
            return None
    begin = start
    if kind != "G":
        length = speech.find_clitics(left)
        begin -= length
        negated = length > 0 and left.startswith(("n'", "ne "), len(left) - length)
    return Verb(form, begin, end, shown, "", negated, sentence, kind == "F")


def _is_noun(left: str) -> bool:
    """Whether the word before tells that a form is a noun: "la demande"."""
    left = left[-9:]
    word = left[left.rfind(" ", 0, len(left) - 1) + 1 :].strip(" ")
    return word in _NOUN_WORDS or (not word.isalpha() and _NOUN_BEFORE.search(left) is not None)
