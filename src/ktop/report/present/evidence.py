"""What a company rating stands on: as declared, on evidence, and the result shown, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.report import labels, numbers
from ktop.report.charts import Table
from ktop.report.present.common import RatingJson, score_label
from ktop.report.present.views import Evidence

_TONES = {"declared": "warn", "evidence": "good"}


def evidence_view(rating: RatingJson, lang: Lang) -> Evidence | None:
    """Return the section on declared and evidenced values, None for a rating given before there was a rule on them.

    Of a rating that is shown without all of its inputs only the grades are known (``domain.party.disclosure``).
    """
    found = rating["details"].get("evidence")
    if not isinstance(found, Mapping):
        return None
    basis = str(rating["basis"])
    return Evidence(
        title=text("report.evidence", lang),
        basis=text(f"report.basis_{basis}", lang),
        tone=_TONES[basis],
        table=_table(rating, found, lang),
        contradictions=tuple(
            entry["text"][lang] + " " + text(f"report.answer_{'' if entry['counted'] else 'not_'}counted", lang)
            for entry in found.get("contradictions", ())
        ),
        note=found["note"][lang] if "note" in found else "",
    )


def _table(rating: RatingJson, found: Mapping[str, Any], lang: Lang) -> Table:
    results = (found["declared"], found["evidence"], rating)
    ladders = load("grades")["ladders"]
    rows = [
        (
            ladders[name]["label"][lang],
            *("–" if result is None else str(result["grades"].get(name) or "–") for result in results),
        )
        for name in rating["grades"]
    ]
    rows += [
        (
            score_label(rating, name, lang),
            *("–" if result is None else numbers.score(result["scores"].get(name), lang) for result in results),
        )
        for name in rating["base"]
        if "scores" in found["declared"]
    ]
    rows += [
        (
            labels.word("target", name, lang),
            *(
                "–" if result is None else numbers.percent(result["probabilities"][name]["value"], lang)
                for result in results
            ),
        )
        for name in rating["probabilities"]
        if "scores" in found["declared"]
    ]
    columns = ("item", "as_declared", "on_evidence", "this_rating")
    return Table(text("report.two_results", lang), tuple(text(f"report.{name}", lang) for name in columns), tuple(rows))
