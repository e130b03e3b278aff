"""The originality half of ``acceptance.py``: same technology same score, not to be gamed, great against mundane.

    python benchmarks/acceptance.py originality CORPUS [--texts TABLE] [--before 3.0.0] [--technologies 500]
                                                       [--attacked 150] [--only PART]

Every table is of the version in force, with that of a former version in brackets where it is another. Ratings of the
same texts are asked of both, one after the other; how far it is stands on stderr.

natural       patents told by title and abstract, by abstract, by the description, by the first claim and by another
              member of their family, and how many of the honest texts are held. TABLE has ``patent_number`` and any of
              ``desc_excerpt``, ``first_claim``; patents whose descriptions begin alike are one family here, because
              continuations that the corpus does not join would be told for copies.
wordings      technology summaries written twice in each of two languages (stability.py has them).
attacks       texts with words and sentences that add nothing, and copies (usecases/training/originality_attacks.py).
breakthroughs tests/fixtures/breakthroughs.yaml, the kept-aside third by itself.
foreseen      what followed patents drawn by chance and cited ones (``training/originality/outcomes.py``).
advice        what everyday proposals, copies and early texts of a corpus are told (catalogue/originality_advice.yaml).
who_files     what an applicant's history foresees (applicant_prospects.py).
speed         processor time of whole ratings, evidence and opinions included, nothing of the text remembered.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import applicant_prospects
import numpy as np
import polars as pl
import yaml

from ktop.domain.rating.grades import ladder
from ktop.domain.technology.neighbourhood import day_of
from ktop.domain.technology.summary import Technology
from ktop.kernel.errors import KtopError
from ktop.models.originality.definitions import installed_versions, version
from ktop.patents.analysis.encoder import forget
from ktop.patents.neighbours.boilerplate_filter import without_boilerplate
from ktop.patents.neighbours.forward_outcomes import forward_outcomes
from ktop.training.originality.agreement import in_top_tenth, rank_within_years
from ktop.training.originality.outcomes import forward_figures
from ktop.training.originality.ranking import mean_rank
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.corpora.neighbourhood import patent_technology
from ktop.usecases.technologies.rating import rate, rate_technology
from ktop.usecases.training.originality_attacks import ADDED, COPIED, Vocabulary
from ktop.usecases.training.originality_data import later_citations
from ktop.validation.reliability import reliability

SCORES = ("score", "core", "originality", "value", "spillover")
SUMMARIES = (ROOT / "src" / "ktop" / "catalogue" / "patents", ROOT / "tests" / "fixtures")
BREAKTHROUGHS = ROOT / "tests" / "fixtures" / "breakthroughs.yaml"
#: Patents filed in the first years of a corpus have few to be held against.
LEAST_EARLIER = 0.25
FEWEST_CHARS = 200
SEED = 20241103
#: Words of a shingle, and the share of them that the beginnings of two descriptions of one family have in common.
SHINGLE, RELATED = 8, 0.5
#: Moves dealt anew among the texts, to see how many rise a notch by noise alone.
DEALT = 50
#: Cited patents added to those drawn by chance, because they are few; years and neighbours that outcomes are read from.
CITED, OUTCOME_YEARS, OUTCOME_NEIGHBOURS = 300, 3, 100


@dataclass(frozen=True, slots=True)
class Told:
    """One telling, rated: points by score, place of the grade (0 the best), rules that hold it; empty if not rated."""

    points: Mapping[str, float | None]
    notch: int | None
    held_by: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The overall score, NaN where there is none."""
        found = self.points.get("score")
        return float("nan") if found is None else found


