"""Draws the made-up inventions: when each is filed, by whom, what it consists of and what it builds on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta

from ktop.training.demo_corpus.chance import Chance
from ktop.training.demo_corpus.vocabulary import Entry, Theme, grammar, themes

FIRST_YEAR, LAST_YEAR = 2005, 2024

#: Share of inventions that build on an earlier one and take words over from it, where a theme names none of its own:
#: themes of many small fields, in which hardly anything is said twice, take over less.
SHARE_WITH_PARENT = 0.6
#: Citations get rarer with the cited document's age, by a factor of e in this many years.
CITATION_AGE_YEARS = 5.0
#: Spread of the inventions' quality (standard deviation of its logarithm): quality draws citations and followers.
QUALITY_SPREAD = 0.9
#: Share of backward citations that go to another theme.
SHARE_ACROSS_THEMES = 0.15
FIRMS_PER_THEME = 16


@dataclass(slots=True)
class Invention:
    """One made-up invention, before it is written down in either language."""

    number: int
    theme: Theme
    filing_date: date
    subject: Entry
    quality: float
    slots: dict[str, Entry]
    parts: list[Entry]
    steps: list[Entry]
    problem: Entry
    effects: list[Entry]
    details: list[Entry]
    applicants: list[str]
    languages: tuple[str, ...]
    claims_count: int
    ipc: tuple[str, ...]
    cites: list[int] = field(default_factory=list)
    times_cited: int = 0

    @property
    def kind(self) -> str:
        """``apparatus``, ``method`` or ``composition``."""
        return self.subject.fields[0]


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented applicant: its name as printed, the language it files in, its first year and its weight."""

    name: str
    language: str
    since: int
    weight: float


def yearly_intensity(kind: str, midyear: float, width: float, year: int) -> float:
    """Return the relative number of filings in ``year``: logistic growth, a hump, or logistic decline."""
    distance = (year - midyear) / width
    if kind in ("emerging", "growing"):
        return 0.02 + 1.0 / (1.0 + math.exp(-distance))
    if kind == "declining":
        return 0.05 + 1.0 / (1.0 + math.exp(distance))
    return 0.25 + math.exp(-(distance**2) / 2.0)


def filing_days(theme: Theme, chance: Chance) -> list[date]:
    """Return the filing dates of a theme's inventions, drawn from its growth curve."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    curve = [yearly_intensity(theme.growth["kind"], theme.growth["midyear"], theme.growth["width"], y) for y in years]
    days = []
    for _ in range(theme.growth["inventions"]):
        year = chance.weighted(years, curve)
        days.append(date(year, 1, 1) + timedelta(days=chance.between(0, 364)))
    return days


def firms(theme: Theme, chance: Chance) -> list[Firm]:
    """Return the invented applicants of a theme; some enter late, and a few file much."""
    pieces = grammar()["applicants"]
    kinds = [kind.split(" | ") for kind in pieces["kinds"][theme.name]]
    applicants = []
    for rank, stem in enumerate(chance.sample(pieces["stems"], FIRMS_PER_THEME)):
        korean, english = stem.split(" | ")
        ko_kind, en_kind = chance.choice(kinds)
        if korean != english:
            name, language = f"{korean}{ko_kind} {pieces['mark']['ko']}", "ko"
        else:
            name, language = f"{english} {en_kind} {pieces['mark']['en']}", "en"
        since = FIRST_YEAR if rank % 2 else chance.between(FIRST_YEAR, LAST_YEAR - 2)
        applicants.append(Firm(name, language, since, 1.0 / (1.0 + chance.uniform() * FIRMS_PER_THEME)))
    return applicants


def draw_inventions(seed: int) -> list[Invention]:
    """Return all inventions in the order of their filing dates; the same for the same seed."""
    chance = Chance(seed)
    plan: list[tuple[date, Theme, list[Firm]]] = []
    for theme in themes():
        theme_firms = firms(theme, chance)
        plan.extend((day, theme, theme_firms) for day in filing_days(theme, chance))
    plan.sort(key=lambda entry: (entry[0], entry[1].name))
    done: list[Invention] = []
    by_theme: dict[str, list[Invention]] = {theme.name: [] for theme in themes()}
    for number, (day, theme, theme_firms) in enumerate(plan):
        cited = _earlier_work(day, theme, by_theme, chance)
        invention = _invention(number, day, theme, theme_firms, cited, chance)
        for earlier in cited:
            earlier.times_cited += 1
        done.append(invention)
        by_theme[theme.name].append(invention)
    return done


def _earlier_work(day: date, theme: Theme, by_theme: dict[str, list[Invention]], chance: Chance) -> list[Invention]:
    """Return what a new invention cites: preferential attachment to quality and citations, fading with age."""
    cited: dict[int, Invention] = {}
    for _ in range(chance.between(1, 8)):
        name = theme.name
        if chance.happens(SHARE_ACROSS_THEMES):
            name = chance.choice(grammar()["related"][name])
        pool = [earlier for earlier in by_theme[name] if (day - earlier.filing_date).days > 180]
        if not pool:
            continue
        weights = [
            earlier.quality
            * (1.0 + earlier.times_cited) ** 0.6
            * math.exp(-(day - earlier.filing_date).days / (365.25 * CITATION_AGE_YEARS))
            for earlier in pool
        ]
        choice = chance.weighted(pool, weights)
        cited[choice.number] = choice
    return list(cited.values())


def _pick(entries: tuple[Entry, ...] | list[Entry], n: int, year: int, subject: Entry, chance: Chance) -> list[Entry]:
    """Return up to ``n`` entries in use in ``year`` that fit the subject, newer words twice as likely."""
    pool = [entry for entry in entries if entry.used_in(year) and entry.fits(subject.groups)]
    taken: list[Entry] = []
    while pool and len(taken) < n:
        weights = [2.0 if 0 <= year - entry.since <= 5 else 1.0 for entry in pool]
        entry = chance.weighted(pool, weights)
        pool.remove(entry)
        taken.append(entry)
    return sorted(taken, key=entries.index)


def _keep(inherited: list[Entry], fresh: list[Entry], order: tuple[Entry, ...], n: int) -> list[Entry]:
    """Return at most ``n`` of the inherited and the fresh entries, without repeats, in the vocabulary's order."""
    return sorted(list(dict.fromkeys([*inherited, *fresh]))[:n], key=order.index)


