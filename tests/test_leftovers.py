"""What a scrape left behind, as marks that stand at a place of the text. The lines were written for the purpose."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.edges import MAX_ABOVE, MAX_EDGE
from biascheck.furniture import Found, find_furniture
from biascheck.glue import Glue
from biascheck.leftovers import (
    BUCKETS,
    COLUMNS,
    MAX_DOUBT,
    MAX_TOLD,
    LeftoverCounts,
    Leftovers,
    Mark,
)
from biascheck.reading import Furniture, Upstream

Look = Callable[[str], Leftovers]
HEADLINE = "La commune rouvre la bibliothèque du quartier"
FRENCH_LINES = [
    "Par Claire Dumont",
    "Publié le 3 mai à 8h",
    "À lire aussi : la salle rouvre",
    "Lille (AFP) - Le conseil a voté.",
    "Photo : Paul Roux",
    "Le conseil a voté hier soir.",
    "voir www.gazette.example",
]
FOREIGN_LINES = [
    "Lien source",
    "Related Articles",
    "Leer la noticia completa",
    "Zum Originalartikel",
    "Διαβάστε περισσότερα",
    "fr-01",
]
texts = st.lists(
    st.one_of(st.sampled_from([*FRENCH_LINES, *FOREIGN_LINES, ""]), st.text(max_size=60)), max_size=10
).map("\n".join)


def marks(leftovers: Leftovers) -> list[Mark]:
    return list(LeftoverCounts().marks(leftovers))


def named(leftovers: Leftovers) -> set[str]:
    """The columns with a name that a text's marks add to."""
    return {COLUMNS[mark.column] for mark in marks(leftovers) if mark.column < len(COLUMNS)}


def by_hand(leftovers: Leftovers) -> dict[int, float]:
    """The row of a text, summed from its marks: all but the sum of the rules' doubts is damped."""
    sums: dict[int, float] = defaultdict(float)
    for mark in marks(leftovers):
        sums[mark.column] += mark.amount
    rule = COLUMNS.index("rule")
    return {c: min(amount, MAX_DOUBT) if c == rule else math.log1p(amount) for c, amount in sums.items()}


@given(texts)
def test_every_mark_stands_inside_the_text(look: Look, text: str) -> None:
    for mark in marks(look(text)):
        assert 0 <= mark.start < mark.end <= len(text)
        assert text[mark.start : mark.end].strip()
        assert 0 <= mark.column < len(COLUMNS) + BUCKETS
        assert mark.amount > 0
        assert mark.why


@given(st.lists(texts, max_size=4))
def test_the_matrix_holds_the_damped_sums_of_the_marks(look: Look, some: list[str]) -> None:
    cases = [look(text) for text in some]
    matrix = LeftoverCounts().transform(cases)
    assert matrix.shape == (len(some), len(COLUMNS) + BUCKETS)
    for row, leftovers in zip(matrix, cases, strict=True):
        expected = by_hand(leftovers)
        assert row.indices.tolist() == sorted(expected)
        np.testing.assert_allclose(row.data, [expected[column] for column in sorted(expected)], rtol=1e-6)


def test_marks_of_the_seeds_stand_where_the_furniture_is(look: Look, seeds: dict[str, str]) -> None:
    for text in seeds.values():
        leftovers = look(text)
        spans = {(mark.start, mark.end) for mark in marks(leftovers)}
        assert {(item.furniture.start, item.furniture.end) for item in leftovers.found} <= spans
        assert {(item.start, item.end) for item in leftovers.glue} <= spans


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("Lien source", {"source_link tail", "rule", "strong rule", "foreign tail"}),
        ("Lire l’article original", {"source_link tail", "rule"}),
        ("Leer la noticia completa", {"source_link tail", "rule", "language es", "foreign tail"}),
        ("Zum Originalartikel", {"source_link tail", "rule", "language de", "foreign tail"}),
        ("Διαβάστε περισσότερα", {"edge foreign", "edge no stop"}),
        ("Πηγή: εφημερίδα", {"source_link tail", "rule", "foreign tail", "told origin"}),
        ("Вести: городская газета", {"edge foreign", "edge colon"}),
        ("https://www.gazette.example/monde/123", {"source_link tail", "address", "bare address"}),
    ],
)
def test_a_link_back_leaves_marks_in_any_language(look: Look, prose: str, line: str, columns: set[str]) -> None:
    leftovers = look(f"{HEADLINE}\n\n{prose}\n{prose}\n{line}")
    assert columns <= named(leftovers)
    # A short headline says that it is a label, and what its words mean; nothing else names it.
    at = leftovers.text.index(line)
    assert all(
        m.start >= at or COLUMNS[m.column].startswith("told") for m in marks(leftovers) if m.column < len(COLUMNS)
    )


