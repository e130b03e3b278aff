"""The body of a signed result: a verifiable credential (W3C VC Data Model 2.0) on what the models answered.

It holds who issued it, on whom, as of which day, every model's version, scores, grades and probabilities, and a digest
of every input. What explains a rating (contributions, opinions, neighbours) stays in the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ktop.catalogue import LANGS, text
from ktop.signing.disclosures import DIGEST, digests, disclosure
from ktop.signing.errors import NotAuthenticError

#: The second context lets names that no vocabulary defines be plain names.
CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2")
KIND = "TechnologyRatingCredential"
#: The amount of a guarantee is a share of sales and tells what they are at least: an input like others, no result.
GUARANTEE_AMOUNT = "guarantee_amount_krw"
#: Inputs that a file shows only where they are named.
WITHHELD_UNLESS_NAMED = frozenset((GUARANTEE_AMOUNT,))
#: How far a verifier's clock may be behind the issuer's.
CLOCK_LEEWAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: the installation's public address (no slash at its end) and its name."""

    address: str
    name: str

    def result_address(self, result_id: str) -> str:
        """Return the address of a result's verification page: its identifier as a credential, and in the QR code."""
        return f"{self.address}/verify/{result_id}"

    def status_address(self, number: int) -> str:
        """Return the address of a status list; it must stay the same for good."""
        return f"{self.address}/status/results/{number}"


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """What is signed: ratings made together (``Rating.to_json()``) as of one day, of a company, a technology or both.

    ``business_number`` is the company's, ten digits, where known.
    """

    as_of: date
    ratings: Sequence[Mapping[str, Any]]
    business_number: str | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says.

    Parameters
    ----------
    id : the credential's identifier, the address of its verification page.
    subject : type, name … as signed.
    ratings : per model: model, scores, grades, probabilities, decision.
    digests : of the inputs; ``given`` and ``missing`` count those the models asked for.
    status : address of the status list and the place in it.
    """

    id: str
    issuer: str
    issuer_name: str
    issued: datetime
    as_of: date
    subject: Mapping[str, Any]
    ratings: Sequence[Mapping[str, Any]]
    digests: Sequence[str]
    given: int
    missing: int
    status: tuple[str, int]


def disclosures_of(ratings: Sequence[Mapping[str, Any]]) -> tuple[list[str], int]:
    """Return every input that was given, each once, salted and ready to be shown, and how many were missing.

    An input that two models saw differently is named ``model:name`` for the later one. The amount of a guarantee is one
    of them, its rule as the source.
    """
    seen: dict[str, Mapping[str, Any]] = {}
    missing = set()
    for rating in ratings:
        guarantee = rating.get("details", {}).get("guarantee")
        if guarantee and guarantee["amount_krw"] is not None:
            seen[GUARANTEE_AMOUNT] = {
                "value": guarantee["amount_krw"],
                "source": guarantee["rule"],
                "date": rating["as_of"],
            }
        for entry in rating["inputs"]:
            value = {part: entry[part] for part in ("value", "source", "date", "status") if part in entry}
            if value["value"] is None:
                missing.add(entry["name"])
            elif seen.setdefault(entry["name"], value) != value:
                seen[f"{rating['model']['name']}:{entry['name']}"] = value
    return [disclosure(name, value) for name, value in seen.items()], len(missing - seen.keys())


def body(
    answer: RatedAnswer,
    issuer: Issuer,
    *,
    result_id: str,
    issued: datetime,
    status_list: int,
    status_index: int,
    disclosed: Sequence[str],
    missing: int,
) -> dict[str, Any]:
    """Return the credential; ``disclosed`` and ``missing`` as ``disclosures_of`` gives them.

    The claims ``iss``, ``jti`` and ``iat`` repeat the credential's own issuer, identifier and time for JOSE libraries.
    """
    status = issuer.status_address(status_list)
    return {
        "iss": issuer.address,
        "jti": issuer.result_address(result_id),
        "iat": int(issued.timestamp()),
        "@context": list(CONTEXTS),
        "id": issuer.result_address(result_id),
        "type": ["VerifiableCredential", KIND],
        "issuer": {"id": issuer.address, "name": issuer.name},
        "validFrom": _moment(issued),
        "credentialSubject": {
            **_subject(answer),
            "asOf": answer.as_of.isoformat(),
            "ratings": [_rating(rating) for rating in answer.ratings],
            "basis": {lang: text("signing.basis", lang) for lang in LANGS},
            "inputs": {"given": len(disclosed), "missing": missing, "_sd": digests(disclosed)},
        },
        "credentialStatus": {
            "id": f"{status}#{status_index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(status_index),
            "statusListCredential": status,
        },
        "_sd_alg": DIGEST,
    }


def read(payload: Mapping[str, Any], now: datetime) -> Claims:
    """Return what a verified token says.

    Raises ``NotAuthenticError`` for a token about something else, one that contradicts itself or the form above, and
    one from the future.
    """
    try:
        subject = dict(payload["credentialSubject"])
        status = payload["credentialStatus"]
        inputs = subject.pop("inputs")
        index = status["statusListIndex"]
        claims = Claims(
            id=_text(payload["id"]),
            issuer=_text(payload["issuer"]["id"]),
            issuer_name=_text(payload["issuer"]["name"]),
            issued=_read_moment(payload["validFrom"]),
            as_of=date.fromisoformat(subject.pop("asOf")),
            ratings=[_checked(rating) for rating in subject.pop("ratings")],
            subject=subject,
            digests=[_text(entry) for entry in inputs["_sd"]],
            given=int(inputs["given"]),
            missing=int(inputs["missing"]),
            status=(_text(status["statusListCredential"]), int(index)),
        )
        consistent = (
            KIND in payload["type"]
            and payload["_sd_alg"] == DIGEST
            and (payload["iss"], payload["jti"], payload["iat"])
            == (claims.issuer, claims.id, int(claims.issued.timestamp()))
            and (status["type"], status["statusPurpose"]) == ("BitstringStatusListEntry", "revocation")
            and str(claims.status[1]) == index
            and claims.ratings
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotAuthenticError("signing.other_content") from error
    if not consistent:
        raise NotAuthenticError("signing.other_content")
    if claims.issued > now + CLOCK_LEEWAY:
        raise NotAuthenticError("signing.from_the_future", issued=payload["validFrom"])
    return claims


def _subject(answer: RatedAnswer) -> dict[str, Any]:
    """Return whom or what was rated: a company by its names, a technology by its title, never its text."""
    found: dict[str, Any] = {}
    for rating in answer.ratings:
        subject = rating["subject"]
        if rating["model"]["name"] == "originality":
            found["technology"] = {"title": subject.get("title") or None}
        elif "company" not in found:
            about = {
                "name": subject.get("name"),
                "nameEn": subject.get("name_en"),
                "businessNumber": answer.business_number,
            }
            found["company"] = {name: value for name, value in about.items() if value}
    return found


def _rating(rating: Mapping[str, Any]) -> dict[str, Any]:
    model = rating["model"]
    found = {
        "model": {"name": model["name"], "version": model["version"], "trainedOn": model["trained_on"]},
        "scores": rating["scores"],
        "grades": rating["grades"],
        "probabilities": rating["probabilities"],
        "warnings": [warning["code"] for warning in rating["warnings"]],
    }
    if "basis" in rating:  # declared by the firm, or on evidence; and both results
        evidence = rating["details"]["evidence"]
        found["basis"] = rating["basis"]
        found["evidence"] = {
            "rule": evidence["rule"],
            **{kind: evidence[kind] and evidence[kind]["grades"] for kind in ("declared", "evidence")},
        }
    guarantee = rating["details"].get("guarantee")
    if guarantee:
        found["guarantee"] = {name: guarantee[name] for name in ("rule", "status")}
    return found


def _checked(rating: Mapping[str, Any]) -> Mapping[str, Any]:
    model = rating["model"]
    _text(model["name"]), _text(model["version"])
    for part in ("scores", "grades", "probabilities"):
        if not isinstance(rating[part], dict):
            raise TypeError(part)
    return rating


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_moment(given: str) -> datetime:
    return datetime.strptime(given, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
