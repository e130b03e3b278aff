"""The originality half of ``acceptance.py``: same technology same score, not to be gamed, great against mundane.

    python benchmarks/acceptance_originality.py CORPUS [--texts TABLE] [--technologies 500] [--only PART]

natural       patents told by title and abstract, by abstract, by the description, by the first claim and by another
              member of their family. TABLE has ``patent_number`` and any of ``desc_excerpt``, ``first_claim``.
wordings      technology summaries written twice in each of two languages (stability.py has them).
attacks       texts with words and sentences that add nothing, and copies (usecases/training/originality_attacks.py).
breakthroughs tests/fixtures/breakthroughs.yaml, the kept-aside third by itself.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import polars as pl
import yaml

from ktop.domain.rating.grades import ladder
from ktop.domain.technology.neighbourhood import day_of
from ktop.domain.technology.summary import Technology
from ktop.kernel.errors import KtopError
from ktop.training.originality.ranking import mean_rank
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.corpora.neighbourhood import patent_technology
from ktop.usecases.training.originality_attacks import ADDED, COPIED, Vocabulary
from ktop.validation.reliability import reliability

SCORES = ("score", "core", "originality", "value", "spillover")
SUMMARIES = (ROOT / "src" / "ktop" / "catalogue" / "patents", ROOT / "tests" / "fixtures")
#: Patents filed in the first years of a corpus have few to be held against.
LEAST_EARLIER = 0.25
FEWEST_CHARS = 200
SEED = 20241103


@dataclass(frozen=True, slots=True)
class Told:
    """One telling, rated: points by score, place of the grade (0 the best); no points where it cannot be rated."""

    points: Mapping[str, float | None]
    notch: int | None

    @property
    def score(self) -> float:
        """The overall score, NaN where there is none."""
        found = self.points.get("score")
        return float("nan") if found is None else found


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this section asks."""
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--texts", type=Path, help="further texts of the patents")
    parser.add_argument("--technologies", type=int, default=500)
    parser.add_argument("--only", choices=tuple(_PARTS), help="one part alone")


