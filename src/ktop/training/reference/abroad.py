"""What synthetic firms do abroad: years of exporting, rights and staff abroad, answers, and what followed.

A firm starts and stops exporting year by year; the chance of stopping falls with the years of exporting behind it, as
customs statistics show. Drawn in stages of their own: no value of the rest of the population depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop import catalogue
from ktop.training.reference.checklist import draw_answers
from ktop.training.reference.draw import Streams, count, happens, log_count, logistic, share_of, zero_inflated
from ktop.training.reference.following import Following
from ktop.training.reference.parameters import Array, linear
from ktop.training.reference.population import Firms
from ktop.training.reference.statements import Book


@dataclass(frozen=True, slots=True)
class Abroad:
    """Facts by name (NaN where unknown), exports of the base year and the three after as they were (KRW), latents."""

    facts: dict[str, Array]
    exports_now: Array
    exports_after: tuple[Array, ...]
    latents: dict[str, Array]


@dataclass(slots=True)
class _Exporting:
    """Where every firm stands in one year: exporting or not, years of it so far, logit of the share of sales."""

    now: Array
    years: Array
    share_logit: Array

    @property
    def share(self) -> Array:
        return np.where(self.now, logistic(self.share_logit), 0.0)


def abroad_version() -> int:
    """Return the version of this part of the population; a change that moves any of its values raises it."""
    return int(catalogue.load("reference_abroad")["version"])


def draw_abroad(
    firms: Firms,
    facts: Mapping[str, Array],
    shown: Mapping[str, Array],
    books: Sequence[Book],
    after: Following,
    v: Mapping[str, Array],
    streams: Streams,
) -> Abroad:
    """Draw what the firms do abroad.

    ``facts`` are the other facts as they are, ``shown`` as they are known; ``books`` the statements of t0, t1 and t2.
    """
    spec = catalogue.load("reference_abroad")["parameters"]
    rng = streams.stage("abroad")
    known = {**v, "reach": _latent(spec["reach"], v, rng), "readiness": _latent(spec["readiness"], v, rng)}
    known["niche"] = spec["share"]["niche_sd"] * rng.standard_normal(firms.n)
    state = _Exporting(np.zeros(firms.n, bool), np.zeros(firms.n), np.zeros(firms.n))
    past: list[Array] = []
    for before in range(spec["years_before"], -1, -1):
        _year(state, spec, known, rng, firms.age_years > before, prepared=None)
        past.append(state.share)
    exports = [share * book.sales for share, book in zip(past[:-4:-1], books, strict=True)]
    known["exports"] = state.now.astype(float)
    own = _facts(spec, known, facts, state, books[0], rng)
    own |= {f"exports_krw_t{back}": amount for back, amount in enumerate(exports)}
    prepared = np.mean([own[name] > 0 for name in _PREPARED], axis=0)
    prepared = (prepared - prepared.mean()) / (prepared.std() or 1.0)
    own |= draw_answers(spec["checklist"], "g", known, streams.stage("abroad_checklist"))
    later = []
    for book in after.books:
        _year(state, spec, known, rng, np.ones(firms.n, bool), prepared)
        later.append(state.share * book.sales)
    told = _hidden(spec["missing"], own, shown, v, streams)
    return Abroad(told, exports[0], tuple(later), {name: known[name] for name in ("reach", "readiness")})


#: What a firm has ready for markets abroad before it sells there.
_PREPARED = ("overseas_channels", "overseas_staff", "foreign_certifications", "foreign_families", "foreign_marks")


def _latent(weights: Mapping[str, float], v: Mapping[str, Array], rng: np.random.Generator) -> Array:
    parts = dict(weights)
    noise = parts.pop("noise")
    value = linear(parts, v)
    value = value + noise * rng.standard_normal(len(value))
    centred: Array = value - value.mean()
    return centred


def _year(
    state: _Exporting,
    spec: Mapping[str, Any],
    v: Mapping[str, Array],
    rng: np.random.Generator,
    exists: Array,
    prepared: Array | None,
) -> None:
    """Move every firm one year on, in place; what was prepared by the base year counts in the years after it."""
    start, stop = linear(spec["start"], v), linear(spec["stop"], v)
    if prepared is not None:
        ready = {**v, "prepared": prepared}
        start, stop = start + linear(spec["start_ready"], ready), stop + linear(spec["stop_ready"], ready)
    stop = stop + spec["stop_tenure"] * np.log1p(np.maximum(state.years - 1, 0))
    stop = stop + spec["stop_share"] * (state.share_logit + 2.0)
    begins = happens(rng, start) & ~state.now & exists
    ends = happens(rng, stop) & state.now
    rule = spec["share"]
    noise = rng.standard_normal((2, len(start)))
    fresh = linear(rule["start"], v) + rule["start_sd"] * noise[0]
    moved = state.share_logit + rule["speed"] * (linear(rule["level"], v) - state.share_logit) + rule["sd"] * noise[1]
    state.share_logit = np.where(begins, fresh, np.where(state.now, moved, state.share_logit))
    state.now = (state.now & ~ends) | begins
    state.years = np.where(state.now, state.years + 1, 0)


def _facts(
    spec: Mapping[str, Any],
    v: Mapping[str, Array],
    facts: Mapping[str, Array],
    state: _Exporting,
    book: Book,
    rng: np.random.Generator,
) -> dict[str, Array]:
    staff = v["staff_total"]
    countries = spec["countries"]
    mean = np.exp(linear(countries["level"], v) + countries["tenure"] * np.log1p(state.years))
    families = share_of(rng, facts["patents_registered"] + facts["patents_filed_3y"], spec["families"], v)
    granted = rng.binomial(families.astype(np.int64), spec["granted_share"]).astype(float)
    beyond = spec["countries_beyond_first"]
    return {
        "export_years": state.years,
        "export_countries": np.where(state.now, 1.0 + count(rng, mean, countries["shape"]), 0.0),
        "overseas_channels": log_count(rng, spec["channels"], v),
        "overseas_staff": share_of(rng, staff, spec["overseas_staff"], v),
        "language_staff": share_of(rng, staff, spec["language_staff"], v),
        "overseas_marketing_krw_t0": book.sales * zero_inflated(rng, spec["marketing"], v),
        "foreign_certifications": log_count(rng, spec["certifications"], v),
        "pct_filed_3y": share_of(rng, facts["patents_filed_3y"], spec["pct"], v),
        "foreign_families": families,
        "foreign_patents_registered": granted + count(rng, np.maximum(granted * beyond["mean"], 1e-9), beyond["shape"]),
        "foreign_marks": log_count(rng, spec["marks"], v),
    }


def _hidden(
    spec: Mapping[str, Any],
    facts: Mapping[str, Array],
    shown: Mapping[str, Array],
    v: Mapping[str, Array],
    streams: Streams,
) -> dict[str, Array]:
    """Return the facts with NaN where one is not known: by chance, or because that year's statement is not."""
    rng = streams.stage("abroad_missing")
    told = {name: values.astype(float) for name, values in facts.items()}
    for name, predictor in spec.items():
        told[name][happens(rng, linear(predictor, v))] = np.nan
    for name in told:
        if "_krw_t" in name:
            told[name][np.isnan(shown[f"sales_krw_t{name[-1]}"])] = np.nan
    return told
