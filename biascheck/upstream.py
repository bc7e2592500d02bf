"""Text → the outlets and agencies that it shows traces of, each with its role (`outlets.csv`, `upstream.toml`).

What surrounds a name tells its role. Where a line says where the text was taken from, it is the `origin`; everything
that a story merely says about or after an outlet is `cited`. A name that is also an ordinary word counts only in a
place, or beside a word, that shows an outlet is meant; else it is left alone.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence

from biascheck.citations import cited, is_listed
from biascheck.mastheads import is_along, is_byline, is_call, is_drawn, is_masthead, is_staffed, is_suffix
from biascheck.mentions import (
    EDGES,
    Mention,
    is_alone,
    is_opening_clause,
    is_origin,
    is_signed,
    load_words,
)
from biascheck.outlets import CONTEXT, DISTINCT, Match, load_table, plain
from biascheck.photo_credits import is_captioned, is_credit, is_person, is_photo, is_pictures
from biascheck.reading import Furniture, Upstream
from biascheck.site_names import own_site
from biascheck.wires import is_agency, is_team, is_wire

__all__ = ["ROLES", "find_upstream"]

#: The roles, in the order in which they are given.
ROLES = ("origin", "agency", "photo", "cited")
#: How much of a line is looked at on each side of a name.
WINDOW = 300
#: Occurrences of one outlet that are looked at, apart from the end of the text, so that a hostile text stays cheap.
MAX_OCCURRENCES = 12
#: Where a text's head and tail are looked for, and how many lines each has.
EDGE, EDGE_LINES = 700, 3

#: Furniture that names other pages or the page's own site.
_FOREIGN = frozenset({"related", "comment_form", "share", "newsletter", "live_feed", "cookie_banner", "breadcrumb"})
#: Furniture in which a name that has no other role is no citation.
_SILENT = frozenset({"legal", "site_tag", "share", "site_banner", "update_stamp", "photo_credit", "byline"})
#: Furniture in which a noun such as "agences" makes no citation of a name.
_SIGNED = frozenset({"agency_signoff", "byline", "dateline"})
_ALONE = frozenset(("d'après", "d'après l", "selon", "selon l"))
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_SIGN = re.compile(r"(?:[(\[]|^)([^()\[\]\n]{2,60})[)\]]?[.\s]{0,4}$")
_DATED = re.compile(
    r"\W{0,3}[A-ZÀ-Þ][^\W\d_]{1,25}"
    r"(?:[ ,-]{1,2}(?:[A-ZÀ-Þ]|\d|[jfmasond][aeuéo][a-zéû]{1,7}\b)\w{0,25}){0,3}[^\w()\n]{0,4}"
    r"\(([a-zé]{2,8}(?:[/, -]{1,2}[a-zé]{2,8}){0,2})\)"
)
_WORD = re.compile(r"[^\W\d_]+")
#: "ats - Un randonneur"
_OPENED = re.compile(r"([a-z]{3,7}) [-–—] [«\" ]{0,2}[A-ZÀ-Ý]")
#: "… dans les décombres. afp/ther"
_SMALL_SIGN = re.compile(r"[.!?»\"] {1,2}/?([a-z]{2,6}(?:/[a-z]{2,5}){0,3})[.\s]{0,3}$")
_STOPPED = frozenset('.!?»"')
#: What stands between a paper and the agency that it has a text from.
_BEHIND = re.compile(
    r" ?[»\"]?,? ?(?:/|\(|\[|[–—-] |\bavec|\bet agences?,|(?:[(]|\b)(?:source|agence)s? ?:?)"
    r" ?(?:avec |source ?: ?)?(?:l'|les? |la )?(?:agence )?"
)
#: What stands between where a text comes from and who had it next.
_AFTER = re.compile(
    r" ?[»\"]?,? ?(?:puis |et )?(?:traduit|repris|relayé|republié|reproduit)e?(?: (?:en|de l'|du) ?[a-zç]{4,12})?"
    r" (?:par|sur|dans) (?:le site |la revue )?(?:l'|les? |la )?[«\" ]{0,2}"
)
#: What stands between two names of a row.
_ROW = re.compile(
    r" ?»?(?:, à [A-ZÉ][\w-]{2,14})?"
    r"(?:,| et| ou| ni| and| or| y| und| puis| ainsi que|, et)(?: (?:de|à|par|dans|pour|d'|of|to))? ?"
    r"(?:le |la |les |l'|the |du |des |au |aux )?[«\" ]{0,3}"
)


def _fold(text: str) -> str:
    """One character for one: apostrophes and blanks of one kind."""
    text = plain(text)
    for old in "ʼ`´":
        text = text.replace(old, "'")
    return text.replace("\r", "\n")


class _Reader:
    """The matches of one text and their roles."""

    def __init__(self, text: str, furniture: Sequence[Furniture], own: frozenset[int]) -> None:
        self.table, self.text, self.own = load_table(), _fold(text), own
        self.furniture = sorted(furniture, key=lambda item: item.start)
        self.starts = [item.start for item in self.furniture]
        self.head, self.tail = _edges(self.text)
        self.opening = len(self.text) - len(self.text.lstrip())
        self.closing = len(self.text.rstrip())
        self.found: dict[tuple[int, str], tuple[int, int]] = {}
        #: Which of the outlets of one name the text meant first.
        self.chosen: dict[tuple[int, ...], int] = {}

    def read(self) -> None:
        """Fill `found`."""
        seen: dict[int, int] = {}
        names: list[tuple[str, Mention]] = []
        asked: dict[int, Match] = {}
        last = len(self.text) - EDGE
        for match in self.table.matches(self.text):
            owner = match.owners[0]
            seen[owner] = seen.get(owner, 0) + 1
            if seen[owner] > MAX_OCCURRENCES and match.start < last:
                continue
            mention = self.mention(match)
            if mention.low.endswith(("du « ", "au « ")) and not mention.after.startswith(" »"):
                continue
            if mention.shown == "PA":
                role, row = self.press_association(mention)
            else:
                role, row = _role(mention), mention.row
            # "Source : Le Courrier du Vietnam/VNA"
            if names and names[-1][0] == "origin" and role:
                gap = self.text[names[-1][1].match.end : match.start]
                if mention.outlet.agency and not names[-1][1].outlet.agency and _BEHIND.fullmatch(gap):
                    role = "agency"
                elif _AFTER.fullmatch(gap):
                    role = "origin"
            if role:
                self.give(row, role, match.start, match.end)
            names.append((role, mention))
            if mention.line[-1:] == "?" and not mention.before and mention.after[:2] in {" :", ": "}:
                # Questions of an interview bear the outlet's name.
                first = asked.setdefault(mention.row, match)
                if first is not match:
                    self.give(mention.row, "origin", first.start, first.end)
        self.lists(names)
        self.signs()

    def give(self, row: int | None, role: str, start: int, end: int) -> None:
        """Enter a role at the first place that shows it; a page's own site is no upstream."""
        if row is not None and row not in self.own:
            self.found.setdefault((row, role), (start, end))

    def lists(self, names: list[tuple[str, Mention]]) -> None:
        """Names that may be ordinary words, in a row with one that is cited: ``le Guardian et le Times``."""
        names = [item for item in names if not item[1].match.address]
        for row in (names, names[::-1]):
            before: Mention | None = None
            for role, mention in row:
                near, match = before, mention.match
                before = mention if role == "cited" else None
                if role or near is None or not is_listed(mention, near):
                    continue
                left, right = sorted(((near.match.start, near.match.end), (match.start, match.end)))
                if right[0] - left[1] <= 24 and _ROW.fullmatch(self.text, left[1], right[0]):
                    before = mention
                    self.give(mention.row, "cited", match.start, match.end)

    def mention(self, match: Match) -> Mention:
        """A match in its line."""
        text, start, end = self.text, match.start, match.end
        low = max(0, start - WINDOW)
        begin = max(text.rfind("\n", low, start) + 1, low)
        stop = text.find("\n", end, end + WINDOW)
        stop = min(len(text), end + WINDOW) if stop < 0 else stop
        previous = ""
        # The line before counts for what begins a line.
        if begin and (match.address or start - begin <= 20) and text[begin - 1] == "\n":
            previous = text[max(0, begin - 120) : begin].rstrip().rsplit("\n", 1)[-1]
        before, after = text[begin:start], text[end:stop]
        small = before.lower()
        at = bisect_right(self.starts, start) - 1
        kind = self.furniture[at].kind if at >= 0 and self.furniture[at].end > start else ""
        # "… selon la chaîne Mash sur Telegram, …" is a sentence.
        if kind == "share" and stop - begin > 60 and text[stop - 1] == "." and text.count(" ", begin, stop) > 8:
            kind = ""
        row = match.owners[0]
        if len(match.owners) > 1:
            row = self.choose(match.owners, small[-60:], after[:40].lower())
            self.chosen.setdefault(match.owners, row)
        # Addresses that follow one another are references, not an origin.
        in_list = match.address and (previous.startswith("http") or text[stop : stop + 20].lstrip().startswith("http"))
        return Mention(
            match,
            row,
            self.table.outlet(row),
            text[start:end],
            text[begin:stop],
            before,
            after,
            small,
            previous,
            kind,
            start < self.head,
            start >= self.tail,
            in_list,
            begin <= self.opening,
            stop < self.closing,
        )

    def choose(self, owners: tuple[int, ...], before: str, after: str) -> int:
        """Among outlets of one name the one whose country is beside it or city in a dateline, else the first."""
        words, near = load_words(), before + after
        for owner in owners:
            country = self.table.outlet(owner).country
            if any(stem in near for stem in words.countries.get(country, ())):
                return owner
            cities = words.capitals.get(country, ())
            # "Le Quotidien, à Dakar, …"
            if after.startswith(tuple(f", à {city}" for city in cities)):
                return owner
            if after.startswith(")") and any(city in before for city in cities):
                return owner
            if after.startswith("-") and after[1:].startswith(cities):
                return owner
        return self.chosen.get(owners, owners[0])

    def press_association(self, m: Mention) -> tuple[str, int]:
        """`PA`: Agence France-Presse put into French word by word, in English and in Britain the Press Association."""
        french = _is_french(self.text)
        row = self.table.domains["afp.com" if french else "pa.media"]
        alone = not m.before.strip(EDGES) and not m.after.strip(EDGES) and "©" not in m.before
        if alone and ((m.first and m.more) or (m.tail and not m.first)) and m.kind not in _FOREIGN:
            return "agency", row
        closed = not m.after.strip(" .)]") or m.after.lstrip().startswith(("/", "|"))
        if closed and (is_person(m.before) or is_credit(m.low)):
            return "photo", row
        sure = m._replace(row=row, outlet=self.table.outlet(row), match=m.match._replace(level=CONTEXT))
        signed = (m.head or m.tail) and is_signed(m.line) and len(m.line) <= 60 and closed
        if signed and is_origin(sure):
            return "origin", row
        if (m.before.endswith(("(", "/")) or signed) and is_agency(sure):
            british = any(city in m.low for city in load_words().capitals["GB"])
            return "agency", self.table.domains["pa.media"] if british else row
        told = french and m.after[:1] in {"", ",", ".", " ", ":"} and not m.after[1:2].isdigit()
        return ("cited" if told and cited(sure) else ""), row

    def signs(self) -> None:
        """Sign-offs in small letters: ``(mbr avec ats)``, ``jdu/ats``."""
        words, short = load_words(), self.table.short
        first = _OPENED.match(self.text, self.opening)
        if first is not None and first.group(1) in words.lone_signs:
            self.give(short.get(first.group(1)), "agency", *first.span(1))
        # "BERNE (ats)" before a text.
        head = _LINE.finditer(self.text, 0, self.head) if "(" in self.text[: self.head] else iter(())
        for line in itertools.islice(head, EDGE_LINES):
            dated = _DATED.match(line.group()) if "(" in line.group() else None
            for word in _WORD.finditer(line.group(), *dated.span(1)) if dated else ():
                self.give(short.get(word.group()), "agency", line.start() + word.start(), line.start() + word.end())
        for line in list(_LINE.finditer(self.text, self.tail))[-EDGE_LINES:]:
            shown = line.group()[-80:]
            # Nearly all lines end otherwise.
            ended = shown.rstrip(". ").rpartition(" ")[0].rstrip(" ")[-1:] in _STOPPED
            small = _SMALL_SIGN.search(shown) if ended else None
            if small is not None:
                at = line.end() - len(shown)
                for word in _WORD.finditer(shown, *small.span(1)):
                    self.give(short.get(word.group()), "agency", at + word.start(), at + word.end())
                continue
            if line.end() - line.start() > 40 and "(" not in shown and "[" not in shown:
                continue
            found = _SIGN.search(shown)
            if found is None:
                continue
            open_ = shown.startswith(("(", "["), found.start())
            if not open_ and len(line.group()) > 40:
                continue
            tokens = [(t.group(), t.start()) for t in _WORD.finditer(found.group(1))]
            if len(tokens) > 8 or not all(t in short or t in words.filler or len(t) <= 4 for t, _ in tokens):
                continue
            lone = line.start() > self.opening and found.group(1) in words.lone_signs
            if len(tokens) == 1 and not (lone or open_ or shown.startswith("/", found.start())):
                continue
            for token, at in tokens:
                row, start = short.get(token), line.end() - len(shown) + found.start(1) + at
                end = start + len(token)
                # "Foto: dpa"
                pictured = row is not None and self.found.get((row, "photo")) == (start, end)
                if token.islower() and not pictured:
                    self.give(row, "agency", start, end)


