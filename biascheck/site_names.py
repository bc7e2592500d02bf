"""A page's name and canonical address → the rows of `outlets.csv` that the page is of itself."""

from __future__ import annotations

import re
from functools import lru_cache

from biascheck.outlet_rows import bare_name, cell_parts
from biascheck.outlets import load_table

__all__ = ["own_site"]


def own_site(canonical_url: str | None, site_name: str | None) -> tuple[frozenset[int], int | None]:
    """The rows that a page itself is of, and the one that its canonical address says it was taken from."""
    if not canonical_url and not site_name:
        return frozenset(), None
    table, at = load_table(), None
    if canonical_url:
        host, _, path = re.sub(r"^\w{1,10}://", "", canonical_url.strip())[:500].partition("/")
        at = table.host(host.split(":")[0].lower().removeprefix("www."), path)
    if not site_name:
        return frozenset() if at is None else frozenset({at}), None
    own = _named(site_name)
    if at is None or at in own:
        return own if at is None else own | {at}, None
    outlet = table.outlet(at)
    names = (outlet.name, *outlet.aliases, *(domain.split(".")[-2] for domain in outlet.domains))
    related = any(len(n) > 1 and re.search(rf"\b{re.escape(bare_name(n).lower())}\b", site_name.lower()) for n in names)
    return (own | {at}, None) if related else (own, at)


@lru_cache(maxsize=1024)
def _named(site_name: str) -> frozenset[int]:
    """The rows that bear a site's name, or whose domain it is."""
    said = _letters(site_name)
    return frozenset(
        i
        for i, (name, aliases, domains, *_) in enumerate(load_table().rows)
        if any(_letters(bare_name(n)) == said for n in (name, *cell_parts(aliases)))
        or any(said in {d.replace(".", ""), d.split(".")[-2].replace("-", "")} for d in domains.split("|"))
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).lower()
