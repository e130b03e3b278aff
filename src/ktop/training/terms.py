"""From the boxes of one training to the tables of the model: gathers, joins the members of a bag, and fixes rules.

Training gives each member as ``RawTerms`` (boxes and their values). ``assemble`` puts all members on the same bins and
tables, takes their mean as the model and their spread as its estimation variance, decides what a missing value counts,
and moves the zero of every table to the average over the reference subjects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.models.calibration import expit
from ktop.models.glass_box import MAX_TABLE_INPUTS, Table, TermModel, average, axis_last, axis_places, merged_weights
from ktop.training.calibration import fit_offsets, fit_platt

#: How a missing value is counted. ``learned``: as training found it. ``cautious``: as training found it, but never
#: better than the average of the known values, so that leaving out a bad figure never pays.
MissingRule = Literal["learned", "cautious"]

Box = dict[int, tuple[float, float, bool]]
#: A step of a curve fitted last is drawn towards none as by a normal prior of this standard deviation (logit).
_CURVE_SD = 0.5


@dataclass
class RawTerms:
    """One trained member as boxes: ``{input: (above, up to, missing included)}`` and the value each adds.

    ``boxes`` holds, per box, the inputs whose table it goes to, the box and the value. ``narrow``: every set of inputs
    keeps a table of its own, which tells only those edges apart that its boxes end at (many small tables, not few
    large ones).
    """

    edges: tuple[Floats, ...]
    knows_missing: tuple[bool, ...]
    narrow: bool = False
    boxes: list[tuple[tuple[int, ...], Box, float]] = field(default_factory=list)

    def add(self, boxes: Sequence[tuple[Box, float]], widest: int = MAX_TABLE_INPUTS) -> None:
        """Add the boxes of one tree.

        They stay together in the table of all the tree's inputs where it has at most ``widest``: a table of whole trees
        is monotone by itself. The boxes of a wider tree are spread over the tables of their own inputs.
        """
        together = tuple(sorted({j for box, _ in boxes for j in box}))
        for box, value in boxes:
            self.boxes.append((together if len(together) <= widest else tuple(sorted(box)), box, value))

    def among(self, chosen: Sequence[int], count: int) -> RawTerms:
        """Return the same member as one of ``count`` inputs, its own standing at the positions ``chosen``."""
        edges, knows = [np.zeros(0)] * count, [False] * count
        for j, place in enumerate(chosen):
            edges[place], knows[place] = self.edges[j], self.knows_missing[j]
        boxes = [
            (tuple(chosen[j] for j in inputs), {chosen[j]: part for j, part in box.items()}, value)
            for inputs, box, value in self.boxes
        ]
        return RawTerms(tuple(edges), tuple(knows), self.narrow, boxes)

    def joined(self, other: RawTerms) -> RawTerms:
        """Return the sum of this member and another of the same inputs; no input may be used by both."""
        if any(len(mine) and len(theirs) for mine, theirs in zip(self.edges, other.edges, strict=True)):
            raise ValueError("both members use an input")
        edges = tuple(mine if len(mine) else theirs for mine, theirs in zip(self.edges, other.edges, strict=True))
        knows = tuple(mine or theirs for mine, theirs in zip(self.knows_missing, other.knows_missing, strict=True))
        return RawTerms(edges, knows, self.narrow, [*self.boxes, *other.boxes])


def assemble(
    members: Sequence[RawTerms],
    X: Floats,
    features: Sequence[str],
    groups: Sequence[str],
    signs: Sequence[int],
    missing: MissingRule = "learned",
    central: RawTerms | None = None,
    beside: Sequence[str] = (),
    spread: float = 1.0,
) -> tuple[TermModel, Floats]:
    """Make one ``TermModel`` of the members of a bag; returns it and every member's logits, shape ``(members, n)``.

    Parameters
    ----------
    X : the rows it was trained on, shape ``(n, features)``: gives the weight of each bin (and with it the average that
        contributions are counted from) and how much each input varies.
    signs : monotone sign of every feature; decides which way "better" is for the cautious rule (0: not applied).
    central : the model itself where it is not the mean of the members (then they only give the spread).
    beside : groups whose inputs go together so closely that the cautious rule is made to hold over the rows themselves,
        not only table by table, which takes the inputs as independent.
    spread : what the variance over members counts (``boosting.spread_factor``).
    """
    everyone = [*members, central] if central is not None else list(members)
    edges = tuple(_union([member.edges[j] for member in everyone]) for j in range(X.shape[1]))
    bins = _bins(X, edges)
    weights = [np.bincount(bins[:, j], minlength=len(edges[j]) + 2)[:-1].astype(np.float64) for j in range(X.shape[1])]
    weights = [w / w.sum() if w.sum() > 0 else np.full(len(w), 1.0 / len(w)) for w in weights]
    frames = _frames(everyone, edges, weights)

    tables, base = [], 0.0
    stacks = [_fill(member, frames) for member in everyone]
    if missing == "cautious":
        stacks = [
            ([_cautious(t, frame, signs) for t, frame in zip(tables_of, frames, strict=True)], constant)
            for tables_of, constant in stacks
        ]
    base = float(np.mean([constant for _, constant in stacks[: len(members)]])) if central is None else stacks[-1][1]
    for k, frame in enumerate(frames):
        stack = np.stack([tables_of[k] for tables_of, _ in stacks[: len(members)]])
        values = stack.mean(axis=0) if central is None else stacks[-1][0][k]
        mean = float(average(values, frame.weights, range(values.ndim)).item())
        base += mean
        tables.append(Table(frame.inputs, values - mean, _spread(stack, frame.weights), frame.cuts))
    unknown = np.zeros(X.shape[1], dtype=np.float64)
    model = TermModel(tuple(features), tuple(groups), edges, tuple(weights), base, tuple(tables), unknown)
    logits = _member_logits(stacks[: len(members)], frames, bins)
    if missing == "cautious":
        for j in (j for j, group in enumerate(groups) if group in beside and signs[j]):
            model, pays = _without_gain(model, bins, j, signs[j])
            logits[:, bins[:, j] == len(edges[j]) + 1] -= pays
    return _with_variances(model, bins, logits, spread), logits


def with_curve(
    model: TermModel, j: int, cuts: Sequence[float], x: Floats, raw: Floats, y: Floats, rows: Booleans
) -> tuple[TermModel, Floats]:
    """Return the model with a curve of one input that no other table reads, and what it adds to every row's logit.

    The curve has a step at every cut and says what all other inputs leave over; a missing value counts as the average.
    It is fitted after the rule on missing values was applied, so it can give back what that rule takes from subjects
    that miss a value by nature (a firm in its first year has no earlier statement), by an input they cannot hide.

    Parameters
    ----------
    x : values of the input, shape ``(n,)``; raw, y : the model's logits and the outcome of the same rows.
    rows : those it is fitted on: rows the logits were not trained on.
    """
    edges = np.asarray(cuts, dtype=np.float64)
    bins = np.where(np.isnan(x), -1, np.searchsorted(edges, x, side="left"))
    line = fit_platt(raw[rows], y[rows])
    chains = bins[rows][:, None]
    there = chains[:, 0] >= 0
    for _ in range(3):  # steps and line settle on each other
        offsets = fit_offsets(line(raw[rows]), y[rows], chains, len(edges) + 1, _CURVE_SD)
        line = fit_platt(raw[rows], y[rows], np.where(there, offsets[chains[:, 0]], 0.0))
    steps = np.round(offsets / line.slope, 10)
    p = expit(line(raw[rows]))
    told = np.bincount(chains[there, 0], weights=(p * (1 - p))[there], minlength=len(edges) + 1)
    variance = 1.0 / (told + 1.0 / _CURVE_SD**2) / line.slope**2
    weights = np.bincount(bins[bins >= 0], minlength=len(edges) + 1).astype(np.float64)
    weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1.0 / len(weights))
    mean = float(weights @ steps)
    narrow = any(table.cuts is not None for table in model.tables)
    table = Table(
        (j,),
        np.append(steps - mean, 0.0),
        np.append(variance, variance.max()).astype(np.float32),
        (np.arange(len(edges)),) if narrow else None,
    )
    unknown = model.missing_variance.copy()
    unknown[j] = float(weights @ (steps - mean) ** 2)
    changed = dataclasses.replace(
        model,
        edges=tuple(edges if k == j else own for k, own in enumerate(model.edges)),
        weights=tuple(weights if k == j else own for k, own in enumerate(model.weights)),
        base=model.base + mean,
        tables=(*model.tables, table),
        missing_variance=unknown,
    )
    return changed, np.append(steps, mean)[bins]


def _without_gain(model: TermModel, bins: Integers, j: int, sign: int) -> tuple[TermModel, float]:
    """Return the model with a missing value of one input lowered by what hiding it would pay on average, and this.

    The average is over the rows that know the input; where hiding costs anyway the model stays as it is.
    """
    unknown = len(model.edges[j]) + 1
    known = bins[bins[:, j] < unknown]
    hidden = known.copy()
    hidden[:, j] = unknown
    gain = float(np.mean(model.logit(hidden) - model.logit(known))) if len(known) else 0.0
    if gain * sign <= 0:
        return model, 0.0
    pays = float(f"{gain:.10g}")
    values = np.zeros(unknown + 1)
    values[-1] = -pays
    table = Table((j,), values, np.zeros(unknown + 1, dtype=np.float32))
    return dataclasses.replace(model, tables=(*model.tables, table)), pays


def _union(edges: Sequence[Floats]) -> Floats:
    return np.unique(np.concatenate([*edges, np.zeros(0)]))


def _bins(X: Floats, edges: tuple[Floats, ...]) -> Integers:
    empty = np.zeros(len(edges))
    shell = TermModel(("",) * len(edges), ("",) * len(edges), edges, (empty,) * len(edges), 0.0, (), empty)
    return shell.bins(X)


def _table_inputs(keys: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return the input sets that become tables: those not inside another, so that no term is stored twice."""
    distinct = sorted(set(keys), key=lambda key: (-len(key), key))
    largest: list[tuple[int, ...]] = []
    for key in distinct:
        if key and not any(set(key) <= set(other) for other in largest):
            largest.append(key)
    return sorted(largest)


