"""Issues, withdraws and verifies signed results."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ktop.catalogue import Lang, text
from ktop.domain.party.actor import Actor
from ktop.domain.party.permission import require
from ktop.domain.values.registration_numbers import BUSINESS_NUMBER, clean_digits
from ktop.kernel.errors import ConflictError, InputError, NotFoundError, UnavailableError
from ktop.models.growth_paths import growth_path
from ktop.models.registry import ModelRegistry
from ktop.signing import credential, document, pdf, status_list, tokens
from ktop.signing.credential import Issuer, RatedAnswer
from ktop.signing.document import SignedResult
from ktop.signing.errors import NotAuthenticError
from ktop.signing.keys import SigningKeys
from ktop.store.ratings import RatingRow
from ktop.store.results import IssuedRow
from ktop.store.tables.base import new_id
from ktop.store.unit_of_work import Store, UnitOfWork
from ktop.usecases.results.interface import IssuedResult, RatedModel, Verification

#: The kind of document that a signed result with all its inputs is kept as.
DOCUMENT = "signed_result"
_REASON_CHARACTERS = 500
#: Places tried in one status list before the next is begun: a list that is half full refuses all of 8 once in 256.
_TRIES, _LISTS = 8, 1_000


class ResultService:
    """See ``ktop.usecases.results.interface.Results``. The database is opened when it is first needed."""

    def __init__(
        self, store: Callable[[], Store], keys: SigningKeys, issuer: Issuer, models: ModelRegistry | None = None
    ) -> None:
        self._store, self._keys, self._issuer, self._models = store, keys, issuer, models

    def issue_result(self, actor: Actor, rating_id: str) -> IssuedResult:
        require(actor, "own:result:issue")
        with self._store().unit(actor) as unit:
            rating = unit.ratings.get(rating_id)
            shown, missing = credential.disclosures_of(rating.results)
            row, signed = self._sign(unit, actor, rating, shown, missing)
            unit.documents.add(
                kind=DOCUMENT,
                name=f"ktop-signed-{rating.as_of.isoformat()}-{row.id[:8]}.json",
                media_type=document.MEDIA_TYPE,
                subject=row.id,
                content=signed.to_bytes(),
            )
        return self._issued(row, signed.names())

    def result(self, actor: Actor, result_id: str) -> IssuedResult:
        require(actor, "own:rating:read")
        with self._store().reading(actor) as unit:
            return self._issued(unit.results.get(result_id), _whole(unit, result_id).names())

    def results_of(self, actor: Actor, rating_id: str) -> Sequence[IssuedResult]:
        require(actor, "own:rating:read")
        with self._store().reading(actor) as unit:
            return [self._issued(row) for row in unit.results.of_rating(rating_id)]

    def result_file(self, actor: Actor, result_id: str, shown: Collection[str] | None = None) -> bytes:
        require(actor, "own:document:read")
        with self._store().reading(actor) as unit:
            unit.results.get(result_id)
            whole = _whole(unit, result_id)
        named = set(whole.names()) - credential.WITHHELD_UNLESS_NAMED if shown is None else shown
        return _showing(whole, named).to_bytes()

    def result_report(self, actor: Actor, result_id: str, lang: Lang) -> bytes:
        require(actor, "own:document:read")
        from ktop.report.pdf import Seal, report  # loads what draws charts
        from ktop.report.present.growth_paths import with_growth_paths

        with self._store().reading(actor) as unit:
            row = unit.results.get(result_id)
            if row.revoked is not None:
                raise ConflictError("signing.no_report_of_revoked")
            rating, whole = unit.ratings.get(row.rating), _whole(unit, result_id)
        seal = Seal(self._issuer.result_address(row.id), pdf.ATTACHMENT, whole.to_bytes())
        results = rating.results
        if self._models is not None:
            paths = (growth_path(one, self._models) for one in results)
            results = with_growth_paths(results, [path for path in paths if path is not None])
        content = report(results, lang, technology_text=rating.inputs.get("text"), seal=seal)
        return pdf.sign_pdf(content, self._keys.current(), self._issuer.name, text("signing.field", lang))

    def revoke_result(self, actor: Actor, result_id: str, reason: str) -> IssuedResult:
        require(actor, "own:result:revoke")
        said = reason.strip()
        if not said or len(said) > _REASON_CHARACTERS:
            raise InputError("signing.reason_needed", most=_REASON_CHARACTERS)
        with self._store().unit(actor) as unit:
            return self._issued(unit.results.revoke(result_id, said))

    def verify_result(
        self, actor: Actor, content: bytes, keys: bytes | None = None, status: bytes | None = None
    ) -> Verification:
        trusted = tokens.read_keys(keys) if keys is not None else self._own_keys()
        now = datetime.now(UTC)
        signed = pdf.read_pdf(content, trusted) if content.startswith(pdf.BEGINNING) else SignedResult.parse(content)
        verified = document.verify(signed, trusted, now)
        revoked: datetime | None = None
        checked = status is not None
        if status is not None:
            if document.withdrawn(verified, status.decode("ascii", "replace").strip(), trusted, now):
                raise NotAuthenticError("signing.revoked")
        elif verified.key_id in {key.id for key in self._keys.all()}:
            row = self._published(verified)
            checked, revoked = row is not None, None if row is None else row.revoked
        if revoked is not None:
            raise NotAuthenticError("signing.revoked")
        return _verification(verified, None, checked)

    def show_only(self, actor: Actor, content: bytes, shown: Collection[str]) -> bytes:
        return _showing(SignedResult.parse(content), shown).to_bytes()

    def published_result(self, actor: Actor, result_id: str) -> Verification:
        with self._store().installation(reading=True) as work:
            row = work.published_results.find(result_id)
        if row is None:
            raise NotFoundError("signing.result_not_found")
        verified = document.verify(SignedResult(row.signed), self._own_keys(), datetime.now(UTC))
        return _verification(verified, row.revoked, True)

    def status_list(self, actor: Actor, number: int) -> str:
        if not 0 <= number < _LISTS:
            raise NotFoundError("signing.no_status_list")
        first = number * status_list.LENGTH
        with self._store().installation(reading=True) as work:
            withdrawn = work.published_results.withdrawn(first, first + status_list.LENGTH - 1)
        if withdrawn is None:
            raise NotFoundError("signing.no_status_list")
        places = [index - first for index in withdrawn]
        body = status_list.body(self._issuer, number, places, datetime.now(UTC))
        return tokens.sign(body, self._keys.current())

    def public_keys(self, actor: Actor) -> Mapping[str, Any]:
        return self._keys.jwks()

    def rotate_key(self, actor: Actor, withdraw: str | None = None) -> Mapping[str, Any]:
        require(actor, "platform:key:manage")
        key = self._keys.rotate() if withdraw is None else self._keys.withdraw(withdraw)
        with self._store().unit(actor) as unit:
            told = {} if withdraw is None else {"withdrawn": withdraw}
            unit.tell("key.rotated", key.id, told)
        return self._keys.jwks()

    def _sign(
        self, unit: UnitOfWork, actor: Actor, rating: RatingRow, shown: Sequence[str], missing: int
    ) -> tuple[IssuedRow, SignedResult]:
        """Sign a rating at a free place of the status lists, drawn by chance."""
        answer = RatedAnswer(rating.as_of, rating.results, _business_number(rating))
        key, now, result_id = self._keys.current(), datetime.now(UTC), new_id()
        for attempt in range(_TRIES * _LISTS):
            number, place = attempt // _TRIES, secrets.randbelow(status_list.LENGTH)
            body = credential.body(
                answer,
                self._issuer,
                result_id=result_id,
                issued=now,
                status_list=number,
                status_index=place,
                disclosed=shown,
                missing=missing,
            )
            token = tokens.sign(body, key)
            index = number * status_list.LENGTH + place
            row = IssuedRow(result_id, rating.id, key.id, index, token, now, actor.user)
            if unit.results.add(row):
                return row, SignedResult(token, shown)
        raise UnavailableError("signing.no_place_left")

    def _issued(self, row: IssuedRow, inputs: Sequence[str] = ()) -> IssuedResult:
        address = self._issuer.result_address(row.id)
        return IssuedResult(row.id, row.rating, address, row.created, row.key_id, inputs, row.revoked, row.reason)

    def _own_keys(self) -> tokens.PublicKeys:
        published = self._keys.jwks()
        if not published["keys"]:
            raise InputError("signing.no_own_keys")
        return tokens.read_keys(published)

    def _published(self, verified: document.Verified) -> IssuedRow | None:
        with self._store().installation(reading=True) as work:
            return work.published_results.find(verified.claims.id.rpartition("/")[2])


def _whole(unit: UnitOfWork, result_id: str) -> SignedResult:
    (kept,) = unit.documents.of([result_id], DOCUMENT)
    return SignedResult.parse(unit.documents.content(kept.id))


def _showing(whole: SignedResult, shown: Collection[str]) -> SignedResult:
    unknown = sorted(set(shown) - set(whole.names()))
    if unknown:
        raise InputError("signing.no_such_input", given=unknown[0][:80])
    return whole.showing(shown)


def _business_number(rating: RatingRow) -> str | None:
    number = BUSINESS_NUMBER.parse((rating.inputs.get("record") or {}).get("business_number"))
    return None if number is None else clean_digits(number)


def _verification(verified: document.Verified, revoked: datetime | None, checked: bool) -> Verification:
    claims = verified.claims
    company, technology = claims.subject.get("company"), claims.subject.get("technology")
    return Verification(
        id=claims.id,
        issuer=claims.issuer,
        issuer_name=claims.issuer_name,
        company=None if company is None else str(company.get("name") or company.get("nameEn") or ""),
        business_number=None if company is None else company.get("businessNumber"),
        technology=None if technology is None else str(technology.get("title") or ""),
        models=[
            RatedModel(
                rating["model"]["name"],
                rating["model"]["version"],
                rating["scores"],
                rating["grades"],
                rating["probabilities"],
                str(rating["model"].get("trainedOn", "")),
                str(rating.get("basis", "")),
            )
            for rating in claims.ratings
        ],
        as_of=claims.as_of,
        issued=claims.issued,
        key_id=verified.key_id,
        inputs=verified.inputs,
        withheld=verified.withheld,
        missing=claims.missing,
        revoked=revoked,
        status_checked=checked,
        status_list=claims.status[0],
    )