@dataclass(slots=True)
class Table:
    """A table of one version: what its columns are, and the cells of each row by the row's name."""

    columns: tuple[str, ...]
    rows: dict[str, list[str]] = field(default_factory=dict)

    def beside(self, former: Table | None) -> Iterator[str]:
        """Yield the lines; cells of a former version stand in brackets where they are others."""
        yield "\n| " + " | ".join(self.columns) + " |\n" + "|---" * len(self.columns) + "|"
        for name, cells in self.rows.items():
            before = cells if former is None else former.rows.get(name, ["–"] * len(cells))
            both = (cell if cell == old else f"{cell} ({old})" for cell, old in zip(cells, before, strict=True))
            yield f"| {name} | " + " | ".join(both) + " |"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this section asks."""
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--texts", type=Path, help="further texts of the patents")
    parser.add_argument("--before", default="3.0.0", choices=(*installed_versions(), "none"), help="the former version")
    parser.add_argument("--technologies", type=int, default=500, help="patents told in several ways, and followed")
    parser.add_argument("--attacked", type=int, default=150, help="patents whose texts are attacked and copied")
    parser.add_argument("--only", choices=tuple(_PARTS), action="append", help="these parts alone")


def tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of all tables of this section."""
    versions = [version()] + [each for each in (options.before,) if each not in ("none", version())]
    engines = [open_corpus(options.corpus, lang="en", formulas=each) for each in versions]
    about = f"{engines[0].index.tables.about['patents']:,} patents"
    yield f"Model {engines[0].model.version}" + "".join(f", in brackets {e.model.version}" for e in engines[1:])
    yield (
        f"{about}; Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()},"
        f" {os.cpu_count()} processors"
    )
    for name, part in _PARTS.items():
        if options.only and name not in options.only:
            continue
        began = time.process_time()
        found = [part(engine, options) for engine in (engines if name in _BY_VERSION else engines[:1])]
        yield f"\n### {name}"
        for title, table in found[0].items():
            yield f"\n{title}"
            yield from table.beside(found[1].get(title) if len(found) > 1 else None)
        yield f"\n{time.process_time() - began:.0f} s of processor time"


def progress(items: Sequence[Any], what: str) -> Iterator[Any]:
    """Yield items and say now and then on stderr how far they are."""
    for number, item in enumerate(items):
        if number % 50 == 0:
            print(f"{what}: {number} of {len(items)}", file=sys.stderr, flush=True)
        yield item


def rated(engine: TechnologyEngine, technology: Technology, out: Sequence[str] = ()) -> Told:
    """Rate one telling."""
    scored = engine.model.score(engine.neighbourhood(technology, tuple(out), background=False))
    symbols = ladder("originality").symbols
    return Told(scored.scores, None if scored.grade is None else symbols.index(scored.grade), scored.held_by)


def sample(engine: TechnologyEngine, number: int) -> list[Any]:
    """Return patents of different families drawn by chance, with enough earlier ones, in the order of their days."""
    index = engine.index
    docs = index.tables.dated_docs()
    docs = docs[np.argsort(np.asarray(index.tables.day)[docs], kind="stable")][int(LEAST_EARLIER * len(docs)) :]
    drawn = np.random.default_rng(SEED).permutation(docs)[: 3 * number]
    records = index.corpus.get([index.patent_id(int(doc)) for doc in drawn])
    known: dict[str, Any] = {}
    for patent in records.values():
        if len(patent.abstract or "") >= FEWEST_CHARS:
            known.setdefault(patent.family or patent.id, patent)
    return list(known.values())[:number]


