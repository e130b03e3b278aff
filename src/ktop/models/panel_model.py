"""A trained scheme in use: features to levels to tracks to calibrated probabilities, with exact contributions.

Per target every track (an independently trained ``TermModel``) has its own calibration layer; the tracks are averaged
on the logit scale and calibrated once more. All of these steps are straight lines, so the final logit is again a base
plus one exact part per feature. Runs on NumPy alone.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.domain.expression import Expression, compile_expression, evaluate_all
from ktop.domain.rating.grades import Ladder
from ktop.kernel.arrays import Booleans, Floats, Integers, Texts
from ktop.models.artefact import FORMAT, Artefact
from ktop.models.calibration import Platt, expit
from ktop.models.glass_box import TermModel, add_columns
from ktop.models.levels import LevelReference

#: Half the width of a 90 % interval in standard deviations.
Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Estimate:
    """What one target's model says of n rows.

    Parameters
    ----------
    base : where each row starts: the average reference subject of its comparison cell, shape ``(n,)``.
    contributions : shape ``(n, features)``; ``base`` + row sum is ``logit``.
    logit : calibrated logit, shape ``(n,)``.
    variance : of the logit: estimation, plus what missing inputs could contribute.
    tracks : each track's own calibrated logit.
    track_parts : each track's part per feature of that logit, shape ``(n, features)``.
    """

    base: Floats
    contributions: Floats
    logit: Floats
    variance: Floats
    tracks: Mapping[str, Floats]
    track_parts: Mapping[str, Floats] = field(default_factory=dict)

    def without(self, left_out: Booleans) -> Estimate:
        """Return what would be said were some features those of the average reference subject, shape ``(features,)``.

        The parts of these features are taken away, exactly; the variance stays.
        """
        kept = np.where(left_out, 0.0, self.contributions)
        tracks = {
            name: logit - add_columns(self.track_parts[name][:, left_out], 0.0) for name, logit in self.tracks.items()
        }
        return dataclasses.replace(self, contributions=kept, logit=add_columns(kept, self.base), tracks=tracks)

    def shifted(self, by: float) -> Estimate:
        """Return the same estimates at another level: base and logit moved by so much."""
        return dataclasses.replace(self, base=self.base + by, logit=self.logit + by)

    @property
    def probability(self) -> Floats:
        """The calibrated probability."""
        return expit(self.logit)

    def interval(self) -> tuple[Floats, Floats]:
        """Return the ends of the 90 % interval of the probability."""
        half = Z90 * np.sqrt(self.variance)
        return expit(self.logit - half), expit(self.logit + half)


@dataclass(frozen=True)
class TargetModel:
    """The tracks of one target, how they join, and what each comparison cell's own event rate adds.

    Parameters
    ----------
    offsets : one number per cell of the model's comparison, or empty where cells add nothing.
    weights : share of each track in the joint logit (adding up to 1); None for equal shares.
    unseen_variance : variance of the logit for structure that the model's form cannot hold (``structure`` module).
    widths : factors on the variance for estimation and unseen structure, and on that for missing inputs, with which
        intervals hold what they say; None: both count once.
    """

    tracks: Mapping[str, tuple[TermModel, Platt]]
    joint: Platt
    offsets: Floats
    weights: Mapping[str, float] | None = None
    unseen_variance: float = 0.0
    widths: tuple[float, float] | None = None

    @functools.cached_property
    def factors(self) -> dict[str, float]:
        """What one raw logit of each track counts in the final logit."""
        if self.weights is not None:
            return {n: self.joint.slope * p.slope * self.weights[n] for n, (_, p) in self.tracks.items()}
        return {name: self.joint.slope * platt.slope / len(self.tracks) for name, (_, platt) in self.tracks.items()}

    @functools.cached_property
    def base(self) -> float:
        """The final logit of the average reference subject, before any cell's own rate."""
        return float(self.final({name: p.intercept + p.slope * m.base for name, (m, p) in self.tracks.items()}))

    def final(self, tracks: Mapping[str, Any]) -> Any:
        """Join the tracks' calibrated logits (numbers or arrays)."""
        if self.weights is not None:
            mean = sum(self.weights[name] * logit for name, logit in tracks.items())
        else:
            mean = sum(tracks.values()) / len(tracks)
        return self.joint.intercept + self.joint.slope * mean

    def estimate(self, X: Floats, cells: Integers) -> Estimate:
        """Rate rows of model inputs, shape ``(n, features)``, that lie in comparison cells, shape ``(n,)``."""
        offset = self.offsets[cells] if len(self.offsets) else np.zeros(len(X))
        contributions = np.zeros(X.shape)
        variance = np.full(len(X), self.unseen_variance)
        gaps = np.zeros(len(X))
        tracks, track_parts = {}, {}
        for name, (model, platt) in self.tracks.items():
            bins = model.bins(X)
            parts, own = model.looked_up(bins)
            tracks[name] = platt(add_columns(parts, model.base)) + offset
            track_parts[name] = platt.slope * parts
            contributions += self.factors[name] * parts
            # The tracks see the same rows: their errors are taken as fully shared, the cautious end.
            share = len(self.tracks) * self.factors[name] ** 2
            if self.widths is None:
                variance += share * model.gap_variance(bins, own)
            else:
                variance += share * own
                gaps += share * model.gap_variance(bins)
        if self.widths is not None:
            variance = self.widths[0] * variance + self.widths[1] * gaps
        base = self.base + offset
        return Estimate(base, contributions, add_columns(contributions, base), variance, tracks, track_parts)

    def variances(self, X: Floats) -> tuple[Floats, Floats]:
        """Return the two parts that ``widths`` are factors on: estimation and unseen structure, and missing inputs."""
        own, gaps = np.full(len(X), self.unseen_variance), np.zeros(len(X))
        for name, (model, _) in self.tracks.items():
            bins, share = model.bins(X), len(self.tracks) * self.factors[name] ** 2
            own += share * model.estimation_variance(bins)
            gaps += share * model.gap_variance(bins)
        return own, gaps

    def range(self) -> tuple[float, float]:
        """Return bounds that no logit of this target can pass, whichever the cell."""
        ends = {
            name: [platt.intercept + platt.slope * end for end in m.range()] for name, (m, platt) in self.tracks.items()
        }
        low, high = ({name: pair[k] for name, pair in ends.items()} for k in (0, 1))
        least, most = (float(self.offsets.min()), float(self.offsets.max())) if len(self.offsets) else (0.0, 0.0)
        return float(self.final(low)) + least, float(self.final(high)) + most


