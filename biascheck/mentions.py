"""What stands around a name → whether the text was taken from there, is signed by it or shows its picture.

Each test looks at the name's line only, and at no more than a few hundred characters of it (`upstream.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from biascheck.outlets import DISTINCT, WEAK, Match, Outlet, Table, listed, load_table

__all__ = [
    "CAPITAL",
    "EDGES",
    "NAMES",
    "OPENING_SIGNS",
    "Mention",
    "Words",
    "ending",
    "is_agency",
    "is_alone",
    "is_origin",
    "is_rights",
    "is_signed",
    "last_words",
    "load_words",
    "strip_articles",
    "without",
]

#: Signs around a name that say nothing.
EDGES = " \t*•·-–—>|_→[](){}«»\"'.:,;©®/"
_OPENING = " \t*•-–—>[(|_«\"'→➡👉🔗📰"
_ARTICLES = frozenset(
    "l' le la les au aux du des de d' à a the el al to die der das dem den il in of sur par un une son leur".split()
)
#: Signs that a label and the name it labels have none of between them.
_PLAIN = frozenset(".()\n")
_JOINTS = frozenset(("", "/", ",", ":", "©", "|", "(", "[", "-", "–", "—", "&", "+"))
#: Signs that may open before a name.
OPENING_SIGNS = " \t\"«»“”'([*_"
#: Patterns with this class are slow to compile: they stand as text, for the cache of `re`.
CAPITAL = "A-ZÀ-ÖØ-ÞŁŚŠŽČА-ЯЁІЇЄ"
NAMES = rf"[{CAPITAL}][\w'.-]{{0,25}}(?: (?:d[eu] |de la |van |von |el )?[{CAPITAL}][\w'.-]{{0,25}}){{1,3}}"
_DATELINE = re.compile(
    r"[^.!?()\n]{0,70}\($|[^()\n]{1,45}\d{4}[^()\n]{0,10}\($"
    r"|[^.!?()\n]{2,40}\d{1,2}(?:er)? [a-zéû]{3,5}\.[ ,–—-]{1,3}\($"
)
_DASH_DATELINE = rf"[{CAPITAL}]{{3,20}}[^\n.]{{0,30}}[—–-]\s?$"
_AFTER_DATELINE = re.compile(r"[^()\n]{0,25}\)[ .]{0,3}[-–—:]")
_AFTER_SLASH = rf"\s?/\s?[{CAPITAL}]|\s?[–—-]\s"
_WORD = re.compile(r"[^\W\d_]+")
#: Who wrote a report, translated it and edited it, in brackets behind it.
_TEAM = re.compile(
    r"\((?:reportages?|reporting|version française|writing|édité|rédigé|écrit par|avec la contribution|contribution)\b"
)
#: "bur-tll/cbn/alc © 2024"
_INITIALS = re.compile(r"\W{0,3}[a-z]{2,6}(?:[/-][a-z]{2,6}){1,6} {1,3}(?:©|\(c\)|copyright)[ ©\d-]{0,9}")
_RIGHTS = re.compile(r"\W{0,3}(?:\(c\)|©)?\s?copyright[ ©:\d-]{0,12}")
#: The names before the agency of a byline that the text follows on its line.
_ALONG = rf"\W{{0,2}}(?:[{CAPITAL}][\w.'-]{{0,25}}[ ,]{{1,2}}(?:et |la )?){{1,5}}[(]?(?:avec|with) (?:l'|the )?$"
_TEXT = rf"\)?(?:\.| ?[–—-]) [«\" ]{{0,2}}[{CAPITAL}]"
#: What may stand between "via" and the name of a channel.
_CHANNELS = frozenset(
    f"{word}{telegram}"
    for word in ("le canal", "la chaîne", "le compte", "canal", "chaîne")
    for telegram in ("", " telegram")
)
_FROM = frozenset("par dans sur de du d depuis chez au by in on from at".split())
_DATED = re.compile(
    r"(?:le|en|on|in|du|sous|par|et|traduit)\b[^.]{0,60}(?:\. (?:Tradu|tradu|Propos|Texte|Repro)[^.]{0,50})?$"
)


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
        self.label = tuple(sorted(listed(origin["label"]), key=len, reverse=True))
        self.opening, self.lead, self.tail = (
            listed(origin["opening"]),
            _endings(origin["lead"]),
            frozenset(listed(origin["tail"])),
        )
        self.inside = listed(origin["inside"])
        self.begins, self.taken = frozenset(listed(origin["begins"])), frozenset(listed(origin["taken"]))
        self.firsts, self.ours = frozenset(listed(origin["firsts"])), frozenset(listed(origin["ours"]))
        self.asks = frozenset(listed(origin["asks"]))
        self.ending = listed(origin["ending"])
        self.follow = listed(origin["follow"])
        self.pictures = frozenset(listed(photo["word"]))
        self.photo_names, self.photo_domains = frozenset(listed(photo["names"])), frozenset(listed(photo["agencies"]))
        self.joined, self.filler = _endings(agency["with"]), frozenset(listed(agency["filler"]))
        self.sentence, self.by = frozenset(listed(agency["sentence"])), frozenset(listed(origin["by"]))
        self.written, self.behind = frozenset(listed(origin["written"])), frozenset(listed(origin["behind"]))
        self.heads, self.along = frozenset(listed(origin["heads"])), listed(origin["along"])
        self.wires = listed(origin["wires"])
        self.told = frozenset(listed(origin["told"]))
        self.drawn, self.drawing = frozenset(listed(origin["drawn"])), frozenset(listed(origin["drawing"]))
        self.bare, self.places = frozenset(listed(words["names"]["bare"])), frozenset(listed(said["places"]))
        self.usual, self.usually = frozenset(listed(said["usual"])), listed(said["usually"])
        self.told_by = _by_last(f" {word}{end}" for word in listed(said["participle"]) for end in ("", "e", "s", "es"))
        self.before, self.firm = _endings(said["before"]), _endings(said["firm"])
        self.noun = _endings(said["noun"])
        self.after: dict[str, tuple[str, ...]] = {}
        for phrase in listed(said["after"]):
            self.after[phrase[:2]] = (*self.after.get(phrase[:2], ()), phrase)
        self.verbs = frozenset(
            stem + end
            for stem in listed(said["stems"])
            for end in ("e", "ent", "ait", "aient", "a", "era", "erait", "èrent")
        ) | frozenset(listed(said["verbs"]))
        self.modal, self.press = frozenset(listed(said["modal"])), frozenset(listed(said["press"]))
        self.does = self.modal | frozenset(listed(said["does"]))
        self.apposed, self.verbal = listed(said["apposed"]), frozenset(listed(words["names"]["verbal"]))
        self.small = frozenset(listed(words["names"]["small"]))
        self.spoke = frozenset(listed(said["spoke"]))
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


def strip_articles(text: str) -> str:
    """Without the articles, blanks and opening signs at the end."""
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
    # "Source : Bilan de la fiscalité" names a work.
    if m.in_list or (m.match.level == WEAK and m.after[:1] == " " and m.after[1:2].isalpha()):
        return False
    if m.kind in {"source_link", "translation_note"} and len(m.line) <= 260:
        return True
    if b.startswith(words.label) and _labelled(b, m.after, words.label):
        return True
    if _inside(m.low[-80:], words.inside) and len(m.after.split(")")[0].strip()) <= 60:
        return True
    b = b.removeprefix("pour ")
    if b.startswith(words.opening) and len(b) <= 200 and ". " not in b and len(m.line) <= 300:
        return True
    if (m.tail or m.head) and _is_taken(b, m.after, words):
        return True
    # At the end of a page a line that begins so is no sentence of the story.
    if m.tail and b.startswith(words.ending) and len(b) <= 80 and len(m.after) <= 60 and ". " not in b:
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
    edge = m.head or m.tail or m.kind == "byline"
    if edge and len(m.after.strip(EDGES)) <= 30:
        written = strip_articles(" " + m.low)
        if written.endswith((" pour", " for", " para", " für", " для", " per")):
            by = m.before[: len(written) - 1].strip().rpartition(" ")[0]
            if is_signed(by):
                return True
    previous = m.previous.lower().strip(EDGES)
    return (
        bool(previous)
        and not b.strip(EDGES)
        and not m.after.strip(EDGES)
        and (previous in words.label or (previous.startswith(words.opening) and len(previous) <= 80))
    )


def _is_taken(low: str, after: str, words: Words) -> bool:
    """Whether a line is no more than where the text was before: ``Tribune parue en anglais dans``, and the name."""
    said = _WORD.findall(low[:120])
    if not 1 < len(said) <= 14 or len(low) > 120 or said[0] not in words.begins or words.taken.isdisjoint(said[:9]):
        return False
    # "L'original de ce texte", but "L'enquête publiée par"; "Lire notre enquête" is the page's own.
    whole = not words.firsts.isdisjoint(said)
    if (said[0] in words.asks and not whole) or not words.ours.isdisjoint(said):
        return False
    if _FROM.isdisjoint(said[-3:]):
        return False
    rest = after.strip(' .)»"')
    if ". " in low:
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
    return said and len(after.strip()) <= 40


def _inside(near: str, labels: tuple[str, ...]) -> bool:
    """Whether ``(source :`` or the like, after a sign inside a line, stands a few words before the name."""
    at = max(near.rfind(":"), near.rfind("="))
    if at < 0 or len(near) - at > 42 or not _PLAIN.isdisjoint(near[at + 1 :]):
        return False
    head = near[:at].rstrip()
    if not head.endswith(labels):
        return False
    return without(head, labels).rstrip()[-1:] in {"", "(", "[", ".", "|", "/", "–", "—", "-"}


def is_agency(m: Mention) -> bool:  # noqa: PLR0911
    """Whether the name is a dateline's, a byline's or a sign-off's."""
    b, after, words = m.before, m.after, load_words()
    bare = b.strip()
    if _DATELINE.fullmatch(b.lstrip(EDGES.replace("(", ""))) and _AFTER_DATELINE.match(after):
        return True
    if after.startswith(")") and _DATELINE.fullmatch(bare):
        # "ROMA (ANSA)", "Rabat - (MAP)", "(AFP)" before a text.
        place = bare.rstrip(" (")
        if place.isupper() or (m.head and (not place or (len(place) <= 40 and place[-1] in "-–—,"))):
            return True
    if not b.strip(EDGES) and re.match(_AFTER_SLASH, after) and not m.tail:
        return True
    if b.endswith("/") and after.startswith("/") and len(b) <= 60:
        return True
    dashed = after[:1] in {".", ",", "/"} or (m.head and after.lstrip()[:1] in {"-", "–", "—"})
    if dashed and len(b) <= 50 and re.match(_DASH_DATELINE, bare):
        return True
    # "… the road is closed. AFP", "(Reporting by …) Reuters"
    closing = (m.tail or m.kind == "agency_signoff") and not after.strip(EDGES) and m.shown[0].isupper()
    if (
        closing
        and bare.rstrip(" /").endswith((".", "!", "?", "»", ")"))
        and (m.match.level == DISTINCT or m.shown.isupper())
    ):
        return True
    edge = m.head or m.tail or m.kind in {"byline", "agency_signoff", "dateline", "update_stamp"}
    if (edge or m.kind == "legal") and is_rights(m):
        return True
    team = m.low[m.low.rfind("(") :] if m.tail and m.line.rstrip(" .").endswith(")") else ""
    if _TEAM.match(team) and team.rstrip().endswith((" pour", " for", " par", ",", " avec")) and ")" not in after[:-2]:
        return True
    if m.head and re.match(_TEXT, after) and re.fullmatch(_ALONG, b[-140:]) and is_signed(b):
        return True
    low = strip_articles(" " + m.low.replace("(", " "))
    with_it = bool(ending(low, words.joined))
    joint = with_it or b.rstrip(" 0123456789")[-1:] in _JOINTS
    joint = joint or low.strip() in {"", "par", "by"}
    if (" " + m.low.rstrip()).endswith((" par", " by", " von", " por", " da")) and len(m.line) <= 70:
        joint = True
    if not joint:
        return False
    if edge and len(m.line) <= 130 and is_signed(m.before) and is_signed(m.after):
        return True
    square = b.rfind("[") > b.rfind("(")
    opening, close = (b.rfind("["), "]") if square else (b.rfind("("), ")")
    opening = -1 if close in b[opening:] else opening
    closed = after.find(close)
    if opening >= 0 and closed >= 0 and len(b) - opening <= 60 and closed <= 40:
        rest = after[closed + 1 :].strip(' ."»')
        # A headline has no full stop behind the bracket.
        edged = m.tail or (m.first and m.more and len(after) == closed + 1)
        return not rest and edged and is_signed(b[opening:]) and is_signed(after[:closed])
    return edge and with_it and not after.strip(" .)") and is_signed(last_words(b))


def is_rights(m: Mention) -> bool:
    """Whether the text's rights are the name's: ``Copyright AFP.``, ``bur-tll/cbn © 2024 Agence France-Presse``."""
    rest = m.after.lower().strip(" .,-–)0123456789")
    if rest and not rest.startswith(("tous droits", "toute repro", "all rights", "reprod", "droits")):
        return False
    return _INITIALS.fullmatch(m.before) is not None or _RIGHTS.fullmatch(m.low) is not None


def is_alone(m: Mention) -> bool:
    """Whether the name or address is all there is of a line at the end, or the channel of a relay."""
    if not m.tail or m.in_list or (m.match.start < 100 and not (m.match.address and "/" in m.shown)):
        return False
    if not m.before.strip(EDGES) and not m.after.strip(EDGES):
        return m.match.level == DISTINCT
    channel = m.shown.startswith("@") or "t.me/" in m.shown.lower()
    if not channel or len(m.line) > 120:
        return False
    line = m.line.lower()
    # "Follow us on t.me/…" is the site's own channel.
    return not any(word in line for word in load_words().follow)
