"""The company record (기업 기록): what a company, a spreadsheet or a public source says about one firm.

A list that is absent says "not known"; an empty list says "there are none". Nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ktop.domain.company.errors import first_error, refuse, refuse_unwritable_keys, refuse_value, told
from ktop.domain.company.fact_spec import CHECKLISTS, FACTS
from ktop.domain.company.field_types import (
    Amount,
    BusinessNumber,
    CareerYears,
    Claims,
    CorporateNumber,
    Country,
    Day,
    Identifier,
    Industry,
    Months,
    NeededDay,
    NeededText,
    NeededYear,
    Region,
    Signed,
    Text,
    Whole,
    YesNo,
    choice,
    needed_choice,
)
from ktop.domain.company.kinds import fact_kind
from ktop.domain.company.totals import read_totals
from ktop.domain.values.industry import INDUSTRY
from ktop.domain.values.kind import RefusedValueError, shown
from ktop.domain.values.region import FOREIGN

#: Longest list of one kind a record may hold; above it a record is broken or hostile.
MAX_ENTRIES = 5000
#: Factor from a statement's unit to won.
UNITS_KRW: Mapping[str, int] = {
    "krw": 1,
    "thousand_krw": 1_000,
    "million_krw": 1_000_000,
    "hundred_million_krw": 100_000_000,
}

Degree = Annotated[Literal["none", "bachelor", "master", "doctor"] | None, choice("degree")]
Organisation = Annotated[Literal["none", "department", "institute"] | None, choice("rnd_organisation")]
EvidenceStatus = Annotated[Literal["declared", "evidenced", "confirmed"] | None, choice("status")]
Funding = Annotated[Literal["own", "public"] | None, choice("funding")]
Unit = Annotated[Literal["krw", "thousand_krw", "million_krw", "hundred_million_krw"], needed_choice("unit")]
Result = Annotated[Literal["running", "success", "failure"], needed_choice("result")]
Origin = Annotated[Literal["own", "acquired"], needed_choice("origin")]
CertificationKind = Annotated[
    Literal["nep", "net", "venture", "innobiz", "mainbiz", "gs", "iso", "excellent_performance", "green", "other"],
    needed_choice("certification"),
]
IpKind = Annotated[Literal["patent", "utility_model", "design", "trademark", "software"], needed_choice("ip_kind")]
IpStatus = Annotated[Literal["pending", "registered", "refused", "lapsed"], needed_choice("ip_status")]


class RecordPart(BaseModel):
    """Base of every part of the record: frozen, and a field it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    #: Pairs (smaller, larger) of fields: the first may not exceed the second.
    WITHIN: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: Pairs (earlier, later) of dates in their order.
    DATED: ClassVar[tuple[tuple[str, str], ...]] = ()

    @model_validator(mode="after")
    def _relations(self) -> Self:
        for smaller, larger in self.WITHIN:
            low, high = getattr(self, smaller), getattr(self, larger)
            if low is not None and high is not None and low > high:
                raise refuse("company.exceeds", smaller=smaller, larger=larger, value=f"{low:,}", limit=f"{high:,}")
        for earlier, later in self.DATED:
            first, second = getattr(self, earlier), getattr(self, later)
            if first is not None and second is not None and second < first:
                raise refuse("company.before", earlier=earlier, later=later, value=str(second), limit=str(first))
        return self


class Ceo(RecordPart):
    """The chief executive's career, without a name: no rating needs one."""

    industry_years: CareerYears = None
    degree: Degree = None
    technical: YesNo = None
    founding_record: Whole = None


class StaffCount(RecordPart):
    """Head-counts of one day."""

    date: NeededDay
    total: Whole = None
    technical: Whole = None
    research: Whole = None
    advanced_degree: Whole = None
    WITHIN = (("technical", "total"), ("research", "total"), ("advanced_degree", "total"))


