"""How well the index finds what it should, on real patents, next to TF-IDF. Prints one table.

    ./run --version && .venv/bin/python benchmarks/retrieval_quality.py [--work FOLDER] [--tasks known,intext,...]

Needs the development data sets beside the checkout (KTOP_SHARED names their folder). Corpora are imported and indexed
in FOLDER (a temporary one by default) and used again when they are there.

Tasks
-----
known     known item: an excerpt of a description finds its own abstract; 3,000 patents of the half of the families
          that nothing was fitted to, and the 1,000 that were asked before (seed 0), which are easier by chance.
halves    the second half of an abstract finds the title and first half of its own patent: Korean, and US of 1963-2021.
intext    the patents that a patent cites in its text: earlier, of another family. Asked with title and abstract, and
          with title, abstract and the excerpt of its description.
family    other members of the family.
coupling  patents that share cited documents.
domain    a patent of a technology domain against hard negatives: share of the domain among its ten nearest labelled
          neighbours; area under the curve.
korean    Korean title and abstract find English patents that share an IPC subclass; P@10 over subclasses that at least
          ten English patents have.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import polars as pl

from ktop.kernel.errors import InputError

DATA = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data" / "patents"
MODES = ("lexical", "dense", "hybrid")
DEPTH = 200


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, what would be right, and what may not be found."""

    text: str
    right: frozenset[str]
    before: date | None = None
    exclude: Collection[str] = ()


Find = Callable[[Query], Sequence[str]]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--tasks", default="known,halves,intext,family,coupling,domain,korean")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="TF-IDF beside it")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the development data sets do not lie in {DATA}; set KTOP_SHARED to their folder")
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}", flush=True)
        for name in options.tasks.split(","):
            TASKS[name](work, options.peers)


def corpus(work: Path, name: str, frame: Callable[[], pl.DataFrame]) -> Any:
    """Return the index of a set, made where it is not there yet."""
    from ktop.patents.corpus.importing import import_paths
    from ktop.patents.engine.index import PatentIndex
    from ktop.patents.engine.indexing import build_index

    folder = work / name
    if not (folder / "corpus.json").is_file():
        source = work / f"{name}.parquet"
        source.parent.mkdir(parents=True, exist_ok=True)
        frame().write_parquet(source)
        import_paths(folder, [source])
    started = time.perf_counter()
    report = build_index(folder)
    if report.indexed:
        print(f"{name}: {report.patents:,} patents indexed in {time.perf_counter() - started:.1f} s", flush=True)
    return PatentIndex(folder)


def ranked(name: str, queries: Sequence[Query], finders: dict[str, Find]) -> None:
    """Print recall, and the mean of average precision, of each way of finding."""
    print(f"\n{name}: {len(queries):,} queries\n{'':12} R@1    R@10   R@100  MAP    ms/query")
    for way, find in finders.items():
        rows = []
        started = time.perf_counter()
        for query in queries:
            found = find(query)
            places = np.flatnonzero([doc in query.right for doc in found])
            size = len(query.right)
            precision = (np.arange(1, len(places) + 1) / (places + 1)).sum() / size
            rows.append([(places < 1).sum() / size, (places < 10).sum() / size, (places < 100).sum() / size, precision])
        spent = (time.perf_counter() - started) / max(len(queries), 1) * 1e3
        mean = np.mean(rows, axis=0)
        print(f"{way:12} {mean[0]:.3f}  {mean[1]:.3f}  {mean[2]:.3f}  {mean[3]:.3f}  {spent:6.1f}", flush=True)


def ours(index: Any) -> dict[str, Find]:
    """Return the three modes of an index."""

    def way(mode: str) -> Find:
        def find(query: Query) -> Sequence[str]:
            try:
                found = index.search(query.text, DEPTH, query.before, query.exclude, mode)
            except InputError:  # a text that is neither English nor Korean, such as a list of numbers, finds nothing
                return []
            return [hit.patent_id for hit in found]

        return find

    return {mode: way(mode) for mode in MODES}


