"""The noun phrase before or after a reporting verb, and the name in it.

Words are data: `lexicons/speech.toml` and `lexicons/en.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from biascheck.lexicon import read_table
from biascheck.sides import load_side_table

__all__ = [
    "NOBODY",
    "PARTICLES",
    "REACH",
    "SAME",
    "SEGMENTS",
    "UPPER",
    "NounPhrases",
    "Phrase",
    "Words",
    "any_of",
    "find_name",
    "first_word",
    "listed",
    "load_words",
    "segments_of",
    "without_connectives",
]

UPPER = "A-ZÀ-ÖØ-ÞĀŁŚŞŠŽĆČĐĞİ"
_TOKEN = rf"[{UPPER}][\w'.-]{{0,40}}"
PARTICLES = r"(?:de la |de |du |van der |van den |van |von der |von |der |den |ben |bin |al |el |la |di |da |d')?"
#: A capitalised word, or several in a row with what binds them.
_NAME = re.compile(rf"{_TOKEN}(?: {PARTICLES}{_TOKEN}){{0,6}}")
SEGMENTS = re.compile(r"[,;:()\[\]–—«»“”\"\n] ?| - ")
_HEAD_END = re.compile(r"[,;:.!?()\[\]–—«»“”\"\n](?:(?!\w)|(?<=[«“\n\"(]))")
_NOT_A_NAME_AFTER = frozenset(
    "de du des d' la le les l' à au aux en et of the in for from à-la sur par with dans and at a un une ce".split()
)
_CONNECTIVE = re.compile(
    r"^(?:mais|et|or|car|alors que|alors qu'|tandis que|tandis qu'|puis|enfin|ainsi|que|qu'|si|puisque|puisqu'|donc"
    r"|but|and|while|that|as|yet|then|so|comme|ou)\b ?",
    re.IGNORECASE,
)
_CONNECTIVE_BEGINS = frozenset("ma et or ca al ta pu en ai qu si do bu an wh th as ye so co ou".split())
_LAST_CLAUSE = re.compile(
    r"(?:^|[ ,])(?:et|mais|tandis qu[e']|alors qu[e']|puis|and|but|while|or) ?(?=\S)", re.IGNORECASE
)
_ASIDE_WORDS = frozenset(
    "à au aux sur dans lors auprès lundi mardi mercredi jeudi vendredi samedi dimanche hier aujourd'hui récemment "
    "ensuite également alors on".split()
)
_ASIDE = re.compile(
    r"(?:(?:à|au|aux|sur|dans|lors|auprès) (?:l'|la |le |d'un |d'une |un |une |de )?[\w.'-]{1,30}"
    r"(?: [A-Z][\w.-]{1,30})?"
    r"|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|hier|aujourd'hui|récemment|ensuite|également|alors"
    r"|on (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday))(?: (?:matin|soir|dernier|midi))?),? "
    r"(?=\S)",
    re.IGNORECASE,
)
_ABBREVIATED = frozenset("m mm mme me mlle dr pr mr mrs ms st prof gen sen rep gov".split())
#: Signs that are no part of a phrase.
_EDGES = " '-"
#: How far a subject is looked for, in characters.
REACH = 300
#: Two words and what binds them are not longer.
LAST_WORDS = 100


def any_of(words: Iterable[str]) -> str:
    """A pattern for one of some words, the longest first; those that begin alike stand together, to be left at once."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_first.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rests)})" for first, rests in by_first.items())


def listed(value: str) -> list[str]:
    """The words of a value; an underscore stands for a blank inside a phrase."""
    return value.replace("_", " ").split("\n") if "\n" in value else [w.replace("_", " ") for w in value.split()]


