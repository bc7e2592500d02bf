"""Reported speech: clauses after "que", infinitives and their English kin, and sentences around an incise."""

from __future__ import annotations

import re

from biascheck.findings import WINDOW, Findings
from biascheck.noun_phrases import NOBODY, SAME, Phrase, any_of
from biascheck.quotes import quote_at
from biascheck.verb_phrases import Verb

__all__ = ["ENGLISH_END", "breaks_clause", "find_clause", "find_incise", "find_late_subject"]

#: Between a verb and its "que", "selon laquelle", in characters.
MAX_QUE_GAP, MAX_WHICH_GAP = 640, 320
#: What may stand between a verb and its "que".
_BETWEEN = (
    "à au aux dans lors sur devant en par pour depuis après avec auprès lundi mardi mercredi jeudi vendredi samedi "
    "dimanche hier aujourd'hui d'ailleurs également aussi ensuite toutefois cependant encore plus notamment clairement "
    "lui elle ce ainsi pourtant alors publiquement fermement ne avoir de d'abord"
).split()
_BETWEEN_WORDS = frozenset(_BETWEEN)
_QUE = re.compile(
    rf"(?P<gap>(?:,? (?:{any_of(_BETWEEN)})"
    r"(?: [^\s.;:!?«»\"“”,]{1,30}){0,9}?|,? \w{3,20}ment){0,2}),? qu(?:e(?=,)|e |')"
)
_QUE_TOLD = re.compile(r"(?P<gap>(?: [^\s.;:!?«»\"“”]{1,30}){1,8}?),? qu(?:e |')")
_WHICH = re.compile(r"(?P<gap>(?: [^\s.;!?«»\"“”]{1,30}){1,9}?),? selon (?:laquelle|lequel|lesquelles|lesquels) ")
_NOT_QUE = re.compile(
    r"(?:alors|tandis|ainsi|plus|moins|afin|bien|pour|avant|après|depuis|tant|sans|autre|même|ce|dès|lors|aussi|autant)$"
)
_INFINITIVE = re.compile(
    r" (?=(?:ne pas |n')?(?:avoir|être|vouloir|pouvoir|devoir|disposer|craindre|attendre|souhaiter|ignorer) )"
)
_THAT = re.compile(r"(?P<gap>(?: [^\s.;:!?\"“”,]{1,30}){0,9}?),? that (?:,[^,.\n]{2,80}, )?")
_TOLD = re.compile(
    r" (?:(?:the |a |an |his |her |their )?[\w'&.-]{1,30}"
    r"(?: (?:news )?(?:conference|agency|reporters|radio|television|post|times|news|briefing|journal))?)"
    r"(?: (?:on|in|at) [A-Z]\w{1,20}| [a-z]+day)?,? "
    r"(?=(?:[A-Z]|the|a|an|he|she|it|they|there|his|her|their|this|we|I)\b)"
)
_BARE = re.compile(r"(?: (?:on|in) [A-Z]\w{1,20}(?: (?:morning|evening|night))?| [a-z]+day| later)? (?=[\w$€£\"“])")
_NOT_BARE = re.compile(
    r"(?:to|in|on|at|of|by|for|with|so|about|and|or|during|after|before|from|as|when|goodbye|yes|no|nothing)\b"
)
ENGLISH_END = re.compile(
    r"[,.;\n]|$| (?:on|in|at|during|after|as|when|to|from|late|early|via) | \w{3,6}day\b| (?:yesterday|today)\b"
)
_BUT = re.compile(r", mais (?!qu|aussi|également|pas |plutôt|surtout)")
_GERUND = re.compile(r"[ ,]*(?:en |tout en )?(?:\w{3,16}(?:ant|ing)\b|avant de|before|sans )")


def find_clause(findings: Findings, verb: Verb, start: int, end: int) -> bool:
    """Reported speech after the verb: "a déclaré que …", "affirme avoir …", "said the plan …"."""
    low, begin = findings.low, -1
    if findings.english:
        match = _THAT.match(low, verb.end, end) if verb.finite or verb.form.kind == "G" else None
        if match is None and verb.form.text in findings.speech.told:
            match = _TOLD.match(findings.text, verb.end, end)
            if match is not None and not low.startswith(
                ("told", "tell", "inform", "remind"), verb.end - len(verb.form.text)
            ):
                match = None
        if match is None and verb.form.text in findings.speech.bare and verb.form.text not in ("told", "telling"):
            match = _BARE.match(findings.text, verb.end, end)
            if match is not None and (_NOT_BARE.match(low, match.end()) or findings.text[match.end()] in '"“'):
                match = None
            if match is not None and _looks_inverted(findings, verb, start, end):
                match = None
    else:
        match = None
        que = _find_que(low, verb.end, end)
        if que is None and verb.form.text in findings.speech.told:
            match = _QUE_TOLD.match(low, verb.end, end)
            que = (match.end(), match["gap"]) if match else None
        if que is not None and que[1] and _NOT_QUE.search(que[1]):
            match = que = None
        if que is None and verb.finite and low.find(" selon l", verb.end, min(end, verb.end + MAX_WHICH_GAP)) >= 0:
            match = _WHICH.match(low, verb.end, end)
        if que is None and match is None:
            match = _INFINITIVE.match(low, verb.end, end)
        begin = que[0] if que else -1
    if match is not None:
        begin = match.end()
    if begin < 0:
        return False
    subject = findings.subject(verb, start)
    if subject is NOBODY:
        return False
    if not findings.english:
        # A second clause without its "que" is no longer the speaker's.
        but = _BUT.search(low, begin, min(end, begin + 600))
        end = but.start() if but and quote_at(findings.starts, findings.quotes, but.start()) is None else end
    return findings.add(begin, end, findings.speaker(subject, verb), verb)


