"""The verbs and prepositions that report speech, in the forms that news uses, and the automaton that finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from biascheck.lexicon import load_lexicon, read_table
from biascheck.noun_phrases import any_of, listed

__all__ = ["Form", "Speech", "load_speech"]


@dataclass(slots=True)
class Auxiliary:
    """The words of a verb phrase before its participle, and how many characters they take."""

    length: int
    clitic: str
    word: str
    inverted: str
    adverbs: str


_CLITICS = ("n'en ", "n'y ", "n'", "l'", "s'", "m'", "lui ", "leur ", "nous ", "vous ", "y ", "en ", "se ", "s'en ")
_NO_WORD = re.compile(r"\W")
#: Two clitics, or one and an auxiliary, are not longer.
_AUXILIARY_REACH = 20


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the lexicon; `kind`: P participle, F finite, G gerund, I infinitive, E English verb, C cue."""

    text: str
    kind: str
    stance: str
    reflexive: bool


class Speech:
    """The reporting verbs of a language and the automaton that finds them.

    Parameters
    ----------
    language : str
        ``fr`` or ``en``.
    """

    def __init__(self, language: str) -> None:
        from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

        table = read_table("en" if language == "en" else "speech")
        forms: dict[str, Form] = {}
        for form in _english(table) if language == "en" else _french(table):
            forms.setdefault(form.text, form)
        for row in _rows(table["phrases"]):
            stance, kind, phrase = row.split(" ", 2)
            forms[phrase] = Form(phrase, {"f": "E" if language == "en" else "F", "g": "G"}[kind], stance, False)
        for row in _rows(table["cues"]):
            stance, phrase = row.split(" ", 1)
            forms[phrase] = Form(phrase, "C", stance, False)
        self.english = language == "en"
        self.forms = list(forms.values())
        # One byte a character, so that its places are places in the text.
        self._automaton = BytesAhoCorasick(
            [form.encode("latin-1") for form in forms], matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )
        self.told = frozenset(table["told"].split())
        self.transitive = frozenset(table["transitive"].split())
        self.bare = frozenset(table.get("bare", "").split())
        self.not_source = tuple(word + " " for word in listed(table["not_source"]))
        adverbs = any_of(listed(table["adverbs"]))
        auxiliaries = "|".join(table["auxiliaries"].split())
        if language == "en":
            self._auxiliary = re.compile(
                rf"(?:(?:^|(?<=[ ,\n]))(?P<aux>{auxiliaries}) )?(?:(?:{adverbs}|\w{{2,20}}ly) ){{0,2}}$"
            )
        else:
            self._auxiliaries = frozenset((*auxiliaries.split("|"), "est", "sont", "était", "étaient"))
            self._ends = self._auxiliaries | {"il", "elle", "on", "ils", "elles"}
            self._ends |= {re.split(r"\W", word)[-1] for word in listed(table["adverbs"])}
            self._auxiliary = re.compile(
                rf"(?:^|(?<=[\s,'(»”\"“«–—-]))(?P<clitic>{'|'.join(_CLITICS)})?"
                rf"(?P<aux>{auxiliaries}|est|sont|était|étaient)"
                rf"(?P<inverted>-t-(?:il|elle|on)|-(?:ils|elles|il|elle))?"
                rf"(?P<adverbs>(?:,? (?:{adverbs}|\w{{3,20}}ment)){{0,3}}),? $"
            )
        self._clitics = re.compile(rf"(?:^|(?<=[\s,']))(?:{table['clitics']}){{1,2}}$")
        self._clitic_ends = tuple(table["clitics"].split("|"))
        self.coordinator = re.compile(rf",? (?:{table['coordinators']})[ ,]*$")

    def find(self, low: str) -> list[tuple[Form, int, int]]:
        """The forms in a text of small letters, as whole words, in order, the longest of those that overlap."""
        size, hits = len(low), []
        for number, start, end in self._automaton.find_matches_as_indexes(low.encode("latin-1", "replace"), True):
            if end < size and low[end].isalnum():
                continue
            if start:
                before = low[start - 1]
                if before.isalnum() or before == "-":
                    continue
            hits.append((start, -end, number))
        hits.sort()
        reached, found, forms = -1, [], self.forms
        for start, minus, number in hits:
            if start >= reached:
                reached = -minus
                found.append((forms[number], start, reached))
        return found

    def find_auxiliary(self, left: str) -> Auxiliary | None:
        """The auxiliary, with clitic, pronoun and adverbs, that the words before a participle end in."""
        if not self.english:
            # Most participles have none, which their last word tells.
            if left[-1:] != " ":
                return None
            end = len(left) - 2 if left[-2:-1] == "," else len(left) - 1
            word = left[left.rfind(" ", 0, end) + 1 : end]
            if not word.isalnum():
                word = _NO_WORD.split(word)[-1]
            if word in self._auxiliaries:
                start = end - len(word)
                if left.startswith(" ", start - 1) and not left.endswith(_CLITICS, 0, start):
                    return Auxiliary(len(left) - start, "", word, "", "")
                left = left[-_AUXILIARY_REACH:]
            elif word not in self._ends and not word.endswith("ment"):
                return None
        match = self._auxiliary.search(left)
        if match is None:
            return None
        if self.english:
            return Auxiliary(len(left) - match.start(), "", match["aux"] or "", "", "")
        clitic, word, inverted, adverbs = match.groups("")
        return Auxiliary(len(left) - match.start(), clitic, word, inverted, adverbs)

    def find_clitics(self, left: str) -> int:
        """How many characters the pronouns and negation take that words before a verb end in."""
        if not left.endswith(self._clitic_ends):
            return 0
        left = left[-_AUXILIARY_REACH:]
        match = self._clitics.search(left)
        return len(left) - match.start() if match else 0


