"""Why the models of one result answer differently, said once, and which decides what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ktop.catalogue import Lang, text
from ktop.domain.rating.grades import ladders
from ktop.report import labels, numbers
from ktop.report.present.common import RatingJson, short_model

#: Years after its founding in which a firm is told that the start-up model no longer rates it.
_JUST_GROWN = (3.0, 4.0)


def model_story(ratings: Sequence[RatingJson], first: RatingJson, lang: Lang) -> tuple[str, ...]:
    """Return why models differ where they do, and which decides what."""
    by_name = {rating["model"]["name"]: rating for rating in ratings}
    told = []
    if "start-up" in by_name and "ktrs-fm" in by_name:
        told.append(
            text(
                "result.story_start_up",
                lang,
                grade=by_name["start-up"]["grades"].get("business", "–"),
                other=by_name["ktrs-fm"]["grades"].get("business", "–"),
            )
        )
    elif "ktrs-fm" in by_name:
        told += _grown(by_name["ktrs-fm"], lang)
    values = {
        name: rating["probabilities"]["high_growth"]["value"]
        for name, rating in by_name.items()
        if "high_growth" in rating["probabilities"]
    }
    shown = {name: numbers.percent(value, lang) for name, value in values.items()}
    if len(set(shown.values())) > 1:
        listed = ", ".join(f"{short_model(name, lang)} {value}" for name, value in shown.items())
        told.append(text("result.story_high_growth", lang, listed=listed))
    if "tech-index" in by_name and first["model"]["name"] in ("ktrs-fm", "start-up"):
        told.append(text("result.story_decides", lang, model=labels.word("model", first["model"]["name"], lang)))
        told += _outlook(by_name["tech-index"], first, lang)
    if "originality" in by_name and len(by_name) > 1:
        told.append(text("result.story_originality", lang))
    return tuple(told)


def _outlook(index: RatingJson, first: RatingJson, lang: Lang) -> list[str]:
    """Return why a bright outlook stands beside a lower growth grade, or a dim one beside a high grade."""
    outlook = index["details"].get("growth_perspective")
    grade = first["grades"].get("growth")
    if not isinstance(outlook, Mapping) or grade is None:
        return []
    ladder_ = ladders()["growth"]
    place = ladder_.symbols.index(grade)
    far = (int(outlook["level"]) >= 4 and place >= 4) or (int(outlook["level"]) <= 2 and place <= 3)
    if not far:
        return []
    held = ((first["details"].get("evidence") or {}).get("held") or {}).get("growth")
    said = text("result.story_outlook", lang, outlook=outlook["label"][lang], grade=grade)
    if held:
        said += " " + text("result.story_outlook_held", lang, before=held["from"], after=held["to"])
    return [said]


def _grown(rating: RatingJson, lang: Lang) -> list[str]:
    """Return that a firm has just grown past the age up to which the start-up model rates."""
    age = next((entry["value"] for entry in rating["inputs"] if entry["name"] == "age_years"), None)
    if not isinstance(age, int | float) or not _JUST_GROWN[0] < age < _JUST_GROWN[1]:
        return []
    return [text("result.story_grown", lang, years=f"{age:.1f}")]