@dataclass(frozen=True)
class _Frame:
    """The axes of one table: its inputs, their edges and weights, and what it tells apart of all edges (None: all)."""

    inputs: tuple[int, ...]
    edges: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    cuts: tuple[Integers, ...] | None = None
    places: tuple[Integers, ...] | None = None


def _frames(members: Sequence[RawTerms], edges: tuple[Floats, ...], weights: Sequence[Floats]) -> list[_Frame]:
    if not any(member.narrow for member in members):
        keys = _table_inputs([inputs for member in members for inputs, _, _ in member.boxes])
        return [_Frame(key, tuple(edges[j] for j in key), tuple(weights[j] for j in key)) for key in keys]
    ends: dict[tuple[int, ...], dict[int, set[float]]] = {}
    for member in members:
        for inputs, box, _ in member.boxes:
            if inputs:
                ends_of = ends.setdefault(inputs, {j: set() for j in inputs})
                for j, (above, up_to, _) in box.items():
                    ends_of[j] |= {end for end in (above, up_to) if np.isfinite(end)}
    frames = []
    for key in sorted(ends):
        own = tuple(np.array(sorted(ends[key][j]), dtype=np.float64) for j in key)
        cuts = tuple(np.searchsorted(edges[j], cut).astype(np.int64) for j, cut in zip(key, own, strict=True))
        places = tuple(axis_places(cut, len(edges[j]) + 2) for j, cut in zip(key, cuts, strict=True))
        shares = tuple(merged_weights(weights[j], place) for j, place in zip(key, places, strict=True))
        frames.append(_Frame(key, own, shares, cuts, places))
    return frames


