"""What is tried: one way to grow the boosted trees of a target, where the search begins, and where it goes on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ktop.training.boosting import BoostingSettings

#: Trees of a member are looked at after so many rounds; the longest training is tried only while it still pays.
CHECKPOINTS = (30, 60, 100, 150, 200, 300, 400, 600, 800)
#: Values of each setting, from coarse to fine; the search walks along one at a time, those worth most first.
AXES: dict[str, tuple[float, ...]] = {
    "feature_fraction": (0.15, 0.3, 0.6, 1.0),
    "learning_rate": (0.03, 0.05, 0.1),
    "min_leaf_rows": (2, 5, 15, 40, 100, 250),
    "l2": (1.0, 5.0, 20.0),
    "max_bin": (16, 63, 255),
    "depth": (2, 3, 4),
}
#: With fewer events the search begins with small trees and large leaves.
FEW_EVENTS = 150


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to grow the trees of a target.

    Parameters
    ----------
    form : "groups" (no tree joins two groups), "interplay" (the same, and a second stage over all inputs on what these
        left over), "one" (all inputs one group) or "unrestricted" (LightGBM as it comes, which no table can hold: the
        rival).
    released : positions of the features whose sign is not held; ``None``: no sign is.
    group_rounds : of "interplay": how many trees of the groups come first.
    leaves : of "unrestricted"; the others have 2 to the power of the depth, which is what tables bear.
    """

    settings: BoostingSettings
    form: str = "groups"
    released: tuple[int, ...] | None = ()
    group_rounds: int = 0

    def key(self) -> str:
        """Return a short name that is the same for the same candidate, whatever rounds it is read at."""
        content = dataclasses.asdict(dataclasses.replace(self, settings=dataclasses.replace(self.settings, rounds=0)))
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]

    def told(self) -> dict[str, Any]:
        """Return what a report says of it."""
        names = ("depth", "leaves", "max_bin", "min_leaf_rows", "feature_fraction", "l2", "learning_rate")
        return {"form": self.form, **{name: getattr(self.settings, name) for name in names}}

    def with_setting(self, name: str, value: float) -> Candidate:
        """Return the candidate with one setting changed, and the leaves that go with a depth."""
        changed: dict[str, Any] = {name: value if name in ("feature_fraction", "l2", "learning_rate") else int(value)}
        if name == "depth":
            changed["leaves"] = 2 ** int(value)
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, **changed))


def start(events: int, features: int) -> Candidate:
    """Return where the search begins for so many events (or rows without it, where these are fewer) and features."""
    few = events < FEW_EVENTS
    depth = 2 if few else 4
    settings = BoostingSettings(
        learning_rate=0.1,
        depth=depth,
        leaves=2**depth,
        max_bin=16 if few else 63,
        min_leaf_rows=40 if few else 15,
        l2=5.0 if few else 1.0,
        feature_fraction=1.0 if features < 4 else 0.6 if features < 80 else 0.3,
        table_inputs=0,
    )
    return Candidate(settings)


def neighbours(candidate: Candidate, axis: str) -> Iterator[Candidate]:
    """Yield the candidates one step away on an axis, the finer one first."""
    values = AXES[axis]
    now = float(getattr(candidate.settings, axis))
    place = min(range(len(values)), key=lambda k: abs(values[k] - now))
    for k in (place + 1, place - 1):
        if 0 <= k < len(values):
            yield candidate.with_setting(axis, values[k])


def unrestricted(candidate: Candidate) -> Iterator[Candidate]:
    """Yield the rivals: LightGBM with no restriction of form, as it is usually tuned, and as ours was."""
    own = candidate.settings
    share = own.feature_fraction
    for leaves, rows, fraction in ((31, 20, share), (15, own.min_leaf_rows, share), (63, 40, 0.3)):
        settings = dataclasses.replace(
            own, leaves=leaves, depth=-1, max_bin=255, min_leaf_rows=rows, feature_fraction=fraction
        )
        yield Candidate(settings, "unrestricted", None)
