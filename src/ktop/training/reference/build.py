"""Builds the synthetic reference population: one row a firm, facts as an appraiser finds them, and what followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from ktop.domain.company.classification import age_band_of, size_of
from ktop.domain.company.expansion import expansion_outcomes
from ktop.domain.company.outcome_definitions import (
    growth_definition,
    growth_per_year,
    sustainable_definition,
    sustainable_growth_per_year,
)
from ktop.domain.company.outcomes import HORIZON_YEARS, high_growth, sustainable_growth
from ktop.domain.values.industry import industry_group
from ktop.kernel.errors import InputError
from ktop.kernel.progress import Progress, silent
from ktop.training.reference.abroad import Abroad, draw_abroad
from ktop.training.reference.capability import draw_capabilities
from ktop.training.reference.checklist import draw_checklist
from ktop.training.reference.draw import Streams
from ktop.training.reference.facts import draw_people, draw_technology
from ktop.training.reference.following import Following, follow
from ktop.training.reference.growth import growth_score
from ktop.training.reference.missing import hide_facts
from ktop.training.reference.parameters import Array, draws_version, generator_version
from ktop.training.reference.population import Firms, draw_firms, draw_sales
from ktop.training.reference.statements import (
    Book,
    base_year_book,
    book_before,
    credit_facts,
    draw_soundness,
    statement_facts,
)

#: Fewest firms a population makes sense with (peer groups would be empty), and most (memory of a small machine).
MINIMUM_FIRMS = 100
MAXIMUM_FIRMS = 2_000_000
#: Money is stated in whole thousands of KRW, as statements of small firms are.
MONEY_UNIT_KRW = 1000.0


def build_reference(firms: int, seed: int, progress: Progress = silent) -> pl.DataFrame:
    """Return a synthetic population of Korean technology SMEs.

    Parameters
    ----------
    firms : number of rows, 100 to 2,000,000.
    seed : any whole number >= 0; the same (firms, seed) and generator version give the same table, bit for bit.
    progress : told of the work done in thousandths.

    Returns
    -------
    One row a firm: the company facts of catalogue/facts.yaml as of ``as_of`` (31 December of ``base_year``), null
    where unknown; ``latent_*``; statements of the base year as filed (``*_krw_f0``) and of the three years after
    (``*_krw_f1`` ... ``_f3``), null where the firm filed none; ``failure_3y`` (null where the firm left without a known
    default); ``high_growth`` and ``sustainable_growth`` worked out from these statements; ``frame`` (``survey`` or
    ``venture``); ``synthetic`` (always true) and ``generator_version``; last what the firms do abroad: its facts,
    ``exports_krw_f0`` ... ``_f3`` and the outcomes ``entry``, ``export_growth``, ``staying`` (``expansion_outcomes``).

    Raises ``InputError`` for a number of firms or a seed outside the limits.
    """
    if not MINIMUM_FIRMS <= firms <= MAXIMUM_FIRMS:
        raise InputError("reference.firms_out_of_range", firms=firms, least=MINIMUM_FIRMS, most=MAXIMUM_FIRMS)
    if seed < 0:
        raise InputError("reference.negative_seed", seed=seed)

    def tell(share: float) -> None:
        progress(round(1000 * share), 1000, "reference")

    streams = Streams(firms, seed, draws_version())

    population = draw_firms(streams)
    v = dict(population.variables)
    latents = draw_capabilities(population, streams)
    v.update(latents)
    v["soundness"] = draw_soundness(v, streams)
    v["growth_score"] = growth_score(v)
    v["age_years"], v["staff_total"] = population.age_years, population.staff_total
    v["ln_industry_rnd"] = np.log(population.industry_values("rnd"))
    tell(0.1)

    facts = draw_people(population, v, streams) | draw_technology(population, v, streams)
    tell(0.35)
    sales = draw_sales(population, streams, v)
    v["ln_sales"] = np.log(sales / 4e9)
    now = base_year_book(population, sales, v, streams)
    before = book_before(population, now, population.base_year, v, streams, "year_before")
    earlier = book_before(population, before, population.base_year - 1, v, streams, "two_years_before")
    facts |= statement_facts(now, before, earlier, v, streams)
    facts |= credit_facts(now, v, streams)
    v |= {name: facts[name] for name in ("tax_arrears", "default_record_3y", "business_suspended")}
    tell(0.6)
    facts |= draw_checklist(v, streams)
    tell(0.7)
    after = follow(population, now, v, streams)
    shown = hide_facts(facts, v, streams)
    abroad = draw_abroad(population, facts, shown, (now, before, earlier), after, v, streams)
    facts = shown
    tell(0.85)

    columns = _identity(population, facts["staff_total"]) | _as_series(facts) | _following(now, after, population)
    columns |= {f"latent_{name}": pl.Series(values) for name, values in latents.items()}
    frame = pl.DataFrame(columns)
    frame = frame.with_columns(outcomes(frame)).with_columns(
        synthetic=pl.lit(True), generator_version=pl.lit(generator_version())
    )
    frame = frame.with_columns(**_as_series(abroad.facts), **_expansion(now, after, abroad, population))
    tell(1.0)
    return frame


def outcomes(frame: pl.DataFrame) -> list[pl.Series]:
    """Work out ``mean_sagr_3y``, ``mean_sgr_3y``, ``high_growth`` and ``sustainable_growth`` from the statements filed.

    The measures are those of the catalogue's default definitions. The size factor's reference median is that of the
    firms of the same base year. A failed firm whose statements stop counts as not grown; any other firm whose
    statements stop has no outcome (null). ``mean_sgr_3y`` is -1 where equity was used up at the start of a year.
    """

    def filed(name: str, first: int) -> Array:
        return np.column_stack(
            [frame[f"{name}_krw_f{k}"].cast(pl.Float64).to_numpy() for k in range(first, HORIZON_YEARS + 1)]
        )

    sales = filed("sales", 0)
    base_year = frame["base_year"].to_numpy()
    medians = np.empty((frame.height, HORIZON_YEARS))
    for year in np.unique(base_year):
        cohort = base_year == year
        medians[cohort] = np.nanmedian(sales[cohort, :HORIZON_YEARS], axis=0)
    growth = growth_per_year(sales, medians, growth_definition())
    sustainable = sustainable_growth_per_year(
        filed("net_income", 1),
        sales[:, 1:],
        filed("total_assets", 1),
        filed("equity", 0),
        filed("dividends", 1),
        sustainable_definition(),
    )
    failed = frame[f"failure_{HORIZON_YEARS}y"].cast(pl.Float64).to_numpy()
    return [
        pl.Series("mean_sagr_3y", growth).fill_nan(None),
        pl.Series("mean_sgr_3y", sustainable).fill_nan(None),
        pl.Series("high_growth", high_growth(growth, failed)).fill_nan(None).cast(pl.Int8),
        pl.Series("sustainable_growth", sustainable_growth(sustainable, failed)).fill_nan(None).cast(pl.Int8),
    ]


def _identity(firms: Firms, staff_known: Array) -> dict[str, pl.Series]:
    """Return who each firm is; there are no business numbers, so that no row can meet a real company's."""
    number = np.arange(1, firms.n + 1)
    as_of = [date(int(year), 12, 31) for year in firms.base_year]
    founded = [day - timedelta(days=round(age * 365.25)) for day, age in zip(as_of, firms.age_years, strict=True)]
    industry = firms.industry_values("ksic").tolist()
    return {
        "company_id": pl.Series([f"SYN-{i:07d}" for i in number]),
        "name": pl.Series([f"합성기업 {i:07d}" for i in number]),
        "name_en": pl.Series([f"Synthetic firm {i:07d}" for i in number]),
        "industry": pl.Series(industry),
        "region": pl.Series(firms.region.tolist()),
        "founded": pl.Series(founded),
        "as_of": pl.Series(as_of),
        "base_year": pl.Series(firms.base_year.astype(np.int32)),
        "frame": pl.Series(np.where(firms.venture, "venture", "survey").tolist()),
        "industry_group": pl.Series([industry_group(code) for code in industry]),
        "size": pl.Series(size_of(staff_known).tolist()),
        "age_band": pl.Series(age_band_of(firms.age_years).tolist()),
        "age_years": pl.Series(np.round(firms.age_years, 2)),
    }


