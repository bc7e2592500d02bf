"""Take the pictures of the documentation from the real pages: ``python docs/pictures.py`` (needs Chromium)."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PORT = 8766
BIASCHECK = (sys.executable, "-m", "biascheck")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    """A report of one seed, wide and narrow, the report of all five, and the local page."""
    PICTURES.mkdir(exist_ok=True)
    seed = next((ROOT / "seeds").glob("001_*.txt"))
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        one, all_ = Path(folder, "one.html"), Path(folder, "all.html")
        subprocess.run([*BIASCHECK, "report", f"seeds/{seed.name}", "-o", one, "--lang", "en"], check=True, cwd=ROOT)
        subprocess.run([*BIASCHECK, "report", "seeds", "-o", all_, "--lang", "en"], check=True, cwd=ROOT)
        take(browser, one.as_uri(), "report.png", width=1400, height=1150)
        take(browser, one.as_uri(), "report-narrow.png", width=400, height=900, scheme="dark")
        take(browser, all_.as_uri(), "folder.png", width=1400, height=1250)
        served = subprocess.Popen([*BIASCHECK, "serve", "--port", str(PORT)], stderr=subprocess.DEVNULL)
        try:
            serve(browser, seed)
        finally:
            served.terminate()
            served.wait()
        browser.close()


def take(browser: Browser, url: str, name: str, *, width: int, height: int, scheme: str = "light") -> None:
    """One picture of what stands at the top of a page."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(url)
    page.screenshot(path=PICTURES / name)
    page.close()


def serve(browser: Browser, seed: Path) -> None:
    """The local page with a pasted seed, read."""
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1)
            break
        except OSError:
            time.sleep(0.2)
    page = browser.new_page(viewport={"width": 1400, "height": 1100})
    page.goto(f"http://127.0.0.1:{PORT}/?lang=en")
    page.locator("textarea").first.fill(seed.read_text(encoding="utf-8"))
    page.locator("textarea").first.press("Control+Enter")
    if not page.locator("article").count():
        page.get_by_role("button", name="Read").first.click()
    page.wait_for_selector("article", timeout=20_000)
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "serve.png")
    page.close()


if __name__ == "__main__":
    main()
