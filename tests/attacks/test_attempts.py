"""The attempts are counted: every test of this folder is of a kind, and there are as many of each as is promised."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from attempts import AT_LEAST, IN_ALL, KINDS, kind_of

HERE = Path(__file__).parent


def test_every_attempt_has_its_kind_and_there_are_as_many_as_promised(request: pytest.FixtureRequest) -> None:
    nodes = [item.nodeid for item in request.session.items if HERE in item.path.parents and item.path != Path(__file__)]
    assert not [node for node in nodes if kind_of(node) is None]
    counted = Counter(kind_of(node) for node in nodes)
    files = {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}
    if {node.partition("::")[0].rsplit("/", 1)[-1] for node in nodes} == files:  # not where a part is run by itself
        assert {kind: counted[kind] for kind, least in AT_LEAST.items() if counted[kind] < least} == {}
        assert sum(counted.values()) >= IN_ALL


def test_no_kind_is_of_a_test_that_is_gone() -> None:
    for name in KINDS:
        file, _, test = name.partition("::")
        source = (HERE / f"test_{file}.py").read_text()
        assert not test or f"def test_{test}(" in source, name


def test_what_is_promised_is_tried_at_all() -> None:
    assert AT_LEAST.keys() <= set(KINDS.values()) and sum(AT_LEAST.values()) >= IN_ALL
