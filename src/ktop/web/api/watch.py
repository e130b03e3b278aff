"""API operations of an institution's portfolio."""

from __future__ import annotations

import datetime
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.domain.finance.watch import Concentration, Limits, Standing
from ktop.usecases.watch.interface import WatchedFirm
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.consents import Party, party
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses

Company = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{1,64}$", description="Identifier of the company.")]
Since = Annotated[
    datetime.date | None, Query(description="Day that the portfolio is compared with; without it, a year ago.")
]
SignName = Literal[
    "closed", "business_down", "risk_high", "risk_down", "index_down", "old_result", "no_result", "consent_ends"
]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class StandingShown(BaseModel):
    """What a result says, as far as the consent shows it; empty where it says nothing."""

    rating: str
    as_of: datetime.date
    business: str
    growth: str
    risk: str
    index_score: float | None
    industry: str
    region: str
    closed: bool | None = Field(
        description="Whether the business is suspended or closed; null where the consent does not show it."
    )


class WatchedShown(BaseModel):
    """A company of the portfolio; without a consent that holds, nothing but its name."""

    company: Party
    added: datetime.datetime
    covered: bool = Field(description="Whether a consent covers anything today.")
    before: StandingShown | None
    now: StandingShown | None
    signs: list[SignName] = Field(description="Early warnings, the weightiest first.")
    consent: str
    until: datetime.date | None


class Moved(BaseModel):
    """How many companies moved from one business grade to another."""

    before: str
    now: str
    companies: int


class Share(BaseModel):
    """How many companies have one code."""

    code: str
    companies: int


class Spread(BaseModel):
    """How the portfolio spreads over codes; `index` is the sum of squared shares, 1 where all have one code."""

    shares: list[Share]
    unknown: int = Field(description="Companies whose consent does not show it.")
    index: float | None


class ExceededShown(BaseModel):
    """A share of companies above the institution's own limit."""

    what: Literal["industry", "region"]
    code: str
    percent: float
    most_percent: float


class PortfolioLimits(BaseModel):
    """An institution's own limits; null where there is none."""

    model_config = ConfigDict(extra="forbid")

    industry_percent: float | None = Field(
        None, gt=0, le=100, description="Largest share of one industry.", examples=[30]
    )
    region_percent: float | None = Field(None, gt=0, le=100, description="Largest share of one region.", examples=[50])


class PortfolioShown(BaseModel):
    """An institution's portfolio, compared with a day."""

    since: datetime.date
    companies: list[WatchedShown]
    migration: list[Moved]
    industries: Spread
    regions: Spread
    exceeded: list[ExceededShown] = Field(description="Shares above the institution's own limits.")


class Watching(BaseModel):
    """A company to watch."""

    model_config = ConfigDict(extra="forbid")

    business_number: str = Field(max_length=40, examples=["123-45-67891"])


class Added(BaseModel):
    """How many companies were added."""

    added: int


@router.get("/watch", tags=["lookups"], responses={**error_answers(403, 422)})
def portfolio(use: Uses, who: Acting, since: Since = None, lang: Language = None) -> PortfolioShown:
    """Read the portfolio: grades then and now, early warnings, migration and concentration; each look is noted."""
    found = use.watch.watched(who, since)
    moves = sorted(found.migration.counts.items())
    return PortfolioShown(
        since=found.since,
        companies=[_shown(firm) for firm in found.firms],
        migration=[Moved(before=before, now=now, companies=count) for (before, now), count in moves],
        industries=_spread(found.industries),
        regions=_spread(found.regions),
        exceeded=[ExceededShown(**asdict(one)) for one in found.exceeded],
    )


@router.get("/watch-limits", tags=["lookups"], responses={**error_answers(403, 422)})
def limits(use: Uses, who: Acting, lang: Language = None) -> PortfolioLimits:
    """Read the institution's own limits on shares of its portfolio."""
    return PortfolioLimits(**asdict(use.watch.limits(who)))


@router.put("/watch-limits", tags=["lookups"], responses={**error_answers(400, 403, 409, 422)})
def set_limits(body: PortfolioLimits, use: Uses, who: Acting, lang: Language = None) -> PortfolioLimits:
    """Set the institution's own limits, as a new version."""
    use.watch.set_limits(who, Limits(**body.model_dump()))
    return body


@router.post("/watch", status_code=201, tags=["lookups"], responses={**error_answers(400, 403, 404, 409, 422)})
def watch(body: Watching, use: Uses, who: Acting, lang: Language = None) -> Party:
    """Watch a company whose consent holds; one watched already stays as it is."""
    return party(use.watch.add(who, body.business_number))


@router.post("/watch/all", tags=["lookups"], responses={**error_answers(400, 403, 409, 422)})
def watch_all(use: Uses, who: Acting, lang: Language = None) -> Added:
    """Watch every company whose consent holds."""
    return Added(added=use.watch.add_all(who))


@router.delete(
    "/watch/{company}",
    status_code=204,
    response_class=Response,
    tags=["lookups"],
    responses={**error_answers(403, 404, 422)},
)
def end(company: Company, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Watch a company no more."""
    use.watch.remove(who, company)
    return Response(status_code=204)


def _shown(firm: WatchedFirm) -> WatchedShown:
    return WatchedShown(
        company=party(firm.company),
        added=firm.added,
        covered=firm.covered,
        before=_standing(firm.before),
        now=_standing(firm.now),
        signs=list(firm.signs),
        consent=firm.consent,
        until=firm.until,
    )


def _standing(one: Standing | None) -> StandingShown | None:
    if one is None:
        return None
    return StandingShown(**{name: getattr(one, name) for name in StandingShown.model_fields})


def _spread(found: Concentration) -> Spread:
    shares = [Share(code=code, companies=count) for code, count in found.counts]
    return Spread(shares=shares, unknown=found.unknown, index=found.index)
