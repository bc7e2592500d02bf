"""What is known of one text while it is read: its quotations, sentences and people, and who was found to say what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from biascheck.noun_phrases import NOBODY, SAME, NounPhrases, Phrase, load_words
from biascheck.quotes import Even, Quote, find_quotes, find_sentences
from biascheck.speakers import Cast, Mention
from biascheck.speech import load_speech
from biascheck.verb_phrases import Verb

__all__ = ["MIN_PARTIAL", "WINDOW", "Findings", "Found"]

#: A quotation of fewer words, in a sentence with a verb that does not touch it, is a word used, not a thing said.
MIN_PARTIAL = 3
#: How far back the words before a verb are looked at, in characters.
WINDOW = 200
_TOUCHES = re.compile(r"[ ,.;:–—-]{0,6}$")
_COMME = re.compile(r"(?:^|[ \n,])(?:comme|ainsi que|as) (?:l'|le |)$")


@dataclass(slots=True)
class Found:
    """An attribution that may still be cut or dropped; `clause` tells reported speech from a quotation."""

    start: int
    end: int
    speaker: str
    side: str
    verb: str
    stance: str
    clause: bool
    from_cue: bool = False


class Findings:
    """One text, its parts, and what has been attributed so far.

    Parameters
    ----------
    even : Even
        Places in it are places in the text as given.
    language : str
        ``fr`` or ``en``.
    date : str or None
        ISO date, for offices that changed hands.
    """

    def __init__(self, even: Even, language: str, date: str | None) -> None:
        self.text, self.low = even.text, even.low
        self.english = language == "en"
        self.speech = load_speech(language)
        self.quotes: list[Quote] = find_quotes(self.text)
        self.starts = [quote.start for quote in self.quotes]
        self.sentences = find_sentences(self.text, self.quotes)
        self.words = load_words(language)
        self.nouns = NounPhrases(self.text, self.words)
        self.cast = Cast(self.text, self.sentences, self.words, date)
        self.taken: dict[int, Found] = {}
        self.clauses: list[Found] = []
        self.last: Verb | None = None
        self.last_settled = True

    def bounds(self, sentence: int) -> tuple[int, int]:
        """Where a sentence, given by number, begins and ends."""
        end = self.sentences[sentence + 1] if sentence + 1 < len(self.sentences) else len(self.text)
        return self.sentences[sentence], end

    def touches(self, quote: Quote, at: int) -> bool:
        """Whether nothing but a sign or a "comme" parts a quotation from what stands at a later place."""
        if at - quote.end > 25 or at < quote.end:
            return False
        gap = self.low[quote.end : at]
        return "\n" not in gap and (_TOUCHES.match(gap) is not None or _COMME.search(gap) is not None)

    def subject(self, verb: Verb, start: int) -> Phrase:
        """The subject before a verb; what stands before the verb before it is out of reach."""
        if verb.form.kind in "GI":
            return SAME
        later = self.last is not None and self.last.sentence == verb.sentence and self.last.end > start
        if later and self.last is not None:
            start = self.last.end
        if verb.quote >= 0 and start < self.quotes[verb.quote].end <= verb.start:
            start = self.quotes[verb.quote].end
        return self.nouns.before(start, verb.start, later=later)

    def speaker(self, phrase: Phrase, verb: Verb) -> Mention | None:
        """Settle a subject; a gerund speaks for the subject of the verb before it."""
        if phrase.description == "pronoun" and self.last is not None and not self.last_settled:
            # "Le suspect nie les faits. Il affirme …": the subject of a verb that reported nothing is spoken of too.
            earlier, self.last = self.last, None
            if verb.sentence - earlier.sentence <= 3 and not earlier.pronoun:
                subject = self.subject(earlier, self.bounds(earlier.sentence)[0])
                if subject is not SAME and subject is not NOBODY and subject.description != "pronoun":
                    self.cast.settle(subject, earlier.start, earlier.sentence)
        if phrase is SAME and self.last is not None and not self.last_settled and self.last.sentence == verb.sentence:
            earlier = self.last
            self.last = None
            subject = self.subject(earlier, self.bounds(earlier.sentence)[0])
            if subject is not SAME and subject is not NOBODY:
                return self.cast.settle(subject, earlier.start, earlier.sentence)
        return self.cast.settle(phrase, verb.start, verb.sentence)

    def take(self, quote: Quote, subject: Phrase, verb: Verb) -> bool:
        """Attribute a quotation."""
        if subject is NOBODY and verb.form.kind != "C":
            self.taken[quote.start] = Found(quote.start, quote.end, "", "other", verb.shown, verb.form.stance, False)
            return True
        who = self.speaker(subject, verb)
        self.taken[quote.start] = Found(
            quote.start,
            quote.end,
            who.speaker if who else "",
            who.side if who else "other",
            verb.shown,
            verb.form.stance,
            False,
        )
        return True

    def add(self, start: int, end: int, who: Mention | None, verb: Verb) -> bool:
        """Attribute a reported clause without the signs around it, unless nothing is left of it."""
        text = self.text
        while end > start and text[end - 1] in " \n.,;:!?…–—":
            end -= 1
        while start < end and text[start] in " \n,•–—-\u2003":
            start += 1
        if end - start < 8:
            return False
        cue = verb.form.kind == "C"
        speaker, side = (who.speaker, who.side) if who else ("", "other")
        self.clauses.append(Found(start, end, speaker, side, verb.shown, verb.form.stance, True, cue))
        return True
