"""A generation dealt out to shares answers as one machine does, to the last bit, and never by a part of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktop.kernel.errors import UnavailableError
from ktop.patents.cluster.index import Ask, ClusterIndex
from ktop.patents.cluster.share import Share, shares_of
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.layout import IndexManifest

from ..engine.answers import QUESTIONS, rated, searched

SEGMENTS = 8


def in_process(folder: Path, count: int) -> ClusterIndex:
    """Return an index whose shares are objects of this process."""

    def connect(manifest: IndexManifest, places: list[tuple[int, ...]]) -> Ask:
        shares = [Share(folder, manifest.generation, share) for share in places]

        def ask(question: str, arguments: Sequence[tuple[Any, ...] | None]) -> list[Any]:
            return [s.ask(question, given) for s, given in zip(shares, arguments, strict=True) if given is not None]

        return ask

    return ClusterIndex(folder, count, connect)


@pytest.mark.parametrize("count", [1, 3, 11])
def test_shares_answer_as_one_machine_to_the_last_bit(segmented: Path, count: int) -> None:
    alone, dealt = PatentIndex(segmented), in_process(segmented, count)
    assert len(alone.segments) >= SEGMENTS
    assert alone.manifest.dead
    asked = QUESTIONS if count == 3 else QUESTIONS[8:12]
    assert searched(dealt, asked) == searched(alone, asked)
    assert rated(dealt, asked[::3]) == rated(alone, asked[::3])
    every = np.flatnonzero(np.asarray(alone.tables.alive))
    names = alone.ids_of(every)
    assert dealt.ids_of(every) == names
    assert dealt.docs_of([*names[::-1], "US1"]).tolist() == alone.docs_of([*names[::-1], "US1"]).tolist()
    assert dealt.displays(every[::7]) == alone.displays(every[::7])
    family = names[3]
    assert rated(dealt, asked[:1], exclude=[family]) == rated(alone, asked[:1], exclude=[family])


def test_segments_are_dealt_out_evenly_and_each_once(segmented: Path) -> None:
    manifest = PatentIndex(segmented).manifest
    for count in (1, 2, 3):
        places = shares_of(manifest, count)
        assert sorted(place for share in places for place in share) == list(range(len(manifest.segments)))
        held = [sum(manifest.segments[place][1] for place in share) for share in places]
        assert max(held) - min(held) <= max(rows for _, rows in manifest.segments)


def test_a_share_opens_its_own_generation_and_no_other(segmented: Path) -> None:
    generation = PatentIndex(segmented).manifest.generation
    with pytest.raises(UnavailableError):
        Share(segmented, generation + 1, (0,))
    with pytest.raises(ValueError, match="not asked"):
        Share(segmented, generation, (0,)).ask("__init__", ())
