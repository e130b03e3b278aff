"""Learns the released weights of the originality model again, and says whether they are those that are released.

    python benchmarks/originality_weights.py CORPUS --texts TABLE [--evidence FILE] [--technologies 500]

CORPUS: 36,879 US patents (docs/methods/originality.md) with their citations, indexed. TABLE: ``patent_number`` and
``desc_excerpt`` of the same patents. Collected are patents told by title and abstract and by title and description
(those passed over that have a relative which the corpus does not join: a description that begins alike),
the project's summaries in their wordings, breakthroughs beside everyday proposals (the third kept aside left out), and
what followed patents drawn by chance and cited ones; the logits are kept in FILE (.npz) where it is named, and read
from it the next time. Printed are the weights beside the released ones, and what the same learning reaches on what it
has not seen: the other half of the patents (by family), breakthroughs left out by fifths, outcomes of the other half.
Exit status 1 where a weight differs by more than .001: matrix kernels of other processors move the last bits, these a
rank here and there, and that a third digit. Takes about six minutes of one core.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import polars as pl
import yaml
from acceptance_originality import SUMMARIES, relatives, sample

from ktop.domain.technology.neighbourhood import day_number, day_of
from ktop.domain.technology.summary import Technology
from ktop.kernel.arrays import Floats
from ktop.kernel.errors import KtopError
from ktop.models.originality import Weights, released
from ktop.models.originality.definitions import measures, table_version, version
from ktop.models.originality.measures import descending_focus, measure_values
from ktop.models.originality.model import is_comparable
from ktop.models.originality.weights import start
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.neighbours.forward_outcomes import forward_outcomes
from ktop.training.originality import agreement
from ktop.training.originality.outcomes import forward_figures
from ktop.usecases.corpora.engine import TechnologyEngine, open_corpus
from ktop.usecases.corpora.neighbourhood import patent_technology
from ktop.usecases.training.originality_data import later_citations

#: Versions whose weights the learned ones are pulled to: those by hand, and those learned from outcomes alone.
BY_HAND, BY_OUTCOMES = "4.0.0", "3.0.0"
#: Cited patents added to those drawn by chance, because they are few.
CITED, CITED_SEED = 300, 1
OUTCOME_YEARS, OUTCOME_NEIGHBOURS = 3, 100
FIGURES = ("reuse", "follow", "spread_fields", "spread_applicants")
FOLDS, SEED = 5, 0
#: Largest difference of a weight: one unit of the last digit that is released.
TOLERANCE = 0.0015

#: Gives the logits of a technology with some patents left out; None where it cannot be rated.
Rater = Callable[..., Floats | None]


def main() -> None:
    """Collect, learn, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--evidence", type=Path)
    parser.add_argument("--technologies", type=int, default=500)
    options = parser.parse_args()
    if options.evidence is not None and options.evidence.is_file():
        with np.load(options.evidence) as kept:
            found = {name: kept[name] for name in kept.files}
    else:
        found = collected(options.corpus, options.texts, options.technologies)
        if options.evidence is not None:
            np.savez_compressed(options.evidence, **found)
    names = [measure.name for measure in measures()]
    evidence = evidence_of(found)
    weights = agreement.rounded(agreement.learn_agreement(evidence))
    shipped = released()
    print(f"{len(found['told_one'])} patents told twice, {len(found['worded_one'])} pairs of wordings,")
    print(f"{len(evidence.pairs)} breakthroughs, {len(found['outcome_logits'])} patents followed")
    print("\n| measure | learned | released |\n|---|---|---|")
    for name, weight in zip(names, weights.tolist(), strict=True):
        if weight or shipped.shares[name]:
            print(f"| {name} | {weight:.3f} | {shipped.shares[name]:.3f} |")
    for line in unseen(evidence, found, weights):
        print(line)
    same = all(abs(shipped.shares[n] - weight) < TOLERANCE for n, weight in zip(names, weights.tolist(), strict=True))
    print("\nThese are the released weights, to .001." if same else "\nThese are NOT the released weights.")
    sys.exit(0 if same else 1)


# --- collecting -------------------------------------------------------------------------------------------------------


