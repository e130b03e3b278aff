"""How well key terms are found and compared, beside noun-run TF-IDF, YAKE and string measures. Prints two tables.

    ./run --version && .venv/bin/python benchmarks/key_terms.py [--work FOLDER] [--half development|reported]

Needs the development data sets beside the checkout (KTOP_SHARED names their folder) and, for YAKE, the packages of
requirements/bench.txt; without it its rows are left out.

Tables
------
key terms   1,010 abstracts on thin-film heads with annotated entities (TFH). The distinct entities of an abstract,
            amounts left out, are what should be found; precision, recall and F1 of the first 5, 10 and 20 terms, mean
            over abstracts. "exact": the same stems. "overlap": half or more of the stems of both are in common.
            Document frequencies are those of the same abstracts for all. Abstracts at even places (by number) were used
            for development; those at odd places are reported.
similarity  pairs of phrases from patents with people's judgement of their likeness (0 to 1): correlations.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import polars as pl

from ktop.patents.analysis.text import Analyser

DATA = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data" / "patents"
CUT_OFFS = (5, 10, 20)
#: Entities of this type are amounts, not terms.
AMOUNT = "Value"

Stems = tuple[str, ...]
Extract = Callable[[str], Sequence[str]]


def annotated() -> list[tuple[str, str, list[str]]]:
    """Return (number, abstract, distinct entities) of the annotated abstracts, by number."""
    found: list[tuple[str, str, list[str]]] = []
    with zipfile.ZipFile(next((DATA / "tfh_annotated_1010").glob("*.zip"))) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".ann"))
        for name in names:
            text = archive.read(name.removesuffix(".ann") + ".txt").decode("utf-8", "replace")
            entities: dict[str, None] = {}
            for line in archive.read(name).decode("utf-8", "replace").splitlines():
                fields = line.split("\t")
                if line.startswith("T") and len(fields) == 3 and not fields[1].startswith(AMOUNT):
                    entities[fields[2].lower()] = None
            found.append((Path(name).stem, text, list(entities)))
    return found


class Judge:
    """Compares terms by their stems."""

    def __init__(self) -> None:
        self._analyser = Analyser()

    def stems(self, term: str) -> Stems:
        return tuple(self._analyser.terms(term, "en"))

    def distinct(self, terms: Sequence[str]) -> list[Stems]:
        return [stems for stems in dict.fromkeys(map(self.stems, terms)) if stems]

    @staticmethod
    def exact(one: Stems, other: Stems) -> bool:
        return one == other

    @staticmethod
    def overlap(one: Stems, other: Stems) -> bool:
        a, b = set(one), set(other)
        return 2 * len(a & b) >= len(a | b)

    def scores(self, found: Sequence[str], right: Sequence[str], n: int, same: Callable[[Stems, Stems], bool]) -> Any:
        """Return precision, recall and F1 of the first ``n`` terms."""
        terms, wanted = self.distinct(found)[:n], self.distinct(right)
        hits = sum(any(same(term, other) for other in wanted) for term in terms)
        met = sum(any(same(term, other) for term in terms) for other in wanted)
        precision, recall = hits / max(len(terms), 1), met / max(len(wanted), 1)
        return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def ours(work: Path, rows: Sequence[tuple[str, str, list[str]]]) -> tuple[Extract, Extract]:
    """Return the terms that a reader is shown and those that measures are taken on, against a corpus of these texts."""
    from ktop.domain.technology.summary import Technology
    from ktop.patents.corpus.importing import import_paths
    from ktop.patents.engine.index import PatentIndex
    from ktop.patents.engine.indexing import build_index
    from ktop.patents.neighbours.keyterms import key_terms
    from ktop.patents.neighbours.shown_terms import phrase_counts, rank
    from ktop.patents.neighbours.term_statistics import EarlierPatents

    folder = work / "tfh"
    if not (folder / "corpus.json").is_file():
        work.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame(
            {
                "publication_number": [f"US{number}" for number, _, _ in rows],
                "title": [text.split(". ")[0][:120] for _, text, _ in rows],
                "abstract": [text for _, text, _ in rows],
            }
        )
        frame.write_parquet(work / "tfh.parquet")
        import_paths(folder, [work / "tfh.parquet"])
    build_index(folder)
    index = PatentIndex(folder)
    earlier = EarlierPatents(index, None, np.empty(0, dtype=np.int64))

    def shown(text: str) -> list[str]:
        technology = Technology(text=text, language="en", as_of=date(2026, 1, 1))
        return [phrase.surface for phrase in rank(phrase_counts(index, technology), True, {}, earlier)]

    return shown, lambda text: [t.term for t in key_terms(index, index.question(text, "en"), earlier, max(CUT_OFFS))]


def noun_runs(texts: Sequence[str]) -> Extract:
    """Return whole noun runs by count x log(texts / texts with the run)."""
    analyser = Analyser()

    def runs(text: str) -> list[tuple[Stems, str]]:
        found = analyser.runs(text, "en")
        return [(tuple(w.terms[0] for w in run), " ".join(w.surface for w in run)) for run in found]

    df: Counter[Stems] = Counter()
    for text in texts:
        df.update({stems for stems, _ in runs(text)})

    def extract(text: str) -> list[str]:
        counts: Counter[Stems] = Counter()
        names: dict[Stems, str] = {}
        for stems, name in runs(text):
            counts[stems] += 1
            names.setdefault(stems, name)
        weight = {s: c * math.log((len(texts) + 1) / max(df[s], 1)) for s, c in counts.items()}
        return [names[s] for s in sorted(weight, key=lambda s: (-weight[s], s))]

    return extract


def yake() -> Extract | None:
    """Return YAKE with its defaults (phrases of up to three words), None where it is not installed."""
    try:
        from yake import KeywordExtractor
    except ImportError:
        return None
    extractor = KeywordExtractor(lan="en", n=3, top=max(CUT_OFFS))
    return lambda text: [term for term, _ in extractor.extract_keywords(text)]


def table_of_terms(work: Path, half: str) -> None:
    rows = annotated()
    chosen = rows[0::2] if half == "development" else rows[1::2]
    judge = Judge()
    shown, measured = ours(work, rows)
    ways: dict[str, Extract | None] = {
        "ours, shown": shown,
        "ours, measured": measured,
        "noun-run TF-IDF": noun_runs([text for _, text, _ in rows]),
        "YAKE": yake(),
    }
    print(f"{len(chosen)} abstracts, {np.mean([len(judge.distinct(e)) for _, _, e in chosen]):.1f} entities each\n")
    print(
        "| terms | match | "
        + " | ".join(f"P / R / F1 of {n}" for n in CUT_OFFS)
        + " |\n|---|---|"
        + "---|" * len(CUT_OFFS)
    )
    for name, extract in ways.items():
        if extract is None:
            print(f"| {name} | not installed |" + " |" * len(CUT_OFFS))
            continue
        found = [(extract(text), entities) for _, text, entities in chosen]
        for match in (judge.exact, judge.overlap):
            means = [np.mean([judge.scores(f, e, n, match) for f, e in found], axis=0) for n in CUT_OFFS]
            print(
                f"| {name} | {match.__name__} | " + " | ".join(" / ".join(f"{x:.3f}" for x in m) for m in means) + " |"
            )


def table_of_likeness() -> None:
    """Compare term vectors and string measures with people's judgement."""
    from ktop.patents.analysis.encoder import encode

    frame = pl.read_parquet(DATA / "phrase_similarity" / "phrases.parquet")
    judge = Judge()
    phrases = sorted({*frame["anchor"], *frame["target"]})
    place = {phrase: i for i, phrase in enumerate(phrases)}
    vectors = np.concatenate([encode(phrases[i : i + 512]) for i in range(0, len(phrases), 512)])
    stems = [frozenset(judge.stems(phrase)) for phrase in phrases]
    grams = [Counter(re.findall("(?=(...))", f"  {phrase}  ")) for phrase in phrases]
    norms = [math.sqrt(sum(c * c for c in gram.values())) for gram in grams]
    pairs = [(place[a], place[b]) for a, b in frame.select("anchor", "target").iter_rows()]
    human = frame["score"].to_numpy()
    jaccard = [len(stems[a] & stems[b]) / max(len(stems[a] | stems[b]), 1) for a, b in pairs]
    n_grams = [
        sum(c * grams[b].get(g, 0) for g, c in grams[a].items()) / max(norms[a] * norms[b], 1e-9) for a, b in pairs
    ]
    ours_alone = np.einsum("ij,ij->i", vectors[[a for a, _ in pairs]], vectors[[b for _, b in pairs]])
    measures = {
        "our term vectors (cosine)": ours_alone,
        "token Jaccard (stems)": np.array(jaccard),
        "character 3-grams (cosine)": np.array(n_grams),
        "mean of vectors and 3-grams": (ours_alone + np.array(n_grams)) / 2.0,
    }
    print(f"\n{len(pairs):,} pairs\n\n| measure | Spearman | Pearson |\n|---|---|---|")
    for name, values in measures.items():
        ranks = np.corrcoef(pl.Series(values).rank().to_numpy(), pl.Series(human).rank().to_numpy())[0, 1]
        print(f"| {name} | {ranks:.3f} | {np.corrcoef(values, human)[0, 1]:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--half", choices=("development", "reported"), default="reported")
    parser.add_argument("--likeness", action=argparse.BooleanOptionalAction, default=True)
    asked = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the development data sets do not lie in {DATA}; set KTOP_SHARED to their folder")
    with tempfile.TemporaryDirectory() as temporary:
        table_of_terms(asked.work or Path(temporary), asked.half)
    if asked.likeness:
        table_of_likeness()


if __name__ == "__main__":
    main()
