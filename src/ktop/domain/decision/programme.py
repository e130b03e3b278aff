"""The rule of a support programme (지원사업) for one year: who may apply, how points are given, who is selected.

Rules are data (catalogue/programmes, or a file of an agency's own) over facts, scores and grades. A clause that cannot
be checked because something is missing never passes: the applicant is asked for it. A rule that was published never
changes; its next form is a new version.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ktop.catalogue import LocalText
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.decision.rule_file import Entry, read_rule_file
from ktop.domain.expression import Expression, compile_expression
from ktop.domain.rating.grades import ladder
from ktop.kernel.errors import InputError

#: What of ratings a rule may name: numbers, and grades with the ladder they stand on.
SCORES: tuple[str, ...] = (
    *("tech_index_index", "tech_index_infra", "tech_index_input", "tech_index_activity", "tech_index_output"),
    *("tech_index_p_high_growth", "tech_index_p_sustainable_growth"),
    *("ktrs_fm_growth", "ktrs_fm_risk", "ktrs_fm_p_high_growth", "ktrs_fm_p_failure"),
)
GRADES: Mapping[str, str] = {
    "ktrs_fm_grade_business": "business",
    "ktrs_fm_grade_growth": "growth",
    "ktrs_fm_grade_risk": "risk",
}
#: The largest yearly sales of a small or medium-sized firm of an industry group (see catalogue/guarantee.yaml).
SME_LIMIT = "sme_sales_limit_krw"
#: How a rating is used by a programme: as a condition, as points, as what is followed afterwards.
USES = ("minimum", "points", "outcome")
_KINDS = ("rnd", "startup", "excellent")
_MOST_CLAUSES, _MOST_PLACES = 60, 1_000_000

Missing: TypeAlias = Literal["ask", "refuse"]


@dataclass(frozen=True, slots=True)
class OneOf:
    """A text fact is one of ``values``; industries by the beginning of their code."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradeAtLeast:
    """A grade is ``grade`` or better."""

    grade_name: str
    grade: str


