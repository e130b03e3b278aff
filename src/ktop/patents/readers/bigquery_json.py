"""Reads JSON exports of Google's public patent table (patents-public-data) with its own, nested columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation
from ktop.patents.readers import Record, Reject, Sample
from ktop.patents.readers.claims import split_claims
from ktop.patents.readers.exchange import PHASES
from ktop.patents.readers.fields import parse_date
from ktop.patents.readers.json_records import first_keys, json_records
from ktop.patents.readers.record import (
    build,
    citation,
    distinct,
    docdb_application_number,
    language_code,
    search_letter,
    symbols,
    texts_of_language,
)
from ktop.patents.readers.source import Source

_NESTED = {"title_localized", "abstract_localized"}


class BigQueryJson:
    """Records with ``publication_number`` and localised texts. Flattened exports are read by ``json``."""

    name = "bigquery-json"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the keys."""
        text = sample.head.decode("utf-8-sig", errors="ignore").lstrip()
        if not text.startswith(("{", "[")):
            return False
        keys = set(first_keys(text))
        return "publication_number" in keys and bool(_NESTED & keys)

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per record."""
        for where, record in json_records(source):
            if isinstance(record, Reject):
                yield record
                continue
            try:
                yield _patent(record, where)
            except (AttributeError, TypeError, KeyError, ValueError, IndexError) as error:
                yield Reject(where, "patent_sources.reject_json_record", {"field": str(error)[:80]})


def _texts(record: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    return [(language_code(entry.get("language")), str(entry.get("text") or "")) for entry in record.get(name) or []]


def _day(record: Mapping[str, Any], name: str) -> Any:
    """Return a date; the table prints 20100119 as a number, and 0 for none."""
    return parse_date(str(record.get(name) or ""))


def _patent(record: Mapping[str, Any], where: str) -> Patent | Reject:
    title, abstract, language = texts_of_language(
        _texts(record, "title_localized"), _texts(record, "abstract_localized")
    )
    claims = _chosen(_texts(record, "claims_localized"))
    description = _chosen(_texts(record, "description_localized"))
    applied = str(record.get("application_number") or "").split("-")
    return build(
        where,
        BigQueryJson.name,
        ("", str(record["publication_number"]), str(record.get("kind_code") or "")),
        title,
        abstract,
        claims=split_claims(claims[1]),
        keep_claim=claims[0] in ("en", "ko"),
        language=language,
        application=docdb_application_number(*applied[:3]) if len(applied) >= 2 else None,
        family=str(record.get("family_id") or "") or None,
        filing_date=_day(record, "filing_date"),
        publication_date=_day(record, "publication_date"),
        grant_date=_day(record, "grant_date"),
        description=" ".join(description[1][:8_000].split()) if description[0] in ("en", "ko") else None,
        ipc=symbols(str(entry.get("code") or "") for entry in record.get("ipc") or []),
        cpc=symbols(str(entry.get("code") or "") for entry in record.get("cpc") or []),
        applicants=_names(record, "assignee"),
        inventors=_names(record, "inventor"),
        cited=_citations(record.get("citation") or []),
    )


def _chosen(texts: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return language and text: English, else Korean, else the first."""
    ranked = sorted(texts, key=lambda entry: {"en": 0, "ko": 1}.get(entry[0], 2))
    return ranked[0] if ranked else ("", "")


def _names(record: Mapping[str, Any], role: str) -> tuple[str, ...]:
    """Return names as printed, else as the table's owner harmonised them."""
    printed = [str(name) for name in record.get(role) or [] if name]
    return distinct(printed or [str(entry.get("name") or "") for entry in record.get(f"{role}_harmonized") or []])


def _citations(entries: Sequence[Mapping[str, Any]]) -> Iterator[PatentCitation | LiteratureCitation]:
    for entry in entries:
        category = search_letter(str(entry.get("type") or "")) or PHASES.get(str(entry.get("category") or ""))
        found = citation("", str(entry.get("publication_number") or ""), "", category)
        if found:
            yield found
        literature = " ".join(str(entry.get("npl_text") or "").split())
        if literature:
            yield LiteratureCitation(literature, category)


READER = BigQueryJson()
