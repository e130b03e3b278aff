"""What each company fact is: type, unit, limits, choices and names in Korean and English, read from the catalogue."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias

from ktop.catalogue import LocalText, load
from ktop.domain.expression import Expression, compile_expression

#: One fact of one company; None where it is missing.
FactValue: TypeAlias = float | int | str | date | None
Kind: TypeAlias = Literal["text", "code", "date", "number", "integer", "flag", "choice"]

NUMERIC_KINDS = frozenset({"number", "integer", "flag"})
#: Groups of facts that are answers to a question, and the catalogue each group's questions stand in.
CHECKLISTS: Mapping[str, str] = {"checklist": "checklist", "checklist_abroad": "abroad_checklist"}


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One company fact.

    Parameters
    ----------
    name : column name in batch files; units stand in it (``sales_krw_t0``).
    kind : "text", "code", "date", "number", "integer", "flag" (0 or 1) or "choice".
    group : the heading it stands under, a key of ``fact_groups()``.
    label, description : words of the user, Korean and English.
    example : a plausible value.
    unit, unit_label : unit code ("krw", "persons" ...) and its words; None for facts without one.
    minimum, maximum : values outside are refused; None where there is no limit.
    choices : allowed values and their words; empty where any value goes.
    derived : worked out here from other facts; a given value is only used where that is not possible.
    aliases : further headings it has in tables of others.
    direction : +1 where more of it speaks for a firm, -1 where less of it does, 0 where neither does.
    may_lower : why improving it may all the same lower a prospect; None where it may not.
    optional : of a group not every firm is asked for; a rating lists it only where it is known.
    """

    name: str
    kind: Kind
    group: str
    label: LocalText
    description: LocalText
    example: FactValue
    unit: str | None = None
    unit_label: LocalText | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Mapping[int | str, LocalText] = field(default_factory=dict)
    derived: bool = False
    aliases: tuple[str, ...] = ()
    direction: int = 0
    may_lower: LocalText | None = None
    optional: bool = False
    #: Whether a table column of this fact holds numbers (float64 with NaN).
    numeric: bool = field(init=False)

    def __post_init__(self) -> None:
        numeric = self.kind in NUMERIC_KINDS or any(isinstance(code, int) for code in self.choices)
        object.__setattr__(self, "numeric", numeric)  # asked hundreds of times a rating

    @property
    def label_with_name(self) -> LocalText:
        """The fact's words with its name, as sentences name it."""
        return {"ko": f"{self.label['ko']}({self.name})", "en": f"{self.label['en']} ({self.name})"}


@dataclass(frozen=True, slots=True)
class FactRule:
    """A relation that must hold between two facts of one company: ``smaller`` may not exceed ``larger``."""

    id: str
    holds: Expression
    smaller: str
    larger: str


class _Facts(Mapping[str, FactSpec]):
    """All facts by name, read from the catalogue at first use so that importing this module reads no file."""

    def __getitem__(self, name: str) -> FactSpec:
        return _read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_read())

    def __len__(self) -> int:
        return len(_read())

    def __contains__(self, name: object) -> bool:
        return name in _read()  # what comes with a mapping asks for the fact and waits for the error

    def items(self) -> ItemsView[str, FactSpec]:
        return _read().items()


#: Every company fact by name, in the order of batch files: identity first, checklist last.
FACTS: Mapping[str, FactSpec] = _Facts()

_FLAG_CHOICES: Mapping[int | str, LocalText] = {0: {"ko": "아니오", "en": "no"}, 1: {"ko": "예", "en": "yes"}}


@functools.cache
def numeric_facts() -> tuple[str, ...]:
    """Return the names of the facts that formulas may use."""
    return tuple(name for name, spec in FACTS.items() if spec.numeric)


@functools.cache
def _read() -> dict[str, FactSpec]:
    catalogue = load("facts")
    facts = {name: _spec(name, entry, catalogue["units"]) for name, entry in catalogue["facts"].items()}
    for group, questions in CHECKLISTS.items():
        for name, item in load(questions)["items"].items():
            facts[name] = FactSpec(
                name=name,
                kind="choice",
                group=group,
                label=item["label"],
                description=item["question"],
                example=3,
                minimum=1,
                maximum=5,
                choices=dict(item["options"]),
                direction=1,
            )
    optional = frozenset(catalogue["optional_groups"])
    return {
        name: dataclasses.replace(spec, optional=True) if spec.group in optional else spec
        for name, spec in facts.items()
    }


def _spec(name: str, entry: Mapping[str, Any], units: Mapping[str, LocalText]) -> FactSpec:
    unit = entry.get("unit")
    kind: Kind = entry["type"]
    return FactSpec(
        name=name,
        kind=kind,
        group=entry["group"],
        label=entry["label"],
        description=entry["description"],
        example=entry["example"],
        unit=unit,
        unit_label=units[unit] if unit else None,
        minimum=entry.get("min"),
        maximum=entry.get("max"),
        choices=_FLAG_CHOICES if kind == "flag" else entry.get("choices", {}),
        derived=entry.get("from") == "derived",
        aliases=tuple(entry.get("also", ())),
        direction={"+": 1, "-": -1, None: 0}[entry.get("direction")],
        may_lower=entry.get("may_lower"),
    )


def fact_groups() -> Mapping[str, LocalText]:
    """Return the headings facts stand under, id → words, in the order of forms and batch files."""
    groups: Mapping[str, LocalText] = load("facts")["groups"]
    return groups


@functools.cache
def fact_rules() -> tuple[FactRule, ...]:
    """Return the relations that must hold between facts of one company."""
    return tuple(
        FactRule(
            id=rule["id"], holds=compile_expression(rule["holds"]), smaller=rule["facts"][0], larger=rule["facts"][1]
        )
        for rule in load("facts")["rules"]
    )