class Words:
    """The function words of one language."""

    def __init__(self, table: dict[str, str]) -> None:
        def words(key: str) -> frozenset[str]:
            return frozenset(listed(table[key]))

        self.lead, self.nobody, self.roles = words("lead"), words("nobody"), words("roles")
        self.female, self.male, self.titles = words("female"), words("male"), words("titles")
        self.openers = words("starters") - self.titles
        self.starters = self.openers | self.titles
        self.institutions = frozenset(table.get("institutions", "").split())
        self.determiners, self.inner_a = words("determiners"), words("inner_a")
        self.determiners_f, self.determiners_m = words("determiners_f"), words("determiners_m")
        self.pronouns: dict[str, tuple[str, int]] = {}
        for row in table["pronouns"].strip().split("\n"):
            pronoun, gender, number = row.rsplit(" ", 2)
            self.pronouns[pronoun.strip()] = (gender, int(number))
        # Longest first, so that "avant de" is not read as "avant".
        self.coordinator = re.compile(rf"(?:^|[ ,;])(?:{table['coordinators']})$")
        stops = any_of(listed(table["stops"]))
        self.stop = re.compile(rf"[ ,](?:(?:{stops})(?=[ ,'.])|(?:qu|d)'(?=il)|(?<= )à l'(?=issue|occasion|antenne))")
        #: The last words of the phrases that `NounPhrases.before` looks for where a verb follows.
        self.ends = frozenset(phrase.rpartition(" ")[2] for phrase in (*self.pronouns, *self.nobody))


@cache
def load_words(language: str) -> Words:
    """The function words of a language, ``fr`` or ``en``."""
    return Words(read_table("en" if language == "en" else "speech"))


@dataclass(slots=True)
class Phrase:
    """A noun phrase: as it stands, the person it names (or nothing), all that describes them, and where it ends."""

    text: str
    name: str
    description: str
    end: int = -1


SAME = Phrase("", "", "same")
NOBODY = Phrase("", "", "nobody")


@lru_cache(maxsize=2048)
def first_word(text: str) -> str:
    """The first word in lower case, an elided article with its apostrophe."""
    word = text[:40].partition(" ")[0].lower().rstrip(".,;:")
    at = word.find("'", 0, 3)
    return word if at < 0 else word[: at + 1]


def without_connectives(phrase: str, number: int) -> str:
    """A trimmed phrase without the first `number` words that bind it to what stands before: "et que", "alors que"."""
    while number and phrase[:2].lower() in _CONNECTIVE_BEGINS:
        match = _CONNECTIVE.match(phrase)
        if match is None:
            break
        phrase = phrase[match.end() :].strip(" ")
        number -= 1
    return phrase


def segments_of(text: str) -> Iterator[str]:
    """The parts of a text between `SEGMENTS`, as they are asked for."""
    at = 0
    for match in SEGMENTS.finditer(text):
        yield text[at : match.start()]
        at = match.end()
    yield text[at:]


@lru_cache(maxsize=2048)
def find_name(phrase: str, words: Words) -> str:
    """The person that a noun phrase names, without titles; nothing where it names only a place or an office."""
    best = ""
    if phrase.islower():
        return best
    if phrase[1:2] == "'":
        phrase = phrase[0].lower() + phrase[1:]
    table = load_side_table().words
    for match in _NAME.finditer(phrase):
        start = match.start()
        tokens = match.group().rstrip(".'-").split(" ")
        if not start:
            while len(tokens) > 1 and tokens[0].lower() in words.openers:
                del tokens[0]
        if start:
            before = phrase[:start].rstrip(" ").rsplit(" ", 1)[-1].lower()
            if before in _NOT_A_NAME_AFTER or before.endswith("'") or phrase[start - 1] in "'-":
                # "de l'OTAN Mark Rutte": the institution ends where the name begins.
                titled = before in ("le", "la", "the") and any(
                    t.lower().rstrip(".") in words.titles for t in tokens[:-1]
                )
                office = before in ("la", "l'", "le", "les", "des", "du", "aux")
                institution = titled or office or tokens[0].isupper() or tokens[0].lower() in table
                if (len(tokens) < 3 and not titled) or not institution:
                    continue
                tokens = tokens if titled else tokens[1:]
        whole = len(tokens)
        for number in range(len(tokens) - 1, -1, -1):
            if tokens[number].lower().rstrip(".") in words.titles:
                tokens = tokens[number + 1 :]
                break
        while len(tokens) > 1 and tokens[0].isupper() and len(tokens[0]) > 1 and "." not in tokens[0]:
            del tokens[0]
        while len(tokens) > 2 and tokens[0].lower() in table:
            del tokens[0]
        if not tokens:
            continue
        last = tokens[-1].lower()
        if last in words.roles or last in words.institutions:
            continue
        name = " ".join(tokens).removesuffix("'s")
        if len(tokens) > 1:
            return name
        if (
            not best
            and not (name.isupper() and len(name) > 1)
            and (start or len(tokens) < whole or name == phrase.rstrip(" "))
        ):
            best = name
    return best


