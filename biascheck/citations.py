"""What stands around a name → whether a story cites the outlet, and how surely (`upstream.toml`).

A name that is also an ordinary word counts beside words that only an outlet stands by, as what is spoken to or through,
or in a row with other outlets.
"""

from __future__ import annotations

import re

from biascheck.mentions import CAPITAL, EDGES, OPENING_SIGNS, Mention, ending, load_words, strip_articles, without
from biascheck.outlets import CONTEXT, DISTINCT, WEAK

__all__ = ["cited", "is_listed"]

#: What stands between commas behind a name.
_ASIDE = re.compile(r", [^,.\n]{2,50}, ")
#: Small words between a name and its verb.
_CLITICS = re.compile(
    r"^(?:, (?:lui|elle|eux|pourtant|de son côté|quant à (?:lui|elle)), )?"
    r"(?:(?:ne|se|y|en|lui|leur|le|la|les) |[nsl]'){0,3}"
)
_SPEECH = re.compile(r"[\w'-]+")
_TOWARDS = tuple(" à| à l'| à la| au| aux| auprès de| auprès du| to| to the| with| avec| a| a la".split("|"))
#: The last words of those, and of "told".
_LAST = frozenset("à l' la au aux de du to the with avec a told tells".split())
_DETERMINED = (" le ", " la ", " les ", " un ", " une ", " the ")
_COORDINATED = (
    rf"^(?:,| et| and| y) (?:L[ae]s? |L'|The |El )?[{CAPITAL}][\w-]{{1,20}}(?: [{CAPITAL}][\w-]{{1,20}})?(?= )"
)
#: Signs that a sentence ends with.
_SENTENCE = (".", "!", "?", "…")
_WITH_ARTICLE = ("Le ", "La ", "Les ", "The ", "El ", "L'", "le ", "la ", "les ", "the ", "l'")
#: What makes a longer name or plain words of what stands before it.
_OF = re.compile(r" (?:de |d'|du |des )")
_FOR = tuple(
    " de | du | d'| des | à | au | pour | pour le | de la | à la | de l'| à l'| du « | de « | d'« | pour la ".split("|")
)
#: Words that a magazine stands behind, the first also before what may be an ordinary word.
_INSIDE = (" dans", " dernier", " dernier numéro")
_ARTICLE = re.compile(r"^(?:[Ll](?:es?|a) |[Ll]'|(?:The|El|Il|Der|Die) )")
_PARTS = frozenset((" des", " de "))
_STOPS = frozenset(("", ",", ".", ";", "!", "?", ")"))
#: Words between two names, which a noun before the first says nothing of.
_AND = frozenset(("et", "ou", "and", "or", "y", "e"))
#: The day of an issue.
_ISSUE = re.compile(r" (?:de |du )(?:ce|cette|hier|jour\b|la semaine|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|\d)")
_HIS = re.compile(r" de (?:s(?:a|es|on)|notre|votre|leurs?|l'|cett?e?)\b")
#: "Le Parisien du jour raconte"; "Le Monde d'hier" is a book.
_OF_DAY = re.compile(r"(?:du jour|de ce matin|de (?:lun|mar|mercre|jeu|vendre|same)di|de dimanche) ")
_FRONT = re.compile(r"(?:[a-zéè]{3,12}|(?:a|ont|avait) [a-zéè]{3,12}) (?:sa|leur) (?:une|manchette|première page)\b")
_IT_IS = re.compile(r"\bc'(?:est|était) (?:à|au|aux|dans) ?(?:l'|le |la |les )?[«\" ]{0,2}$")
_DE = re.compile(r" (?:de|d'|du|des|selon|moyen|libre|arabe|type|entier|musulman|perdu|occidental|est|change|nous)\b")


