"""The scheme: what a model is trained on and for, as reviewed data (YAML), checked before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ktop.domain.company.outcome_definitions import Kind, default_definition, definition_names, first_definition
from ktop.domain.expression import Expression, compile_expression, ordinary
from ktop.domain.values.kind import shown
from ktop.domain.values.share import Share
from ktop.domain.values.yes_no import YES_NO
from ktop.kernel.errors import InputError
from ktop.training.scheme_entries import (
    LIMITS,
    choice,
    listing,
    mapping,
    need,
    number,
    only_known,
    refuse_strange,
    value_of,
    whole,
    within,
)
from ktop.training.terms import MissingRule

#: Built-in outcomes, with the panel columns each needs.
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "sagr": ("sales",),
    "sgr": ("sales", "net_income", "total_assets", "equity"),
    "failure": ("event_year",),
    "column": ("column",),
}
#: Columns an outcome can use where the panel has them: dividends for retention; who failed, for an unknown growth.
OPTIONAL_ROLES: Mapping[str, tuple[str, ...]] = {
    "sagr": ("failed", "event_year"),
    "sgr": ("dividends", "failed", "event_year"),
}
#: Outcomes that have versioned definitions.
DEFINED: Mapping[str, Kind] = {"sagr": "growth", "sgr": "sustainable"}
METHODS = ("boosting", "scorecard")
#: Weights of a ladder's steps.
_LADDER_SHARE = Share(0, 1e9)
#: A curve fitted last has so many steps at most.
_MOST_CUTS = 100


@dataclass(frozen=True, slots=True)
class Feature:
    """One input: a formula over panel columns.

    Parameters
    ----------
    signs : target → monotone sign (-1, 0, 1).
    bins : how finely trees may cut it; None: as the track's other inputs.
    cuts : of an input that no tree reads: what all others leave over is fitted last, as a curve with steps here.
    """

    name: str
    group: str
    expression: Expression
    signs: Mapping[str, int]
    bins: int | None = None
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """One 0/1 outcome.

    Parameters
    ----------
    outcome : a key of ``OUTCOMES``.
    columns : role → column name (panel form) or the columns of years 0, 1, 2 … (wide form).
    years : years after the row until the outcome is known.
    threshold : the outcome is 1 where the measure is at or above it (sagr, sgr; a fraction, 0.2 for 20 %).
    definition : which meaning of the measure (sagr, sgr), a name of ``catalogue/outcomes.yaml``; empty for the others.
    options : further numbers (``from_year``, ``base_at_least`` …).
    """

    name: str
    outcome: str
    columns: Mapping[str, str | tuple[str, ...]]
    years: int
    threshold: float | None
    options: Mapping[str, float]
    definition: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One independently trained model of a target: a method of ``METHODS`` and its settings.

    ``weight`` is its share in the joint logit against the other tracks'; 0 for a track that is only shown beside it.
    ``inputs``: the features it may use, by name; empty for all. A setting or the weight may be a mapping target →
    number: what tells failure is not what tells growth.
    """

    name: str
    method: str
    settings: Mapping[str, Any]
    weight: float | Mapping[str, float] = 1.0
    inputs: tuple[str, ...] = ()

    def weight_of(self, target: str) -> float:
        """Return the track's share in the joint logit of one target."""
        return self.weight[target] if isinstance(self.weight, Mapping) else self.weight

    def settings_of(self, target: str) -> dict[str, Any]:
        """Return the settings for one target; of those that name targets, only that for this one."""
        own = {key: value.get(target) if isinstance(value, Mapping) else value for key, value in self.settings.items()}
        return {key: value for key, value in own.items() if value is not None}


