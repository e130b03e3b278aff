"""What is remembered is not asked for again, and there is never more of it than allowed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.engine.remembered import Remembered


@given(st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=12), st.integers(1, 8), st.integers(1, 40))
def test_answers_are_right_whatever_was_forgotten(asked: list[list[int]], most: int, room: int) -> None:
    kept: Remembered[int, list[int]] = Remembered(most, room, len)
    found: list[int] = []

    def find(new: list[int]) -> list[list[int]]:
        found.extend(new)
        return [[key] * key for key in new]

    for keys in asked:
        known = set(kept.known)
        found.clear()
        assert kept.of(keys, find) == [[key] * key for key in keys]
        assert found == list(dict.fromkeys(key for key in keys if key not in known))
        assert set(kept.known) >= set(found)
        # what was asked in one go is kept, however much it is
        assert len(kept.known) <= max(most, 6) and sum(map(len, kept.known.values())) <= max(room, 6 * 12)


def test_what_is_given_is_known() -> None:
    kept: Remembered[str, int] = Remembered(2)
    kept.keep({"a": 1})
    kept.keep({"b": 2})
    assert kept.of(["b", "a"], lambda new: [0 for _ in new]) == [2, 1]
    kept.keep({"c": 3})
    assert dict(kept.known) == {"c": 3}
