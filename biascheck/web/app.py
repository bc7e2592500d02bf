"""The local page: what is answered to which address."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from biascheck.labels import AXES, LABELS, SOURCE_LANGUAGES
from biascheck.reading import OFF_TOPIC
from biascheck.render.page import SCRIPT, STYLE, about_model, text_page, visible
from biascheck.scorer import Scorer
from biascheck.web import downloads
from biascheck.web.api import PATH, api_limit, api_routes
from biascheck.web.guard import Guard, refused
from biascheck.web.jobs import Desk, FullError, Item, Session, Sizes, StoppedError
from biascheck.web.wording import Wording, choose_language, load_wording

__all__ = ["create_app"]

LANGUAGE_COOKIE = "biascheck-lang"
MAX_NAME = 300
MAX_NOTE = 2_000
#: A multipart body is longer than its files: names and boundaries.
ROOM = 600
MAX_FORM = 65_536


def create_app(scorer: Scorer, *, port: int, sizes: Sizes | None = None) -> Guard:
    """The application of ``biascheck serve``.

    Parameters
    ----------
    scorer : Scorer
        Reads the texts, in one thread of its own.
    port : int
        Where the browser finds it; requests that name another are refused.
    sizes : Sizes, optional
        What the page takes and keeps.
    """
    site = _Site(Desk(scorer, sizes or Sizes()), port)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        site.desk.close()

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return refused(request.url.path, error.status_code, error.detail)

    static = Path(str(resources.files("biascheck.web"))) / "static"
    routes = [
        Route("/", site.index),
        Route("/texts", site.paste, methods=["POST"]),
        Route("/texts/{number:int}", site.text),
        Route("/texts/{number:int}/labels", site.label, methods=["POST"]),
        Route("/texts/{number:int}/report.html", site.report),
        Route("/texts/{number:int}/reading.json", site.reading),
        Route("/files", site.files, methods=["POST"]),
        Route("/progress", site.progress),
        Route("/cancel", site.cancel, methods=["POST"]),
        Route("/clear", site.clear, methods=["POST"]),
        Route("/results.{suffix}", site.results),
        Route("/labels.{suffix}", site.labels),
        Route("/static/report.css", _constant(STYLE, "text/css")),
        Route("/static/report.js", _constant(SCRIPT, "text/javascript")),
        Mount("/static", StaticFiles(directory=static)),
        *api_routes(site.desk),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: refuse}, lifespan=lifespan)
    # Outermost, so that its headers stand on whatever is answered.
    return Guard(app, port=port, body_limit=site.body_limit)


def _constant(text: str, kind: str) -> Any:
    async def answer(request: Request) -> Response:
        return Response(text, media_type=kind)

    return answer


class _InMemory(MultiPartParser):
    """Uploads stay in memory; Starlette's own parser writes the larger ones to disk."""

    spool_max_size = 0


