"""A stored technology rating is made again to the last bit, or it is said exactly why it cannot be."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ktop.kernel.errors import InputError, UnavailableError
from ktop.models.registry import ModelRegistry
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.rate.recompute import recompute_ratings
from ktop.usecases.technologies.examples import example_technologies
from ktop.usecases.technologies.rate_again import rate_again
from ktop.usecases.technologies.rating import rate_technology

DAY = date(2024, 1, 1)


@pytest.fixture(scope="module")
def engine(demo_corpus: Path) -> TechnologyEngine:
    return open_corpus(demo_corpus)


@pytest.fixture(scope="module")
def stored(engine: TechnologyEngine) -> dict[str, Any]:
    content = json.dumps(rate_technology(engine, example_technologies()[0].text, as_of=DAY).to_json())
    answer: dict[str, Any] = json.loads(content)
    return answer


def test_the_same_corpus_gives_every_bit_again(stored: dict[str, Any], engine: TechnologyEngine) -> None:
    def again(changed: dict[str, Any]) -> dict[str, Any]:
        return recompute_ratings([changed], ModelRegistry(None), lambda each: rate_again(each, lambda _: engine))[0]

    found = again(stored)
    assert (found["status"], found["reason"], found["differences"]) == ("identical", None, [])
    altered = {**stored, "scores": {**stored["scores"], "core": stored["scores"]["core"] + 1e-9}}
    found = again(altered)
    assert found["status"] == "differs" and found["differences"][0]["path"] == "scores.core"
    tried = {**stored, "details": {**stored["details"], "suggestions": {"terms": []}}}
    assert again(tried)["status"] == "identical", "what was tried beside it is no part of the rating"


@pytest.mark.parametrize(("part", "reason"), [(0, "corpus_changed"), (1, "weights_changed"), (2, "equating_changed")])
def test_what_is_gone_is_named(stored: dict[str, Any], engine: TechnologyEngine, part: int, reason: str) -> None:
    formulas, digests = stored["model"]["version"].split("+")
    parts = [*digests.split("."), "00000000"][:3]
    parts[part] = "ffffffff"
    other = {**stored, "model": {**stored["model"], "version": f"{formulas}+{'.'.join(parts)}"}}
    found = rate_again(other, lambda _: engine)
    assert found.rating is None and found.reason == reason
    elsewhere = [{**entry, "value": "elsewhere"} if entry["name"] == "corpus" else entry for entry in other["inputs"]]
    assert rate_again({**other, "inputs": elsewhere}, lambda _: engine).reason == "other_corpus"


def test_versions_and_corpora_that_are_not_there_are_told(stored: dict[str, Any], engine: TechnologyEngine) -> None:
    def missing(_: str) -> TechnologyEngine:
        raise UnavailableError("report.no_fonts")

    assert rate_again(stored, missing).reason == "no_corpus"
    for version in ("9.9.9+aaaaaaaa.bbbbbbbb", "4", ""):
        other = {**stored, "model": {**stored["model"], "version": version}}
        assert rate_again(other, lambda _: engine).reason == "no_version"
    for broken in ({}, {**stored, "subject": {}}, {**stored, "inputs": []}, {**stored, "as_of": "?"}):
        with pytest.raises(InputError):
            rate_again(broken, lambda _: engine)