def tf_idf(ids: Sequence[str], texts: Iterable[str], days: Sequence[date | None]) -> Find:
    """Return the baseline: TF-IDF (sublinear, English stop words, in at least two patents), exact cosine."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2)
    matrix = vectoriser.fit_transform(texts).T.tocsc()
    names = np.array(ids, dtype=object)
    place = {name: i for i, name in enumerate(ids)}
    filed = np.array([date.max if day is None else day for day in days])

    def find(query: Query) -> Sequence[str]:
        score = (vectoriser.transform([query.text]) @ matrix).toarray()[0]
        if query.before is not None:
            score[filed >= query.before] = -1.0
        score[[place[name] for name in query.exclude if name in place]] = -1.0
        best = np.argpartition(-score, DEPTH)[:DEPTH]
        return names[best[np.argsort(-score[best], kind="stable")]].tolist()

    return find


# --- the US full texts ------------------------------------------------------------------------------------------------


def full_text() -> pl.DataFrame:
    """Return the US patents, with the columns that are imported and those that tasks need."""
    frame = pl.read_parquet(DATA / "us_fulltext_2005_2016" / "patents.parquet")
    return frame.select(
        pl.format("US{}", "patent_number").alias("publication_number"),
        "title",
        "abstract",
        pl.col("filing_date").cast(pl.Date),
        "assignee",
        pl.col("family_group").cast(pl.String).alias("family"),
        "desc_excerpt",
    )


def of_full_text(work: Path, peers: bool) -> tuple[pl.DataFrame, dict[str, Find]]:
    """Return the patents and all ways of finding them."""
    rows = full_text()
    index = corpus(work, "us_fulltext", lambda: rows.drop("desc_excerpt"))
    ways = ours(index)
    if peers:
        texts = (f"{title or ''}. {abstract or ''}" for title, abstract in rows.select("title", "abstract").iter_rows())
        ways["TF-IDF"] = tf_idf(rows["publication_number"].to_list(), texts, rows["filing_date"].to_list())
    return rows, ways


def dealt(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows in an order by chance, and whether each is of a family that nothing may be fitted to."""
    held = np.array([hashlib.blake2b(str(name).encode()).digest()[0] % 2 == 1 for name in rows["family"]])
    return np.random.default_rng(0).permutation(len(rows)), held


def known(work: Path, peers: bool) -> None:
    """An excerpt of a description finds its own patent."""
    rows, ways = of_full_text(work, peers)
    order, held = dealt(rows)
    former = np.random.default_rng(0).choice(len(rows), 1_000, replace=False)
    for name, drawn in (("families held out", order[held[order]][:3_000]), ("as asked before", former)):
        chosen = rows[np.sort(drawn)].select("publication_number", "desc_excerpt")
        ranked(f"known item, {name}", [Query(text, frozenset([own])) for own, text in chosen.iter_rows()], ways)