def cited(m: Mention) -> int:  # noqa: PLR0911
    """How surely the story names the outlet: not (0), by its name (1), by what it says (2), as told to it (3)."""
    words, low = load_words(), m.low[-110:]
    level = m.match.level
    if m.shown in words.verbal:
        level = min(level, CONTEXT)
    if m.shown in words.ordinary and any(word in f" {m.line.lower()} " for word in words.foreign):
        level = CONTEXT
    if level != WEAK and _spoken(low, words.spoke):
        return 3
    # "un article de Marianne Dupuis"
    if m.shown in words.given and m.after[:1] == " " and m.after[1:2].isupper():
        return 0
    near = strip_articles(" " + low)
    # "l'agence Tasnim"
    trimmed = near.replace("l'", "l' ").removesuffix(" d'information").removesuffix(" de presse")
    if ending(trimmed, words.noun) and level != DISTINCT:
        return 2
    for _ in range(2):
        trimmed, _, between = trimmed.rstrip(" ,").rpartition(" ")
        if between in _AND:
            break
        # "le magazine Télé Star" has another name.
        if level == WEAK and between != "telegram" and between.capitalize() in m.before[-60:]:
            break
        if ending(trimmed, words.noun):
            return 2 if level != DISTINCT else 1
    if ending(near, words.firm):
        return 2
    # "une chronique dans Marianne"
    if near.endswith(" dans") and not words.press.isdisjoint(_SPEECH.findall(near)[-7:]):
        return 2
    if level != DISTINCT:
        given, lone = m.shown in words.given, m.shown in words.lone
        if (given or lone) and near.endswith(_INSIDE[not given :]):
            return 2
        if m.after.startswith(words.titled.get(m.after[:2], ())) or (lone and _stands_alone(m)) or _is_national(m):
            return 1
    # "AA Investments" is no agency.
    if m.shown in words.bare and (" " + low).endswith(_DETERMINED):
        return 0
    if level == WEAK or (len(m.shown) <= 2 and m.after[:1] == " " and m.after[1:2].isupper()):
        return 0
    if m.low.endswith(_FOR) and _is_staff(near):
        return 2
    if level == CONTEXT and _is_longer(m):
        return 0
    if " par " in low[-9:] and ending(near, words.told_by):
        return 2
    aired = m.shown.isupper() and low.rstrip(OPENING_SIGNS).endswith(" sur")
    if aired or ending(near, words.before) or ("'" in near and ending(near.replace("l'", "l' "), words.before)):
        return 2 if len(m.line) > 60 or level == CONTEXT else 1
    after = m.after
    if after[:2] in {", ", " e", " a", " y"}:
        after = re.sub(_COORDINATED, "", after, count=1)
    after = after.lower().lstrip(' »"')
    # "Le Progrès, à Lyon, parle d'une nuit blanche"
    aside = _ASIDE.match(after)
    after = after[aside.end() :] if aside else after
    after = _OF_DAY.sub("", after, count=1) if _OF_DAY.match(after) else after
    # "c'est au Monde que le maire …", "Libération barrait sa une"
    if _FRONT.match(after) or (after.startswith("que ") and _IT_IS.search(low)):
        return 1
    verb = after.startswith(words.after.get(after[:2], ())) and not after.startswith(("note ", *words.usually))
    if level == CONTEXT:
        plain = " " not in m.shown and "'" not in m.shown and not m.shown.isupper() and "-" not in m.shown[1:]
        if plain and _contracted(m, words.places):
            return 1
        if plain:
            return int(m.shown in words.verbal and not low.endswith(_DETERMINED) and _speaks(after))
        clear = m.shown[0].isupper()
        return int(verb or (clear and _speaks(after)) or _capital_inside(m, words.places) or _acts(m, after))
    if m.shown in words.bare and m.after[1:2].isdigit():
        return 0
    quoted = m.low.rstrip()[-1:] in {"«", '"', "“"} and m.after.lstrip()[:1] in {"»", '"', "”"}
    if (
        m.shown in words.usual
        and not quoted
        and (not low.strip(EDGES) or low.rstrip(OPENING_SIGNS).endswith(_SENTENCE))
    ):
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


def is_listed(m: Mention, near: Mention) -> bool:
    """Whether a name that is cited for nothing may be so in a row with another that is."""
    # "les canaux Shot et Mash": two weak names stand by one noun.
    if m.match.level > max(CONTEXT, near.match.level) or m.kind or _is_longer(m):
        return False
    if near.match.level == WEAK:
        return m.match.level == WEAK
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
    if (
        _OF.match(after)
        and not _HIS.match(after)
        and not _ISSUE.match(after)
        and not (clear and after.startswith(" des "))
    ):
        return True
    small = m.shown.startswith(("le ", "la ", "les ", "l'", "The ")) and " " not in m.shown.partition(" ")[2]
    return small and m.after[:1] == " " and m.after[1:2].isupper()


def _capital_inside(m: Mention, places: frozenset[str]) -> bool:
    """Whether an article has its capital inside a sentence, and what stands around it makes no title or place."""
    said = m.low.rstrip(" ,").rsplit(" ", 2)
    last = said[-1]
    if not m.shown.startswith(("Le ", "La ", "Les ", "L'")) or not last.isalpha():
        return False
    # "18 % de L'Express", but "la rue de La Croix"
    if last in places:
        owned = last in {"de", "à"} and len(said) > 1 and m.shown.startswith(("La ", "L'"))
        if not owned or not _may_own(said[-2], places) or _ARTICLE.sub("", m.shown) in load_words().small:
            return False
    if not (m.before[-2:-1].islower() or m.before[-2:-1] == ",") or m.before[-1:] != " ":
        return False
    return _goes_on(m.after)


