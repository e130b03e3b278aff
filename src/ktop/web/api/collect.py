"""API operations of collecting: have a company collected, read values and answers, confirm, correct, keep."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ktop.catalogue import Lang
from ktop.usecases.collect.interface import CompanyCollection, SourceUse
from ktop.usecases.collect.report import as_json
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, Uses
from ktop.web.downloads import download

Id = Annotated[str, Path(description="Identifier of a collection.", pattern="^[0-9a-f]{32}$")]
AnswerId = Annotated[str, Path(description="Identifier of an answer.", pattern="^[0-9a-f]{32}$")]

ChangeId = Annotated[str, Path(description="Identifier of a change.", pattern="^[0-9a-f]{32}$")]

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)


class CollectionAsked(BaseModel):
    """A company to be collected."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"business_number": "101-00-70018", "made_up": True}]}
    )

    business_number: str = Field(max_length=40, description="Ten digits.", examples=["101-00-70018"])
    names: list[str] = Field(default_factory=list, max_length=5, description="Names known; they narrow the search.")
    corporate_number: str | None = Field(None, max_length=40, description="13 digits, where known.")
    made_up: bool = Field(False, description="Ask stand-ins about a made-up company.")


class PathsConfirmed(BaseModel):
    """Values that are right as their sources state them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"paths": ["founded"]}]})

    paths: list[str] = Field(min_length=1, max_length=2000)


class Correction(BaseModel):
    """What is right instead of a value, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"path": "industry", "value": "C27212", "reason": "main product changed"}]},
    )

    path: str = Field(max_length=200)
    value: str = Field(max_length=200, description="Empty takes the value out.")
    reason: str = Field(max_length=500)


class ValidationAsked(BaseModel):
    """What a registration should be. The name is sent to the tax service and kept nowhere."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"opened": "2014-03-12", "representative": "가상인"}]}
    )

    opened: datetime.date = Field(description="Day of opening, as registered.")
    representative: str = Field(max_length=100, description="Name of the representative, as registered.")


class ValidationShown(BaseModel):
    """What the tax service said."""

    right: bool | None = Field(description="Whether all three go together; null where it did not answer.")
    outcome: str = Field(description="How its answer turned out: found, no_data, not_permitted, quota or broken.")
    at: datetime.datetime
    digest: str = Field(description="SHA-256 of number, answer and moment, as in the audit trail.")


class FollowingAsked(BaseModel):
    """How often a company is collected again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"every_days": 30}]})

    every_days: int = Field(ge=1, le=365, description="Days between two collections.")


class FollowingShown(BaseModel):
    """How a company is collected again by itself; null where it is not."""

    every_days: int | None = Field(description="Days between two collections; 0 until every source has answered.")
    due: datetime.datetime | None = Field(description="When next; sooner where a source did not answer.")


class ChangeShown(BaseModel):
    """What public sources said otherwise than the time before."""

    id: str
    business_number: str
    company: str | None = Field(description="The kept company it was saved to.")
    collection: str
    before: str = Field(description="The collection before.")
    found: datetime.datetime
    changes: list[dict[str, Any]] = Field(description="Entries with path, before, now and source.")
    seen: datetime.datetime | None


class ChangesShown(BaseModel):
    """What was found changed, newest first."""

    items: list[ChangeShown]


class CollectionShown(BaseModel):
    """One collection; `details` is what `ktop collect company --json` prints, null while it runs."""

    id: str
    business_number: str
    state: Literal["running", "done"]
    made_up: bool
    job: str | None
    company: str | None = Field(description="The kept company it was saved to.")
    created: datetime.datetime
    details: dict[str, Any] | None


class KeptShown(BaseModel):
    """The kept company."""

    company: str


class SourceShown(BaseModel):
    """How a source is; keys are never shown."""

    source: str
    has_key: bool
    address: str
    used: dict[str, list[int]] = Field(description="Period → calls made, most allowed.")
    organisations: dict[str, int] = Field(description="Calls by organisation in the longest of these periods.")
    outcomes: dict[str, int] = Field(description="How today's answers turned out.")
    failures: int
    rests_until: datetime.datetime | None
    why: str


class SourcesShown(BaseModel):
    """All sources."""

    items: list[SourceShown]


class CollectionsShown(BaseModel):
    """The last collections, without details."""

    items: list[CollectionShown]


@router.post("/collections", status_code=202, tags=["collections"], responses={**error_answers(422)})
def begin(body: CollectionAsked, use: Uses, who: Acting, lang: Language = None) -> CollectionShown:
    """Have a company collected in the background."""
    found = use.collect.begin(
        who,
        body.business_number,
        names=body.names,
        corporate_number=body.corporate_number,
        made_up=body.made_up,
    )
    return shown(found)


@router.get("/collections", tags=["collections"], responses={**error_answers(422)})
def collections(use: Uses, who: Acting, lang: Language = None) -> CollectionsShown:
    """List the last collections."""
    return CollectionsShown(items=[shown(one) for one in use.collect.collections(who)])


@router.get("/collections/{collection_id}", tags=["collections"], responses={**error_answers(404, 422)})
def collection(collection_id: Id, use: Uses, who: Acting, lang: Language = None) -> CollectionShown:
    """Fetch one collection with every value and where it is from."""
    return shown(use.collect.collection(who, collection_id), lang)


