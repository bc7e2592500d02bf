"""Who speaks: the person that a noun phrase stands for, by full name, and whom a pronoun stands for."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from biascheck.noun_phrases import (
    NOBODY,
    PARTICLES,
    REACH,
    SAME,
    UPPER,
    Phrase,
    Words,
    find_name,
    first_word,
    segments_of,
    without_connectives,
)
from biascheck.sides import load_side_table, plain, side_of

__all__ = ["Cast", "Mention"]

_PARTICLE_WORDS = frozenset("de la du van der den von ben bin al el di da".split())
#: A given name, an initial and a particle at the end of what stands before a surname.
_GIVEN = re.compile(rf"([{UPPER}](?<![^ (\n\"«“'].)[\w'-]{{1,20}}\.?(?: [{UPPER}]\.)?) ?{PARTICLES}$")
#: How many surnames are looked up in the text, and how much of it: this bounds the work on hostile text.
MAX_LOOKUPS, LOOKUP_REACH = 100, 20_000


@dataclass(slots=True)
class Mention:
    """Somebody who spoke or was the subject of a sentence."""

    at: int
    speaker: str
    side: str
    gender: str
    number: int


class Cast:
    """The people of one text: their full names, their sides, and who was spoken of last."""

    def __init__(self, text: str, sentences: list[int], words: Words, date: str | None) -> None:
        self.text, self.sentences, self.words, self.date = text, sentences, words, date
        self.people: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.sides: dict[str, str] = {}
        self.genders: dict[str, str] = {}
        self.mentions: list[Mention] = []
        self._lookups = 0
        self._by_place: list[Mention] = []
        self._places: list[int] | None = None
        # A sentence is asked for several times over.
        self._subjects: dict[int, Mention | None] = {}

    def settle(self, phrase: Phrase, at: int, sentence: int) -> Mention | None:
        """Turn a phrase into a speaker with full name and side, and remember them."""
        if phrase is NOBODY or (phrase.description == "pronoun" and phrase.text not in self.words.pronouns):
            return None
        if phrase is SAME:
            return self._same(at, sentence)
        if phrase.description == "pronoun":
            found = self._resolve(phrase.text, at, sentence)
            if found is not None:
                self.mentions.append(Mention(at, found.speaker, found.side, found.gender, found.number))
            return found
        if not phrase.name and first_word(phrase.text) in ("cet", "cette", "ce"):
            gender = "f" if phrase.text[:5].lower() == "cette" else "m"
            found = self._last_of(gender, 1, at, sentence)
            if found is not None and " " in found.speaker:
                return found
        mention = self.mention(phrase, at)
        self.mentions.append(mention)
        return mention

    def mention(self, phrase: Phrase, at: int) -> Mention:
        """Who a phrase stands for."""
        word = first_word(phrase.text)
        if phrase.name:
            speaker = self._full(phrase.name)
            if len(phrase.description) > len(phrase.name) + 4:
                role = self._role_key(phrase.description.replace(phrase.name, ""))
                if len(role) > 4:
                    self.roles.setdefault(role, speaker)
        else:
            key = self._role_key(phrase.text)
            definite = word in ("le", "la", "l'", "the", "les")
            known = (self.roles.get(key) or self._known_role(key)) if definite else None
            speaker = known or self._tidy(phrase.text)
            if key and known is None:
                self.roles.setdefault(key, speaker)
        side = self.sides.get(speaker, "other")
        if side == "other":
            side = side_of(phrase.name, self.date) if phrase.name else "other"
            if side == "other":
                side = side_of(phrase.description, self.date)
            if side == "other" and speaker != phrase.name:
                side = side_of(speaker, self.date)
            self.sides[speaker] = side
        gender = self.genders.get(speaker, "")
        if not gender:
            gender = _gender(speaker, phrase.description, self.words)
            self.genders[speaker] = gender
        return Mention(at, speaker, side, gender, 2 if word in ("les", "des", "plusieurs", "deux", "certains") else 1)

    def _role_key(self, text: str) -> str:
        text = text.lower().strip(" ,")
        word = first_word(text)
        return text[len(word) :].strip(" ") if word in self.words.determiners or word == "l'" else text

    def _known_role(self, key: str) -> str | None:
        """The one last called by a role of which `key` is a shorter form: "le ministère" for "le ministère russe"."""
        for role in itertools.islice(reversed(self.roles), 40):
            # French puts the trade first, at most after one word ("haut responsable"), English last.
            if role.startswith(key + " ") or role.endswith(" " + key) or role.split(" ")[1:2] == [key]:
                return self.roles[role]
        return None

    def _tidy(self, text: str) -> str:
        """A phrase of bearable length whose article does not tell that it began a sentence."""
        for mark in (" qui ", " who ", " which ", " dont "):
            text = text.split(mark, 1)[0]
        text = " ".join(text.split())
        if len(text) > 100:
            return ""
        return text[0].lower() + text[1:] if first_word(text) in self.words.determiners or text[:2] == "L'" else text

    def _full(self, name: str) -> str:
        """The longest name known for a person: "Mark Rutte" for "Rutte"."""
        surname = name.rsplit(" ", 1)[-1]
        known = self.people.get(surname)
        if " " in name:
            if known is None:
                self.people[surname] = known = name
            return known if known[0] == name[0] else name
        if known is None:
            known = self._longer(surname) or name
            self.people[surname] = known
        return known

    def _longer(self, surname: str) -> str:
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            return ""
        text, at = self.text, 0
        for _ in range(8):
            at = text.find(" " + surname, at + 1, LOOKUP_REACH)
            if at < 0:
                return ""
            word = text[max(0, at - 20) : at].rpartition(" ")[2]
            if word.islower() and word.isalpha() and word not in _PARTICLE_WORDS:
                continue
            after = text[at + 1 + len(surname) : at + 2 + len(surname)]
            match = None if after.isalnum() else _GIVEN.search(text[max(0, at - 45) : at + 1])
            if match is None:
                continue
            given = match.group(1)
            if given.isupper() or given.lower().rstrip(".") in self.words.starters or "'" in given[:2]:
                continue
            ahead = text[max(0, at - 45) : at][: match.start(1)].rstrip(" ").rsplit(" ", 1)[-1]
            if ahead[:1].isupper() and ahead.lower().rstrip(".") not in self.words.titles and not ahead.isupper():
                continue
            return " ".join([*match.group(0).split(), surname])
        return ""

    def _same(self, at: int, sentence: int) -> Mention | None:
        """The speaker of the verb before in the sentence, else its subject, else the last speaker."""
        start = self.sentences[sentence]
        if self.mentions and self.mentions[-1].at >= start:
            return self.mentions[-1]
        found = self.subject(sentence, at)
        if found is not None:
            self.mentions.append(found)
            return found
        return self.mentions[-1] if self.mentions and at - self.mentions[-1].at < 1_200 else None

    def subject(self, sentence: int, before: int) -> Mention | None:
        """The named person that a sentence begins with."""
        end = self.sentences[sentence + 1] if sentence + 1 < len(self.sentences) else len(self.text)
        if end > before:
            return self._subject(sentence, before)
        if sentence not in self._subjects:
            self._subjects[sentence] = self._subject(sentence, end)
        return self._subjects[sentence]

    def _subject(self, sentence: int, end: int) -> Mention | None:
        start = self.sentences[sentence]
        text = self.text[start : min(end, start + REACH)].lstrip(" \n•-–—")
        if not text or text[0] in '«“"”':
            return None
        for part in itertools.islice(segments_of(text), 4):
            phrase = without_connectives(part.strip(" "), 2)
            word = first_word(phrase)
            if not phrase or word in self.words.lead:
                continue
            if word in ("l'", "d'") or word in self.words.determiners:
                phrase = phrase[0].lower() + phrase[1:]
            elif not phrase[0].isupper() or (" " not in phrase and not self._known(phrase)):
                continue
            name = find_name(phrase[:120], self.words)
            if " " not in name and name:
                name = name if self._known(name) else ""
            if not name:
                continue
            head = phrase[: phrase.index(name.split(" ")[0]) + len(name)]
            return self.mention(Phrase(head, name, head), start)
        return None

    def _known(self, surname: str) -> bool:
        return surname in self.people or plain(surname) in load_side_table().people

    def _resolve(self, pronoun: str, at: int, sentence: int) -> Mention | None:
        """The last plausible speaker, or the subject of a sentence since, who agrees in gender and number."""
        return self._last_of(*self.words.pronouns[pronoun], at, sentence)

    def last_before(self, at: int, known: int) -> Mention | None:
        """Who spoke last before a place, among the first `known` mentions."""
        if self._places is None:
            self._by_place = sorted(self.mentions[:known], key=lambda mention: mention.at)
            self._places = [mention.at for mention in self._by_place]
        place = bisect_right(self._places, at) - 1
        return self._by_place[place] if place >= 0 else None

    def _last_of(self, gender: str, number: int, at: int, sentence: int) -> Mention | None:
        last: Mention | None = None
        loose: Mention | None = None
        for mention in reversed(self.mentions[-12:]):
            if mention.number != number or at - mention.at > 2_500 or not mention.speaker:
                continue
            if mention.gender == gender or not gender:
                last = mention
                break
            if gender == "n" and " " in mention.speaker and mention.speaker[:1].isupper():
                continue
            if gender in ("m", "f") and not self.words.institutions.isdisjoint(mention.speaker.lower().split()):
                continue
            if not mention.gender and loose is None:
                loose = mention
        if loose is not None and (last is None or (gender != "f" and loose.at > last.at)):
            last = loose
        if number == 2:
            return last
        floor = last.at if last is not None else -1
        for back in range(sentence, max(-1, sentence - 4), -1):
            if self.sentences[back] <= floor:
                break
            found = self.subject(back, at)
            if found is not None and (found.gender == gender or not found.gender or not gender):
                return found
        return last


@lru_cache(maxsize=2048)
def _gender(speaker: str, description: str, words: Words) -> str:
    described = description.lower().split(" ")
    if "mme" in described or "mrs" in described or "ms" in described or "spokeswoman" in described:
        return "f"
    given = speaker.split(" ", maxsplit=1)[0].lower()
    named = speaker[:1].isupper() and " " in speaker
    if named and (given in words.female or (given.endswith("a") and given not in words.male)):
        return "f"
    determiner = first_word(description)
    if determiner in words.determiners_f:
        return "f"
    if determiner in words.determiners_m or "président" in described or "ministre" in described or "m." in described:
        return "m"
    return ""
