"""The receipt of a consent as a PDF, set like the other reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.report import numbers
from ktop.report.pdf import PDF_MAKING, set_document


def consent_receipt_rows(receipt: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    """Return what a consent's receipt (``domain.party.consent_receipt``) says, as labelled values."""
    (purpose,) = receipt["pii_processing"]["purposes"]
    company, grantee = (side["party_name"][lang] for side in receipt["party_identification"])
    shown = {
        kind: ", ".join(part["label"][lang] for part in purpose["pii_information"] if part["pii_type"] == kind)
        for kind in ("result", "input")
    }
    period = f"{numbers.day(purpose['valid_from'], lang)} – {numbers.day(purpose['valid_until'], lang)}"
    given = receipt["consent_given"]
    values = {
        "company": company,
        "grantee": grantee,
        "state": text(f"consent.state_{receipt['event_state']}", lang),
        "purpose": purpose["label"][lang],
        "results": shown["result"],
        "inputs": shown["input"] or text("consent.no_inputs", lang),
        "period": period,
        "frequency": text(f"consent.{purpose['frequency']}", lang),
        "basis": purpose["lawful_basis_label"][lang],
        "kept": purpose["retention_period"][lang],
        "given": f"{given['by']} ({_ways(given['authenticated_by'], lang)})" if given["by"] else "–",
        "reason": receipt["consent_asked"]["reason"] or "–",
        "number": f"{receipt['record_id']} ({receipt['number']})",
    }
    return [(text(f"consent.row_{name}", lang), value) for name, value in values.items()]


def _ways(known_by: str, lang: Lang) -> str:
    """Return in words how somebody was known, ``password+totp``; a way that this release does not know stays."""
    words = load("consent")["known_by"]
    return " + ".join(words[way][lang] if way in words else way for way in known_by.split("+"))


def consent_receipt_events(receipt: Mapping[str, Any], lang: Lang) -> list[tuple[str, str, str]]:
    """Return the changes of a consent: when, to which state, by whom and why."""
    return [
        (
            numbers.moment(datetime.fromisoformat(event["event_time"]), lang),
            text(f"consent.state_{event['event_state']}", lang),
            f"{event['entity_id']} {event['reason']}".strip(),
        )
        for event in receipt["events"]
    ]


def consent_receipt_pdf(receipt: Mapping[str, Any], lang: Lang) -> bytes:
    """Return a consent's receipt as a PDF; the same receipt gives the same bytes.

    Raises ``BusyError`` where too many others wait for their documents.
    """
    notice = receipt["pii_processing"]["privacy_notice"]
    newest = datetime.fromisoformat(receipt["events"][-1]["event_time"]).astimezone(numbers.KOREA).date()
    data = {
        "lang": lang,
        "title": text("consent.receipt_title", lang),
        "subject": receipt["receipt_id"],
        "as_of": numbers.day(newest, lang),
        "models": [receipt["schema_version"]],
        "origin": text("consent.receipt_origin", lang),
        "rows": consent_receipt_rows(receipt, lang),
        "events": consent_receipt_events(receipt, lang),
        "notice": notice["text"][lang],
        "notice_hash": f"{notice['version']} · SHA-256 {notice['sha256']}",
        "words": {
            **{name: text(f"report.{name}", lang) for name in ("platform", "as_of", "item", "value")},
            "events": text("consent.events", lang),
            "notice": text("consent.notice", lang),
            "event_columns": [text(f"consent.column_{name}", lang) for name in ("when", "state", "who")],
        },
    }
    with PDF_MAKING.taken():
        return set_document(data, newest, "receipt.typ")


def purpose_label(purpose: str, lang: Lang) -> str:
    """Return a purpose in words."""
    label: str = load("consent")["purposes"][purpose]["label"][lang]
    return label
