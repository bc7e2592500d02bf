"""A reporting verb → what it reports and by whom: quotations that it touches, else reported speech."""

from __future__ import annotations

import re
from bisect import bisect_right

from biascheck.clauses import ENGLISH_END, breaks_clause, find_clause, find_incise, find_late_subject
from biascheck.findings import MIN_PARTIAL, WINDOW, Findings
from biascheck.noun_phrases import NOBODY, SAME, Phrase
from biascheck.quotes import Quote, words_between
from biascheck.speech import Form
from biascheck.verb_phrases import Verb, read_verb

__all__ = ["report"]

#: Between a verb and its quotation, in characters.
MAX_GAP, MAX_COLON_GAP = 45, 160
_STOP = re.compile(r"[.!?;](?:\s|$)")
#: What follows "…", Rutte a dit: a sign, or when and where it was said.
_SPOKEN_END = re.compile(r"[ ,.!?]*$|[,.;\n]| (?:lors|à|au|dans|lundi|mardi|mercredi|jeudi|vendredi|devant|en)\b|$")


def report(findings: Findings, form: Form, start: int, end: int) -> None:
    """Find what a verb of the lexicon that stands in ``text[start:end]`` reports."""
    number = bisect_right(findings.starts, start) - 1
    quote = findings.quotes[number] if number >= 0 and start < findings.quotes[number].end else None
    if quote is not None and (form.kind in "GI" or quote.start in findings.taken):
        return
    sentence = bisect_right(findings.sentences, start) - 1
    floor = max(findings.sentences[sentence], quote.start if quote else 0)
    verb = read_verb(findings.speech, findings.text, findings.low, form, start, end, sentence, floor)
    if verb is None:
        return
    verb.quote = number
    if quote is not None:
        _inside(findings, verb, quote)
        return
    if findings.clauses and verb.start < findings.clauses[-1].end and not breaks_clause(findings, verb):
        return
    done = _report(findings, verb)
    findings.last, findings.last_settled = verb, done


def _inside(findings: Findings, verb: Verb, quote: Quote) -> None:
    """Take an incise within the marks, as in « Rien ne presse, a-t-il dit, au contraire », for its quotation."""
    if not verb.finite or findings.text[verb.start - 2 : verb.start] not in (
        ", ",
        "? ",
        "! ",
        "… ",
        ".,",
        "- ",
        "– ",
        "— ",
    ):
        return
    if findings.text[verb.end : verb.end + 1] not in ",.;: ":
        return
    subject: Phrase | None
    if verb.pronoun:
        subject = Phrase(verb.pronoun, "", "pronoun")
    else:
        subject = findings.nouns.after(verb.end, quote.end - 1)
        if subject is None or not subject.name or subject.end >= quote.end or findings.text[subject.end] not in ",.":
            return
    findings.take(quote, subject, verb)


def _report(findings: Findings, verb: Verb) -> bool:  # noqa: PLR0911
    """Find what a verb outside quotations reports, and by whom."""
    start, end = findings.bounds(verb.sentence)
    previous = findings.quotes[verb.quote] if verb.quote >= 0 else None
    following = findings.quotes[verb.quote + 1] if verb.quote + 1 < len(findings.quotes) else None
    if verb.negated:
        return False
    touching = previous is not None and previous.start not in findings.taken and findings.touches(previous, verb.start)
    if verb.pronoun:
        pronoun = Phrase(verb.pronoun, "", "pronoun")
        if touching and previous:
            return _partial(findings, previous, pronoun, verb, start, end) or findings.take(previous, pronoun, verb)
        if findings.text[verb.start - 2 : verb.start] in (", ", "– ", "— ", "- "):
            return find_incise(findings, verb, pronoun, start, end)
        return False
    if verb.form.kind != "C" and find_clause(findings, verb, start, end):
        return True
    if touching and previous and verb.finite:
        subject = findings.nouns.after(verb.end, end)
        if subject is not None:
            return _partial(findings, previous, subject, verb, start, end) or findings.take(previous, subject, verb)
        if findings.text[verb.start - 2 : verb.start] == ", " and findings.text[verb.end : verb.end + 1] == ".":
            return findings.take(previous, SAME, verb)
    if previous is not None and verb.finite and _subject_between(findings, verb, previous, end):
        return True
    if following is not None and _forward(findings, verb, following, start, end):
        return True
    if verb.finite and findings.english and find_late_subject(findings, verb, start, end):
        return True
    if (
        verb.finite
        and findings.text[verb.start - 2 : verb.start] in (", ", "– ", "— ")
        and verb.form.text not in findings.speech.transitive
    ):
        subject = findings.nouns.after(verb.end, end)
        if subject is not None and (subject.name or findings.nouns.is_role(subject.text)):
            return find_incise(findings, verb, subject, start, end)
        if not findings.english and subject is None and findings.text[verb.end : verb.end + 1] == ".":
            return find_incise(findings, verb, Phrase("il", "", "pronoun"), start, end)
    return False


def _partial(findings: Findings, quote: Quote, subject: Phrase, verb: Verb, start: int, end: int) -> bool:
    """Report a whole sentence that only ends in a quotation: Le bloc est « en position de force », a dit X."""
    if quote.start <= start or (findings.last is not None and findings.last_settled and findings.last.end > start):
        return False
    lead = findings.text[max(start, quote.start - WINDOW) : quote.start].rstrip(" ")
    if lead.endswith((":", ",", ".")) or words_between(findings.text, start, quote.start) < 4:
        return False
    if findings.text[verb.start - 2 : verb.start] != ", " or (findings.clauses and findings.clauses[-1].end > start):
        return False
    return find_incise(findings, verb, subject, start, end)


def _subject_between(findings: Findings, verb: Verb, quote: Quote, end: int) -> bool:  # noqa: PLR0911
    """The subject between a quotation and the verb: "…," Rutte said."""
    if not 2 <= verb.start - quote.end <= 90 or quote.start in findings.taken:
        return False
    gap = findings.text[quote.end : verb.start]
    if "\n" in gap or ":" in gap or quote.end < findings.bounds(verb.sentence)[0] - 1:
        return False
    if not findings.english and not _SPOKEN_END.match(findings.text[verb.end : verb.end + 12]):
        return False
    if gap.lstrip(" ,")[:1].islower() and not findings.english:
        return False
    if findings.english and not (ENGLISH_END.match(findings.text, verb.end) or verb.form.text in findings.speech.told):
        return False
    subject = findings.nouns.before(quote.end, verb.start)
    if subject is SAME or subject is NOBODY or len(subject.text) > 80:
        return False
    return findings.take(quote, subject, verb)


def _forward(findings: Findings, verb: Verb, quote: Quote, start: int, end: int) -> bool:
    """A quotation after the verb: "a déclaré : « … »", "dénonce « … »"."""
    if quote.start - verb.end > MAX_COLON_GAP or quote.start in findings.taken:
        return False
    gap = findings.text[verb.end : quote.start]
    bare = gap.strip(" \n")
    colon = bare.endswith(":")
    if _STOP.search(gap) or ("\n" in gap and not colon):
        return False
    if not colon:
        if bare.strip(",") and (len(gap) > MAX_GAP or quote.start > end):
            return False
        if words_between(findings.text, quote.start, quote.end) < MIN_PARTIAL:
            return False
    subject: Phrase | None = findings.subject(verb, start)
    if subject is SAME and verb.finite:
        subject = findings.nouns.after(verb.end, quote.start) or SAME
    if subject is NOBODY:
        return False
    return findings.take(quote, subject or SAME, verb)