@pytest.mark.parametrize(
    "above", ["", f"{HEADLINE}\n\n", f"{HEADLINE} : « une réponse attendue »\nPar Claire Dumont\n"]
)
def test_a_clean_article_says_nothing_of_another_site(look: Look, prose: str, rendered: str, above: str) -> None:
    for body in (prose, rendered):
        found = named(look(f"{above}{body}{body}"))
        assert not {"strong rule", "glue", "foreign", "foreign head", "foreign tail", "edge foreign"} & found
        assert not {name for name in found if name.startswith(("upstream", "language"))}
        if "Par" not in above:
            assert "rule" not in found


def test_a_rule_is_one_witness_however_often_it_holds(look: Look, prose: str) -> None:
    rule = COLUMNS.index("rule")
    once, often = (LeftoverCounts().transform([look(f"{prose}\n" + "Lien source\n" * n)]) for n in (1, 9))
    assert once[0, rule] == often[0, rule] > 0
    kind = COLUMNS.index("source_link tail")
    assert once[0, kind] < often[0, kind]


def test_independent_rules_add_their_doubts_up_to_a_bound(look: Look, prose: str) -> None:
    rule = COLUMNS.index("rule")
    one = LeftoverCounts().transform([look(f"{prose}\nRelated Articles\n{prose}")])[0, rule]
    two = LeftoverCounts().transform([look(f"{prose}\nRelated Articles\n{prose}\nfr-01")])[0, rule]
    all_of_them = "\n".join([*FOREIGN_LINES[:4], prose, *FOREIGN_LINES])
    assert 0 < one < two <= MAX_DOUBT
    assert LeftoverCounts().transform([look(all_of_them)])[0, rule] <= MAX_DOUBT


@pytest.mark.parametrize(("before", "place"), [(0, "head"), (40, "middle"), (99, "tail")])
def test_a_kind_is_counted_by_the_third_of_the_text_where_it_stands(prose: str, before: int, place: str) -> None:
    lines = [prose.strip()] * 100
    lines.insert(before if before < 99 else 100, "Lien source")
    text = "\n".join(lines)
    assert f"source_link {place}" in named(Leftovers(text, find_furniture(text)))


def test_glue_and_upstream_are_counted_where_they_stand() -> None:
    text = "Le conseil de laville a voté hier, selon la Gazette du soir, une salle pour tous les habitants. " * 3
    glue = Glue(14, 21, 16)
    cited = Upstream("Gazette", "gazette.example", "FR", "private", "cited", 40, 47)
    origin = Upstream("Gazette", "gazette.example", "FR", "private", "origin", 40, 47)
    assert named(Leftovers(text, (), (glue,), (cited,))) == {"glue"}
    assert named(Leftovers(text, (), (glue,), (origin,))) == {"glue", "upstream origin"}
    places = {(COLUMNS[m.column], m.start, m.end) for m in marks(Leftovers(text, (), (glue,), (origin,)))}
    assert places == {("glue", 14, 21), ("upstream origin", 40, 47)}