def _fill(member: RawTerms, frames: Sequence[_Frame]) -> tuple[list[Floats], float]:
    """Return the member's values on the axes of ``frames``, and its constant."""
    tables = [np.zeros([len(edges) + 2 for edges in frame.edges]) for frame in frames]
    home = {frame.inputs: k for k, frame in enumerate(frames)}
    constant = 0.0
    for inputs, box, value in member.boxes:
        if not inputs:
            constant += value
            continue
        if inputs not in home:
            home[inputs] = next(k for k, frame in enumerate(frames) if set(inputs) <= set(frame.inputs))
        k = home[inputs]
        picks = []
        for j, edges in zip(frames[k].inputs, frames[k].edges, strict=True):
            last = len(edges) + 1
            above, up_to, missing = box.get(j, (-np.inf, np.inf, True))
            first = int(np.searchsorted(edges, above, side="left")) + 1 if above > -np.inf else 0
            stop = int(np.searchsorted(edges, up_to, side="left")) + 1 if up_to < np.inf else last
            known = np.arange(first, stop)
            picks.append(np.append(known, last) if missing else known)
        tables[k][np.ix_(*picks)] += value
    for frame, table in zip(frames, tables, strict=True):
        for axis, j in enumerate(frame.inputs):
            if not member.knows_missing[j]:
                _set_missing(table, axis, _mean_known(table, axis, frame.weights[axis]))
    return tables, constant


