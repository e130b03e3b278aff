"""Text vectors: of patents and of questions, in one space for Korean and English.

A text has two half vectors of 128 numbers. One is the mean of its terms' vectors by the multilingual encoder: it
compares texts of either language. The other is latent semantic analysis of the corpus's own words: it compares texts of
one language, the better of the two at that. Both come from sums over terms, so that a vector costs microseconds and
millions of patents need no sentence to be encoded (measured, docs/patents.md).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ktop.domain.technology.summary import Lang
from ktop.kernel.progress import Progress
from ktop.patents.analysis.encoder import DIMENSIONS, encode
from ktop.patents.analysis.terms import UInt32, term_code
from ktop.patents.analysis.text import Analyser
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine import kernels
from ktop.patents.engine.bridge import Bridge, sampled_texts
from ktop.patents.engine.checksums import complete_folder
from ktop.patents.engine.content import Content
from ktop.patents.engine.dense import GROUPED_FROM, coarse_centres, nearest_centres, save_codes
from ktop.patents.engine.lsa import Lsa, SparseRows, fit_lsa
from ktop.patents.engine.segment import IMPACTS, Segment
from ktop.patents.engine.topics import cluster, name_topics, number_of_topics

HALF = 128
#: Patents to which the regression and word vectors are fitted, and from which topics and coarse centres are taken.
SAMPLE_SENTENCES = 2_000
SAMPLE_WORDS = 40_000
SAMPLE_TOPICS = 5_000
SAMPLE_CENTRES = 100_000
#: Penalty of the regression, as a multiple of the variance of what it explains (measured, docs/patents.md).
RIDGE = 10.0
#: Weight of a question's terms beside its text as a sentence, where both are known.
TERM_WEIGHT = 0.5
#: Characters that are encoded as a sentence; what follows adds little and costs time.
MAX_SENTENCE_CHARS = 600
_ENCODE_BATCH = 64
_BATCH = 65_536
_SEED = 20241103

Float32 = npt.NDArray[np.float32]


def unit(vectors: Float32) -> Float32:
    """Return rows of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Float32 = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return found


class SentenceSpace:
    """The half of a vector that compares languages: sentence vectors of the multilingual encoder, or what terms tell.

    Encoding a patent takes milliseconds, summing its terms' vectors microseconds. A ridge regression from the weighted
    mean of a text's term vectors to the encoder's vector of the whole text, fitted to a sample of the corpus, stands
    in for the encoder: Korean questions find English patents no worse by it than by encoding every patent (measured,
    docs/patents.md). Common means are taken out and the main directions kept (Mu and Viswanath 2018).
    """

    def __init__(self, folder: Path, bridge: Bridge) -> None:
        self.folder, self._bridge = folder, bridge

    @cached_property
    def _fitted(self) -> tuple[Float32, Float32, Float32, Float32]:
        """Means of term means and of sentences (both (512,)), regression (512, 512), main directions (512, HALF)."""
        with np.load(self.folder / "sentences.npz", allow_pickle=False) as stored:
            return stored["term_mean"], stored["sentence_mean"], stored["regression"], stored["directions"]

    @property
    def mean(self) -> Float32:
        """(512,) mean of the vectors of whole texts: what all patents have in common."""
        return self._fitted[1]

    @cached_property
    def _table(self) -> tuple[UInt32, Float32, Float32]:
        """Codes, ascending, their weights, and their vectors along the main directions, (terms, HALF)."""
        codes, places = self._bridge.by_code
        _, _, regression, directions = self._fitted
        return codes, self._bridge.idf[places], self._bridge.vectors[places] @ (regression @ directions)

    def fit(self, texts: Sequence[tuple[Lang, str]]) -> None:
        """Fit to a sample of texts, and write."""
        codes, places = self._bridge.by_code
        rows = terms_of(texts)
        sums, total = kernels.weighted_sums(
            rows.offsets, rows.codes, rows.counts, codes, self._bridge.idf[places], self._bridge.vectors[places]
        )
        known = np.flatnonzero(total > 0)
        means = (sums[known] / total[known, None]).astype(np.float64)
        sentences = np.zeros((0, DIMENSIONS))
        if len(known):
            openings = [texts[int(i)][1][:MAX_SENTENCE_CHARS] for i in known]
            pieces = [encode(openings[start : start + _ENCODE_BATCH]) for start in range(0, len(known), _ENCODE_BATCH)]
            sentences = np.concatenate(pieces).astype(np.float64)
        term_mean = means.mean(axis=0) if len(known) else np.zeros(DIMENSIONS)
        sentence_mean = sentences.mean(axis=0) if len(known) else np.zeros(DIMENSIONS)
        x, y = means - term_mean, sentences - sentence_mean
        penalty = RIDGE * float(x.var()) * np.eye(DIMENSIONS) if len(known) else np.eye(DIMENSIONS)
        regression = np.linalg.solve(x.T @ x + penalty + 1e-9 * np.eye(DIMENSIONS), x.T @ y)
        predicted = x @ regression
        predicted /= np.maximum(np.linalg.norm(predicted, axis=1, keepdims=True), 1e-9)
        _, directions = np.linalg.eigh(predicted.T @ predicted)
        np.savez(
            self.folder / "sentences.npz",
            term_mean=term_mean.astype(np.float32),
            sentence_mean=sentence_mean.astype(np.float32),
            regression=regression.astype(np.float32),
            directions=np.ascontiguousarray(directions[:, ::-1][:, :HALF]).astype(np.float32),
        )

    def of_rows(self, rows: SparseRows) -> Float32:
        """Return the half vectors of patents, shape (n, HALF), of unit length; zeros where no term is known."""
        codes, weights, projected = self._table
        if not len(codes):
            return np.zeros((len(rows), HALF), dtype=np.float32)
        sums, total = kernels.weighted_sums(rows.offsets, rows.codes, rows.counts, codes, weights, projected)
        term_mean, _, regression, directions = self._fitted
        centred = sums / np.maximum(total, 1e-9)[:, None] - term_mean @ (regression @ directions)
        return unit(np.where((total > 0)[:, None], centred, 0.0).astype(np.float32))

    def of_question(self, term_mean: Float32, sentences: Sequence[tuple[Float32, float]]) -> Float32:
        """Return the half vector of a question, shape (HALF,).

        Parameters
        ----------
        term_mean : (512,) weighted mean of its terms' vectors, zeros where there is none.
        sentences : (512,) vectors of whole texts, with their weights beside that of the terms.
        """
        mean, sentence_mean, regression, directions = self._fitted
        total = np.zeros(DIMENSIONS, dtype=np.float32)
        if np.any(term_mean):
            weight = TERM_WEIGHT if sentences else 1.0
            foretold = ((term_mean - mean) @ regression).astype(np.float32)
            total += np.float32(weight) * unit(foretold[None, :])[0]
        if sentences:
            encoded = unit((np.stack([vector for vector, _ in sentences]) - sentence_mean).astype(np.float32))
            total += np.array([weight for _, weight in sentences], dtype=np.float32) @ encoded
        found: Float32 = unit((total @ directions)[None, :])[0]
        return found