@pytest.mark.parametrize(
    ("line", "together"),
    [
        ("Grand merci au Figaro pour le texte", "told thanks + outlet"),
        ("Repris du Figaro", "told copied + outlet"),
        ("Tekst przetłumaczony automatycznie", "told translated + machine"),
        ("Den Artikel bei spiegel.de weiterlesen", "told read + outlet"),
    ],
)
def test_lines_that_no_rule_names_are_told_by_what_stands_together(
    look: Look, prose: str, line: str, together: str
) -> None:
    text = f"{HEADLINE}\n{prose}\n{prose}\n{line}"
    leftovers = look(text)
    one, other = together.removeprefix("told ").split(" + ")
    together = together if together in COLUMNS else f"told {other} + {one}"
    found = {COLUMNS[m.column]: m for m in marks(leftovers) if m.column < len(COLUMNS)}
    assert text[found[together].start : found[together].end] == line
    assert {f"told {one}", f"told {other}"} <= set(found)


def test_headlines_and_sentences_are_not_read_for_what_they_speak_of(look: Look, prose: str) -> None:
    headline = "Le Figaro et Mediapart publient ensemble les documents traduits de l’enquête sur la mairie"
    last = "Selon Le Figaro, le texte a été traduit et publié hier soir, puis repris le lendemain par d’autres titres."
    assert len(headline) > MAX_ABOVE
    text = f"{headline}\n{prose}\n{prose}\n{last} La mairie ne dit rien."
    said = [m for m in marks(Leftovers(text)) if m.column < len(COLUMNS) and COLUMNS[m.column].startswith("told")]
    assert not said


def test_of_very_many_lines_those_at_both_ends_are_read(look: Look) -> None:
    leftovers = look("Lien source\n" * 3 * MAX_TOLD)
    spans = {m.start for m in marks(leftovers) if m.column == COLUMNS.index("told origin")}
    starts = [item.furniture.start for item in leftovers.found]
    assert len(starts) > MAX_TOLD
    assert spans == {*starts[: MAX_TOLD // 2], *starts[-MAX_TOLD // 2 :]}


def test_named_furniture_is_no_edge_line_too(prose: str) -> None:
    text = f"{prose}{prose}{prose}\nLien source"
    at = text.index("Lien source")
    rule = find_furniture(text)[0].rule
    edge = Leftovers(text)
    named_as = Leftovers(text, [Found(Furniture("source_link", at, len(text)), rule)])
    assert {"edge line", "edge no stop"} <= named(edge)
    assert not any(name.startswith("edge") for name in named(named_as))


@pytest.mark.parametrize("line", ["ab", "Lien source", "Πηγή", "Le conseil a voté.", "a\rb\x85c"])
def test_two_megabytes_of_short_lines_end(look: Look, line: str) -> None:
    text = f"{line}\n" * (2_000_000 // (len(line) + 1))
    leftovers = look(text)
    found = marks(leftovers)
    edges = {(m.start, m.end) for m in found if m.column < len(COLUMNS) and COLUMNS[m.column].startswith("edge")}
    assert len(edges) <= 2 * MAX_EDGE
    assert all(0 <= mark.start < mark.end <= len(text) for mark in found)


def test_columns_have_one_name_each() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert LeftoverCounts().transform([]).shape == (0, len(COLUMNS) + BUCKETS)


def test_a_form_is_a_witness_once_and_stops_without_a_blank_count_with_glue() -> None:
    text = "Titre\nLe conseil a voté.Le maire attend.\nSource : La Gazette\nSource : Le Phare"
    columns: dict[str, list[Mark]] = {}
    for mark in LeftoverCounts().marks(Leftovers(text)):
        if mark.column < len(COLUMNS):
            columns.setdefault(COLUMNS[mark.column], []).append(mark)
    assert {text[mark.start : mark.end] for mark in columns["form source"]} == {
        "Source : La Gazette",
        "Source : Le Phare",
    }
    assert len(columns["rule"]) == 1
    assert [mark.start for mark in columns["stop"]] == [text.index(".Le")]
    assert "joined twice" not in columns
