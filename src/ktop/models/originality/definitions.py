"""The model's measures, traits and settings, as the catalogue defines them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ktop.catalogue import Lang, load

TRAITS = ("core", "originality", "value", "spillover")
#: Name of the overall score.
SCORE = "score"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a trait.

    Parameters
    ----------
    name, trait : its id and the trait it belongs to.
    weight : its share in the trait that learning starts from.
    sign : 1 where a larger value speaks for the trait, -1 where a smaller one does.
    format : how a value is written: ``percent``, ``number`` or ``ratio`` (of which the value is the logarithm).
    labels : its name in Korean and English.
    """

    name: str
    trait: str
    weight: float
    sign: int
    format: Literal["percent", "number", "ratio"]
    labels: Mapping[Lang, str]


@functools.cache
def measures() -> tuple[Measure, ...]:
    """Return all measures in the catalogue's order, trait by trait."""
    return tuple(
        Measure(
            name=name,
            trait=entry["group"],
            weight=float(entry["weight"]),
            sign=1 if entry["better"] == "high" else -1,
            format=entry["format"],
            labels=entry["label"],
        )
        for name, entry in load("originality")["indicators"].items()
    )


def settings() -> Mapping[str, Any]:
    """Return how a neighbourhood is read (``catalogue/originality.yaml``, ``settings``)."""
    entries: Mapping[str, Any] = load("originality")["settings"]
    return entries


def rules(name: str) -> Any:
    """Return another entry of ``catalogue/originality.yaml`` (``near_duplicate``, ``ocean`` ...)."""
    return load("originality")[name]


def version() -> str:
    """Return the version of the formulas and weights in force."""
    return str(load("originality")["version"])


def installed_versions() -> tuple[str, ...]:
    """Return the version in force and the former ones that ratings can still be given by."""
    return (version(), *(str(former) for former in load("originality")["former"]))


def reads_whole_text(name: str) -> bool:
    """Return whether a version of the formulas reads the whole text and caps at once, as versions up to 3 did."""
    return _numbers(name) < (4,)


def aligns_copies(name: str) -> bool:
    """Return whether a version holds as copies only what agrees sentence by sentence, as those from 4.1 on do."""
    return _numbers(name) >= (4, 1)


def weighs_words_of_copies(name: str) -> bool:
    """Return whether a version holds copies by their weighed words, too, and from a lower limit on, as from 4.3 on."""
    return _numbers(name) >= (4, 3)


def doubts_unknown_words(name: str) -> bool:
    """Return whether a word that no patent of its language has needs a near counterpart to count, as from 4.3 on."""
    return _numbers(name) >= (4, 3)


def reads_by_halves(name: str) -> bool:
    """Return whether measures are averaged over the text and its halves, as from 4.4 on."""
    return _numbers(name) >= (4, 4)


def table_version(name: str) -> str:
    """Return the version whose reference table a version uses: 4.1 and 4.2 that of 4.0, 4.4 that of 4.3."""
    numbers = _numbers(name)
    if (4,) < numbers < (4, 3):
        return "4.0.0"
    return "4.3.0" if (4, 3) < numbers < (4, 5) else name


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split("."))


def neighbours_wanted() -> int:
    """Return how many similar patents a neighbourhood must be asked for; reference and technology alike."""
    return int(settings()["neighbours"])


def neighbours_shown() -> int:
    """Return how many of the similar patents pictures, groups, applicants and trends are made of."""
    return int(settings()["shown"])
