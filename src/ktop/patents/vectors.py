"""Text vectors of patents and questions: what they are about, whichever of the two languages they are in.

A vector has two halves of unit length. The first is the idf-weighted mean of the vectors of the patent's terms, made
for millions of patents in minutes. The second is the encoded title and opening of the abstract, which keeps what a bag
of words loses. Each half is centred by language and reduced to its main directions. Together they lead from a Korean
question to English patents better than whole patents encoded, at a third of the cost (docs/patents.md).
"""

from __future__ import annotations

import json
import math
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ktop.domain.technology import Lang
from ktop.patents.bridge import Bridge
from ktop.patents.encoder import DIMENSIONS, encode
from ktop.patents.layout import IndexManifest, Layout
from ktop.patents.segment import LANGUAGE_CODES, LANGUAGES, Segment
from ktop.patents.topics import cluster, name_topics

HALF = 128
#: Patents from whose vectors means and directions are taken: of terms, and (encoded one by one) of titles.
SAMPLE_TERMS = 20_000
SAMPLE_TITLES = 3_000
#: Fewest patents of a language for a mean of its own.
MIN_FOR_MEAN = 20
#: Characters of a question that are encoded as a sentence; what follows adds little and costs time.
MAX_SENTENCE_CHARS = 600
_BATCH = 500
_TITLE_BATCH = 256
_SEED = 20241103

Float32 = npt.NDArray[np.float32]
Progress = Callable[[str, int, int], None]


def unit(vectors: Float32) -> Float32:
    """Return rows of unit length; rows of zeros stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Float32 = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return found


class Directions:
    """Means by language and main directions of one kind of vector (``terms`` or ``titles``), kept in a folder."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._means_file, self._basis_file = folder / f"{kind}-means.npy", folder / f"{kind}-basis.npy"

    @cached_property
    def _means(self) -> Float32:
        """(3, 512) by language code; 0 is the mean of all."""
        found: Float32 = np.load(self._means_file, allow_pickle=False)
        return found

    @cached_property
    def _basis(self) -> Float32:
        """(512, HALF)."""
        found: Float32 = np.load(self._basis_file, allow_pickle=False)
        return found

    def fit(self, sample: Float32, language: npt.NDArray[np.uint8]) -> None:
        """Take means and directions from a sample of unit vectors, and write them."""
        means = np.zeros((len(LANGUAGES), DIMENSIONS), dtype=np.float32)
        if len(sample):
            means[:] = sample.mean(axis=0)
            for code in np.unique(language[language > 0]):
                if np.count_nonzero(language == code) >= MIN_FOR_MEAN:
                    means[code] = sample[language == code].mean(axis=0)
        centred = (sample - means[language]).astype(np.float64)
        _, directions = np.linalg.eigh(centred.T @ centred)
        np.save(self._means_file, means, allow_pickle=False)
        np.save(self._basis_file, directions[:, ::-1][:, :HALF].astype(np.float32), allow_pickle=False)

    def reduce(self, vectors: Float32, language: npt.NDArray[np.uint8]) -> Float32:
        """Return centred, reduced vectors of unit length, shape (n, HALF); zero stays zero."""
        known = np.any(vectors != 0, axis=1, keepdims=True)
        centred = np.where(known, vectors - self._means[language], 0.0).astype(np.float32)
        reduced: Float32 = centred @ self._basis
        return unit(reduced)


