"""The receipt that both sides get of every change of a consent, with the fields of ISO/IEC TS 27560."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ktop.catalogue import load
from ktop.domain.party.consent import ONE_RATING, Consent, notice


@dataclass(frozen=True, slots=True)
class Side:
    """A party as a receipt names it."""

    id: str
    name_ko: str
    name_en: str
    business_number: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state as a receipt tells it."""

    state: str
    at: datetime
    by: str
    reason: str


def consent_receipt(consent: Consent, company: Side, grantee: Side, events: Sequence[Event]) -> dict[str, Any]:
    """Return the receipt of a consent as it stands, JSON types; ``events`` are its changes, oldest first."""
    words = load("consent")
    terms = consent.terms
    purpose = words["purposes"][terms.purpose]
    shown = [{"pii_type": "result", "name": name, "label": _result(name, words)} for name in sorted(terms.results)]
    shown += [{"pii_type": "input", "name": n, "label": dict(words["inputs"][n])} for n in sorted(terms.inputs)]
    return {
        "schema_version": "ISO/IEC TS 27560:2023",
        "receipt_id": f"{consent.id}.{consent.version}",
        "record_id": consent.id,
        "pii_principal_id": company.id,
        "predecessor": consent.predecessor,
        "number": consent.number,
        "pii_processing": {
            "privacy_notice": {
                "version": consent.notice_version,
                "sha256": consent.notice_hash,
                "text": dict(notice(consent.notice_version)),
            },
            "languages": ["ko", "en"],
            "purposes": [
                {
                    "purpose": terms.purpose,
                    "label": dict(purpose["label"]),
                    "lawful_basis": terms.legal_basis,
                    "lawful_basis_label": dict(words["legal_bases"][terms.legal_basis]),
                    "pii_information": shown,
                    "technologies": sorted(terms.technologies),
                    "pii_controllers": [grantee.id],
                    "frequency": "once" if terms.once else "regular",
                    "valid_from": terms.valid_from.isoformat(),
                    "valid_until": terms.valid_until.isoformat(),
                    "retention_period": dict(purpose["kept"]),
                    "jurisdiction": "KR",
                    "withdrawal_method": f"/consents/{consent.id}",
                }
            ],
        },
        "party_identification": [_side(company, "pii_principal"), _side(grantee, "pii_controller")],
        "consent_given": {"by": consent.granted_by, "authenticated_by": consent.authenticated_by},
        "consent_asked": {"by": consent.asked_by, "reason": consent.asked_reason},
        "event_state": consent.state,
        "events": [
            {
                "event_time": event.at.isoformat(),
                "event_state": event.state,
                "entity_id": event.by,
                "reason": event.reason,
            }
            for event in events
        ],
    }


def _result(name: str, words: Mapping[str, Any]) -> dict[str, str]:
    if name.startswith(ONE_RATING):
        return dict(words["one_result"])
    return dict(words["results"][name])


def _side(side: Side, role: str) -> dict[str, Any]:
    return {
        "party_id": side.id,
        "party_role": role,
        "party_name": {"ko": side.name_ko, "en": side.name_en},
        "business_number": side.business_number,
    }
