"""Encoding a technology takes longer than all else of a rating: nobody else waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ktop.patents.analysis import encoder
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.technologies.rating import rate_technology

DAY = date(2026, 6, 30)
SLOW = "배터리의 전압과 온도를 측정하여 셀의 노화를 판정하는 장치이다. 판정된 노화에 따라 무선 단말로 경보를 송신한다."
OTHER = "A robot arm measures the distance to an obstacle and plans its path. The gripper takes hold of fragile parts."
#: Of one sentence, whose clauses stand for its halves.
CLAUSES = "로봇 팔이 거리 센서로 장애물까지의 거리를 측정하고, 측정된 거리로 경로를 계획하며, 그리퍼로 부품을 잡는다."
TIMEOUT = 60.0


@pytest.fixture
def engine(demo_corpus: Path) -> TechnologyEngine:
    return open_corpus(demo_corpus)


@pytest.fixture
def expected(demo_corpus: Path) -> dict[str, Any]:
    """What each summary is rated when nothing else is asked meanwhile."""
    return {
        text: rate_technology(open_corpus(demo_corpus), text, as_of=DAY).to_json() for text in (SLOW, OTHER, CLAUSES)
    }


def forgotten(monkeypatch: pytest.MonkeyPatch, met: Callable[[Sequence[str]], None]) -> None:
    """Let all be encoded again, telling ``met``."""
    from ktop.patents.neighbours.boilerplate_filter import without_boilerplate

    without_boilerplate.cache_clear()
    encoder.forget()
    encode = encoder.encode

    def watched(texts: Sequence[str]) -> Any:
        met(texts)
        return encode(texts)

    monkeypatch.setattr(encoder, "encode", watched)


def test_two_requests_encode_at_once(
    engine: TechnologyEngine, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)
    first = {SLOW[:20]: True, OTHER[:20]: True}

    def met(texts: Sequence[str]) -> None:
        for beginning in first:
            if first[beginning] and any(text.startswith(beginning) for text in texts):
                first[beginning] = False
                both.wait(TIMEOUT)  # broken where the other request cannot encode until this one has done so

    forgotten(monkeypatch, met)
    with ThreadPoolExecutor(2) as pool:
        asked = {text: pool.submit(rate_technology, engine, text, as_of=DAY) for text in (SLOW, OTHER)}
        found = {text: rating.result().to_json() for text, rating in asked.items()}
    assert found == {text: expected[text] for text in found}
    assert not any(first.values())


def test_a_slow_encoding_does_not_hold_up_another_rating(
    engine: TechnologyEngine, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def met(texts: Sequence[str]) -> None:
        if any(text.startswith(SLOW[:20]) for text in texts):
            begun.set()
            assert go_on.wait(TIMEOUT)

    forgotten(monkeypatch, met)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(rate_technology, engine, SLOW, as_of=DAY)
        assert begun.wait(TIMEOUT)
        other = pool.submit(rate_technology, engine, OTHER, as_of=DAY)
        assert other.result(TIMEOUT).to_json() == expected[OTHER]
        assert not slow.done()
        go_on.set()
        assert slow.result(TIMEOUT).to_json() == expected[SLOW]


def test_nothing_is_encoded_while_the_index_is_held(
    engine: TechnologyEngine, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    forgotten(monkeypatch, lambda _: held.append(engine.lock.locked()))
    for text in (SLOW, OTHER, CLAUSES):
        assert rate_technology(engine, text, as_of=DAY).to_json() == expected[text]
    assert held and not any(held)