@dataclass(frozen=True)
class PanelModel:
    """A trained scheme.

    Parameters
    ----------
    meta : what it is and was trained on (the model card).
    expressions : formula of every feature, by name, in order.
    groups : group of every feature.
    signs : target → monotone sign of every feature.
    peers : the reference distribution of every feature by comparison cell; None without comparison.
    uses_levels : whether features enter the model as their level among peers.
    by_value : names of the features that enter by their value all the same.
    targets : by name.
    ladders : grades by name, cut on a target's probability: ``target``, ``symbols``, ``cuts``, ``better``.
    """

    meta: Mapping[str, Any]
    expressions: Mapping[str, Expression]
    groups: tuple[str, ...]
    signs: Mapping[str, tuple[int, ...]]
    peers: LevelReference | None
    uses_levels: bool
    targets: Mapping[str, TargetModel]
    ladders: Mapping[str, Mapping[str, Any]]
    by_value: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(self.expressions)

    def values(self, columns: Mapping[str, Floats], n: int) -> Floats:
        """Return the features' raw values, shape ``(n, features)``, NaN for missing."""
        return evaluate_all(self.expressions.values(), columns, n)

    def cells(self, labels: Mapping[str, Texts], n: int) -> Integers:
        """Return the comparison cell of every row; zeros where the model compares nobody."""
        return np.zeros(n, dtype=np.int64) if self.peers is None else self.peers.find(labels, n)

    def chains(self, cells: Integers) -> Integers:
        """Return every comparison cell on the way to each row's own, as ``LevelReference.chains`` does."""
        return np.zeros((len(cells), 0), dtype=np.int64) if self.peers is None else self.peers.chains(cells)

    def levels(self, values: Floats, cells: Integers) -> Floats:
        """Return the features' levels among comparable reference subjects; all NaN without comparison."""
        return np.full(values.shape, np.nan) if self.peers is None else self.peers(values, cells)

    def inputs(self, values: Floats, cells: Integers) -> Floats:
        """Return what enters the model: the values, or their levels."""
        return self.entering(values, self.levels(values, cells)) if self.uses_levels else values

    def entering(self, values: Floats, levels: Floats) -> Floats:
        """Return what enters the model of features whose values and levels are known."""
        if not self.uses_levels:
            return values
        if not self.by_value:
            return levels
        return np.where([name in self.by_value for name in self.features], values, levels)

    def group_logits(self, contributions: Floats) -> dict[str, Floats]:
        """Return each group's part of a logit: the sum of its features' contributions."""
        logits = {}
        for group in dict.fromkeys(self.groups):
            members = [j for j, name in enumerate(self.groups) if name == group]
            logits[group] = add_columns(contributions[:, members], 0.0)
        return logits

    def ladder(self, name: str) -> Ladder:
        """Return one of the model's own ladders, cut on the probability of its target."""
        rule = self.ladders[name]
        return Ladder(name, tuple(rule["symbols"]), tuple(rule["cuts"]), rule["better"])

    def to_artefact(self) -> Artefact:
        """Return the model as text and numbers."""
        meta = dict(self.meta)
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        meta["format"] = FORMAT
        meta["expressions"] = [[name, expression.source] for name, expression in self.expressions.items()]
        meta["feature_groups"] = list(self.groups)
        meta["signs"] = {target: list(signs) for target, signs in self.signs.items()}
        meta["ladders"] = {name: dict(rule) for name, rule in self.ladders.items()}
        meta["tracks"] = {target: list(model.tracks) for target, model in self.targets.items()}
        for target, model in self.targets.items():
            arrays[f"{target}/joint"] = np.array([model.joint.intercept, model.joint.slope])
            arrays[f"{target}/offsets"] = model.offsets
            if model.weights is not None:
                arrays[f"{target}/weights"] = np.array([model.weights[name] for name in model.tracks])
            if model.unseen_variance:
                arrays[f"{target}/unseen_variance"] = np.array([model.unseen_variance])
            if model.widths is not None:
                arrays[f"{target}/widths"] = np.array(model.widths)
            for track, (terms, platt) in model.tracks.items():
                arrays[f"{target}/{track}/platt"] = np.array([platt.intercept, platt.slope])
                arrays |= {f"{target}/{track}/{name}": array for name, array in terms.to_arrays().items()}
        meta["uses_levels"] = self.uses_levels
        if self.by_value:
            meta["by_value"] = list(self.by_value)
        if self.peers is not None:
            meta["peers"] = {"cells": list(self.peers.cells), "keys": [list(key) for key in self.peers.keys]}
            arrays |= {f"peers/{name}": array for name, array in self.peers.to_arrays().items()}
        return Artefact(meta, arrays)

    @classmethod
    def from_artefact(cls, artefact: Artefact) -> PanelModel:
        """Build the model from what ``to_artefact`` gave."""
        meta = artefact.meta
        names, groups = [name for name, _ in meta["expressions"]], tuple(meta["feature_groups"])
        targets = {}
        for target, tracks in meta["tracks"].items():
            models = {}
            for track in tracks:
                arrays = artefact.section(f"{target}/{track}")
                models[track] = (TermModel.from_arrays(names, groups, arrays), _platt(arrays["platt"]))
            offsets = np.asarray(artefact.arrays[f"{target}/offsets"], dtype=np.float64)
            shares = artefact.arrays.get(f"{target}/weights")
            unseen = artefact.arrays.get(f"{target}/unseen_variance")
            widths = artefact.arrays.get(f"{target}/widths")
            targets[target] = TargetModel(
                models,
                _platt(artefact.arrays[f"{target}/joint"]),
                offsets,
                None
                if shares is None
                else {n: float(w) for n, w in zip(tracks, np.asarray(shares, float), strict=True)},
                0.0 if unseen is None else float(np.asarray(unseen, dtype=np.float64)[0]),
                None if widths is None else (float(widths[0]), float(widths[1])),
            )
        peers = None
        if "peers" in meta:
            peers = LevelReference.from_arrays(meta["peers"]["cells"], meta["peers"]["keys"], artefact.section("peers"))
        return cls(
            meta=meta,
            expressions={name: compile_expression(source) for name, source in meta["expressions"]},
            groups=groups,
            signs={target: tuple(signs) for target, signs in meta["signs"].items()},
            peers=peers,
            uses_levels=bool(meta["uses_levels"]),
            targets=targets,
            ladders=meta["ladders"],
            by_value=tuple(meta.get("by_value", ())),
        )


def _platt(numbers: npt.NDArray[np.generic]) -> Platt:
    intercept, slope = np.asarray(numbers, dtype=np.float64)
    return Platt(float(intercept), float(slope))


def weighted_estimate(parts: Sequence[tuple[float, TargetModel, Estimate]]) -> Estimate:
    """Join targets into one index: the weighted mean of their logits, with contributions to match.

    Cells' own event rates stay out: an index compares a subject with its peers, it does not rank the peer groups.
    """
    first = parts[0][2]
    base = np.full(len(first.logit), sum(weight * model.base for weight, model, _ in parts))
    contributions = np.zeros(first.contributions.shape)
    variance = np.zeros(len(contributions))
    for weight, _, estimate in parts:
        contributions += weight * estimate.contributions
        variance += weight * estimate.variance
    return Estimate(base, contributions, add_columns(contributions, base), variance, {})
