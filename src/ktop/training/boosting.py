"""Training of the AI track: monotone boosted trees held inside capability groups, compiled exactly into tables.

Only training imports this module. LightGBM grows shallow trees under two restrictions: a tree may only join inputs of
one group (``interaction_constraints``), and an input with a sign may only push the logit that way
(``monotone_constraints``). Every leaf of such a tree is a box over few inputs, so the sum of all trees is a sum of
small tables: nothing is approximated, and the tables replace LightGBM when the model is used.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import UnavailableError
from ktop.training.terms import Box, RawTerms

#: Threads of LightGBM: fixed, because sums over another number of threads could differ in the last bits; one, because
#: on tables this small more threads mostly wait for each other (beside other work: 43 s with two, 4 s with one).
_THREADS = 1
#: Ordinary groups and those grown beside them take so many turns: what both could explain is shared out as a joint fit
#: would, while each keeps its own fineness. One after the other, high capability beside heavy losses was foretold .30
#: of sustainable growth where .13 came.
_TURNS = 10
#: Between the seeds of two turns; far above the members of any bag.
_SEEDS_APART = 1000


@dataclass(frozen=True, slots=True)
class BoostingSettings:
    """How the boosted trees are grown. Rounds are fixed: early stopping made growth models worse out of time.

    ``table_inputs`` is the most inputs of a tree that goes into one table as a whole; see ``RawTerms.add``. 0: every
    set of inputs that a leaf depends on (at most four: depth 4) has a small table of its own, which carries deep trees.
    ``interplay_rounds`` is how many trees of the interplay groups are grown after those of the others.
    ``beside_rounds`` is how many trees there are of the groups that are grown beside the others, and ``beside_max_bin``
    how finely these see their inputs: the tail of a ratio (equity used up, the heaviest losses) decides.
    """

    rounds: int = 150
    learning_rate: float = 0.05
    leaves: int = 6
    depth: int = 3
    max_bin: int = 16
    min_leaf_rows: int = 100
    l2: float = 5.0
    feature_fraction: float = 0.6
    table_inputs: int = 3
    interplay_rounds: int = 80
    beside_rounds: int = 300
    beside_max_bin: int = 64

    def beside(self) -> BoostingSettings:
        """Return the settings of the groups grown beside the others: pairs of inputs, so that finely cut tables stay
        small, and little restraint, so that the rare tail gets its due."""
        return dataclasses.replace(
            self,
            rounds=self.beside_rounds,
            max_bin=self.beside_max_bin,
            depth=2,
            leaves=4,
            table_inputs=2,
            min_leaf_rows=max(1, self.min_leaf_rows // 2),
            l2=min(self.l2, 1.0),
        )


def fit_boosting(
    X: Floats,
    outcome: Floats,
    weights: Sequence[Floats],
    groups: Sequence[str],
    signs: Sequence[int],
    settings: BoostingSettings,
    seed: int,
    interplay: Sequence[str] = (),
    beside: Sequence[str] = (),
    bins: Sequence[int | None] = (),
) -> list[RawTerms]:
    """Grow one model per weighting and compile each into tables.

    Parameters
    ----------
    X : shape ``(n, features)``, NaN for missing.
    outcome : 0 or 1, shape ``(n,)``.
    weights : one array of row weights per member of the bag (a bootstrap over firms gives whole numbers).
    groups, signs : group and monotone sign (-1, 0, 1) of every feature.
    interplay : groups whose trees start from what the trees of all others left over.
    beside : groups grown in turns with the ordinary ones, with settings of their own.
    bins : how finely each feature is cut, None as the settings say; empty: all as these say.

    Raises ``UnavailableError("models.training_parts_missing")`` without LightGBM.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise UnavailableError("models.training_parts_missing") from error

    def stages_of(chosen: Sequence[int], own: BoostingSettings) -> list[_Stage]:
        return [_Stage(lightgbm, X, outcome, chosen, groups, signs, own, bins)] if chosen else []

    ordinary = [j for j, group in enumerate(groups) if group not in interplay and group not in beside]
    in_turns = stages_of(ordinary, settings)
    in_turns += stages_of([j for j, group in enumerate(groups) if group in beside], settings.beside())
    late = stages_of(
        [j for j, group in enumerate(groups) if group in interplay],
        dataclasses.replace(settings, rounds=settings.interplay_rounds),
    )
    turns = _TURNS if len(in_turns) > 1 else 1
    members = []
    for member, weight in enumerate(weights):
        logit: Floats | None = None
        grown: list[list[Any]] = [[] for _ in (*in_turns, *late)]
        for turn in range(turns):
            for trees, stage in zip(grown, in_turns, strict=False):
                more, logit = stage.grow(weight, seed + member + _SEEDS_APART * turn, (turn, turns), logit)
                trees += more
        for trees, stage in zip(grown[len(in_turns) :], late, strict=True):
            more, logit = stage.grow(weight, seed + member, (0, 1), logit)
            trees += more
        terms = [stage.compiled(trees) for trees, stage in zip(grown, (*in_turns, *late), strict=True)]
        members.append(functools.reduce(RawTerms.joined, terms))
    return members


