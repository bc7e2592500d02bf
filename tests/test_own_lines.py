"""Lines of sites: which are learnt, which belong to everybody, what one of them adds. All lines were written here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.evidence import explain_leftovers
from biascheck.leftovers import COLUMNS, LeftoverCounts, Leftovers
from biascheck.line_features import LineFeatures, line_features
from biascheck.own_lines import LEAST_PAGES, OwnLines, learn_lines
from biascheck.scorer import Scorer

Look = Callable[[str], Leftovers]
BODY = (
    "La commune a voté hier soir le budget de la piscine, que les habitants attendaient depuis plus de dix ans, et le "
    "maire a promis que les travaux, dont personne ne connaît encore le prix, commenceront avant la fin du printemps."
)
OWN = "Gerbe du jour nº {}"
RULE, STRONG = COLUMNS.index("rule"), COLUMNS.index("strong rule")


@pytest.fixture(scope="module")
def newsrooms() -> LineFeatures:
    return line_features(["Un titre\nPartager cet article avec vos amis\nUn autre 12 mai\nLire la suite demain"])


def pages(number: int, *lines: str) -> list[Leftovers]:
    return [Leftovers("\n".join(line.format(n) for line in (*lines, f"{BODY} {n}"))) for n in range(number)]


def learnt(
    aggregated: Sequence[Leftovers], newsrooms: LineFeatures, others: Sequence[Leftovers] = (), outlets: str = "a"
) -> OwnLines | None:
    y = np.asarray([1] * len(aggregated) + [0] * len(others))
    names = [outlets[i % len(outlets)] for i in range(len(aggregated))] + ["o"] * len(others)
    return learn_lines([*aggregated, *others], y, names, newsrooms)


def has(lines: OwnLines | None, text: str) -> bool:
    assert lines is not None
    return any("labelled" in mark.why for mark in lines.marks(Leftovers(text)))


def test_a_line_that_repeats_is_learnt_whatever_its_figures(newsrooms: LineFeatures) -> None:
    lines = learnt(pages(LEAST_PAGES, OWN), newsrooms)
    assert has(lines, "Un titre\nGerbe du jour nº 99\nTexte.")
    assert not has(lines, "Un titre\nGerbe du soir nº 99\nTexte.")


def test_a_line_of_fewer_pages_is_not(newsrooms: LineFeatures) -> None:
    assert learnt(pages(LEAST_PAGES - 1, OWN), newsrooms) is None


def test_a_line_of_two_outlets_is_nobodys(newsrooms: LineFeatures) -> None:
    assert learnt(pages(10, OWN), newsrooms, outlets="ab") is None


def test_a_line_of_a_page_labelled_otherwise_is_not(newsrooms: LineFeatures) -> None:
    assert learnt(pages(10, OWN), newsrooms, pages(1, OWN)) is None
    assert learnt(pages(10, OWN), newsrooms, pages(1, "Une autre ligne")) is not None


def test_a_line_of_newsrooms_is_not(newsrooms: LineFeatures) -> None:
    for line in ("Partager cet article avec vos amis", "Partager cet article", "Un autre {} mai", "Publicité"):
        assert learnt(pages(10, line), newsrooms) is None


def test_one_line_is_one_strong_rule(newsrooms: LineFeatures) -> None:
    lines = learnt(pages(10, OWN, "Les amis de la gerbe"), newsrooms)
    assert lines is not None
    page = pages(1, OWN, "Les amis de la gerbe")
    more = (lines.transform(page) - LeftoverCounts().transform(page)).toarray()[0]
    assert set(np.flatnonzero(more)) == {RULE, STRONG}
    assert more[RULE] == pytest.approx(-np.log1p(-11 / 12), rel=1e-5)


def test_ends_of_furniture_are_lines(look: Look, newsrooms: LineFeatures) -> None:
    sources = ("Gazette", "Courrier", "Dépêche", "Tribune")
    texts = [f"Un titre {s}\n{BODY} {s}\nSource : {s} ; à lire ici en entier" for s in sources]
    found = [look(text) for text in texts]
    assert all(item.found for item in found)
    lines = learn_lines(found, np.ones(4), ["a"] * 4, newsrooms)
    assert lines is not None
    new = look(f"Un titre\n{BODY}\nSource : Messager ; à lire ici en entier")
    assert any("labelled" in mark.why for mark in lines.marks(new))


def test_evidence_shows_the_line(scorer: Scorer, newsrooms: LineFeatures) -> None:
    from sklearn.pipeline import Pipeline

    lines = learnt(pages(10, OWN), newsrooms)
    page = pages(1, OWN)[0]
    pipeline = Pipeline([("leftovers", lines), ("heads", scorer.model.aggregated.named_steps["heads"])])
    shown = [e for e in explain_leftovers(page, pipeline[:-1].transform([page]), pipeline) if "labelled" in e.why]
    assert [page.text[e.start : e.end] for e in shown] == ["Gerbe du jour nº 0"]


@given(st.lists(st.text(max_size=200), max_size=6).map("\n".join))
def test_any_text_is_read(text: str) -> None:
    known = OwnLines(np.asarray([1, 2], dtype=np.int64), np.asarray([0.9, 0.9]))
    assert known.transform([Leftovers(text)]).shape[0] == 1
    learn_lines([Leftovers(text)] * 3, np.ones(3), ["a"] * 3, line_features([text]))
