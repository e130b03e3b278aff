"""The figures of a reference population that published statistics exist for, side by side with them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ktop.training.reference.parameters import Target, targets


@dataclass(frozen=True, slots=True)
class Comparison:
    """One published figure and what the population has instead."""

    target: Target
    found: float

    @property
    def within(self) -> bool:
        """Whether the population lies within the stated tolerance."""
        return abs(self.found - self.target.value) <= self.target.tolerance


def marginals(frame: pl.DataFrame) -> dict[str, float]:
    """Return the population's figure for every published target, in the target's unit.

    Ratios "of total" are sums over sums, as statistics offices publish them, over firms where both parts are known.
    """
    survey, venture = frame.filter(frame="survey"), frame.filter(frame="venture")
    cover = pl.col("operating_profit_krw_t0") < pl.col("interest_expense_krw_t0")
    rights = pl.col("patents_registered") + pl.col("other_ip")
    debt = (pl.col("total_assets_krw_t0") - pl.col("equity_krw_t0")).alias("debt")
    return {
        "age_mean_survey": _mean(survey, pl.col("age_years")),
        "staff_mean_survey": _mean(survey, pl.col("staff_total")),
        "sales_mean_survey": _mean(survey, pl.col("sales_krw_t0")),
        "rnd_to_sales_survey": _ratio(survey, pl.col("rnd_expense_krw_t0"), pl.col("sales_krw_t0")),
        "rnd_specialists_mean_survey": _mean(survey, pl.col("research_staff")),
        "ip_holders_survey": _share(survey, rights > 0),
        "ip_rights_per_holder_survey": _mean(survey.filter(rights > 0), rights),
        "projects_3y_survey": _mean(survey, pl.col("rnd_projects_3y")),
        "projects_completed_3y_survey": _mean(survey, pl.col("rnd_projects_completed_3y")),
        "commercialised_3y_survey": _mean(survey, pl.col("own_commercialised_3y")),
        "staff_10_19_survey": _share(survey, pl.col("staff_total").is_between(10, 19)),
        "sales_1_5bn_survey": _share(survey, pl.col("sales_krw_t0").is_between(1e9, 5e9, closed="left")),
        "age_10_15_survey": _share(survey, pl.col("age_years").is_between(10, 15, closed="left")),
        "sales_mean_venture": _mean(venture, pl.col("sales_krw_t0")),
        "staff_mean_venture": _mean(venture, pl.col("staff_total")),
        "rnd_to_sales_venture": _ratio(venture, pl.col("rnd_expense_krw_t0"), pl.col("sales_krw_t0")),
        "ip_rights_mean_venture": _mean(venture, rights),
        "research_institute_venture": _share(venture, pl.col("rnd_organisation") == 2),
        "age_mean_venture": _mean(venture, pl.col("age_years")),
        "age_up_to_3_venture": _share(venture, pl.col("age_years") <= 3),
        "age_4_to_10_venture": _share(venture, pl.col("age_years").is_between(3, 10, closed="right")),
        "operating_margin_venture": _ratio(venture, pl.col("operating_profit_krw_t0"), pl.col("sales_krw_t0")),
        "net_margin_venture": _ratio(venture, pl.col("net_income_krw_t0"), pl.col("sales_krw_t0")),
        "debt_to_equity": _ratio(frame, debt, pl.col("equity_krw_t0")),
        "borrowings_to_assets": _ratio(frame, pl.col("borrowings_krw_t0"), pl.col("total_assets_krw_t0")),
        "interest_cover_below_1": _share(frame.filter(pl.col("interest_expense_krw_t0") > 0), cover),
        "failure_3y": _share(frame, pl.col("failure_3y") == 1),
        "high_growth": _share(frame, pl.col("high_growth") == 1),
    }


def marginals_abroad(frame: pl.DataFrame) -> dict[str, float]:
    """Return the figures on exporting by the names of ``targets("reference_abroad")``."""
    survey, venture = frame.filter(frame="survey"), frame.filter(frame="venture")
    share = pl.col("exports_krw_f0") / pl.col("sales_krw_f0")
    exports = venture.filter(pl.col("exports_krw_f0") > 0)
    begun = frame.filter(pl.col("export_years") == 1)
    goes_on = [pl.col(f"exports_krw_f{year}") > 0 for year in (1, 2, 3)]
    inventions = pl.col("patents_registered") + pl.col("patents_filed_3y")
    known = frame.filter(pl.col("foreign_families").is_not_null())
    return {
        "exporters_venture": _share(venture, pl.col("exports_krw_f0") > 0),
        "export_share_venture": 100.0 * _mean(venture, share),
        "exporters_survey": _share(survey, pl.col("exports_krw_f0") > 0),
        "exporters_over_20_survey": _share(survey, share >= 0.2),
        "exporters_below_10_share": _share(exports, share < 0.1),
        "exporters_half_share": _share(exports, share >= 0.5),
        "new_exporters_after_1y": _share(begun, goes_on[0]),
        "new_exporters_after_3y": _share(begun, pl.all_horizontal(goes_on)),
        "inventions_filed_abroad": _ratio(known, pl.col("foreign_families"), inventions),
        "foreign_patent_holders": _share(
            frame.filter(pl.col("patents_registered") > 0), pl.col("foreign_patents_registered") > 0
        ),
    }


def compare(frame: pl.DataFrame) -> tuple[Comparison, ...]:
    """Return every published figure with the population's own, in the catalogue's order."""
    return tuple(
        Comparison(target, found[name])
        for part, found in (("reference", marginals(frame)), ("reference_abroad", marginals_abroad(frame)))
        for name, target in targets(part).items()
    )


def _mean(frame: pl.DataFrame, value: pl.Expr) -> float:
    return float(frame.select(value.cast(pl.Float64).mean()).item())


def _share(frame: pl.DataFrame, event: pl.Expr) -> float:
    """Return the share of firms with the event, %, among those where it is known."""
    return 100.0 * _mean(frame, event)


def _ratio(frame: pl.DataFrame, part: pl.Expr, whole: pl.Expr) -> float:
    known = frame.filter(part.is_not_null() & whole.is_not_null())
    return 100.0 * float(known.select(part.cast(pl.Float64).sum() / whole.cast(pl.Float64).sum()).item())