def _role(m: Mention) -> str:  # noqa: PLR0911
    """The role that a mention has, if any."""
    level, agency = m.match.level, m.outlet.agency
    if (m.head or m.tail) and is_call(m):
        return "origin"
    if m.kind in _FOREIGN:
        mast = m.first and m.kind in {"share", "breadcrumb"} and is_masthead(m)
        return "origin" if mast or (m.kind == "share" and is_alone(m)) else ""
    said = cited(m)
    edge = m.head or m.tail or m.kind
    # "Propos recueillis par L'Équipe", and no more
    if said == 2 and edge and m.more and not agency and level <= CONTEXT and not m.after.strip(EDGES) and is_byline(m):
        return "origin"
    if m.head and m.more and is_staffed(m):
        return "agency" if agency else "origin"
    taken = said < 3 and (is_origin(m) or (edge and (is_masthead(m) or is_drawn(m))))
    if taken and not is_team(m) and not is_opening_clause(m):
        return "origin"
    # "D'après AFP", and no more
    if agency and 0 < said < 3 and edge and m.more and not m.after.strip(EDGES) and m.low.strip(EDGES) in _ALONE:
        return "agency"
    if agency and said == 2 and (m.kind in _SIGNED or is_along(m.low)) and is_agency(m):
        return "agency"
    if said < 2:
        if is_photo(m) if agency or level == DISTINCT else (level == CONTEXT or m.shown.isupper()) and is_captioned(m):
            return "photo"
        if agency and level <= CONTEXT and (is_agency(m) or is_wire(m)):
            return "photo" if is_pictures(m) else "agency"
        if (level <= CONTEXT or m.before.endswith("| ")) and is_suffix(m):
            # "… the road is closed. — Xinhua" signs a story, a headline has no full stop.
            return "agency" if agency and m.tail and m.before.rstrip(" -–—").endswith((".", "»")) else "origin"
        if level <= CONTEXT and (is_alone(m) or is_byline(m)):
            return "origin"
    # A sentence alone may look like a banner.
    silent = m.kind in _SILENT and not (m.kind == "site_banner" and m.line.endswith(".") and m.line.count(" ") > 4)
    if not said or silent or "t.me" in m.outlet.domains:
        return ""
    return "" if (m.head or m.tail) and not m.line.endswith(".") and is_signed(m.line) else "cited"


