"""What stands around a name → whether the text was taken from there, is signed by it or shows its picture.

Each test looks at the name's line only, and at no more than a few hundred characters of it (`upstream.toml`).
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from biascheck.outlets import DISTINCT, WEAK, Match, Outlet, Table, listed, load_table

__all__ = [
    "CAPITAL",
    "EDGES",
    "OPENING_SIGNS",
    "Mention",
    "Words",
    "is_agency",
    "is_alone",
    "is_byline",
    "is_captioned",
]
__all__ += ["is_credit", "is_origin", "is_person", "is_photo", "is_pictures", "is_signed", "is_suffix", "last_words"]
__all__ += ["load_words", "strip_articles", "without"]

#: Signs around a name that say nothing.
EDGES = " \t*•·-–—>|_→[](){}«»\"'.:,;©®/"
_OPENING = " \t*•-–—>[(|_«\"'→➡👉🔗📰"
_ARTICLES = frozenset(
    "l' le la les au aux du des de d' à a the el al to die der das dem den il in of sur par un une son leur".split()
)
#: Signs that a label and the name it labels have none of between them.
_PLAIN = frozenset(".()\n")
#: What shows a picture's credit by itself, and what does after a word for a picture.
_CREDITS = ("©", "(c)", "(photo", "[photo", "(foto", "[foto", "(image", "(crédit")
_BEFORE_NAMES = (":", "…", "...", "|", "/", "by ", "par ")
_JOINTS = frozenset(("", "/", ",", ":", "©", "|", "(", "[", "-", "–", "—", "&", "+"))
#: Signs that may open before a name.
OPENING_SIGNS = " \t\"«»“”'([*_"
#: Patterns with this class are slow to compile: they stand as text, for the cache of `re`.
CAPITAL = "A-ZÀ-ÖØ-ÞŁŚŠŽČА-ЯЁІЇЄ"
_PERSON = (
    rf"(?:[{CAPITAL}][\w'.-]{{0,25}} ){{1,3}}[{CAPITAL}][\w'.-]{{1,25}}\s?[|/]\s?(?:[A-Z]{{2,5}}[ /|]{{1,3}}){{0,2}}$"
)
_NAMES = rf"[{CAPITAL}][\w'.-]{{0,25}}(?: (?:d[eu] |de la |van |von |el )?[{CAPITAL}][\w'.-]{{0,25}}){{1,3}}"
_PERSON_AFTER = (
    rf"(?:\s?[/|]\s?(?:Archives?|[A-Z]{{2,6}}))?\s?[/|]\s?[{CAPITAL}][\w.-]{{0,25}} [{CAPITAL}][^.]{{0,30}}$"
)
_DATELINE = re.compile(r"[^.!?()\n]{0,70}\($|[^()\n]{1,45}\d{4}[^()\n]{0,10}\($")
_DASH_DATELINE = rf"[{CAPITAL}]{{3,20}}[^\n.]{{0,30}}[—–-]\s?$"
_AFTER_DATELINE = re.compile(r"[^()\n]{0,25}\)[ .]{0,3}[-–—:]")
_AFTER_SLASH = rf"\s?/\s?[{CAPITAL}]|\s?[–—-]\s"
_WORD = re.compile(r"[^\W\d_]+")
_FROM = frozenset("par dans sur de du d depuis chez au by in on from at".split())
_DATED = re.compile(r"(?:le|en|on|in|du|sous|par|et|traduit)\b[^.]{0,60}$")


class Mention(NamedTuple):
    """A match, the outlet that is meant, and its line: what stands before and after, as it is and in small letters."""

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
        self.ending = listed(origin["ending"])
        self.follow = listed(origin["follow"])
        self.pictures = frozenset(listed(photo["word"]))
        self.photo_names, self.photo_domains = frozenset(listed(photo["names"])), frozenset(listed(photo["agencies"]))
        self.joined, self.filler = _endings(agency["with"]), frozenset(listed(agency["filler"]))
        self.sentence, self.by = frozenset(listed(agency["sentence"])), frozenset(listed(origin["by"]))
        self.bare, self.places = frozenset(listed(words["names"]["bare"])), frozenset(listed(said["places"]))
        self.usual, self.usually = frozenset(listed(said["usual"])), listed(said["usually"])
        self.told_by = tuple(f" {word}{end}" for word in listed(said["participle"]) for end in ("", "e", "s", "es"))
        self.before, self.firm = _endings(said["before"]), _endings(said["firm"])
        self.noun, self.after = _endings(said["noun"]), listed(said["after"])
        self.spoke = frozenset(listed(said["spoke"]))
        self.foreign, self.ordinary = listed(words["names"]["german"]), frozenset(listed(words["names"]["foreign"]))
        self.countries = {country: listed(stems) for country, stems in words["countries"].items()}
        self.capitals = {country: listed(cities) for country, cities in words["capitals"].items()}


@cache
def load_words() -> Words:
    """The word lists, arranged once a process."""
    return Words(load_table())


def _endings(text: str) -> tuple[str, ...]:
    """Phrases for `endswith`, without the articles that are stripped from what they are compared with."""
    return tuple(dict.fromkeys(strip_articles(" " + item) for item in listed(text)))


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
        if near.endswith(words.lead):
            return True
        if not near.endswith(words.noun):
            break
        near = without(near, words.noun)
    edge = m.head or m.tail or m.kind == "byline"
    if edge and len(m.after.strip(EDGES)) <= 30:
        written = strip_articles(" " + m.low)
        if written.endswith((" pour", " for", " para", " für", " для", " per")):
            by = m.before[: len(written) - 1].strip().rpartition(" ")[0]
            if is_signed(by):
                return True
    previous = m.previous.strip(EDGES)
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
    if _FROM.isdisjoint(said[-3:]):
        return False
    rest = after.strip(' .)»"')
    return ". " not in low and (not rest or (rest[0] in ",(" and len(rest) <= 60) or _DATED.match(rest) is not None)


def _labelled(low: str, after: str, labels: tuple[str, ...]) -> bool:
    """Whether a line begins with ``source :`` or the like, and the name is what it labels."""
    label = next((i for i in labels if low.startswith(i) and not low[len(i) : len(i) + 1].isalpha()), None)
    if label is None:
        return False
    gap = low[len(label) :].strip(" \"«('")
    if gap and gap[0] in ":–—-→|=(":
        return len(gap) <= 90 and ". " not in gap and len(after) < 160
    said = gap in {"", "le", "la", "l'", "les", "le site", "the", "http://", "https://"}
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


def is_pictures(m: Mention) -> bool:
    """Whether the agency, or this name of it, stands for pictures."""
    words = load_words()
    return m.shown in words.photo_names or not words.photo_domains.isdisjoint(m.outlet.domains)


def is_credit(low: str) -> bool:
    """Whether a line, in small letters, ends with a picture's credit that a name may follow."""
    near = low[-62:]
    if any(sign in near for sign in _CREDITS):
        return True
    pictures = load_words().pictures
    for sign in _BEFORE_NAMES:
        at = near.rfind(sign)
        if at > 0:
            said = near[:at].rstrip()
            for part in (said, said.removesuffix(" photo")):
                if part.replace(".", " ").rpartition(" ")[2].lstrip("([«|/-") in pictures:
                    return True
    return False


