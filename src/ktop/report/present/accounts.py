"""What a firm's accounts (재무) changed: each probability and grade without and with them, and each ratio's part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.report import labels, numbers
from ktop.report.charts import Table
from ktop.report.present.common import RatingJson
from ktop.report.present.views import Accounts

#: Logit parts together smaller than this move a probability by its slope there, p(1 - p), instead of by their share.
_NO_MOVE = 1e-9


def accounts_view(rating: RatingJson, lang: Lang) -> Accounts | None:
    """Return the section on the accounts, None for a model without them, or a firm of which no ratio is known."""
    found = rating["details"].get("accounts")
    if not isinstance(found, Mapping) or not found.get("known"):
        return None
    held = any(entry["with"] != rating["grades"].get(name) for name, entry in found.get("grades", {}).items())
    return Accounts(
        title=text("report.accounts", lang),
        lead=text("report.accounts_lead", lang, known=found["known"], all=found["all"]),
        table=_results(found, lang),
        ratios=_ratios(rating, found, lang),
        note=text("report.accounts_before_rules", lang) if held else "",
    )


def ratio_points(entry: Mapping[str, Any]) -> list[float]:
    """Return what each ratio moved a probability by, in points of a per cent; they add up to (with - without) x 100.

    Ratios add up as logits, not as probabilities: each is given its share of the move by its logit part.
    """
    logit, p = float(entry["logit"]), float(entry["without"])
    slope = (float(entry["with"]) - p) / logit if abs(logit) > _NO_MOVE else p * (1 - p)
    return [100 * slope * float(ratio["logit"]) for ratio in entry["ratios"]]


def _results(found: Mapping[str, Any], lang: Lang) -> Table:
    columns = ("item", "accounts_without", "accounts_with")
    return Table(
        text("report.accounts_results", lang),
        tuple(text(f"report.{name}", lang) for name in columns),
        tuple(_result_rows(found, lang)),
    )


def _result_rows(found: Mapping[str, Any], lang: Lang) -> Iterator[tuple[str, ...]]:
    ladders = load("grades")["ladders"]
    for name, entry in found.get("grades", {}).items():
        yield (ladders[name]["label"][lang], entry["without"], entry["with"])
    if perspective := found.get("growth_perspective"):
        yield (text("report.perspective", lang), *(perspective[key]["label"][lang] for key in ("without", "with")))
    for name, entry in found["probabilities"].items():
        yield (
            labels.word("target", name, lang),
            *(numbers.percent(entry[key], lang) for key in ("without", "with")),
        )


def _ratios(rating: RatingJson, found: Mapping[str, Any], lang: Lang) -> Table:
    model, targets = rating["model"]["name"], found["probabilities"]
    moved = {target: ratio_points(entry) for target, entry in targets.items()}
    rows = [
        (
            labels.indicator(model, ratio["indicator"], lang),
            labels.indicator_value(model, ratio["indicator"], ratio["value"], lang) or numbers.missing(lang),
            *(numbers.points(moved[target][k]) for target in targets),
        )
        for k, ratio in enumerate(next(iter(targets.values()))["ratios"])
    ]
    total = (100 * (float(entry["with"]) - float(entry["without"])) for entry in targets.values())
    rows.append((text("report.accounts_together", lang), "", *(numbers.points(value) for value in total)))
    # Heads of narrow columns: without what the target means, which the table above says.
    heads = (labels.word("target", name, lang).partition(" (")[0] for name in targets)
    words = (text("report.accounts_points", lang, target=head) for head in heads)
    columns = (text("report.accounts_ratio", lang), text("report.value", lang), *words)
    return Table(text("report.accounts_ratios", lang), columns, tuple(rows))