def _as_series(facts: Mapping[str, Array]) -> dict[str, pl.Series]:
    """Return the facts as columns, null where missing: money and counts whole numbers, ratios and means as they are."""
    columns = {}
    for name, values in facts.items():
        if "_krw" in name:
            columns[name] = _money(values)
        elif name == "patent_claims_mean":
            columns[name] = pl.Series(values).fill_nan(None)
        else:
            columns[name] = pl.Series(values).fill_nan(None).cast(pl.Int32)
    return columns


def _expansion(base: Book, after: Following, abroad: Abroad, firms: Firms) -> dict[str, pl.Series]:
    """Return the exports of f0 ... f3 as filed, what followed of them, and the latents behind."""
    filed = (firms.age_years >= 1.0, *after.reported)
    books = (base, *after.books)
    exports = [
        np.where(filed[k], amount, np.nan) for k, amount in enumerate((abroad.exports_now, *abroad.exports_after))
    ]
    sales = [np.where(filed[k], book.sales, np.nan) for k, book in enumerate(books)]
    found = expansion_outcomes(np.column_stack(exports), np.column_stack(sales), after.failed)
    columns = {f"exports_krw_f{k}": _money(amount) for k, amount in enumerate(exports)}
    columns |= {name: pl.Series(values).fill_nan(None).cast(pl.Int8) for name, values in found.items()}
    return columns | {f"latent_{name}": pl.Series(values) for name, values in abroad.latents.items()}


def _money(values: Array) -> pl.Series:
    return pl.Series(np.round(values / MONEY_UNIT_KRW) * MONEY_UNIT_KRW).fill_nan(None).cast(pl.Int64)


def _following(base: Book, after: Following, firms: Firms) -> dict[str, pl.Series]:
    """Return the statements of f0 ... f3 and the failure column; a firm too young for a full base year has no f0."""
    columns: dict[str, Array] = {}
    filed = (firms.age_years >= 1.0, *after.reported)
    for step, book in enumerate((base, *after.books)):
        for name, values in (
            ("sales", book.sales),
            ("net_income", book.net_income),
            ("equity", book.equity),
            ("total_assets", book.assets),
            ("dividends", book.dividends),
        ):
            columns[f"{name}_krw_f{step}"] = np.where(filed[step], values, np.nan)
    series = {name: _money(values) for name, values in columns.items()}
    series[f"failure_{HORIZON_YEARS}y"] = pl.Series(after.failed).fill_nan(None).cast(pl.Int8)
    return series
