"""What each step of a search by words gains and costs: descriptions that look for their abstracts, families held out.

    python benchmarks/retrieval_steps.py [--work FOLDER] [--questions 3000] [--fit]

Half of the families (``retrieval_quality.dealt``) fit the chances of terms (catalogue/patents/term_chances.yaml, made
anew and printed with --fit) and whatever else is learned here; questions are drawn from the other half. All are asked
among all 36,879 US patents. Costs are milliseconds of one core a question; of a step "beside" they come on top.

Steps in force and former ones are asked of the index. Steps that were tried and left out are worked out here, by
matrices over the index's own terms, so that anybody can see what they would bring; their costs are not those of a
kernel.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from retrieval_quality import DATA, corpus, dealt, full_text, tf_idf
from retrieval_quality import Query as Asked
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.lexical import CHANCES_B, CHANCES_K1, MAX_LIKELY_TERMS, PAIR_WEIGHT
from ktop.patents.engine.segment import K1, B
from ktop.patents.engine.term_chances import MAX_RARITY, Occurrences

#: Questions that chances are fitted to, each whole and once as a beginning or a stretch of it.
FITTED = 8_000
#: Questions of the fitted half that a ranker learns from, and what it puts in order.
RANKED, CANDIDATES = 2_500, 200
DIMENSIONS = 128
BLOCK = 250
NAMES = (
    *("rarity", "rarity_squared", "log_count", "log_count_by_rarity", "pair", "pair_by_rarity", "pair_by_log_count"),
    *("first", "first_squared", "last", "last_squared", "log_terms", "log_terms_by_log_count"),
)


@dataclass(frozen=True)
class Patents:
    """The index of the US patents, how often each has each term, and both halves of the descriptions."""

    index: PatentIndex
    counts: sp.csr_matrix
    codes: np.ndarray
    rarity: np.ndarray
    texts: Sequence[str]
    fitted: np.ndarray
    held: np.ndarray
    doc: np.ndarray

    def columns(self, codes: np.ndarray) -> np.ndarray:
        """Return the column of each code, -1 where no patent has it."""
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[at] == codes, at, -1)

    def terms(self, row: int, part: slice = slice(None)) -> Occurrences:
        """Return the terms of a description, or of a stretch of its words."""
        words, pairs = self.index.analyser.terms_and_pairs(self.texts[row], "en")
        if part != slice(None):
            share = len(pairs) / max(len(words), 1)
            words, pairs = words[part], pairs[int(part.start * share) : int(part.stop * share)]
        return Occurrences.of(words, pairs)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path)
    parser.add_argument("--questions", type=int, default=3_000)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"the development data sets do not lie in {DATA}; set KTOP_SHARED to their folder")
    with tempfile.TemporaryDirectory() as temporary:
        patents = read(options.work or Path(temporary))
        if options.fit:
            constant, weights = fitted(patents)
            print(f"constant: {constant:.4f}\nweights:")
            print("\n".join(f"  {name}: {value:.4f}" for name, value in zip(NAMES, weights, strict=True)))
            return
        compare(patents, options.questions)


def read(work: Path) -> Patents:
    """Return the patents, indexed in a folder unless they are there."""
    rows = full_text()
    index = corpus(work, "us_fulltext", lambda: rows.drop("desc_excerpt"))
    (segment,) = index.segments
    offsets, terms, counts = segment.forward
    codes, columns = np.unique(terms, return_inverse=True)
    matrix = sp.csr_matrix((counts.astype(np.float32), columns, offsets), shape=(segment.rows, len(codes)))
    order, held = dealt(rows)
    return Patents(
        index=index,
        counts=matrix,
        codes=codes,
        rarity=index.lexical._rarity(codes),
        texts=rows["desc_excerpt"].to_list(),
        fitted=order[~held[order]],
        held=order[held[order]],
        doc=index.docs_of(rows["publication_number"].to_list()),
    )


def fitted(patents: Patents) -> tuple[float, np.ndarray]:
    """Return constant and weights of the chances: does the abstract have the term of the description?"""
    random = np.random.default_rng(1)
    features, has = [], []
    for row in patents.fitted[:FITTED]:
        words = len(patents.index.analyser.terms(patents.texts[row], "en"))
        length = max(1, int(words * random.uniform(0.12, 1.0)))
        start = int(random.integers(0, words - length + 1)) if random.random() < 0.5 else 0
        own = patents.codes[patents.counts[patents.doc[row]].indices]
        for part in (slice(None), slice(start, start + length)):
            terms = patents.terms(int(row), part)
            known = patents.columns(terms.codes)
            rarity = np.where(known >= 0, patents.rarity[known], np.inf)
            features.append(terms.features(rarity)[known >= 0])
            has.append(np.isin(terms.codes[known >= 0], own))
    model = LogisticRegression(C=10, max_iter=3_000).fit(np.concatenate(features), np.concatenate(has))
    return float(model.intercept_[0]), model.coef_[0]


# --- what is compared -------------------------------------------------------------------------------------------------


def compare(patents: Patents, number: int) -> None:
    """Print recall and costs of every step."""
    rows = patents.held[:number]
    right = patents.doc[rows]
    nothing = np.empty(0, dtype=np.int64)
    everywhere = np.empty(0, dtype=np.uint8)
    index, lexical = patents.index, patents.index.lexical
    print(f"{len(rows):,} questions, families held out\n{'':44} R@1    R@10   R@100  ms", flush=True)

    def ask(name: str, find: Callable[[Any], np.ndarray]) -> None:
        questions = [index.question(patents.texts[row], "en") for row in rows]
        for question in questions:
            _ = question.occurrences, question.vector
        started = time.process_time()
        found = [find(question) for question in questions]
        spent = (time.process_time() - started) / len(rows)
        tell(name, [place(docs, doc) for docs, doc in zip(found, right, strict=True)], spent)

    ask("by counts (former)", lambda q: lexical.search(q.own_groups(), 200, None, everywhere)[0])
    ask("by chances", lambda q: lexical.search_by_chances(q.occurrences, 200, None, everywhere)[0])
    ask("the same and vectors (in force)", lambda q: index.retrieve(q, 200, None, nothing, weighing="chances")[0])
    ask("by counts and vectors (former)", lambda q: index.retrieve(q, 200, None, nothing)[0])
    ask("vectors alone", lambda q: index.retrieve(q, 200, None, nothing, "dense")[0])
    left_out(patents, rows)
    frame = full_text()
    names = frame["publication_number"].to_list()
    texts = (f"{title or ''}. {abstract or ''}" for title, abstract in frame.select("title", "abstract").iter_rows())
    baseline = tf_idf(names, texts, [None] * len(names))
    started = time.process_time()
    found = [[*baseline(Asked(patents.texts[row], frozenset()))] for row in rows]
    spent = (time.process_time() - started) / len(rows)
    places = [hits.index(names[row]) if names[row] in hits else 10**6 for hits, row in zip(found, rows, strict=True)]
    tell("TF-IDF, exact cosine", places, spent)


def place(docs: np.ndarray, right: int) -> int:
    """Return where a document stands in a list, far behind where it does not."""
    at = np.flatnonzero(docs == right)
    return int(at[0]) if len(at) else 10**6


def tell(name: str, places: Sequence[int] | np.ndarray, spent: float) -> None:
    """Print one row."""
    found = np.asarray(places)
    shares = [float((found < top).mean()) for top in (1, 10, 100)]
    print(f"{name:44} " + "  ".join(f"{share:.3f}" for share in shares) + f"  {spent * 1e3:6.1f}", flush=True)


# --- what was tried and left out --------------------------------------------------------------------------------------


def left_out(patents: Patents, rows: np.ndarray) -> None:
    """Print what further steps would bring beside the search by chances."""
    right = patents.doc[rows]
    impacts = saturated(patents, CHANCES_K1, CHANCES_B)
    asked = weights_of(patents, rows)
    plain = weights_of(patents, rows, keep_places=False)
    scored(" - without places of terms", plain, impacts, right)
    scored(" - all terms instead of 150", weights_of(patents, rows, limit=10**6), impacts, right)
    scored(" - in the order of the lists", asked, saturated(patents, K1, B), right)
    unit = normalize(weighted(patents))
    words = np.flatnonzero(((patents.codes & 1) == 0) & (np.diff(unit.tocsc().indptr) >= 3))
    space = TruncatedSVD(DIMENSIONS, random_state=0).fit(unit[:, words])
    documents = normalize(space.transform(unit[:, words]))
    meant = normalize(space.transform(normalize(asked[:, words])))
    scored(" - latent semantic analysis added", asked, impacts, right, lambda block: 10 * meant[block] @ documents.T)
    scored(" - feedback of the 10 first", asked, impacts, right, feedback=unit)
    ranker(patents, rows, impacts, unit, documents, space, words)


def saturated(patents: Patents, k1: float, b: float) -> sp.csr_matrix:
    """Return each patent's share of BM25 for each of its terms."""
    length = np.asarray(patents.counts[:, (patents.codes & 1) == 0].sum(axis=1)).ravel()
    norm = (k1 * (1 - b + b * length / length.mean())).astype(np.float32)
    found = patents.counts.copy()
    found.data = found.data * (k1 + 1) / (found.data + np.repeat(norm, np.diff(found.indptr)))
    return found


