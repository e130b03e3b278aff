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
from ktop.patents.topics import cluster, name_topics, number_of_topics

HALF = 128
#: Patents from whose vectors means and directions are taken: of terms, and (encoded one by one) of titles.
SAMPLE_TERMS = 5_000
SAMPLE_TITLES = 3_000
#: Fewest patents of a language for a mean of its own.
MIN_FOR_MEAN = 20
#: Characters of a question that are encoded as a sentence; what follows adds little and costs time.
MAX_SENTENCE_CHARS = 600
_BATCH = 2_000
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

    @property
    def basis(self) -> Float32:
        """(512, HALF) the main directions."""
        return self._basis

    def reduce(self, vectors: Float32, language: npt.NDArray[np.uint8]) -> Float32:
        """Return centred, reduced vectors of unit length, shape (n, HALF); zero stays zero."""
        return self.centre(vectors @ self._basis, language)

    def centre(self, projected: Float32, language: npt.NDArray[np.uint8]) -> Float32:
        """Do the same for vectors that are along the main directions already, shape (n, HALF)."""
        known = np.any(projected != 0, axis=1, keepdims=True)
        means = (self._means @ self._basis)[language]
        return unit(np.where(known, projected - means, 0.0).astype(np.float32))


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
        by_terms = self.terms.reduce(self._of_terms(terms, language)[None, :], code)
        encoded: Float32 = encode([sentence[:MAX_SENTENCE_CHARS] for sentence in sentences])
        by_title = self.titles.reduce(unit(encoded.mean(axis=0, keepdims=True)), code)
        found: Float32 = joined(by_terms, by_title)[0]
        return found

    def _of_terms(self, terms: Sequence[tuple[str, str, float]], language: Lang) -> Float32:
        """Return the weighted mean of term vectors; terms that a corpus of the language lacks are passed over."""
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

    def of_patents(self, segment: Segment, start: int, stop: int, vectors: Float32) -> Float32:
        """Return the weighted mean of the term vectors of a range of patents; zeros where no term is known.

        ``vectors`` are those of the vocabulary, whole or along the main directions; the mean has their width.
        """
        codes, places = self.bridge.by_code
        found = np.zeros((stop - start, vectors.shape[1]), dtype=np.float32)
        if not len(codes):
            return found
        owners, terms, counts = segment.terms_between(start, stop)
        at = np.minimum(np.searchsorted(codes, terms), len(codes) - 1)
        known = codes[at] == terms
        owners, rows = owners[known], places[at[known]]
        weights = ((1.0 + np.log(counts[known].astype(np.float32))) * self.bridge.idf[rows]).astype(np.float32)
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        if len(first):
            totals = np.add.reduceat(vectors[rows] * weights[:, None], first, axis=0)
            found[owners[first]] = totals / np.add.reduceat(weights, first)[:, None]
        return found


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
    pieces: list[tuple[Segment, npt.NDArray[np.int64], Float32]] = []
    for segment, rows in _sample(layout, manifest, SAMPLE_TERMS):
        one_by_one = [space.of_patents(segment, int(row), int(row) + 1, space.bridge.vectors) for row in rows]
        means = np.concatenate(one_by_one) if one_by_one else np.zeros((0, DIMENSIONS), dtype=np.float32)
        known = means.any(axis=1)
        pieces.append((segment, rows[known], means[known]))
    sample = np.concatenate([means for _, _, means in pieces] or [np.zeros((0, DIMENSIONS), dtype=np.float32)])
    language = np.concatenate(
        [segment.column("language")[rows] for segment, rows, _ in pieces] or [np.zeros(0, dtype=np.uint8)]
    )
    space.terms.fit(sample, language)
    topics = number_of_topics(manifest.patents)
    centroids, owners = cluster(space.terms.reduce(sample, language), topics, _SEED)
    np.save(folder / "centroids.npy", centroids, allow_pickle=False)
    rows_of = [(segment, rows) for segment, rows, _ in pieces]
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
    projected: Float32 = space.bridge.vectors @ space.terms.basis
    _encode_titles(segments, space, workers, progress)
    for segment in segments:
        target = segment.folder / "dense.npy"
        if not anew and target.is_file():
            continue
        language = segment.column("language")
        by_terms = np.concatenate(
            [
                space.terms.centre(space.of_patents(segment, start, stop, projected), language[start:stop])
                for start in range(0, segment.rows, _BATCH)
                for stop in [min(start + _BATCH, segment.rows)]
            ]
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
