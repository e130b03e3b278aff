"""The search for one target: settings, signs, interplay and scorecard, each judged on the inner folds.

A change is taken where it raises the AUC of rows of which neither firm nor year was trained on; at the end the simplest
of all that were tried is taken whose AUC cannot be told from the best one's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.kernel.arrays import Floats
from ktop.training.calibration import fit_platt
from ktop.training.tuning.candidate import AXES, CHECKPOINTS, Candidate, neighbours, start, unrestricted
from ktop.training.tuning.signs import against_signs
from ktop.training.tuning.trial import Trials
from ktop.validation.comparison import clustered_error
from ktop.validation.discrimination import auc

#: What simplicity, and each restriction that may be dropped, may cost: this much AUC at most, and never more than one
#: standard error of the difference on the same rows. The error of the AUC itself (.01 at 500 events) would give away
#: more than tuning gains.
MOST_GIVEN = 0.001
#: A step on an axis is taken from this gain on.
_LEAST_GAIN = 0.0003
#: The walk along the axes leaves time for so many trials more: signs, interplay, scorecard, and rivals, which take
#: twice as long.
_TRIALS_AFTER = {"always": 8, "signs": 4, "groups": 5}
#: A single trial should take no more than this share of a target's seconds.
_TRIAL_SHARE = 0.05
_FEWEST_ROUNDS = 150
_FEWEST_INPUTS = 3
_WARM_UP_ROUNDS = 30
_CARD_WEIGHTS = (0.1, 0.2, 0.35, 0.5)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing tried: what, after how many rounds it was best, its AUC and the seconds."""

    step: str
    told: Mapping[str, Any]
    rounds: int
    auc: float
    seconds: float


@dataclass
class Choice:
    """What was chosen for one target, and why.

    Parameters
    ----------
    candidate, rounds : how the trees are grown; of "interplay" ``rounds`` are those of its second stage.
    card_weight : the scorecard's share in the joint logit, 0 without one.
    rejected : features whose sign the data reject, with how far (logit) a free model moves against it.
    figures : AUC on the judging rows by name: "chosen", "best", "free_of_signs", "all_signs", "one_group", "groups",
        "interplay", "scorecard", "unrestricted", and "cost" and "cost_error" of the glass box beside the last.
    logits : of the chosen one for the judging rows.
    """

    candidate: Candidate
    rounds: int
    card_weight: float
    rejected: Mapping[int, float]
    figures: dict[str, float]
    lines: list[Line]
    logits: Floats
    seconds_per_tree: float = 0.0
    stopped: bool = False


