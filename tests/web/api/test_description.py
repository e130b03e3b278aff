"""The OpenAPI document in both languages: every word has its Korean one, and only words differ."""

from __future__ import annotations

import re
from typing import Any

from starlette.testclient import TestClient

from ktop.catalogue import load
from ktop.web.api.description import descriptions, in_language


def test_every_description_has_its_korean_and_none_is_left_over(client: TestClient) -> None:
    said = set(descriptions(client.app.openapi()))  # type: ignore[attr-defined]
    known = load("api_words")
    assert said == known.keys()
    for english, korean in known.items():
        assert re.search("[가-힣]", korean), english
        assert set(re.findall(r"`[^`]+`", english)) == set(re.findall(r"`[^`]+`", korean)), english


def shape(part: Any) -> Any:
    """A document without its words."""
    if isinstance(part, dict):
        return {name: shape(value) for name, value in part.items() if name not in ("description", "summary")}
    return [shape(value) for value in part] if isinstance(part, list) else part


def test_the_korean_document_says_the_same_in_other_words(client: TestClient) -> None:
    english = client.get("/api/v1/openapi.json").json()
    answer = client.get("/api/v1/openapi.json", params={"lang": "ko"})
    korean = answer.json()
    assert answer.headers["content-language"] == "ko" and shape(korean) == shape(english)
    assert korean["paths"]["/api/v1/members"]["get"]["summary"] == "조직의 구성원을 이름 순으로 보여 줍니다"
    assert client.get("/api/v1/openapi.json", params={"lang": "fr"}).status_code == 422


def test_names_examples_and_fields_called_description_are_no_words() -> None:
    given = {
        "paths": {},
        "components": {"schemas": {"A": {"examples": [{"description": "An institution."}], "enum": ["Conflict"]}}},
        "info": {"description": "An  institution."},
    }
    assert in_language(given, "ko")["components"] == given["components"]
    assert in_language(given, "ko")["info"] == {"description": "기관 하나."}
