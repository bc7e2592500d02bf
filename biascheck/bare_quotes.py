"""Quotations that no verb touches: attributed by a colon, by the quotation before, or by their paragraph."""

from __future__ import annotations

import re
from bisect import bisect_right

from biascheck.findings import MIN_PARTIAL, Findings, Found
from biascheck.noun_phrases import Phrase, find_name
from biascheck.quotes import Quote, opens_paragraph, words_between
from biascheck.speakers import Mention

__all__ = ["follow"]

#: A quotation of fewer words that nobody is said to say is a title or a word used.
MIN_BARE = 8
#: Between two quotations of one speaker: words, blanks alone.
MAX_BARE_GAP, MAX_BLANK_GAP = 160, 1_000


def follow(findings: Findings) -> None:
    """Attribute the quotations that no verb touches: by a colon, by the quotation before, by their paragraph."""
    if not findings.quotes:
        return
    known = len(findings.cast.mentions)
    clauses = sorted([(clause.start, clause.end) for clause in findings.clauses])
    before: Found | None = None
    before_quote: Quote | None = None
    for quote in findings.quotes:
        found = findings.taken.get(quote.start)
        if found is None:
            place = bisect_right(clauses, (quote.start, len(findings.text))) - 1
            covered = place >= 0 and quote.start < clauses[place][1]
            if not covered:
                found = _bare(findings, quote, before, before_quote, known)
        if found is not None:
            findings.taken[quote.start] = found
            before, before_quote = found, quote


def _bare(  # noqa: PLR0911
    findings: Findings,
    quote: Quote,
    before: Found | None,
    before_quote: Quote | None,
    known: int,
) -> Found | None:
    words = words_between(findings.text, quote.start, quote.end)
    sentence = bisect_right(findings.sentences, quote.start) - 1
    lead = findings.text[max(findings.sentences[sentence], quote.start - 300) : quote.start].strip(" \n-–—•")
    if lead.endswith(":") or (not lead and findings.text[max(0, quote.start - 4) : quote.start].rstrip().endswith(":")):
        if not lead:
            sentence -= 1
            lead = findings.text[max(findings.sentences[sentence], quote.start - 300) : quote.start].strip(" \n-–—•")
        return _colon(findings, quote, lead, sentence, words)
    if before is not None and before_quote is not None:
        size = quote.start - before.end
        gap = findings.text[before.end : quote.start] if size <= MAX_BLANK_GAP else "…"
        if not before_quote.closed and opens_paragraph(findings.text, quote.start):
            return _of(findings, quote, before.speaker, before.side)
        near = size < MAX_BARE_GAP and "\n" not in gap and gap.count(". ") <= 1
        if near and words >= MIN_PARTIAL and before.verb:
            tail = gap.rstrip(" ")
            if tail.endswith((".", ",", ":", ";")) and gap.count(", ") < 4:
                return _of(findings, quote, before.speaker, before.side)
        if words > MIN_PARTIAL and not gap.strip() and opens_paragraph(findings.text, quote.start):
            return _of(findings, quote, before.speaker, before.side)
    if not lead and words >= 5:
        last = findings.cast.last_before(quote.start, known)
        if sentence:
            while (
                sentence > 1
                and not findings.text[findings.sentences[sentence - 1] : findings.sentences[sentence]].strip()
            ):
                sentence -= 1
            subject = findings.cast.subject(sentence - 1, quote.start) if sentence else None
            if subject is not None and (last is None or subject.at > last.at):
                last = subject
        if last is not None and quote.start - last.at < 500:
            return _of(findings, quote, last.speaker, last.side)
    if words < MIN_BARE:
        return None
    return _of(findings, quote, "", "other")


def _colon(findings: Findings, quote: Quote, lead: str, sentence: int, words: int) -> Found | None:
    """« Nom : “…” », or a sentence that ends in a colon."""
    head = lead.rstrip(" :")
    start = findings.sentences[sentence]
    who: Mention | None = None
    name = find_name(head, findings.words)
    if len(head) <= 60 and name and head.endswith(name.rsplit(" ", 1)[-1]):
        who = findings.cast.mention(Phrase(head, name, head), quote.start)
    who = who or findings.cast.subject(sentence, quote.start)
    if who is None:
        match = re.search(r"(?:^|[ ,])(il|elle|ils|elles|he|she|they)\b", head.lower())
        if match:
            who = (
                findings.cast.settle(Phrase(match[1], "", "pronoun"), start + 1, sentence)
                if match[1] in findings.words.pronouns
                else None
            )
    if who is None and words < MIN_PARTIAL:
        return None
    return _of(findings, quote, who.speaker if who else "", who.side if who else "other")


def _of(findings: Findings, quote: Quote, speaker: str, side: str) -> Found:
    return Found(quote.start, quote.end, speaker, side, "", "neutral", False)
