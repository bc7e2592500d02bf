"""What stands around a name → whether the text was taken from there, is signed by it or shows its picture.

Each test looks at the name's line only, and at no more than a few hundred characters of it (`upstream.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from biascheck.outlet_rows import Outlet, listed
from biascheck.outlets import DISTINCT, WEAK, Match, Table, load_table

__all__ = [
    "BEGUN",
    "CAPITAL",
    "EDGES",
    "NAMES",
    "OPENING_SIGNS",
    "Mention",
    "Words",
    "ending",
    "is_alone",
    "is_opening_clause",
    "is_origin",
    "is_signed",
    "last_words",
    "load_words",
    "strip_articles",
    "without",
]

#: Signs around a name that say nothing.
EDGES = " \t*•·-–—>|_→[](){}«»\"'.:,;©®/"
_OPENING = " \t*•-–—>[(|_«\"'#→➡👉🔗📰📌📍📎📢📣🔴⚡️▶ℹ✍"
#: Who tells where a text comes from: "NDLR : ce texte est paru dans …".
_NOTE = re.compile(
    r"(?:ndlr|ndt|n\.d\.l\.r\.?|notes? d[eu] (?:la rédaction|traducteur|traductrice|l'éditeur))[\])]? ?[:.–—-] ?"
)
_ARTICLES = frozenset(
    "l' le la les au aux du des de d' à a the el al to die der das dem den il in of sur par un une son leur".split()
)
#: Signs that a label and the name it labels have none of between them.
_PLAIN = frozenset(".()\n")
#: Signs that may open before a name.
OPENING_SIGNS = " \t\"«»“”'([*_"
#: Patterns with this class are slow to compile: they stand as text, for the cache of `re`.
CAPITAL = "A-ZÀ-ÖØ-ÞŁŚŠŽČА-ЯЁІЇЄ"
NAMES = rf"[{CAPITAL}][\w'.-]{{0,25}}(?: (?:d[eu] |de la |van |von |el )?[{CAPITAL}][\w'.-]{{0,25}}){{1,3}}"
#: How a text begins behind the name of its page or its agency.
BEGUN = rf"[«\" ]{{0,2}}[{CAPITAL}]"
_WORD = re.compile(r"[^\W\d_]+")
#: A channel's address behind its name, below a text.
_RELAY = re.compile(r"[^\w\n.]{1,6}(?:https?://|www\.|t\.me/|@)[\w./@-]{2,80}")
#: What may stand between "via" and the name of a channel.
_CHANNELS = frozenset(
    f"{word}{telegram}"
    for word in ("le canal", "la chaîne", "le compte", "canal", "chaîne")
    for telegram in ("", " telegram")
)
#: A participle that opens a sentence, and the subject of the sentence behind the name and what belongs to it.
_DONE = re.compile(
    r"(?:(?:initialement|d'abord|aussitôt|longtemps|récemment|également|largement) )?"
    r"(?:publié|paru|diffusé|repris|relayé|traduit|extrait|tiré|adapté|révélé|cité|mis|lu|republié|reproduit)e?s?\b"
)
_SUBJECT = re.compile(
    r"[ »\"]{0,2}[^,.;:\n]{0,40}, (?:l'|(?:les?|la|une?|il|elle|ils|elles|on|son|sa|ses|leurs?|nul|aucune?|plusieurs) )"
)
#: A text that says where it was before: "Cette enquête a d'abord été publiée en russe par".
_SELF = re.compile(
    r"\b(?:cet|cette|ce|le présent|la présente) "
    r"(?:article|enquête|entretien|interview|texte|tribune|reportage|récit|analyse|chronique|papier|billet|portrait"
    r"|dossier|dépêche|éditorial|contenu|podcast|vidéo)s? (?:\(?[a-zé]{2,12}\)? ){0,2}"
    r"(?:a|est|avait|était|fut)(?: été)? (?:d'abord|initialement|originellement|à l'origine|au départ)(?: été)? "
    r"(?:publié|paru|diffusé|écrit|rédigé|mis en ligne|posté)e? (?:en [a-zç]{4,12} )?(?:le \d[^,.]{0,20} )?"
    r"(?:par|dans|sur|chez|en|pour) (?:le site (?:de |du |d')?|le magazine |le quotidien |le journal |l'hebdomadaire "
    r"|l'agence |la revue )?(?:l'|les? |la )?[«\" ]{0,2}$"
)
#: One of these is in every such sentence.
_BEFORE_NOW = ("d'abord", "initialement", "origin", "au départ")
_FROM = frozenset("par dans sur de du d depuis chez au by in on from at".split())
_ONWARD = re.compile(r"(?:, ?|\()(?:traduit|par[ua]|publié|le \d|du \d|\d)[^.]{0,50}$")
_DATED = re.compile(
    r"(?:le|en|on|in|du|sous|par|et|traduit)\b[^.]{0,60}(?:\. (?:Tradu|tradu|Propos|Texte|Repro)[^.]{0,50})?$"
    r"|le [^.,]{3,20}, (?:est|a été) (?:ici )?(?:reproduit|repris|republié|traduit)"
)
#: "… ce long article, que nous reproduisons"
_REPEATED = re.compile(
    r" que nous re(?:produisons|publions|prenons)\b| dont nous (?:re)?(?:publions|produisons|traduisons) ici\b"
    r"| re(?:produit|pris|publié)e?s? (?:ici|ci-dessous|avec l'a)| traduite?s? par (?:nos soins|la rédaction)\b"
)
_ASKED = re.compile(r"\W{0,3}(?:à lire|lire|lisez|retrouvez|retrouver|voir|consultez|read)\b")
#: "(Via The Telegraph)"
_VIA = re.compile(r"[(\[]via (?:le |la |l'|the )?$")
#: "Par Anne Morel – Source "
_SOURCED = re.compile(r"[–—|-] source ?:? ?$")

#: Phrases by their last words.
Endings = dict[str, set[str]]


class Mention(NamedTuple):
    """A match, the outlet that is meant, and its line: what stands before and after, as it is and in small letters.

    `head` and `tail` tell that the line is among the first or last of the text, `first` that it is the first one, and
    `more` that others follow it.
    """

    match: Match
    row: int
    outlet: Outlet
    shown: str
    line: str
    before: str
    after: str
    low: str
    previous: str
    kind: str
    head: bool
    tail: bool
    in_list: bool
    first: bool
    more: bool


class Words:
    """The word lists of `upstream.toml`, arranged for `str.startswith` and `str.endswith`."""

    def __init__(self, table: Table) -> None:
        words = table.words
        origin, photo, agency, said = (words[name] for name in ("origin", "photo", "agency", "cited"))
        self.table = table
        self.label, self.opening = _by_first(listed(origin["label"])), _by_first(listed(origin["opening"]))
        self.lead, self.tail = _endings(origin["lead"]), frozenset(listed(origin["tail"]))
        self.inside = listed(origin["inside"])
        self.begins, self.taken = frozenset(listed(origin["begins"])), frozenset(listed(origin["taken"]))
        self.firsts, self.ours = frozenset(listed(origin["firsts"])), frozenset(listed(origin["ours"]))
        self.asks = frozenset(listed(origin["asks"]))
        self.ending, self.again = _by_first(listed(origin["ending"])), frozenset(listed(origin["again"]))
        self.follow = listed(origin["follow"])
        self.pictures = frozenset(listed(photo["word"]))
        self.photo_names, self.photo_domains = frozenset(listed(photo["names"])), frozenset(listed(photo["agencies"]))
        self.joined, self.filler = _endings(agency["with"]), frozenset(listed(agency["filler"]))
        self.lone_signs = frozenset(listed(agency["lone"]))
        self.sentence, self.by = frozenset(listed(agency["sentence"])), frozenset(listed(origin["by"]))
        self.written, self.behind = frozenset(listed(origin["written"])), frozenset(listed(origin["behind"]))
        self.heads, self.along = frozenset(listed(origin["heads"])), listed(origin["along"])
        self.wires, self.told = listed(origin["wires"]), frozenset(listed(origin["told"]))
        self.drawn, self.drawing = frozenset(listed(origin["drawn"])), frozenset(listed(origin["drawing"]))
        self.bare, self.places = frozenset(listed(words["names"]["bare"])), frozenset(listed(said["places"]))
        self.usual, self.usually = frozenset(listed(said["usual"])), listed(said["usually"])
        done, endings = listed(said["participle"]), ("", "e", "s", "es")
        self.reporting = frozenset(f"{word}{end}" for word in {*done} - {*listed(said["passive"])} for end in endings)
        self.told_by = _by_last(f" {word}{end}" for word in done for end in endings)
        self.before, self.firm = _endings(said["before"]), _endings(said["firm"])
        self.noun = _endings(said["noun"])
        self.after = _by_first(listed(said["after"]))
        self.verbs = frozenset(
            stem + end
            for stem in listed(said["stems"])
            for end in ("e", "ent", "ait", "aient", "a", "era", "erait", "èrent")
        ) | frozenset(listed(said["verbs"]))
        self.modal, self.press = frozenset(listed(said["modal"])), frozenset(listed(said["press"]))
        self.does = self.modal | frozenset(listed(said["does"]))
        self.apposed, self.verbal = listed(said["apposed"]), frozenset(listed(words["names"]["verbal"]))
        self.small = frozenset(listed(words["names"]["small"]))
        self.given, self.lone = frozenset(listed(words["names"]["given"])), frozenset(listed(words["names"]["lone"]))
        self.staff, self.articles = frozenset(listed(said["staff"])), frozenset(listed(said["articles"]))
        self.homes, self.fronts = frozenset(listed(said["homes"])), frozenset(listed(said["fronts"]))
        self.common = frozenset(listed(words["names"]["common"]))
        self.titled, self.spoke = _by_first(listed(said["titled"])), frozenset(listed(said["spoke"]))
        self.foreign, self.ordinary = listed(words["names"]["german"]), frozenset(listed(words["names"]["foreign"]))
        self.countries = {country: listed(stems) for country, stems in words["countries"].items()}
        self.capitals = {country: listed(cities) for country, cities in words["capitals"].items()}


@cache
def load_words() -> Words:
    """The word lists, arranged once a process."""
    return Words(load_table())


def _endings(text: str) -> Endings:
    """Phrases for `ending`, without the articles that are stripped from what they are compared with."""
    return _by_last(strip_articles(" " + item) for item in listed(text))


def _by_first(phrases: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Phrases by their first two signs, the longest first."""
    found: dict[str, list[str]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        found.setdefault(phrase[:2], []).append(phrase)
    return {key: tuple(items) for key, items in found.items()}


def _by_last(phrases: Iterable[str]) -> Endings:
    """Phrases, a blank before each, by the last word."""
    found: Endings = {}
    for phrase in phrases:
        found.setdefault(phrase[phrase.rfind(" ") :], set()).add(phrase)
    return found


def ending(text: str, phrases: Endings) -> str:
    """The shortest of some phrases, of up to seven words, that a text ends with; else nothing."""
    at = text.rfind(" ")
    known = phrases.get(text[at:]) if at >= 0 else None
    if known is not None:
        for _ in range(7):
            if text[at:] in known:
                return text[at:]
            at = text.rfind(" ", 0, at)
            if at < 0:
                break
    return ""


@lru_cache(maxsize=2)
def strip_articles(text: str) -> str:
    """Without the articles, blanks and opening signs at the end; asked twice of most mentions."""
    for _ in range(4):
        text = text if text[-1:] == "'" else text.rstrip(OPENING_SIGNS)
        head, _, word = text.rpartition(" ")
        if not head or word not in _ARTICLES or text.endswith(" à la une"):
            break
        text = head
    return text


def without(text: str, endings: tuple[str, ...]) -> str:
    """Without the one of some endings that a text has."""
    return text[: -len(next(n for n in endings if text.endswith(n)))]


def last_words(text: str) -> str:
    """The sentence that a text ends with."""
    return re.split(r"[.!?»]\s", text[-200:])[-1]


def is_signed(text: str) -> bool:
    """Whether a line has nothing but names, initials and the small words of bylines."""
    words, known = _WORD.findall(text), load_words()
    short, filler, table = known.table.short, known.filler, known.table
    return (
        len(words) <= 14
        and known.sentence.isdisjoint(words)
        and all(
            w[0].isupper() or len(w) <= 3 or w.lower() in filler or w in short or table.is_distinct(w) for w in words
        )
    )


def is_origin(m: Mention) -> bool:  # noqa: PLR0911
    """Whether the line says that the text was taken from here."""
    words, b = load_words(), m.low.lstrip(_OPENING)
    edge = m.head or m.tail
    if edge and _is_handed_on(m):
        return True
    # "Source : Bilan de la fiscalité" names a work.
    if m.in_list or (m.match.level == WEAK and m.after[:1] == " " and m.after[1:2].isalpha()):
        return False
    if m.kind in {"source_link", "translation_note"} and len(m.line) <= 260:
        return True
    labels = words.label.get(b[:2], ())
    if b.startswith(labels) and _labelled(b, m.after, labels):
        return True
    if _inside(m.low[-80:], words.inside) and len(m.after.split(")")[0].strip()) <= 60:
        return True
    b = b.removeprefix("pour ")
    noted = _NOTE.match(b) if b[:1] == "n" else None
    b = b[noted.end() :] if noted else b
    signed = edge or m.kind == "byline"
    if signed and any(word in m.low for word in _BEFORE_NOW) and _SELF.search(m.low[-160:]):
        return True
    if b.startswith(words.opening.get(b[:2], ())) and len(b) <= 200 and ". " not in b and len(m.line) <= 300:
        return True
    if edge and (not m.outlet.agency or b[:2] != "d'") and _is_taken(b, m.after, words):
        return True
    # At the end of a page a line that begins so is no sentence of the story.
    if (
        (m.tail or noted)
        and b.startswith(words.ending.get(b[:2], ()))
        and len(b) <= 80
        and len(m.after) <= 60
        and ". " not in b
    ):
        return True
    near = " " + m.low[-110:]
    for _ in range(2):
        near = strip_articles(near)
        if ending(near, words.lead):
            return True
        noun = ending(near, words.noun)
        if not noun:
            break
        near = near.removesuffix(noun)
    if signed and len(m.after.strip(EDGES)) <= 30:
        written = strip_articles(" " + m.low)
        if written.endswith((" pour", " for", " para", " für", " для", " per")):
            by = m.before[: len(written) - 1].strip().rpartition(" ")[0]
            if is_signed(by):
                return True
    # "… Lire l'original en anglais sur le site du Kyiv Independent."
    last = last_words(m.low)
    if m.tail and len(last) < len(m.low[-200:]) and len(m.after.strip(EDGES)) <= 30 and _ASKED.match(last):
        return is_origin(m._replace(low=last, before=m.before[-len(last) :] if last else "", previous=""))
    previous = m.previous.lower().strip(EDGES)
    if not previous or b.strip(EDGES) or m.after.strip(EDGES):
        return False
    labels, opening = words.label.get(previous[:2], ()), words.opening.get(previous[:2], ())
    return previous in labels or (previous.startswith(opening) and len(previous) <= 80)


def _is_handed_on(m: Mention) -> bool:
    """Whether a text's first or last lines say so at the name: ``(Via The Telegraph)``, ``que nous reproduisons``."""
    if m.match.address and m.low.endswith(" via ") and not m.after.strip(" ."):
        return True
    if _REPEATED.search(m.low[-140:] + m.shown + m.after[:140]):
        return True
    near = m.low[-12:]
    return (m.after[:1] in {")", "]"} and _VIA.search(near) is not None) or _SOURCED.search(near) is not None


def is_opening_clause(m: Mention) -> bool:
    """Whether a sentence begins with what was done to its subject: ``Repris par Reuters, le chiffre …``."""
    if not _DONE.match(m.low.lstrip(_OPENING)) or m.after.count(" ") < 4:
        return False
    rest = _SUBJECT.match(m.after.lower())
    if rest is None:
        return False
    return load_words().again.isdisjoint(_WORD.findall(m.after.lower()[:160]))


def _is_taken(low: str, after: str, words: Words) -> bool:
    """Whether a line is no more than where the text was before: ``Tribune parue en anglais dans``, and the name."""
    said = _WORD.findall(low[:120])
    if not 1 < len(said) <= 14 or len(low) > 120 or said[0] not in words.begins:
        return False
    after_it = said[:2] == ["d", "après"] and not words.begins.isdisjoint(said[2:5])
    if words.taken.isdisjoint(said[:9]) and not after_it:
        return False
    # "L'original de ce texte", but "L'enquête publiée par"; "Lire notre enquête" is the page's own.
    whole = not words.firsts.isdisjoint(said)
    if (said[0] in words.asks and not whole) or not words.ours.isdisjoint(said):
        return False
    if _FROM.isdisjoint(said[-3:]):
        return False
    rest = after.strip(' .)»"')
    # "D'après un article de Die Zeit", but "D'après un article de Die Zeit, l'Allemagne manque de bras."
    if ". " in low or (after_it and rest and _ONWARD.match(rest.lower()) is None):
        return False
    return (
        not rest
        or (rest[0] in ",(" and len(rest) <= 60)
        or _DATED.match(rest) is not None
        or (whole and after[:2] == ". ")
    )


def _labelled(low: str, after: str, labels: tuple[str, ...]) -> bool:
    """Whether a line begins with ``source :`` or the like, and the name is what it labels."""
    label = next((i for i in labels if low.startswith(i) and not low[len(i) : len(i) + 1].isalpha()), None)
    if label is None:
        return False
    gap = low[len(label) :].strip(" \"«('")
    if gap and gap[0] in ":–—-→|=(/":
        return len(gap) <= 90 and ". " not in gap and len(after) < 160
    said = gap in {"", "le", "la", "l'", "les", "le site", "the", "http://", "https://"} or gap in _CHANNELS
    # "Via X — Le port ferme."
    return said and (len(after.strip()) <= 40 or after[:3] in {" — ", " – ", " : "})


def _inside(near: str, labels: tuple[str, ...]) -> bool:
    """Whether ``(source :`` or the like, after a sign inside a line, stands a few words before the name."""
    at = max(near.rfind(":"), near.rfind("="))
    if at < 0 or len(near) - at > 42 or not _PLAIN.isdisjoint(near[at + 1 :]):
        return False
    head = near[:at].rstrip()
    if not head.endswith(labels):
        return False
    return without(head, labels).rstrip()[-1:] in {"", "(", "[", ".", "|", "/", "–", "—", "-", ","}


def is_alone(m: Mention) -> bool:
    """Whether the name or address is all there is of a line at the end, or the channel of a relay."""
    if not m.tail or m.in_list or (m.match.start < 100 and not (m.match.address and "/" in m.shown)):
        return False
    if not m.before.strip(EDGES) and not m.after.strip(EDGES):
        return m.match.level == DISTINCT
    # "Ukraïnska Pravda 👉 t.me/…"
    if not m.before.strip(EDGES) and m.match.level != WEAK and _RELAY.fullmatch(m.after.rstrip()):
        return True
    channel = m.shown.startswith("@") or "t.me/" in m.shown.lower()
    if not channel or len(m.line) > 120:
        return False
    line = m.line.lower()
    # "Follow us on t.me/…" is the site's own channel.
    return not any(word in line for word in load_words().follow)
