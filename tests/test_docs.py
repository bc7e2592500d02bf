"""What the documentation prints of the program is what the program says, and what it names is there."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GENERATE = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PAGES = sorted([*ROOT.joinpath("docs").glob("*.md"), ROOT / "README.md"])


@pytest.mark.parametrize("name", GENERATE["PAGES"])
def test_generated_parts_are_new(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    text = (ROOT / name).read_text(encoding="utf-8")
    assert GENERATE["fill"](text, check=True) == text, "run python docs/generate.py"
    assert re.findall(r"<!-- (\w+) -->", text), "nothing in it is generated"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_module_is_on_the_map() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = readme[readme.index("## Map") : readme.index("## Training")]
    named = set(re.findall(r"`(\w+\.py)`", rows))
    modules = {path.name for path in (ROOT / "biascheck").glob("*.py")} - {"__init__.py", "__main__.py", "errors.py"}
    assert modules - named == set()
    assert named - modules == set()
