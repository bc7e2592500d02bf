"""What stands around a name → whether it is a picture's credit (`upstream.toml`)."""

from __future__ import annotations

import re

from biascheck.mentions import CAPITAL, NAMES, Mention, is_signed, load_words
from biascheck.outlets import DISTINCT
from biascheck.wires import is_rights

__all__ = ["is_captioned", "is_credit", "is_person", "is_photo", "is_pictures"]

#: What shows a picture's credit by itself, and what does after a word for a picture.
_CREDITS = ("©", "(c)", "(photo", "[photo", "(foto", "[foto", "(image", "(crédit")
_BEFORE_NAMES = (":", "…", "...", "|", "/", "by ", "par ")
_PERSON = (
    rf"(?:[{CAPITAL}][\w'.-]{{0,25}} ){{1,3}}[{CAPITAL}][\w'.-]{{1,25}}\s?[|/]\s?(?:[A-Z]{{2,5}}[ /|]{{1,3}}){{0,2}}$"
)
_PERSON_AFTER = (
    rf"(?:\s?[/|]\s?(?:Archives?|[A-Z]{{2,6}}))?\s?[/|]\s?[{CAPITAL}][\w.-]{{0,25}} [{CAPITAL}][^.]{{0,30}}$"
)


_ENDS = frozenset(("", ".", "!", "?", "»", "©", "|", "(", ")"))
_KIND = re.compile(r" (?:d'|de |du )?(?:illustration|archives?|presse|une|couverture|principale|agence)$")
#: The sign of a credit, and the names behind it up to the end of a text.
_SIGN = re.compile(
    r"(?:©|[(\[]?(?:photos?|crédits?|credits?|foto|fotos|images?|picture|visuel|illustration|bild|фото|légende)"
    r"(?: [a-zé']{2,14}){0,3} ?[:©/|])([^()\n]{0,60})$"
)
#: "PHOTO ANNE MOREL, ARCHIVES LA PRESSE"
_BY = (
    rf"\W{{0,3}}(?i:photo|crédit photo|image)s? [{CAPITAL}][\w'.-]{{0,25}}(?: [{CAPITAL}][\w'.-]{{0,25}}){{1,3}}, ?"
    r"(?i:archives? )?"
)
_CUT = re.compile(r"(?<![ .][^\W\d_])\.(?=\s)|[)\]]")


def is_signed_picture(m: Mention) -> bool:
    """Whether only names stand between the sign of a credit and the name, and to the end of the sentence."""
    near = m.low[-90:]
    if not (":" in near or "©" in near or "/" in near or "|" in near):
        return False
    sign = _SIGN.search(near)
    if sign is None:
        return False
    gap = m.before[len(m.before) - len(sign.group(1)) :]
    if not is_signed(gap.replace(" via ", " ").replace("picture alliance", "")) or _CUT.search(gap):
        return False
    rest = _CUT.split(m.after, maxsplit=1)[0]
    return len(rest) <= 60 and (is_signed(rest.replace(" via ", " ")) or rest.lstrip()[:1] in {"|", "–", "—"})


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
            for part in (said, said.removesuffix(" photo"), _KIND.sub("", said)):
                if part.replace(".", " ").rpartition(" ")[2].lstrip("([«|/-") in pictures:
                    return True
    return False


def is_person(before: str) -> bool:
    """Whether a line ends with a person's name and a bar, as photographers are credited."""
    found = re.search(_PERSON, before[-90:])
    # "TVA Nouvelles | " is a paper's.
    return found is not None and not load_words().table.is_name(re.split(r"\s?[|/]", found.group())[0])