def boosting_parameters(groups: Sequence[str], signs: Sequence[int], settings: BoostingSettings) -> dict[str, Any]:
    """Return LightGBM's parameters for trees that stay within a group and follow the signs."""
    return {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "max_depth": settings.depth,
        "max_bin": settings.max_bin,
        "min_data_in_leaf": settings.min_leaf_rows,
        "lambda_l2": settings.l2,
        "feature_fraction": settings.feature_fraction,
        "interaction_constraints": [[j for j, g in enumerate(groups) if g == group] for group in dict.fromkeys(groups)],
        "monotone_constraints": list(signs),
        # The methods "intermediate" and "advanced" gained nothing here (AUC equal to the third digit), and
        # "advanced" let steps of up to 0.015 through in the wrong direction.
        "monotone_constraints_method": "basic",
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": _THREADS,
        "verbosity": -1,
    }


class _Stage:
    """Boosted trees over some of the features, for one member of the bag after the other."""

    def __init__(
        self,
        lightgbm: Any,
        X: Floats,
        outcome: Floats,
        chosen: Sequence[int],
        groups: Sequence[str],
        signs: Sequence[int],
        settings: BoostingSettings,
        bins: Sequence[int | None],
    ) -> None:
        self._lightgbm, self._chosen, self._count, self._settings = lightgbm, list(chosen), X.shape[1], settings
        self._X = X if len(self._chosen) == X.shape[1] else np.ascontiguousarray(X[:, self._chosen])
        own = [groups[j] for j in self._chosen]
        self._parameters = boosting_parameters(own, [signs[j] for j in self._chosen], settings)
        if any(bins):
            own_bins = [bins[j] or settings.max_bin for j in self._chosen]
            self._parameters["max_bin_by_feature"] = own_bins
        # One data set for all members, so that all share their bin edges; the bag differs in weights only.
        self._data = lightgbm.Dataset(self._X, label=outcome, params=self._parameters, free_raw_data=False)
        self._started = False  # whether the data set holds the logits that a member's trees started from

    def grow(self, weight: Floats, seed: int, turn: tuple[int, int], start: Floats | None) -> tuple[list[Any], Floats]:
        """Return one member's trees of one turn (which, of how many), as LightGBM tells them, and the logits of all
        rows after it; ``start`` are those before it."""
        self._data.set_weight(weight)
        if start is not None or self._started:
            self._data.set_init_score(start)
            self._started = start is not None
        which, turns = turn
        rounds = self._settings.rounds * (which + 1) // turns - self._settings.rounds * which // turns
        if not rounds:
            return [], np.zeros(len(self._X)) if start is None else start
        booster = self._lightgbm.train({**self._parameters, "seed": seed}, self._data, num_boost_round=rounds)
        added = np.asarray(booster.predict(self._X, raw_score=True))
        return booster.dump_model()["tree_info"], added if start is None else start + added

    def compiled(self, trees: list[Any]) -> RawTerms:
        """Return trees as boxes."""
        terms = compile_trees({"tree_info": trees}, len(self._chosen), self._settings.table_inputs)
        return terms.among(self._chosen, self._count)