def _find_que(low: str, at: int, end: int) -> tuple[int, str] | None:
    """Where the clause begins whose "que" follows a verb that ends at `at`, and what stands between."""
    if low.startswith((" que ", " qu'"), at, end):
        return at + (5 if low[at + 3] == "e" else 4), ""
    if not low.startswith((" ", ","), at):
        return None
    begin = at + (2 if low[at] == "," else 1)
    stop = low.find(" ", begin, begin + 40)
    word = low[begin : stop if stop > 0 else begin + 40].removesuffix(",")
    if word not in _BETWEEN_WORDS and not word.startswith("qu") and not word.endswith("ment"):
        return None
    match = _QUE.match(low, at, end) if low.find(" qu", at, min(end, at + MAX_QUE_GAP)) >= 0 else None
    return (match.end(), match["gap"]) if match else None


def _looks_inverted(findings: Findings, verb: Verb, start: int, end: int) -> bool:
    """English: whether "said the minister" ends the sentence instead of beginning a clause."""
    before = findings.text[max(start, verb.start - 3) : verb.start].rstrip(" ")
    if not before.endswith((",", '"', "”", "?", "!", "»")) and verb.start - start > 1:
        return False
    subject = findings.nouns.after(verb.end, end)
    if subject is None:
        return False
    named = bool(subject.name) and (subject.text.endswith(subject.name) or subject.name not in subject.text)
    return named or (findings.nouns.is_role(subject.text) and subject.text.count(" ") < 5)


def find_incise(findings: Findings, verb: Verb, subject: Phrase, start: int, end: int) -> bool:
    """Reported speech around the verb: "Le projet, a-t-il dit, …", "La route rouvrira, a indiqué le maire."."""
    comma = verb.start - 2
    after = verb.end if verb.pronoun else max(verb.end, subject.end)
    rest = findings.text[after : after + 2]
    whole = verb.pronoun != "" and rest == ", " and not _GERUND.match(findings.low, after) and comma - start < 120
    if findings.clauses and findings.clauses[-1].start >= start and findings.clauses[-1].end >= comma:
        return False
    begin = start
    if findings.last is not None and findings.last_settled and start <= findings.last.end < comma:
        begin = findings.last.end
    who = findings.speaker(subject, verb)
    return findings.add(begin, end if whole else comma, who, verb)


def find_late_subject(findings: Findings, verb: Verb, start: int, end: int) -> bool:
    """The English incise: "The plan would fail, the minister said"."""
    if not ENGLISH_END.match(findings.text, verb.end):
        return False
    base = max(start, verb.start - WINDOW)
    lead = findings.text[base : verb.start]
    comma = lead.rstrip(" ,").rfind(",")
    if comma < 4 or len(lead) - comma > 90:
        return False
    subject = findings.nouns.before(base + comma + 1, verb.start)
    if (
        subject is SAME
        or subject is NOBODY
        or verb.form.text
        not in (
            "said",
            "says",
            "say",
            "added",
            "argued",
            "wrote",
            "warned",
            "explained",
            "noted",
            "insisted",
            "claimed",
            "announced",
        )
    ):
        return False
    who = findings.speaker(subject, verb)
    whole = findings.text[verb.end : verb.end + 2] == ", " and not _GERUND.match(findings.low, verb.end)
    return findings.add(start, end if whole else base + comma, who, verb)


def breaks_clause(findings: Findings, verb: Verb) -> bool:
    """Whether a verb after a reported clause has begun ends that clause; cuts it if so."""
    clause = findings.clauses[-1]
    base = max(clause.start, verb.start - WINDOW)
    lead = findings.low[base : verb.start]
    if verb.form.kind == "G":
        if not lead.endswith((", ", ", tout en ", " en ")):
            return False
        cut = base + len(lead.rstrip(" ")) - 1
        if lead.endswith(" en "):
            cut = base + lead.rindex(", ") if ", " in lead[-12:] else cut + 1
        if not _speaks_on(findings, verb):
            return False
    elif verb.pronoun:
        if not lead.endswith(", "):
            return False
        cut = base + len(lead) - 2
    else:
        match = findings.speech.coordinator.search(lead, max(0, len(lead) - 20))
        if match is None:
            connected = re.search(r", (?:tandis qu[e']|alors qu[e']|mais|while|but|et|and) ?[^,]{1,80}$", lead[-100:])
            if connected is None or not _speaks_on(findings, verb):
                return False
            cut = verb.start - len(lead[-100:]) + connected.start()
        else:
            cut = base + match.start()
            if not _speaks_on(findings, verb) and verb.form.kind not in ("P", "I"):
                return False
    if cut > clause.start:
        clause.end = cut
    return True


def _speaks_on(findings: Findings, verb: Verb) -> bool:
    low = findings.low
    end = findings.bounds(verb.sentence)[1]
    if findings.english:
        return low.startswith((" that ", ": "), verb.end) or verb.form.text in findings.speech.bare
    return (
        low.startswith((" «", " :", ' "', " “"), verb.end)
        or _find_que(low, verb.end, end) is not None
        or _INFINITIVE.match(low, verb.end) is not None
    )
