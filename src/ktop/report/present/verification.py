"""A verified result as people read it, on the page and in the terminal: who, whom, by what, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import labels, numbers

Row = tuple[str, str]


def verification_rows(found: Mapping[str, Any], lang: Lang) -> list[Row]:
    """Return label and value of what was signed.

    ``found`` is a ``Verification`` of ``ktop.usecases.results.interface`` as a mapping.
    """

    def say(key: str, **params: Any) -> str:
        return text(f"signed.{key}", lang, **params)

    rows: list[Row] = [(say("issuer"), f"{found['issuer_name']} ({found['issuer']})")]
    if found["company"] is not None:
        number = f" ({found['business_number']})" if found["business_number"] else ""
        rows.append((say("company"), f"{found['company']}{number}"))
    if found["technology"] is not None:
        rows.append((say("technology"), found["technology"] or say("untitled")))
    rows.extend((say("model"), _model(model, lang)) for model in found["models"])
    rows.append((say("as_of"), found["as_of"].isoformat()))
    rows.append((say("issued"), numbers.moment(found["issued"], lang)))
    rows.append((say("inputs"), say("inputs_counted", shown=len(found["inputs"]), withheld=found["withheld"])))
    return rows


def shown_inputs(found: Mapping[str, Any], lang: Lang) -> Sequence[tuple[str, str, str, str]]:
    """Return the inputs that a signed result shows: label, value, source and date, as they were signed."""
    return [
        (
            labels.fact(name, lang),
            str(entry["value"]),
            str(entry["source"] or "–"),
            str(entry["date"] or "–"),
        )
        for name, entry in found["inputs"].items()
    ]


def withdrawn_at(moment: datetime, lang: Lang) -> str:
    """Return the sentence of a result that does not count any more."""
    return text("signed.withdrawn_at", lang, moment=numbers.moment(moment, lang))


def _model(model: Mapping[str, Any], lang: Lang) -> str:
    name = labels.word("model", model["name"], lang)
    parts = [f"{name} ({model['name']} {model['version']})"]
    parts += [f"{labels.word('grade', ladder, lang)} {grade}" for ladder, grade in model["grades"].items()]
    if not model["grades"]:
        first = next(iter(model["scores"].items()), None)
        parts += [] if first is None else [f"{labels.word('score', first[0], lang)} {numbers.score(first[1], lang)}"]
    if model["basis"] in ("declared", "evidence"):
        parts.append(text(f"signed.basis_{model['basis']}", lang))
    return " · ".join(parts)
