"""What stands around a name → whether the text is a page of the outlet, or was drawn from it (`upstream.toml`).

The first and last lines of a text tell: a masthead, a breadcrumb, an issue, a copyright, a translation, an address.
"""

from __future__ import annotations

import re

from biascheck.mentions import CAPITAL, EDGES, NAMES, Mention, is_signed, last_words, load_words
from biascheck.outlets import CONTEXT, DISTINCT, WEAK

__all__ = ["is_along", "is_byline", "is_drawn", "is_masthead", "is_suffix", "is_wire"]

_WORD = re.compile(r"[^\W\d_]+")
_MONTHS = (
    r"(?:janv|févr?|fevr?|mars|avr|mai|juin|juil|août|aout|sept|oct|nov|déc|dec|jan|feb|mar|apr|may|jun|jul|aug|ene|abr)"
    r"[a-zé]{0,7}\.?"
)
#: A day or a number of an issue.
_DAY = (
    rf"(?:(?:\d{{1,2}}(?:er)? {_MONTHS}|{_MONTHS} \d{{1,2}},)(?: \d{{4}})?|{_MONTHS} \d{{4}}"
    r"|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d\d-\d\d|n[°ºo]\.? ?\d{1,5}|numéro \d{1,5}|hier à \d)"
)
_BEFORE_DAY = (
    r"(?:(?:datée? du|publiée?|mise? à jour|mise? en ligne|postée?|parue?|édition|papier|le|du|de|hier|updated|posted"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b[ :]{1,3}){0,4}"
)
_HOUR = r"(?:[,.]? (?:à |at )?\d{1,2} ?[h:] ?\d{0,2})?[ »]?"
_AFTER_DAY = r"(?:$|[.–—|):-]|, ?(?:p\.|pages? |n[°ºo]|modifi|mis|édition|par |à \d|\d|supp))"
_ISSUE = rf"[ »\"]{{0,3}}(?:\([^()\n]{{2,24}}\))?[,.(|–—:-]?[ (]{{0,2}}{_BEFORE_DAY}{_DAY}{_HOUR}{_AFTER_DAY}"
#: A section or a headline behind a name at the head of a page.
_SECTION = (
    rf"[ »\"]{{0,2}}[|›>•·] ?\S| [–—-] [«\" ]{{0,2}}[{CAPITAL}\d]|\.? ?»? ?\. ?[«\" ]{{0,2}}[{CAPITAL}]|» ?[{CAPITAL}]"
)
#: "Mediapart – le site d'enquête – a …"
_ASIDE = re.compile(r" [–—-] [a-zà-ÿ]")
#: A reporter's place at a paper, behind the name or instead of it.
_POST = (
    r"(?:bureau|service|correspondante?s?|envoyée?s? spéciale?s?|envoyés spéciaux|journaliste)"
    r"(?: [a-zéè]{4,14}){0,2}(?: (?:à|en|au|aux) [\w'-]{3,20})?"
)
_STAFF = (
    rf"(?:Par )?{NAMES} \((?:[{CAPITAL}][\w' -]{{2,25}}, )?{_POST} (?:du|de|au|à|pour) (?:l'|la |les |le )?(?:« ?)?"
)
_OUR = rf"(?:par |de |avec )?(?:notre|nos) {_POST},? (?:pour|de|du) (?:l'|la |les |le )?(?:« ?)?"
#: How words for "with" begin.
_ALONG = frozenset("awmcAWMC")
_RIGHTS = ("©", "opyright", "(c)", "droits", "rights")
_ENDS = frozenset(("", ".", "!", "?", "»", "|", "-", "–", "—"))
_COPYRIGHT = re.compile(
    r"(?:copyright|©|\(c\)|(?:tous )?droits (?:réservés|de reproduction)|all rights reserved)"
    r"(?:copyright|©|\(c\)|by|par|pour|le|la|the|[\s,:–—\d-]){0,9}$"
)
_AFTER_COPYRIGHT = re.compile(
    r"[\s,.–—|/-]{0,4}(?:$|\d{4}|s\.?a\.?\b|l\.p\.|sarl|sas\b|inc\b|ltd|llc|gmbh|tous|toute|all |reprod|et |/)|\. "
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|droits|rights|copyright")
_HEAD_OF_PAGE = ("canonical", "og:url", "og:site_name", "permalink", "dc.source")
_TRANSLATED = re.compile(
    r"\b(?:tradu[ciz]|tradotto|translat|übersetz|перевод|перекл)"
    r"|\bversion (?:française|originale)|\boriginal (?:en|in)\b"
)
#: What may stand between a name and what is said of its translation.
_APART = frozenset("|.,;:–—(/-•[")
#: What follows the agencies of a byline.
_CLOSED = re.compile(r"\s?(?:$|[,.)|/–—•(\]»:-]|et\b|and\b|y\b|und\b|&|le \d|publié|mis |\d)")
_ALONE = re.compile(
    r"(?: d[e'] ?[a-zà-ÿ-]{3,15})?\s?(?:$|[.:(|–—»\"\[]|,? ?(?:en date|datée? d|le \d|du \d|\d|n°|numéro|édition)"
    r"|, (?:avec l|traduit|publié|paru|par |mis ))"
)


def is_masthead(m: Mention) -> bool:  # noqa: PLR0911
    """Whether the line says whose page this is."""
    words = load_words()
    if m.match.address and any(sign in m.low[-70:] for sign in _HEAD_OF_PAGE):
        return True
    if not (m.head or m.tail or m.kind in {"byline", "agency_signoff", "legal"}):
        return False
    if _with_agencies(m):
        return True
    if m.match.level == WEAK:
        return False
    if m.head and not m.outlet.agency and _is_staffed(m):
        return True
    low = m.low[-80:]
    sign = _COPYRIGHT.search(low) if any(word in low for word in _RIGHTS) else None
    if (
        sign is not None
        and not m.outlet.agency
        and (not sign.start() or low[: sign.start()].rstrip().endswith((".", "|", "-")))
    ):
        return _AFTER_COPYRIGHT.match(m.after.lower()) is not None and _YEAR.search(m.line[:200].lower()) is not None
    said = low.strip(EDGES)
    if m.outlet.agency or (said and said not in words.heads):
        if m.outlet.agency:
            return False
        return _is_bracketed(m) or (m.first and m.more and (_is_joint(m) or _is_breadcrumb(m)))
    if m.first and m.more and _is_joint(m):
        return True
    if m.first and m.more and m.after.strip().lower() in {"(telegram)", "(canal telegram)", "(chaîne telegram)"}:
        return True
    after = m.after.lstrip(' »"') if "«" in m.before or '"' in m.before else m.after
    if m.first and m.more:
        if not after.strip(EDGES):
            return True
        if re.match(_SECTION, m.after) and not _ASIDE.search(m.after[3:120]):
            return True
    elif m.first and m.match.level <= CONTEXT and re.match(r"\. [A-ZÀ-Ý«]", m.after) and len(m.after) > 40:
        return True
    return re.match(_ISSUE, m.after.lower()) is not None


def _is_staffed(m: Mention) -> bool:
    """Whether the line is its reporter's byline: ``Anne Morel (Rome, correspondante du « Monde »)``, or below one."""
    if m.after.strip(" .,»)"):
        return False
    if not m.low.strip(EDGES):
        return m.more and not m.first and re.fullmatch(NAMES, m.previous.strip(" ,")) is not None
    return re.fullmatch(_STAFF, m.before) is not None or re.fullmatch(_OUR, m.low) is not None


def _is_breadcrumb(m: Mention) -> bool:
    """Whether the name is one of the short parts of a path: ``Accueil › Afrique › Burkina24``."""
    parts = re.split(r"\s?[›»>|/]\s", m.line[:120])
    start = parts[0].strip().lower()
    return (
        len(m.line) <= 90
        and 2 <= len(parts) <= 6
        and (start in load_words().heads or len(parts) > 2)
        and all(0 < len(part.strip()) <= 26 and "." not in part.strip()[:-4] for part in parts)
        and m.before.rstrip()[-1:] in {"›", "»", ">", "|", "/"}
        and (not m.after.strip() or m.after.lstrip()[0] in "›»>|/")
    )


def _is_joint(m: Mention) -> bool:
    """Whether the line is no more than names of outlets: ``RFI / France 24``."""
    parts = [part.strip() for part in re.split(r"[/|&+–—]| et ", m.line[:70])]
    return (
        not m.outlet.agency
        and 2 <= len(parts) <= 3
        and len(m.line) <= 60
        and all(map(load_words().table.is_name, parts))
    )


def _is_bracketed(m: Mention) -> bool:
    """Whether an outlet stands as agencies do: ``LIBREVILLE (Gabonreview) –``, or in brackets at the text's end."""
    if not m.before.endswith("(") or m.after[:1] != ")":
        return False
    if m.first and re.match(r"\) ?[–—-]", m.after):
        return re.fullmatch(rf"[{CAPITAL}][{CAPITAL}' -]{{2,30}}(?:,? \d[^()\n]{{0,15}})? ?\(", m.before) is not None
    ends = m.before[:-1].rstrip().endswith((".", "!", "?"))
    return ends and m.tail and not m.more and not m.after.strip(" .)") and m.match.level == DISTINCT


def _with_agencies(m: Mention) -> bool:
    """Whether the name is that of a byline's paper, before its agencies: ``Le Figaro avec AFP``."""
    words = load_words()
    after = m.after[:120].lstrip(" ,/|(–—-[")
    if m.outlet.agency or after[:1] not in _ALONG:
        return False
    low = after.lower()
    if not low.startswith(words.along):
        return False
    start = len(next(w for w in words.along if low.startswith(w)))
    for word in words.wires:
        if low.startswith(word, start):
            stop = start + len(word)
            break
    else:
        found = _WORD.match(after, start)
        if found is None or found.group().lower() not in words.table.short:
            return False
        stop = found.end()
    return _CLOSED.match(low, stop) is not None and len(m.before) <= 90 and is_signed(m.before)


def is_along(low: str) -> bool:
    """Whether a line's last sentence, in small letters, begins as a paper names its agencies."""
    return last_words(low).lstrip(" —–-|(").startswith(load_words().along)


def is_drawn(m: Mention) -> bool:
    """Whether a line begins with what was done to another's text: ``Traduction du``, ``Repris de la chaîne``."""
    words = load_words()
    if not (m.head or m.tail):
        return False
    begun = _WORD.search(m.low[:40])
    if (
        begun is not None
        and (begun.group() in words.drawn or (begun.group() in words.told and not m.outlet.agency))
        and len(m.before) <= 90
        and ". " not in m.low
    ):
        gap = _WORD.findall(m.low[begun.end() :])
        if len(gap) <= 9 and all(word in words.drawing for word in gap) and (gap or ":" in m.low):
            return _ALONE.match(m.after.lower()) is not None
    # "El País. Traduit de l'espagnol", "The Guardian | Traduction automatique"
    if m.match.level == WEAK or len(m.line) > 160:
        return False
    rest = m.after.lstrip(' »"')
    place = m.after[:1] in _APART or rest[:1] in _APART or rest[:6].lower() in {"traduc", "tradui", "transl"}
    found = _TRANSLATED.search(m.after[:90].lower()) if place else None
    return found is not None and is_signed(m.before) and len(m.before) <= 70 and is_signed(m.after[: found.start()])


def is_wire(m: Mention) -> bool:
    """Whether an agency opens the text as its dateline: ``TASS, 11 août.``, ``UNIAN. …``, ``APA-Bamako (Mali)``."""
    if not m.first or m.low.strip(EDGES):
        return False
    after = m.after
    if re.match(rf" ?/ ?[{CAPITAL}][^/\n]{{2,30}}/", after):
        return True
    if re.match(rf"-[{CAPITAL}][\w'-]{{2,24}} ?[(,–—:]", after) or re.match(_ISSUE, after.lower()):
        return True
    if m.more and re.fullmatch(rf" ?/ ?[{CAPITAL}][\w'-]{{2,20}}", after.rstrip()):
        return True
    return (m.more or len(after) > 40) and re.match(rf"(?:\.| [–—-]) [«\" ]{{0,2}}[{CAPITAL}]", after) is not None


def is_suffix(m: Mention) -> bool:
    """Whether the name stands after a headline."""
    if not (m.head or m.kind == "site_banner") or m.kind == "byline":
        return False
    b = m.before.rstrip()
    # "L'ambassadeur est rappelé : TSA" for an outlet's page only; an agency is told of there.
    told = m.first and b[-1:] == ":" and not m.outlet.agency and not m.after.strip()
    if not (told or b[-1:] in {"-", "–", "—", "|", "•", "·"}) or b[-2:-1] not in {" ", "|"} or m.before == b:
        return False
    headline = b[:-1].strip()
    if len(headline) < 20 or headline.count(" ") < 3:
        return False
    rest = m.after.strip(" .")
    return rest.lower() in load_words().tail or not rest or (rest[0] in "-–—|:" and len(rest) <= 40)


def is_byline(m: Mention) -> bool:
    """Whether the name is that of a byline's paper: ``Par Le Figaro``, ``Par Anne Morel (Mediapart)``."""
    words = load_words()
    if len(m.line) > 90 or not (m.head or m.tail or m.kind == "byline"):
        return False
    said = m.low.strip(EDGES)
    if said in words.written and (said != "par" or ":" in m.low):
        # "Texte par : RFI Suivre"
        return is_signed(m.after) or m.after.lower().strip(EDGES) in words.behind
    if not (m.head or m.kind == "byline") or m.after.strip(" .)]"):
        return False
    if said in words.by:
        return True
    by, _, person = m.before.strip().partition(" ")
    # "Anne Morel | News 24" may be the page's own.
    signed = person.endswith((",", "/", "|", "(", "-", "–", "—", "[", "•")) and by.lower() in words.by
    return signed and re.fullmatch(NAMES, person.rstrip(" ,/|([-–—•")) is not None