class TextSpace:
    """Makes the vectors of patents and questions; knows the topics."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bridge = Bridge(folder)
        self.sentences = SentenceSpace(folder, self.bridge)
        self.words = Lsa(folder)

    @cached_property
    def centroids(self) -> Float32:
        """(topics, HALF) centres of the text topics, in the space of terms."""
        found: Float32 = np.load(self.folder / "centroids.npy", allow_pickle=False)
        return found

    @cached_property
    def centres(self) -> Float32:
        """(lists, 2 HALF) coarse centres that group vectors for search; no rows in a small corpus."""
        found: Float32 = np.load(self.folder / "centres.npy", allow_pickle=False)
        return found

    def warm(self) -> None:
        """Read what vectors of patents are made with, before several threads do."""
        nothing = SparseRows(np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint8))
        self.of_rows(nothing)
        _ = self.centroids, self.centres

    @cached_property
    def topic_names(self) -> list[str]:
        """Name of each topic: its most characteristic words."""
        names: list[str] = json.loads((self.folder / "topics.json").read_text(encoding="utf-8"))
        return names

    def of_rows(self, rows: SparseRows) -> Float32:
        """Return the vectors of patents, shape (n, 2 HALF), of unit length where both halves are known."""
        return joined(self.sentences.of_rows(rows), unit(self.words.of_rows(rows)))

    def question(self, mean: Float32, counts: Mapping[str, int], language: Lang) -> Float32:
        """Return the vector of a question for patents of its own language, shape (2 HALF,), to compare by dot product.

        Parameters
        ----------
        mean : what ``mean_of`` gives for its terms.
        counts : index term or pair → count.
        """
        by_words = np.zeros(HALF, dtype=np.float32)
        if language in self.bridge.languages() and counts:
            by_words = unit(self.words.of_rows(counted([Counter({term_code(t): n for t, n in counts.items()})])))[0]
        by_terms = self.sentences.of_question(mean, [])
        found: Float32 = joined(by_terms[None, :], by_words[None, :])[0]
        return found

    def question_across(self, mean: Float32, sentences: Sequence[tuple[Float32, float]]) -> Float32:
        """Return the vector of a question for patents of the other language, shape (2 HALF,): its second half is zero.

        ``mean`` is what ``mean_of`` gives for its terms; ``sentences`` are vectors of whole texts with their weights:
        of the text, and of what the glossary makes of it.
        """
        found = np.zeros(2 * HALF, dtype=np.float32)
        found[:HALF] = self.sentences.of_question(mean, sentences)
        return found

    def mean_of(self, terms: Sequence[tuple[str, str, float]], language: Lang) -> Float32:
        """Return the weighted mean of term vectors; terms that a corpus of the language lacks are passed over.

        ``terms`` are (index term, spelling, 1 + log of its count).
        """
        total, weight_sum = np.zeros(DIMENSIONS, dtype=np.float64), 0.0
        unknown: list[tuple[str, str, float]] = []
        for term, surface, weight in terms:
            row = self.bridge.row_of(term, language)
            if row is not None:
                weight *= float(self.bridge.idf[row])
                total += self.bridge.vectors[row].astype(np.float64) * weight
                weight_sum += weight
            elif language not in self.bridge.languages():
                unknown.append((term, surface, weight))
        if unknown:
            names = [(term, surface) for term, surface, _ in unknown]
            rarity = self.bridge.rarity(names, language)
            weights = np.array([weight * rare for (_, _, weight), rare in zip(unknown, rarity, strict=True)])
            total += weights @ self.bridge.of_source(names, language).astype(np.float64)
            weight_sum += float(weights.sum())
        return (total / max(weight_sum, 1e-9)).astype(np.float32)


def joined(by_terms: Float32, by_words: Float32) -> Float32:
    """Return both halves as one vector; unit length where both are there."""
    found: Float32 = (np.concatenate([by_terms, by_words], axis=1) * np.float32(math.sqrt(0.5))).astype(np.float32)
    return found


def across(vectors: Float32) -> Float32:
    """Return the half of vectors (n, 2 HALF) that compares languages, of unit length, with zeros for the other half."""
    found = vectors * np.float32(math.sqrt(2.0))
    found[:, HALF:] = 0.0
    return found


def counted(texts: Sequence[Mapping[int, int]]) -> SparseRows:
    """Return texts, each code → count, as rows of counts."""
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    pairs = [pair for text in texts for pair in sorted(text.items())]
    codes = np.array([code for code, _ in pairs], dtype=np.uint32)
    return SparseRows(offsets, codes, np.array([min(count, 255) for _, count in pairs], dtype=np.uint8))


def terms_of(texts: Sequence[tuple[Lang, str]]) -> SparseRows:
    """Return the terms and pairs of texts as rows of counts."""
    analyser = Analyser()
    found = []
    for language, text in texts:
        terms, pairs = analyser.terms_and_pairs(text, language)
        found.append(Counter(map(term_code, (*terms, *pairs))))
    return counted(found)


# --- making it --------------------------------------------------------------------------------------------------------


def fit_space(corpus: Corpus, content: Content, folder: Path, progress: Progress) -> None:
    """Fit word vectors, means, directions, topics and coarse centres to even samples of patents."""
    space = TextSpace(folder)
    progress(0, len(content), "vectors")
    fit_lsa(content.terms_of(content.even_sample(SAMPLE_WORDS)), HALF, folder, _SEED)
    space.sentences.fit(list(sampled_texts(corpus, SAMPLE_SENTENCES)))
    docs = content.even_sample(SAMPLE_TOPICS)
    by_terms = space.sentences.of_rows(content.terms_of(docs))
    known = np.any(by_terms != 0, axis=1)
    centroids, owners = cluster(by_terms[known], number_of_topics(len(content)), _SEED)
    np.save(folder / "centroids.npy", centroids, allow_pickle=False)
    names = name_topics(content.terms_of(docs[known]), owners, len(centroids), space.bridge.vocabulary)
    (folder / "topics.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    centres = np.zeros((0, 2 * HALF), dtype=np.float32)
    if len(content) >= GROUPED_FROM:
        centres = coarse_centres(space.of_rows(content.terms_of(content.even_sample(SAMPLE_CENTRES))), _SEED)
    np.save(folder / "centres.npy", centres, allow_pickle=False)


def fill_vectors(content: Content, folder: Path, progress: Progress, workers: int = 1) -> None:
    """Write what each segment has of one generation below it, under the name of ``folder``: vectors, topics, impacts.

    Readers of an earlier generation keep theirs. A killed run goes on with the segments that are not done. ``workers``
    segments are made at once, in threads: the loops are compiled and let go of the interpreter.
    """
    space = TextSpace(folder)
    space.warm()
    average_length = content.average_length

    def fill(segment: Segment) -> int:
        target = segment.folder / folder.name
        if not target.is_dir():
            vectors, topics = _of_segment(space, segment)
            with complete_folder(target) as beside:
                save_codes(beside, vectors, space.centres, topics)
                np.save(beside / f"{IMPACTS}.npy", segment.impacts(average_length), allow_pickle=False)
        return segment.rows

    done = 0
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for rows in pool.map(fill, content.segments):
            done += rows
            progress(done, content.rows, "vectors")


def _of_segment(space: TextSpace, segment: Segment) -> tuple[Float32, npt.NDArray[np.int16]]:
    """Return the vectors and topics of all patents of a segment."""
    offsets, codes, counts = segment.forward
    vectors = np.zeros((segment.rows, 2 * HALF), dtype=np.float32)
    topics = np.full(segment.rows, -1, dtype=np.int16)
    for start in range(0, segment.rows, _BATCH):
        stop = min(start + _BATCH, segment.rows)
        part = slice(int(offsets[start]), int(offsets[stop]))
        rows = SparseRows(np.array(offsets[start : stop + 1]), np.array(codes[part]), np.array(counts[part]))
        vectors[start:stop] = space.of_rows(rows)
        by_terms = vectors[start:stop, :HALF]
        known = by_terms.any(axis=1)
        if len(space.centroids):
            topics[start:stop][known] = nearest_centres(by_terms[known], space.centroids)
    return vectors, topics