def _rows(block: str) -> Iterator[str]:
    return (row for row in block.strip().split("\n") if row)


def _english(table: dict[str, str]) -> Iterator[Form]:
    for kind, key in (("E", "verbs"), ("G", "participles")):
        for row in _rows(table[key]):
            stance, *forms = row.split()
            for form in forms:
                yield Form(form.replace("_", " "), kind, stance, False)


def _french(table: dict[str, str]) -> Iterator[Form]:
    """The verbs of ``fr.toml`` and ``speech.toml`` in the forms that news uses."""
    skipped = frozenset(table["not_speech"].split())
    irregular: dict[str, list[list[str]]] = {}
    for row in _rows(table["irregular"]):
        participle, _, rest = row.partition(" = ") if " = " in row else (row.split(" ")[0], "", "/ " + row)
        irregular[participle] = [part.split() for part in rest.split("/")]
    for entry in load_lexicon("fr").entries:
        if entry.kind != "verb":
            continue
        participle = present = ""
        reflexive = False
        for phrase in entry.phrases:
            if not participle and phrase.startswith("a ") and phrase.count(" ") == 1:
                participle = phrase[2:]
            elif not participle and phrase.startswith("s'est ") and phrase.count(" ") == 1:
                participle, reflexive = phrase[6:].removesuffix("e") if phrase.endswith("ée") else phrase[6:], True
            elif not present and phrase.endswith(("-t-il", "-il")) and not phrase.startswith(("a-t-", "s'est")):
                present = phrase.removesuffix("-il").removesuffix("-t")
        if participle and participle not in skipped:
            yield from _inflect(participle, present, entry.value, reflexive, irregular)
    for row in _rows(table["verbs"]):
        stance, participle, present = row.split()
        reflexive = participle.startswith(("s'", "se_"))
        if reflexive:
            participle = participle[2:] if participle.startswith("s'") else participle[3:]
        if "_" not in participle:
            yield from _inflect(participle, present.replace("_", " "), stance, reflexive, irregular)


def _inflect(
    participle: str, present: str, stance: str, reflexive: bool, irregular: dict[str, list[list[str]]]
) -> Iterator[Form]:
    clitic = ""
    for clitic in ("s'", "se ", ""):
        if present.startswith(clitic):
            present = present[len(clitic) :]
            break
    finite: list[str] = [present] if present else []
    gerunds: list[str] = []
    infinitives: list[str] = []
    if participle in irregular:
        more, gerunds, infinitives = irregular[participle]
        finite += more
    elif participle.endswith("é"):
        stem = participle[:-1]
        soft = stem + "e" if stem.endswith("g") else stem[:-1] + "ç" if stem.endswith("c") else stem
        present = present or stem + "e"
        finite = [present, present + "nt", soft + "ait", stem + "aient" if soft == stem else soft + "aient", soft + "a"]
        finite += [stem + "èrent", present + "ra", present + "rait"]
        gerunds, infinitives = [soft + "ant"], [stem + "er"]
    if reflexive:
        vowel = participle[0] in "aeiouhéèêâ"
        front = clitic or ("s'" if vowel else "se ")
        finite = [front + form.removeprefix(front) for form in finite]
        gerunds = [front + form for form in gerunds]
    for ending in ("", "e", "s", "es") if reflexive else ("",):
        yield Form(participle + ending, "P", stance, reflexive)
    for forms, kind in ((finite, "F"), (gerunds, "G"), (infinitives, "I")):
        for form in forms:
            # "dit" and "écrit" are participle and present; the auxiliary before them decides.
            if form not in (participle, "conseiller", "alerter"):
                yield Form(form, kind, stance, reflexive)


@cache
def load_speech(language: str) -> Speech:
    """The reporting verbs of a language, ``fr`` or ``en``, built once a process."""
    return Speech(language)
