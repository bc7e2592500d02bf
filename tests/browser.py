"""A real Chromium for the tests of the pages; a test module takes it with ``pytest_plugins = ("browser",)``.

Skips where there is no Chromium or no playwright, and fails there in CI.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Addresses that are the page itself.
INSIDE = ("file:", "data:", "about:", "blob:")


def lacking(what: str) -> NoReturn:
    """Skip for want of something, or fail where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (required in CI)")
    pytest.skip(what)


def find_chromium() -> str | None:
    """Path of the browser."""
    given = os.environ.get("BIASCHECK_CHROMIUM")
    if given:
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, started once."""
    path = find_chromium()
    if path is None:
        lacking("no Chromium: install it or set BIASCHECK_CHROMIUM")
    if importlib.util.find_spec("playwright") is None:
        lacking("no playwright: pip install playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the path in BIASCHECK_AXE."""
    path = os.environ.get("BIASCHECK_AXE")
    if not path or not Path(path).is_file():
        lacking("no axe-core: npm install axe-core, and set BIASCHECK_AXE to its axe.min.js")
    return Path(path).read_text(encoding="utf-8")


@dataclass
class Visit:
    """An open page, what it asked for from elsewhere, and what it complained about."""

    page: Any
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def violations(self, axe: str) -> list[str]:
        """Serious and critical findings of axe-core, as lines to read."""
        # Not a script tag, which a page's content security policy would refuse.
        self.page.evaluate(axe)
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{item['id']}: {item['help']}: {node['html'][:200]}"
            for item in found["violations"]
            if item["impact"] in {"serious", "critical"}
            for node in item["nodes"][:3]
        ]


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Open an address or a file.

    ``visit(where, width=1400, dark=False, script=True, inside="http://127.0.0.1:8000")``; requests to addresses that do
    not begin with `inside` (nor stay in the page) are in ``outside``.
    """
    contexts = []

    def visited(
        where: str | Path, *, width: int = 1400, dark: bool = False, script: bool = True, inside: str = "file:"
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            accept_downloads=True,
        )
        contexts.append(context)
        found = Visit(context.new_page())
        found.page.on("request", lambda r: None if r.url.startswith((*INSIDE, inside)) else found.outside.append(r.url))
        found.page.on("console", lambda m: found.complaints.append(m.text) if m.type == "error" else None)
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.goto(where.resolve().as_uri() if isinstance(where, Path) else where)
        return found

    yield visited
    for context in contexts:
        context.close()
