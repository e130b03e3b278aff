"""From a scheme that leaves the settings open to one that names them all: each target's search, and what they share."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.progress import Progress, silent
from ktop.models.calibration import logit
from ktop.training.fit import PreparedPanel, fingerprint, one_thread, prepared_panel
from ktop.training.scheme import Scheme, read_scheme
from ktop.training.tuning.folds import Folds, inner_folds
from ktop.training.tuning.journal import Journal
from ktop.training.tuning.minimal import full_scheme
from ktop.training.tuning.search import Choice, Search
from ktop.training.tuning.trial import Trials

#: Version of the search: what another version tried is not taken up.
VERSION = 2
#: Share of the firms that each model of the bag trains on, where the scheme does not say. A bootstrap leaves a third
#: out: on Polish ratios that cost .004 to .007 of AUC, of unrestricted trees as well (docs/methods/training.md).
BAG_SHARE = 0.8
#: Share of the time for the search; the rest trains what was chosen.
_SEARCH_SHARE = 0.7
#: Models in the bag of a trial, and of what is trained in the end as the time allows; its leaves are as many at most
#: (some 60 MB of tables).
TRIAL_MEMBERS, _FEWEST_MEMBERS, _MOST_MEMBERS = 2, 5, 20
_MOST_LEAVES = 200_000
#: Compiling trees into tables and joining members takes about this many times as long as growing them.
_COMPILING = 3.0
#: The level of a year is read from at least so many rows of either outcome; so many years must have one.
_FEWEST_FOR_LEVEL, _FEWEST_YEARS = 10, 8
_INTERPLAY = "interplay"


def tune_scheme(
    content: Mapping[str, Any],
    panel: pl.DataFrame,
    until: int | None = None,
    *,
    minutes: float,
    folder: Path | None = None,
    progress: Progress = silent,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the scheme with everything named that it left open, and a report of what was tried (JSON types).

    Parameters
    ----------
    content : a scheme without ``tracks``, minimal (``minimal.full_scheme``) or with features, groups and signs.
    minutes : for search and training together. Each target gets its part.
    folder : where what was tried is kept until ``Journal.close``; the same call takes it up again.
    progress : told of the seconds spent, those there are, and the target.
    clock : seconds.

    Raises ``InputError`` as ``train_scheme`` does.
    """
    with one_thread():
        full = {"bag_share": BAG_SHARE, **full_scheme(content, panel)}
        plan = read_scheme(full)
        found = prepared_panel(plan, panel, until)
        count = len(plan.own_features)
        subject = json.dumps(
            [VERSION, fingerprint(found.X, found.data.firm), json.loads(json.dumps(full, default=str)), until],
            sort_keys=True,
        )
        journal = Journal(folder, hashlib.sha256(subject.encode()).hexdigest())
        seconds = 60.0 * minutes * _SEARCH_SHARE / len(plan.targets)
        choices: dict[str, Choice] = {}
        folds: dict[str, Folds] = {}
        for number, target in enumerate(plan.targets):
            rows = ~np.isnan(found.outcomes[target.name])
            year = None if found.data.year is None else found.data.year[rows]
            y, firm = found.outcomes[target.name][rows], found.data.firm[rows]
            folds[target.name] = inner_folds(y, firm, year, target.years, plan.seed)
            trials = Trials(
                found.X[rows][:, :count],
                y,
                firm,
                [feature.group for feature in plan.own_features],
                [feature.signs[target.name] for feature in plan.own_features],
                folds[target.name],
                journal,
                TRIAL_MEMBERS,
                plan.seed,
                number,
                clock,
                plan.bag_share,
            )
            told = _teller(progress, journal, target.name, number * seconds, len(plan.targets) * seconds)
            choices[target.name] = Search(trials, seconds, told).run()
        members = _members(plan, found, choices, folds, 60.0 * minutes - journal.seconds)
        level = _level(plan, found)
        tuned = _with_choices(full, plan, choices, members, level)
        read_scheme(tuned)
        return tuned, _report(plan, found, choices, folds, journal, minutes, members, level)


def _teller(progress: Progress, journal: Journal, target: str, before: float, total: float) -> Callable[[], None]:
    began = journal.seconds

    def tell() -> None:
        spent = min(before + journal.seconds - began, total)
        progress(int(spent), max(int(total), 1), target)

    return tell