class Statement(RecordPart):
    """Amounts of one fiscal year, in ``unit`` of won."""

    year: NeededYear
    year_end: Day = None
    period_start: Day = None
    months: Months = None
    currency: str = "KRW"
    unit: Unit = "krw"
    sales: Amount = None
    operating_profit: Signed = None
    net_income: Signed = None
    total_assets: Amount = None
    capital_stock: Amount = None
    equity: Signed = None
    intangible_assets: Amount = None
    rnd_expense: Amount = None
    training_expense: Amount = None
    marketing_expense: Amount = None
    interest_expense: Amount = None
    dividends: Amount = None
    borrowings: Amount = None
    WITHIN = (("intangible_assets", "total_assets"), ("equity", "total_assets"))

    @field_validator("currency", mode="before")
    @classmethod
    def _won_only(cls, value: Any) -> str:
        if not isinstance(value, str) or value.strip().upper() not in ("KRW", "원"):
            raise refuse("company.currency", value=shown(value))
        return "KRW"

    @model_validator(mode="after")
    def _ends_in_its_year(self) -> Self:
        # A fiscal year is named after the calendar year it begins or ends in.
        if self.year_end is not None and self.year_end.year not in (self.year, self.year + 1):
            raise refuse("company.year_end", year=self.year, year_end=str(self.year_end))
        return self

    @property
    def ends(self) -> date:
        """Last day of the fiscal year, 31 December where not given."""
        return self.year_end or date(self.year, 12, 31)

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        first = self.period_start
        if first is not None and first > self.ends:
            dates = {"value": str(self.ends), "limit": str(first)}
            raise refuse("company.before", earlier="period_start", later="year_end", **dates)
        return self

    def krw(self, item: str) -> float | None:
        """Return one amount in won, None where it is missing."""
        amount: float | None = getattr(self, item)
        return None if amount is None else amount * UNITS_KRW[self.unit]


class RndProject(RecordPart):
    """One R&D project, own or publicly funded."""

    title: Text = None
    start: NeededDay
    end: Day = None
    result: Result = "running"
    funding: Funding = None
    DATED = (("start", "end"),)

    @model_validator(mode="after")
    def _ended_has_an_end(self) -> Self:
        if self.result != "running" and self.end is None:
            raise refuse("company.result_without_end", result=self.result)
        return self


class Certification(RecordPart):
    """One technology certification or company status."""

    kind: CertificationKind
    title: Text = None
    issued: NeededDay
    expires: Day = None
    DATED = (("issued", "expires"),)


class Commercialisation(RecordPart):
    """The first sale of a product or service from own or acquired technology."""

    kind: Origin
    product: Text = None
    date: NeededDay


class IpRight(RecordPart):
    """One patent or other right, pending ones included. ``cited_by`` or ``cites`` None means not looked up."""

    kind: IpKind
    title: Text = None
    number: Identifier = None
    status: IpStatus
    filed: Day = None
    registered: Day = None
    ended: Day = None
    claims: Claims = None
    cited_by: Whole = None
    cites: Whole = None
    DATED = (("filed", "registered"), ("filed", "ended"), ("registered", "ended"))

    @model_validator(mode="after")
    def _registered_has_a_date(self) -> Self:
        if self.status == "registered" and self.registered is None:
            raise refuse("company.registered_without_date")
        return self


class Credit(RecordPart):
    """What the guarantee rule looks at."""

    tax_arrears: YesNo = None
    default_record_3y: YesNo = None
    business_suspended: YesNo = None
    guarantee_balance_krw: Amount = None


class Source(RecordPart):
    """Where the values under one path of the record come from, and what stands behind them.

    ``status`` None says nothing: the values are the firm's word, and no longer path is asked.
    """

    path: NeededText
    source: NeededText
    date: Day = None
    status: EvidenceStatus = None