class Search:
    """Searches for one target within so many ``seconds``; ``tell`` is called before each trial."""

    def __init__(self, trials: Trials, seconds: float, tell: Callable[[], None]) -> None:
        self._trials, self._seconds, self._tell = trials, seconds, tell
        self._y, self._firm = trials.y[trials.judged], trials.firm[trials.judged]
        self._lines: list[Line] = []
        self._seen: list[tuple[Candidate, int, float, Floats]] = []
        self._tried: set[Candidate] = set()
        self._began = trials.journal.seconds
        self._most_rounds = CHECKPOINTS[-1]
        self._start = start(0, trials.X.shape[1])

    def run(self) -> Choice:
        """Search and choose."""
        trials = self._trials
        signed, several = any(trials.signs), len(set(trials.groups)) > 1
        now = start(int(min(trials.y.sum(), len(trials.y) - trials.y.sum())), trials.X.shape[1])
        self._start = now
        self._set_pace(now)
        figures: dict[str, float] = {}
        best = self._try("start", now)
        if signed:
            figures["all_signs"] = best
            free = self._try("signs", dataclasses.replace(now, released=None))
            if free - best >= MOST_GIVEN:
                now, best = dataclasses.replace(now, released=None), free
        now, best, stopped = self._walk(now, best)
        rejected: dict[int, float] = {}
        if signed:
            now, rejected, more = self._signs(now)
            figures |= more
        chosen, rounds = self._simplest(now)
        logits = self._logits(chosen, rounds)
        if several:
            figures["groups"] = auc(self._y, logits)
            chosen, rounds, logits, more = self._interplay(chosen, rounds, logits)
            figures |= more
        logits, weight, figures["scorecard"] = self._with_card(chosen, logits)
        figures["chosen"] = auc(self._y, logits)
        figures["best"] = max(figures["chosen"], max(score for _, _, score, _ in self._seen))
        figures |= self._rivals(chosen, logits)
        spent = sum(line.seconds for line in self._lines if line.step != "signs") or 1.0
        trees = sum(line.told.get("trees", 0) for line in self._lines) or 1
        return Choice(chosen, rounds, weight, rejected, figures, self._lines, logits, spent / trees, stopped)

    def _may_walk(self) -> bool:
        """Return whether there is time for another step on an axis, and what must follow."""
        after = _TRIALS_AFTER["always"]
        after += _TRIALS_AFTER["signs"] * any(self._trials.signs)
        after += _TRIALS_AFTER["groups"] * (len(set(self._trials.groups)) > 1)
        longest = max((line.seconds for line in self._lines), default=0.0)
        return self._trials.journal.seconds - self._began + (after + 1) * longest <= self._seconds

    def _set_pace(self, candidate: Candidate) -> None:
        """Find how long trees take here, and so how many a trial may have."""
        # The first trial also loads what training needs; the second tells how long trees take.
        for released in ((), None):
            found = self._trials.boosted(dataclasses.replace(candidate, released=released), _WARM_UP_ROUNDS)
        affordable = _TRIAL_SHARE * self._seconds / max(found.seconds / _WARM_UP_ROUNDS, 1e-9)
        bearable = [r for r in CHECKPOINTS if r <= max(affordable, _FEWEST_ROUNDS)]
        self._most_rounds = bearable[-1]

    def _try(self, step: str, candidate: Candidate) -> float:
        """Try a candidate; return its best AUC over rounds."""
        self._tell()
        found = self._trials.boosted(candidate, self._most_rounds)
        scores = [auc(self._y, logits) for logits in found.logits]
        if candidate in self._tried:
            return float(max(scores))
        self._tried.add(candidate)
        for rounds, score, logits in zip(found.rounds, scores, found.logits, strict=True):
            if candidate.form != "unrestricted":
                self._seen.append((candidate, rounds, score, logits))
        place = int(np.argmax(scores))
        trees = found.rounds[-1] * self._trials.members * len(self._trials.folds.folds)
        told = {**candidate.told(), "trees": trees}
        self._lines.append(Line(step, told, found.rounds[place], float(scores[place]), found.seconds))
        return float(scores[place])

    def _walk(self, now: Candidate, best: float) -> tuple[Candidate, float, bool]:
        """Walk along the axes, those worth most first, until no step gains or the time is spent."""
        moved = True
        while moved:
            moved = False
            for axis in AXES:
                for step in self._steps(now, axis):
                    if not self._may_walk():
                        return now, best, True
                    score = self._try(axis, step)
                    while score > best + _LEAST_GAIN:
                        ahead = float(getattr(step.settings, axis)) > float(getattr(now.settings, axis))
                        now, best, moved = step, score, True
                        further = [c for c in self._steps(now, axis) if _beyond(c, now, axis) == ahead]
                        if not further or not self._may_walk():
                            break
                        step = further[0]
                        score = self._try(axis, step)
        return now, best, False

    def _steps(self, now: Candidate, axis: str) -> list[Candidate]:
        """Return the candidates one step away; every tree sees some inputs at least, or none could join two."""
        fewest = min(_FEWEST_INPUTS, self._trials.X.shape[1])
        return [c for c in neighbours(now, axis) if c.settings.feature_fraction * self._trials.X.shape[1] >= fewest]

    def _signs(self, now: Candidate) -> tuple[Candidate, dict[int, float], dict[str, float]]:
        """Hold every sign that costs nothing: release those that the data move against most until the rest cost
        less than ``MOST_GIVEN`` of AUC."""
        held = self._try("signs", dataclasses.replace(now, released=()))
        free = self._try("signs", dataclasses.replace(now, released=None))
        figures = {"all_signs": held, "free_of_signs": free}
        if free - held < MOST_GIVEN:
            return dataclasses.replace(now, released=()), {}, figures
        trials = self._trials
        fold = max(trials.folds.folds, key=lambda one: len(one.taught))
        _, rounds = self._simplest(dataclasses.replace(now, released=None))
        X, y = trials.X[fold.taught], trials.y[fold.taught]
        moves = against_signs(now, X, y, trials.groups, trials.signs, rounds, trials.seed)
        order = [int(j) for j in np.argsort(-moves, kind="stable") if moves[j] > 0]
        count = 1
        while count < len(order):
            released = tuple(sorted(order[:count]))
            if free - self._try("signs", dataclasses.replace(now, released=released)) < MOST_GIVEN:
                break
            count *= 2
        released = tuple(sorted(order[:count])) if count < len(order) else tuple(sorted(order))
        if count >= len(order):
            self._try("signs", dataclasses.replace(now, released=released))
        return dataclasses.replace(now, released=released), {j: float(moves[j]) for j in released}, figures

    def _simplest(self, now: Candidate) -> tuple[Candidate, int]:
        """Return the simplest tried one, by the signs of ``now``, whose AUC cannot be told from the best one's."""
        seen = [entry for entry in self._seen if (entry[0].released, entry[0].form) == (now.released, now.form)]
        _, _, top, best = max(seen, key=lambda entry: entry[2])
        for candidate, rounds, score, logits in sorted(seen, key=lambda entry: _complexity(entry[0], entry[1])):
            lost = top - score
            if lost <= 0 or lost <= min(MOST_GIVEN, clustered_error(self._y, logits, best, self._firm)):
                return candidate, rounds
        raise AssertionError  # the best one itself loses nothing

    def _logits(self, candidate: Candidate, rounds: int) -> Floats:
        return next(logits for c, r, _, logits in self._seen if (c, r) == (candidate, rounds))

    def _worth_having(self, without: Floats, added: Floats) -> float:
        """Return what a further part of the model must gain: more than simplicity may cost, and than chance gives."""
        return max(MOST_GIVEN, clustered_error(self._y, without, added, self._firm))

    def _interplay(
        self, chosen: Candidate, rounds: int, logits: Floats
    ) -> tuple[Candidate, int, Floats, dict[str, float]]:
        """Add a part for what features of different groups do only together, where it gains more than it may cost."""
        own = auc(self._y, logits)
        # What tells most within groups may hide what they do together: the settings of the beginning are tried, too.
        for base in (chosen, dataclasses.replace(self._start, released=chosen.released)):
            for share in (0.5, 1.0):
                grouped = max(int(share * rounds), 1)
                self._try("interplay", dataclasses.replace(base, form="interplay", group_rounds=grouped))
        late = [entry for entry in self._seen if entry[0].form == "interplay"]
        top = max(late, key=lambda entry: entry[2])
        found = {"interplay": top[2]}
        if top[2] - own < self._worth_having(logits, top[3]):
            return chosen, rounds, logits, found
        candidate, count = self._simplest(top[0])
        return candidate, count, self._logits(candidate, count), found

    def _with_card(self, chosen: Candidate, logits: Floats) -> tuple[Floats, float, float]:
        """Return the joint logits with the scorecard where it adds, its weight, and the scorecard's own AUC."""
        self._tell()
        card = self._trials.scorecard(chosen.released)
        alone = card.logits[0]
        score = auc(self._y, alone)
        self._lines.append(Line("scorecard", {"form": "scorecard"}, 0, score, card.seconds))
        ours, theirs = (fit_platt(z, self._y)(z) for z in (logits, alone))
        joint = {weight: (1 - weight) * ours + weight * theirs for weight in _CARD_WEIGHTS}
        best = max(joint, key=lambda weight: auc(self._y, joint[weight]))
        if auc(self._y, joint[best]) - auc(self._y, logits) < self._worth_having(logits, joint[best]):
            return logits, 0.0, score
        return joint[best], best, score

    def _rivals(self, chosen: Candidate, logits: Floats) -> dict[str, float]:
        """Return what the glass box costs beside the best of some unrestricted bags on the same folds."""
        found: dict[str, float] = {}
        if len(set(self._trials.groups)) > 1:
            found["one_group"] = self._try("rival", dataclasses.replace(chosen, form="one", group_rounds=0))
        best, top = None, -1.0
        for rival in unrestricted(dataclasses.replace(chosen, group_rounds=0)):
            self._try("rival", rival)
            tried = self._trials.boosted(rival, self._most_rounds)
            for one in tried.logits:
                if auc(self._y, one) > top:
                    top, best = auc(self._y, one), one
        assert best is not None
        found["unrestricted"] = top
        found["cost"] = top - auc(self._y, logits)
        found["cost_error"] = clustered_error(self._y, logits, best, self._firm)
        return found


def _beyond(candidate: Candidate, now: Candidate, axis: str) -> bool:
    return float(getattr(candidate.settings, axis)) > float(getattr(now.settings, axis))


def _complexity(candidate: Candidate, rounds: int) -> tuple[float, int]:
    """Return how much there is to read in a model: leaves, then bins."""
    return (candidate.group_rounds + rounds) * candidate.settings.leaves, candidate.settings.max_bin