def _members(
    plan: Scheme, found: PreparedPanel, choices: Mapping[str, Choice], folds: Mapping[str, Folds], left: float
) -> int:
    """Return how many models the bag is to have: what the scheme says, else what time left and size of tables bear."""
    if plan.source.get("members") is not None:
        return plan.members
    per_member, leaves = 0.0, 1
    for target, choice in choices.items():
        trees = choice.candidate.group_rounds + choice.rounds
        rows = int((~np.isnan(found.outcomes[target])).sum())
        taught = max(float(np.mean([len(fold.taught) for fold in folds[target].folds])), 1.0)
        per_member += trees * choice.seconds_per_tree * max(rows / taught, 1.0) * _COMPILING
        leaves = max(leaves, trees * choice.candidate.settings.leaves)
    affordable = left / per_member / (2.5 if plan.honest_intervals else 1.0) if per_member > 0 else _MOST_MEMBERS
    return int(max(_FEWEST_MEMBERS, min(affordable, _MOST_LEAVES // leaves, _MOST_MEMBERS)))


def _level(plan: Scheme, found: PreparedPanel) -> str:
    """Return whether the level of the newest known years, or that of the average year, foretold later years better.

    By the event rates alone: for every year that could have been rated, the level known then (outcomes are known
    ``years`` late), its logit against the year's own.
    """
    if found.data.year is None or plan.source.get("level") is not None:
        return plan.level
    errors: dict[str, float] = {"recent": 0.0, "cycle": 0.0}
    judged = 0
    for target in plan.targets:
        y = found.outcomes[target.name]
        levels = _levels(y, found.data.year)
        for year, own in levels.items():
            known = [levels[k] for k in sorted(levels) if k <= year - max(target.years, 1)]
            if len(known) < plan.calibration_years + 2:
                continue
            judged += 1
            errors["recent"] += (float(np.mean(known[-plan.calibration_years :])) - own) ** 2
            errors["cycle"] += (float(np.mean(known)) - own) ** 2
    if judged < _FEWEST_YEARS:
        return plan.level
    return min(errors, key=lambda name: errors[name])


def _levels(y: Floats, year: Integers) -> dict[int, float]:
    """Return the logit of each year's event rate, for years with enough rows of either outcome."""
    levels = {}
    for one in np.unique(year):
        own = y[(year == one) & ~np.isnan(y)]
        if min(own.sum(), len(own) - own.sum()) >= _FEWEST_FOR_LEVEL:
            levels[int(one)] = float(logit(np.array([own.mean()]))[0])
    return levels


def _with_choices(
    full: Mapping[str, Any], plan: Scheme, choices: Mapping[str, Choice], members: int, level: str
) -> dict[str, Any]:
    """Return the scheme with tracks, signs, interplay, bag and level as chosen."""
    joined = any(choice.candidate.form == "interplay" for choice in choices.values())
    groups = dict(full["groups"])
    if joined and not plan.interplay:
        name = _INTERPLAY
        while name in groups:
            name += "_of_all"
        groups[name] = {"ko": "결합효과", "en": "Interplay", "of": "all"}
    features = {name: dict(entry or {}) for name, entry in full["features"].items()}
    for j, feature in enumerate(plan.own_features):
        kept = {
            target: 0 if choice.candidate.released is None or j in choice.candidate.released else feature.signs[target]
            for target, choice in choices.items()
        }
        if kept != dict(feature.signs):
            features[feature.name]["monotone"] = kept
    boosting: dict[str, Any] = {"method": "boosting", "table_inputs": 0}
    names = ("learning_rate", "leaves", "depth", "max_bin", "min_leaf_rows", "l2", "feature_fraction")
    for name in names:
        boosting[name] = _shared({t: getattr(c.candidate.settings, name) for t, c in choices.items()})
    late = {target: choice.candidate.form == "interplay" for target, choice in choices.items()}
    boosting["rounds"] = _shared({t: c.candidate.group_rounds if late[t] else c.rounds for t, c in choices.items()})
    if joined or plan.interplay:
        boosting["interplay_rounds"] = _shared({t: c.rounds if late[t] else 0 for t, c in choices.items()})
    tracks: dict[str, Any] = {"ai": boosting}
    weights = {target: choice.card_weight for target, choice in choices.items()}
    if any(weights.values()):
        tracks["ai"] = {**boosting, "weight": _shared({t: 1 - w for t, w in weights.items()})}
        tracks["statistics"] = {"method": "scorecard", "weight": _shared(weights)}
    rest = {key: value for key, value in full.items() if key not in ("groups", "features", "tracks")}
    return {**rest, "groups": groups, "features": features, "tracks": tracks, "members": members, "level": level}


def _shared(values: Mapping[str, Any]) -> Any:
    """Return one value where all targets have the same, else the values by target."""
    distinct = list(dict.fromkeys(values.values()))
    return distinct[0] if len(distinct) == 1 else dict(values)


def _report(
    plan: Scheme,
    found: PreparedPanel,
    choices: Mapping[str, Choice],
    folds: Mapping[str, Folds],
    journal: Journal,
    minutes: float,
    members: int,
    level: str,
) -> dict[str, Any]:
    names = [feature.name for feature in plan.own_features]
    targets = {}
    for target, choice in choices.items():
        y = found.outcomes[target]
        judged = np.concatenate([fold.judged for fold in folds[target].folds])
        own = y[~np.isnan(y)]
        released = choice.candidate.released
        targets[target] = {
            "rows": len(own),
            "events": int(own.sum()),
            "folds": len(folds[target].folds),
            "judged_from": folds[target].first_judged,
            "years_between": folds[target].gap,
            "judged_rows": len(judged),
            "judged_events": int(own[judged].sum()),
            "chosen": {
                **choice.candidate.told(),
                "rounds": choice.rounds,
                "group_rounds": choice.candidate.group_rounds,
            },
            "scorecard_weight": choice.card_weight,
            "signs": {
                "given": sum(1 for feature in plan.own_features if feature.signs[target]),
                "rejected": {names[j]: round(by, 4) for j, by in choice.rejected.items()},
                "held": released is not None,
            },
            "auc": {name: round(value, 5) for name, value in choice.figures.items()},
            "time_was_short": choice.stopped,
            "tried": [
                {"step": line.step, **line.told, "rounds": line.rounds, "auc": round(line.auc, 5)}
                | {"seconds": round(line.seconds, 2)}
                for line in choice.lines
            ],
        }
    return {
        "version": VERSION,
        "minutes": minutes,
        "seconds": round(journal.seconds, 1),
        "taken_up": journal.resumed,
        "members": members,
        "level": level,
        "targets": targets,
    }