def left_out(engine: TechnologyEngine, texts: Path | None, patents: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    """Return what does not count where each patent is told: itself and relatives; the engine leaves families out."""
    alike: dict[str, set[str]] = {patent.id: {patent.id} for patent in patents}
    if texts is not None:
        described = pl.read_parquet(texts)
        if "desc_excerpt" in described.columns:
            ids = pl.concat_str(pl.lit("US"), "patent_number")
            found = relatives(dict(described.select(ids, "desc_excerpt").iter_rows()), list(alike))
            alike = {patent_id: out | found[patent_id] for patent_id, out in alike.items()}
    known = engine.index.corpus.get(sorted(set().union(*alike.values())))
    return {patent_id: tuple(sorted(out & known.keys())) for patent_id, out in alike.items()}


def relatives(texts: Mapping[str, str | None], asked: Sequence[str]) -> dict[str, set[str]]:
    """Return for some texts the others that have ``RELATED`` of their shingles of eight words (Broder 1997)."""
    own = {each: _shingles(texts.get(each)) for each in asked}
    holders: dict[int, list[str]] = {}
    for each, shingles in own.items():
        for shingle in shingles:
            holders.setdefault(shingle, []).append(each)
    found: dict[str, set[str]] = {each: set() for each in asked}
    for other, text in texts.items():
        shared = Counter(each for shingle in _shingles(text) & holders.keys() for each in holders[shingle])
        for each, count in shared.items():
            if each != other and count >= RELATED * len(own[each]):
                found[each].add(other)
    return found


def _shingles(text: str | None) -> set[int]:
    words = re.findall(r"[a-z0-9]+", (text or "").lower())
    return {hash(tuple(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)}


# --- same technology, same score --------------------------------------------------------------------------------------


def natural(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return the tables of patents told in the ways in which their own documents tell them."""
    patents = sample(engine, options.technologies)
    more: dict[str, Any] = {}
    if options.texts is not None:
        rows = pl.read_parquet(options.texts)
        more = {f"US{row['patent_number']}": row for row in rows.iter_rows(named=True)}
    with engine.index.corpus.reading():
        every = engine.index.corpus.patents().select("id", "family", "title", "abstract").drop_nulls().collect()
    relatives = {row["family"]: row for row in every.sort("id").iter_rows(named=True)}
    out = left_out(engine, options.texts, patents)
    found: dict[str, list[tuple[Told, Told]]] = {}
    groups: list[list[Told]] = []
    for patent in progress(patents, f"natural, {engine.model.version}"):
        technology = patent_technology(patent)
        first = rated(engine, technology, out[patent.id])
        group = [first]
        for name, text in tellings_of(patent, more.get(patent.id, {}), relatives.get(patent.family or "")).items():
            try:
                other = rated(engine, Technology.from_text(text, technology.as_of), out[patent.id])
            except KtopError:
                continue
            found.setdefault(f"title and abstract → {name}", []).append((first, other))
            group.append(other)
        groups.append(group)
    held = Counter(rule for group in groups for rule in group[0].held_by)
    honest = Table(("honest texts (title and abstract)", "held"))
    for rule in ("copy", "near_duplicate", "thin_field"):
        honest.rows[rule] = [f"{100 * held[rule] / len(groups):.1f} %"]
    return {
        "Same grade, and within one notch": _agreement(found),
        "Reliability": _components(
            {"all tellings": groups, **{name: [list(p) for p in pairs] for name, pairs in found.items()}}
        ),
        "Held": honest,
    }


def tellings_of(patent: Any, own: Mapping[str, Any], relative: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the ways in which a patent's own documents tell it, beside title and abstract."""
    tellings = {"abstract": str(patent.abstract)}
    if own.get("desc_excerpt"):
        tellings["title and description"] = f"{patent.title}. {own['desc_excerpt']}"
    if own.get("first_claim"):
        tellings["first claim"] = own["first_claim"]
    if relative is not None and relative["id"] != patent.id and relative["abstract"] != patent.abstract:
        tellings["family member"] = f"{relative['title']}. {relative['abstract']}"
    return tellings


def wordings(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return the tables of summaries written in other words and in the other language."""
    day = day_of(int(np.asarray(engine.index.tables.days)[-1])) + timedelta(days=1)
    tables: dict[str, Table] = {}
    for folder in SUMMARIES:
        file = next(iter(sorted(folder.glob("*summaries.yaml"))))
        found: dict[str, list[tuple[Told, Told]]] = {}
        groups = []
        for summary in progress(yaml.safe_load(file.read_text("utf-8")), f"wordings, {engine.model.version}"):
            told = {
                key: rated(engine, Technology.from_text(summary[key], day))
                for key in ("en", "en_again", "ko", "ko_again")
            }
            found.setdefault("reworded, English", []).append((told["en"], told["en_again"]))
            found.setdefault("reworded, Korean", []).append((told["ko"], told["ko_again"]))
            found.setdefault("Korean → English", []).append((told["ko"], told["en"]))
            groups.append(list(told.values()))
        tables[f"{len(groups)} summaries of {file.stem}"] = _agreement(found)
        tables[f"Reliability, {file.stem}"] = _components({"all tellings": groups})
        means = Table((f"mean points, {file.stem} (abstracts: 50 by construction)", *SCORES))
        means.rows["all tellings"] = [
            f"{np.nanmean([_number(told.points[name]) for g in groups for told in g]):.0f}" for name in SCORES
        ]
        tables[f"Scale, {file.stem}"] = means
    return tables


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _agreement(found: Mapping[str, Sequence[tuple[Told, Told]]]) -> Table:
    table = Table(("change", "pairs", "not rated", "same grade", "within one notch", "mean move", "sd of moves"))
    for name, pairs in found.items():
        given = [(a, b) for a, b in pairs if a.notch is not None and b.notch is not None]
        if not given:
            continue
        notches = np.array([abs((a.notch or 0) - (b.notch or 0)) for a, b in given])
        moves = np.array([b.score - a.score for a, b in given])
        table.rows[name] = [
            str(len(pairs)),
            str(len(pairs) - len(given)),
            f"{100 * np.mean(notches == 0):.0f} %",
            f"{100 * np.mean(notches <= 1):.0f} %",
            f"{moves.mean():+.1f}",
            f"{moves.std():.1f}",
        ]
    return table


def _components(named: Mapping[str, Sequence[Sequence[Told]]]) -> Table:
    table = Table(("tellings of, score", "technologies", "sd within", "sd between", "reliability"))
    for row, groups in named.items():
        for name in SCORES if row == "all tellings" else SCORES[:1]:
            points = [[_number(told.points[name]) for told in group] for group in groups]
            known = [np.array([p for p in group if not np.isnan(p)]) for group in points]
            if sum(len(group) > 1 for group in known) < 2:
                continue
            part = reliability(known)
            table.rows[f"{row}, {name}"] = [
                str(part.subjects),
                f"{part.within:.1f}",
                f"{part.between:.1f}",
                f"{part.reliability:.2f}",
            ]
    return table


# --- not to be gamed --------------------------------------------------------------------------------------------------


def attacks(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return the tables of attacks."""
    patents = sample(engine, options.attacked)
    words = {
        language: Vocabulary.of(engine.index.corpus, language)
        for language in {patent_technology(patent).language for patent in patents}
    }
    symbols = ladder("originality").symbols
    added = Table(("added", "texts", "mean shift", "sd", "up a notch", "by noise alone", "down a notch"))
    copies = Table(("copied", "texts", f"worst grade ({symbols[-1]})", "second worst", f"{symbols[2]} and better"))
    out = left_out(engine, options.texts, patents)
    before = {patent.id: rated(engine, patent_technology(patent), out[patent.id]) for patent in patents}
    for name, attack in {**ADDED, **COPIED}.items():
        copied = name in COPIED
        draw = random.Random(SEED)
        pairs: list[tuple[Told, Told]] = []
        for patent in progress(patents, f"{name}, {engine.model.version}"):
            technology = patent_technology(patent)
            text = attack(technology.text, words[technology.language], draw)
            day = technology.as_of + timedelta(days=1) if copied else technology.as_of
            told = rated(engine, Technology(text, technology.language, day), () if copied else out[patent.id])
            if told.notch is not None and before[patent.id].notch is not None:
                pairs.append((before[patent.id], told))
        notches = np.array([(first.notch, told.notch) for first, told in pairs])
        if copied:
            after = notches[:, 1]
            shares = (after == len(symbols) - 1, after == len(symbols) - 2, after <= 2)
            copies.rows[name] = [str(len(pairs)), *(f"{100 * np.mean(share):.0f} %" for share in shares)]
            continue
        scores, moves = np.array([[first.score, told.score - first.score] for first, told in pairs]).T
        added.rows[name] = [
            str(len(pairs)),
            f"{moves.mean():+.1f}",
            f"{moves.std():.1f}",
            f"{100 * np.mean(notches[:, 1] < notches[:, 0]):.0f} %",
            f"{100 * raised_by_noise(scores, moves):.0f} %",
            f"{100 * np.mean(notches[:, 1] > notches[:, 0]):.0f} %",
        ]
    return {"Added": added, "Copied": copies}


def raised_by_noise(scores: np.ndarray, moves: np.ndarray) -> float:
    """Return the share that would rise a notch if the moves, their mean taken out, were dealt anew among the texts."""
    cuts, draw = np.sort(np.asarray(ladder("originality").cuts)), np.random.default_rng(0)
    centred = moves - moves.mean()
    now = np.searchsorted(cuts, scores)
    dealt = (np.clip(scores + draw.permutation(centred), 0.0, 100.0) for _ in range(DEALT))
    return float(np.mean([np.mean(np.searchsorted(cuts, changed) > now) for changed in dealt]))


# --- great against mundane --------------------------------------------------------------------------------------------


def breakthroughs(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return how well later breakthroughs are told from everyday proposals of their fields and years."""
    rows = yaml.safe_load(BREAKTHROUGHS.read_text("utf-8"))
    table = Table(("texts", "pairs", *(f"AUC {name}" for name in SCORES)))
    for aside in (False, True):
        for language, spoken in (("en", "English"), ("ko", "Korean")):
            told = [
                (kind, rated(engine, Technology.from_text(row[kind][language], date(row["year"], 7, 1))))
                for row in progress([row for row in rows if row["aside"] == aside], f"breakthroughs, {language}")
                for kind in ("great", "mundane")
            ]
            cells = []
            for name in SCORES:
                points = np.array([_number(each.points[name]) for _, each in told])
                great = np.array([float(kind == "great") for kind, _ in told])
                known = ~np.isnan(points)
                cells.append(f"{mean_rank(great[known], points[known]):.2f}")
            table.rows[f"{'kept aside' if aside else 'development'}, {spoken}"] = [str(len(told) // 2), *cells]
    return {"Great against mundane": table}


def foreseen(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return how well scores foresee what followed, among patents of one filing year."""
    citing = later_citations(engine.index.corpus)
    drawn = {patent.id: patent for patent in sample(engine, options.technologies)}
    cited = sorted(citing)
    some = [cited[i] for i in np.random.default_rng(SEED).permutation(len(cited))[:CITED]]
    records = {**engine.index.corpus.get(some), **drawn}
    points, years, figures = [], [], []
    for patent_id in progress(sorted(records), f"foreseen, {engine.model.version}"):
        technology = patent_technology(records[patent_id])
        told = None if technology is None else rated(engine, technology, (patent_id,))
        if technology is None or told is None or told.notch is None:
            continue
        # of patents taken because they are cited, the other outcomes would say nothing
        later = None
        if patent_id in drawn:
            later = forward_outcomes(engine.index, technology, OUTCOME_YEARS, (patent_id,), OUTCOME_NEIGHBOURS)
        points.append([_number(told.points[name]) for name in SCORES])
        years.append(technology.as_of.year)
        figures.append({"cited": float(bool(citing.get(patent_id))), **forward_figures(later)})
    table = Table(("outcome", "patents", "reached", *(f"AUC {name}" for name in SCORES)))
    shown, year = np.nan_to_num(np.array(points)), np.array(years)
    for name in figures[0]:
        values = np.array([row[name] for row in figures])
        reached = values if name == "cited" else in_top_tenth(values, year)
        aucs = (rank_within_years(shown, reached, year, weight) for weight in np.eye(len(SCORES)))
        table.rows[name] = [
            str(int(np.count_nonzero(~np.isnan(reached)))),
            str(int(np.nansum(reached))),
            *(f"{auc:.2f}" for auc in aucs),
        ]
    return {"What followed, AUC within the filing year": table}


# --- advice -----------------------------------------------------------------------------------------------------------


def advice(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return what texts are told that no good advice may be given on."""
    last = day_of(int(np.asarray(engine.index.tables.days)[-1])) + timedelta(days=1)
    mundane = [
        (row["mundane"][language], last)
        for row in yaml.safe_load(BREAKTHROUGHS.read_text("utf-8"))
        for language in ("en", "ko")
    ]
    patents = [patent_technology(patent) for patent in sample(engine, min(options.attacked, 60))]
    copies = [(each.text, each.as_of + timedelta(days=1)) for each in patents]
    # the first patents of a corpus, as of their own day: what was before them is not seen
    docs = engine.index.tables.dated_docs()
    docs = docs[np.argsort(np.asarray(engine.index.tables.day)[docs], kind="stable")]
    first = engine.index.corpus.get([engine.index.patent_id(int(doc)) for doc in docs[600:1200:10]]).values()
    early = [(each.text, each.as_of) for each in map(patent_technology, first) if each is not None]
    table = Table(
        ("texts", "rated", "risk low", "blue ocean", "filing worth considering", "no ground", "what cannot be said")
    )
    for name, told in (
        ("everyday proposals, English and Korean", mundane),
        ("verbatim copies of patents", copies),
        ("patents of a corpus's first year, as of their own day", early),
    ):
        table.rows[name] = _advised(engine, name, told)
    return {"Told": table}


def _advised(engine: TechnologyEngine, name: str, told: Sequence[tuple[str, date]]) -> list[str]:
    counts: Counter[str] = Counter()
    for text, day in progress(told, name):
        try:
            rating = rate_technology(engine, text, as_of=day)
        except KtopError:
            continue
        if not rating.grades:
            continue
        counts["rated"] += 1
        novelty = rating.details["novelty"] or {}
        said = {name for opinion in rating.opinions if opinion.lang == "en" for name in opinion.basis}
        filing = " ".join(o.text for o in rating.opinions if o.lang == "en" and o.kind == "advice")
        counts["low"] += novelty.get("risk") == "low"
        counts["blue"] += rating.details["ocean"]["ocean"] == "blue"
        counts["worth"] += "worth considering" in filing
        counts["no ground"] += "no ground" in filing
        counts["limited"] += bool(rating.details["coverage"]["limits"]) and bool(said)
    return [str(counts[key]) for key in ("rated", "low", "blue", "worth", "no ground", "limited")]


def who_files(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return what an applicant's history foresees, which no score of originality knows."""
    table = Table(("outcome", "with a history", "cited", "AUC (95 %)", "cited, with and without a history"))
    for row in applicant_prospects.validated(engine.index.corpus):
        table.rows[row.outcome] = [
            f"{row.patents:,}",
            str(row.cited),
            f"{row.auc[0]:.2f} ({row.auc[1]:.2f}–{row.auc[2]:.2f})",
            f"{100 * row.share:.2f} %; {100 * row.share_of_new:.2f} %",
        ]
    return {"Prospects with this applicant": table}


def speed(engine: TechnologyEngine, options: argparse.Namespace) -> dict[str, Table]:
    """Return the processor time of ratings of texts that the program has not met before."""
    last = day_of(int(np.asarray(engine.index.tables.days)[-1])) + timedelta(days=1)
    summaries = yaml.safe_load(next(iter(sorted(SUMMARIES[0].glob("*summaries.yaml")))).read_text("utf-8"))
    texts = {
        "titles and abstracts of patents": [patent_technology(each) for each in sample(engine, options.attacked)],
        "summaries, English": [Technology.from_text(each["en"], last) for each in summaries],
        "summaries, Korean": [Technology.from_text(each["ko"], last) for each in summaries],
    }
    table = Table(("texts", "rated", "median, ms of processor time", "95th percentile"))
    for name, technologies in texts.items():
        taken = []
        for technology in technologies:
            forget()
            without_boilerplate.cache_clear()
            began = time.process_time()
            rate(engine, technology)
            taken.append(1000.0 * (time.process_time() - began))
        known = taken[3:]  # the first ones read models and maps
        table.rows[name] = [str(len(known)), f"{np.median(known):.0f}", f"{np.quantile(known, 0.95):.0f}"]
    return {"Processor time of a rating": table}


_PARTS: dict[str, Callable[[TechnologyEngine, argparse.Namespace], dict[str, Table]]] = {
    "natural": natural,
    "wordings": wordings,
    "attacks": attacks,
    "breakthroughs": breakthroughs,
    "foreseen": foreseen,
    "advice": advice,
    "who_files": who_files,
    "speed": speed,
}
#: Parts that a former version answers otherwise; advice is given by one table for all versions.
_BY_VERSION = ("natural", "wordings", "attacks", "breakthroughs", "foreseen", "speed")