def _invention(
    number: int, day: date, theme: Theme, theme_firms: list[Firm], cited: list[Invention], chance: Chance
) -> Invention:
    year = day.year
    parents = [earlier for earlier in cited if earlier.theme.name == theme.name]
    parent = parents[0] if parents and chance.happens(theme.growth.get("inherits", SHARE_WITH_PARENT)) else None
    subject = (
        parent.subject
        if parent and parent.subject.used_in(year) and chance.happens(0.55)
        else _pick(theme.subjects, 1, year, Entry((), 0, 0, frozenset()), chance)[0]
    )
    slots = {name: _pick(list(values), 1, year, subject, chance)[0] for name, values in theme.slots.items()}
    if parent:
        slots |= {name: entry for name, entry in parent.slots.items() if entry.used_in(year) and chance.happens(0.55)}
    pieces = theme.materials if subject.fields[0] == "composition" else theme.parts
    inherited: list[Entry] = []
    if parent and parent.subject == subject:
        inherited = chance.sample(parent.parts, 2)
    parts = _keep(inherited, _pick(pieces, 5, year, subject, chance), pieces, 4 + chance.happens(0.2))
    firm = chance.weighted(theme_firms, [f.weight * (f.since <= year) + 1e-9 for f in theme_firms])
    applicants = [firm.name]
    mark = grammar()["applicants"]["mark"]
    if chance.happens(0.08):
        korean, english = chance.choice(grammar()["applicants"]["universities"]).split(" | ")
        in_korean = firm.language == "ko" and korean != english
        applicants.append(f"{korean if in_korean else english} {mark['ko' if in_korean else 'en']}")
    first = "en" if chance.happens(0.85 if firm.language == "en" else 0.3) else "ko"
    second = "ko" if first == "en" else "en"
    quality = math.exp(QUALITY_SPREAD * chance.normal())
    symbols = [symbol.strip() for symbol in subject.fields[3].split(";")]
    ipc = symbols[:1] + [symbol for symbol in symbols[1:] if chance.happens(0.75)]
    strangers = [earlier for earlier in cited if earlier.theme.name != theme.name]
    if strangers and chance.happens(0.5):
        ipc.append(strangers[0].ipc[0])
    return Invention(
        number=number,
        theme=theme,
        filing_date=day,
        subject=subject,
        quality=quality,
        slots=slots,
        parts=parts,
        steps=_pick(theme.steps, 3, year, subject, chance),
        problem=_pick(theme.problems, 1, year, subject, chance)[0],
        effects=_pick(theme.effects, 2, year, subject, chance),
        details=_pick(theme.details, 1 + chance.happens(0.25), year, subject, chance),
        applicants=applicants,
        languages=(first, second) if chance.happens(0.12) else (first,),
        claims_count=max(1, min(40, round(8 * math.exp(0.45 * chance.normal()) * quality**0.2))),
        ipc=tuple(dict.fromkeys(symbol.replace(" ", "") for symbol in ipc)),
        cites=[earlier.number for earlier in cited],
    )
