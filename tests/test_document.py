"""Bytes → Document: encodings, refusals, HTML, language. All texts were written for the purpose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biascheck.document import Document, Limits, document_from_text, read_bytes, read_document
from biascheck.errors import DocumentError

FRENCH = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZàâæçéèêëîïôùûüÿÀÂÇÉÈÊËÎÏÔÙÛÜŒœ’-,.«»€"
WORDS = [
    "été",
    "à",
    "où",
    "naïf",
    "ça",
    "forêt",
    "œuf",
    "cœur",
    "Noël",
    "août",
    "aiguë",
    "Île",
    "École",
    "«",
    "»",
    "€",
    "la",
]
#: A sentence with accents before every random text, so that no encoding is left to chance.
OPENING = "Dès l’été, la forêt où l’élève a trouvé son œuvre « préférée » coûtera 5 € de plus. "
letters = st.text(FRENCH + " \n", min_size=1, max_size=200)
#: An 8-bit encoding is guessed by how the words look, so these are words.
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


def failure(data: bytes, **options: object) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_bytes(data, id="x", **options)  # type: ignore[arg-type]
    assert "\n" not in caught.value.message
    return caught.value


def codes(document: Document) -> list[str]:
    return [warning.split(":")[0] for warning in document.warnings]


@given(letters, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]))
def test_french_text_comes_back_from_every_encoding(text: str, encoding: str) -> None:
    text = OPENING + text
    assert read_bytes(text.encode(encoding), id="x").text == text


@given(words)
def test_latin_nine_comes_back(text: str) -> None:
    text = OPENING.replace("’", "'") + text
    assert read_bytes(text.encode("iso8859-15"), id="x").text == text


@given(st.text(min_size=1).filter(lambda t: t.strip("\x00 \t\r\n\ufeff")))
def test_any_text_marked_as_utf8_comes_back(text: str) -> None:
    assert read_bytes(b"\xef\xbb\xbf" + text.encode(), id="x", html=False).text == text


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("“Voilà”, dit-il, l’été…".encode("cp1252"), "cp1252"),
        ("Le cœur de l'été à 5 €, déjà vu à l'école.".encode("iso8859-15"), "iso8859_15"),
        ("Été\n".encode("utf-16-be"), "utf-16-be"),
        ("Été".encode("utf-16"), "utf-16"),
    ],
)
def test_encoding_is_named(data: bytes, encoding: str) -> None:
    assert read_bytes(data, id="x").encoding == encoding


def test_last_accent_of_a_windows_file_is_not_taken_for_a_cut(prose: str) -> None:
    plain = "Le bus roule vers la mer et ne revient pas. " * 10 + "Il a pris un café\n"
    assert read_bytes(plain.encode("cp1252"), id="x").text == plain
    assert read_bytes(plain.strip().encode("cp1252"), id="x").text == plain.strip()


@pytest.mark.parametrize("cut", [1, 2])
def test_file_cut_inside_a_character(prose: str, cut: int) -> None:
    document = read_bytes((prose + "€").encode()[:-cut], id="x")
    assert document.text == prose
    assert codes(document) == ["truncated"]


def test_a_few_broken_bytes_do_not_change_the_encoding(prose: str) -> None:
    document = read_bytes(prose.encode() + b"\xff suite " + prose.encode(), id="x")
    assert document.text == f"{prose}\ufffd suite {prose}"
    assert codes(document) == ["encoding"]


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\x00\x00"])
def test_nothing_to_read_is_empty(data: bytes) -> None:
    assert failure(data).code == "empty"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....", "zip"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"texte\x00" * 300, "NUL"),
        (bytes(range(256)) * 8, "plain text"),
    ],
)
def test_files_that_are_no_text_are_refused_by_name(data: bytes, word: str) -> None:
    error = failure(data)
    assert error.code == "binary"
    assert word in error.message


def test_limits_name_the_option_that_raises_them(tmp_path: Path) -> None:
    limits = Limits(text=1000, html=2000)
    assert "--max-text-bytes" in failure(b"a" * 1001, limits=limits).message
    assert "--max-html-bytes" in failure(b"<html>" + b"a" * 2000, html=True, limits=limits).message
    for name, option in (("a.txt", "--max-text-bytes"), ("a.html", "--max-html-bytes")):
        (tmp_path / name).write_bytes(b"<html>" + b"a" * 3000)
        with pytest.raises(DocumentError, match=option) as caught:
            read_document(tmp_path / name, limits=limits)
        assert caught.value.code == "too_large"
    with pytest.raises(DocumentError, match="--max-text-bytes"):
        document_from_text("a" * 1001, limits=limits)


def test_a_text_exactly_at_the_limit_is_read(prose: str) -> None:
    data = prose.encode()
    assert read_bytes(data, id="x", limits=Limits(text=len(data))).text == prose


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for path, code in (
        (tmp_path, "unreadable"),
        (tmp_path / "missing.txt", "not_found"),
        (tmp_path / ("n" * 5000), "unreadable"),
        ("a\x00b.txt", "unreadable"),
    ):
        with pytest.raises(DocumentError) as caught:
            read_document(path)
        assert caught.value.code == code


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = tmp_path / "closed.txt"
    file.write_text("secret")
    file.chmod(0)
    with pytest.raises(DocumentError, match="permission") as caught:
        read_document(file)
    assert caught.value.code == "unreadable"


def page(body: str) -> str:
    return f"""<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8">
