"""A minimal scheme as a full one: id, year, columns and targets are enough; everything else has a default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from ktop.domain.expression import ordinary
from ktop.kernel.errors import InputError
from ktop.training.panel import plain_panel

#: The one group of a minimal scheme.
GROUP = "all"


def is_minimal(content: Mapping[str, Any]) -> bool:
    """Return whether a scheme leaves its features to be taken from the table's columns."""
    return content.get("features") is None


def is_tuned(content: Mapping[str, Any]) -> bool:
    """Return whether a scheme leaves to the training how its trees are grown: it names no tracks."""
    return content.get("tracks") is None


def full_scheme(content: Mapping[str, Any], panel: pl.DataFrame) -> Mapping[str, Any]:
    """Return a minimal scheme with everything named that it leaves open; a full one as it is.

    Entries of a minimal scheme:

    - ``id``, ``year`` (optional) and ``targets`` as in a full one; a target may be just the name of its 0/1 column.
    - ``columns``: list of the columns to learn from; without it all columns of numbers but id, year and outcomes.
    - ``signs``: column → 1 (may only raise the probability) or -1 (only lower it), or that by target.

    Raises ``InputError`` for columns that are not there or whose names a formula cannot read.
    """
    targets = _targets(content.get("targets"))
    if not is_minimal(content):
        return {**content, "targets": targets} if content.get("targets") is not None else content
    frame = plain_panel(panel)
    names = _columns(content, targets, frame)
    signs = content.get("signs") or {}
    if not isinstance(signs, Mapping):
        raise InputError("models.scheme_not_mapping", place="signs")
    for name in signs:
        if ordinary(str(name)) not in names:
            raise InputError("models.scheme_unknown", entry=str(name), place="signs")
    held = {ordinary(str(name)): sign for name, sign in signs.items()}
    features = {name: {"group": GROUP, **({"monotone": held[name]} if name in held else {})} for name in names}
    rest = {key: value for key, value in content.items() if key not in ("columns", "signs", "targets")}
    return {
        "name": "model",
        **rest,
        "groups": {GROUP: {"ko": "모든 항목", "en": "All inputs"}},
        "features": features,
        "targets": targets,
    }


def _targets(given: Any) -> Any:
    """Return targets with those written as just a column spelled out."""
    if isinstance(given, list):
        given = {str(name): str(name) for name in given}
    if not isinstance(given, Mapping):
        return given
    return {
        name: {"outcome": "column", "column": entry, "years": 0} if isinstance(entry, str) else entry
        for name, entry in given.items()
    }


def _columns(content: Mapping[str, Any], targets: Any, frame: pl.DataFrame) -> list[str]:
    listed = content.get("columns")
    if isinstance(listed, Mapping):
        raise InputError("models.scheme_missing", entry="features", place="scheme")
    if listed is not None and not isinstance(listed, list):
        raise InputError("models.scheme_value", place="columns", given=str(listed)[:60])
    if listed is not None:
        names = list(dict.fromkeys(ordinary(str(name)) for name in listed))
    else:
        apart = {ordinary(str(content.get(key))) for key in ("id", "year")} | _outcome_columns(targets)
        known = {ordinary(column) for column in frame.columns}
        numeric = {ordinary(name) for name, kind in frame.schema.items() if kind.is_numeric() or kind == pl.Boolean}
        names = [ordinary(column) for column in frame.columns if ordinary(column) in (known & numeric) - apart]
    for name in names:
        if not name.isidentifier():
            raise InputError("models.scheme_column_name", column=name)
    if not names:
        raise InputError("models.scheme_empty")
    return names


def _outcome_columns(targets: Any) -> set[str]:
    """Return every text that stands in a target: the columns that say what came."""
    found: set[str] = set()
    for entry in targets.values() if isinstance(targets, Mapping) else ():
        for value in entry.values() if isinstance(entry, Mapping) else ():
            found |= {ordinary(str(one)) for one in (value if isinstance(value, list) else [value])}
    return found