def compile_trees(model: dict[str, Any], feature_count: int, table_inputs: int = 3) -> RawTerms:
    """Turn LightGBM's own description of a model (``Booster.dump_model()``) into leaf boxes.

    A box is the bins of the inputs that a leaf depends on, and whether a missing value of that input gets there. Where
    training never saw a missing value of an input, no box holds one: what a missing value is worth is then decided
    openly afterwards (``RawTerms.tables``), not by LightGBM, which would read it as zero.
    """
    trees = [tree["tree_structure"] for tree in model["tree_info"]]
    thresholds: list[set[float]] = [set() for _ in range(feature_count)]
    seen_missing = [False] * feature_count
    for node in itertools.chain.from_iterable(_splits(tree) for tree in trees):
        if node["decision_type"] != "<=":
            raise ValueError(f"unexpected split {node['decision_type']}")
        thresholds[node["split_feature"]].add(float(node["threshold"]))
        seen_missing[node["split_feature"]] |= node["missing_type"] == "NaN"
    edges = tuple(np.array(sorted(values), dtype=np.float64) for values in thresholds)
    terms = RawTerms(edges, tuple(seen_missing), narrow=table_inputs == 0)
    for tree in trees:
        terms.add(list(_leaves(tree, {})), table_inputs)
    return terms


def _splits(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "split_feature" in node:
        yield node
        yield from _splits(node["left_child"])
        yield from _splits(node["right_child"])


def _leaves(node: dict[str, Any], box: Box) -> Iterator[tuple[Box, float]]:
    """Walk down one tree; ``box`` holds, per input split on so far, (above, up to, missing gets here)."""
    if "split_feature" not in node:
        yield box, float(node["leaf_value"])
        return
    j, threshold = int(node["split_feature"]), float(node["threshold"])
    above, up_to, missing = box.get(j, (-np.inf, np.inf, True))
    missing_left = bool(node["default_left"])
    knows_missing = missing and node["missing_type"] == "NaN"
    left = (above, min(up_to, threshold), knows_missing and missing_left)
    right = (max(above, threshold), up_to, knows_missing and not missing_left)
    yield from _leaves(node["left_child"], {**box, j: left})
    yield from _leaves(node["right_child"], {**box, j: right})


def firm_bootstrap(firms: Integers, members: int, seed: int) -> list[Floats]:
    """Return row weights of a bootstrap over firms: each firm is drawn with replacement, with all its rows.

    ``firms``: firm number of every row, 0 … F - 1. A row of weight 0 is outside that member's training.
    """
    count = int(firms.max()) + 1
    random = np.random.default_rng(seed)
    return [random.multinomial(count, np.full(count, 1.0 / count))[firms].astype(np.float64) for _ in range(members)]


def firm_shares(firms: Integers, members: int, seed: int, share: float) -> list[Floats]:
    """Return row weights (0 or 1) that give each member ``share`` of the firms, none twice, each with all its rows.

    A bootstrap holds 63 % of the firms; where events are few, the others are missed more than they help to differ.
    """
    count = int(firms.max()) + 1
    kept = min(max(round(share * count), 1), count - 1)
    random = np.random.default_rng(seed)
    return [(random.permutation(count) < kept)[firms].astype(np.float64) for _ in range(members)]


def member_weights(firms: Integers, members: int, seed: int, share: float | None) -> list[Floats]:
    """Return what each member trains on: a bootstrap over firms, or with a ``share`` so many of them."""
    return firm_bootstrap(firms, members, seed) if share is None else firm_shares(firms, members, seed, share)


def spread_factor(share: float | None) -> float:
    """Return what the variance over members counts: a bootstrap shows the variance of an estimate as it is, members
    that share most of their firms too little of it (the delete-d jackknife: kept over left out; Shao and Wu 1989)."""
    return 1.0 if share is None else share / (1.0 - share)
