"""What several test files share. Every text here was written for the purpose, except the five seeds, the user's own."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from biascheck.furniture import find_all
from biascheck.glue import find_glue
from biascheck.leftovers import Leftovers
from biascheck.reading import load_schema
from biascheck.scorer import Scorer
from biascheck.upstream import find_upstream

ROOT = Path(__file__).resolve().parent.parent
#: Written for the purpose: plain French prose without names of outlets, figures or furniture.
PROSE = (
    "La commune a décidé hier de rouvrir la vieille bibliothèque du quartier, fermée depuis le début de l’hiver. "
    "« Nous avons attendu longtemps cette réponse », explique une habitante, qui vient chaque samedi avec ses enfants. "
    "Le maire précise que les travaux du toit seront payés par la région et que le personnel garde ses horaires. "
    "Plusieurs associations préparent déjà une fête pour le premier samedi de juin, où chacun apportera un livre.\n"
)
#: Written for the purpose: French as a bad translation of English, Spanish and German news has it.
RENDERED = (
    "Le ministre a été cité disant que la réunion prendra place ce jeudi, selon une déclaration vue par les médias. "
    "“Nous sommes confiants que l’accord restera en place”, il a dit aux journalistes, ajoutant que plus de détails "
    "seront fournis plus tard. De son côté, le porte-parole a assuré que la situation reste sous contrôle, bien que "
    "des centaines de personnes ont quitté leurs maisons. Cela vient après que le conseil a voté, la semaine dernière, "
    "en faveur d’un nouveau plan, malgré le fait que plusieurs membres se sont prononcés contre lui.\n"
)

# Where tests are started by `nohup`, or in the background of a script, signals are ignored, and by every process that
# they start: tests that send one would send it to nobody.
for _name, _default in (
    ("SIGINT", signal.default_int_handler),
    ("SIGHUP", signal.SIG_DFL),
    ("SIGTERM", signal.SIG_DFL),
):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _default)

settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60, database=None)
settings.load_profile("suite")


@dataclass(frozen=True)
class Ran:
    """What a command of the tool left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def prose() -> str:
    return PROSE


@pytest.fixture(scope="session")
def rendered() -> str:
    return RENDERED


@pytest.fixture(scope="session")
def seed_files() -> dict[str, Path]:
    """The five seeds by their number."""
    return {file.name[:3]: file for file in sorted((ROOT / "seeds").glob("*.txt"))}


@pytest.fixture(scope="session")
def seeds(seed_files: dict[str, Path]) -> dict[str, str]:
    return {number: file.read_text(encoding="utf-8") for number, file in seed_files.items()}


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    return Scorer()


@pytest.fixture(scope="session")
def look(scorer: Scorer) -> Callable[[str], Leftovers]:
    """What is found in a text besides its article, as the scorer finds it."""

    def looked(text: str) -> Leftovers:
        found = find_all([text], scorer.model.lines)[0]
        return Leftovers(text, found, find_glue(text), find_upstream(text, [item.furniture for item in found]))

    return looked


@pytest.fixture(scope="session")
def valid() -> Callable[[object], None]:
    """Fail where an object does not fit the published schema."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(load_schema()).validate


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run the command line in this process, as the installed script would."""
    from biascheck.cli import main

    def ran(*arguments: str | Path, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["biascheck", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        return Ran(code, *capsys.readouterr())

    return ran