@dataclass(frozen=True, slots=True)
class LadderPlan:
    """Grades for one target: ``symbols`` best first, ``shares`` of the training rows in each.

    ``better`` is "high" or "low" as in ``ktop.domain.rating.grades.Ladder``.
    """

    name: str
    target: str
    symbols: tuple[str, ...]
    shares: tuple[float, ...]
    better: Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who is compared with whom.

    Parameters
    ----------
    cells : label columns that make a comparison cell, the one to keep longest first.
    minimum : fewest rows of a cell; smaller ones fall back to the coarser cell.
    levels : whether features enter the model as their standing (0-100) within the cell.
    base_rates : whether a cell's own event rate moves the probabilities.
    """

    cells: tuple[str, ...]
    minimum: int
    levels: bool
    base_rates: bool


@dataclass(frozen=True, slots=True)
class Scheme:
    """A checked scheme.

    Parameters
    ----------
    columns : further columns as formulas over the table's and each other.
    members : models in the bag.
    bag_share : share of the firms that each of them trains on; None: a bootstrap over firms, which holds 63 %.
    calibration_years : newest years with a known outcome on which a panel's calibration layers are fitted. How strongly
        figures tell outcomes apart drifts; the newest known years are nearest to those that will be predicted.
    validation_years : newest years with a known outcome that are kept from training altogether and calibrate instead,
        forward in time as in use; 0 keeps none.
    level : "recent", the calibration's level is that of the calibration rows; "cycle", that of the average known year.
    honest_intervals : whether intervals also hold what the form of the model leaves out (``structure`` module).
    interplay : groups that hold copies of the other groups' features (the last of ``features``), grown after these:
        what features of different groups do only together has a part of its own.
    beside : groups that are grown in turns with the ordinary ones and finer than these; their features enter by their
        value, also where the others enter as levels.
    source : what the scheme was read from, kept in the model.
    """

    name: str
    id: str
    year: str | None
    groups: tuple[str, ...]
    features: tuple[Feature, ...]
    targets: tuple[Target, ...]
    tracks: tuple[Track, ...]
    columns: Mapping[str, Expression] = field(default_factory=dict)
    ladders: tuple[LadderPlan, ...] = ()
    comparison: Comparison | None = None
    missing: MissingRule = "learned"
    members: int = 10
    bag_share: float | None = None
    calibration_years: int = 3
    validation_years: int = 0
    level: Literal["recent", "cycle"] = "recent"
    honest_intervals: bool = False
    interplay: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    seed: int = 20241103
    source: Mapping[str, Any] = field(default_factory=dict)

    @property
    def own_features(self) -> tuple[Feature, ...]:
        """The features without the copies that make the interplay; they come first."""
        return tuple(feature for feature in self.features if feature.group not in self.interplay)

    @property
    def by_value(self) -> tuple[str, ...]:
        """Names of the features that never enter as levels."""
        return tuple(feature.name for feature in self.features if feature.group in self.beside or feature.cuts)

    def signs(self, target: str) -> tuple[int, ...]:
        """Return the monotone sign of every feature for one target."""
        return tuple(feature.signs[target] for feature in self.features)


def read_scheme(content: Any) -> Scheme:
    """Check a scheme as read from YAML. Raises ``InputError("models.scheme_…")`` naming the place that is wrong."""
    top = mapping(content, "scheme")
    refuse_strange(top, "scheme")
    only_known(
        top,
        {"name", "title", "id", "year", "groups", "features", "targets", "tracks", "ladders", "comparison", "missing",
         "members", "bag_share", "seed", "note", "calibration_years", "validation_years", "columns",
         "level", "honest_intervals"},
        "scheme",
    )  # fmt: skip
    top = _with_definitions(top, default_definition)
    targets = tuple(_target(str(name), entry) for name, entry in mapping(need(top, "targets"), "targets").items())
    groups = mapping(need(top, "groups"), "groups")
    names = [target.name for target in targets]
    features = tuple(
        _feature(str(name), entry, groups, names) for name, entry in mapping(need(top, "features"), "features").items()
    )
    if not features or not targets:
        raise InputError("models.scheme_empty")
    interplay = tuple(str(name) for name, words in groups.items() if _is_of_all(str(name), words, "of"))
    beside = tuple(str(name) for name, words in groups.items() if _is_of_all(str(name), words, "beside"))
    if all(feature.group in beside or feature.cuts for feature in features):
        raise InputError("models.scheme_value", place="groups", given="beside: all")
    features += _copies(features, interplay)
    tracks = mapping(top.get("tracks") or {"ai": {"method": "boosting"}}, "tracks")
    missing: MissingRule = choice(top.get("missing", "learned"), ("learned", "cautious"), "missing")
    return Scheme(
        name=str(need(top, "name")),
        id=ordinary(str(need(top, "id"))),
        year=None if top.get("year") is None else ordinary(str(top["year"])),
        groups=tuple(str(group) for group in groups),
        features=features,
        targets=targets,
        tracks=_tracks(tracks, [one.name for one in features if one.group not in interplay and not one.cuts], names),
        columns=derived_columns(top),
        ladders=tuple(_ladder(str(k), v, names) for k, v in mapping(top.get("ladders") or {}, "ladders").items()),
        comparison=_comparison(top["comparison"]) if top.get("comparison") is not None else None,
        missing=missing,
        members=whole(top.get("members", 10), "members"),
        bag_share=None if top.get("bag_share") is None else within(top["bag_share"], "bag_share"),
        validation_years=whole(top.get("validation_years", 0), "validation_years"),
        level=choice(top.get("level", "recent"), ("recent", "cycle"), "level"),
        honest_intervals=value_of(YES_NO, top.get("honest_intervals", False), "honest_intervals"),
        interplay=interplay,
        beside=beside,
        calibration_years=whole(top.get("calibration_years", 3), "calibration_years"),
        seed=whole(top.get("seed", 20241103), "seed"),
        source=top,
    )


def kept_scheme(content: Mapping[str, Any]) -> Scheme:
    """Return the scheme that a trained model keeps: where it names no definition of growth, the first one was meant."""
    return read_scheme(_with_definitions(content, first_definition))


def _with_definitions(content: Mapping[str, Any], chosen: Callable[[Kind], str]) -> Mapping[str, Any]:
    """Return a scheme whose growth targets all name their definition, so that a model keeps what it was trained by."""
    targets = content.get("targets")
    if not isinstance(targets, Mapping):
        return content
    named = {
        name: {**entry, "definition": chosen(DEFINED[entry["outcome"]])}
        if isinstance(entry, Mapping) and str(entry.get("outcome")) in DEFINED and entry.get("definition") is None
        else entry
        for name, entry in targets.items()
    }
    return {**content, "targets": named}


def derived_columns(content: Mapping[str, Any]) -> dict[str, Expression]:
    """Return the further columns of a scheme. They may rest on each other, but none on itself, not even through others
    or through its own earlier years: what a column says would then depend on how far the table goes back."""
    columns: dict[str, Expression] = {}
    for name, source in mapping(content.get("columns") or {}, "columns").items():
        if not isinstance(name, str) or not name.isidentifier():
            raise InputError("models.scheme_value", place="columns", given=shown(name))
        columns[ordinary(name)] = compile_expression(str(source))
    rests_on = {
        name: {other for other in columns if any(_is_of(part, other) for part in expression.names)}
        for name, expression in columns.items()
    }
    settled: set[str] = set()
    while len(settled) < len(columns):
        ready = {name for name in columns if name not in settled and rests_on[name] <= settled}
        if not ready:
            name = next(name for name in columns if name not in settled)
            raise InputError("models.scheme_value", place=f"columns.{name}", given=columns[name].source[:60])
        settled |= ready
    return columns


def _is_of_all(group: str, words: Any, key: str) -> bool:
    """Return whether a group is made of copies of all the others' features (``of: all``), or grown beside all
    the others (``beside: all``)."""
    if not isinstance(words, Mapping) or key not in words:
        return False
    choice(words[key], ("all",), f"groups.{group}.{key}")
    return True


def _copies(features: Sequence[Feature], interplay: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features of the interplay groups: those of the others under the name ``<feature>_in_<group>``."""
    names = {feature.name for feature in features}
    copies = []
    for group in interplay:
        for feature in features:
            name = f"{feature.name}_in_{group}"
            if feature.group in interplay or name in names:
                raise InputError("models.scheme_value", place=f"features.{feature.name}.group", given=feature.group)
            if not feature.cuts:
                copies.append(Feature(name, group, feature.expression, feature.signs, feature.bins))
    return tuple(copies)