def is_person(before: str) -> bool:
    """Whether a line ends with a person's name and a bar, as photographers are credited."""
    return re.search(_PERSON, before[-90:]) is not None


def is_photo(m: Mention) -> bool:  # noqa: PLR0911
    """Whether the name stands in a picture's credit."""
    b, tight = m.before.rstrip(), m.after.lstrip()
    rest, low = m.after.strip(" .)]"), m.low.rstrip()
    ends = len(rest) <= 45 or tight.startswith((")", "/", "|", "]"))
    pictures, agency = is_pictures(m), m.outlet.agency
    # "(EPA)" in a story is an environment agency.
    brackets = {"("} if m.shown in load_words().photo_names or not m.shown.isupper() else set()
    if pictures and ends and (b[-1:] in {"/", "|", "©", "-", "–"} | brackets or tight[:1] in {"/", "|"}):
        return True
    if agency and not m.tail and re.match(_PERSON_AFTER, m.after.rstrip(" .)]")):
        return True
    if agency and low[-1:] in {"", "(", "[", "."} and tight[:6].lower() in {"photo:", "photo ", "photo/", "photos"}:
        return True
    if agency and not rest and not m.tail and low.endswith(("/", "[", " photo", " photos", " foto")):
        return True
    if agency and not rest and m.head and not m.tail and m.match.level == DISTINCT and low.endswith((".", "!", "»")):
        return True
    alone = not low.replace("copyright", "").strip("© 0123456789-")
    alone = alone and (not rest or rest.lower().startswith(("tous droits", "all rights", "reprod")))
    if alone and "©" in b and m.tail and agency and not pictures:
        return False
    if m.kind == "photo_credit" and ends:
        joined = b[-1:] in {"", "/", "|", "©", ":", "(", "…", "+", "&"} or tight[:1] in {"/", "|"}
        return joined or low.endswith((" via", " by", " par", ",", "-", "–", ".")) or b.count(" ") <= 4
    if m.kind in {"agency_signoff", "byline", "dateline"}:
        return False
    if ends and is_credit(m.low):
        return True
    if agency and is_captioned(m):
        return True
    if agency and ends and is_person(m.before):
        return "|" in m.before[-4:] or not (m.tail and "(" in m.before[-60:])
    return agency and ends and low.endswith(" via") and "/" in m.before[-60:]


