"""What stands around a name → whether a story cites the outlet, and how surely (`upstream.toml`).

A name that is also an ordinary word counts beside words that only an outlet stands by, as what is spoken to or through,
or in a row with other outlets.
"""

from __future__ import annotations

import re

from biascheck.mentions import CAPITAL, EDGES, OPENING_SIGNS, Mention, load_words, strip_articles, without
from biascheck.outlets import CONTEXT, DISTINCT, WEAK

__all__ = ["cited", "is_listed"]

_SPEECH = re.compile(r"[\w'-]+")
_TOWARDS = tuple(" à| à l'| à la| au| aux| auprès de| auprès du| to| to the| with| avec| a| a la".split("|"))
_DETERMINED = (" le ", " la ", " les ", " un ", " une ", " the ")
_COORDINATED = (
    rf"^(?:,| et| and| y) (?:L[ae]s? |L'|The |El )?[{CAPITAL}][\w-]{{1,20}}(?: [{CAPITAL}][\w-]{{1,20}})?(?= )"
)
#: Signs that a sentence ends with.
_SENTENCE = (".", "!", "?", "…")
_WITH_ARTICLE = ("Le ", "La ", "Les ", "The ", "El ", "L'", "le ", "la ", "les ", "the ", "l'")
#: What makes a longer name or plain words of what stands before it.
_OF = re.compile(r" (?:de |d'|du |des )")
_STOPS = frozenset(("", ",", ".", ";", "!", "?", ")"))
#: Words between two names, which a noun before the first says nothing of.
_AND = frozenset(("et", "ou", "and", "or", "y", "e"))
#: The day of an issue.
_ISSUE = re.compile(r" (?:de |du )(?:ce|cette|hier|la semaine|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|\d)")
_DE = re.compile(r" (?:de|d'|du|des|selon|moyen|libre|arabe|type|entier|musulman|perdu|occidental|est|change|nous)\b")


def cited(m: Mention) -> int:  # noqa: PLR0911
    """How surely the story names the outlet: not (0), by its name (1), by what it says (2), as told to it (3)."""
    words, low = load_words(), m.low[-110:]
    level = m.match.level
    if m.shown in words.ordinary and any(word in f" {m.line.lower()} " for word in words.foreign):
        level = CONTEXT
    if level != WEAK and _spoken(low, words.spoke):
        return 3
    near = strip_articles(" " + low)
    # "l'agence Tasnim"
    trimmed = near.replace("l'", "l' ")
    if trimmed.endswith(words.noun) and level != DISTINCT:
        return 2
    for _ in range(2):
        trimmed, _, between = trimmed.rstrip(" ,").rpartition(" ")
        if between in _AND:
            break
        # "le magazine Télé Star" has another name.
        if level == WEAK and between != "telegram" and between.capitalize() in m.before[-60:]:
            break
        if trimmed.endswith(words.noun):
            return 2 if level != DISTINCT else 1
    if near.endswith(words.firm):
        return 2
    if level == WEAK:
        return 0
    if level == CONTEXT and _is_longer(m):
        return 0
    if " par " in low[-9:] and near.endswith(words.told_by):
        return 2
    aired = m.shown.isupper() and low.rstrip(OPENING_SIGNS).endswith(" sur")
    if aired or near.endswith(words.before) or near.replace("l'", "l' ").endswith(words.before):
        return 2 if len(m.line) > 60 or level == CONTEXT else 1
    after = re.sub(_COORDINATED, "", m.after, count=1).lower().lstrip(' »"')
    verb = after.startswith(words.after) and not after.startswith(("note ", *words.usually))
    if level == CONTEXT:
        plain = " " not in m.shown and "'" not in m.shown and not m.shown.isupper()
        return 1 if not plain and (verb or _capital_inside(m, words.places)) else 0
    if m.shown in words.bare and ((" " + low).endswith(_DETERMINED) or m.after[1:2].isdigit()):
        return 0
    if m.shown in words.usual and (not low.strip(EDGES) or low.rstrip(OPENING_SIGNS).endswith(_SENTENCE)):
        # A capital at the beginning of a sentence shows nothing.
        return (
            1
            if verb
            or (
                after.startswith(("a ", "avait ", "has ", "had ", "hat ", "ha "))
                and not after.startswith(words.usually)
            )
            else 0
        )
    article = m.shown.startswith(_WITH_ARTICLE) and m.shown.count(" ") <= 1
    return 0 if article and _DE.match(m.after.lower()) else 1


def is_listed(m: Mention) -> bool:
    """Whether a name that is cited for nothing may be so in a row with another that is."""
    if m.match.level > CONTEXT or m.kind or _is_longer(m):
        return False
    if " " in m.shown or "'" in m.shown:
        return True
    # "À la Libération, Le Monde …", "CNN et Time Warner"
    longer = m.after[:1] == " " and m.after[1:2].isupper()
    return not longer and not m.low.rstrip(' «"').endswith((" la", " le", " les", " des", " the", " l'"))


def _is_longer(m: Mention) -> bool:
    """Whether what follows makes another name or plain words of a form: "la Croix Rouge", "24 heures du Mans"."""
    if m.after[:1] == "-" and m.after[1:2].isalpha():
        return True
    # "dans Le Point des chroniques"
    after, clear = m.after.lower(), m.shown.startswith(("Le ", "La ", "L'"))
    if _OF.match(after) and not _ISSUE.match(after) and not (clear and after.startswith(" des ")):
        return True
    small = m.shown.startswith(("le ", "la ", "les ", "l'", "The ")) and " " not in m.shown.partition(" ")[2]
    return small and m.after[:1] == " " and m.after[1:2].isupper()


def _capital_inside(m: Mention, places: frozenset[str]) -> bool:
    """Whether an article has its capital inside a sentence, and what stands around it makes no title or place."""
    last = m.low.rstrip(" ,").rpartition(" ")[2]
    if not m.shown.startswith(("Le ", "La ", "Les ", "L'")) or not last.isalpha() or last in places:
        return False
    if not (m.before[-2:-1].islower() or m.before[-2:-1] == ",") or m.before[-1:] != " ":
        return False
    word = m.after[1:].partition(" ")[0]
    return m.after[:1] in _STOPS or (
        m.after[:1] == " " and word.islower() and word.isalpha() and (len(word) > 1 or word == "a")
    )


def _spoken(low: str, verbs: frozenset[str]) -> bool:
    """Whether someone speaks to the name that follows."""
    # "a déclaré jeudi soir à la": the verb within four words of the preposition.
    near = (" " + low.rstrip(' "«'))[-80:]
    if near.endswith((" told", " tells", " told the", " tells the")):
        return True
    if not near.endswith(_TOWARDS):
        return False
    return any(word in verbs for word in _SPEECH.findall(without(near, _TOWARDS))[-4:])
