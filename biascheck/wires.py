"""What stands around an agency's name → whether the text is its: a dateline, a byline, a sign-off (`upstream.toml`)."""

from __future__ import annotations

import re

from biascheck.mastheads import ISSUE
from biascheck.mentions import (
    BEGUN,
    CAPITAL,
    EDGES,
    Mention,
    ending,
    is_signed,
    last_words,
    load_words,
    strip_articles,
)
from biascheck.outlets import DISTINCT

__all__ = ["is_agency", "is_rights", "is_team", "is_wire"]

_JOINTS = frozenset(("", "/", ",", ":", "©", "|", "(", "[", "-", "–", "—", "&", "+"))
_DATELINE = re.compile(
    r"[^.!?()\n]{0,70}\($|[^()\n]{1,45}\d{4}[^()\n]{0,10}\($"
    r"|[^.!?()\n]{2,40}\d{1,2}(?:er)? [a-zéû]{3,5}\.[ ,–—-]{1,3}\($"
)
_DASH_DATELINE = rf"[{CAPITAL}]{{3,20}}[^\n.]{{0,30}}[—–-]\s?$"
_AFTER_DATELINE = re.compile(r"[^()\n]{0,25}\)[ .]{0,3}[-–—:]")
_AFTER_SLASH = rf"\s?/\s?[{CAPITAL}]|\s?[–—-]\s"
#: Who wrote a report, translated it and edited it, in brackets behind it.
_TEAM = re.compile(
    r"\((?:reportages?|reporting|version française|writing|édité|rédigé|écrit par|avec la contribution|contribution)\b"
)
#: "bur-tll/cbn/alc © 2024"
_INITIALS = re.compile(r"\W{0,3}[a-z]{2,6}(?:[/-][a-z]{2,6}){1,6} {1,3}(?:©|\(c\)|copyright)[ ©\d-]{0,9}")
_RIGHTS = re.compile(
    r"(?:(?:reproduction|droits) [a-z ]{0,14}réservée?s?[ .,–-]{0,3})?\W{0,3}(?:\(c\)|©)?\s?copyright[ ©:\d-]{0,12}"
    r"|\s?(?:©|\(c\)) ?(?:19|20)\d\d(?:[–-]20\d\d)?[ ,–—-]{0,3}"
)
#: The names before the agency of a byline that the text follows on its line.
_ALONG = rf"\W{{0,2}}(?:[{CAPITAL}][\w.'-]{{0,25}}[ ,]{{1,2}}(?:et |la )?){{1,5}}[(]?(?:avec|with) (?:l'|the )?$"
_OPENED = rf"[(\[](?:[{CAPITAL}][\w' -]{{2,25}}[,-] ?)?"
_CLOSED = rf"[)\]] ?[–—:-]? ?[«\" ]{{0,2}}[{CAPITAL}\d]"
#: "KIEV. 12 août. INTERFAX-UKRAINE – …", "Moscou, 3 mai - RIA Novosti. …"
_PLACE_DAY = rf"[{CAPITAL}][\w' -]{{2,25}}[.,] ?\d{{1,2}}(?:er)? [^\W\d_]{{3,9}}\.?(?: \d{{4}})?[.,]?(?: ?[-–—/])? ?"
_PLACE_STOP = rf"[{CAPITAL}][\w'-]{{2,20}}(?: [{CAPITAL}][\w'-]{{2,20}})?\. "
_TEXT = rf"\)?(?:\.| ?[–—-]) {BEGUN}"


def is_agency(m: Mention) -> bool:  # noqa: PLR0911
    """Whether the name is a dateline's, a byline's or a sign-off's."""
    b, after, words = m.before, m.after, load_words()
    bare = b.strip()
    opened = bare[-1:] == "("
    if opened and _DATELINE.fullmatch(b.lstrip(EDGES.replace("(", ""))) and _AFTER_DATELINE.match(after):
        return True
    if opened and after.startswith(")") and _DATELINE.fullmatch(bare):
        # "ROMA (ANSA)", "Rabat - (MAP)", "(AFP)" before a text.
        place = bare.rstrip(" (")
        if place.isupper() or (m.head and (not place or (len(place) <= 40 and place[-1] in "-–—,"))):
            return True
    # "KYIV, 9 novembre (Ukrinform). Quatre civils"
    if m.head and after.startswith("). ") and re.fullmatch(rf"[{CAPITAL}' -]{{3,20}}, \d{{1,2}} [^\W\d_]{{3,9}} \(", b):
        return True
    # "[AFP] Le port ferme.", "(Beyrouth, AFP) Le port ferme."
    if m.head and b[:1] in {"[", "("} and re.fullmatch(_OPENED, b) and re.match(_CLOSED, after):
        return True
    below = m.head and not m.first and len(after) > 40
    if not b.strip(EDGES) and re.match(_AFTER_SLASH, after) and (below or not m.tail):
        return True
    if b.endswith("/") and after.startswith("/") and len(b) <= 60:
        return True
    # "Kiev. Ukrinform. Les défenseurs"
    placed = m.head and b[-1:] in {" ", "/", "-", "–", "—"} and re.match(_TEXT, after)
    if placed and (re.fullmatch(_PLACE_DAY, b) or (m.first and re.fullmatch(_PLACE_STOP, b))):
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
    if is_team(m):
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
    # "La rédaction, avec dpa : le constructeur"
    if m.head and with_it and after[:3] == " : " and is_signed(b):
        return True
    return edge and with_it and not after.strip(" .)") and is_signed(last_words(b))


def is_rights(m: Mention) -> bool:
    """Whether the text's rights are the name's: ``Copyright AFP.``, ``bur-tll/cbn © 2024 Agence France-Presse``."""
    rest = m.after.lower().strip(" .,-–)0123456789")
    if rest and not rest.startswith(("tous droits", "toute repro", "toute citation", "all rights", "reprod", "droits")):
        return False
    return _INITIALS.fullmatch(m.before) is not None or _RIGHTS.fullmatch(m.low) is not None


def is_team(m: Mention) -> bool:
    """Whether an agency stands last among those who wrote, translated and edited: ``(…, édité par … pour Reuters)``."""
    if not m.outlet.agency or not m.tail or not m.line.rstrip(" .").endswith(")"):
        return False
    team = m.low[m.low.rfind("(") :]
    by = team.rstrip().endswith((" pour", " for", " par", ",", " avec"))
    return by and _TEAM.match(team) is not None and ")" not in m.after[:-2]


def is_wire(m: Mention) -> bool:
    """Whether an agency opens the text as its dateline: ``TASS, 11 août.``, ``UNIAN. …``, ``APA-Bamako (Mali)``."""
    if not m.first or m.low.strip(EDGES):
        return False
    after = m.after
    if re.match(rf" ?/ ?[{CAPITAL}][^/\n]{{2,30}}/", after):
        return True
    if re.match(rf"-[{CAPITAL}][\w'-]{{2,24}} ?[(,–—:]", after) or re.match(ISSUE, after.lower()):
        return True
    if m.more and re.fullmatch(rf" ?/ ?[{CAPITAL}][\w'-]{{2,20}}", after.rstrip()):
        return True
    if re.match(rf", [{CAPITAL}][\w'-]{{2,20}} [–—-] {BEGUN}", after):
        return True
    return (m.more or len(after) > 40) and re.match(rf"(?:\.| [–—-]) {BEGUN}", after) is not None