class Company(RecordPart):
    """One company. Only ``name`` is required; every absent field is missing, never zero or "no"."""

    company_id: Identifier = None
    name: NeededText
    name_en: Text = None
    business_number: BusinessNumber = None
    corporate_number: CorporateNumber = None
    industry: Industry = None
    region: Region = None
    country: Country = None
    founded: Day = None
    ceo: Ceo | None = None
    staff: Annotated[tuple[StaffCount, ...] | None, Field(max_length=MAX_ENTRIES)] = None
    statements: Annotated[tuple[Statement, ...] | None, Field(max_length=MAX_ENTRIES)] = None
    rnd_projects: Annotated[tuple[RndProject, ...] | None, Field(max_length=MAX_ENTRIES)] = None
    certifications: Annotated[tuple[Certification, ...] | None, Field(max_length=MAX_ENTRIES)] = None
    commercialisations: Annotated[tuple[Commercialisation, ...] | None, Field(max_length=MAX_ENTRIES)] = None
    ip: Annotated[tuple[IpRight, ...] | None, Field(max_length=MAX_ENTRIES)] = None
    rnd_organisation: Organisation = None
    credit: Credit | None = None
    checklist: dict[str, int | None] | None = None
    facts: dict[str, float | None] | None = None
    source: Text = None
    source_date: Day = None
    source_status: EvidenceStatus = None
    sources: Annotated[tuple[Source, ...], Field(max_length=MAX_ENTRIES)] = ()

    @classmethod
    def from_mapping(cls, record: Mapping[str, Any]) -> Self:
        """Check a record read from YAML, JSON or a form.

        Raises ``InputError`` with one sentence: the first thing wrong, where it stands, what to do, and how many
        further errors there are.
        """
        try:
            if isinstance(record, Mapping):
                refuse_unwritable_keys(record)
            return cls.model_validate(record)
        except ValidationError as errors:
            raise first_error(errors, record, cls) from None

    @field_validator("checklist", mode="before")
    @classmethod
    def _answers(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        answers = {}
        for question, answer in value.items():
            if str(question) not in FACTS or FACTS[str(question)].group not in CHECKLISTS:
                raise refuse("company.unknown_field", field=shown(question), fields="q01 … q25, g01 … g15")
            answers[question] = told(fact_kind(question), answer, where=f"checklist.{question}")
        return answers

    @field_validator("facts", mode="before")
    @classmethod
    def _totals(cls, value: Any) -> Any:
        return read_totals(value) if isinstance(value, Mapping) else value

    @field_validator("statements")
    @classmethod
    def _years_in_order(cls, statements: tuple[Statement, ...] | None) -> tuple[Statement, ...] | None:
        years = [statement.year for statement in statements or ()]
        for year in years:
            if years.count(year) > 1:
                raise refuse("company.year_twice", year=year)
        if years not in (sorted(years), sorted(years, reverse=True)):
            raise refuse("company.years_out_of_order", years=", ".join(map(str, years)))
        return statements and tuple(sorted(statements, key=lambda statement: statement.year))

    @field_validator("staff")
    @classmethod
    def _days_once(cls, counts: tuple[StaffCount, ...] | None) -> tuple[StaffCount, ...] | None:
        days = [count.date for count in counts or ()]
        for day in days:
            if days.count(day) > 1:
                raise refuse("company.date_twice", date=str(day))
        return counts and tuple(sorted(counts, key=lambda count: count.date))

    @field_validator("sources")
    @classmethod
    def _paths_exist(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        for source in sources:
            if source.path.split(".")[0] not in cls.model_fields:
                raise refuse("company.source_path", value=shown(source.path))
        return sources

    @model_validator(mode="after")
    def _place(self) -> Self:
        abroad = self.country is not None and self.country != "KR"
        if self.region == FOREIGN and not abroad:
            raise refuse("company.country_needed")
        if abroad and self.region not in (None, FOREIGN):
            raise refuse("company.country_conflict", country=self.country, region=self.region)
        if self.industry is not None:
            try:
                INDUSTRY.existing(self.industry, self.foreign)
            except RefusedValueError as error:
                raise refuse_value(error) from None
        return self

    @property
    def foreign(self) -> bool:
        """Whether the firm is outside Korea: its industry code is then ISIC or NACE."""
        return self.country is not None and self.country != "KR"


def company_schema() -> dict[str, Any]:
    """Return the JSON Schema of a company record, with the catalogue's words for every field in both languages."""
    from ktop.domain.company.schema import described

    return described(Company.model_json_schema())
