"""Every measure of the originality model is defined once: formula, source and example, on the page and in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ktop.catalogue import load

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "methods" / "originality-measures.md").read_text("utf-8")
MEASURES = load("originality")["indicators"]
TOLD = load("originality_measures")


def test_every_measure_is_defined_and_weighed() -> None:
    assert list(TOLD) == list(MEASURES)
    assert set(load("originality_weights")["weights"]) == set(MEASURES)


@pytest.mark.parametrize("name", list(MEASURES))
def test_a_definition_is_whole_and_the_same_in_the_docs(name: str) -> None:
    told = TOLD[name]
    assert set(told) == {"formula", "source", "example"} and set(told["example"]) == {"ko", "en"}
    part = DOCS[DOCS.index(f"(`{name}`") :].split("**")[0]
    for words in (told["formula"], told["source"], told["example"]["en"], MEASURES[name]["definition"]["en"]):
        assert words in part
    assert (", −)" in part.splitlines()[0]) == (MEASURES[name]["better"] == "low")
