"""The local page in a real Chromium: paste, drop, watch, read, label, export, reload; hostile texts; axe-core."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from biascheck.label_reading import read_labels
from biascheck.scorer import Scorer

if not os.environ.get("CI"):
    pytest.importorskip("starlette")
    pytest.importorskip("python_multipart")
    pytest.importorskip("uvicorn")

import uvicorn
from browser import Visit

from biascheck.web.app import create_app
from biascheck.web.jobs import Sizes

pytest_plugins = ("browser",)

Open = Callable[..., Visit]


@pytest.fixture
def address(scorer: Scorer) -> Iterator[str]:
    """A page of its own for each test, on a port of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]
    app = create_app(scorer, port=port, sizes=Sizes(upload_files=300))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(address: str, visit: Open) -> Iterator[Open]:
    """Open the local page; at the end nothing has been asked for elsewhere, and nothing has complained."""
    visits = []

    def opened(path: str = "/?lang=fr", **options: Any) -> Visit:
        visits.append(visit(address + path, inside=address, **options))
        return visits[-1]

    yield opened
    for one in visits:
        assert one.outside == []
        assert one.complaints == []


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading takes long enough to be watched."""
    read = Scorer.read

    def slowly(self: Scorer, documents: Any, **options: Any) -> Any:
        time.sleep(0.5)
        return read(self, documents, **options)

    monkeypatch.setattr(Scorer, "read", slowly)


@pytest.fixture
def folder(tmp_path: Path, rendered: str, prose: str) -> Path:
    """Twenty files, two of them broken, and one that is no text at all and says so by its name."""
    made = tmp_path / "dossier"
    (made / "sous").mkdir(parents=True)
    for number in range(18):
        place = made / "sous" if number % 3 == 0 else made
        (place / f"texte{number:02}.txt").write_text((rendered if number % 2 else prose) * 2, encoding="utf-8")
    (made / "vide.txt").write_bytes(b"")
    (made / "image.html").write_bytes(b"\x89PNG\r\n" + bytes(300))
    (made / "photo.jpg").write_bytes(b"\xff\xd8\xff" + bytes(300))
    return made


def paste(one: Visit, text: str, name: str = "") -> None:
    one.page.fill("#text", text)
    one.page.fill("#name", name)
    one.page.click("#paste button")
    one.page.wait_for_selector("#reading .bc-reading")


def background(one: Visit, selector: str) -> str:
    return str(one.page.locator(selector).first.evaluate("e => getComputedStyle(e).backgroundColor"))


def test_paste_a_seed_see_its_verdicts_and_marks_and_switch(page: Open, seeds: dict[str, str]) -> None:
    one = page()
    paste(one, seeds["001"], "graine")
    verdicts = one.page.locator(".bc-row.bc-on .bc-name").all_inner_texts()
    assert any("traduit" in verdict for verdict in verdicts)
    assert any("repris" in verdict for verdict in verdicts)
    assert one.page.locator("#row-1").inner_text().count("traduit") == 1
    # Marks stand where the reading says, whatever a browser does to a text on its way.
    number = re.search(r"/texts/(\d+)$", one.page.url)
    assert number
    reading = one.page.request.get(f"{one.page.url}/reading.json").json()
    parts = one.page.eval_on_selector_all(
        ".bc-text [data-start]", "all => all.map(e => [+e.dataset.start, +e.dataset.end, e.textContent])"
    )
    assert len(parts) > 10
    assert reading["text"] == seeds["001"].replace("\r\n", "\n")
    assert all(reading["text"][start:end] == shown for start, end, shown in parts)
    # The first verdict's evidence is lit; choosing another puts it out and lights the other's.
    before = background(one, ".bc-text .e0:not(.e1)"), background(one, ".bc-text .e1:not(.e0)")
    one.page.check('.bc-choice input[value="1"]')
    after = background(one, ".bc-text .e0:not(.e1)"), background(one, ".bc-text .e1:not(.e0)")
    assert before[0] != before[1]
    assert after[0] != before[0]
    assert after[1] == before[0]
    one.page.reload()
    assert "graine" in one.page.locator("#rows").inner_text()
    assert one.page.locator("#reading .bc-reading").count() == 1


def test_a_folder_with_broken_files(page: Open, slow: None, folder: Path, tmp_path: Path) -> None:
    one = page()
    one.page.set_input_files("#folder", folder)
    one.page.wait_for_selector("#progress progress")
    seen = set()
    while one.page.locator("#progress progress").count():
        seen.add(one.page.locator("#progress").inner_text())
        time.sleep(0.1)
    assert any(re.search(r"\b([1-9]|1\d) sur 20", text) for text in seen), seen
    one.page.wait_for_selector("#rows li >> nth=19")
    assert one.page.locator("#rows li").count() == 20
    errors = one.page.locator("#rows li.error")
    assert sorted(errors.locator("code").all_inner_texts()) == ["binary", "empty"]
    assert "1" in one.page.locator("#notice").inner_text()  # the .jpg is left out, and told
    assert "20" in one.page.locator("#status").inner_text()
    errors.first.locator("a").click()
    one.page.wait_for_selector("#reading .empty[data-number]")

    # Sift the list.
    one.page.select_option("#which", "error")
    assert one.page.locator("#rows li:visible").count() == 2
    one.page.select_option("#which", "")
    one.page.fill("#filter", "texte07")
    assert one.page.locator("#rows li:visible").count() == 1

    # Label, export, reload.
    one.page.locator("#rows li:visible a").click()
    one.page.wait_for_selector("#reading .bc-reading")
    one.page.click("#labelling summary")
    one.page.get_by_role("group", name="Traduit d’une autre langue").get_by_role("radio", name="oui").check()
    one.page.get_by_role("group", name="Langue d’origine").get_by_role("radio", name="anglais").check()
    one.page.get_by_role("group", name="Guerre en Ukraine").get_by_role("radio", name="hors sujet").check()
    one.page.fill("#annotator", "Ana")
    one.page.press("#annotator", "Tab")
    one.page.wait_for_selector("#saved:not(:empty)")
    one.page.wait_for_selector("#rows li.labelled .ok")
    one.page.wait_for_load_state("networkidle")
    for suffix in ("csv", "jsonl"):
        with one.page.expect_download() as download:
            one.page.click(f'a[href="/labels.{suffix}"]')
        file = tmp_path / f"labels.{suffix}"
        download.value.save_as(file)
        rows, problems = read_labels([file])
        assert problems == []
        assert [(row.id, row.labels, row.source_language) for row in rows] == [
            ("dossier/texte07.txt", {"translated": 1}, "en")
        ]
        assert (rows[0].slant, rows[0].annotator) == ({"ukraine-war": "off_topic"}, "Ana")
    one.page.reload()
    assert one.page.locator("#rows li").count() == 20
    assert one.page.locator("#rows li.labelled").count() == 1
    group = one.page.get_by_role("group", name="Traduit d’une autre langue")
    assert group.locator("input:checked").get_attribute("value") == "yes"
    for suffix in ("html", "csv", "json"):
        with one.page.expect_download() as download:
            one.page.click(f'.side a[href="/results.{suffix}"]')
        assert Path(download.value.path()).stat().st_size > 1000


def test_files_are_dropped(page: Open, rendered: str) -> None:
    one = page()
    one.page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "posé.txt"));
            data.items.add(new File([""], "vide.txt"));
            document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
        }""",
        rendered,
    )
    one.page.wait_for_selector("#rows li >> nth=1")
    assert "posé.txt" in one.page.locator("#rows").inner_text()
    assert one.page.locator("#rows li.error").count() == 1


