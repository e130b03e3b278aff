"""Reads the JSON export of lens.org: one publication a line, or one array of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation, normalise_publication_number
from ktop.patents.readers import Record, Reject, Sample
from ktop.patents.readers.claims import separate_claims
from ktop.patents.readers.exchange import PHASES
from ktop.patents.readers.fields import parse_date
from ktop.patents.readers.json_records import first_keys, json_records
from ktop.patents.readers.record import (
    build,
    citation,
    distinct,
    docdb_application_number,
    is_kept_language,
    language_code,
    search_letter,
    symbols,
    texts_of_language,
)
from ktop.patents.readers.source import Source

Json = Mapping[str, Any]
#: Types of publications that are no grant, whatever became of the application later. Of all others (grants, amended and
#: limited ones, plants, designs, additions ...) the legal status says when they were granted.
_NO_GRANTS = frozenset({"PATENT_APPLICATION", "AMENDED_APPLICATION", "SEARCH_REPORT", "ABSTRACT", "SPC"})


class LensJson:
    """Records with a ``lens_id``, in the structure of the service's own interface."""

    name = "lens-json"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the keys."""
        text = sample.head.decode("utf-8-sig", errors="ignore").lstrip()
        return text.startswith(("{", "[")) and {"lens_id", "doc_number"} <= set(first_keys(text))

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


def _patent(record: Json, where: str) -> Patent | Reject:
    biblio: Json = record.get("biblio") or {}
    published: Json = biblio.get("publication_reference") or {}
    applied: Json = biblio.get("application_reference") or {}
    parties: Json = biblio.get("parties") or {}
    title, abstract, language = texts_of_language(
        [(entry.get("lang") or "", entry.get("text") or "") for entry in biblio.get("invention_title") or []],
        [(entry.get("lang") or "", entry.get("text") or "") for entry in record.get("abstract") or []],
    )
    kind = str(record.get("kind") or published.get("kind") or "")
    day = parse_date(record.get("date_published") or published.get("date"))
    legal: Json = record.get("legal_status") or {}
    type_ = str(record.get("publication_type") or "").strip().upper().replace(" ", "_")
    granted = None if type_ in _NO_GRANTS else parse_date(legal.get("grant_date"))
    claims, kept = _claims(record.get("claims") or [])
    description: Json = record.get("description") or {}
    return build(
        where,
        LensJson.name,
        (str(record.get("jurisdiction") or published.get("jurisdiction") or ""), str(record["doc_number"]), kind),
        title,
        abstract,
        claims=claims,
        keep_claim=kept,
        language=language,
        application=docdb_application_number(
            str(applied.get("jurisdiction") or ""), str(applied.get("doc_number") or ""), str(applied.get("kind") or "")
        ),
        family=_family(record.get("families") or {}),
        filing_date=parse_date(applied.get("date")),
        publication_date=day,
        grant_date=granted,
        description=str(description.get("text") or "") if is_kept_language(description.get("lang")) else None,
        ipc=_classes(biblio, "classifications_ipcr"),
        cpc=_classes(biblio, "classifications_cpc"),
        applicants=_names(parties.get("applicants") or []),
        inventors=_names(parties.get("inventors") or []),
        cited=_citations((biblio.get("references_cited") or {}).get("citations") or []),
        status=str(legal.get("patent_status") or "")[:100] or None,
    )


def _claims(sets: Sequence[Json]) -> tuple[list[str], bool]:
    """Return the claims of the English set, else the Korean, else the first; and whether they are in one of the two."""
    ranked = sorted(sets, key=lambda entry: {"en": 0, "ko": 1}.get(language_code(entry.get("lang")), 2))
    if not ranked:
        return [], True
    texts = ["\n".join(claim.get("claim_text") or []) for claim in ranked[0].get("claims") or []]
    return separate_claims(texts), is_kept_language(ranked[0].get("lang"))


def _family(families: Json) -> str | None:
    """Return the smallest number of the simple family, which all its members list alike."""
    members = (families.get("simple_family") or {}).get("members") or []
    numbers = sorted(filter(None, (_number(member.get("document_id") or {}) for member in members)))
    return numbers[0] if numbers else None


def _number(document: Json) -> str | None:
    return normalise_publication_number(
        str(document.get("doc_number") or ""),
        country=str(document.get("jurisdiction") or "") or None,
        kind=str(document.get("kind") or "") or None,
    )


def _classes(biblio: Json, name: str) -> tuple[str, ...]:
    return symbols(str(entry.get("symbol") or "") for entry in (biblio.get(name) or {}).get("classifications") or [])


def _names(people: Sequence[Json]) -> tuple[str, ...]:
    return distinct(str((person.get("extracted_name") or {}).get("value") or "") for person in people)


def _citations(entries: Sequence[Json]) -> Iterator[PatentCitation | LiteratureCitation]:
    for entry in entries:
        letters = entry.get("category") or ""
        category = search_letter(" ".join(letters) if isinstance(letters, list) else str(letters))
        category = category or PHASES.get(str(entry.get("cited_phase") or ""))
        document: Json = (entry.get("patcit") or {}).get("document_id") or {}
        found = citation(
            str(document.get("jurisdiction") or ""),
            str(document.get("doc_number") or ""),
            str(document.get("kind") or ""),
            category,
        )
        if found:
            yield found
        literature = str((entry.get("nplcit") or {}).get("text") or "").strip()
        if literature:
            yield LiteratureCitation(literature, category)


READER = LensJson()