def is_photo(m: Mention) -> bool:  # noqa: PLR0911
    """Whether the name stands in a picture's credit."""
    b, tight = m.before.rstrip(), m.after.lstrip()
    rest, low = m.after.strip(" .)]"), m.low.rstrip()
    ends = len(rest) <= 45 or tight.startswith((")", "/", "|", "]"))
    pictures, agency = is_pictures(m), m.outlet.agency
    # "AA / Ankara / Anne Morel" is a dateline.
    if agency and m.first and m.more and not m.low.strip() and tight[:1] == "/" and m.after.count("/") > 1:
        return False
    # "(EPA)" in a story is an environment agency.
    brackets = {"("} if m.shown in load_words().photo_names or not m.shown.isupper() else set()
    if pictures and ends and (b[-1:] in {"/", "|", "©", "-", "–"} | brackets or tight[:1] in {"/", "|"}):
        return True
    if pictures and b.endswith("©") and m.head:
        return True
    if agency and not m.tail and re.match(_PERSON_AFTER, m.after.rstrip(" .)]")):
        return True
    if agency and low[-1:] in {"", "(", "[", "."} and tight[:6].lower() in {"photo:", "photo ", "photo/", "photos"}:
        return True
    # "dpa/AFP" above a text signs it.
    joint = low.rstrip(" /") in load_words().table.short
    if agency and not rest and not m.tail and not joint and low.endswith(("/", "[", " photo", " photos", " foto")):
        return True
    sure = m.match.level == DISTINCT or (pictures and m.shown.isupper())
    if agency and not rest and m.head and not m.tail and sure and low.endswith((".", "!", "»")):
        return True
    alone = not low.replace("copyright", "").strip("© 0123456789-")
    alone = alone and (not rest or rest.lower().startswith(("tous droits", "all rights", "reprod")))
    if agency and not pictures and is_rights(m):
        return False
    if alone and "©" in b and m.tail and agency and not pictures:
        return False
    if is_signed_picture(m) and not alone:
        return True
    # "Ludovic Marin, AFP | Le président"
    if agency and m.head and tight.startswith("|") and re.fullmatch(NAMES, b.strip(" ,/©|(")):
        return True
    if m.kind == "photo_credit" and ends and is_captioned(m):
        return True
    if m.kind == "photo_credit" and ends:
        joined = b[-1:] in {"", "/", "|", "©", ":", "(", "…", "+", "&"} or tight[:1] in {"/", "|"}
        return joined or low.endswith((" via", " by", " par", ",", "-", "–", ".")) or b.count(" ") <= 4
    if m.kind in {"agency_signoff", "byline", "dateline"}:
        return False
    if ends and is_credit(m.low):
        return True
    if is_captioned(m):
        return True
    if agency and ends and is_person(m.before):
        return "|" in m.before[-4:] or not (m.tail and "(" in m.before[-60:])
    return agency and ends and low.endswith(" via") and "/" in m.before[-60:]


def is_captioned(m: Mention) -> bool:
    """Whether a word for a picture stands right before a name that may be an ordinary word, and a line's end after."""
    rest, b = m.after.strip(" .)]"), m.low.rstrip(' "«')
    # "… à la sortie de l'audience. LP/Anne Morel"
    if m.shown.isupper() and len(m.shown) <= 3 and b[-1:] in _ENDS and re.match(_PERSON_AFTER, m.after.rstrip(" .)]")):
        return True
    # "Photo d'archives Ouest-France : le site de l'ancienne usine"
    captioned = m.after[:3] == " : " and m.first and m.match.level == DISTINCT
    if rest and not captioned and not (rest[0] in "/|-–" and len(rest) <= 40):
        return False
    rest = "" if captioned else rest
    if b.endswith((":", "©", "/", "|")):
        return is_credit(m.low)
    if not rest and re.search(rf"(?:^|[.!?»] ){_BY}$", m.before[-120:]):
        return True
    # "… pendant quatre nuits. | ARCHIVES OUEST-FRANCE"
    if not rest and b.endswith(("| archives", "| archive")):
        return True
    for kind in (" d'archives", " d'illustration", " archives", " archive"):
        b = b.removesuffix(kind)
    head, _, word = b.rpartition(" ")
    opened, word = word[:1] in {"(", "["}, word.lstrip("([")
    return word in load_words().pictures and (opened or not head or head.endswith((".", "!", "?", "»", "©", "|", "/")))