@router.post("/collections/{collection_id}/confirm", tags=["collections"], responses={**error_answers(404, 422)})
def confirm(collection_id: Id, body: PathsConfirmed, use: Uses, who: Acting, lang: Language = None) -> CollectionShown:
    """Confirm values; the path of an entry found by name alone takes it into the record."""
    return shown(use.collect.confirm(who, collection_id, body.paths), lang)


@router.post("/collections/{collection_id}/correct", tags=["collections"], responses={**error_answers(404, 422)})
def correct(collection_id: Id, body: Correction, use: Uses, who: Acting, lang: Language = None) -> CollectionShown:
    """Correct a value; it holds until its source says something else."""
    return shown(use.collect.correct(who, collection_id, body.path, body.value, body.reason), lang)


@router.post("/collections/{collection_id}/validation", tags=["collections"], responses={**error_answers(404, 422)})
def validate(
    collection_id: Id, body: ValidationAsked, use: Uses, who: Acting, lang: Language = None
) -> ValidationShown:
    """Ask the tax service whether number, day of opening and representative go together."""
    told = use.collect.validate(who, collection_id, body.opened, body.representative).validated
    assert told is not None, "asked just now"
    return ValidationShown(right=told.right, outcome=told.outcome, at=told.at, digest=told.digest)


@router.post("/collections/{collection_id}/save", tags=["collections"], responses={**error_answers(404, 413, 422)})
def save(collection_id: Id, use: Uses, who: Acting, lang: Language = None) -> KeptShown:
    """Keep the record as a further version of the company's."""
    return KeptShown(company=use.collect.save(who, collection_id).id)


@router.put("/collections/{collection_id}/following", tags=["collections"], responses={**error_answers(404, 422)})
def follow(collection_id: Id, body: FollowingAsked, use: Uses, who: Acting, lang: Language = None) -> FollowingShown:
    """Have the company collected again every so many days; changes are told to webhooks as `company.changed`."""
    return _following(use.collect.follow(who, collection_id, body.every_days))


@router.delete("/collections/{collection_id}/following", tags=["collections"], responses={**error_answers(404, 422)})
def follow_no_more(collection_id: Id, use: Uses, who: Acting, lang: Language = None) -> FollowingShown:
    """Collect the company no more by itself."""
    return _following(use.collect.follow(who, collection_id, None))


@router.get("/company-changes", tags=["collections"], responses={**error_answers(422)})
def changes(
    use: Uses,
    who: Acting,
    unseen: Annotated[bool, Query(description="Only those that nobody has looked at.")] = False,
    limit: Annotated[int, Query(ge=1, le=200, description="How many, 1 to 200; without it 50.")] = 50,
    lang: Language = None,
) -> ChangesShown:
    """List what public sources said otherwise than the time before, the newest first."""
    found = use.collect.changes(who, unseen=unseen, limit=limit)
    return ChangesShown(items=[ChangeShown(**{name: getattr(one, name) for name in one.__slots__}) for one in found])


@router.post(
    "/company-changes/{change_id}/seen", status_code=204, tags=["collections"], responses={**error_answers(404, 422)}
)
def change_seen(change_id: ChangeId, use: Uses, who: Acting, lang: Language = None) -> None:
    """Say that a change was looked at."""
    use.collect.see_change(who, change_id)


def _following(found: CompanyCollection) -> FollowingShown:
    told = found.followed
    return FollowingShown(every_days=told.every_days if told else None, due=told.due if told else None)


@router.get(
    "/collected-answers/{answer_id}",
    tags=["collections"],
    response_class=Response,
    responses={
        200: {"description": "The answer as it came.", "content": {"application/octet-stream": {}}},
        **error_answers(404, 422),
    },
)
def answer(answer_id: AnswerId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Download the answer that a value is from, as it came."""
    found = use.collect.payload(who, answer_id)
    return download(found.content, f"{found.answer.source}-{found.answer.operation}", "application/octet-stream")


def _uses(organisations: Sequence[SourceUse], lang: Lang) -> dict[str, int]:
    """Return name → calls; two organisations of one name are told apart by their identifiers."""
    names = [one.name[lang] for one in organisations]
    return {
        name if names.count(name) == 1 else f"{name} ({one.organisation})": one.calls
        for name, one in zip(names, organisations, strict=True)
    }


@router.get("/sources", tags=["collections"], responses={**error_answers(422)})
def sources(use: Uses, who: Acting, lang: Language = None) -> SourcesShown:
    """List public sources with their state and the quota used."""
    return SourcesShown(
        items=[
            SourceShown(
                source=one.source,
                has_key=one.has_key,
                address=one.address,
                used={period: list(counts) for period, counts in one.used.items()},
                organisations=_uses(one.organisations, "en" if lang == "en" else "ko"),
                outcomes={outcome: told[0] for outcome, told in one.outcomes.items()},
                failures=one.failures,
                rests_until=one.rests_until,
                why=one.why,
            )
            for one in use.collect.sources(who)
        ]
    )


def shown(found: CompanyCollection, lang: str | None = None) -> CollectionShown:
    """Return a collection as the API gives it."""
    state: Any = found.state
    return CollectionShown(
        id=found.id,
        business_number=found.business_number,
        state=state,
        made_up=found.made_up,
        job=found.job,
        company=found.company,
        created=found.created,
        details=None if found.gathered is None else as_json(found, "en" if lang == "en" else "ko"),
    )
