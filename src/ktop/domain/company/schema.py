"""The JSON Schema of the company record with the catalogue's words, for ``ktop schema company`` and for forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import load
from ktop.domain.company.fact_spec import CHECKLISTS, FactSpec
from ktop.domain.company.totals import total_facts

# Parts of the record -> the path their fields have in the catalogue.
_PATHS = {
    "Ceo": "ceo",
    "StaffCount": "staff",
    "Statement": "statements",
    "RndProject": "rnd_projects",
    "Certification": "certifications",
    "Commercialisation": "commercialisations",
    "IpRight": "ip",
    "Credit": "credit",
    "Source": "sources",
}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return pydantic's schema with title, description and ``x-label`` of every field in Korean and English."""
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Company record (기업 기록)"
    _describe(schema["properties"], "")
    for name, part in schema["$defs"].items():
        if name in _PATHS:
            _describe(part["properties"], f"{_PATHS[name]}.")
            part.pop("description", None)
    schema["properties"]["checklist"] |= _checklist()
    schema["properties"]["facts"] |= _totals()
    return schema


def _describe(properties: dict[str, dict[str, Any]], prefix: str) -> None:
    fields: Mapping[str, Any] = load("company")["fields"]
    for name, entry in properties.items():
        words = fields[prefix + name]
        entry["title"] = words["label"]["en"]
        entry["description"] = f"{words['description']['en']} / {words['description']['ko']}"
        entry["x-label"] = dict(words["label"])


def _totals() -> dict[str, Any]:
    totals: dict[str, dict[str, Any]] = {
        name: {
            "anyOf": [{"type": "number", **_limits(spec)}, {"type": "null"}],
            "title": spec.label["en"],
            "x-label": dict(spec.label),
        }
        for name, spec in total_facts().items()
    }
    return {"anyOf": [{"type": "object", "properties": totals, "additionalProperties": False}, {"type": "null"}]}


def _limits(spec: FactSpec) -> dict[str, Any]:
    if spec.choices:
        return {"enum": list(spec.choices)}
    return {"minimum": spec.minimum, "maximum": spec.maximum}


def _checklist() -> dict[str, Any]:
    answer = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]}
    questions = {
        name: {**answer, "title": item["label"]["en"], "description": item["question"]["en"], "x-label": item["label"]}
        for questions in CHECKLISTS.values()
        for name, item in load(questions)["items"].items()
    }
    return {"anyOf": [{"type": "object", "properties": questions, "additionalProperties": False}, {"type": "null"}]}
