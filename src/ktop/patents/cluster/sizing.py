"""How many machines so many patents and ratings need, by straight lines between what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from ktop.catalogue import load

#: Patents and ratings a second that are reckoned with at most: more than the world has, by far.
MOST_PATENTS, MOST_RATINGS = 1_000_000_000, 10_000.0
#: Largest machine that is asked for: gigabytes of memory, cores.
MOST_MEMORY_GB, MOST_CORES = 100_000.0, 10_000


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine: gigabytes of memory and cores."""

    memory_gb: float = 128.0
    cores: int = 32


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a corpus and its ratings need.

    Parameters
    ----------
    index_gb : the index, all of it in memory while it is asked.
    memory_gb : in all, over all machines.
    disk_gb : of each machine, or of the file system they share: tables, the index, and its next generation.
    index_hours : of indexing from nothing with two workers; more of them shorten the analysis of texts.
    rating_seconds : of one core, a rating.
    cores : busy cores, with room so that waiting stays short.
    machines : of the kind asked for; 1 needs no cluster.
    bound_by : "memory" or "cores", whichever asks for more machines.
    one_machine : patents that one such machine holds at so many ratings; 0 where even few are too many for it.
    """

    patents: int
    ratings_per_second: float
    index_gb: float
    memory_gb: float
    disk_gb: float
    index_hours: float
    rating_seconds: float
    cores: float
    machines: int
    bound_by: Literal["memory", "cores"]
    one_machine: int


@cache
def measured() -> Mapping[str, Any]:
    """Return the measured points that all sizes follow from (``catalogue/cluster_sizes.yaml``)."""
    found: Mapping[str, Any] = load("cluster_sizes")
    return found


def along(points: Mapping[int, float], patents: int) -> float:
    """Return what so many patents take by the straight line between the two measured points around them.

    Below the first and beyond the last point the nearest line goes on; never less than nothing.
    """
    at = sorted(points)
    place = min(max(sum(patents > each for each in at), 1), len(at) - 1)
    low, high = at[place - 1], at[place]
    slope = (points[high] - points[low]) / (high - low)
    return max(points[low] + slope * (patents - low), 0.0)


def size_of(patents: int, ratings_per_second: float, machine: Machine = Machine()) -> Sizing:
    """Return what ``patents`` patents and ``ratings_per_second`` ratings of technologies need."""
    told = measured()
    index, memory, cores = _needed(patents, ratings_per_second)
    by_memory, by_cores = _machines(memory, cores, machine)
    return Sizing(
        patents=patents,
        ratings_per_second=ratings_per_second,
        index_gb=index / 1e9,
        memory_gb=memory / 1e9,
        disk_gb=(2 * index + patents * told["corpus_bytes_a_patent"]) / 1e9,
        index_hours=along(told["index_seconds"], patents) / 3600,
        rating_seconds=along(told["rating_core_seconds"], patents),
        cores=cores,
        machines=max(by_memory, by_cores, 1),
        bound_by="memory" if by_memory >= by_cores else "cores",
        one_machine=_most_on_one(ratings_per_second, machine),
    )


def _needed(patents: int, ratings_per_second: float) -> tuple[float, float, float]:
    """Return bytes of the index, bytes of memory in all, and busy cores."""
    told = measured()
    index = along(told["index_bytes"], patents)
    cores = ratings_per_second * along(told["rating_core_seconds"], patents) / told["usable_cores"]
    return index, index + max(1, math.ceil(cores)) * told["process_bytes"] + told["platform_bytes"], cores


def _machines(memory: float, cores: float, machine: Machine) -> tuple[int, int]:
    """Return how many machines the memory asks for, and how many the cores."""
    usable = machine.memory_gb * 1e9 * measured()["usable_memory"]
    return math.ceil(memory / usable), math.ceil(cores / machine.cores)


def _most_on_one(ratings_per_second: float, machine: Machine) -> int:
    """Return the most patents that need one machine, found by halving: more of them never need less."""
    fits, too_many = 0, MOST_PATENTS + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        _, memory, cores = _needed(middle, ratings_per_second)
        if max(_machines(memory, cores, machine)) <= 1:
            fits = middle
        else:
            too_many = middle
    return fits
