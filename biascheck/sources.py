"""Sources: the clause that whoever "selon", "d'après" or "according to" names answers for."""

from __future__ import annotations

import re
from bisect import bisect_right

from biascheck.findings import WINDOW, Findings
from biascheck.noun_phrases import Phrase
from biascheck.quotes import quote_at
from biascheck.speech import Form
from biascheck.verb_phrases import Verb

__all__ = ["cite"]

#: Words of a source ("selon …") up to the clause.
MAX_SOURCE = 250
_RELATIVE = re.compile(r"[ ,](?:qui|que|dont|où|who|which),? ?$")


def cite(findings: Findings, form: Form, start: int, end: int) -> None:  # noqa: PLR0911
    """Find what a preposition that stands in ``text[start:end]`` names the source of."""
    low = findings.low
    if form.text == "pour" and findings.text[start] != "P":
        return
    if low[end : end + 1] not in (" ", "'") or quote_at(findings.starts, findings.quotes, start):
        return
    if low.startswith(findings.speech.not_source, end + 1):
        return
    sentence = bisect_right(findings.sentences, start) - 1
    begin, stop = findings.bounds(sentence)
    if findings.clauses and begin <= findings.clauses[-1].start < start < findings.clauses[-1].end:
        return
    lead = findings.text[max(begin, start - WINDOW) : start].strip(" \n,•–—-")
    initial = len(lead) < 14 and "," not in lead
    if form.text == "pour" and not initial:
        return
    phrase = findings.nouns.after(end, min(stop, end + MAX_SOURCE), asides=False)
    if phrase is None:
        return
    if form.text == "pour":
        known = " " in phrase.name or phrase.name in findings.cast.people
        if not known and (
            phrase.name or not findings.nouns.is_role(phrase.text) or not findings.text.startswith(",", phrase.end)
        ):
            return
    close = phrase.end
    if form.text.endswith(" des") and not phrase.name:
        phrase = Phrase(f"les {phrase.text}", "", phrase.description, phrase.end)
    if phrase.description != "pronoun" and not initial and not phrase.name and not phrase.text:
        return
    number = bisect_right(findings.starts, start) - 1
    previous = findings.quotes[number] if number >= 0 else None
    verb = Verb(form, start, end, low[start:end], "", False, sentence, False, number)
    if previous is not None and previous.start not in findings.taken and findings.touches(previous, start):
        findings.take(previous, phrase, verb)
        return
    if initial:
        comma = findings.text.find(", ", close, min(stop, close + 140))
        if comma < 0:
            return
        # "Selon Anne Dupont, chercheuse à Lyon, …": a role in apposition is no clause.
        apposed = findings.text[comma + 1 : comma + 140].lstrip(" ")
        word = apposed.split(" ", 1)[0].lower()
        if word in findings.words.roles or word in (
            "ancien",
            "ancienne",
            "actuel",
            "dirigeant",
            "a",
            "an",
            "the",
            "âgé",
        ):
            second = findings.text.find(", ", comma + 1, min(stop, comma + 140))
            if (
                second > 0
                and (phrase.name or word not in ("a", "an", "the"))
                and word in findings.words.roles | {"ancien", "ancienne"}
            ):
                comma = second
        who = findings.speaker(phrase, verb)
        findings.add(comma + 1, stop, who, verb)
        return
    who = findings.speaker(phrase, verb)
    before = findings.text[max(begin, start - WINDOW) : start]
    if _RELATIVE.search(before) or before.rstrip(" ").endswith((":", ";")):
        comma = findings.text.find(",", close, min(stop, close + 60))
        findings.add(comma + 1 if comma > 0 else close, stop, who, verb)
    elif (stop - close < 9 and findings.text[close:stop].strip(" \n.!?…") == "") or not before.rstrip(" ").endswith(
        ","
    ):
        # A source that ends the sentence, or is bound to the words before it.
        findings.add(begin, start, who, verb)
    elif findings.text[close : close + 1] == ",":
        findings.add(begin, stop if len(before) < 140 else start, who, verb)
    else:
        findings.add(begin, start, who, verb)
