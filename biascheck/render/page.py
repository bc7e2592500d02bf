"""A reading → one self-contained HTML page: verdicts, the marked text, reasons, voices, what the model is.

No network, no inline style, one hashed style sheet and one hashed script; switching verdicts is CSS alone. Everything
that comes from a text is escaped, and no link is made of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from biascheck.render.marked import visible
from biascheck.render.view import MAX_CHOICES, title_of, view
from biascheck.render.words import load_words

__all__ = ["SCRIPT", "STYLE", "about_model", "environment", "read_template", "text_page", "visible", "wrap"]


def read_template(name: str) -> str:
    """A file of the folder `templates`."""
    return resources.files("biascheck.render").joinpath("templates", name).read_text(encoding="utf-8")


def _styled(sheet: str) -> str:
    """The style sheet with its rules for a chosen verdict written out for each number."""
    before, rules = sheet.split("/* each choice */")
    rules, after = rules.split("/* end */")
    # `N` stands alone in `"N"`, `.nN`, `.eN`, `.aN` and `data-nN`.
    each = (re.sub(r'(?<=")N(?=")|(?<=\.[nea])N\b|(?<=data-n)N\b', str(n), rules) for n in range(MAX_CHOICES))
    return before + "".join(each).strip() + after


#: The style sheet and the script of a text's page; `embedded` fragments need both.
STYLE = _styled(read_template("page.css"))
SCRIPT = read_template("page.js")


@cache
def environment() -> Any:
    """The templates, with autoescape on."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(read_template),
        autoescape=True,
        # Whatever a template says in words is made harmless here, once.
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def about_model(model: Any, folder: Path | None = None) -> dict[str, Any]:
    """What a page says of a model: name, checksum, date, thresholds, main figures, known failures.

    Parameters
    ----------
    model : biascheck.store.Model
    folder : Path, optional
        Where its card stands; that of the installed model of this name if left out.
    """
    from biascheck import registry
    from biascheck.slant import AXIS, LANGUAGES, ON_TOPIC, POLES

    card: dict[str, Any] = {}
    try:
        stands = folder or registry.find(model.name) or Path(model.name)
        found = json.loads((stands / "card.json").read_text(encoding="utf-8"))
        # A card beside another model of the same name says nothing about this one.
        card = found if found.get("sha256") == model.sha256 else {}
    except (OSError, ValueError):
        pass
    heads = model.pipeline.named_steps["heads"]
    provenance = dict(zip(heads.provenance.names, map(float, heads.provenance.thresholds_), strict=True))
    provenance["aggregated"] = float(model.aggregated.named_steps["heads"].thresholds_[0])
    slant = model.slant.named_steps["heads"]
    poles = {
        language: dict(zip(POLES, map(float, slant.of(language).thresholds_), strict=True)) for language in LANGUAGES
    }
    return {
        "name": model.name,
        "sha256": model.sha256,
        "version": str(model.about.get("version", "")),
        "date": str(model.about.get("date") or card.get("date") or ""),
        "thresholds": {
            "provenance": provenance,
            "source_language": float(heads.language.threshold_),
            "slant": {AXIS: poles},
            "on_topic": ON_TOPIC,
        },
        "figures": card.get("figures", []),
        "known_failures": list(card.get("known_failures", [])),
    }


def text_page(reading: Mapping[str, Any], *, about: Mapping[str, Any], lang: str = "fr", embedded: bool = False) -> str:
    """The page of one reading.

    Parameters
    ----------
    reading : mapping
        The JSON object of a `biascheck.reading.Reading`, with its text or without.
    about : mapping
        What `about_model` says; may be empty.
    lang : str
        ``fr`` or ``en``: the language of the page.
    embedded : bool
        The article alone, for a page that has `STYLE` and `SCRIPT` already.
    """
    words = load_words(lang)
    body = environment().get_template("text.html.j2").render(**view(reading, about, words))
    return body if embedded else wrap(body, title=title_of(reading, words), lang=lang)


def wrap(body: str, *, title: str, lang: str, style: str = STYLE, script: str = SCRIPT, data: str = "") -> str:
    """An article as a whole document, with a policy that lets nothing in but its own style and script."""
    return str(
        environment()
        .get_template("document.html.j2")
        .render(
            body=Markup(body),  # noqa: S704 - rendered by our own template just before
            title=title,
            lang=lang,
            style=Markup(style),  # noqa: S704 - ours
            script=Markup(script),  # noqa: S704 - ours
            data=Markup(data),  # noqa: S704 - JSON without "<"
            style_hash=_digest(style),
            script_hash=_digest(script),
        )
    )


def _digest(content: str) -> str:
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
