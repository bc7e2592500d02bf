"""The model card: what a model is made of, how well it does, and what it is not for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from biascheck.dataset import TrainingSet
from biascheck.figures import CUT_NAMES, Figure, as_json
from biascheck.gate import Change
from biascheck.slant_rows import EVENTS, TESTED

__all__ = ["write_card", "write_retrained_card"]

NOT_FOR = (
    "deciding whether a claim is true",
    "calling a person, an outlet or a government anything: a reading reports indications in one text",
    "texts in other languages than French, under 300 characters, or lists and tables",
    "telling a good human translation from native writing: recall is far lower there than for machine translation",
    "telling a text written by a language model that worked hard not to sound like one",
)
KNOWN_FAILURES = (
    "Agency copy: nearly all labelled copy is one portal's, so that figure is for unseen years of that portal and for "
    "the few other outlets; on a portal never seen the head is much weaker (both are printed).",
    "`rewritten` has been trained on three sites of language-model syntheses and on texts of our own; for a site "
    "never seen the figure is lower than for an unseen model (both are printed).",
    "Source languages: real machine translations are at hand from English (three systems) and German (nine), of one "
    "site from Russian, and none from Spanish, for which human translations and texts written by us stand in.",
    "Other source languages (Italian, Czech, Turkish …) are read as one of the four, or as undetermined.",
    "Texts of 2007–2012 are over-represented among translations.",
    "`aggregated` has been trained on planted cases: leftovers of site families, seen or written by us, around bodies "
    "of other outlets. A page with one faint leftover is often missed (see its recall), and an outlet that runs its "
    "French page in a foreign theme is the likeliest false alarm.",
    "Slant (`ukraine-war`) finds about half of the texts of French pro-Kremlin sites that it has not seen; labels "
    "of training rows are those of outlets. The naming lexicon was pruned on the rows that it is measured on, which "
    "flatters. Of texts that are only tested on, those written to be hard come out much worse (`held_out_…`) than "
    "those of a tester who knew none of the others (`held_out_plain_…`). Smooth dispatches of state agencies are "
    "mostly missed. Pro-Kyiv French stands in texts of our own alone.",
    "`loaded` has learnt from marked paragraphs, nearly all of opinion, and from agency copy that nobody marked, which "
    "stands for telling; French reporting on the war scores higher than it should, and English is weaker.",
    "The texts of Sputnik Afrique count as native and are most of the false alarms of `translated`: a desk that works "
    "from dispatches in another language writes like a translation.",
)


def write_card(folder: Path, training: TrainingSet, figures: Sequence[Figure], about: dict[str, Any]) -> None:
    """Write ``card.json`` and ``card.md`` beside a model."""
    cases = training.leftovers
    planted = {
        kind: {
            "aggregated": int((cases.y[cases.kinds == kind] == 1).sum()),
            "not": int((cases.y[cases.kinds == kind] == 0).sum()),
        }
        for kind in sorted(set(cases.kinds.tolist()))
    }
    sets = Counter((row.set, row.kind, row.licence) for row in training.rows)
    data = [{"set": s, "kind": k, "licence": licence, "rows": n} for (s, k, licence), n in sorted(sets.items())]
    card = {
        **about,
        "date": date.today().isoformat(),
        "training_sha256": training.sha256,
        "figures": as_json(figures),
        "data": data,
        "leftovers": planted,
        "slant": {
            "rows": len(training.slant.y),
            "contrast": int(np.isin(training.slant.sets, EVENTS).sum()),
            "held_out": int(np.isin(training.slant.sets, TESTED).sum()),
        },
        "lines": {"texts": len(training.lines.sites), "sites": len(set(training.lines.sites.tolist()))},
        "not_for": list(NOT_FOR),
        "known_failures": list(KNOWN_FAILURES),
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(_markdown(card, figures), encoding="utf-8")


def _markdown(card: dict[str, Any], figures: Sequence[Figure]) -> str:
    lines = [
        f"# Model `{card['name']}`",
        "",
        "Written by `biascheck train --corpus`; do not edit. French provenance heads and source language: linear "
        "support vector classifiers on hashed byte 6-grams of folded text without page furniture (not for the source "
        "language), n-grams of frames (function words, and endings of all other words), lexicon phrases, cues, and "
        "(source language only) the worlds of names; `aggregated` on counts of the furniture; calibrated on "
        "decisions for unseen outlets and systems.",
        "",
        f"- {card['date']}, biascheck {card['version']}, training data `{card['training_sha256'][:16]}`",
        "- Code Apache-2.0. The weights were computed from texts under the licences below. **The PPN set is CC BY-NC "
        "4.0: models that hold its weights are for non-commercial use.** No text is part of the model.",
        "",
        "## Figures",
        "",
        "95 % intervals by a bootstrap over outlets and systems. `recall_at_1pct` is the recall at 1 % false alarms; "
        "`…_at_threshold` what the shipped threshold gives. Reprint with `biascheck evaluate`.",
        "",
        "| head | measured on | figure | value | 95 % | positives | negatives |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {f.head} | {CUT_NAMES[f.cut]} | {f.name} | {f.value:.3f} | {f.low:.3f}–{f.high:.3f} | {f.positives:,} "
        f"| {f.negatives:,} |"
        for f in figures
    ]
    lines += ["", "## Data", "", "| set | kind | rows | licence |", "|---|---|---|---|"]
    lines += [f"| {d['set']} | {d['kind']} | {d['rows']:,} | {d['licence']} |" for d in card["data"]]
    lines += [
        "",
        "Rows of set `written` were written by us, with a language model, for the purpose (`data/written`); no figure "
        "counts them as a real outlet. Columns were chosen by how many rows they occur in, without looking at labels.",
        "",
        "Cases for `aggregated` by kind (`seen`: families of sites that were seen; `written`, `plain…`: families we "
        "wrote, the first to be hard; all planted; `page`: newsrooms' whole pages; `article`, `wire`: clean texts):",
        "",
        "| kind | aggregated | not |",
        "|---|---|---|",
        *(f"| {kind} | {n['aggregated']:,} | {n['not']:,} |" for kind, n in card["leftovers"].items()),
        "",
        f"Slant has learnt from {card['slant']['rows']:,} French and English rows, {card['slant']['contrast']:,} of "
        "them contrast texts that we wrote with a language model (`data/contrast`: the same event told neutrally, "
        "pro-Kremlin and pro-Kyiv; quotes and figures invented; of `words_*.jsonl` the wording alone is learnt), "
        f"and is tested on {card['slant']['held_out']:,} more.",
        "",
        "`loaded` has learnt from SemEval-2023 task 3 (J. Piskorski et al.; research use) and from agency copy; hashed "
        "features and weights are shipped, no text.",
        "",
        f"The line model has learnt from {card['lines']['texts']:,} texts of {card['lines']['sites']:,} sites and "
        "sets; trafilatura, which saw their HTML, is its teacher.",
        "",
        "## Not for",
        "",
        *(f"- {item}" for item in card["not_for"]),
        "",
        "## Known failures",
        "",
        *(f"- {item}" for item in card["known_failures"]),
        "",
    ]
    return "\n".join(lines)


def write_retrained_card(
    folder: Path, about: dict[str, Any], parent: dict[str, Any], additions: dict[str, Any], changes: Sequence[Change]
) -> None:
    """Write ``card.json`` and ``card.md`` of a model with a user's additions: what was added, and what it changed.

    Parameters
    ----------
    about : dict
        ``name``, ``version``, ``sha256``, ``training_sha256``.
    parent : dict
        The card of the shipped model.
    additions : dict
        ``files`` with their checksums, ``sha256`` of what was learnt from, ``rows``, ``labels``, ``rule``, ``fitted``.
    """
    fitted = set(additions["fitted"])
    known = [f for f in parent.get("figures", []) if f["head"] not in fitted]
    reasons = [change.reason for change in changes if change.reason]
    card = {
        **about,
        "parent": {key: parent.get(key) for key in ("name", "version", "sha256")},
        "additions": additions,
        "changes": [change.as_json() for change in changes],
        "gate": {"passed": not reasons, "reasons": reasons},
        # Of heads that are the parent's; the others' figures are among the changes.
        "figures": known,
        "not_for": parent.get("not_for", []),
        "known_failures": parent.get("known_failures", []),
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [
        f"# Model `{about['name']}`",
        "",
        f"The model `{card['parent']['name']}` (sha256 `{str(card['parent']['sha256'])[:16]}`) with a user's labelled "
        f"additions, by `biascheck train --add`. Fitted anew: {', '.join(additions['fitted']) or 'nothing'}; all else "
        "is the parent's, byte for byte, and so is what its card says.",
        "",
        "## Additions",
        "",
        f"{additions['rows']:,} texts of {additions['outlets']:,} outlets (sha256 `{additions['sha256'][:16]}`). No "
        f"text is part of the model. Weights: {additions['rule']}.",
        "",
        "| file | sha256 |",
        "|---|---|",
        *(f"| {file['name']} | `{file['sha256'][:16]}` |" for file in additions["files"]),
        "",
        "| label | said | texts |",
        "|---|---|---|",
        *(f"| {name} | {value} | {number:,} |" for name, value, number in additions["labels"]),
        "",
        "## Before and after",
        "",
        "On outlets that the model had not seen; 95 % intervals by a bootstrap over outlets, paired for differences.",
        "",
        "| head | on | figure | before | after | difference | rows |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {c.head} | {c.on} | {c.name} | {c.before:.3f} ({_span(c.before_interval)}) | "
            f"{c.after:.3f} ({_span(c.after_interval)}) | {c.after - c.before:+.3f} "
            f"({_span(c.difference_interval, '+')}) | {c.rows:,} |"
            for c in changes
        ),
        "",
        "The gate: " + ("passed." if not reasons else "not passed."),
        *(f"- {reason}" for reason in reasons),
        *_own(additions.get("own", ())),
        "",
    ]
    (folder / "card.md").write_text("\n".join(lines), encoding="utf-8")


def _own(heads: Sequence[dict[str, Any]]) -> list[str]:
    """A user's own heads (`biascheck.own_training.OwnFigure`), on outlets that they had not seen."""
    if not heads:
        return []
    return [
        "",
        "## Own labels and axes",
        "",
        "On unseen outlets of the additions; thresholds were chosen on the same texts. Nothing else is known of them.",
        "",
        "| head | yes | no | outlets | AUC | found | false alarms |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {h['head']} | {h['yes']:,} | {h['no']:,} | {h['outlets']:,} | {h['auc']:.3f} | {h['recall']:.1%} | "
            f"{h['false_alarms']:.1%} |"
            for h in heads
        ),
    ]


def _span(interval: tuple[float, float], sign: str = "") -> str:
    low, high = interval
    return f"{low:{sign}.3f} to {high:{sign}.3f}" if not isnan(low) else "too few outlets"
