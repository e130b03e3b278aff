"""What a page and a PDF show of ratings: every text in its final form, so that both say exactly the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from ktop.report.charts import Chart, Table


@dataclass(frozen=True, slots=True)
class Figure:
    """A labelled value; ``note`` is a short remark beside it. ``tone`` is "", "good", "warn" or "bad"."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences of one kind under one heading."""

    kind: str
    title: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Where one score comes from: its waterfall (narrow and wide, where the medium shows it) and the exact table.

    ``main`` marks the breakdown of a rating's one main score, which deserves the full width.
    """

    score: str
    title: str
    narrow: Chart | None
    wide: Chart | None
    table: Table
    main: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Standing among others: strips of the main score, those of further scores, and the places as a table."""

    chart: Chart | None
    table: Table
    others: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the guarantee rule: whether it is met (None where it could not be checked) and why."""

    met: bool | None
    status: str
    label: str
    reason: str
    #: The values that it was judged by.
    figures: str = ""


@dataclass(frozen=True, slots=True)
class Guarantee:
    """The guarantee decision, its limit and every clause behind it."""

    decision: str
    tone: str
    limit: str
    text: str
    clauses: tuple[Clause, ...]
    note: str
    #: The limit worked out line by line, where the rating shows what it is worked out from; how many clauses are met.
    arithmetic: Table | None = None
    met: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rating stands on: ``basis`` in words, both results beside the one shown, and contradicted answers."""

    title: str
    basis: str
    tone: str
    table: Table
    contradictions: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the accounts changed: results without and with them, and what each ratio moved the probabilities by.

    ``note`` says, where a rule held a grade afterwards, that the grades here are those before it.
    """

    title: str
    lead: str
    table: Table
    ratios: Table
    note: str


@dataclass(frozen=True, slots=True)
class GrowthPaths:
    """What firms of the same cell did: ``lead`` counts them, ``said`` names what told the two groups apart.

    ``before`` holds what was known on the day of the grade against the company's own values, ``after`` what followed.
    """

    title: str
    lead: str
    said: str
    before: Table
    after: Table
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """One computed next step: what to do, from what to what, which score it raises or lowers by how much.

    ``effort`` also tells cost and time; ``evidence`` what proves it, empty where it is not told.
    """

    text: str
    change: str
    effect: str
    effort: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One similar earlier patent."""

    patent_id: str
    title: str
    similarity: str
    filed: str
    applicants: str
    terms: str = ""
    #: All applicants, and the classes with what they are about.
    all_applicants: str = ""
    classes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """One part of a technology's text: how far the nearest patents have it, and where."""

    text: str
    status: str
    tone: str
    score: str


@dataclass(frozen=True, slots=True)
class ClosePatent:
    """One of the nearest patents beside the technology: rows are (feature, score, closest sentence, shared words)."""

    heading: str
    share: str
    table: Table


@dataclass(frozen=True, slots=True)
class Novelty:
    """How much of the technology the nearest patents already say; ``note`` says what this is not."""

    title: str
    risk: str
    tone: str
    text: str
    note: str
    features: tuple[Feature, ...]
    patents: tuple[ClosePatent, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Terms that were tried in the technology's text: what each would change, and what that does not mean."""

    title: str
    text: str
    note: str
    table: Table


@dataclass(frozen=True, slots=True)
class Technology:
    """What only a technology rating has."""

    key_terms: tuple[Figure, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    similarity: Chart | None = None
    ocean: Figure | None = None
    ocean_text: str = ""
    ocean_figures: tuple[Figure, ...] = ()
    map: Chart | None = None
    map_wide: Chart | None = None
    groups: Table | None = None
    trend: Chart | None = None
    trend_text: str = ""
    applicants: Chart | None = None
    fields: Chart | None = None
    newcomers: str = ""
    corpus: str = ""
    novelty: Novelty | None = None
    suggestions: Suggestions | None = None


@dataclass(frozen=True, slots=True)
class RatingView:
    """One rating as shown."""

    model: str
    title: str
    lead: str
    version: str
    headline: tuple[Figure, ...]
    grades: tuple[Figure, ...]
    scores: tuple[Figure, ...]
    probabilities: tuple[Figure, ...]
    gauge: Chart | None
    radar: Chart | None
    matrix: Chart | None
    position: Position | None
    breakdowns: tuple[Breakdown, ...]
    opinions: tuple[Sentences, ...]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    guarantee: Guarantee | None = None
    tracks: Table | None = None
    technology: Technology | None = None
    evidence: Evidence | None = None
    accounts: Accounts | None = None
    growth_paths: GrowthPaths | None = None
    #: Why the grade shown is not that of the matrix's cell, empty where it is.
    matrix_note: str = ""
    #: Whether its grade may be relied on at all.
    relied: bool = True


@dataclass(frozen=True, slots=True)
class InputRow:
    """One value that was used: label, value, where it came from and its date."""

    label: str
    value: str
    source: str
    date: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class InputGroup:
    """Values under one heading."""

    title: str
    rows: tuple[InputRow, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a result opens with.

    ``model`` is the one that decides, ``figure`` its grade or index; where ``relied`` is False the figure is no ground
    for anything and ``meaning`` says why. ``sure`` says in words how sure it is, ``strip`` draws grades and intervals,
    ``known`` what is known of a company. ``to_do`` comes before the computed ``steps``. ``beside`` are the other
    answers, ``story`` why they differ, ``meanings`` what every grade means.
    """

    model: str
    figure: Figure
    relied: bool
    meaning: str
    sure: tuple[str, ...]
    strip: Chart | None
    known: Chart | None
    steps: tuple[Step, ...]
    to_do: tuple[str, ...]
    beside: tuple[Figure, ...]
    story: tuple[str, ...]
    meanings: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class ReportView:
    """Ratings of one subject made together, and what they rest on."""

    lang: str
    title: str
    subject: str
    facts: tuple[Figure, ...]
    as_of: str
    summary: tuple[Figure, ...]
    ratings: tuple[RatingView, ...]
    inputs: tuple[InputGroup, ...]
    given: int
    missing: int
    models: tuple[str, ...]
    origin: str
    text: str = ""
    verdict: Verdict | None = None
    words: dict[str, str] = field(default_factory=dict)
