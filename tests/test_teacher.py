"""Pages with their HTML → labelled lines. The page was written for the purpose."""

from __future__ import annotations

import numpy as np
import pytest

from biascheck.corpus import Row
from biascheck.teacher import (
    LAYOUTS,
    PER_SITE,
    PageLines,
    assemble,
    clean_texts,
    crop,
    label_lines,
    letters,
    read_page_lines,
    render,
    with_headline,
)

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
TITLE = "La commune rouvre la bibliothèque du quartier"
PARAGRAPHS = [
    "La commune a décidé hier de rouvrir la vieille bibliothèque du quartier, fermée depuis le début de l’hiver, et "
    "de confier les clés à une association d’habitants qui la demandait depuis longtemps.",
    "« Nous avons attendu longtemps cette réponse », explique une habitante, qui vient chaque samedi avec ses enfants "
    "et qui tiendra la caisse pendant les premières semaines.",
    "Le maire précise que les travaux du toit seront payés par la région et que le personnel garde ses horaires, ce "
    "que les syndicats réclamaient depuis le mois de mars.",
    "Plusieurs associations préparent déjà une fête pour le premier samedi de juin, où chacun apportera un livre et "
    "repartira avec un autre, comme il y a dix ans.",
]
MENU = ["Accueil", "Région", "Sport", "Météo"]
FOOTER = ["Mentions légales", "Gérer mes cookies", "Suivez-nous"]
PAGE = f"""<!doctype html><html lang="fr"><head><title>{TITLE}</title><style>p {{ color: red }}</style></head><body>
<nav><ul>{"".join(f"<li><a href='/x'>{item}</a></li>" for item in MENU)}</ul></nav>
<article><h1>{TITLE}</h1>{"".join(f"<p>{item}</p>" for item in PARAGRAPHS).replace("la région", "<b>la</b> région")}
</article><script>alert(1)</script>
<footer>{"".join(f"<div><a href='/y'>{item}</a></div>" for item in FOOTER)}</footer></body></html>"""


def body_of(html: str) -> object:
    from lxml import html as lxml_html

    return lxml_html.document_fromstring(html).find("body")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[PageLines]:
    import pandas as pd

    file = tmp_path_factory.mktemp("pages") / "pages.parquet"
    empty = "<html><body><ul><li>Accueil</li></ul></body></html>"
    records = [{"html": html, "title": TITLE, "outlet": "gazette.example"} for html in (PAGE, empty)]
    pd.DataFrame(records).to_parquet(file)
    return list(read_page_lines(file))


def test_a_page_is_labelled_in_every_layout_and_one_without_article_is_left_out(pages: list[PageLines]) -> None:
    assert [page.layout for page in pages] == list(LAYOUTS)
    assert {page.site for page in pages} == {"gazette.example"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_menus_are_furniture_and_paragraphs_are_not(pages: list[PageLines], layout: str) -> None:
    (page,) = (page for page in pages if page.layout == layout)
    lines = page.text.split("\n")
    assert len(lines) == len(page.labels)
    label = dict(zip(lines, page.labels.tolist(), strict=True))
    assert {label[item] for item in [*MENU, *FOOTER]} == {1}
    assert label[TITLE] == -1
    of_article = "".join(line for line, one in zip(lines, page.labels, strict=True) if one == 0)
    assert letters(of_article) == letters("".join(PARAGRAPHS))
    assert "alert" not in page.text
    assert "color" not in page.text


def test_layouts_differ_where_tags_stand_inside_a_line() -> None:
    body = body_of("<html><body><p>Un <b>mot</b>collé</p><p>Deux</p><script>x</script></body></html>")
    assert render(body, "glued") == "Un motcollé\nDeux"
    assert render(body, "spaced") == "Un mot collé\nDeux"
    assert render(body, "nodes") == "Un\nmot\ncollé\nDeux"


def test_short_lines_are_article_between_its_long_ones_only() -> None:
    article = [PARAGRAPHS[0], "Une fête", *PARAGRAPHS[1:3]]
    lines = ["Une fête", "Sport", *article, PARAGRAPHS[0], "Contact"]
    labels = label_lines(lines, "\n".join(article), frozenset())
    assert labels.tolist() == [1, 1, 0, 0, 0, 0, 1, 1]


def test_the_headline_above_the_article_is_learnt_as_article_once(pages: list[PageLines]) -> None:
    lines = [TITLE, "Sport", TITLE, *PARAGRAPHS, TITLE]
    page = PageLines("x", "glued", "\n".join(lines), np.asarray([-1, 1, -1, 0, 0, 0, 0, -1], dtype=np.int8))
    assert with_headline(page).tolist() == [-1, 1, 0, 0, 0, 0, 0, -1]
    assert page.labels[2] == -1, "the page itself keeps its labels"


def test_a_crop_keeps_the_article_whole(pages: list[PageLines]) -> None:
    for seed in range(10):
        cut = crop(pages[0], np.random.default_rng(seed))
        assert cut.text in pages[0].text
        assert len(cut.text.split("\n")) == len(cut.labels)
        assert (cut.labels == 0).sum() == (pages[0].labels == 0).sum()


def test_what_is_learnt_from_has_a_label_a_weight_and_a_site_for_each(pages: list[PageLines]) -> None:
    many = pages * (2 * PER_SITE)
    clean = {"press": ["\n".join(PARAGRAPHS)]}
    lines = assemble(many, clean)
    assert len(lines.y) == len(lines.weights) == len(lines.X.tokens) == int(lines.X.sizes.sum())
    assert len(lines.sites) == len(lines.X.sizes)
    assert set(lines.sites) == {"gazette.example", "press"}
    assert set(lines.y.tolist()) == {0, 1, -1} or set(lines.y.tolist()) == {0, 1}
    assert (lines.weights > 0).all()
    assert (lines.y[-len(PARAGRAPHS) :] == 0).all()
    # Twelve pages a site at most, each in one block layout with its crop; half of them in nodes too.
    assert (lines.sites == "gazette.example").sum() == PER_SITE * 2 + PER_SITE // 2


def test_clean_texts_are_articles_of_the_press_by_set() -> None:
    def row(set: str, kind: str) -> Row:
        labels = {"original": 1, "agency": 0, "translated": 0, "rewritten": 0, "source_language": None}
        keys = dict.fromkeys(("id", "outlet", "system", "story", "year", "licence", "origin"), "")
        return Row(text=f"{set} {kind}", set=set, kind=kind, **keys, **labels)  # type: ignore[arg-type]

    rows = [row("press", "native"), row("press", "agency"), row("press", "llm"), row("pages", "native")]
    assert clean_texts([*rows, row("written", "native")]) == {"press": ["press native", "press agency"]}
