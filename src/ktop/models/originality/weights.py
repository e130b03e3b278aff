"""The weights of the measures: data that was learned, released with the program or an institution's own file."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ktop.catalogue import load
from ktop.kernel.errors import InputError, NotFoundError
from ktop.kernel.files import atomic_path
from ktop.models.originality.definitions import TRAITS, installed_versions, measures, version

FORMAT = "originality-weights-1"


@dataclass(frozen=True, eq=False)
class Weights:
    """How much each measure counts in the originality score.

    Parameters
    ----------
    shares : measure → weight, never negative, adding up to 1; a measure that a former version lacks has none. A
        measure's weight within its trait is its share of the trait's sum; a trait's share of the score is that sum:
        every trait score is an exact part of the whole.
    about : what they were learned from (corpus, patents, years, fingerprint, figures), JSON types.
    formulas : the version of the formulas that they belong to.
    """

    shares: Mapping[str, float]
    about: Mapping[str, Any] = field(default_factory=dict)
    formulas: str = field(default_factory=version)

    def __post_init__(self) -> None:
        """Check. Raises ``InputError("originality.weights_broken")`` for other measures, numbers or sums."""
        known = [measure.name for measure in measures()]
        given = set(self.shares)
        all_given = given == set(known) if self.formulas == version() else given <= set(known)
        sound = all_given and all(math.isfinite(w) and w >= 0.0 for w in self.shares.values())
        object.__setattr__(self, "shares", {name: self.shares.get(name, 0.0) for name in known} if sound else {})
        if not sound or abs(math.fsum(self.shares.values()) - 1.0) > _ROUNDING:
            raise InputError("originality.weights_broken")

    def trait(self, name: str) -> float:
        """Return a trait's share of the score."""
        return math.fsum(self.shares[measure.name] for measure in measures() if measure.trait == name)

    @functools.cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits that name exactly these weights."""
        content = "\n".join(f"{name} {share!r}" for name, share in sorted(self.shares.items()) if share)
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    def to_json(self) -> dict[str, Any]:
        """Return the content of a file of weights."""
        return {
            "format": FORMAT,
            "model_version": self.formulas,
            "weights": {measure.name: self.shares[measure.name] for measure in measures()},
            "learned_from": dict(self.about),
        }

    def save(self, path: Path) -> None:
        """Write the weights as JSON, whole or not at all."""
        with atomic_path(path) as beside:
            content = json.dumps(self.to_json(), ensure_ascii=False, indent=1, allow_nan=False)
            beside.write_text(content + "\n", encoding="utf-8")

    @classmethod
    def from_json(cls, content: Any) -> Weights:
        """Read what ``to_json`` gave.

        Raises ``InputError("originality.weights_broken")`` for anything else, ``originality.other_version`` for weights
        of other formulas.
        """
        if not isinstance(content, Mapping) or content.get("format") != FORMAT:
            raise InputError("originality.weights_broken")
        if content.get("model_version") not in installed_versions():
            raise InputError("originality.other_version", found=str(content.get("model_version")), wanted=version())
        try:
            shares = {str(name): float(weight) for name, weight in content["weights"].items()}
            return cls(shares, dict(content.get("learned_from") or {}), str(content["model_version"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError("originality.weights_broken") from error

    @classmethod
    def load(cls, path: Path) -> Weights:
        """Read a file of weights; ``NotFoundError`` where there is none, ``InputError`` where it holds none."""
        if not path.is_file():
            raise NotFoundError("originality.no_weights", path=path.name)
        try:
            return cls.from_json(json.loads(path.read_text("utf-8")))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise InputError("originality.weights_broken") from error


_ROUNDING = 1e-6


def released(formulas: str | None = None) -> Weights:
    """Return the weights that come with the program (``catalogue/originality_weights.yaml``) or a former version."""
    return _released(formulas or version())


@functools.cache
def _released(formulas: str) -> Weights:
    own = formulas == version()
    return Weights.from_json(load("originality_weights" if own else f"former_originality/{formulas}"))


@functools.cache
def start() -> Weights:
    """Return the weights that learning starts from: those written in ``catalogue/originality.yaml``."""
    traits: Mapping[str, float] = load("originality")["traits"]
    shares = {measure.name: traits[measure.trait] * measure.weight for measure in measures()}
    total = math.fsum(shares.values())
    assert set(traits) == set(TRAITS)
    return Weights({name: weight / total for name, weight in shares.items()})
