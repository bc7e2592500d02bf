"""Who may speak to the local page: its own browser tab and programs on this machine, never another site's script.

Methods: the `Host` check against DNS rebinding of Jackson et al., "Protecting Browsers from DNS Rebinding Attacks"
(CCS 2007); Fetch Metadata and `Origin` as in OWASP's CSRF prevention cheat sheet; OWASP's secure headers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from biascheck.reading import Failure

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CONTENT_SECURITY_POLICY", "Guard", "refused"]

#: Everything from this server, nothing inline, no frame around it. Pictures may be inline: the report's are SVG.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware: refuses foreign requests and large bodies, and sets the security headers.

    Parameters
    ----------
    app : ASGIApp
        What is guarded.
    port : int
        The port that the browser names in `Host`.
    body_limit : callable
        Largest body for a path, in bytes; counted while it streams in, whatever `Content-Length` says.
    """

    def __init__(self, app: ASGIApp, *, port: int, body_limit: Callable[[str], int]) -> None:
        self.app = app
        self.body_limit = body_limit
        names = ("127.0.0.1", "localhost", "[::1]")
        self.hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # no websockets here
            return
        secured = _secured(scope["path"], send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refused(scope["path"], *refusal)(scope, receive, secured)
            return
        await self.app(scope, _limited(receive, self.body_limit(scope["path"])), secured)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason, where a request is not to be answered."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, "not a name of this server; open http://127.0.0.1 with its port"
        if _foreign(headers, f"http://{hosts[0].lower()}", safe=scope["method"] in _SAFE):
            return 403, "requests from other sites are refused"
        length, limit = headers.get("content-length", "0"), self.body_limit(scope["path"])
        if not length.isascii() or not length.isdigit():
            return 400, "Content-Length is no number"
        # Digits are counted first: a number of a million digits takes long to read.
        return (413, f"larger than {limit:,} bytes") if len(length) > 15 or int(length) > limit else None


def _foreign(headers: Headers, own: str, *, safe: bool) -> bool:
    """Whether a page of another origin sent a request. Programs send neither header and may speak."""
    site = headers.get("sec-fetch-site", "none")
    if not safe:
        return site not in {"none", "same-origin"} or any(o.lower() != own for o in headers.getlist("origin"))
    # A link from elsewhere may open a page; a foreign page may not load one into itself.
    opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return site not in {"none", "same-origin"} and not opened


def refused(path: str, status: int, message: str) -> Response:
    """The answer to a request that is not served: an error entry for programs, a line for people."""
    # The body may not have been read: the connection is of no more use.
    headers = {"connection": "close"}
    if not path.startswith("/api/"):
        return PlainTextResponse(message + "\n", status_code=status, headers=headers)
    entry = Failure("request", None, "too_large" if status == 413 else "unreadable", message).to_dict()
    return JSONResponse(entry, status_code=status, headers=headers)


def _limited(receive: Receive, limit: int) -> Receive:
    """`receive` that stops with 413 as soon as more has come than may come."""
    got = 0

    async def limited() -> Message:
        nonlocal got
        message = await receive()
        if message["type"] == "http.request":
            got += len(message.get("body", b""))
            if got > limit:
                raise HTTPException(413, f"larger than {limit:,} bytes")
        return message

    return limited


def _secured(path: str, send: Send) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            # Texts that are read here stay out of the browser's disk cache.
            headers.setdefault("cache-control", "no-cache" if path.startswith("/static/") else "no-store")
        await send(message)

    return secured
