"""A rating: what every model answers, whichever subject it rates, and the form it takes as JSON (docs/formats.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

Lang = Literal["ko", "en"]
#: What stands behind a value: the firm's word, a document or collected source, an evaluator's confirmation.
Status = Literal["declared", "evidenced", "confirmed"]
#: What the values behind a rating are: the firm's word for some of them, or evidence for all.
Basis = Literal["declared", "evidence"]


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model gave a rating. ``version`` names one immutable released artefact."""

    name: str
    version: str
    #: "synthetic" where the model was trained on the synthetic reference population, else the training data's name.
    trained_on: str = "synthetic"


@dataclass(frozen=True, slots=True)
class Probability:
    """A calibrated probability with its 90 % interval, all in [0, 1] and ``low <= value <= high``."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Base:
    """Where a score starts before any indicator is counted: the reference subject's logit and points."""

    logit: float
    points: float


@dataclass(frozen=True, slots=True)
class Contribution:
    """One indicator's exact part of one score.

    ``logit`` values and the score's base add up to the model's logit, ``points`` and the base to the displayed 0-100
    score, both within 1e-9. ``value`` is None where the indicator is missing; missing is never zero.
    """

    score: str
    indicator: str
    group: str
    value: float | str | None
    logit: float
    points: float
    #: The indicator's standing among comparable subjects, 0-100, where the model knows one.
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """One sentence of the written analysis (분석의견) and the names of the figures it rests on."""

    lang: Lang
    text: str
    basis: tuple[str, ...]
    #: "strength", "weakness", "summary", "caution" or "advice": lets a page group sentences.
    kind: str = "summary"


