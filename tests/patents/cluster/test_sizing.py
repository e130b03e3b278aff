"""Sizes follow from what was measured, and give again what was measured beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import load
from ktop.patents.cluster.sizing import Machine, along, size_of

PATENTS = st.integers(1, 1_000_000_000)


def test_measured_points_come_out_as_they_went_in() -> None:
    told = load("cluster_sizes")
    for name in ("index_bytes", "index_seconds", "rating_core_seconds"):
        for patents, value in told[name].items():
            assert along(told[name], patents) == pytest.approx(value)
    assert size_of(8_000_000, 1.0).index_gb == pytest.approx(7.99)
    quick, slow = 0.55, 0.9  # seconds of a core that a rating took on two machines
    assert quick < size_of(8_000_000, 1.0).rating_seconds < slow


def test_an_index_that_no_line_was_drawn_by_is_foretold() -> None:
    checked = load("cluster_sizes")["checked"]
    assert size_of(checked["patents"], 1.0).index_gb == pytest.approx(checked["index_bytes"] / 1e9, rel=0.05)


def test_one_and_two_million_foretell_eight() -> None:
    told = load("cluster_sizes")
    fewer = {1_000_000: told["index_bytes"][1_000_000], told["checked"]["patents"]: told["checked"]["index_bytes"]}
    assert along(fewer, 8_000_000) == pytest.approx(told["index_bytes"][8_000_000], rel=0.05)


@given(PATENTS, PATENTS, st.floats(0.001, 1_000))
def test_more_patents_never_need_less(one: int, other: int, ratings: float) -> None:
    fewer, more = (size_of(patents, ratings) for patents in sorted((one, other)))
    for name in ("index_gb", "memory_gb", "disk_gb", "index_hours", "rating_seconds", "cores", "machines"):
        assert getattr(fewer, name) <= getattr(more, name), name


def test_nearly_a_hundred_million_fit_one_server_and_the_world_does_not() -> None:
    assert 95 < size_of(100_000_000, 1.0).index_gb < 102
    assert size_of(95_000_000, 1.0).machines == 1
    world = size_of(150_000_000, 1.0)
    assert (world.machines, world.bound_by) == (2, "memory")
    many = size_of(1_000_000, 200.0, Machine(memory_gb=128, cores=8))
    assert many.bound_by == "cores"
    assert many.machines == -(-many.cores // 8)


@given(st.floats(0.01, 500), st.floats(16, 800), st.integers(2, 256))
def test_what_one_machine_holds_is_where_the_second_begins(ratings: float, memory: float, cores: int) -> None:
    machine = Machine(memory, cores)
    most = size_of(1, ratings, machine).one_machine
    if most:
        assert size_of(most, ratings, machine).machines == 1
    assert size_of(most + 1, ratings, machine).machines > 1
