"""Text → who says what: direct quotations and reported speech, by rules and word lists, in linear time.

One pass finds the quotation marks, one Aho–Corasick pass the reporting verbs and the prepositions that name a source;
then each verb looks at the few words around it. After the rules for news in several languages of B. Pouliquen,
R. Steinberger and C. Best (Automatic Detection of Quotations in Multilingual News, RANLP 2007).

What is one attribution: a direct quotation with its marks, or a reported clause without its "que". Quotations inside a
reported clause belong to the clause. A quoted word or two, with nobody said to say it, is none; a long one is, with
an empty speaker. Verbs are given without pronoun and adverbs ("a ajouté" for "a-t-il également ajouté"), apostrophes
straight.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from biascheck.bare_quotes import follow
from biascheck.findings import Findings, Found
from biascheck.quotes import Even
from biascheck.reading import Attribution
from biascheck.reports import report
from biascheck.sources import cite
from biascheck.speech import Form, load_speech

__all__ = ["attributions_of", "author_spans", "find_attributions", "voice_shares"]

#: Verbs looked at. A long article has two hundred; this bounds the work on hostile text.
MAX_VERBS = 4_000


def find_attributions(text: str, language: str = "fr", *, date: str | None = None) -> tuple[Attribution, ...]:
    """Find who says what in a text.

    Parameters
    ----------
    text : str
        Offsets of the result are positions in it.
    language : str
        ``fr`` or ``en``.
    date : str, optional
        ISO date of the text, for offices that changed hands.

    Returns
    -------
    tuple of Attribution
        In order, never overlapping.

    Examples
    --------
    >>> found = find_attributions("« Rien ne presse », a déclaré Mark Rutte. Il a rappelé que l’hiver serait long.")
    >>> [(a.speaker, a.verb, a.stance) for a in found]
    [('Mark Rutte', 'a déclaré', 'neutral'), ('Mark Rutte', 'a rappelé', 'endorsing')]
    """
    return attributions_of([Even(text)], [language], [date])[0]


def attributions_of(
    texts: Sequence[Even], languages: Sequence[str], dates: Sequence[str | None]
) -> list[tuple[Attribution, ...]]:
    """`find_attributions` in texts that were made even before; each step in all of them, for the sake of the cache."""
    forms = [load_speech(language).find(text.low) for text, language in zip(texts, languages, strict=True)]
    read = [Findings(*given) for given in zip(texts, languages, dates, strict=True)]
    for findings, verbs in zip(read, forms, strict=True):
        _read(findings, verbs)
    return [_attributions(findings) for findings in read]


def _attributions(findings: Findings) -> tuple[Attribution, ...]:
    clauses = _settle_clauses(findings)
    found: list[Attribution] = []
    for item in sorted([*findings.taken.values(), *clauses], key=lambda found: (found.start, found.end)):
        if found and item.start < found[-1].end:
            continue
        found.append(Attribution(item.speaker, item.side, item.verb, item.stance, item.start, item.end))
    return tuple(found)


def author_spans(attributions: Iterable[Attribution], length: int) -> list[tuple[int, int]]:
    """The stretches of a text of `length` characters that are in nobody's mouth but the author's."""
    spans: list[tuple[int, int]] = []
    reached = 0
    for item in attributions:
        if item.start > reached:
            spans.append((reached, item.start))
        reached = max(reached, item.end)
    if reached < length:
        spans.append((reached, length))
    return spans


def voice_shares(attributions: Iterable[Attribution], length: int) -> dict[str, float]:
    """The share of a text's characters that each side says, and the author's own under ``author``."""
    shares = dict.fromkeys(("ukraine", "russia", "western", "other"), 0.0)
    spoken = 0
    for item in attributions:
        shares[item.side] += (item.end - item.start) / max(1, length)
        spoken += item.end - item.start
    return {"author": (length - spoken) / max(1, length), **shares}


def _read(findings: Findings, forms: list[tuple[Form, int, int]]) -> None:
    for form, start, end in forms[:MAX_VERBS]:
        if form.kind == "C":
            cite(findings, form, start, end)
        else:
            report(findings, form, start, end)
    follow(findings)


def _settle_clauses(findings: Findings) -> list[Found]:
    """Clauses without those of a source that hold a more exact attribution."""
    kept: list[Found] = []
    direct = sorted(findings.taken)
    for number, clause in enumerate(findings.clauses):
        place = bisect_right(direct, clause.start - 1)
        within = place < len(direct) and direct[place] < clause.end
        if within:
            # Quotations that another rule attributed stay; a clause that is little more than they are goes.
            for start in direct[place : bisect_right(direct, clause.end - 1)]:
                findings.taken.pop(start, None)
        if clause.from_cue and number + 1 < len(findings.clauses) and findings.clauses[number + 1].start < clause.end:
            continue
        if kept and clause.start < kept[-1].end:
            continue
        kept.append(clause)
    return kept
