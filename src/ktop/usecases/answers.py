"""What the platform hands to pages and programs: example companies, sample technologies, kept ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Kind = Literal["company", "technology", "both"]


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """One invented demonstration company, for a list.

    ``industry_group``, ``size`` and ``age_band`` are codes of the catalogue's facts (None where not known);
    ``about`` is one sentence in each language on what makes the company worth choosing, empty where there is none.
    """

    id: str
    name: str
    name_en: str | None = None
    industry: str | None = None
    region: str | None = None
    industry_group: str | None = None
    size: str | None = None
    age_band: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TechnologyExample:
    """A sample technology summary (invented), for the buttons beside the text field."""

    id: str
    title: str
    text: str
    lang: Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class StoredRating:
    """Ratings that were made together and are kept under one identifier nobody can guess.

    ``kind`` says what was rated. ``ratings`` are ``Rating.to_json()`` objects with opinions in both languages, in the
    order tech-index, ktrs-fm, originality (those that were asked for). ``record`` is the company record as given
    (None for a technology alone), ``text`` the technology summary as given (None for a company alone).
    ``failures`` holds, by model name, the sentence of a model that could not rate while others could: language → text.
    """

    id: str
    kind: Kind
    created: datetime
    as_of: date
    ratings: Sequence[Mapping[str, Any]]
    record: Mapping[str, Any] | None = None
    text: str | None = None
    failures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