def collected(folder: Path, texts: Path, technologies: int) -> dict[str, Floats]:
    """Return the logits of all that weights are learned from, by name."""
    engine = open_corpus(folder, lang="en", formulas=table_version(version()))  # measures are those of whole texts
    flat = 1.0 / len(measures())
    reference = engine.model.reference.weighted(
        Weights({measure.name: flat for measure in measures()}, formulas=BY_HAND)
    )

    def values(technology: Technology, out: Sequence[str] = ()) -> dict[str, float] | None:
        found = engine.neighbourhood(technology, tuple(out), background=False)
        if not is_comparable(found, reference.distribution(day_number(found.as_of))):
            return None
        return measure_values(found, descending_focus(found))

    def logits(taken: Mapping[str, float], day: int) -> Floats:
        placed = reference.distribution(day).score(taken).measures
        row = [placed[measure.name].logit if measure.name in placed else 0.0 for measure in measures()]
        return np.array(row, dtype=np.float64)

    def told(technology: Technology, out: Sequence[str] = ()) -> Floats | None:
        try:
            taken = values(technology, out)
        except KtopError:
            return None
        if taken is None:
            return None
        equating = engine.model.equating
        equated = taken if equating is None else equating.apply(taken, technology.language)
        return logits(equated, day_number(technology.as_of))

    patents = sample(engine, technologies)
    excerpts = dict(
        pl.read_parquet(texts).select(id=pl.concat_str(pl.lit("US"), "patent_number"), text="desc_excerpt").iter_rows()
    )
    related = relatives(excerpts, [patent.id for patent in patents])
    known: dict[str, Mapping[str, float]] = {}
    twice: list[tuple[Floats, Floats]] = []
    for patent in shown(patents, "patents told twice"):
        technology = patent_technology(patent)
        assert technology is not None
        own = values(technology, (patent.id,))
        if own is None:
            continue
        known[patent.id] = own
        if excerpts.get(patent.id) and not related[patent.id]:
            described = Technology.from_text(f"{patent.title}. {excerpts[patent.id]}", technology.as_of)
            twice += both(told(technology, (patent.id,)), told(described, (patent.id,)))
    return {
        **{
            f"told_{side}": np.array(rows)
            for side, rows in zip(("one", "other"), zip(*twice, strict=True), strict=True)
        },
        **worded(engine, told),
        **breakthroughs(told),
        **followed(engine, known, logits),
    }


def both(one: Floats | None, other: Floats | None) -> list[tuple[Floats, Floats]]:
    """Return the pair, or none where either cannot be rated."""
    return [] if one is None or other is None else [(one, other)]


def worded(engine: TechnologyEngine, told: Rater) -> dict[str, Floats]:
    """Return summaries in two wordings of a language, and in two languages."""
    day = day_of(int(np.asarray(engine.index.tables.days)[-1])) + timedelta(days=1)
    kinds: dict[tuple[str, str], list[tuple[Floats, Floats]]] = {
        ("en", "en_again"): [],
        ("ko", "ko_again"): [],
        ("ko", "en"): [],
    }
    for folder in SUMMARIES:
        for summary in yaml.safe_load(next(iter(sorted(folder.glob("*summaries.yaml")))).read_text("utf-8")):
            rated = {key: told(Technology.from_text(summary[key], day)) for key in ("en", "en_again", "ko", "ko_again")}
            for (one, other), pairs in kinds.items():
                pairs += both(rated[one], rated[other])
    rows = [pair for pairs in kinds.values() for pair in pairs]
    return {"worded_one": np.array([one for one, _ in rows]), "worded_other": np.array([other for _, other in rows])}


def breakthroughs(told: Rater) -> dict[str, Floats]:
    """Return breakthroughs less everyday proposals, a row a language, and which pair each row is of."""
    rows, owner = [], []
    for number, row in enumerate(yaml.safe_load((ROOT / "tests/fixtures/breakthroughs.yaml").read_text("utf-8"))):
        for language in ("en", "ko") if not row["aside"] else ():
            day = date(row["year"], 7, 1)
            great, mundane = (told(Technology.from_text(row[kind][language], day)) for kind in ("great", "mundane"))
            if great is not None and mundane is not None:
                rows.append(great - mundane)
                owner.append(number)
    return {"pairs": np.array(rows), "pair_of": np.array(owner)}


def followed(
    engine: TechnologyEngine,
    known: Mapping[str, Mapping[str, float]],
    logits: Callable[[Mapping[str, float], int], Floats],
) -> dict[str, Floats]:
    """Return logits of patents and what followed them: those drawn by chance, and some that were cited."""
    corpus, reference = Corpus.open(engine.folder), engine.model.reference
    drawn = dict(known)
    for patent_id, row in zip(reference.patent_ids, reference.values, strict=True):
        drawn[patent_id] = dict(zip(reference.names, row.tolist(), strict=True))
    citing = later_citations(corpus)
    cited = sorted(citing)
    some = [cited[i] for i in np.random.default_rng(CITED_SEED).permutation(len(cited))[:CITED]]
    ids = sorted({*drawn, *some})
    records = corpus.get(ids)
    rows, years, cites, figures = [], [], [], []
    for patent_id in shown(ids, "patents followed"):
        technology = patent_technology(records[patent_id])
        if technology is None:
            continue
        taken = drawn.get(patent_id)
        if taken is None:
            found = engine.neighbourhood(technology, (patent_id,), background=False)
            taken = measure_values(found) if found.size else None
        if taken is None:
            continue
        later = None
        if patent_id in drawn:
            later = forward_outcomes(engine.index, technology, OUTCOME_YEARS, (patent_id,), OUTCOME_NEIGHBOURS)
        figure = forward_figures(later)
        rows.append(logits(taken, day_number(technology.as_of)))
        years.append(technology.as_of.year)
        cites.append(float(bool(citing.get(patent_id))))
        figures.append([figure[name] for name in FIGURES])
    return {
        "outcome_logits": np.array(rows),
        "outcome_years": np.array(years),
        "outcome_cited": np.array(cites),
        "outcome_figures": np.array(figures),
    }