def _mean_known(table: Floats, axis: int, weight: Floats) -> Floats:
    """Return the table averaged over the known bins of one input, by how common they are."""
    known = axis_last(table, axis)[..., :-1]
    return np.asarray((known * weight).sum(axis=-1))


def _set_missing(table: Floats, axis: int, values: Floats) -> None:
    axis_last(table, axis)[..., -1] = values


def _cautious(values: Floats, frame: _Frame, signs: Sequence[int]) -> Floats:
    """Hold a missing value of a signed input to at most the average of its known values, in its direction."""
    held = values.copy()
    for axis, j in enumerate(frame.inputs):
        if signs[j]:
            mean = _mean_known(held, axis, frame.weights[axis])
            own = axis_last(held, axis)[..., -1].copy()
            _set_missing(held, axis, np.minimum(own, mean) if signs[j] > 0 else np.maximum(own, mean))
    return held


def _spread(stack: Floats, weights: Sequence[Floats]) -> npt.NDArray[np.float32]:
    """Return the variance over members (first axis) of each cell's distance to the average, largest where missing."""
    centred = np.stack([table - average(table, weights, range(table.ndim)) for table in stack])
    variance = centred.var(axis=0, ddof=1) if len(stack) > 1 else np.zeros(stack.shape[1:])
    for axis in range(variance.ndim):
        by_axis = axis_last(variance, axis)
        by_axis[..., -1] = by_axis.max(axis=-1)
    return variance.astype(np.float32)


def _with_variances(model: TermModel, bins: Integers, logits: Floats, spread: float) -> TermModel:
    """Scale the tables' variances to the members' true spread, and measure what an unknown input could contribute.

    Terms of one member move together, so the variance of their sum is not the sum of their variances: one factor makes
    the two agree on average over the training rows.
    """
    parts = model.contributions(bins)
    unknown = np.zeros(len(model.features))
    for j, edges in enumerate(model.edges):
        known = parts[bins[:, j] <= len(edges), j]
        unknown[j] = float(known.var()) if len(known) else 0.0
    true = spread * float(logits.var(axis=0, ddof=1).mean()) if len(logits) > 1 else 0.0
    summed = float(np.mean(model.variance(bins)))
    factor = true / summed if summed > 0 else 0.0
    tables = tuple(Table(t.inputs, t.values, (t.variance * factor).astype(np.float32), t.cuts) for t in model.tables)
    return TermModel(model.features, model.groups, model.edges, model.weights, model.base, tables, unknown)


def _member_logits(stacks: Sequence[tuple[list[Floats], float]], frames: Sequence[_Frame], bins: Integers) -> Floats:
    """Return every member's logit of every row; where a row lies in a table is the same for all members."""
    totals = np.repeat(np.array([[constant] for _, constant in stacks]), len(bins), axis=1)
    columns = np.ascontiguousarray(bins.T)
    for k, frame in enumerate(frames):
        axes = [columns[j] for j in frame.inputs]
        if frame.places is not None:
            axes = [place[axis] for place, axis in zip(frame.places, axes, strict=True)]
        cells = axes[0]
        for edges, axis in zip(frame.edges[1:], axes[1:], strict=True):
            cells = cells * (len(edges) + 2) + axis
        for total, (tables, _) in zip(totals, stacks, strict=True):
            total += tables[k].ravel()[cells]
    return totals
