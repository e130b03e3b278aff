"""Reads answers of the EPO's Open Patent Services, XML and JSON: biblio, search, full text, family, legal status."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ktop.domain.patent.document import Patent, normalise_publication_number
from ktop.kernel.errors import InputError
from ktop.patents.readers import (
    MAX_ABSTRACT_CHARS,
    MAX_CLAIM_CHARS,
    MAX_DESCRIPTION_CHARS,
    Completion,
    Record,
    Reject,
    Sample,
    xml_safe,
)
from ktop.patents.readers.claims import counted_claims, live_claims, separate_claims
from ktop.patents.readers.exchange import document_id, exchange_patent
from ktop.patents.readers.fields import parse_date
from ktop.patents.readers.json_records import broken
from ktop.patents.readers.record import (
    build,
    citation,
    distinct,
    docdb_application_number,
    excerpt,
    is_kept_language,
    language_code,
    search_letter,
    symbols,
    texts_of_language,
)
from ktop.patents.readers.source import Source
from ktop.patents.readers.xml_safe import text_at, text_of

_ROOT = b"world-patent-data"
_OFFICE_JSON = re.compile(rb'^\s*\{\s*"ops:world-patent-data"\s*:')
#: What ready-made clients of the service save: their own JSON, with one of these shapes.
_CLIENT_JSON = re.compile(
    rb'^\s*\{\s*"(?:documents"\s*:\s*\[|document_id"\s*:\s*\{|query"\s*:\s*"[^"]*",\s*"num_results")'
)
_MAX_ANSWER_CHARS = 64 * 1024**2
_PARAGRAPH_NUMBER = re.compile(r"\[\d{4}\]\s*")
_MAX_DEPTH = 60
_RESULTS = "biblio-search/search-result/publication-reference"


class OpsAnswer:
    """OPS answers as the service gives them (XML, JSON), and the JSON that the client ``patent_client`` saves."""

    name = "ops"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the root element or the first key."""
        head = sample.head.removeprefix(b"\xef\xbb\xbf")
        if head.lstrip().startswith(b"{"):
            return bool(_OFFICE_JSON.match(head) or _CLIENT_JSON.match(head))
        return _ROOT in head and re.search(rb"<(?:[\w.\-]+:)?world-patent-data[\s>]", head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent, a completion or a reject per document of the answer.

        Raises ``InputError`` where the answer is broken: it is one document, and refused whole.
        """
        if source.head().removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
            answer = _json(source)
            inner = answer.get("ops:world-patent-data")
            if inner is None:
                for record in _client_records(answer):
                    source.tally.saw()
                    yield record
            else:
                root = ET.Element("world-patent-data")
                _fill(root, inner, 0)
                source.tally.saw(_held(root))
                yield from _records(root)
            return
        for _, document in xml_safe.well_formed(source, xml_safe.documents, holds_many=True):
            if isinstance(document, Reject):
                yield document
            else:
                source.tally.saw(_held(document))
                yield from _records(document)


def _held(root: ET.Element) -> int:
    """Return how many records an answer holds; one that holds none, or an error, is one itself."""
    if root.tag == "fault" or root.find("fault") is not None:
        return 1
    alone = sum(member.find("exchange-document") is None for member in root.iter("family-member"))
    documents = sum(element.tag in ("exchange-document", "fulltext-document") for element in root.iter())
    return max(documents + alone + len(root.findall(_RESULTS)), 1)


def _json(source: Source) -> dict[str, Any]:
    with source.open() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace") as stream:
        text = stream.read(_MAX_ANSWER_CHARS + 1)
    if len(text) > _MAX_ANSWER_CHARS:
        raise InputError("patents.file_too_large", file=source.name, limit=_MAX_ANSWER_CHARS // 1024**2)
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise broken(source.name, error) from error
    if not isinstance(answer, dict):
        raise broken(source.name, ValueError("no object"))
    return answer


def _fill(element: ET.Element, value: Any, depth: int) -> None:
    """Build the XML of the answer from its JSON: ``@x`` is an attribute, ``$`` the text, anything else a child."""
    if not isinstance(value, dict) or depth > _MAX_DEPTH:
        element.text = None if value is None else str(value)
        return
    for name, inner in value.items():
        plain = name.rpartition(":")[2]
        if name.startswith("@"):
            element.set(plain.lstrip("@"), str(inner))
        elif name == "$":
            element.text = str(inner)
        else:
            for entry in inner if isinstance(inner, list) else [inner]:
                _fill(ET.SubElement(element, plain), entry, depth + 1)


def _records(root: ET.Element) -> Iterator[Record]:
    """Yield what an answer holds, whichever service it is of."""
    if root.tag == "fault" or root.find("fault") is not None:
        yield Reject("answer", "patents.reject_service_answer", {"code": text_of(root.find(".//code"))[:40] or "fault"})
        return
    found = 0
    for found, document in enumerate(root.iter("exchange-document"), 1):
        yield _document(document, f"document {found}")
    for number, document in enumerate(root.iter("fulltext-document"), 1):
        found += 1
        yield _full_text(document, f"document {number}")
    for number, member in enumerate(root.iter("family-member"), 1):
        if member.find("exchange-document") is None:
            found += 1
            yield _family_member(member, f"family member {number}")
    for number, hit in enumerate(root.findall(_RESULTS), 1):
        found += 1
        yield _completion(f"result {number}", _number(hit), {"family": hit.get("family-id")})
    if not found:
        yield Reject("answer", "patent_sources.reject_no_record")


def _number(parent: ET.Element, reference: str = "") -> str | None:
    if not reference:
        holder = ET.Element("holder")
        holder.append(parent)
        return _number(holder, parent.tag)
    country, number, kind, _ = document_id(parent, reference)
    return normalise_publication_number(number, country=country or None, kind=kind or None) if number else None


def _completion(where: str, number: str | None, values: Mapping[str, Any]) -> Completion | Reject:
    if number is None:
        return Reject(where, "patents.reject_number", {"number": ""})
    return Completion(where, number, {field: value for field, value in values.items() if value})


def _document(document: ET.Element, where: str) -> Record:
    """Return a patent; of an answer with the abstract alone a completion, for a title must come from elsewhere."""
    made = exchange_patent(document, where, OpsAnswer.name)
    if isinstance(made, Patent) and not made.title:
        return Completion(where, made.id, {"abstract": made.abstract, "language": made.language})
    return made


def _full_text(document: ET.Element, where: str) -> Completion | Reject:
    """Return claims or description. Claims are counted in any language; the first is kept in English or Korean."""
    biblio = document.find("bibliographic-data")
    number = None if biblio is None else _number(biblio, "publication-reference")
    values: dict[str, Any] = {}
    chosen = _preferred(document.findall("claims"))
    if chosen is not None:
        claims = live_claims(separate_claims([_claim(entry) for entry in chosen.findall("claim")]))
        values["claims_count"] = counted_claims(claims)
        if claims and _is_ours(chosen):
            values["first_claim"] = claims[0][:MAX_CLAIM_CHARS]
    chosen = _preferred(document.findall("description"))
    if chosen is not None and _is_ours(chosen):
        text = _PARAGRAPH_NUMBER.sub("", excerpt(chosen, "p") or text_of(chosen))
        values["description"] = text[:MAX_DESCRIPTION_CHARS]
    return _completion(where, number, values)


def _claim(element: ET.Element) -> str:
    """Return the text of a claim, or of all of them where the service gives each as a text of one element."""
    texts = element.findall("claim-text")
    return "\n".join("".join(text.itertext()) for text in texts) if texts else "".join(element.itertext())


def _is_ours(element: ET.Element) -> bool:
    return is_kept_language(element.get("lang"))


def _preferred(found: list[ET.Element]) -> ET.Element | None:
    """Return the English one of several languages, else the Korean one, else the first."""
    ranked = sorted(found, key=lambda element: {"en": 0, "ko": 1}.get(language_code(element.get("lang")), 2))
    return next(iter(ranked), None)


def _family_member(member: ET.Element, where: str) -> Completion | Reject:
    applied = document_id(member, "application-reference")
    values = {
        "family": member.get("family-id"),
        "application": docdb_application_number(*applied[:3]),
        "filing_date": parse_date(applied[3]),
        "publication_date": parse_date(document_id(member, "publication-reference")[3]),
        "status": _status(member),
    }
    return _completion(where, _number(member, "publication-reference"), values)


def _status(member: ET.Element) -> str | None:
    """Return the newest legal event that changes the right (influence + or -), else the newest of all, as printed."""
    events = [
        (event.get("infl", "").strip() in ("+", "-"), text_at(event, "L007EP"), (event.get("desc") or "").strip())
        for event in member.findall("legal")
    ]
    newest = max(events, default=None, key=lambda event: event[:2])
    return newest[2][:100] or None if newest else None


# --- JSON of the client patent_client --------------------------------------------------------------------------------


def _client_records(answer: Mapping[str, Any]) -> Iterator[Record]:
    made: Callable[[Any, str], Record]
    if "documents" in answer:
        entries, name, made = answer["documents"], "document", _client_document
    elif "document_id" in answer:
        entries, name, made = [answer], "document", lambda text, _: _client_full_text(text)
    else:
        entries, name, made = answer.get("results"), "result", _client_result
    if not isinstance(entries, list):
        yield Reject("answer", "patent_sources.reject_json_record", {"field": f"{name}s"})
        return
    for number, entry in enumerate(entries, 1):
        where = f"{name} {number}"
        try:
            yield made(entry, where)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            yield Reject(where, "patent_sources.reject_json_record", {"field": str(error)[:80]})


def _client_result(hit: Mapping[str, Any], where: str) -> Completion | Reject:
    found = normalise_publication_number(hit["doc_number"], country=hit["country"], kind=hit["kind"])
    return _completion(where, found, {"family": hit.get("family_id")})


def _client_document(document: Mapping[str, Any], where: str) -> Patent | Reject:
    applied = document.get("application_reference_docdb") or {}
    dates = [
        (document.get(f"application_reference_{form}") or {}).get("date") for form in ("docdb", "epodoc", "original")
    ]
    published = (document.get("publication_reference_docdb") or {}).get("date")
    title, abstract, language = texts_of_language(
        [(entry.get("lang") or "", entry.get("text") or "") for entry in document.get("titles") or []],
        [("en", document.get("abstract") or "")],
    )
    cited = []
    for entry in document.get("citations") or []:
        named = entry.get("docdb") or entry.get("epodoc") or {}
        letter = search_letter(entry.get("category") or "")
        found = citation(
            named.get("country") or "",
            named.get("number") or "",
            named.get("kind") or "",
            letter or entry.get("cited_by"),
        )
        cited += [found] if found else []
    country, kind = document["country"], document["kind"]
    day = parse_date(published)
    return build(
        where,
        OpsAnswer.name,
        (country, document["doc_number"], kind),
        title,
        abstract[:MAX_ABSTRACT_CHARS] if abstract else None,
        language=language,
        application=docdb_application_number(
            applied.get("country") or "", applied.get("number") or "", applied.get("kind") or ""
        ),
        family=document.get("family_id") or None,
        filing_date=next((filed for printed in dates if (filed := parse_date(printed))), None),
        publication_date=day,
        grant_date=day if kind[:1] in "BC" else None,
        ipc=symbols(re.sub(r"\s+", "", symbol)[:20] for symbol in document.get("intl_class") or []),
        cpc=symbols(document.get("cpc_class") or []),
        applicants=distinct(_without_country(document.get("applicants_epodoc"))),
        inventors=distinct(_without_country(document.get("inventors_epodoc"))),
        cited=cited,
    )


def _without_country(names: list[str] | None) -> Iterator[str]:
    for name in names or []:
        yield re.sub(r"\s*\[[A-Z]{2}\]\s*$", "", name)


def _client_full_text(answer: Mapping[str, Any]) -> Completion | Reject:
    named = answer["document_id"]
    number = normalise_publication_number(named["doc_number"], country=named["country"], kind=named.get("kind"))
    values: dict[str, Any] = {}
    claims = answer.get("claims") or []
    if claims:
        texts = live_claims(separate_claims([" ".join(claim["limitations"]) for claim in claims]))
        values["claims_count"] = counted_claims(texts)
        values["first_claim"] = texts[0][:MAX_CLAIM_CHARS] if texts else None
    if answer.get("description"):
        text = " ".join(_PARAGRAPH_NUMBER.sub("", answer["description"][: 2 * MAX_DESCRIPTION_CHARS]).split())
        values["description"] = text[:MAX_DESCRIPTION_CHARS]
    return _completion("document 1", number, values)


READER = OpsAnswer()
