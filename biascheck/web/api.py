"""The JSON endpoint, for programs on this machine; described by ``openapi.json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from importlib import resources
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from biascheck import __version__
from biascheck.document import Document, Limits, document_from_text, read_bytes
from biascheck.errors import DocumentError
from biascheck.reading import Failure, load_schema
from biascheck.web.jobs import Desk

__all__ = ["PATH", "api_limit", "api_routes"]

PATH = "/api/score"
MAX_ID = 1000
#: HTTP status of an error entry; anything else is 422.
_STATUS = {"too_large": 413}


def api_limit(limits: Limits) -> int:
    """Largest body; JSON in ASCII writes an accent, two bytes of a page, as six."""
    return 3 * limits.largest + 65_536


class _WrongError(Exception):
    """A request that is not understood: its status and what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def api_routes(desk: Desk) -> list[Route]:
    """``POST /api/score``, ``GET /openapi.json``, ``/reading.schema.json`` and ``/healthz``."""

    async def score(request: Request) -> Response:
        name = "text"
        try:
            name, make, evidence = await _asked(request)
            reading = await desk.call(lambda: desk.read(make(id=name, limits=desk.scorer.limits), evidence=evidence))
            return Response(reading.to_json(), media_type="application/json")
        except _WrongError as wrong:
            return JSONResponse(Failure(name, None, "unreadable", str(wrong)).to_dict(), status_code=wrong.status)
        except DocumentError as error:
            entry = Failure.of(error, id=name).to_json()
            return Response(entry, status_code=_STATUS.get(error.code, 422), media_type="application/json")

    async def health(request: Request) -> Response:
        model = desk.scorer.model
        about = {"name": model.name, "sha256": model.sha256}
        return JSONResponse({"status": "ok", "biascheck": __version__, "model": about})

    async def described(request: Request) -> Response:
        text = resources.files("biascheck.web").joinpath("openapi.json").read_text(encoding="utf-8")
        return Response(text, media_type="application/json")

    async def schema(request: Request) -> Response:
        return JSONResponse(load_schema(), media_type="application/schema+json")

    return [
        Route(PATH, score, methods=["POST"]),
        Route("/healthz", health),
        Route("/openapi.json", described),
        Route("/reading.schema.json", schema),
    ]


async def _asked(request: Request) -> tuple[str, Callable[..., Document], bool]:
    """The id, what makes the document, and whether evidence is wanted."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    body = await request.body()
    if kind in {"text/plain", "text/html"}:
        name = request.query_params.get("id", "text")
        evidence = request.query_params.get("evidence", "true").lower() not in {"false", "0", "no"}
        return _name(name), partial(read_bytes, body, html=kind == "text/html"), evidence
    if kind != "application/json":
        raise _WrongError(415, "send application/json with text or html, or text/plain, or text/html")
    try:
        asked: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise _WrongError(400, 'the body is not JSON; send {"text": "…"}') from None
    if not isinstance(asked, dict):
        raise _WrongError(400, 'send a JSON object: {"text": "…"} or {"html": "…"}')
    unknown = sorted(set(asked) - {"text", "html", "id", "evidence"})
    if unknown:
        raise _WrongError(400, f"unknown field {unknown[0][:60]!r}; known: text, html, id, evidence")
    given = [name for name in ("text", "html") if asked.get(name) is not None]
    if len(given) != 1 or not isinstance(asked[given[0]], str):
        raise _WrongError(400, "give either text or html, as a string")
    evidence = asked.get("evidence", True)
    if not isinstance(evidence, bool):
        raise _WrongError(400, "evidence is true or false")
    name = _name(asked.get("id", "text"))
    if given[0] == "text":
        return name, partial(document_from_text, asked["text"]), evidence
    # A lone surrogate, which JSON can write, is no character.
    page = asked["html"].encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
    return name, partial(read_bytes, page, html=True), evidence


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        raise _WrongError(400, f"id is a string of 1 to {MAX_ID} characters")
    return value
