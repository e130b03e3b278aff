"""The API of signed results: issue, fetch, withdraw, verify."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from ktop.catalogue import Lang, message
from ktop.domain.party.actor import Actor
from ktop.kernel.errors import InputError
from ktop.usecases.platform import Platform
from ktop.usecases.results.interface import IssuedResult
from ktop.web.api.bodies import BodyRoute
from ktop.web.api.schemas import error_answers
from ktop.web.api.v1 import Acting, Language, RatingId, Uses

router = APIRouter(prefix="/api/v1", route_class=BodyRoute)
SignedId = Annotated[str, Path(description="Identifier of a signed result.", pattern="^[0-9A-Za-z_-]{1,64}$")]
_ID = "9f2c1c7be1f04a6d8d0e5a7c3b21f6aa"


class Issued(BaseModel):
    """A signed result of the caller's organisation."""

    id: str = Field(description="Its identifier.", examples=[_ID])
    rating: str = Field(description="The kept rating that it was made of.")
    address: str = Field(description="Public page that tells whether it still counts.")
    created: datetime.datetime
    key_id: str = Field(description="`kid` of the key that signed it.")
    inputs: list[str] = Field(description="Names of the inputs that can be shown or withheld; not told in lists.")
    revoked: datetime.datetime | None = Field(description="When it was withdrawn.")
    reason: str = Field(description="Why it was withdrawn; told to the organisation alone.")


class SignedFile(BaseModel):
    """A signed result as a file: the token (`vc+jwt`) and the inputs that are shown with it."""

    model_config = ConfigDict(extra="forbid")

    format: str = Field(examples=["ktop-signed-result/1"], max_length=40)
    credential: str = Field(description="Compact JWS, ES256.", examples=["eyJhbGciOiJFUzI1NiIs…"], max_length=128_000)
    disclosures: list[str] = Field(description="Inputs shown, as in RFC 9901.", examples=[[]], max_length=2_000)


class Reason(BaseModel):
    """Why a signed result is withdrawn."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1,
        max_length=500,
        description="For the organisation itself.",
        examples=["A statement was corrected."],
    )


class ManySigned(BaseModel):
    """Signed results to verify together."""

    model_config = ConfigDict(extra="forbid")

    files: list[SignedFile] = Field([], max_length=50, description="Signed JSON files.")
    reports: list[Base64Bytes] = Field([], max_length=20, description="Signed PDF reports, Base64.")


class Verified(BaseModel):
    """What a signed result says that is authentic, unaltered and, as far as was looked up, not withdrawn."""

    id: str = Field(description="Address of its page at the issuer.")
    issuer: str
    issuer_name: str
    company: str | None
    business_number: str | None
    technology: str | None
    models: list[dict[str, Any]] = Field(
        description="Per model: name, version, scores, grades, probabilities, trained_on."
    )
    as_of: datetime.date
    issued: datetime.datetime
    key_id: str
    inputs: dict[str, Any] = Field(description="Inputs shown: value, source, date.")
    withheld: int
    missing: int
    revoked: datetime.datetime | None
    status_checked: bool
    status_list: str


class VerifiedOne(BaseModel):
    """What became of one of them: `result`, or the code and sentence of what does not hold."""

    result: Verified | None
    code: str | None
    problem: str | None


class VerifiedMany(BaseModel):
    """The answers in the order in which they were given: files, then reports."""

    items: list[VerifiedOne]


# Plain functions, because signing and the database block: the framework runs them in worker threads.
@router.post("/ratings/{rating_id}/results", status_code=201, tags=["results"], responses={**error_answers(404, 413)})
def issue(rating_id: RatingId, use: Uses, who: Acting, lang: Language = None) -> Issued:
    """Sign a kept rating."""
    return _issued(use.results.issue_result(who, rating_id))


@router.get("/ratings/{rating_id}/results", tags=["results"], responses={**error_answers(404)})
def results_of(rating_id: RatingId, use: Uses, who: Acting, lang: Language = None) -> list[Issued]:
    """List what was signed of a kept rating, the newest first."""
    return [_issued(found) for found in use.results.results_of(who, rating_id)]


@router.get("/results/{result_id}", tags=["results"], responses={**error_answers(404)})
def result(result_id: SignedId, use: Uses, who: Acting, lang: Language = None) -> Issued:
    """Fetch what is known of a signed result."""
    return _issued(use.results.result(who, result_id))


@router.get("/results/{result_id}/file", tags=["results"], responses={**error_answers(404)})
def result_file(
    result_id: SignedId,
    use: Uses,
    who: Acting,
    show: Annotated[
        list[str] | None, Query(description="Inputs to show; without any, all but a guarantee's amount.")
    ] = None,
    none: Annotated[bool, Query(description="Show no input at all.")] = False,
    lang: Language = None,
) -> SignedFile:
    """Fetch the signed file, with the inputs of the models or only those named."""
    content = use.results.result_file(who, result_id, () if none else show)
    return SignedFile(**json.loads(content))


@router.get(
    "/results/{result_id}/report",
    tags=["results"],
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, **error_answers(404, 409, 503)},
)
def result_report(result_id: SignedId, use: Uses, who: Acting, lang: Language = None) -> Response:
    """Fetch the signed PDF report, Korean where no language is named."""
    content = use.results.result_report(who, result_id, "en" if lang == "en" else "ko")
    return Response(content, media_type="application/pdf")


@router.post("/results/{result_id}/revocation", tags=["results"], responses={**error_answers(404, 409)})
def revoke(result_id: SignedId, body: Reason, use: Uses, who: Acting, lang: Language = None) -> Issued:
    """Withdraw a signed result for good."""
    return _issued(use.results.revoke_result(who, result_id, body.reason))


@router.post("/results/verify", tags=["results"], responses={**error_answers(413)})
def verify(body: SignedFile, use: Uses, who: Acting, lang: Language = None) -> Verified:
    """Verify a signed result against this installation's keys and withdrawals; open to everybody."""
    found = use.results.verify_result(who, body.model_dump_json().encode())
    return Verified(**asdict(found))


@router.post("/results/verify-many", tags=["results"], responses={**error_answers(403, 413)})
def verify_many(body: ManySigned, use: Uses, who: Acting, lang: Language = None) -> VerifiedMany:
    """Verify up to 50 signed files and 20 reports; one that does not hold does not stop the others."""
    contents = [*(file.model_dump_json().encode() for file in body.files), *body.reports]
    return VerifiedMany(items=[_verified(use, who, content, "en" if lang == "en" else "ko") for content in contents])


def _verified(use: Platform, who: Actor, content: bytes, lang: Lang) -> VerifiedOne:
    try:
        found = use.results.verify_result(who, content)
    except InputError as error:
        return VerifiedOne(result=None, code=error.key, problem=message(error, lang))
    return VerifiedOne(result=Verified(**asdict(found)), code=None, problem=None)


def _issued(found: IssuedResult) -> Issued:
    return Issued(**asdict(found))
