"""Rules that stored ratings name: what a version says never changes, and former versions can still be asked."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ktop import catalogue
from ktop.domain.decision import guarantee
from ktop.domain.rating import grades

#: SHA-256 of what each version says. Changing a rule: give it a new version, put the former one into
#: catalogue/former_rules/VERSION.yaml, and add the new sum here.
SUMS = {
    "evidence-1": "57708a7d7050533d16438a60cbcbb844bd54ac149f1e047eb342cb93a6af054e",
    "evidence-2": "e6384afe94b76c32b6555f384217880b1f12bb4a3eca2a5872b856afb6eafc95",
    "matrix-1": "1b04ef440fdf76ae77195fbea08d0704160aecf4a0f93690b011b8873c259520",
    "small-guarantee-1": "2a8367af707b0550c324cfc096992ce12e5baec0ac8d6ec0b0f17ac95fe4576c",
    "small-guarantee-2": "0e908c8dc99529fce657825522b5d1bfca601701e12aa1df845f304a06e19402",
    "small-guarantee-3": "7bdd3a05282efaf2ec8dab0f7d7c2364a432433e5ebc8a4a43722d9b61b2f4fd",
    "small-guarantee-4": "a6e577787ede15389be175dd895dc68a12e36f96ef1869b28369781053c7bbee",
}


def _sum(rule: Any) -> str:
    """The decisive part of a rule: without the words a reader sees."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): bare(entry) for name, entry in value.items() if name not in ("label", "source")}
        return [bare(entry) for entry in value] if isinstance(value, list) else value

    return hashlib.sha256(json.dumps(bare(rule), sort_keys=True).encode()).hexdigest()


def test_what_a_version_says_has_not_changed() -> None:
    in_force = (catalogue.load("evidence"), catalogue.load("grades")["business_matrix"], catalogue.load("guarantee"))
    for rule in in_force:
        assert _sum(rule) == SUMS[rule["version"]]
    for version, expected in SUMS.items():
        if version not in {rule["version"] for rule in in_force}:
            assert _sum(grades.former_rule(version)) == expected


def test_the_version_in_force_can_be_asked_by_name() -> None:
    assert grades.business_matrix("matrix-1").cells.tolist() == grades.business_matrix().cells.tolist()
    assert guarantee.guarantee_rule("small-guarantee-4").clauses == guarantee.guarantee_rule().clauses
    assert guarantee.guarantee_rule("small-guarantee-3").clauses != guarantee.guarantee_rule().clauses
    assert guarantee.guarantee_rule("small-guarantee-2").clauses != guarantee.guarantee_rule().clauses
    assert guarantee.guarantee_rule("small-guarantee-1").clauses != guarantee.guarantee_rule().clauses


def test_a_former_version_is_found_beside_the_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = json.loads(json.dumps(catalogue.load("grades")["business_matrix"]))
    worse["version"] = "matrix-0"
    worse["rows"]["R1"] = ["AA+", *worse["rows"]["R1"][1:]]
    real = catalogue.load
    monkeypatch.setattr(grades, "load", lambda name: worse if name == "former_rules/matrix-0" else real(name))
    try:
        assert grades.business_matrix("matrix-0").grade_of("AAA", "R1") == "AA+"
        assert grades.business_matrix().grade_of("AAA", "R1") == "AAA"
    finally:
        grades.business_matrix.cache_clear()


def test_a_version_that_never_was_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        grades.business_matrix("matrix-99")
    with pytest.raises(KeyError):
        guarantee.guarantee_rule("small-guarantee-99")
