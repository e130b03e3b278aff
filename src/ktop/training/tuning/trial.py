"""One candidate on the inner folds: the logits that its bag gives the rows that judge it, after so many rounds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import UnavailableError
from ktop.training.boosting import boosting_parameters, member_weights
from ktop.training.scorecard import ScorecardSettings, fit_scorecard
from ktop.training.terms import assemble
from ktop.training.tuning.candidate import CHECKPOINTS, Candidate
from ktop.training.tuning.folds import Folds
from ktop.training.tuning.journal import Journal, Tried


@dataclass(frozen=True)
class Trials:
    """Tries candidates of one target.

    Parameters
    ----------
    X, y, firm : inputs (the scheme's own features), outcome and firm of the rows with a known outcome.
    groups, signs : of every feature.
    folds : the inner folds.
    journal : keeps what was tried.
    members, share : models in the bag of a trial, and how their firms are drawn (``boosting.member_weights``); every
        candidate gets the same draws.
    place : the target's place in the scheme, part of what the journal keeps things under.
    clock : seconds; of the wall for people, of the processor for measurements.
    """

    X: Floats
    y: Floats
    firm: Integers
    groups: Sequence[str]
    signs: Sequence[int]
    folds: Folds
    journal: Journal
    members: int
    seed: int
    place: int = 0
    clock: Callable[[], float] = time.monotonic
    share: float | None = None

    @property
    def judged(self) -> Integers:
        """Positions of the rows that judge, fold by fold."""
        return np.concatenate([fold.judged for fold in self.folds.folds])

    def boosted(self, candidate: Candidate, most_rounds: int) -> Tried:
        """Return the candidate's logits of the judging rows at every checkpoint up to ``most_rounds``."""
        rounds = tuple(r for r in CHECKPOINTS if r <= most_rounds)
        key = f"{self.place}-{self.members}-{rounds[-1]}-{candidate.key()}"
        return self.journal.tried(key, lambda: self._computed(candidate, rounds))

    def scorecard(self, released: tuple[int, ...] | None) -> Tried:
        """Return the logits that a scorecard of all features gives the judging rows."""
        held = hashlib.sha256(repr(released).encode()).hexdigest()[:16]
        return self.journal.tried(f"{self.place}-card-{held}", lambda: self._card(released))

    def held_signs(self, released: tuple[int, ...] | None) -> list[int]:
        """Return the sign of every feature, 0 where it is released."""
        return [0 if released is None or j in released else sign for j, sign in enumerate(self.signs)]

    def _computed(self, candidate: Candidate, rounds: tuple[int, ...]) -> Tried:
        begun = self.clock()
        parts = []
        for number, fold in enumerate(self.folds.folds):
            firms = np.unique(self.firm[fold.taught], return_inverse=True)[1].astype(np.int64)
            weights = member_weights(firms, self.members, self.seed + number, self.share)
            grown = grow(
                candidate,
                (self.X[fold.taught], self.y[fold.taught], self.X[fold.judged]),
                (self.groups, self.held_signs(candidate.released)),
                weights,
                rounds,
                self.seed,
            )
            parts.append(np.mean(list(grown), axis=0))
        return Tried(rounds, np.concatenate(parts, axis=1), self.clock() - begun)

    def _card(self, released: tuple[int, ...] | None) -> Tried:
        begun = self.clock()
        signs = self.held_signs(released)
        names = [str(j) for j in range(len(signs))]
        parts = []
        for fold in self.folds.folds:
            X, y = self.X[fold.taught], self.y[fold.taught]
            card, _ = fit_scorecard(X, y, [np.ones(len(y))], signs, ScorecardSettings())
            model, _ = assemble([card], X, names, ["all"] * len(names), signs, central=card)
            parts.append(model.logit(model.bins(self.X[fold.judged])))
        return Tried((0,), np.concatenate(parts)[None, :], self.clock() - begun)


def grow(
    candidate: Candidate,
    rows: tuple[Floats, Floats, Floats],
    features: tuple[Sequence[str], Sequence[int]],
    weights: Sequence[Floats],
    rounds: tuple[int, ...],
    seed: int,
) -> Iterator[Floats]:
    """Yield, member by member, the logits of the judged rows after so many ``rounds``, shape ``(checkpoints, judged)``.

    Parameters
    ----------
    rows : inputs and outcome of the rows that train, inputs of those that are judged.
    features : group and sign of every feature.
    weights : row weights of each member.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise UnavailableError("models.training_parts_missing") from error
    X, y, judged = rows
    groups, signs = features
    first = parameters(candidate, groups, signs)
    data = lightgbm.Dataset(X, label=y, params=first, free_raw_data=False)
    for member, weight in enumerate(weights):
        data.set_weight(weight)
        data.set_init_score(None)
        own = {**first, "seed": seed + member}
        if candidate.form != "interplay":
            booster = lightgbm.train(own, data, num_boost_round=rounds[-1])
            yield _path(booster, judged, rounds, np.zeros(len(judged)))
            continue
        booster = lightgbm.train(own, data, num_boost_round=candidate.group_rounds)
        start = np.asarray(booster.predict(judged, raw_score=True))
        data.set_init_score(np.asarray(booster.predict(X, raw_score=True)))
        # Columns of both stages are the same, so the second may use the first's data set: only the constraint differs.
        joint = {**own, "interaction_constraints": [list(range(X.shape[1]))]}
        yield _path(lightgbm.train(joint, data, num_boost_round=rounds[-1]), judged, rounds, start)


def _path(booster: Any, X: Floats, rounds: tuple[int, ...], start: Floats) -> Floats:
    """Return a booster's logits of rows at each checkpoint, shape ``(checkpoints, n)``."""
    logits, before, now = [], 0, start
    for stop in rounds:
        now = now + np.asarray(booster.predict(X, raw_score=True, start_iteration=before, num_iteration=stop - before))
        before = stop
        logits.append(now)
    return np.stack(logits)


def parameters(candidate: Candidate, groups: Sequence[str], signs: Sequence[int]) -> dict[str, Any]:
    """Return LightGBM's parameters of a candidate's first stage."""
    own = ["all"] * len(groups) if candidate.form in ("one", "unrestricted") else groups
    found = boosting_parameters(own, signs, candidate.settings)
    if candidate.form == "unrestricted":
        del found["interaction_constraints"], found["monotone_constraints"], found["monotone_constraints_method"]
    return found
