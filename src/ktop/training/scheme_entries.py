"""Single entries of a scheme: read as their kind, held to their limits, refused by the place that is wrong.

All of them raise ``InputError("models.scheme_…")`` that names the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ktop.catalogue import LANGS, text
from ktop.domain.values.count import Count
from ktop.domain.values.kind import RefusedValueError, ValueKind, shown
from ktop.domain.values.number import Number
from ktop.kernel.errors import InputError

T = TypeVar("T")
#: Least and greatest value of every number of a scheme. The upper ends lie far above anything useful: they stop a
#: mistyped zero before it fills the memory.
LIMITS: Mapping[str, tuple[float, float]] = {
    "members": (1, 500),
    "calibration_years": (1, 50),
    "validation_years": (0, 50),
    "bag_share": (0.5, 0.95),
    "seed": (0, 2_000_000_000),
    "minimum": (1, 10_000_000),
    "years": (1, 20),
    "rounds": (1, 10_000),
    "interplay_rounds": (0, 10_000),
    "beside_rounds": (1, 10_000),
    "beside_max_bin": (2, 1_000),
    "learning_rate": (1e-4, 1),
    "leaves": (2, 1_000),
    "depth": (1, 20),
    "max_bin": (2, 1_000),
    "bins": (2, 1_000),
    "min_leaf_rows": (1, 1_000_000),
    "l2": (0, 1e9),
    "feature_fraction": (0.01, 1),
    "table_inputs": (0, 10),
    "prebins": (2, 1_000),
    "min_share": (0, 0.5),
    "prior_events": (0, 1e6),
    "weight": (0, 1e6),
}
#: Numbers without limits of their own.
_ANY_NUMBER = Number(-1e18, 1e18)


def mapping(value: Any, place: str) -> Mapping[str, Any]:
    """Return an entry that has entries of its own."""
    if not isinstance(value, Mapping):
        raise InputError("models.scheme_not_mapping", place=place)
    return value


def listing(value: Any, place: str) -> list[Any]:
    """Return an entry that is a list."""
    if not isinstance(value, list):
        raise InputError("models.scheme_value", place=place, given=shown(value))
    return value


def need(content: Mapping[str, Any], key: str, place: str = "scheme") -> Any:
    """Return an entry that may not be left out."""
    if content.get(key) is None:
        raise InputError("models.scheme_missing", entry=key, place=place)
    return content[key]


def only_known(content: Mapping[Any, Any], keys: set[str], place: str) -> None:
    """Refuse entries that nothing reads: a mistyped name would otherwise be a default."""
    for key in content:
        if key not in keys:
            raise InputError("models.scheme_unknown", entry=str(key), place=place)


def value_of(kind: ValueKind[T], value: Any, place: str) -> T:
    """Return a value as its kind reads it; a word for missing is refused: a scheme leaves such an entry out."""
    try:
        parsed = kind.parse(value)
    except RefusedValueError as refusal:
        where = {lang: text("models.scheme_place", lang, place=place) for lang in LANGS}
        raise refusal.at(where) from None
    if parsed is None:
        raise InputError("models.scheme_value", place=place, given=shown(value))
    return parsed


def number(value: Any, place: str) -> float:
    """Return a number without limits of its own (a threshold, a least base)."""
    return value_of(_ANY_NUMBER, value, place)


def within(value: Any, place: str) -> float:
    """Return a number that lies within its ``LIMITS``, which the last part of ``place`` names."""
    return value_of(Number(*LIMITS[place.rsplit(".", 1)[-1]]), value, place)


def whole(value: Any, place: str, least: int | None = None) -> int:
    """Return a whole number that lies within its ``LIMITS``; ``least``: instead of their lower end."""
    low, high = LIMITS[place.rsplit(".", 1)[-1]]
    return value_of(Count(int(low) if least is None else least, int(high)), value, place)


def refuse_strange(content: Any, place: str) -> None:
    """Refuse what YAML reads but a model cannot keep: names that are no text (2020, yes), dates and the like."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            if not isinstance(key, str):
                raise InputError("models.scheme_value", place=place, given=shown(key))
            refuse_strange(value, f"{place}.{key}" if place != "scheme" else key)
    elif isinstance(content, list | tuple):
        for value in content:
            refuse_strange(value, place)
    elif content is not None and not isinstance(content, str | int | float):
        raise InputError("models.scheme_value", place=place, given=shown(content))


def choice(value: Any, allowed: tuple[Any, ...], place: str) -> Any:
    """Return an entry that is one of those allowed."""
    if isinstance(value, bool) or value not in allowed:
        raise InputError("models.scheme_value", place=place, given=shown(value))
    return value