<title>La bibliothèque rouvre | Gazette</title>
<meta property="og:title" content="La bibliothèque rouvre">
<meta name="author" content="Claire Dumont">
<meta property="article:published_time" content="2024-03-05T08:00:00+01:00">
<meta property="og:site_name" content="La Gazette d’Exemple">
<link rel="canonical" href="https://gazette.example/bibliotheque">
</head><body><nav><a href="/">Accueil</a></nav><article><h1>La bibliothèque rouvre</h1>{body}</article>
</body></html>"""


def test_html_gives_article_and_metadata(prose: str) -> None:
    document = read_bytes(page(f"<p>{prose}</p><p>{prose}</p>").encode(), id="x")
    assert "La commune a décidé hier" in document.text
    assert "Accueil" not in document.text
    assert "<" not in document.text
    assert document.title == "La bibliothèque rouvre"
    assert document.author == "Claire Dumont"
    assert document.date == "2024-03-05"
    assert document.site_name == "La Gazette d’Exemple"
    assert document.canonical_url == "https://gazette.example/bibliotheque"
    assert document.language == "fr"


def test_html_in_its_declared_encoding(prose: str) -> None:
    source = page(f"<p>{prose}</p>").replace("utf-8", "windows-1252")
    document = read_bytes(source.encode("cp1252"), id="x")
    assert document.encoding == "cp1252"
    assert "décidé hier" in document.text


def test_html_cut_short_still_gives_its_beginning(prose: str) -> None:
    source = page(f"<p>{prose}</p><p>{prose}</p>")
    data = source.encode()[: source.encode().rindex(b"Plusieurs associations")]
    assert "La commune a décidé hier" in read_bytes(data, id="x").text


@pytest.mark.parametrize("source", ["<html></html>", "<!doctype html><html><body><script>x=1</script></body></html>"])
def test_html_without_article(source: str) -> None:
    error = failure(source.encode())
    assert error.code == "no_article"
    assert ".txt" in error.message


def test_thirty_thousand_nested_elements_end_in_a_document_or_an_error(prose: str) -> None:
    source = "<html><body>" + "<div>" * 30_000 + prose + "</div>" * 30_000
    try:
        read = read_bytes(source.encode(), id="x").text.strip()
    except DocumentError as error:
        read = error.code
    assert read in {prose.strip(), "no_article"}


def test_text_file_that_mentions_html_stays_text(prose: str, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f"{prose}<html>{prose}", encoding="utf-8")
    assert read_document(file).text == f"{prose}<html>{prose}"


def test_lone_surrogates_become_replacement_characters(prose: str) -> None:
    document = document_from_text(prose + "\ud800 fin \udfff.")
    document.text.encode("utf-8")
    assert document.text.startswith(prose)
    assert "\ufffd" in document.text


def test_short_text_blocks_a_verdict(prose: str) -> None:
    document = document_from_text(prose[:299].strip())
    assert codes(document) == ["too_short"]
    assert document.blocking


def test_prose_passes(prose: str) -> None:
    document = document_from_text(prose)
    assert (document.language, document.warnings) == ("fr", ())
    assert document.blocking == ()


FOREIGN = {
    "de": "Die Gemeinde hat gestern beschlossen, die alte Bücherei im Viertel wieder zu öffnen, die seit Beginn des "
    "Winters geschlossen war. Eine Nachbarin erklärt, sie habe lange auf diese Antwort gewartet und komme jede Woche. "
    "Mehrere Vereine bereiten bereits ein Fest für den ersten Samstag im Juni vor, zu dem jeder ein Buch mitbringen "
    "kann.",
    "en": "The town decided yesterday to open the old library of the neighbourhood again, which had been closed since "
    "the winter began. A neighbour who comes every week with her children says that they had been waiting for this "
    "answer. Several clubs are already planning a party for the first Saturday of June, and everyone may bring a book.",
    "ru": "Вчера город решил снова открыть старую библиотеку в квартале, закрытую с начала зимы. Соседка, которая "
    "приходит каждую неделю с детьми, говорит, что они долго ждали этого ответа. Несколько обществ уже готовят "
    "праздник на первую субботу июня, и каждый сможет принести с собой книгу, чтобы обменять её на другую у входа.",
}


@pytest.mark.parametrize("language", FOREIGN)
def test_other_languages_block_a_verdict(language: str) -> None:
    document = document_from_text(FOREIGN[language])
    assert document.language == language
    assert codes(document) == ["language"]
    assert document.blocking


@pytest.mark.parametrize("text", ["12 345, 67 890; " * 60, "bonjour " * 100, "ligne une\n" * 60])
def test_lists_and_repetition_are_no_prose(text: str) -> None:
    assert "not_prose" in codes(document_from_text(text))


def test_headline_is_the_title_of_a_plain_text(prose: str) -> None:
    assert document_from_text(f"La bibliothèque rouvre\n\n{prose}").title == "La bibliothèque rouvre"
    assert document_from_text(prose).title is None


@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_end_in_a_document_or_a_document_error(data: bytes) -> None:
    try:
        document = read_bytes(data, id="x")
    except DocumentError:
        return
    document.text.encode("utf-8")
    assert len(document.sha256) == 64
