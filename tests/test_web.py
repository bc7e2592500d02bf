"""The local page, asked as a browser and as a program would."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from biascheck.label_reading import read_labels
from biascheck.scorer import Scorer

if not os.environ.get("CI"):
    pytest.importorskip("starlette")
    pytest.importorskip("python_multipart")
    pytest.importorskip("httpx")

from starlette.testclient import TestClient

from biascheck.web import wording
from biascheck.web.app import create_app
from biascheck.web.jobs import Sizes

PORT = 8765
HERE = f"http://127.0.0.1:{PORT}"
HX = {"HX-Request": "true"}
Made = Callable[..., TestClient]


@pytest.fixture
def served(scorer: Scorer) -> Iterator[Made]:
    """Clients of a fresh page; `served(...)` makes the page, `.fresh()` another browser of it."""
    opened = []

    def made(**sizes: int) -> TestClient:
        client = TestClient(create_app(scorer, port=PORT, sizes=Sizes(**sizes)), base_url=HERE)
        client.__enter__()
        opened.append(client)
        return client

    yield made
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(served: Made) -> TestClient:
    return served()


def other_browser(client: TestClient) -> TestClient:
    return TestClient(client.app, base_url=HERE)


def finish(client: TestClient) -> str:
    """Wait until everything has been read; the page as it is then."""
    for _ in range(600):
        if "hx-trigger" not in client.get("/progress").text:
            return client.get("/").text
        time.sleep(0.05)
    raise AssertionError("the upload is never read")


def upload(client: TestClient, files: dict[str, bytes], **data: Any) -> Any:
    return client.post("/files", files=[("files", item) for item in files.items()], data=data, headers=HX)


# Who may ask


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_the_machine_itself_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/healthz", "/static/page.js", "/nothing"])
@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT}.evil.example"]
)
def test_another_name_is_refused_on_every_path(client: TestClient, path: str, host: str) -> None:
    assert client.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/texts", "/files", "/clear", "/cancel", "/api/score", "/texts/1/labels"])
def test_another_site_cannot_post(client: TestClient, path: str, headers: dict[str, str]) -> None:
    assert client.post(path, content=b"text=a", headers=headers).status_code == 403


def test_the_page_itself_and_programs_can_post(client: TestClient, prose: str) -> None:
    own = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert client.post("/api/score", json={"text": prose}, headers=own).status_code == 200
    assert client.post("/api/score", json={"text": prose}).status_code == 200


def test_another_site_can_link_but_not_load(client: TestClient) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    link = {**foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert client.get("/", headers=link).status_code == 200
    frame = {**foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    script = {**foreign, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"}
    assert client.get("/results.json", headers=frame).status_code == 403
    assert client.get("/results.json", headers=script).status_code == 403


def test_every_answer_has_the_security_headers(client: TestClient) -> None:
    answers = [
        client.get("/"),
        client.get("/nothing"),
        client.get("/texts/7"),
        client.put("/"),
        client.get("/static/page.js"),
        client.get("/openapi.json"),
        client.get("/", headers={"host": "evil.example"}),
        client.post("/api/score", content=b"{"),
        client.post("/files", content=b"", headers={"content-length": "9" * 30}),
    ]
    assert {answer.status_code for answer in answers} >= {200, 404, 405, 413, 421}
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_nothing_inline_that_the_policy_would_stop(client: TestClient, rendered: str) -> None:
    client.post("/texts", data={"text": rendered * 2})
    for page in (client.get("/").text, client.get("/texts/1").text):
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"<[a-z][^<>]*\s(?:on[a-z]+|style)\s*=", page)
        assert "http" not in re.sub(r"http-equiv|https?://www\.w3\.org/2000/svg", "", page)


def test_texts_stay_out_of_the_disk_cache(client: TestClient) -> None:
    assert client.get("/").headers["cache-control"] == "no-store"
    assert client.post("/api/score", json={"text": "a"}).headers["cache-control"] == "no-store"


def test_a_body_is_refused_while_it_streams(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b"a" * 65_536

    # The test client reads a body whole; the application is asked directly, piece by piece.
    client.post("/texts", data={"text": "Un texte."})
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    pieces, answers = endless(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(pieces), "more_body": True}

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/texts/1/labels",
        "raw_path": b"/texts/1/labels",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", PORT),
        "headers": [
            (b"host", f"127.0.0.1:{PORT}".encode()),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"cookie", cookies.encode()),
        ],
    }
    assert client.portal is not None
    client.portal.call(client.app, scope, receive, send)
    assert answers[0]["status"] == 413
    assert sent < 1_000_000


# The endpoint for programs


def test_the_endpoint_answers_the_scorers_reading(
    client: TestClient, scorer: Scorer, seeds: dict[str, str], valid: Any
) -> None:
    for number, text in seeds.items():
        answer = client.post("/api/score", json={"text": text, "id": number}).json()
        valid(answer)
        assert answer == json.loads(scorer.score(text, id=number).to_json())
        assert answer["evidence"]


def test_the_endpoint_takes_pages_raw_texts_and_other_encodings(client: TestClient, rendered: str, valid: Any) -> None:
    page = f"<!doctype html><html lang=fr><title>Réunion</title><article><p>{rendered}<p>{rendered}</article></html>"
    json_page = client.post("/api/score", json={"html": page, "evidence": False}).json()
    raw_page = client.post(
        "/api/score?evidence=false", content=page.encode(), headers={"content-type": "text/html"}
    ).json()
    assert json_page == raw_page
    assert json_page["evidence"] == []
    assert "translated" in json_page["provenance"]["verdict"]
    latin = rendered.replace("’", "'").replace("“", '"').replace("”", '"')
    raw = client.post("/api/score?id=l1", content=latin.encode("cp1252"), headers={"content-type": "text/plain"}).json()
    assert (raw["id"], raw["text"]) == ("l1", latin)
    for answer in (json_page, raw):
        valid(answer)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"text": ""}', "application/json", 422, "empty"),
        (b'{"html": "<html><p>"}', "application/json", 422, "no_article"),
        (b"%PDF-1.4 abc", "text/plain", 422, "binary"),
        (b"a" * 2_000_001, "text/plain", 413, "too_large"),
        (b'{"text": "a", "html": "b"}', "application/json", 400, "unreadable"),
        (b'{"text": 3}', "application/json", 400, "unreadable"),
        (b'{"text": "a", "id": ""}', "application/json", 400, "unreadable"),
        (b'{"text": "a", "evidence": "no"}', "application/json", 400, "unreadable"),
        (b'{"txet": "a"}', "application/json", 400, "unreadable"),
        (b"[1]", "application/json", 400, "unreadable"),
        (b"{", "application/json", 400, "unreadable"),
        (b"[" * 300_000, "application/json", 400, "unreadable"),
        (b"\xff\xfe{", "application/json", 400, "unreadable"),
        (b"text=a", "application/x-www-form-urlencoded", 415, "unreadable"),
    ],
)
def test_what_cannot_be_read_is_an_error_entry(
    client: TestClient, valid: Any, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = client.post("/api/score", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    valid(answer.json())
    assert answer.json()["error"]["code"] == code


def test_refusals_of_the_endpoint_are_error_entries_too(client: TestClient, valid: Any) -> None:
    for answer in (
        client.post("/api/score", content=b"{}", headers={"content-length": "999999999"}),
        client.post("/api/score", content=b"{}", headers={"origin": "http://evil.example"}),
        client.get("/api/score"),
    ):
        assert answer.status_code in {403, 405, 413}
        valid(answer.json())


def test_a_lone_surrogate_is_no_character(client: TestClient, prose: str) -> None:
    sent = json.dumps({"text": prose + "\ud800", "id": "\udcff"}).encode()
    assert client.post("/api/score", content=sent).status_code == 415  # no content type: nothing is guessed
    headers = {"content-type": "application/json"}
    answer = client.post("/api/score", content=sent, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["text"].startswith(prose)
    page = f"<html><body><article><p>{prose}\ud800</article></html>"
    assert client.post("/api/score", content=json.dumps({"html": page}).encode(), headers=headers).status_code == 200


def test_the_description_is_true(client: TestClient, rendered: str) -> None:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    described = client.get("/openapi.json").json()
    schema = client.get("/reading.schema.json").json()
    registry = Registry().with_resources(
        [
            ("/openapi.json", Resource.from_contents(described, default_specification=DRAFT202012)),
            ("/reading.schema.json", Resource.from_contents(schema, default_specification=DRAFT202012)),
        ]
    )

    def check(name: str, value: Any) -> None:
        wanted = {"$ref": f"/openapi.json#/components/schemas/{name}"}
        Draft202012Validator(wanted, registry=registry).validate(value)

    check("Reading", client.post("/api/score", json={"text": rendered}).json())
    check("Error", client.post("/api/score", json={"text": ""}).json())
    check("Health", client.get("/healthz").json())
    score = described["paths"]["/api/score"]["post"]
    for example in score["requestBody"]["content"]["application/json"]["examples"].values():
        check("Question", example["value"])
        assert client.post("/api/score", json=example["value"]).status_code in set(map(int, score["responses"]))
    for path in described["paths"]:
        assert client.get(path).status_code in {200, 405}


# What a browser brings


def test_a_pasted_text_is_read_and_stays_on_reload(client: TestClient, seed_files: dict[str, Path]) -> None:
    import hashlib

    data = seed_files["001"].read_bytes()
    text = data.decode("utf-8")
    # A browser sends line ends of a form as CR LF.
    sent = text.replace("\r\n", "\n").replace("\n", "\r\n")
    answer = client.post("/texts", data={"text": sent, "name": "Dépêche"}, headers=HX)
    assert answer.headers["hx-push-url"] == "/texts/1"
    assert 'class="bc-reading"' in answer.text
    assert "Dépêche" in client.get("/").text
    reading = client.get("/texts/1/reading.json").json()
    assert reading["id"] == "Dépêche"
    assert reading["text"] == text
    assert reading["sha256"] == hashlib.sha256(data).hexdigest()
    assert set(reading["provenance"]["verdict"]) == {"translated", "aggregated"}


def test_without_script_the_form_works(client: TestClient, prose: str) -> None:
    answer = client.post("/texts", data={"text": prose}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/texts/1")
    page = client.get("/texts/1").text
    assert page.startswith("<!doctype html>")
    assert 'class="bc-reading"' in page


def test_a_session_is_its_browsers_alone(client: TestClient, prose: str) -> None:
    answer = client.post("/texts", data={"text": prose, "name": "geheim"}, headers=HX)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    stranger = other_browser(client)
    assert "geheim" not in stranger.get("/").text
    assert stranger.get("/texts/1").status_code == 404
    for path in ("/texts/1/reading.json", "/texts/1/report.html"):
        assert stranger.get(path).status_code == 404
    assert stranger.post("/texts/1/labels", data={"translated": "yes"}).status_code == 404
    assert stranger.get("/results.json").json() == []


def test_looking_makes_no_session(client: TestClient) -> None:
    # Else a link from elsewhere, which comes without the cookie, would take the user's session away.
    for path in ("/", "/texts/1", "/progress", "/results.json", "/labels.csv"):
        assert "set-cookie" not in client.get(path).headers


def test_files_are_read_behind_and_broken_ones_are_listed(client: TestClient, rendered: str, prose: str) -> None:
    files = {f"dossier/{n:02}.txt": (rendered + prose).encode() for n in range(18)}
    files |= {"dossier/vide.txt": b"", "dossier/image.txt": b"\x89PNG\r\n" + bytes(200)}
    names = list(files)
    for piece in range(0, 20, 7):
        part = {name: files[name] for name in names[piece : piece + 7]}
        assert upload(client, part, run="r1", expected=20).status_code == 204
    page = finish(client)
    results = client.get("/results.json").json()
    assert [result["id"] for result in results] == names
    assert [result["error"]["code"] for result in results if "error" in result] == ["empty", "binary"]
    assert "<code>empty</code>" in page
    assert "<code>binary</code>" in page
    assert "Fichiers\xa0: 20" in page or "Fichiers : 20" in page
    number = names.index("dossier/image.txt") + 1
    assert "a picture" in client.get(f"/texts/{number}", headers=HX).text


def test_progress_tells_only_what_is_new(client: TestClient, prose: str) -> None:
    upload(client, {f"{n}.txt": prose.encode() for n in range(3)})
    finish(client)
    assert len(re.findall(r'<li id="row-', client.get("/progress?after=0").text)) == 3
    assert re.findall(r'<li id="(row-\d+)"', client.get("/progress?after=2").text) == ["row-3"]
    for hostile in ("-1", "x", "9" * 5000, "²"):
        assert client.get("/progress", params={"after": hostile}).status_code == 200


def test_a_run_that_is_broken_off_ends(client: TestClient, prose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biascheck.web.jobs.PATIENCE", 0.2)
    upload(client, {"a.txt": prose.encode()}, run="r", expected=5000)
    assert "Terminé" in finish(client)


def test_more_than_may_be_is_refused_whole(served: Made, prose: str) -> None:
    client = served(upload_files=4, upload_bytes=10_000)
    assert upload(client, {f"{n}.txt": b"x" for n in range(5)}).status_code in {400, 413}
    assert upload(client, {"a.txt": b"x" * 10_001}).status_code == 413
    assert client.get("/results.json").json() == []
    # The limit holds for the pieces of a run together, whatever they say.
    assert upload(client, {f"{n}.txt": prose.encode() for n in range(4)}, run="r").status_code == 204
    refused = upload(client, {"5.txt": b"x"}, run="r")
    assert refused.status_code == 413
    assert "biascheck batch" in refused.text
    finish(client)
    assert len(client.get("/results.json").json()) == 4


def test_a_file_over_its_limit_is_an_entry(client: TestClient) -> None:
    upload(client, {"grand.txt": b"a" * 2_000_001})
    finish(client)
    assert client.get("/results.json").json()[0]["error"]["code"] == "too_large"


def test_uploads_are_not_written_to_disk(client: TestClient, prose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def rollover(self: Any) -> None:
        raise AssertionError("written to disk")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rollover)
    upload(client, {"a.txt": prose.encode() * 2000, "b.txt": prose.encode()})
    finish(client)
    assert len(client.get("/results.json").json()) == 2


def test_only_the_newest_results_are_kept(served: Made, prose: str) -> None:
    client = served(results=3)
    upload(client, {f"{n}.txt": prose.encode() for n in range(5)})
    finish(client)
    assert [r["id"] for r in client.get("/results.json").json()] == ["2.txt", "3.txt", "4.txt"]
    assert "n’est plus gardé" in client.get("/texts/1", headers=HX).text
    small = served(result_bytes=3000)
    for _ in range(9):
        small.post("/texts", data={"text": prose})
    assert 0 < len(small.get("/results.json").json()) < 9


def test_the_session_not_seen_for_longest_goes(served: Made, prose: str) -> None:
    first = served(sessions=2)
    others = [other_browser(first) for _ in range(2)]
    for browser in (first, others[0]):
        browser.post("/texts", data={"text": prose})
    first.get("/")
    others[1].post("/texts", data={"text": prose})
    assert [len(b.get("/results.json").json()) for b in (first, *others)] == [1, 0, 1]


def test_cancel_keeps_what_has_been_read_and_clear_keeps_nothing(
    client: TestClient, scorer: Scorer, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Scorer.read

    def slow(self: Scorer, documents: Any, **options: Any) -> Any:
        time.sleep(0.1)
        return read(self, documents, **options)

    monkeypatch.setattr(Scorer, "read", slow)
    upload(client, {f"{n}.txt": prose.encode() for n in range(200)}, run="r", expected=400)
    while not client.get("/results.json").json():
        time.sleep(0.02)
    client.post("/cancel", headers=HX)
    assert "Arrêté" in finish(client)
    assert upload(client, {"a.txt": b"x"}, run="r").status_code == 409
    kept = len(client.get("/results.json").json())
    assert 0 < kept < 200
    upload(client, {f"{n}.txt": prose.encode() for n in range(50)})
    assert client.post("/clear", headers=HX).headers["hx-redirect"] == "/"
    time.sleep(0.5)
    assert client.get("/results.json").json() == []


def test_whoever_opens_a_text_is_served_between_two_steps(
    client: TestClient, prose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Scorer.read

    def slow(self: Scorer, documents: Any, **options: Any) -> Any:
        time.sleep(0.05)
        return read(self, documents, **options)

    monkeypatch.setattr(Scorer, "read", slow)
    upload(client, {f"{n}.txt": prose.encode() for n in range(200)})
    client.post("/texts", data={"text": prose, "name": "entre deux"}, headers=HX)
    assert len(client.get("/results.json").json()) < 200
    client.post("/cancel")


def test_a_bug_costs_one_text(client: TestClient, prose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Scorer.read

    def faulty(self: Scorer, documents: Any, **options: Any) -> Any:
        if any("BOUM" in document.text for document in documents):
            raise ZeroDivisionError
        return read(self, documents, **options)

    monkeypatch.setattr(Scorer, "read", faulty)
    upload(client, {"a.txt": prose.encode(), "b.txt": b"BOUM " + prose.encode(), "c.txt": prose.encode()})
    finish(client)
    results = client.get("/results.json").json()
    assert ["error" in result for result in results] == [False, True, False]


# Hostile content


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "</li>"]
)
def test_texts_and_names_are_text(client: TestClient, rendered: str, hostile: str) -> None:
    client.post("/texts", data={"text": f"{hostile} un titre\n\n{rendered}{hostile}", "name": hostile})
    client.post("/texts/1/labels", data={"translated": "yes", "note": hostile, "annotator": hostile})
    upload(client, {f"a{hostile}.txt".replace('"', "'"): b"", "b.txt": f"{hostile}\n".encode()})
    finish(client)
    pages = [client.get(path).text for path in ("/", "/texts/1", "/texts/2", "/texts/3", "/progress")]
    pages.append(client.get("/texts/1", headers=HX).text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert ">49<" not in page
        assert page.count("</li>") == len(re.findall(r"<li\b", page))


def test_directions_do_not_turn_the_list(client: TestClient, prose: str) -> None:
    upload(
        client, {"facture\u202efdp.txt": prose.encode(), "a.txt": f"Un titre \u202e retourné ici\n\n{prose}".encode()}
    )
    finish(client)
    listed = client.get("/").text.split('id="rows"')[1].split("</ol>")[0]
    assert "\u202e" not in listed
    assert "RLO" in listed


# Labels and downloads


def test_labels_are_exported_as_train_takes_them(client: TestClient, rendered: str, prose: str, tmp_path: Path) -> None:
    upload(client, {"journal/a.txt": rendered.encode(), "journal/b.txt": prose.encode(), "c.txt": b""})
    finish(client)
    said = {
        "translated": "yes",
        "original": "no",
        "source_language": "en",
        "slant.ukraine-war": "neutral",
        "annotator": "Ana",
        "note": "=1+1",
        "agency": "perhaps",
        "evil": "yes",
    }
    answer = client.post("/texts/1/labels", data=said, headers=HX)
    assert 'id="mark-1"' in answer.text
    client.post("/texts/3/labels", data=said)
    for suffix in ("csv", "jsonl"):
        file = tmp_path / f"labels.{suffix}"
        file.write_bytes(client.get(f"/labels.{suffix}").content)
        rows, problems = read_labels([file])
        assert problems == []
        (row,) = rows
        assert (row.id, row.text, row.annotator, row.note) == ("journal/a.txt", rendered, "Ana", "=1+1")
        assert row.outlet == "journal"
        assert row.labels == {"translated": 1, "original": 0}
        assert (row.source_language, row.slant) == ("en", {"ukraine-war": "neutral"})
        assert row.labelled_at
    # Taken back, it is gone.
    client.post("/texts/1/labels", data={"annotator": "Ana"})
    assert client.get("/labels.jsonl").text == ""
    assert client.get("/labels.exe").status_code == 404


def test_labels_are_shown_again(client: TestClient, prose: str) -> None:
    client.post("/texts", data={"text": prose})
    client.post("/texts/1/labels", data={"agency": "no", "note": "à revoir"})
    page = client.get("/texts/1").text
    assert re.search(r'name="agency" value="no" checked', page)
    assert 'value="à revoir"' in page
    assert 'class=" labelled' in page


def test_a_users_own_labels_and_axes_can_be_labelled(scorer: Scorer, prose: str, tmp_path: Path) -> None:
    class Own:
        labels = SimpleNamespace(names=["appat"])
        axes: ClassVar[dict[str, Any]] = {"rive": SimpleNamespace(poles=("gauche", "droite"))}

        def call(self, X: Any, voices: Any) -> list[tuple[dict[str, Any], dict[str, Any]]]:
            return [({}, {})] * X.shape[0]

        def explain(self, *arguments: Any) -> tuple[()]:
            return ()

    mine = copy.copy(scorer)
    mine.model = replace(scorer.model, own=Own())
    with TestClient(create_app(mine, port=PORT), base_url=HERE) as client:
        client.post("/texts", data={"text": prose})
        assert 'name="appat"' in client.get("/texts/1").text
        client.post("/texts/1/labels", data={"appat": "yes", "slant.rive": "gauche", "slant.ukraine-war": "off_topic"})
        file = tmp_path / "labels.csv"
        file.write_bytes(client.get("/labels.csv").content)
    (row,), problems = read_labels([file], new_labels=["appat"], new_axes={"rive": ("gauche", "droite")})
    assert problems == []
    assert (row.labels, row.slant) == ({"appat": 1}, {"rive": "gauche", "ukraine-war": "off_topic"})


def test_results_are_downloaded(client: TestClient, rendered: str, valid: Any) -> None:
    import csv

    upload(client, {"a.txt": rendered.encode() * 2, "b.txt": b""})
    finish(client)
    answer = client.get("/results.json")
    assert "attachment" in answer.headers["content-disposition"]
    for result in answer.json():
        valid(result)
    rows = list(csv.DictReader(io.StringIO(client.get("/results.csv").text)))
    assert [row["id"] for row in rows] == ["a.txt", "b.txt"]
    for path in ("/results.html", "/texts/1/report.html"):
        page = client.get(path)
        assert "attachment" in page.headers["content-disposition"]
        assert page.text.startswith("<!doctype html>")
        assert "a.txt" in page.text
    assert client.get("/results.exe").status_code == 404


# Wording


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", "", "fr"),
        ("", "de", "fr"),
        ("", "en-GB,fr;q=0.5", "en"),
        ("?lang=fr", "en", "fr"),
        ("?lang=xx", "en", "en"),
    ],
)
def test_the_language_of_the_page(client: TestClient, query: str, accept: str, language: str) -> None:
    page = client.get(f"/{query}", headers={"accept-language": accept}).text
    assert f'<html lang="{language}">' in page


def test_the_language_asked_for_is_kept(client: TestClient) -> None:
    client.get("/?lang=en")
    assert '<html lang="en">' in client.get("/", headers={"accept-language": "fr"}).text


def test_both_languages_say_the_same_things() -> None:
    french, english = wording.load_wording("fr").table, wording.load_wording("en").table

    def keys(table: Any) -> dict[str, Any]:
        holes = lambda text: sorted(re.findall(r"\{\w*\}", text))  # noqa: E731
        return {k: keys(v) if isinstance(v, dict) else holes(v) for k, v in table.items()}

    assert keys(french) == keys(english)


# The command


def test_without_the_extra_one_line_says_what_to_install(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else find(name))
    ran = run("serve")
    assert ran.code == 1
    assert ran.err.strip().count("\n") == 0
    assert 'pip install "biascheck[web]"' in ran.err


def test_a_port_that_is_taken_is_told(run: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = run("serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 1
    assert "--port" in ran.err


def _answer(address: str, request: str, header: str) -> bytes:
    """What comes back while a body is still being sent that does not end."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        form = "Content-Type: multipart/form-data; boundary=b"
        connection.sendall(f"{request} HTTP/1.1\r\nHost: {host}:{port}\r\n{form}\r\n{header}\r\n\r\n".encode())
        if "chunked" in header:
            part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            piece = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
            with contextlib.suppress(OSError):  # closed while it is sent
                for _ in range(20):
                    connection.sendall(piece)
        return connection.recv(4096)


def test_the_server_answers_on_this_machine_only_and_stops_on_ctrl_c(prose: str) -> None:
    import httpx

    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "biascheck", "serve", "--port", "0", "--max-upload-bytes", "5000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address, line
        assert httpx.get(f"{address[0]}/healthz", timeout=30).json()["status"] == "ok"
        assert httpx.post(f"{address[0]}/api/score", json={"text": prose}, timeout=30).status_code == 200
        assert httpx.get(f"{address[0]}/", headers={"host": "evil.example"}).status_code == 421
        assert _answer(address[0], "POST /files", "Content-Length: 999999999").startswith(b"HTTP/1.1 413")
        assert _answer(address[0], "POST /files", "Transfer-Encoding: chunked").startswith(b"HTTP/1.1 413")
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=30)
    finally:
        server.kill()
        server.wait()
    assert (server.returncode, err) == (0, "")
    assert "Traceback" not in out