def test_stop_and_forget(page: Open, slow: None, tmp_path: Path, prose: str) -> None:
    files = []
    for number in range(40):
        files.append(tmp_path / f"{number}.txt")
        files[-1].write_text(prose, encoding="utf-8")
    one = page()
    one.page.set_input_files("#files", files)
    one.page.wait_for_selector("#rows li")
    one.page.click("#cancel")
    one.page.wait_for_selector("#progress >> text=Arrêté")
    assert 0 < one.page.locator("#rows li").count() < 40
    one.page.on("dialog", lambda dialog: dialog.accept())
    one.page.get_by_role("button", name="Tout oublier").click()
    one.page.wait_for_selector("#rows li", state="detached")


def test_too_many_files_are_refused_at_once(page: Open, tmp_path: Path) -> None:
    made = tmp_path / "grand"
    made.mkdir()
    for number in range(301):
        (made / f"{number}.txt").write_bytes(b"a")
    one = page()
    one.page.set_input_files("#folder", made)
    one.page.wait_for_selector("#notice >> text=biascheck batch")
    assert one.page.locator("#rows li").count() == 0


def test_by_keyboard_alone(page: Open, rendered: str) -> None:
    one = page()
    keys = one.page.keyboard
    for name in ("un", "deux"):
        one.page.focus("#text")
        keys.insert_text(rendered)
        keys.press("Tab")
        keys.insert_text(name)
        keys.press("Enter")
        one.page.wait_for_selector(f".bc-facts >> text={name}")
    one.page.wait_for_function("document.activeElement.id === 'reading'")
    one.page.focus("#rows a")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("Enter")
    one.page.wait_for_selector(".bc-facts >> text=/^un$/")
    one.page.wait_for_function("document.activeElement.id === 'reading'")
    assert one.page.locator("#rows [aria-current]").count() == 1
    # Back is the text before, from the server: nothing of it was stored by the browser.
    one.page.go_back()
    one.page.wait_for_selector(".bc-facts >> text=deux")
    stored = "JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])"
    assert rendered[:20] not in one.page.evaluate(stored)


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_is_accessible(page: Open, axe: str, width: int, dark: bool, seeds: dict[str, str]) -> None:
    one = page(width=width, dark=dark)
    assert one.violations(axe) == []
    one.page.set_input_files("#files", [{"name": "vide.txt", "mimeType": "text/plain", "buffer": b""}])
    one.page.wait_for_selector("#rows li.error")
    paste(one, seeds["001"])
    one.page.click("#labelling summary")
    assert one.violations(axe) == []
    assert one.page.evaluate("document.documentElement.scrollWidth") <= width
    one.page.click("#rows li.error a")
    one.page.wait_for_selector("#reading .empty[data-number]")
    assert one.violations(axe) == []
    english = page("/?lang=en", width=width, dark=dark)
    assert english.page.locator("html").get_attribute("lang") == "en"
    assert english.violations(axe) == []


