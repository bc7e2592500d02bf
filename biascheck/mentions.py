"""What stands around a name → whether the text was taken from there, is signed by it, shows its picture or cites it.

Each test looks at the name's line only, and at no more than a few hundred characters of it (`upstream.toml`).
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from biascheck.outlets import CONTEXT, DISTINCT, WEAK, Match, Outlet, Table, listed, load_table

__all__ = ["EDGES", "Mention", "Words", "is_agency", "is_alone", "is_origin", "is_photo", "is_suffix", "load_words"]
__all__ += ["cited", "is_credit", "is_person", "is_pictures", "is_signed", "last_words"]

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
_OPEN = " \t\"«»“”'([*_"
#: Patterns with this class are slow to compile: they stand as text, for the cache of `re`.
_CAPITAL = "A-ZÀ-ÖØ-ÞŁŚŠŽČА-ЯЁІЇЄ"
_PERSON = (
    rf"(?:[{_CAPITAL}][\w'.-]{{0,25}} ){{1,3}}[{_CAPITAL}][\w'.-]{{1,25}}\s?[|/]\s?(?:[A-Z]{{2,5}}[ /|]{{1,3}}){{0,2}}$"
)
_PERSON_AFTER = (
    rf"(?:\s?[/|]\s?(?:Archives?|[A-Z]{{2,6}}))?\s?[/|]\s?[{_CAPITAL}][\w.-]{{0,25}} [{_CAPITAL}][^.]{{0,30}}$"
)
_DATELINE = re.compile(r"[^.!?()\n]{0,70}\($|[^()\n]{1,45}\d{4}[^()\n]{0,10}\($")
_DASH_DATELINE = rf"[{_CAPITAL}]{{3,20}}[^\n.]{{0,30}}[—–-]\s?$"
_AFTER_DATELINE = re.compile(r"[^()\n]{0,25}\)[ .]{0,3}[-–—:]")
_AFTER_SLASH = rf"\s?/\s?[{_CAPITAL}]|\s?[–—-]\s"
_WORD = re.compile(r"[^\W\d_]+")
_SPEECH = re.compile(r"[\w'-]+")
_TOWARDS = tuple(" à| à l'| à la| au| aux| auprès de| auprès du| to| to the| with| avec| a| a la".split("|"))
_DETERMINED = (" le ", " la ", " les ", " un ", " une ", " the ")
_COORDINATED = (
    rf"^(?:,| et| and| y) (?:L[ae]s? |L'|The |El )?[{_CAPITAL}][\w-]{{1,20}}(?: [{_CAPITAL}][\w-]{{1,20}})?(?= )"
)
_SENTENCE = (".", "!", "?", "…")
_DE = re.compile(r" (?:de|d'|du|des|selon|moyen|libre|arabe|type|entier|musulman|perdu|occidental|est|change|nous)\b")


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
        self.ending = listed(origin["ending"])
        self.follow = listed(origin["follow"])
        self.pictures = frozenset(listed(photo["word"]))
        self.photo_names, self.photo_domains = frozenset(listed(photo["names"])), frozenset(listed(photo["agencies"]))
        self.joined, self.filler = _endings(agency["with"]), frozenset(listed(agency["filler"]))
        self.bare, self.places = frozenset(listed(words["names"]["bare"])), frozenset(listed(said["places"]))
        self.usual, self.usually = frozenset(listed(said["usual"])), listed(said["usually"])
        self.before, self.firm = _endings(said["before"]), _endings(said["firm"])
        self.noun, self.after = _endings(said["noun"]), listed(said["after"])
        self.spoke = frozenset(listed(said["spoke"]))
        self.foreign, self.ordinary = listed(words["names"]["german"]), frozenset(listed(words["names"]["foreign"]))
        self.countries = {country: listed(stems) for country, stems in words["countries"].items()}


@cache
def load_words() -> Words:
    """The word lists, arranged once a process."""
    return Words(load_table())


def _endings(text: str) -> tuple[str, ...]:
    """Phrases for `endswith`, without the articles that are stripped from what they are compared with."""
    return tuple(dict.fromkeys(_strip(" " + item) for item in listed(text)))


def _strip(text: str) -> str:
    """Without the articles, blanks and opening signs at the end."""
    for _ in range(4):
        text = text if text[-1:] == "'" else text.rstrip(_OPEN)
        head, _, word = text.rpartition(" ")
        if not head or word not in _ARTICLES:
            break
        text = head
    return text


def _without(text: str, endings: tuple[str, ...]) -> str:
    return text[: -len(next(n for n in endings if text.endswith(n)))]


def last_words(text: str) -> str:
    """The sentence that a text ends with."""
    return re.split(r"[.!?»]\s", text[-200:])[-1]


def is_signed(text: str) -> bool:
    """Whether a line has nothing but names, initials and the small words of bylines."""
    words, known = _WORD.findall(text), load_words()
    short, filler, table = known.table.short, known.filler, known.table
    return len(words) <= 14 and all(
        w[0].isupper() or len(w) <= 3 or w.lower() in filler or w in short or table.is_distinct(w) for w in words
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
    # At the end of a page a line that begins so is no sentence of the story.
    if m.tail and b.startswith(words.ending) and len(b) <= 80 and len(m.after) <= 60 and ". " not in b:
        return True
    near = " " + m.low[-110:]
    for _ in range(2):
        near = _strip(near)
        if near.endswith(words.lead):
            return True
        if not near.endswith(words.noun):
            break
        near = _without(near, words.noun)
    edge = m.head or m.tail or m.kind == "byline"
    if edge and len(m.after.strip(EDGES)) <= 30:
        written = _strip(" " + m.low)
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
    return _without(head, labels).rstrip()[-1:] in {"", "(", "[", ".", "|", "/", "–", "—", "-"}


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
            word = near[:at].rstrip().removesuffix(" photo").replace(".", " ").rpartition(" ")[2]
            if word.lstrip("([«|/-") in pictures:
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
    if agency and ends and is_person(m.before):
        return "|" in m.before[-4:] or not (m.tail and "(" in m.before[-60:])
    return agency and ends and low.endswith(" via") and "/" in m.before[-60:]


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
    low = _strip(" " + m.low.replace("(", " "))
    with_it = low.endswith(words.joined)
    joint = with_it or b.rstrip(" 0123456789")[-1:] in {"", "/", ",", ":", "©", "|", "(", "-", "–", "—", "&", "+"}
    joint = joint or low.strip() in {"", "par", "by"}
    if (" " + m.low.rstrip()).endswith((" par", " by", " von", " por", " da")) and len(m.line) <= 70:
        joint = True
    if not joint:
        return False
    if edge and len(m.line) <= 130 and is_signed(m.line):
        return True
    opening = b.rfind("(") if ")" not in b[b.rfind("(") :] else -1
    closed = after.find(")")
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


def is_alone(m: Mention) -> bool:
    """Whether the name or address is all there is of a line at the end, or the channel of a relay."""
    if not m.tail or m.match.start < 100 or m.in_list:
        return False
    if not m.before.strip(EDGES) and not m.after.strip(EDGES):
        return m.match.level == DISTINCT
    channel = m.shown.startswith("@") or "t.me/" in m.shown.lower()
    if not channel or len(m.line) > 120:
        return False
    line = m.line.lower()
    # "Follow us on t.me/…" is the site's own channel.
    return not any(word in line for word in load_words().follow)


def cited(m: Mention) -> int:  # noqa: PLR0911
    """How surely the story names the outlet: not (0), by its name (1), by what it says (2), as told to it (3)."""
    words, low = load_words(), m.low[-110:]
    level = m.match.level
    if m.shown in words.ordinary and any(word in f" {m.line.lower()} " for word in words.foreign):
        level = CONTEXT
    if level != WEAK and _spoken(low, words.spoke):
        return 3
    near = _strip(" " + low)
    # "l'agence Tasnim"
    trimmed = near.replace("l'", "l' ")
    if trimmed.endswith(words.noun) and level != DISTINCT:
        return 2
    for _ in range(2):
        trimmed, _, between = trimmed.rstrip(" ,").rpartition(" ")
        # "le magazine Télé Star" has another name.
        if level == WEAK and between != "telegram" and between.capitalize() in m.before[-60:]:
            break
        if trimmed.endswith(words.noun):
            return 2 if level != DISTINCT else 1
    if near.endswith(words.firm):
        return 2
    if level == WEAK:
        return 0
    if near.endswith(words.before) or near.replace("l'", "l' ").endswith(words.before):
        return 2 if len(m.line) > 60 or level == CONTEXT else 1
    after = re.sub(_COORDINATED, "", m.after, count=1).lower().lstrip(' »"')
    verb = after.startswith(words.after) and not after.startswith(("note ", *words.usually))
    if level == CONTEXT:
        plain = " " not in m.shown and "'" not in m.shown and not m.shown.isupper()
        return 1 if not plain and (verb or _capital_inside(m, words.places)) else 0
    if m.shown in words.bare and ((" " + low).endswith(_DETERMINED) or m.after[1:2].isdigit()):
        return 0
    if m.shown in words.usual and (not low.strip(EDGES) or low.rstrip(_OPEN).endswith(_SENTENCE)):
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
    article = m.shown.startswith(("Le ", "La ", "Les ", "The ", "El ", "L'")) and m.shown.count(" ") <= 1
    return 0 if article and _DE.match(m.after.lower()) else 1


def _capital_inside(m: Mention, places: frozenset[str]) -> bool:
    """Whether an article has its capital inside a sentence, and what stands around it makes no title or place."""
    last = m.low.rstrip().rpartition(" ")[2]
    if not m.shown.startswith(("Le ", "La ", "Les ", "L'")) or not last.isalpha() or last in places:
        return False
    return m.before[-2:-1].islower() and m.before[-1:] == " " and m.after[:1] in {"", ",", ".", ";", "!", "?", ")"}


def _spoken(low: str, verbs: frozenset[str]) -> bool:
    """Whether someone speaks to the name that follows."""
    # "a déclaré jeudi soir à la": the verb within four words of the preposition.
    near = (" " + low.rstrip(' "«'))[-80:]
    if near.endswith((" told", " tells", " told the", " tells the")):
        return True
    if not near.endswith(_TOWARDS):
        return False
    return any(word in verbs for word in _SPEECH.findall(_without(near, _TOWARDS))[-4:])