class _Site:
    """The pages."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.desk = desk
        self.cookie = f"biascheck-{port}"
        model = desk.scorer.model
        self.about = about_model(model)
        own_labels = tuple(model.own.labels.names) if model.own is not None and model.own.labels else ()
        own_axes = (model.own.axes or {}) if model.own is not None else {}
        self.labels_known = (*LABELS, *own_labels)
        self.axes = {**AXES, **{name: (*head.poles, OFF_TOPIC) for name, head in own_axes.items()}}
        self.templates = Environment(
            loader=PackageLoader("biascheck.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self.templates.filters["visible"] = visible

    def body_limit(self, path: str) -> int:
        """Largest body for a path."""
        sizes, limits = self.desk.sizes, self.desk.scorer.limits
        if path == "/files":
            return sizes.upload_bytes + ROOM * sizes.upload_files
        return {PATH: api_limit(limits), "/texts": 3 * limits.largest + MAX_FORM}.get(path, MAX_FORM)

    # What belongs to a request

    def _session(self, request: Request) -> Session | None:
        return self.desk.session(request.cookies.get(self.cookie))

    def _own(self, request: Request) -> tuple[Session, str | None]:
        """The session, and its key where it is new."""
        # Only requests that bring something make one: a link from elsewhere, which comes without cookies, would else
        # take the user's own session away.
        session = self._session(request)
        if session is not None:
            return session, None
        key, session = self.desk.new_session()
        return session, key

    def _keep(self, response: Response, key: str | None) -> Response:
        if key is not None:
            response.set_cookie(self.cookie, key, httponly=True, samesite="strict")
        return response

    def _wording(self, request: Request) -> Wording:
        kept, accepted = request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", "")
        return load_wording(choose_language(request.query_params.get("lang"), kept, accepted))

    def _html(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        wording = self._wording(request)
        page = self.templates.get_template(template).render(
            w=wording,
            say=wording.say,
            labels=self.labels_known,
            axes=self.axes,
            source_languages=SOURCE_LANGUAGES,
            sizes=self.desk.sizes,
            limits=self.desk.scorer.limits,
            **values,
        )
        response = HTMLResponse(page.encode("utf-8", "replace"), status_code=status)
        if request.query_params.get("lang") == wording.code:
            response.set_cookie(LANGUAGE_COOKIE, wording.code, httponly=True, samesite="strict")
        return response

    def _item(self, request: Request) -> tuple[Session | None, Item | None]:
        session = self._session(request)
        return session, session.item(request.path_params["number"]) if session is not None else None

    def _needed(self, request: Request) -> tuple[Session, Item]:
        session, item = self._item(request)
        if session is None or item is None:
            raise HTTPException(404, self._wording(request).say("gone"))
        return session, item

    # Pages

    async def index(self, request: Request) -> Response:
        """The whole page, with the session's texts."""
        return await self._page(request, None)

    async def text(self, request: Request) -> Response:
        """One text: its reading alone where the page asks for it, else the whole page with it."""
        _, item = self._item(request)
        if _partial(request):
            return self._html(request, "reading.html.j2", **await self._read(request, item))
        return await self._page(request, item, status=200 if item is not None else 404)

    async def _page(self, request: Request, item: Item | None, *, status: int = 200) -> Response:
        state = _state(self._session(request), 0)
        opened = await self._read(request, item) if request.path_params else {}
        return self._html(request, "index.html.j2", status=status, **{**state, **opened})

    async def _read(self, request: Request, item: Item | None) -> dict[str, Any]:
        """What the reading's part of the page shows."""
        session, lang = self._session(request), self._wording(request).code
        annotator = session.annotator if session is not None else ""
        article = ""
        if item is not None and item.document is not None:
            article = await self.desk.call(self._article, item, lang)
        near = {}
        if session is not None and item is not None:
            near = {"before": session.item(item.number - 1), "next": session.item(item.number + 1)}
        numbers = {name: other.number for name, other in near.items() if other is not None}
        return {"item": item, "article": article, "annotator": annotator, "gone": item is None, **numbers}

    def _article(self, item: Item, lang: str) -> str:
        return text_page(self.desk.open(item), about=self.about, lang=lang, embedded=True)

    async def progress(self, request: Request) -> Response:
        """How far the reading is, with what has come since the page last asked."""
        after = request.query_params.get("after", "0")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 12 else 0
        return self._html(request, "progress.html.j2", fresh=True, **_state(self._session(request), number))

    # What the user brings

    async def paste(self, request: Request) -> Response:
        """A text from the form: read, kept, shown."""
        form = await self._form(request)
        # Forms send line ends as CR LF, whatever was pasted.
        text = str(form.get("text", "")).replace("\r\n", "\n")
        session, key = self._own(request)
        name = " ".join(str(form.get("name", "")).split())[:MAX_NAME]
        name = name or self._wording(request).say("pasted", number=session.last + 1)
        item = await self.desk.call(self.desk.keep, session, name, text.encode("utf-8", "replace"))
        if not _partial(request):
            return self._keep(RedirectResponse(f"/texts/{item.number}", status_code=303), key)
        state = _state(session, item.number - 1)
        opened = {**await self._read(request, item), "annotator": session.annotator}
        response = self._html(request, "pasted.html.j2", **{**state, **opened, "items": [item]})
        response.headers["hx-push-url"] = f"/texts/{item.number}"
        return self._keep(response, key)

    async def files(self, request: Request) -> Response:
        """Files of an upload, or of a piece of one: put in the queue."""
        form = await self._form(request)
        session, key = self._own(request)
        files = []
        for upload in form.getlist("files"):
            if not isinstance(upload, str) and upload.filename:
                name = upload.filename.replace("\\", "/").lstrip("/")[:MAX_NAME]
                files.append((name, await upload.read()))
        expected = str(form.get("expected", ""))
        count = int(expected) if expected.isascii() and expected.isdigit() and len(expected) < 9 else 0
        try:
            self.desk.upload(session, files, key=str(form.get("run", ""))[:64], expected=count)
        except FullError:
            sizes, wording = self.desk.sizes, self._wording(request)
            said = wording.say("too_many", files=sizes.upload_files, bytes=max(1, sizes.upload_bytes // 1_000_000))
            raise HTTPException(413, said) from None
        except StoppedError:
            raise HTTPException(409, "stopped") from None
        finally:
            await form.close()
        if not _partial(request):
            return self._keep(RedirectResponse("/", status_code=303), key)
        return self._keep(Response(status_code=204), key)

    async def _form(self, request: Request) -> Any:
        """The fields of a form, in memory."""
        sizes, limits = self.desk.sizes, self.desk.scorer.limits
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return await request.form()
        parser = _InMemory(
            request.headers,
            request.stream(),
            max_files=sizes.upload_files,
            max_fields=20,
            max_part_size=limits.largest + 1,
        )
        try:
            return await parser.parse()
        except MultiPartException as error:
            raise HTTPException(400, error.message) from None

    async def cancel(self, request: Request) -> Response:
        """Stop reading what waits."""
        session = self._session(request)
        if session is not None:
            session.cancel()
        return await self.progress(request) if _partial(request) else RedirectResponse("/", status_code=303)

    async def clear(self, request: Request) -> Response:
        """Forget the session's texts and labels."""
        session = self._session(request)
        if session is not None:
            session.clear()
        if _partial(request):
            return Response(status_code=204, headers={"hx-redirect": "/"})
        return RedirectResponse("/", status_code=303)

    async def label(self, request: Request) -> Response:
        """The labels of a text, all at once: what is not said is taken away."""
        session, item = self._needed(request)
        form = await self._form(request)
        session.annotator = " ".join(str(form.get("annotator", "")).split())[:MAX_NAME]
        item.labels = _labels(form, self.labels_known, self.axes)
        now = datetime.now(UTC)
        item.labelled_at = now.isoformat(timespec="seconds")
        if not _partial(request):
            return RedirectResponse(f"/texts/{item.number}", status_code=303)
        clock = time.strftime("%H:%M:%S", now.astimezone().timetuple())
        state = _state(session, session.last)
        return self._html(request, "labelled.html.j2", **{**state, "item": item, "clock": clock})

    # What the user takes away

    async def report(self, request: Request) -> Response:
        """The report of one text, as a file."""
        _, item = self._needed(request)
        lang = self._wording(request).code
        page = await self.desk.call(lambda: text_page(self.desk.open(item), about=self.about, lang=lang))
        return _file(page.encode("utf-8", "replace"), f"biascheck-{item.number}.html", "text/html; charset=utf-8")

    async def reading(self, request: Request) -> Response:
        """The reading of one text with its evidence, as a file."""
        import json

        _, item = self._needed(request)
        reading = await self.desk.call(self.desk.open, item)
        data = json.dumps(reading, ensure_ascii=False, indent=1).encode("utf-8", "replace")
        return _file(data, f"biascheck-{item.number}.json", "application/json")

    async def results(self, request: Request) -> Response:
        """All readings of the session, as a file."""
        session = self._session(request)
        items = session.items() if session is not None else []
        suffix = request.path_params["suffix"]
        if suffix == "json":
            return StreamingResponse(
                downloads.as_json(items), media_type="application/json", headers=_attached("biascheck.json")
            )
        if suffix == "csv":
            return _file(await self.desk.call(downloads.as_csv, items), "biascheck.csv", "text/csv; charset=utf-8")
        if suffix == "html":
            lang = self._wording(request).code
            page = await self.desk.call(downloads.as_html, items, self.desk, self.about, lang)
            return _file(page, "biascheck.html", "text/html; charset=utf-8")
        raise HTTPException(404)

    async def labels(self, request: Request) -> Response:
        """The labels of the session, as `biascheck train --add` takes them."""
        session, suffix = self._session(request), request.path_params["suffix"]
        if suffix not in {"csv", "jsonl"}:
            raise HTTPException(404)
        items = session.items() if session is not None else []
        annotator = session.annotator if session is not None else ""
        kind = "text/csv; charset=utf-8" if suffix == "csv" else "application/x-ndjson"
        return _file(downloads.as_labels(items, annotator, suffix), f"labels.{suffix}", kind)


def _partial(request: Request) -> bool:
    """Whether the page's own script asks, and not the address line."""
    return request.headers.get("hx-request") == "true"


def _state(session: Session | None, after: int) -> dict[str, Any]:
    """What the list and the progress show."""
    if session is None:
        return {"items": [], "run": None, "running": False, "last": 0, "texts": 0, "errors": 0, "labelled": 0}
    # Asked before the items are taken: what comes in between is shown by the next look.
    running, everything = session.running, session.items()
    return {
        "items": [item for item in everything if item.number > after],
        "run": session.run if session.run.key else None,
        "running": running,
        "last": everything[-1].number if everything else 0,
        "texts": len(everything),
        "errors": sum("error" in item.summary for item in everything),
        "labelled": sum(bool(item.labels) for item in everything),
    }


def _labels(form: Mapping[str, Any], labels: Sequence[str], axes: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The labels of a form that are labels; what else a form holds is not kept."""
    allowed: dict[str, tuple[str, ...]] = {
        **dict.fromkeys(labels, ("yes", "no")),
        "source_language": SOURCE_LANGUAGES,
        **{f"slant.{axis}": tuple(poles) for axis, poles in axes.items()},
    }
    said = {name: str(form.get(name, "")) for name in allowed if str(form.get(name, "")) in allowed[name]}
    note = str(form.get("note", "")).strip()[:MAX_NOTE]
    return {**said, "note": note} if note else said


def _attached(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _file(data: bytes, name: str, kind: str) -> Response:
    return Response(data, media_type=kind, headers=_attached(name))