def _is_of(name: str, column: str) -> bool:
    """Return whether ``name`` is the column itself, or an earlier year or a window of it."""
    return re.fullmatch(rf"{column}(_lag[1-9]|_(mean|min|max|sd)[2-9])*", name) is not None


def _feature(name: str, entry: Any, groups: Mapping[str, Any], targets: list[str]) -> Feature:
    where = f"features.{name}"
    content = mapping(entry, where)
    only_known(content, {"expression", "group", "monotone", "label", "bins", "cuts"}, where)
    group = choice(need(content, "group", where), tuple(str(g) for g in groups), f"{where}.group")
    monotone = content.get("monotone", 0)
    by_target = monotone if isinstance(monotone, dict) else dict.fromkeys(targets, monotone)
    signs = {target: int(choice(by_target.get(target, 0), (-1, 0, 1), f"{where}.monotone")) for target in targets}
    only_known(by_target, set(targets), f"{where}.monotone")
    bins = None if content.get("bins") is None else whole(content["bins"], f"{where}.bins")
    cuts = _cuts(content.get("cuts") or [], f"{where}.cuts")
    if cuts and any(signs.values()):
        raise InputError("models.scheme_value", place=f"{where}.monotone", given=shown(monotone))
    return Feature(name, group, compile_expression(str(content.get("expression", name))), signs, bins, cuts)


def _cuts(value: Any, place: str) -> tuple[float, ...]:
    """Return where a curve has its steps: rising numbers."""
    cuts = tuple(number(one, place) for one in listing(value, place))
    if list(cuts) != sorted(set(cuts)) or len(cuts) > _MOST_CUTS:
        raise InputError("models.scheme_value", place=place, given=shown(value))
    return cuts


