"""A few requests at random of each operation on accounts; the whole is benchmarks/api_fuzz.py."""

from __future__ import annotations

import pytest
from fuzzing import Fuzzed


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Fuzzed:
    return Fuzzed(tmp_path_factory.mktemp("fuzzed"))


def test_every_operation_on_accounts_answers_as_it_is_described(fuzzed: Fuzzed) -> None:
    names = fuzzed.operations()
    assert len(names) >= 35
    assert {name: problem for name in names if (problem := fuzzed.try_operation(name, 1)) is not None} == {}