@dataclass(frozen=True, slots=True)
class NextStep:
    """A feasible change and what re-rating with it gave: computed, never written by hand.

    Parameters
    ----------
    points : what is told of the gain: what re-rating gave, less where the step is mere spending (``rated_points``).
    rated_points : what re-rating gave.
    lowers : other scores that the step lowers, with their points (negative); those of other models that rated the firm
        at the same time are named ``model:score``.
    months : how long it usually takes.
    cost_krw : least and most it costs in the first year, None where a fact is missing.
    evidence : what proves it, by language.
    """

    indicator: str
    from_value: float | str | None
    to_value: float | str
    score: str
    points: float
    effort: str
    text: Mapping[Lang, str]
    rated_points: float | None = None
    lowers: Mapping[str, float] = field(default_factory=dict)
    months: int | None = None
    cost_krw: tuple[int, int] | None = None
    evidence: Mapping[Lang, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warning:
    """Something the reader must know before relying on the rating, in both languages."""

    code: str
    text: Mapping[Lang, str]


@dataclass(frozen=True, slots=True)
class Input:
    """One value the rating used, with its provenance. ``value`` None means missing.

    ``status`` None: nobody said what stands behind the value, so that it is the firm's word.
    """

    name: str
    value: float | int | str | bool | None
    source: str | None
    date: date | None
    status: Status | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types; ``status`` only where it was said."""
        known = {} if self.status is None else {"status": self.status}
        day = self.date.isoformat() if self.date else None
        return {"name": self.name, "value": self.value, "source": self.source, "date": day, **known}


@dataclass(frozen=True, slots=True)
class Rating:
    """The answer of one model about one subject as of one day.

    Parameters
    ----------
    scores : displayed scores, 0-100 each (None where it cannot be given).
    grades : grade symbols by ladder name, e.g. ``{"growth": "A"}``.
    probabilities : calibrated event probabilities by target (``high_growth``, ``failure`` ...).
    logits : the additive quantity behind each explained score.
    base : the starting point of each explained score.
    contributions : every explained score's parts, see ``Contribution``.
    position : standing among others: ``{comparison: {"percentile", "n", "histogram"...}}``.
    details : what only this model has (guarantee decision, neighbours, trend ...), JSON-ready.
    basis : whether declared values count or only evidenced ones; None where a rating has no such difference.
    """

    model: ModelRef
    subject: Mapping[str, Any]
    as_of: date
    scores: Mapping[str, float | None]
    grades: Mapping[str, str]
    probabilities: Mapping[str, Probability]
    logits: Mapping[str, float]
    base: Mapping[str, Base]
    contributions: tuple[Contribution, ...]
    position: Mapping[str, Any] = field(default_factory=dict)
    opinions: tuple[Opinion, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    warnings: tuple[Warning, ...] = ()
    inputs: tuple[Input, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    basis: Basis | None = None

    def check_sums(self, tolerance: float = 1e-9) -> None:
        """Raise ``ArithmeticError`` unless the contributions of every explained score add up (rows E1)."""
        for score, base in self.base.items():
            parts = [c for c in self.contributions if c.score == score]
            logit_gap = base.logit + math.fsum(c.logit for c in parts) - self.logits[score]
            shown = self.scores[score]
            points_gap = 0.0 if shown is None else base.points + math.fsum(c.points for c in parts) - shown
            if abs(logit_gap) > tolerance or abs(points_gap) > tolerance:
                raise ArithmeticError(f"{self.model.name} {score}: logit gap {logit_gap}, points gap {points_gap}")

    def to_json(self, langs: tuple[Lang, ...] = ("ko", "en")) -> dict[str, Any]:
        """Return plain JSON types in the shape of docs/formats.md; opinions only in ``langs``."""
        return {
            "model": {"name": self.model.name, "version": self.model.version, "trained_on": self.model.trained_on},
            "subject": dict(self.subject),
            **({} if self.basis is None else {"basis": self.basis}),
            "as_of": self.as_of.isoformat(),
            "scores": dict(self.scores),
            "grades": dict(self.grades),
            "probabilities": {
                name: {"value": p.value, "low": p.low, "high": p.high} for name, p in self.probabilities.items()
            },
            "logits": dict(self.logits),
            "base": {score: {"logit": b.logit, "points": b.points} for score, b in self.base.items()},
            "contributions": [
                {
                    "indicator": c.indicator,
                    "group": c.group,
                    "value": c.value,
                    "logit": c.logit,
                    "points": c.points,
                    "score": c.score,
                    "level": c.level,
                }
                for c in self.contributions
            ],
            "position": dict(self.position),
            "opinions": [
                {"lang": o.lang, "text": o.text, "basis": list(o.basis), "kind": o.kind}
                for o in self.opinions
                if o.lang in langs
            ],
            "next_steps": [
                {
                    "indicator": s.indicator,
                    "from": s.from_value,
                    "to": s.to_value,
                    "score": s.score,
                    "points": s.points,
                    "effort": s.effort,
                    "text": {lang: s.text[lang] for lang in langs},
                    "rated_points": s.rated_points,
                    "lowers": dict(s.lowers),
                    "months": s.months,
                    "cost_krw": None if s.cost_krw is None else {"low": s.cost_krw[0], "high": s.cost_krw[1]},
                    "evidence": {lang: s.evidence[lang] for lang in langs if lang in s.evidence},
                }
                for s in self.next_steps
            ],
            "warnings": [{"code": w.code, "text": {lang: w.text[lang] for lang in langs}} for w in self.warnings],
            "inputs": [entry.to_json() for entry in self.inputs],
            "details": dict(self.details),
        }


def points_of(logits: Mapping[str, float], z: float, z0: float, score: float, base_score: float) -> dict[str, float]:
    """Spread a displayed score's points over the parts of its logit, exactly.

    points_i = logit_i / (z - z0) * (f(z) - f(z0)), the contract's rule for a score f of an additive z. Where z equals
    z0 the difference to spread is zero, so every part gets zero points.

    Parameters
    ----------
    logits : each part's logit; they add up to ``z - z0``.
    z, z0 : the subject's and the reference subject's logit.
    score, base_score : f(z) and f(z0), 0-100.
    """
    if z == z0:
        return dict.fromkeys(logits, 0.0)
    slope = (score - base_score) / (z - z0)
    return {name: logit * slope for name, logit in logits.items()}