def _contracted(m: Mention, places: frozenset[str]) -> bool:
    """Whether the capital of a name behind "du" or "au" shows it: ``contrairement au Point``."""
    if not m.before.endswith((" du ", " au ")) or m.shown not in load_words().common:
        return False
    said = m.before[:-4].rsplit(" ", 1)[-1].rpartition("'")[2]
    return said.islower() and _may_own(said, places) and _goes_on(m.after)


def _may_own(word: str, places: frozenset[str]) -> bool:
    """Whether a word before "de" is none of those that make a place, a title or an ordinary phrase."""
    return word == "%" or (word.isalpha() and word not in places and word not in load_words().homes)


def _goes_on(after: str) -> bool:
    """Whether a sentence ends or goes on in small letters; "L'Express des neiges" has a longer name."""
    if after[:4] in _PARTS and not _ISSUE.match(after):
        return False
    if after[:9].lower() == " à la une":
        return True
    if after.lstrip()[:1] in {"»", '"', "”"}:
        return after.lstrip(' »"”')[:1] in _STOPS
    word = after[1:].partition(" ")[0]
    return after[:1] in _STOPS or (
        after[:1] == " " and word.islower() and word.isalpha() and (len(word) > 1 or word == "a")
    )


def _is_staff(near: str) -> bool:
    """Whether one who works for a paper stands before the name: ``le reporter de guerre du Telegraph``."""
    return not load_words().staff.isdisjoint(near[-40:].split()[-3:])


def _is_national(m: Mention) -> bool:
    """Whether the outlet's own country is behind the name: ``L'ABC espagnol``, ``Le Temps de Genève``."""
    words, country, behind = load_words(), m.outlet.country, m.after[1:30]
    city = behind.startswith("de ") and behind[3:].lower().startswith(words.capitals.get(country, ("\n",)))
    if m.after[:1] != " " or not (city or behind.startswith(words.countries.get(country, ("\n",)))):
        return False
    core = _ARTICLE.sub("", m.shown, count=1)
    sure = core.isupper() or "fr" not in m.outlet.languages
    return sure or (core != m.shown and core not in words.small and m.outlet.country != "FR" and core[:1].isupper())


def _stands_alone(m: Mention) -> bool:
    """Whether a capital without an article, where French has none, tells a name: ``publiée hier dans Challenges``."""
    words, after = load_words(), m.after
    if after[:1] == " " and (after[1:2].isupper() or _OF.match(after)):
        return False
    low = m.low.rstrip(' "«')
    if not low or low.endswith((*_SENTENCE, ",")):
        word = _SPEECH.match(_CLITICS.sub("", after[1:40].lower(), count=1))
        return word is not None and after[:1] == " " and word.group() in words.does
    said = m.before.rstrip(' "«').rsplit(" ", 2)
    last = said[-1].rpartition("'")[2]
    # "une vieille une de Libération", but "le Front de Libération"
    if last == "de" and len(said) > 1:
        return said[-2].isalpha() and said[-2].islower() and said[-2] not in words.fronts
    return last.isalpha() and last.islower() and last not in words.articles


def _speaks(after: str) -> bool:
    """Whether what follows a name, in small letters, is a verb that papers are the subject of."""
    word = _SPEECH.match(_CLITICS.sub("", after, count=1))
    return word is not None and word.group() in load_words().verbs


def _acts(m: Mention, after: str) -> bool:
    """Whether a name with a capital article begins a sentence in which it does something, or a paper is spoken of."""
    words = load_words()
    core = m.shown.partition("'")[2] or m.shown.partition(" ")[2]
    if m.shown.startswith("Al-") and after.startswith(words.apposed):
        return True
    if not m.shown.startswith(_WITH_ARTICLE[:6]) or core in words.small or after.startswith(words.usually):
        return False
    if after.startswith(words.apposed) or m.after.lower().startswith(words.apposed):
        return True
    rest = _CLITICS.sub("", after, count=1)
    word = _SPEECH.match(rest)
    if word is None or word.group() not in words.does:
        return False
    return (
        core.count(" ") > 0
        or not words.reporting.isdisjoint(_SPEECH.findall(rest[:40])[1:3])
        or m.shown[0] == "T"
        or not words.press.isdisjoint(_SPEECH.findall(after[:110]))
        or (word.group() in words.modal)
    )


def _spoken(low: str, verbs: frozenset[str]) -> bool:
    """Whether someone speaks to the name that follows."""
    # "a déclaré jeudi soir à la": the verb within four words of the preposition.
    near = (" " + low.rstrip(' "«'))[-80:]
    if near[near.rfind(" ") + 1 :] not in _LAST:
        return False
    if near.endswith((" told", " tells", " told the", " tells the")):
        return True
    if not near.endswith(_TOWARDS):
        return False
    return any(word in verbs for word in _SPEECH.findall(without(near, _TOWARDS))[-4:])