class NounPhrases:
    """The subjects that stand before and after the verbs of an even text."""

    def __init__(self, text: str, words: Words) -> None:
        self.text, self.words = text, words

    def before(self, start: int, end: int, *, later: bool = False) -> Phrase:  # noqa: PLR0911
        """The subject that stands before a verb, in ``text[start:end]``; `later` is whether a verb came before."""
        text = self.text[max(start, end - REACH) : end].rstrip(" ")
        apposed = text.endswith((",", ")", "–", "—"))
        if apposed:
            text = text.rstrip(" ,–—")
            if text.endswith(")") and "(" in text:
                text = text[: text.rindex("(")].rstrip(" ")
        relative = text.endswith((" qui", " who", " which"))
        if relative:
            text = text.rsplit(" ", 1)[0].rstrip(" ,")
        if not text:
            return SAME
        lowered = text[-LAST_WORDS:].lower()
        tail = lowered.rsplit(" ", 2)
        if tail[-1].rpartition("qu'")[2] in self.words.ends:
            for length in (1, 2):
                phrase = " ".join(tail[-length:]).rpartition("qu'")[2]
                if phrase in ("lui", "elle", "eux") and apposed:
                    break
                if phrase in self.words.pronouns:
                    return Phrase(phrase, "", "pronoun")
                if phrase in self.words.nobody:
                    return NOBODY
        if not relative and not apposed and self.words.coordinator.search(lowered, max(0, len(lowered) - 14)):
            return SAME
        segments = SEGMENTS.split(text)
        for number in range(len(segments) - 1, max(-1, len(segments) - 7), -1):
            phrase = segments[number].strip(_EDGES)
            if not phrase:
                continue
            if later:
                last = 0
                for match in _LAST_CLAUSE.finditer(phrase):
                    last = match.end()
                phrase = phrase[last:].strip(" ")
            phrase = without_connectives(phrase, 3)
            if not phrase:
                continue
            if not later and phrase.lower() in self.words.pronouns:
                if phrase.lower() in ("lui", "elle", "eux"):
                    continue
                return Phrase(phrase.lower(), "", "pronoun")
            if first_word(phrase) in self.words.lead:
                inner = self._last_phrase(phrase)
                if inner and number == len(segments) - 1 and not apposed:
                    phrase = inner
                else:
                    continue
            return self._join(phrase, segments[:number], apposed or relative)
        return SAME

    def _last_phrase(self, phrase: str) -> str:
        """The subject after "Mercredi à Bruxelles", where no comma parts them."""
        last = None
        for match in _NAME.finditer(phrase):
            last = match
        if last is not None and last.end() == len(phrase) and last.start():
            before = phrase[: last.start()].rstrip(" ").rsplit(" ", 1)[-1].lower()
            if before not in _NOT_A_NAME_AFTER and phrase[last.start() - 1] != "'":
                return last.group()
        return ""

    def _join(self, phrase: str, earlier: list[str], apposed: bool) -> Phrase:
        """Put a role and a name in apposition together."""
        name = find_name(phrase, self.words)
        if (len(name) < len(phrase) - 8) if name else not apposed:
            return Phrase(phrase, name, phrase)
        previous = ""
        while earlier and not previous:
            previous = earlier.pop().strip(_EDGES)
        previous = without_connectives(previous, 2)
        if name and previous:
            if first_word(previous) in self.words.determiners or self.is_role(previous):
                return Phrase(phrase, name, f"{previous} {phrase}")
        elif previous:
            other = find_name(previous, self.words)
            if other and (len(other.split(" ")) > 1 or first_word(phrase) not in self.words.determiners):
                return Phrase(previous, other, f"{phrase} {previous}")
        return Phrase(phrase, name, phrase)

    def is_role(self, phrase: str) -> bool:
        """Whether a phrase begins with an office, a trade or an institution."""
        words = phrase[:60].lower().replace("'", "' ").split(" ")[:5]
        return any(word in self.words.roles or word.rstrip("s") in self.words.roles for word in words)

    def after(self, start: int, limit: int, *, asides: bool = True) -> Phrase | None:
        """The subject that stands after a verb, or nothing."""
        text, limit = self.text, min(limit, start + REACH)
        while start < limit and text[start] in " ,":
            start += 1
        word = first_word(text[start : min(limit, start + 40)])
        for _ in range(2 if asides and word in _ASIDE_WORDS else 0):
            match = _ASIDE.match(text, start, limit) if word in _ASIDE_WORDS else None
            if match is None:
                break
            start = match.end()
            while start < limit and text[start] in " ,":
                start += 1
            word = first_word(text[start : min(limit, start + 40)])
        rest = text[start:limit]
        if rest[:1].islower() and not self._begins_subject(word) and rest.partition(" ")[0].isalpha():
            return Phrase(word, "", "pronoun", start + len(word)) if word in self.words.pronouns else None
        head_end = _HEAD_END.search(rest)
        cut = head_end.start() if head_end else len(rest)
        # "M. Dupont", "Dr. Nair": the stop after a title ends nothing.
        if head_end and rest[cut] == "." and rest[:cut].rsplit(" ", 1)[-1].lower() in _ABBREVIATED:
            head_end = _HEAD_END.search(rest, cut + 1)
            cut = head_end.start() if head_end else len(rest)
        head = rest[:cut]
        stopped = False
        for stop in self.words.stop.finditer(head):
            if not self._inner(head, stop.start(), stop.group().strip(" ,")):
                stopped, head = True, head[: stop.start()]
                break
        head = head.strip(" ")
        if not head:
            return None
        word = first_word(head)
        if not (head[0].isupper() or self._begins_subject(word)):
            return Phrase(word, "", "pronoun", start + len(word)) if word in self.words.pronouns else None
        name = find_name(head, self.words)
        end = start + len(head)
        if name and head.startswith(name):
            return Phrase(head, name, head, end)
        if not stopped and rest[cut : cut + 1] == ",":
            second = rest[cut + 1 :].lstrip(" ")
            match = _HEAD_END.search(second)
            apposed = second[: match.start() if match else len(second)].strip(" ")
            other = find_name(apposed, self.words)
            if not name and other and len(apposed) - len(other) < 12:
                return Phrase(
                    head, other, f"{head} {apposed}", start + cut + 1 + rest[cut + 1 :].index(apposed) + len(apposed)
                )
        return Phrase(head, name, head, end)

    def _begins_subject(self, word: str) -> bool:
        determiners, roles = self.words.determiners, self.words.roles
        return word in determiners or word in roles or word.rstrip("s") in roles or word in ("l'", "d'")

    def _inner(self, head: str, at: int, word: str) -> bool:
        """Whether "à" or "en" binds a role to its place: "ambassadeur à Paris", "commandant en chef"."""
        previous = head[:at].lower().split(" ")[-4:]
        if word not in ("en",) and find_name(head[:at], self.words):
            return False
        return (word == "en" and head[at:].startswith((" en chef", " en charge"))) or (
            word in ("à", "au", "aux", "auprès") and any(part in self.words.inner_a for part in previous)
        )