class TextSpace:
    """Makes the vectors of questions; knows the topics."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bridge = Bridge(folder)
        self.terms, self.titles = Directions(folder, "terms"), Directions(folder, "titles")

    @cached_property
    def centroids(self) -> Float32:
        """(topics, HALF) centres of the text topics, in the space of terms."""
        found: Float32 = np.load(self.folder / "centroids.npy", allow_pickle=False)
        return found

    @cached_property
    def topic_names(self) -> list[str]:
        """Name of each topic: its most characteristic words."""
        names: list[str] = json.loads((self.folder / "topics.json").read_text(encoding="utf-8"))
        return names

    def question(self, sentences: Sequence[str], terms: Sequence[tuple[str, str, float]], language: Lang) -> Float32:
        """Return the vector of a question, shape (2 HALF,), of unit length: to be compared by dot product.

        Parameters
        ----------
        sentences : what is encoded and averaged: the text, and its title where it has one.
        terms : (index term, spelling, 1 + log of its count).
        """
        code = np.array([LANGUAGE_CODES[language] if language in self.bridge.languages() else 0], dtype=np.uint8)
        by_terms = self.terms.reduce(unit(self._of_terms(terms, language)[None, :]), code)
        encoded: Float32 = encode([sentence[:MAX_SENTENCE_CHARS] for sentence in sentences])
        by_title = self.titles.reduce(unit(encoded.mean(axis=0, keepdims=True)), code)
        return joined(by_terms, by_title)[0]

    def _of_terms(self, terms: Sequence[tuple[str, str, float]], language: Lang) -> Float32:
        """Return the weighted sum of term vectors. Where the corpus has the language, unknown terms are passed over."""
        total = np.zeros(DIMENSIONS, dtype=np.float32)
        unknown: list[tuple[str, str, float]] = []
        for term, surface, weight in terms:
            row = self.bridge.row_of(term, language)
            if row is not None:
                total += self.bridge.vectors[row] * float(self.bridge.idf[row]) * weight
            elif language not in self.bridge.languages():
                unknown.append((term, surface, weight))
        if unknown:
            rarity = self.bridge.rarity([(term, surface) for term, surface, _ in unknown], language)
            weights = np.array([weight * rare for (_, _, weight), rare in zip(unknown, rarity, strict=True)])
            total += weights.astype(np.float32) @ self.bridge.of_source(
                [(term, surface) for term, surface, _ in unknown], language
            )
        return total

    def of_patents(self, segment: Segment, rows: npt.NDArray[np.int64]) -> Float32:
        """Return the (len(rows), 512) unit mean of the term vectors of some patents; zeros where no term is known."""
        codes, places = self.bridge.by_code
        found = np.zeros((len(rows), DIMENSIONS), dtype=np.float32)
        if not len(codes):
            return found
        for start in range(0, len(rows), _BATCH):
            pieces = [segment.terms_of(int(row)) for row in rows[start : start + _BATCH]]
            owners = np.repeat(np.arange(len(pieces)), [len(terms) for terms, _ in pieces])
            terms = np.concatenate([terms for terms, _ in pieces])
            counts = np.concatenate([counts for _, counts in pieces]).astype(np.float32)
            at = np.minimum(np.searchsorted(codes, terms), len(codes) - 1)
            known = codes[at] == terms
            owners, rows_of = owners[known], places[at[known]]
            weights = ((1.0 + np.log(counts[known])) * self.bridge.idf[rows_of]).astype(np.float32)
            first = np.flatnonzero(np.diff(owners, prepend=-1))
            if len(first):
                weighted = self.bridge.vectors[rows_of] * weights[:, None]
                found[start + owners[first]] = np.add.reduceat(weighted, first, axis=0)
        return unit(found)


def joined(by_terms: Float32, by_title: Float32) -> Float32:
    """Return both halves as one vector; unit length where both are there."""
    found: Float32 = (np.concatenate([by_terms, by_title], axis=1) * np.float32(math.sqrt(0.5))).astype(np.float32)
    return found


# --- making it --------------------------------------------------------------------------------------------------------


def fit_space(layout: Layout, manifest: IndexManifest, folder: Path, before: Path | None) -> None:
    """Fix means, directions and topics on an even sample of patents.

    ``before`` is the folder of an earlier space: the directions of titles are taken over from it, so that no title
    needs to be encoded twice.
    """
    space = TextSpace(folder)
    sampled = list(_sample(layout, manifest, SAMPLE_TERMS))
    parts = [(segment, rows, space.of_patents(segment, rows)) for segment, rows in sampled]
    known = [(segment, rows[found.any(axis=1)], found[found.any(axis=1)]) for segment, rows, found in parts]
    sample = np.concatenate([found for _, _, found in known] or [np.zeros((0, DIMENSIONS), dtype=np.float32)])
    language = np.concatenate(
        [segment.column("language")[rows] for segment, rows, _ in known] or [np.zeros(0, dtype=np.uint8)]
    )
    space.terms.fit(sample, language)
    centroids, owners = cluster(space.terms.reduce(sample, language), _SEED)
    np.save(folder / "centroids.npy", centroids, allow_pickle=False)
    rows_of = [(segment, rows) for segment, rows, _ in known]
    names = name_topics(rows_of, owners, len(centroids), space.bridge.vocabulary)
    (folder / "topics.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
    if before is not None:
        for kind in ("titles-means.npy", "titles-basis.npy"):
            shutil.copyfile(before / kind, folder / kind)
        return
    titles: list[str] = []
    codes: list[npt.NDArray[np.uint8]] = []
    for segment, rows in _sample(layout, manifest, SAMPLE_TITLES):
        titles += [_sentence(segment, int(row)) for row in rows]
        codes.append(segment.column("language")[rows])
    space.titles.fit(encode(titles), np.concatenate(codes) if codes else np.zeros(0, dtype=np.uint8))


def _sample(layout: Layout, manifest: IndexManifest, size: int) -> Iterator[tuple[Segment, npt.NDArray[np.int64]]]:
    step = max(1, math.ceil(manifest.rows / size))
    for segment in layout.open_segments(manifest):
        yield segment, np.arange(0, segment.rows, step, dtype=np.int64)


def fill_vectors(
    layout: Layout, manifest: IndexManifest, folder: Path, *, anew: bool, workers: int, progress: Progress
) -> None:
    """Write the vectors and topics of every segment that lacks them; where ``anew``, all but the encoded titles."""
    space = TextSpace(folder)
    segments = layout.open_segments(manifest)
    _encode_titles(segments, space, workers, progress)
    for segment in segments:
        target = segment.folder / "dense.npy"
        if not anew and target.is_file():
            continue
        by_terms = space.terms.reduce(
            space.of_patents(segment, np.arange(segment.rows, dtype=np.int64)), segment.column("language")
        )
        topics = np.full(segment.rows, -1, dtype=np.int16)
        known = by_terms.any(axis=1)
        if len(space.centroids):
            topics[known] = np.argmax(by_terms[known] @ space.centroids.T, axis=1)
        np.save(segment.folder / "topic.npy", topics, allow_pickle=False)
        by_title = np.load(segment.folder / "titles.npy", allow_pickle=False)
        _save(target, joined(by_terms, by_title))


def _encode_titles(segments: Sequence[Segment], space: TextSpace, workers: int, progress: Progress) -> None:
    """Encode the titles of segments that lack them; a killed run goes on with the next segment."""
    total = sum(segment.rows for segment in segments)
    done = 0
    for segment in segments:
        target = segment.folder / "titles.npy"
        if not target.is_file():
            titles = [_sentence(segment, row) for row in range(segment.rows)]
            batches = [titles[start : start + _TITLE_BATCH] for start in range(0, len(titles), _TITLE_BATCH)]
            parts: list[Float32] = []
            for part in _encoded(batches, workers if len(titles) > 8 * _TITLE_BATCH else 1):
                parts.append(part)
                progress("vectors", done + sum(map(len, parts)), total)
            _save(target, space.titles.reduce(np.concatenate(parts), segment.column("language")))
        done += segment.rows


def _encoded(batches: Sequence[list[str]], workers: int) -> Iterator[Float32]:
    if workers <= 1:
        yield from map(encode, batches)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(encode, batches)


def _sentence(segment: Segment, row: int) -> str:
    """Return title and opening of a patent, what is encoded of it."""
    display = segment.display(row)
    return f"{display.title}. {display.opening}"


def _save(target: Path, array: Float32) -> None:
    temporary = target.with_suffix(".part.npy")
    np.save(temporary, array, allow_pickle=False)
    temporary.replace(target)