def shown(items: Sequence[Any], what: str) -> Iterator[Any]:
    """Yield items and say now and then on stderr how far they are."""
    for number, item in enumerate(items):
        if number % 50 == 0:
            print(f"{what}: {number} of {len(items)}", file=sys.stderr, flush=True)
        yield item


# --- learning ---------------------------------------------------------------------------------------------------------


def evidence_of(found: Mapping[str, Floats]) -> agreement.Evidence:
    """Return what was collected as what is learned from."""
    allowed = np.array([start().shares[measure.name] > 0.0 for measure in measures()])
    by_hand, by_outcomes = (
        np.array([released(formulas).shares[measure.name] for measure in measures()])
        for formulas in (BY_HAND, BY_OUTCOMES)
    )
    by_outcomes = np.where(allowed, by_outcomes, 0.0)
    return agreement.Evidence(
        [measure.trait for measure in measures()],
        (by_hand + by_outcomes / by_outcomes.sum()) / 2.0,
        agreement.Told(found["told_one"], found["told_other"]),
        agreement.Told(found["worded_one"], found["worded_other"]),
        [found["pairs"][found["pair_of"] == pair] for pair in np.unique(found["pair_of"])],
        gaps_of(found, np.ones(len(found["outcome_years"]), dtype=bool)),
    )


def outcomes(found: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return for each outcome which patents reached it: 1, 0 or NaN."""
    years = found["outcome_years"]
    figures = {name: found["outcome_figures"][:, i] for i, name in enumerate(FIGURES)}
    reached = {name: agreement.in_top_tenth(figure, years) for name, figure in figures.items()}
    return {"cited": found["outcome_cited"], **reached}


def gaps_of(found: Mapping[str, Floats], rows: np.ndarray) -> dict[str, Floats]:
    """Return how far the measures part patents that reached each outcome, over some rows."""
    logits, years = found["outcome_logits"][rows], found["outcome_years"][rows]
    return {name: agreement.gap_of(logits, reached[rows], years) for name, reached in outcomes(found).items()}


def unseen(evidence: agreement.Evidence, found: Mapping[str, Floats], weights: Floats) -> Iterator[str]:
    """Yield what the learning reaches on what it has seen, and on what was left out."""
    hand = np.array([released(BY_HAND).shares[measure.name] for measure in measures()])
    half = np.arange(len(found["told_one"])) < len(found["told_one"]) // 2  # patents of different families
    some = agreement.learn_agreement(replace(evidence, told=evidence.told.rows(half)))
    apart = []
    for aside in np.array_split(np.random.default_rng(SEED).permutation(len(evidence.pairs)), FOLDS):
        fold = agreement.learn_agreement(evidence.without_pairs(aside.tolist()))
        apart.append(agreement.pairs_told_apart(fold, [evidence.pairs[i] for i in aside]))
    yield f"\n| figure | seen | not seen | {BY_HAND} |\n|---|---|---|---|"
    other = evidence.told.rows(~half)
    yield (
        f"| reliability, abstract and description | {evidence.told.reliability(weights):.2f} |"
        f" {other.reliability(some):.2f} | {other.reliability(hand):.2f} |"
    )
    agreed = [evidence.worded.reliability(w) for w in (weights, hand)]
    yield f"| reliability, wordings | {agreed[0]:.2f} | | {agreed[1]:.2f} |"
    yield (
        f"| breakthroughs above their everyday proposals | {agreement.pairs_told_apart(weights, evidence.pairs):.2f} |"
        f" {np.mean(apart):.2f} | {agreement.pairs_told_apart(hand, evidence.pairs):.2f} |"
    )
    logits, years = found["outcome_logits"], found["outcome_years"]
    even = np.arange(len(years)) % 2 == 0
    learned = agreement.learn_agreement(replace(evidence, gaps=gaps_of(found, even)))
    for name, reached in outcomes(found).items():
        held = [agreement.rank_within_years(logits[~even], reached[~even], years[~even], w) for w in (learned, hand)]
        whole = agreement.rank_within_years(logits, reached, years, weights)
        yield f"| AUC within the year, {name} | {whole:.2f} | {held[0]:.2f} | {held[1]:.2f} |"


if __name__ == "__main__":
    main()