def tables(options: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of all tables of this section."""
    engine = open_corpus(options.corpus, lang="en")
    yield f"Model {engine.model.version}, {engine.index.tables.about['patents']:,} patents"
    for name, part in _PARTS.items():
        if options.only in (None, name):
            yield f"\n### {name}\n"
            yield from part(engine, options)


def rated(engine: TechnologyEngine, technology: Technology, out: Sequence[str] = ()) -> Told:
    """Rate one telling."""
    scored = engine.model.score(engine.neighbourhood(technology, tuple(out), background=False))
    symbols = ladder("originality").symbols
    return Told(scored.scores, None if scored.grade is None else symbols.index(scored.grade))


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


# --- same technology, same score --------------------------------------------------------------------------------------


def natural(engine: TechnologyEngine, options: argparse.Namespace) -> Iterator[str]:
    """Yield the tables of patents told in the ways in which their own documents tell them."""
    patents = sample(engine, options.technologies)
    more: dict[str, Any] = {}
    if options.texts is not None:
        rows = pl.read_parquet(options.texts)
        more = {f"US{row['patent_number']}": row for row in rows.iter_rows(named=True)}
    with engine.index.corpus.reading():
        every = engine.index.corpus.patents().select("id", "family", "title", "abstract").drop_nulls().collect()
    relatives = {row["family"]: row for row in every.sort("id").iter_rows(named=True)}
    found: dict[str, list[tuple[Told, Told]]] = {}
    groups: list[list[Told]] = []
    for patent in patents:
        technology = patent_technology(patent)
        tellings = {"abstract": patent.abstract}
        own = more.get(patent.id, {})
        if own.get("desc_excerpt"):
            tellings["title and description"] = f"{patent.title}. {own['desc_excerpt']}"
        if own.get("first_claim"):
            tellings["first claim"] = own["first_claim"]
        relative = relatives.get(patent.family or "")
        if relative is not None and relative["id"] != patent.id and relative["abstract"] != patent.abstract:
            tellings["family member"] = f"{relative['title']}. {relative['abstract']}"
        first = rated(engine, technology, (patent.id,))
        group = [first]
        for name, text in tellings.items():
            try:
                other = rated(engine, Technology.from_text(text, technology.as_of), (patent.id,))
            except KtopError:
                continue
            found.setdefault(f"title and abstract → {name}", []).append((first, other))
            group.append(other)
        groups.append(group)
    yield from _agreement(found)
    yield from _components(
        {"all tellings": groups, **{name: [list(p) for p in pairs] for name, pairs in found.items()}}
    )


def wordings(engine: TechnologyEngine, options: argparse.Namespace) -> Iterator[str]:
    """Yield the tables of summaries written in other words and in the other language."""
    day = day_of(int(np.asarray(engine.index.tables.days)[-1])) + timedelta(days=1)
    for folder in SUMMARIES:
        file = next(iter(sorted(folder.glob("*summaries.yaml"))))
        found: dict[str, list[tuple[Told, Told]]] = {}
        groups = []
        for summary in yaml.safe_load(file.read_text("utf-8")):
            told = {
                key: rated(engine, Technology.from_text(summary[key], day))
                for key in ("en", "en_again", "ko", "ko_again")
            }
            found.setdefault("reworded, English", []).append((told["en"], told["en_again"]))
            found.setdefault("reworded, Korean", []).append((told["ko"], told["ko_again"]))
            found.setdefault("Korean → English", []).append((told["ko"], told["en"]))
            groups.append(list(told.values()))
        yield f"\n{len(groups)} summaries of {file.stem}\n"
        yield from _agreement(found)
        yield from _components({"all tellings": groups})
        means = {name: np.nanmean([_number(told.points[name]) for g in groups for told in g]) for name in SCORES}
        yield "\nMean points (those of abstracts are 50 by construction): " + ", ".join(
            f"{name} {mean:.0f}" for name, mean in means.items()
        )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _agreement(found: Mapping[str, Sequence[tuple[Told, Told]]]) -> Iterator[str]:
    yield (
        "| change | pairs | not rated | same grade | within one notch | mean move | sd of moves |\n" + "|---" * 7 + "|"
    )
    for name, pairs in found.items():
        given = [(a, b) for a, b in pairs if a.notch is not None and b.notch is not None]
        if not given:
            continue
        notches = np.array([abs((a.notch or 0) - (b.notch or 0)) for a, b in given])
        moves = np.array([b.score - a.score for a, b in given])
        yield (
            f"| {name} | {len(pairs)} | {len(pairs) - len(given)} | {100 * np.mean(notches == 0):.0f} % |"
            f" {100 * np.mean(notches <= 1):.0f} % | {moves.mean():+.1f} | {moves.std():.1f} |"
        )


def _components(named: Mapping[str, Sequence[Sequence[Told]]]) -> Iterator[str]:
    yield "\n| tellings of | score | technologies | sd within | sd between | reliability |\n" + "|---" * 6 + "|"
    for row, groups in named.items():
        for name in SCORES if row == "all tellings" else SCORES[:1]:
            points = [[_number(told.points[name]) for told in group] for group in groups]
            known = [np.array([p for p in group if not np.isnan(p)]) for group in points]
            if sum(len(group) > 1 for group in known) < 2:
                continue
            part = reliability(known)
            yield (
                f"| {row} | {name} | {part.subjects} | {part.within:.1f} | {part.between:.1f} |"
                f" {part.reliability:.2f} |"
            )


# --- not to be gamed --------------------------------------------------------------------------------------------------


def attacks(engine: TechnologyEngine, options: argparse.Namespace) -> Iterator[str]:
    """Yield the table of attacks."""
    patents = sample(engine, options.technologies)
    words = {
        language: Vocabulary.of(engine.index.corpus, language)
        for language in {patent_technology(patent).language for patent in patents}
    }
    symbols = ladder("originality").symbols
    yield "| attack | texts | mean shift | up a notch | worst grade C | A and better |\n" + "|---" * 6 + "|"
    before = {patent.id: rated(engine, patent_technology(patent), (patent.id,)) for patent in patents}
    for name, attack in {**ADDED, **COPIED}.items():
        copied = name in COPIED
        draw = random.Random(SEED)
        shifts, up, grades = [], [], []
        for patent in patents:
            technology = patent_technology(patent)
            text = attack(technology.text, words[technology.language], draw)
            day = technology.as_of + timedelta(days=1) if copied else technology.as_of
            told = rated(engine, Technology(text, technology.language, day), () if copied else (patent.id,))
            first = before[patent.id]
            if told.notch is None or first.notch is None:
                continue
            shifts.append(told.score - first.score)
            up.append(told.notch < first.notch)
            grades.append(symbols[told.notch])
        worst, high = np.mean([g == symbols[-1] for g in grades]), np.mean([symbols.index(g) <= 2 for g in grades])
        yield (
            f"| {name} | {len(grades)} | {np.mean(shifts):+.1f} | {100 * np.mean(up):.0f} % |"
            + (f" {100 * worst:.0f} % | {100 * high:.0f} % |" if copied else " | |")
        )


# --- great against mundane --------------------------------------------------------------------------------------------


def breakthroughs(engine: TechnologyEngine, options: argparse.Namespace) -> Iterator[str]:
    """Yield how well later breakthroughs are told from everyday proposals of their fields and years."""
    rows = yaml.safe_load((ROOT / "tests" / "fixtures" / "breakthroughs.yaml").read_text("utf-8"))
    yield "| texts | language | pairs | " + " | ".join(f"AUC {name}" for name in SCORES) + " |\n" + "|---" * 8 + "|"
    for aside in (False, True):
        for language in ("en", "ko"):
            told = [
                (kind, rated(engine, Technology.from_text(row[kind][language], date(row["year"], 7, 1))))
                for row in rows
                if row["aside"] == aside
                for kind in ("great", "mundane")
            ]
            cells = []
            for name in SCORES:
                points = np.array([_number(each.points[name]) for _, each in told])
                great = np.array([float(kind == "great") for kind, _ in told])
                known = ~np.isnan(points)
                cells.append(f"{mean_rank(great[known], points[known]):.2f}")
            part = "kept aside" if aside else "development"
            yield f"| {part} | {language} | {len(told) // 2} | {' | '.join(cells)} |"


_PARTS = {"natural": natural, "wordings": wordings, "attacks": attacks, "breakthroughs": breakthroughs}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments(parser)
    for line in tables(parser.parse_args()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
