"""Who says what, against texts marked by hand (`quotes/*.toml`); all but the seeds were written for the purpose."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.attribution import author_spans, find_attributions, voice_shares
from biascheck.noun_phrases import any_of, segments_of
from biascheck.quotes import Even, even, find_quotes
from biascheck.reading import Attribution
from biascheck.sides import side_of

HERE = Path(__file__).resolve().parent
ARTICLE = re.compile(r"^(?:l['’]|(?:le|la|les|un|une|des|the|a|an|me|dr|m\.|mme) )")


def marked(name: str) -> Iterator[tuple[dict[str, Any], str]]:
    for row in tomllib.loads((HERE / f"quotes/{name}.toml").read_text(encoding="utf-8"))["text"]:
        if "text" not in row:
            path = HERE.parent / f"seeds/{row['name']}.txt"
            yield row, path.read_text(encoding="utf-8")
        else:
            yield row, row["text"]


def place(text: str, quote: str) -> tuple[int, int]:
    """Where a marked quotation stands; " [...] " leaves out its middle."""
    text = even(text)
    head, _, tail = even(quote).partition(" [...] ")
    start = text.index(head)
    return start, (text.index(tail, start + len(head)) + len(tail)) if tail else start + len(head)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    common = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, common) / (max(one[1], other[1]) - min(one[0], other[0]))


def same_speaker(found: str, marked: str) -> bool:
    def clean(name: str) -> str:
        return ARTICLE.sub("", even(name).casefold()).strip()

    return any(clean(found) == clean(name) for name in marked.split("|"))


@dataclass
class Score:
    found: int = 0
    gold: int = 0
    matched: int = 0
    speaker: int = 0
    side: int = 0
    stance: int = 0
    verb: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2 * self.matched / max(1, self.found + self.gold)

    def __str__(self) -> str:
        n = max(1, self.matched)
        return (
            f"F1 {self.f1:.3f} (found {self.found}, marked {self.gold}, matched {self.matched}); "
            f"speaker {self.speaker / n:.3f}, side {self.side / n:.3f}, stance {self.stance / n:.3f}, "
            f"verb {self.verb / n:.3f}\n" + "\n".join(self.errors)
        )


def measure(name: str) -> Score:
    score = Score()
    for row, text in marked(name):
        found = list(find_attributions(text, row["language"]))
        for mark in row["quotes"]:
            span = place(text, mark["quote"])
            hit = max(found, key=lambda a: overlap(span, (a.start, a.end)), default=None)
            good = hit is not None and overlap(span, (hit.start, hit.end)) >= 0.8
            if good and hit is not None:
                found.remove(hit)
            if mark.get("optional"):
                continue
            score.gold += 1
            if not good or hit is None:
                near = text[hit.start : hit.end] if hit else ""
                score.errors.append(f"{row['name']}: missed {mark['quote']!r}; nearest {near!r}")
                continue
            score.found += 1
            score.matched += 1
            right = same_speaker(hit.speaker, mark["speaker"])
            score.speaker += right
            score.side += hit.side == mark["side"]
            score.stance += hit.stance == mark["stance"]
            score.verb += even(hit.verb) == even(mark["verb"])
            if (
                not right
                or hit.side != mark["side"]
                or hit.stance != mark["stance"]
                or even(hit.verb) != even(mark["verb"])
            ):
                score.errors.append(
                    f"{row['name']}: {hit.speaker!r} {hit.side} {hit.verb!r} {hit.stance}, marked {mark['speaker']!r} "
                    f"{mark['side']} {mark['verb']!r} {mark['stance']}"
                )
        score.found += len(found)
        score.errors += [f"{row['name']}: extra {a.speaker!r} {a.verb!r} {text[a.start : a.end]!r}" for a in found]
    return score


@pytest.mark.parametrize("name", ["seeds", "first", "second"])
def test_marked_texts(name: str) -> None:
    score = measure(name)
    assert score.f1 >= 0.80, score
    assert score.speaker >= 0.85 * score.matched, score
    assert score.side >= 0.85 * score.matched, score
    assert score.stance >= 0.85 * score.matched, score


def one(text: str, language: str = "fr", date: str | None = None) -> tuple[Attribution, str]:
    (found,) = find_attributions(text, language, date=date)
    return found, text[found.start : found.end]


@pytest.mark.parametrize(
    ("text", "speaker", "verb", "stance", "words"),
    [
        ("« Il fait froid », a déclaré Anne Morel.", "Anne Morel", "a déclaré", "neutral", "« Il fait froid »"),
        ("Anne Morel a rappelé que l’eau gelait.", "Anne Morel", "a rappelé", "endorsing", "l’eau gelait"),
        ("Anne Morel prétend que l’eau gelait.", "Anne Morel", "prétend", "doubting", "l’eau gelait"),
        ("Selon Anne Morel, l’eau gelait.", "Anne Morel", "selon", "neutral", "l’eau gelait"),
        ("L’eau a gelé hier soir, d’après Anne Morel.", "Anne Morel", "d'après", "neutral", "L’eau a gelé hier soir"),
        ("Anne Morel : « Il fait froid ici. »", "Anne Morel", "", "neutral", "« Il fait froid ici. »"),
        (
            "L’eau a gelé hier soir, a indiqué Anne Morel.",
            "Anne Morel",
            "a indiqué",
            "neutral",
            "L’eau a gelé hier soir",
        ),
        ("Le préfet a lui aussi indiqué que l’eau gelait.", "le préfet", "a indiqué", "neutral", "l’eau gelait"),
    ],
)
def test_shapes(text: str, speaker: str, verb: str, stance: str, words: str) -> None:
    found, said = one(text)
    assert (found.speaker, found.verb, found.stance, said) == (speaker, verb, stance, words)


def test_pronoun_takes_the_full_name_and_agrees_in_gender() -> None:
    text = (
        "Le maire Paul Vidal a dit que la salle serait rouverte. « Je n’y crois pas », a répondu Claire Aubin. "
        "« Nous verrons bien », a-t-il ajouté. « C’est tout vu », a-t-elle lancé."
    )
    assert [a.speaker for a in find_attributions(text)] == ["Paul Vidal", "Claire Aubin", "Paul Vidal", "Claire Aubin"]


def test_a_surname_stands_for_the_full_name_wherever_it_is_given() -> None:
    found = find_attributions("Vidal a promis que rien ne changerait. C’était le jour où Paul Vidal fut élu.")
    assert [a.speaker for a in found] == ["Paul Vidal"]


@pytest.mark.parametrize(
    "text",
    [
        "Le chien « Rex » dort dans la cour.",
        "Le maire n’a pas dit que la salle fermerait.",
        "Ils ont agi selon la loi et pour le bien de tous.",
        "Je pense que la salle fermera.",
        "Pour Noël, la salle sera ouverte à tous.",
        "La déclaration que le conseil prépare sera longue.",
    ],
)
def test_silent_where_nobody_speaks(text: str) -> None:
    assert find_attributions(text) == ()


def test_a_source_may_end_the_text() -> None:
    assert find_attributions("Pour le maire") == ()


def test_a_quotation_in_two_clauses_is_dropped_once() -> None:
    (found,) = find_attributions("déclarant « il neige ici » d’après la, a-t-il souligné")
    assert found.verb == "a souligné"


def test_a_clause_is_searched_near_its_verb_alone() -> None:
    assert find_attributions("Anne Morel a déclaré à " + "tous, et " * 200 + "que l’eau gelait.") == ()


@pytest.mark.parametrize("unit", ["« ", "” ", '"', "a déclaré ", "Aa ", "selon ", "« a » b ", "\n", ". ", "« a\n"])
def test_hostile_repetition_is_survived(unit: str) -> None:
    text = "« Le pont est fermé et il le restera », a dit Anne Morel. " + unit * (200_000 // len(unit))
    assert find_attributions(text)[0].speaker == "Anne Morel"


@given(st.lists(st.text("ab' -", min_size=1, max_size=4), min_size=1, max_size=8), st.text("ab' -", max_size=9))
def test_a_pattern_for_one_of_some_words_takes_the_longest(words: list[str], text: str) -> None:
    match = re.match(any_of(words), text)
    assert (match[0] if match else "") == max((word for word in words if text.startswith(word)), key=len, default="")


@given(st.text("ab ,-–«\n", max_size=30))
def test_a_phrase_is_cut_from_the_left_as_it_is_as_a_whole(text: str) -> None:
    assert list(segments_of(text)) == re.split(r"[,;:()\[\]–—«»“”\"\n] ?| - ", text)


@given(st.text())
def test_an_even_text_keeps_every_place(text: str) -> None:
    found = Even(text)
    assert (found.given, found.text) == (text, even(text))
    assert len(found.low) == len(found.text) == len(text)


def test_a_broken_quotation_stays_one() -> None:
    text = "“ Le pont est fermé”, a dit Paul Vidal.\n\n” Fermé pour une ” semaine “, dit-on, et pour longtemps encore."
    quotes = find_quotes(even(text))
    assert [text[q.start : q.end] for q in quotes] == ["“ Le pont est fermé”", text[text.index("” Fermé") :]]


@pytest.mark.parametrize(
    ("who", "side"),
    [
        ("Zelenskyy", "ukraine"),
        ("Volodymyr Zelensky", "ukraine"),
        ("Poutine", "russia"),
        ("Vladimir Putin", "russia"),
        ("Dmitry Peskow", "russia"),
        ("l’ambassadeur de Russie à l’ONU", "russia"),
        ("l’émissaire américain pour l’Ukraine", "western"),
        ("le gouverneur prorusse de Kherson", "russia"),
        ("l’envoyé de l’ONU en Ukraine", "other"),
        ("une habitante de Moscou", "other"),
        ("Igor Poutine", "other"),
        ("Mark Rutte", "western"),
        ("", "other"),
    ],
)
def test_sides(who: str, side: str) -> None:
    assert side_of(who) == side


def test_an_office_changes_hands() -> None:
    assert side_of("Viktor Ianoukovitch", "2013-05-01") == "ukraine"
    assert side_of("Viktor Ianoukovitch", "2015-05-01") == "russia"


def test_voices_add_up_to_the_text() -> None:
    text = "« Il fait froid », a déclaré Vladimir Poutine. La salle était vide."
    found = find_attributions(text)
    spans = author_spans(found, len(text))
    assert "".join(text[a:b] for a, b in spans) == text.replace("« Il fait froid »", "")
    shares = voice_shares(found, len(text))
    assert shares["russia"] > 0
    assert sum(shares.values()) == pytest.approx(1)


PIECES = st.lists(
    st.sampled_from(
        '« » “ ” " , . : \n a-t-il a-t-on '
        "ont-ils elles eux ¶ il elle a déclaré que selon lui Rutte Poutine Mark le maire qui dit İ said that "
        "according to dit-il ! ? ( ) – • M. l’ d’ et mais 2024 . « , ajoutant estimant Selon Pour".split(" ")
    ),
    max_size=60,
)


@given(st.one_of(st.text(max_size=300), PIECES.map(" ".join), PIECES.map("".join)), st.sampled_from(["fr", "en"]))
def test_any_text_gives_ordered_spans_in_range(text: str, language: str) -> None:
    reached = 0
    for found in find_attributions(text, language):
        assert reached <= found.start < found.end <= len(text)
        assert found.stance in {"neutral", "endorsing", "doubting"}
        assert found.side in {"ukraine", "russia", "western", "other"}
        assert text[found.start : found.end].strip()
        reached = found.end


@given(PIECES.map(" ".join))
def test_curly_or_straight_apostrophes_and_hard_spaces_change_nothing(text: str) -> None:
    def spans(version: str) -> list[tuple[int, int]]:
        return [(a.start, a.end) for a in find_attributions(version)]

    assert spans(text) == spans(text.replace("’", "'").replace(" ", "\u00a0"))
