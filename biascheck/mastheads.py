"""What stands around a name → whether the text is a page of the outlet, or was drawn from it (`upstream.toml`).

The first and last lines of a text tell: a masthead, a breadcrumb, an issue, a copyright, a translation, an address.
"""

from __future__ import annotations

import re

from biascheck.mentions import BEGUN, CAPITAL, EDGES, NAMES, Mention, is_signed, last_words, load_words
from biascheck.outlets import CONTEXT, DISTINCT, WEAK

__all__ = ["ISSUE", "is_along", "is_byline", "is_call", "is_drawn", "is_masthead", "is_staffed", "is_suffix"]

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
#: The day or number of an issue, behind a name and in small letters.
ISSUE = rf"[ »\"]{{0,3}}(?:\([^()\n]{{2,24}}\))?[,.(|–—:-]?[ (]{{0,2}}{_BEFORE_DAY}{_DAY}{_HOUR}{_AFTER_DAY}"
#: A section or a headline behind a name at the head of a page.
_SECTION = (
    rf"(?: \([{CAPITAL}][\w' -]{{2,24}}\))?[ »\"]{{0,2}}[|›>•·] ?\S| [–—-] [«\" ]{{0,2}}[{CAPITAL}\d]"
    rf"|\.? ?»? ?\. ?{BEGUN}|» ?[{CAPITAL}]"
)
#: The text behind the name of its page: "Pars Today – Le commandant", "Mediapart. Le port".
_TEXT = r"(?:\.| [–—|-]) [A-ZÀ-Ý«]"
#: Signs that are no words, as channels have them: "📢", "🇫🇷".
_SIGNS = re.compile(r"^[^\w(<\[]{1,8}")
#: "The Guardian, Londres"
_CITY = (
    rf"(?: \(extraits?\))?(?:,| [–—-]) [{CAPITAL}][\w'-]{{2,20}}(?: \([\w' -]{{2,20}}\))?"
    rf"(?:, (?:(?:édition|n°|numéro|le|du) ?[^.\n]{{1,24}}|{_DAY}))?"
)
#: "Le Guardian, Londres — Les factures", "(Seneweb.com) - Le marché"
_FROM_CITY = rf", [{CAPITAL}][\w' -]{{2,25}} [–—-] {BEGUN}"
_IN_BRACKETS = rf"\) ?[–—-] ?{BEGUN}"
#: "Fraternité Matin (Abidjan)"
_PLACE = rf" \([{CAPITAL}][\w' -]{{2,24}}\)"
#: "AlterPresse, Port-au-Prince, 3 mai 2023 -- Des gangs"
_CITY_DAY = rf"(?:,| [–—-]) ?[a-zà-ÿ][\w' -]{{2,25}}, ?{_DAY} ?[–—-]"
_PLACED = rf" \([{CAPITAL}][\w' -]{{2,24}}\)\.? ?[–—-]{{1,2}} ?[«\" ]{{0,2}}[{CAPITAL}\d]"
_BRACKET = rf"\] ?[«\" ]{{0,2}}[{CAPITAL}\d]"
#: "Mediapart – le site d'enquête – a …"
_ASIDE = re.compile(r" [–—-] [a-zà-ÿ]")
#: A reporter's place at a paper, behind the name or instead of it.
_POST = (
    r"(?:bureau|service|correspondante?s?|envoyée?s? spéciale?s?|envoyés spéciaux|journaliste)"
    r"(?: [a-zéè]{4,14}){0,2}(?: (?:à|en|au|aux) [\w'-]{3,20})?"
)
#: One of these is in every such byline.
_POSTS = ("correspond", "envoyé", "journaliste", "bureau", "service")
_STAFF = (
    rf"(?:Par |Texte : )?{NAMES}(?:(?:,| et) {NAMES})?(?:,| [–—(-]| \|) ?(?:[{CAPITAL}][\w' -]{{2,25}}, )?"
    rf"{_POST} (?:du|de|d'|au|à|pour|chez) ?(?:l'|la |les |le )?(?:« ?)?"
)
#: The day behind a byline: "Par RFI Publié le : 07/08/2024".
_THEN = rf"\s?[|•–—,-]?\s?{_BEFORE_DAY}{_DAY}"
#: "Auteur : la rédaction de Fdesouche"
_STAFF_OF = re.compile(r"(?<=[\w:]) (?:la )?r[ée]daction(?: d[eu]| d'| des)?(?: l'| la| les)?$")
#: Where a reporter writes from, behind the paper's name.
_FROM = rf"(?: (?:à|en|au|aux|dans) (?:l'|la |le |les )?[{CAPITAL}][\w' -]{{2,30}})?(?:,? (?:par )?{NAMES})?"
_OUR = rf"(?:par |de |avec )?(?:notre|nos) {_POST},? ?(?:pour |de |du |d'|au )?(?:l'|la |les |le )?(?:« ?)?"
#: "Le Monde avec sa correspondante à Dakar"
_WITH_OURS = r" avec (?:s(?:on|a|es)|notre|nos) (?:correspondant|envoyé)"
#: What only the page of an outlet asks of its readers.
_CALL = re.compile(
    r"(?:suivez|abonnez-vous à|déjà abonnée? à|téléchargez l'appli(?:cation)?(?: mobile)?(?: d[eu])?|rejoignez)"
    r"(?: l'actualité de| la page (?:facebook )?d[eu]| la chaîne (?:whatsapp )?d[eu])? ?(?:le |la |les |l')?$"
)
#: How words for "with" begin.
_ALONG = frozenset("awmcAWMC")
_RIGHTS = ("©", "opyright", "(c)", "droits", "rights")
_COPYRIGHT = re.compile(
    r"(?:copyright|©|\(c\)|(?:tous )?droits (?:réservés|de reproduction)|all rights reserved)"
    r"(?:copyright|©|\(c\)|by|par|pour|le|la|the|[\s,:–—\d-]){0,9}$"
)
_AFTER_COPYRIGHT = re.compile(
    r"[\s,.–—|/-]{0,4}(?:$|\d{4}|s\.?a\.?\b|l\.p\.|sarl|sas\b|inc\b|ltd|llc|gmbh|tous|toute|all |reprod|et |/|http)|\. "
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b|droits|rights|copyright|https?:")
_HEAD_OF_PAGE = ("canonical", "og:url", "og:site_name", "permalink", "dc.source")
_TRANSLATED = re.compile(
    r"\b(?:tradu[ciz]|tradotto|translat|übersetz|перевод|перекл)"
    r"|\bversion (?:française|originale)|\boriginal (?:en|in)\b"
)
#: What may stand between a name and what is said of its translation.
_APART = frozenset("|.,;:–—(/-•[")
#: Where the outlet behind a headline has its text from.
_TAKEN_FROM = rf"[,(] ?(?:sources?\b|avec |via |d'après |traduit|repris|{_BEFORE_DAY}{_DAY})"
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
    if m.outlet.agency or not (m.head or m.tail or m.kind in {"byline", "agency_signoff", "legal"}):
        return False
    if _with_agencies(m):
        return True
    # "[Le Temps] Pourquoi Genève perd ses diplomates"
    if m.head and m.low.strip() == "[" and re.match(_BRACKET, m.after):
        return True
    if m.match.level == WEAK:
        return False
    low = m.low[-80:]
    sign = _COPYRIGHT.search(low) if any(word in low for word in _RIGHTS) else None
    if sign is not None and (not sign.start() or low[: sign.start()].rstrip().endswith((".", "|", "-", "–", "—"))):
        # "© Le Dauphiné libéré" below a text; above it stands a picture.
        if m.tail and not m.first and not m.more and not low[: sign.start()].strip() and not m.after.strip(" ."):
            return True
        if _AFTER_COPYRIGHT.match(m.after.lower()) is not None and _YEAR.search(m.line[:200].lower()) is not None:
            return True
        # "© CGTN – Les exportations"
        if not m.first or low.strip(EDGES) or not re.match(r" [–—-] [A-ZÀ-Ý«]", m.after):
            return False
    said = _SIGNS.sub("", low.strip(EDGES))
    if m.head and m.more and _is_joint(m):
        return True
    if said and said not in words.heads:
        return _is_bracketed(m) or (m.first and m.more and _is_breadcrumb(m))
    # "THE GUARDIAN (Londres) — Les infirmières"
    if not said and (re.match(_PLACED, m.after) or re.match(_CITY_DAY, m.after.lower())):
        return True
    opened = m.low.strip() == "("
    if m.head and not said and re.match(_IN_BRACKETS if opened else _FROM_CITY, m.after):
        return True
    if m.head and not said and re.match(_WITH_OURS, m.after):
        return True
    if m.first and m.more and m.after.strip().lower() in {"(telegram)", "(canal telegram)", "(chaîne telegram)"}:
        return True
    after = m.after.lstrip(' »"') if "«" in m.before or '"' in m.before else m.after
    # A paper's name below a headline, a day or a breadcrumb; "Contexte" may head a section.
    if m.head and not m.first and not said:
        if m.more and (re.fullmatch(_PLACE, after) or re.fullmatch(_CITY, after)):
            return True
        if m.more and not after.strip(EDGES) and (m.match.level == DISTINCT or _is_titled(m)):
            return True
        # "Maliweb.net – Dans un communiqué"
        if m.match.address and re.match(rf" [–—-] {BEGUN}", after):
            return True
    if m.first and m.more:
        if not _SIGNS.sub("", after.strip(EDGES)) or re.fullmatch(_CITY, after):
            return True
        if re.match(_SECTION, m.after) and not _ASIDE.search(m.after[3:120]):
            return True
    elif m.first and m.match.level <= CONTEXT and re.match(_TEXT, m.after) and len(m.after) > 40:
        return True
    return re.match(ISSUE, m.after.lower()) is not None


def is_staffed(m: Mention) -> bool:
    """Whether the line is its reporter's byline: ``Anne Morel (Rome, correspondante du « Monde »)``, or below one."""
    if len(m.after) > 60 or len(m.line) > 160:
        return False
    if not m.low.strip(EDGES):
        bare = not m.outlet.agency and m.match.level != WEAK and not m.after.strip(" .,»)") and not m.first
        return bare and re.fullmatch(NAMES, m.previous.strip(" ,")) is not None
    if not any(word in m.low for word in _POSTS) or re.fullmatch(_FROM, m.after.rstrip(" .,»)")) is None:
        return False
    return re.fullmatch(_STAFF, m.before) is not None or re.fullmatch(_OUR, m.low) is not None


def is_call(m: Mention) -> bool:
    """Whether readers are asked what only an outlet's own page asks: ``Suivez Le Télégramme sur WhatsApp``."""
    return not m.outlet.agency and m.match.level <= CONTEXT and _CALL.search(last_words(m.low)[-70:]) is not None


def _is_titled(m: Mention) -> bool:
    """Whether a name that may be words is more than one, or has an article, and no common noun behind that."""
    core = re.sub(r"^(?:Les? |La |L')", "", m.shown)
    return (" " in m.shown or core != m.shown) and core not in load_words().small


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
    return 2 <= len(parts) <= 3 and len(m.line) <= 60 and all(map(load_words().table.is_name, parts))


def _is_bracketed(m: Mention) -> bool:
    """Whether an outlet stands as agencies do: ``LIBREVILLE (Gabonreview) –``, or in brackets at the text's end."""
    if not m.before.endswith("(") or m.after[:1] != ")":
        return False
    if m.first and re.match(r"\) ?[–—-]", m.after):
        return re.fullmatch(rf"[{CAPITAL}][{CAPITAL}' -]{{2,30}}(?:,? \d[^()\n]{{0,15}})? ?\(", m.before) is not None
    said = m.before[:-1].rstrip()
    # "Guinée : le procès renvoyé à huitaine (Guineenews)"
    if m.first and not m.after.strip(" )") and len(said) > 24 and said[-1].isalnum() and m.match.level == DISTINCT:
        return True
    ends = said.endswith((".", "!", "?"))
    # A headline: "Le yuan au plus bas depuis seize ans (Caixin)"
    if m.first and m.more and not ends and m.after == ")" and m.before.count(" ") > 3:
        return True
    return ends and m.tail and not m.more and not m.after.strip(" .)") and m.match.level == DISTINCT


def _with_agencies(m: Mention) -> bool:
    """Whether the name is that of a byline's paper, before its agencies: ``Le Figaro avec AFP``."""
    words = load_words()
    after = m.after[:120].lstrip(" ,/|(–—-[")
    if after[:1] not in _ALONG:
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


def is_suffix(m: Mention) -> bool:
    """Whether the name stands after a headline."""
    if not (m.head or m.kind == "site_banner") or m.kind == "byline":
        return False
    b = m.before.rstrip()
    # "L'ambassadeur est rappelé : TSA" for an outlet's page only; an agency is told of there.
    told = m.first and b[-1:] == ":" and not m.outlet.agency and not m.after.strip()
    if b.endswith(" ::"):
        b = b[:-1].rstrip(":") + "|"
    signed = told or b[-1:] in {"-", "–", "—", "|", "•", "·"}
    if not signed or b[-2:-1] not in {" ", "|"} or m.before[-1:] != " ":
        return False
    headline = b[:-1].strip()
    if len(headline) < 20 or headline.count(" ") < 3:
        return False
    rest = m.after.strip(" .")
    if rest.lower() in load_words().tail or not rest:
        return True
    # "… - Webdo, source : TAP"
    return len(rest) <= 40 and (rest[0] in "-–—|:" or re.match(_TAKEN_FROM, rest.lower()) is not None)


def is_byline(m: Mention) -> bool:
    """Whether the name is that of a byline's paper: ``Par Le Figaro``, ``Par Anne Morel (Mediapart)``."""
    words = load_words()
    goes_on = m.head and not m.outlet.agency and re.match(_TEXT, m.after) is not None
    if len(m.before if goes_on else m.line) > 90 or not (m.head or m.tail or m.kind == "byline"):
        return False
    # "26 mai 2017 à 10h21 | Par Jeune Afrique"
    said, _, last = m.low.strip(EDGES).rpartition("|")
    said = last.strip(EDGES) if not said or re.search(_DAY, said) else m.low.strip(EDGES)
    said = _STAFF_OF.sub("", said).strip(EDGES)
    if said in words.written and (said != "par" or ":" in m.low):
        # "Texte par : RFI Suivre"
        return is_signed(m.after) or m.after.lower().strip(EDGES) in words.behind
    dated = re.match(_THEN, m.after.lower()) is not None
    # "Par Anne Morel, Actualite.cd — Les combats"
    if not (m.head or m.kind == "byline") or (m.after.strip(" .)]") and not (dated or goes_on)):
        return False
    if said in words.by:
        return True
    by, _, person = m.before.strip().partition(" ")
    # "Anne Morel | News 24" may be the page's own.
    signed = person.endswith((",", "/", "|", "(", "-", "–", "—", "[", "•")) and by.lower() in words.by
    return signed and re.fullmatch(NAMES, person.rstrip(" ,/|([-–—•")) is not None