Condition: TypeAlias = Expression | OneOf | GradeAtLeast


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of applying. ``reason`` is told to who fails it, with {name} filled in; ``missing`` says what
    happens where it cannot be checked."""

    id: str
    label: LocalText
    condition: Condition
    reason: LocalText
    missing: Missing

    @property
    def names(self) -> tuple[str, ...]:
        """What the clause looks at."""
        if isinstance(self.condition, Expression):
            return tuple(sorted(self.condition.names))
        return (self.condition.fact if isinstance(self.condition, OneOf) else self.condition.grade_name,)


@dataclass(frozen=True, slots=True)
class Criterion:
    """Points for one thing: those of the first step it reaches, from the best down; 0 below all and where missing.

    ``of`` is a number's name with numeric steps, or a grade's name with grades.
    """

    id: str
    label: LocalText
    of: str
    steps: tuple[tuple[float | str, float], ...]

    @property
    def most(self) -> float:
        """The most points it can give."""
        return max(points for _, points in self.steps)


@dataclass(frozen=True, slots=True)
class Tie:
    """What decides between equal points: the higher or the lower value of a number or the better grade comes first."""

    of: str
    order: Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Quota:
    """At least ``share`` of the places go to applicants for whom ``among`` holds, as far as there are any."""

    label: LocalText
    among: OneOf
    share: float


@dataclass(frozen=True, slots=True)
class ProgrammeRule:
    """The rule of one programme, year and version. ``capacity`` None: whoever meets the clauses is selected."""

    programme: str
    name: LocalText
    kind: str
    agency: str
    year: int
    version: int
    uses: tuple[str, ...]
    note: LocalText | None
    capacity: int | None
    reserve: int
    clauses: tuple[Clause, ...]
    points: tuple[Criterion, ...]
    ties: tuple[Tie, ...]
    quotas: tuple[Quota, ...]
    outcomes: tuple[str, ...]

    @property
    def id(self) -> str:
        """What a result names the rule by."""
        return f"{self.programme}-{self.year}-{self.version}"

    @property
    def names(self) -> frozenset[str]:
        """All facts, scores and grades that the rule looks at."""
        named = {name for clause in self.clauses for name in clause.names}
        named |= {criterion.of for criterion in self.points} | {tie.of for tie in self.ties}
        return frozenset(named | {quota.among.fact for quota in self.quotas})


def read_rule(source: bytes) -> ProgrammeRule:
    """Return the rule in a file; raises ``InputError`` with line and reason for one that cannot be understood."""
    return rule_of(read_rule_file(source))


def rule_of(entry: Entry) -> ProgrammeRule:
    """Return the rule that an entry says."""
    entry.only(
        *("programme", "name", "kind", "agency", "year", "version", "uses", "note", "capacity", "reserve"),
        *("clauses", "points", "ties", "quotas", "outcomes"),
    )
    programme = entry.need("programme", str)
    if not programme.replace("-", "").isalnum() or not programme.isascii() or len(programme) > 40:
        raise entry.wrong("programme", "id")
    kind = entry.need("kind", str)
    if kind not in _KINDS:
        raise entry.wrong("kind", "choice", known=", ".join(_KINDS))
    year, version = entry.need("year", int), entry.need("version", int)
    if not 2000 <= year <= 2100 or not 1 <= version <= 999:
        raise entry.wrong("year", "range")
    uses = tuple(entry.need("uses", list))
    if not uses or not set(uses) <= set(USES):
        raise entry.wrong("uses", "choice", known=", ".join(USES))
    capacity, reserve = entry.maybe("capacity", int), entry.maybe("reserve", int, 0)
    if (capacity is not None and not 1 <= capacity <= _MOST_PLACES) or not 0 <= reserve <= _MOST_PLACES:
        raise entry.wrong("capacity", "range")
    clauses = tuple(_clause(item) for item in entry.entries("clauses"))
    points = tuple(_criterion(item) for item in entry.entries("points"))
    _distinct(entry, [clause.id for clause in clauses], "clauses")
    _distinct(entry, [criterion.id for criterion in points], "points")
    if capacity is not None and not points:
        raise entry.wrong("capacity", "no_points")
    quotas = tuple(_quota(item) for item in entry.entries("quotas"))
    if sum(quota.share for quota in quotas) > 1 + 1e-9 or (quotas and capacity is None):
        raise entry.wrong("quotas", "range")
    outcomes = tuple(entry.maybe("outcomes", list, []))
    for outcome in outcomes:
        if outcome not in ("sales", "jobs", "patents", "survival", "tech_index"):
            raise entry.wrong("outcomes", "choice", known="sales, jobs, patents, survival, tech_index")
    return ProgrammeRule(
        programme=programme,
        name=entry.words("name"),
        kind=kind,
        agency=entry.need("agency", str),
        year=year,
        version=version,
        uses=uses,
        note=entry.words("note") if "note" in entry else None,
        capacity=capacity,
        reserve=reserve,
        clauses=clauses,
        points=points,
        ties=tuple(_tie(item) for item in entry.entries("ties")),
        quotas=quotas,
        outcomes=outcomes,
    )


def _distinct(entry: Entry, ids: Sequence[str], key: str) -> None:
    if len(set(ids)) < len(ids) or len(ids) > _MOST_CLAUSES:
        raise entry.wrong(key, "id")


def _id(entry: Entry) -> str:
    found: str = entry.need("id", str)
    if not found.isidentifier() or len(found) > 40:
        raise entry.wrong("id", "id")
    return found


def _clause(entry: Entry) -> Clause:
    entry.only("id", "label", "holds", "one_of", "grade_at_least", "reason", "missing")
    given = [kind for kind in ("holds", "one_of", "grade_at_least") if kind in entry]
    if len(given) != 1:
        raise entry.wrong(None, "one_condition")
    read: Mapping[str, Callable[[Entry, str], Condition]] = {
        "holds": _formula,
        "one_of": _one_of,
        "grade_at_least": _grade_at_least,
    }
    condition = read[given[0]](entry, given[0])
    missing: Missing = entry.maybe("missing", str, "ask")
    if missing not in ("ask", "refuse"):
        raise entry.wrong("missing", "choice", known="ask, refuse")
    clause = Clause(_id(entry), entry.words("label"), condition, entry.words("reason"), missing)
    for words in clause.reason.values():
        try:
            named = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
        except ValueError as error:
            raise entry.wrong("reason", "braces") from error
        if not named <= set(clause.names):
            raise entry.wrong("reason", "unknown_name", name=", ".join(sorted(named - set(clause.names))))
    return clause


def _formula(entry: Entry, key: str) -> Expression:
    source = entry.need(key, str)
    try:
        formula = compile_expression(source)
    except InputError as error:
        raise entry.wrong(key, "formula", formula=source[:200]) from error
    for name in sorted(formula.names):
        _number(entry, key, name)
    return formula


def _number(entry: Entry, key: str, name: str) -> str:
    if name in SCORES or name == SME_LIMIT or (name in FACTS and FACTS[name].numeric):
        return name
    raise entry.wrong(key, "unknown_name", name=name)


def _one_of(entry: Entry, key: str) -> OneOf:
    said = entry.need(key, Entry)
    if len(said) != 1:
        raise entry.wrong(key, "one_condition")
    fact = next(iter(said))
    if fact not in FACTS or FACTS[fact].numeric:
        raise said.wrong(fact, "unknown_name", name=fact)
    values = said.need(fact, list)
    if not values or not all(isinstance(value, str) and value for value in values):
        raise said.wrong(fact, "kind")
    return OneOf(fact, tuple(values))


def _grade_at_least(entry: Entry, key: str) -> GradeAtLeast:
    said = entry.need(key, Entry)
    if len(said) != 1:
        raise entry.wrong(key, "one_condition")
    name = next(iter(said))
    return GradeAtLeast(_grade_name(said, name), _grade(said, name, said.need(name, str)))


def _grade_name(entry: Entry, name: str) -> str:
    if name not in GRADES:
        raise entry.wrong(name, "unknown_name", name=name)
    return name


def _grade(entry: Entry, name: str, symbol: Any) -> str:
    symbols = ladder(GRADES[name]).symbols
    if symbol not in symbols:
        raise entry.wrong(name, "choice", known=", ".join(symbols))
    return str(symbol)


def _criterion(entry: Entry) -> Criterion:
    entry.only("id", "label", "of", "steps")
    of = entry.need("of", str)
    if of not in GRADES:
        _number(entry, "of", of)
    steps = []
    for step in entry.need("steps", list):
        if not isinstance(step, list) or len(step) != 2:
            raise entry.wrong("steps", "kind")
        least, points = step
        if of in GRADES:
            _grade_known(entry, of, least)
        elif isinstance(least, bool) or not isinstance(least, int | float):
            raise entry.wrong("steps", "kind")
        if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points <= 1000:
            raise entry.wrong("steps", "range")
        steps.append((least, float(points)))
    given = [points for _, points in steps]
    if not steps or sorted(given, reverse=True) != given:
        raise entry.wrong("steps", "order")
    ranks = [-ladder(GRADES[of]).index(str(least)) if of in GRADES else float(least) for least, _ in steps]
    if any(later >= earlier for earlier, later in itertools.pairwise(ranks)):
        raise entry.wrong("steps", "order")
    return Criterion(_id(entry), entry.words("label"), of, tuple(steps))


def _grade_known(entry: Entry, of: str, symbol: Any) -> None:
    if symbol not in ladder(GRADES[of]).symbols:
        raise entry.wrong("steps", "choice", known=", ".join(ladder(GRADES[of]).symbols))


def _tie(entry: Entry) -> Tie:
    entry.only("of", "order")
    of = entry.need("of", str)
    if of not in GRADES:
        _number(entry, "of", of)
    order = entry.need("order", str)
    if order not in ("high", "low"):
        raise entry.wrong("order", "choice", known="high, low")
    return Tie(of, "high" if order == "high" else "low")


def _quota(entry: Entry) -> Quota:
    entry.only("label", "one_of", "share")
    share = entry.need("share", (int, float))
    if not 0 < share <= 1:
        raise entry.wrong("share", "range")
    return Quota(entry.words("label"), _one_of(entry, "one_of"), float(share))