def _comparison(entry: Any) -> Comparison:
    content = mapping(entry, "comparison")
    only_known(content, {"cells", "minimum", "levels", "base_rates"}, "comparison")
    cells = need(content, "cells", "comparison")
    if not isinstance(cells, list) or not cells:
        raise InputError("models.scheme_value", place="comparison.cells", given=shown(cells))
    return Comparison(
        cells=tuple(ordinary(str(cell)) for cell in cells),
        minimum=whole(content.get("minimum", 200), "comparison.minimum"),
        levels=value_of(YES_NO, content.get("levels", False), "comparison.levels"),
        base_rates=value_of(YES_NO, content.get("base_rates", False), "comparison.base_rates"),
    )


def _target(name: str, entry: Any) -> Target:
    where = f"targets.{name}"
    content = mapping(entry, where)
    outcome = choice(need(content, "outcome", where), tuple(OUTCOMES), f"{where}.outcome")
    columns: dict[str, str | tuple[str, ...]] = {}
    for role in (*OUTCOMES[outcome], *(role for role in OPTIONAL_ROLES.get(outcome, ()) if role in content)):
        value = need(content, role, where)
        columns[role] = tuple(ordinary(str(v)) for v in value) if isinstance(value, list) else ordinary(str(value))
    definition = ""
    if outcome in DEFINED:
        definition = choice(content["definition"], definition_names(DEFINED[outcome]), f"{where}.definition")
    named = ("outcome", "label", *(("definition",) if outcome in DEFINED else ()))
    rest = {k: v for k, v in content.items() if k not in columns and k not in named}
    only_known(rest, {"years", "threshold", "from_year", "base_at_least"}, where)
    numbers = {key: number(value, f"{where}.{key}") for key, value in rest.items()}
    numbers.pop("years", None)
    threshold = numbers.pop("threshold", {"sagr": 0.20, "sgr": 0.10}.get(outcome))
    # A column of the table may tell an outcome that is known at once; the others look at later years.
    years = whole(content.get("years", 3), f"{where}.years", least=0 if outcome == "column" else 1)
    return Target(name, outcome, columns, years, threshold, numbers, definition)


def _tracks(content: Mapping[str, Any], features: list[str], targets: list[str]) -> tuple[Track, ...]:
    tracks = tuple(_track(str(name), entry, features, targets) for name, entry in content.items())
    if min(sum(track.weight_of(target) for track in tracks) for target in targets) <= 0:
        raise InputError("models.scheme_value", place="tracks", given="weight: 0")
    return tracks


def _track(name: str, entry: Any, features: list[str], targets: list[str]) -> Track:
    where = f"tracks.{name}"
    content = mapping(entry, where)
    method = choice(need(content, "method", where), METHODS, f"{where}.method")
    weight = content.get("weight", 1)
    if isinstance(weight, Mapping):
        weight = {t: within(weight.get(t, 1), f"{where}.weight") for t in _of_targets(weight, targets, where)}
    else:
        weight = within(weight, f"{where}.weight")
    listed = listing(content.get("inputs") or [], f"{where}.inputs")
    inputs = tuple(str(choice(one, tuple(features), f"{where}.inputs")) for one in listed)
    settings: dict[str, Any] = {str(k): v for k, v in content.items() if k not in ("method", "weight", "inputs")}
    for key, value in list(settings.items()):
        if isinstance(value, Mapping) and key in LIMITS:
            _of_targets(value, targets, f"{where}.{key}")
            settings[key] = {target: within(number, f"{where}.{key}") for target, number in value.items()}
        elif key in LIMITS:
            number = within(value, f"{where}.{key}")
            settings[key] = number if isinstance(value, str) else value
    return Track(name, method, settings, weight, inputs)


def _of_targets(value: Mapping[Any, Any], targets: list[str], place: str) -> list[str]:
    """Return all targets; refuses a mapping that names another one."""
    only_known(value, set(targets), place)
    return targets


def _ladder(name: str, entry: Any, targets: list[str]) -> LadderPlan:
    where = f"ladders.{name}"
    content = mapping(entry, where)
    only_known(content, {"target", "symbols", "shares", "better"}, where)
    symbols = tuple(str(s) for s in listing(need(content, "symbols", where), f"{where}.symbols"))
    listed = listing(content.get("shares", [1] * len(symbols)), f"{where}.shares")
    shares = tuple(value_of(_LADDER_SHARE, share, f"{where}.shares") for share in listed)
    if len(shares) != len(symbols) or len(symbols) < 2 or min(shares) <= 0:
        raise InputError("models.scheme_value", place=f"{where}.shares", given=str(list(shares)))
    if len(set(symbols)) < len(symbols):
        raise InputError("models.scheme_value", place=f"{where}.symbols", given=", ".join(symbols)[:60])
    target = choice(need(content, "target", where), tuple(targets), f"{where}.target")
    better = choice(content.get("better", "high"), ("high", "low"), f"{where}.better")
    return LadderPlan(name, target, symbols, tuple(s / sum(shares) for s in shares), better)