HOSTILE = (
    "<script>window.hit = 1</script> <img src=x onerror='window.hit=1'> <a href=\"javascript:window.hit=1\">ici</a> "
    "<div hx-get=/clear hx-trigger=load></div> {{ 7*7 }} &lt;b&gt; \u202eretourné\u202c \u2066isolé "
)


def test_a_hostile_text_is_text(page: Open, rendered: str) -> None:
    one = page()
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))
    text = f"{HOSTILE}\n\n{rendered}\n{HOSTILE}"
    paste(one, text, f'{HOSTILE[:60]}"><script>window.hit = 1</script>')
    one.page.locator("#rows a").click()
    one.page.wait_for_load_state("networkidle")
    one.page.reload()
    assert one.page.evaluate("window.hit") is None
    reading = one.page.request.get(f"{one.page.url}/reading.json").json()
    assert reading["text"] == text
    shown = one.page.locator(".bc-text").evaluate("e => e.textContent")
    assert shown == text
    assert one.page.locator('a[href^="javascript"]').count() == 0
    assert one.page.locator("#reading img, #rows img, [hx-get='/clear']").count() == 0
    assert not any("/clear" in url for url in asked)
    for place in ("#rows", ".bc-head h1", ".bc-facts"):
        assert not set("\u202e\u2066") & set(one.page.locator(place).inner_text())


def test_two_megabytes_of_one_word(page: Open, tmp_path: Path) -> None:
    file = tmp_path / "mot.txt"
    file.write_bytes(b"mot" * 666_000)
    one = page()
    one.page.set_input_files("#files", file)
    one.page.wait_for_selector("#row-1")
    one.page.click("#row-1 a")
    one.page.wait_for_selector("#reading .bc-reading")
    assert one.page.locator(".bc-text").evaluate("e => e.textContent.length") == 3 * 666_000
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 1400


def test_a_page_from_elsewhere_cannot_reach_in(address: str, visit: Open, tmp_path: Path, rendered: str) -> None:
    one = visit(f"{address}/?lang=fr", inside=address)
    paste(one, rendered, "gardé")
    evil = tmp_path / "evil.html"
    evil.write_text(
        f"""<!doctype html><iframe src="{address}/"></iframe>
        <form method="post" action="{address}/clear"></form><script>
        window.got = Promise.allSettled([
          fetch("{address}/api/score", {{method: "POST", body: "text"}}).then(r => r.text()),
          fetch("{address}/results.json", {{credentials: "include"}}).then(r => r.text()),
          fetch("{address}/clear", {{method: "POST", mode: "no-cors", credentials: "include"}}),
        ]).then(all => all.map(one => one.status));
        </script>""",
        encoding="utf-8",
    )
    other = one.page.context.new_page()
    other.goto(evil.as_uri())
    assert other.evaluate("window.got") == ["rejected"] * 3
    assert "biascheck" not in other.frames[1].content()
    with other.expect_navigation():
        other.evaluate("document.forms[0].submit()")
    assert "refused" in other.locator("body").inner_text()
    one.page.reload()
    assert "gardé" in one.page.locator("#rows").inner_text()