def halves(work: Path, peers: bool) -> None:
    """The second half of an abstract finds the title and the first half of its patent."""
    for name, folder, columns in (
        ("Korean", "kr_kipris_1329", ("title_ko", "abstract_ko")),
        ("US", "us_bigquery_10k", (None, "abstract")),
    ):
        title, abstract = columns
        rows = pl.read_parquet(DATA / folder / "patents.parquet").filter(pl.col(abstract).str.len_chars() > 200)
        texts = rows[abstract].to_list()
        middle = [text.find(" ", len(text) // 2) for text in texts]
        names = [f"XX{1_000_000 + i}" for i in range(len(rows))]
        titles = rows[title].to_list() if title else [""] * len(rows)
        first = [text[:at] for text, at in zip(texts, middle, strict=True)]
        frame = pl.DataFrame({"publication_number": names, "title": titles, "abstract": first})
        ways = ours(corpus(work, f"halves_{folder}", lambda frame=frame: frame))
        if peers and name == "US":
            ways["TF-IDF"] = tf_idf(names, first, [None] * len(names))
        asked = [Query(t[at:], frozenset([own])) for t, at, own in zip(texts, middle, names, strict=True)][:2_000]
        ranked(f"second half of an abstract, {name}", asked, ways)


def intext(work: Path, peers: bool) -> None:
    """The earlier patents of other families that a patent names in its text."""
    rows, ways = of_full_text(work, peers)
    record = {row["publication_number"]: row for row in rows.iter_rows(named=True)}
    edges = pl.read_parquet(DATA / "us_fulltext_2005_2016" / "citations.parquet").filter(
        pl.col("internal") & (pl.col("kind") == "intext")
    )
    cited: dict[str, set[str]] = defaultdict(set)
    for citing, target in edges.select("citing", "cited").iter_rows():
        one, other = record.get(f"US{citing}"), record.get(f"US{target}")
        if one and other and one["family"] != other["family"] and other["filing_date"] < one["filing_date"]:
            cited[f"US{citing}"].add(f"US{target}")
    members = _members(rows)
    for name, with_description in (("title and abstract", False), ("title, abstract, description", True)):
        queries = []
        for citing in sorted(cited):
            row = record[citing]
            text = f"{row['title']}. {row['abstract'] or ''}"
            if with_description:
                text += f" {row['desc_excerpt'] or ''}"
            queries.append(Query(text, frozenset(cited[citing]), row["filing_date"], members[row["family"]]))
        ranked(f"in-text citation, asked with {name}", queries, ways)


def family(work: Path, peers: bool) -> None:
    """The other members of a patent's family."""
    rows, ways = of_full_text(work, peers)
    members = _members(rows)
    queries = []
    for row in rows.iter_rows(named=True):
        others = members[row["family"]] - {row["publication_number"]}
        if others:
            text = f"{row['title']}. {row['abstract'] or ''}"
            queries.append(Query(text, frozenset(others), None, [row["publication_number"]]))
    chosen = np.sort(np.random.default_rng(1).choice(len(queries), min(1_000, len(queries)), replace=False))
    ranked("family", [queries[i] for i in chosen], ways)


def _members(rows: pl.DataFrame) -> dict[str, frozenset[str]]:
    groups = rows.group_by("family").agg("publication_number")
    return {name: frozenset(ids) for name, ids in groups.iter_rows()}


# --- other sets -------------------------------------------------------------------------------------------------------


def coupling(work: Path, peers: bool) -> None:
    """Patents that cite the same documents."""
    from ktop.domain.patent.document import normalise_publication_number

    def name_of(number: str) -> str:
        return normalise_publication_number(number) or number

    rows = pl.read_parquet(DATA / "us_bigquery_10k" / "patents.parquet").select(
        pl.col("publication_number").map_elements(name_of, return_dtype=pl.String), "abstract", title=pl.lit("")
    )
    index = corpus(work, "us_bigquery", lambda: rows)
    ways = ours(index)
    names, texts = rows["publication_number"].to_list(), rows["abstract"].to_list()
    if peers:
        ways["TF-IDF"] = tf_idf(names, (text or "" for text in texts), [None] * len(names))
    pairs = pl.read_parquet(DATA / "us_bigquery_10k" / "relations.parquet").filter(pl.col("rel") == "coupling")
    right: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs.select("a", "b").iter_rows():
        right[name_of(one)].add(name_of(other))
        right[name_of(other)].add(name_of(one))
    text_of = dict(zip(names, texts, strict=True))
    queries = [
        Query(text_of[name], frozenset(right[name]), None, [name]) for name in sorted(right) if text_of.get(name)
    ]
    ranked("bibliographic coupling", queries, ways)


def domain(work: Path, peers: bool) -> None:
    """Patents of a domain against hard negatives, by the company they keep."""
    from ktop.domain.technology.summary import detect_language

    rows = pl.read_parquet(DATA / "landscape_6domains" / "labels.parquet").with_row_index("row")
    rows = rows.with_columns(publication_number=pl.format("XX{}", pl.col("row") + 1_000_000))
    index = corpus(work, "landscape", lambda: rows.select("publication_number", "title", "abstract"))
    ways = ours(index)
    names = rows["publication_number"].to_list()
    texts = [f"{title or ''}. {abstract or ''}" for title, abstract in rows.select("title", "abstract").iter_rows()]
    if peers:
        ways["TF-IDF"] = tf_idf(names, texts, [None] * len(names))
    positive = dict(zip(names, (rows["expansion_level"] == "SEED").to_list(), strict=True))
    area = dict(zip(names, rows["domain"].to_list(), strict=True))
    level = dict(zip(names, rows["expansion_level"].to_list(), strict=True))
    random = np.random.default_rng(2)
    readable = [detect_language(text) is not None for text in texts]
    chosen: list[int] = []
    for name in sorted(set(area.values())):
        for kind in ("SEED", "ANTISEED-manual", "ANTISEED-AF"):
            group = [i for i, key in enumerate(names) if area[key] == name and level[key] == kind and readable[i]]
            chosen += sorted(random.choice(group, min(100, len(group)), replace=False).tolist()) if group else []
    print(f"\ntechnology domain: {len(chosen):,} patents\n{'':12} AUC against hard negatives, easy ones")
    for way, find in ways.items():
        score: dict[str, float] = {}
        for i in chosen:
            key = names[i]
            found = [other for other in find(Query(texts[i], frozenset(), None, [key])) if area[other] == area[key]][
                :10
            ]
            weights = 1.0 / (1.0 + np.arange(len(found)))
            score[key] = float(np.dot(weights, [positive[other] for other in found]) / max(weights.sum(), 1e-9))
        figures = [
            float(np.mean([*_areas(score, area, positive, level, kind).values()]))
            for kind in ("ANTISEED-manual", "ANTISEED-AF")
        ]
        print(f"{way:12} {figures[0]:.3f}  {figures[1]:.3f}", flush=True)
    _blended(index, names, texts, chosen, area, positive, level)


#: Shares of the text vectors in the blend that are tried.
_SHARES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)


def _areas(
    score: dict[str, float], area: dict[str, str], positive: dict[str, bool], level: dict[str, str], kind: str
) -> dict[str, float]:
    """Return the AUC of each domain's patents against its negatives of one kind."""
    found = {}
    for name in sorted(set(area.values())):
        good = [score[k] for k in score if area[k] == name and positive[k]]
        bad = [score[k] for k in score if area[k] == name and level[k] == kind]
        if good and bad:
            difference = np.subtract.outer(good, bad)
            found[name] = float((difference > 0).mean() + 0.5 * (difference == 0).mean())
    return found


def _blended(
    index: Any,
    names: Sequence[str],
    texts: Sequence[str],
    chosen: Sequence[int],
    area: dict[str, str],
    positive: dict[str, bool],
    level: dict[str, str],
) -> None:
    """Print the same for words and vectors together: (1 - a) words / their scale + a vectors / theirs.

    The scale is the query's own mean over its fifty nearest of the domain, so no label is looked at; the share a for a
    domain is the one that does best on the other domains.
    """
    from ktop.patents.neighbours.similarity import Similarity
    from ktop.patents.neighbours.term_statistics import EarlierPatents

    nothing = np.empty(0, dtype=np.int64)
    docs = {name: int(found[0]) for name in names if len(found := index.docs_of([name]))}
    members = {name: [key for key in docs if area[key] == name] for name in set(area.values())}
    scores: dict[float, dict[str, float]] = {share: {} for share in _SHARES}
    for i in chosen:
        key = names[i]
        others = [other for other in members[area[key]] if other != key]
        near = Similarity(index, index.question(texts[i]), EarlierPatents(index, None, nothing)).of(
            np.array([docs[other] for other in others])
        )
        scales = (max(float(np.sort(values)[-50:].mean()), 1e-9) for values in (near.lexical, near.semantic))
        words, meaning = (v / scale for v, scale in zip((near.lexical, near.semantic), scales, strict=True))
        for share in _SHARES:
            best = np.argsort(-((1.0 - share) * words + share * meaning), kind="stable")[:10]
            weights = 1.0 / (1.0 + np.arange(len(best)))
            scores[share][key] = float(np.dot(weights, [positive[others[b]] for b in best]) / weights.sum())
    for label, tried in (("exact words", (0.0,)), ("exact vectors", (1.0,)), ("both", _SHARES[1:-1])):
        figures, picked = [], {}
        for kind in ("ANTISEED-manual", "ANTISEED-AF"):
            table = {share: _areas(scores[share], area, positive, level, kind) for share in tried}
            left_out = []
            for name in table[tried[0]]:
                rest = {share: np.mean([v for d, v in table[share].items() if d != name]) for share in tried}
                picked[name] = max(rest, key=lambda share: rest[share])
                left_out.append(table[picked[name]][name])
            figures.append(float(np.mean(left_out)))
        print(
            f"{label:14}{figures[0]:.3f}  {figures[1]:.3f}  shares of vectors {sorted(set(picked.values()))}",
            flush=True,
        )


def korean(work: Path, peers: bool) -> None:
    """Korean questions, English patents."""
    english = pl.read_parquet(DATA / "nus_retrieval_2244" / "patents.parquet").with_row_index("row")
    english = english.with_columns(publication_number=pl.format("XX{}", pl.col("row") + 1_000_000))
    index = corpus(
        work,
        "nus",
        lambda: english.select(
            "publication_number", "title", pl.col("abstract").str.split(" | ").list.first().alias("abstract")
        ),
    )
    classes = [{symbol[:4] for symbol in symbols or ()} for symbols in english["ipc"].to_list()]
    holders: dict[str, set[int]] = defaultdict(set)
    for i, own in enumerate(classes):
        for name in own:
            holders[name].add(i)
    place = {name: i for i, name in enumerate(english["publication_number"])}
    questions = []
    asked = pl.read_parquet(DATA / "kr_kipris_1329" / "patents.parquet")
    for title, abstract, symbols in asked.select("title_ko", "abstract_ko", "ipc").iter_rows():
        right = set().union(*(holders[symbol[:4]] for symbol in symbols or ()))
        if len(right) >= 10:
            questions.append((f"{title}. {abstract or ''}", right))
    chance = np.mean([len(right) / len(classes) for _, right in questions])
    print(f"\nKorean to English: {len(questions):,} queries, chance {chance:.3f}\n{'':12} P@10   ms/query")
    for mode in MODES:
        started = time.perf_counter()
        hits = []
        for text, right in questions:
            found = index.search(text, 10, mode=mode)
            hits.append(sum(place[hit.patent_id] in right for hit in found) / 10)
        spent = (time.perf_counter() - started) / len(questions) * 1e3
        print(f"{mode:12} {np.mean(hits):.3f}  {spent:6.1f}", flush=True)
    if peers:
        from ktop.patents.analysis.encoder import encode

        titles = [f"{t}. {(a or '').split(' | ')[0]}" for t, a in english.select("title", "abstract").iter_rows()]
        documents = np.concatenate([encode(titles[start : start + 64]) for start in range(0, len(titles), 64)])
        hits = []
        for text, right in questions:
            near = documents @ encode([text])[0]
            hits.append(sum(int(i) in right for i in np.argsort(-near, kind="stable")[:10]) / 10)
        print(f"{'sentences':12} {np.mean(hits):.3f}  (the encoder on whole texts, exact cosine)", flush=True)


TASKS: dict[str, Callable[[Path, bool], None]] = {
    "known": known,
    "halves": halves,
    "intext": intext,
    "family": family,
    "coupling": coupling,
    "domain": domain,
    "korean": korean,
}

if __name__ == "__main__":
    main()