def weighted(patents: Patents) -> sp.csr_matrix:
    """Return (1 + log count) x rarity of each term of each patent."""
    found = patents.counts.copy()
    found.data = ((1 + np.log(found.data)) * patents.rarity[found.indices]).astype(np.float32)
    return found


def weights_of(
    patents: Patents, rows: np.ndarray, keep_places: bool = True, limit: int = MAX_LIKELY_TERMS
) -> sp.csr_matrix:
    """Return the weights of questions by chances, a row each."""
    pieces = []
    for row in rows:
        terms = patents.terms(int(row))
        if not keep_places:  # every term in the middle of what it is on average
            half = np.full(len(terms.codes), 0.4)
            terms = Occurrences(terms.codes, terms.counts, half, half + 0.2)
        known = patents.columns(terms.codes)
        weight = terms.weights(np.where(known >= 0, patents.rarity[known], MAX_RARITY))
        weight *= np.where(terms.codes & 1, PAIR_WEIGHT, 1.0) * (known >= 0)
        most = np.argsort(-weight, kind="stable")[:limit]
        most = most[weight[most] > 0]
        pieces.append(sp.csr_matrix((weight[most], (np.zeros(len(most), int), known[most])), (1, len(patents.codes))))
    return sp.vstack(pieces).tocsr().astype(np.float32)