def _is_french(text: str) -> bool:
    """Whether French words outnumber English ones."""
    start = text[:3000].lower()
    return sum(map(start.count, (" le ", " la ", " de ", " les ", " des "))) >= sum(
        map(start.count, (" the ", " of ", " and ", " to "))
    )


def _edges(text: str) -> tuple[int, int]:
    """Where the first lines of a text end and its last begin."""
    first = [m.end() for m in itertools.islice(_LINE.finditer(text, 0, EDGE), EDGE_LINES)]
    base = max(0, len(text) - EDGE)
    starts = [m.start() for m in _LINE.finditer(text, text.find("\n", base) + 1 or len(text))][-EDGE_LINES:]
    return (first[-1] if first else 0) + 1, starts[0] if starts else base


def find_upstream(
    text: str,
    furniture: Sequence[Furniture] = (),
    *,
    title: str | None = None,
    author: str | None = None,
    site_name: str | None = None,
    canonical_url: str | None = None,
) -> tuple[Upstream, ...]:
    r"""Find the outlets and agencies that a text shows traces of.

    Parameters
    ----------
    text : str
        The text; offsets in the result are its characters.
    furniture : sequence of Furniture
        What `find_furniture` found in it, sorted by start.
    title, author, site_name, canonical_url : str, optional
        What the page says of itself. Its own site is no upstream of it.

    Returns
    -------
    tuple of Upstream
        Each outlet once a role, by role and place; what only the page's metadata tell has start and end 0.

    Examples
    --------
    >>> [(u.name, u.role) for u in find_upstream("Un texte.\nSource : RT France")]
    [('RT', 'origin')]
    """
    own, taken = own_site(canonical_url, site_name)
    reader = _Reader(text, furniture, own)
    reader.read()
    if taken is not None:
        reader.found.setdefault((taken, "origin"), (0, 0))
    for said, told in ((title, "origin"), (author, "agency")):
        if not said:
            continue
        at = text.find(said)
        # A headline or a byline is a text of one line.
        other = _Reader(said[:400], (Furniture("byline", 0, 400),) if told == "agency" else (), own)
        other.tail = 400 if told == "origin" else 0
        other.read()
        for (row, role), (start, end) in other.found.items():
            if role == told:
                reader.found.setdefault((row, role), (start + at, end + at) if at >= 0 else (0, 0))
    for row, role in list(reader.found):
        # "UNIAN. …", and below the address of the page there; an agency's own text tells what it was told itself.
        taken = (row, "origin") in reader.found
        if (taken and role in {"agency", "cited"}) or (role == "cited" and (row, "agency") in reader.found):
            del reader.found[row, role]
    found = sorted(reader.found.items(), key=lambda item: (ROLES.index(item[0][1]), item[1], item[0][0]))
    return tuple(
        Upstream(o.shown, o.domains[0], o.country, o.ownership, role, start, end)
        for (row, role), (start, end) in found
        for o in (reader.table.outlet(row),)
    )