def is_captioned(m: Mention) -> bool:
    """Whether a word for a picture stands right before a name that may be an ordinary word, and a line's end after."""
    rest, b = m.after.strip(" .)]"), m.low.rstrip(' "«')
    if rest and not (rest[0] in "/|-–" and len(rest) <= 40):
        return False
    if b.endswith((":", "©", "/", "|")):
        return is_credit(m.low)
    for kind in (" d'archives", " d'illustration"):
        b = b.removesuffix(kind)
    head, _, word = b.rpartition(" ")
    word = word.lstrip("([")
    return word in load_words().pictures and (not head or head.endswith((".", "!", "?", "»", "©", "|", "/")))


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
    if closing and bare.endswith((".", "!", "?", "»", ")")) and (m.match.level == DISTINCT or m.shown.isupper()):
        return True
    edge = m.head or m.tail or m.kind in {"byline", "agency_signoff", "dateline", "update_stamp"}
    low = strip_articles(" " + m.low.replace("(", " "))
    with_it = low.endswith(words.joined)
    joint = with_it or b.rstrip(" 0123456789")[-1:] in _JOINTS
    joint = joint or low.strip() in {"", "par", "by"}
    if (" " + m.low.rstrip()).endswith((" par", " by", " von", " por", " da")) and len(m.line) <= 70:
        joint = True
    if not joint:
        return False
    if edge and len(m.line) <= 130 and is_signed(m.line):
        return True
    square = b.rfind("[") > b.rfind("(")
    opening, close = (b.rfind("["), "]") if square else (b.rfind("("), ")")
    opening = -1 if close in b[opening:] else opening
    closed = after.find(close)
    if opening >= 0 and closed >= 0 and len(b) - opening <= 60 and closed <= 40:
        ends = not after[closed + 1 :].strip(' ."»')
        return ends and m.tail and is_signed(b[opening:] + after[:closed])
    return edge and with_it and not after.strip(" .)") and is_signed(last_words(b))


def is_suffix(m: Mention) -> bool:
    """Whether the name stands after a headline."""
    if not (m.head or m.kind == "site_banner") or m.kind == "byline":
        return False
    b = m.before.rstrip()
    if b[-1:] not in {"-", "–", "—", "|", "•", "·"} or b[-2:-1] not in {" ", "|"} or m.before == b:
        return False
    headline = b[:-1].strip()
    if len(headline) < 20 or headline.count(" ") < 3:
        return False
    rest = m.after.strip(" .")
    return rest.lower() in load_words().tail or not rest or (rest[0] in "-–—|:" and len(rest) <= 40)


def is_byline(m: Mention) -> bool:
    """Whether the name is that of a byline's paper: ``Par Le Figaro``, ``Par Anne Morel (Mediapart)``."""
    if not (m.head or m.kind == "byline") or m.after.strip(" .)]") or len(m.line) > 90:
        return False
    words = load_words()
    if m.low.strip(EDGES) in words.by:
        return True
    by, _, person = m.before.strip().partition(" ")
    # "Anne Morel | News 24" may be the page's own.
    signed = person.endswith((",", "/", "|", "(", "-", "–", "—", "[", "•")) and by.lower() in words.by
    return signed and re.fullmatch(_NAMES, person.rstrip(" ,/|([-–—•")) is not None


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