def scored(
    name: str,
    asked: sp.csr_matrix,
    impacts: sp.csr_matrix,
    right: np.ndarray,
    beside: Callable[[slice], np.ndarray] | None = None,
    feedback: sp.csr_matrix | None = None,
) -> None:
    """Print recall of a matrix of scores, with something added or asked a second time with the terms of the first."""
    places, started, by_term = [], time.process_time(), impacts.T.tocsr()
    for begin in range(0, asked.shape[0], BLOCK):
        block = slice(begin, min(begin + BLOCK, asked.shape[0]))
        score = (asked[block] @ by_term).toarray()
        if beside is not None:
            score += beside(block)
        if feedback is not None:
            best = np.argpartition(-score, 10, axis=1)[:, :10]
            more = sp.vstack([sp.csr_matrix(feedback[docs].mean(axis=0)) for docs in best])
            more = more.multiply(more > 0.03).tocsr()
            size = sp.linalg.norm(asked[block], axis=1) / np.maximum(sp.linalg.norm(more, axis=1), 1e-9)
            score += 0.3 * (sp.diags(size.astype(np.float32)) @ more @ by_term).toarray()
        own = score[np.arange(len(score)), right[block]]
        places.append(before(score, own, right[block]))
    tell(name, np.concatenate(places), (time.process_time() - started) / asked.shape[0])


def before(score: np.ndarray, own: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return how many stand before a patent: of equal scores the earlier one does, as in the index."""
    earlier = np.arange(score.shape[1])[None, :] < right[:, None]
    found: np.ndarray = ((score > own[:, None]) | ((score == own[:, None]) & earlier)).sum(axis=1)
    return found


def ranker(
    patents: Patents,
    rows: np.ndarray,
    impacts: sp.csr_matrix,
    unit: sp.csr_matrix,
    documents: np.ndarray,
    space: TruncatedSVD,
    words: np.ndarray,
) -> None:
    """Print LambdaMART over the first 200, learned from the fitted half."""
    from lightgbm import LGBMRanker

    by_term, is_pair = impacts.T.tocsr(), ((patents.codes & 1) == 1).astype(np.float32)
    length = np.asarray(patents.counts.sum(axis=1)).ravel()

    def facts(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked = weights_of(patents, chosen)
        meant = normalize(space.transform(normalize(asked[:, words])))
        features, label = [], []
        for begin in range(0, len(chosen), BLOCK):
            score = (asked[begin : begin + BLOCK] @ by_term).toarray()
            for i, line in enumerate(score):
                best = np.argpartition(-line, CANDIDATES)[:CANDIDATES]
                best = best[np.lexsort((best, -line[best]))]
                question = asked[begin + i].toarray().ravel()
                given = (question > 0).astype(np.float32)
                got = line[best]
                columns = [
                    got,
                    got / got[0],
                    np.arange(CANDIDATES),
                    impacts[best] @ (question * is_pair),
                    (patents.counts[best] > 0) @ given,
                    unit[best] @ given,
                    unit[best] @ question,
                    documents[best] @ meant[begin + i],
                    length[best],
                ]
                features.append(np.stack(columns, axis=1).astype(np.float32))
                label.append(best == patents.doc[chosen[begin + i]])
        return np.stack(features), np.stack(label)

    taught, told = facts(patents.fitted[FITTED : FITTED + RANKED])
    kept = told.any(axis=1)
    model = LGBMRanker(n_estimators=300, num_leaves=15, learning_rate=0.05, min_child_samples=100, verbose=-1, n_jobs=1)
    model.fit(np.concatenate(taught[kept]), np.concatenate(told[kept]), group=[CANDIDATES] * int(kept.sum()))
    started = time.process_time()
    features, own = facts(rows)
    order = model.predict(np.concatenate(features)).reshape(own.shape)
    mine = np.where(own, order, -np.inf).max(axis=1)
    places = np.where(own.any(axis=1), before(order, mine, own.argmax(axis=1)), 10**6)
    tell(f" - LambdaMART over the first {CANDIDATES}", places, (time.process_time() - started) / len(rows))


if __name__ == "__main__":
    main()
