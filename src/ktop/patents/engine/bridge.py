"""The bridge between Korean and English: vectors of the corpus's own terms lead a word to its nearest counterparts.

The encoder embeds the vocabulary (words and pairs of words) once, at some 3,000 terms a second; a word of one language
is led to its nearest terms in the other and asked for there by words. Where the glossary has the word, it
decides (docs/patents.md has what was measured).
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.domain.technology.summary import Lang, detect_language
from ktop.kernel.progress import Progress
from ktop.patents.analysis.encoder import DIMENSIONS, encode, encode_remembered
from ktop.patents.analysis.glossary import counterparts
from ktop.patents.analysis.terms import PAIR, term_code
from ktop.patents.analysis.text import Analyser, word_list
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.content import Content

MAX_WORDS = 30_000
MAX_PAIRS = 20_000
#: Counterparts of a term: at most this many, each at least this close.
MAX_TRANSLATIONS = 5
MIN_TRANSLATION_SIMILARITY = 0.5
#: Nearness that a word of the glossary counts as; each further word of an entry counts 0.05 less.
GLOSSARY_SIMILARITY = 0.95
COMMONPLACE_NEIGHBOURS = 10
#: Terms that neither the glossary nor the vocabulary knows and that are encoded for one question, in the order given:
#: each takes the encoder milliseconds, and a text of nothing but unknown words would hold the engine for a minute.
MAX_UNKNOWN = 100
#: Terms whose counterparts are remembered between questions.
MAX_REMEMBERED = 100_000
#: Patents whose texts are looked through for terms.
SAMPLE_TEXTS = 20_000
_ROWS_TOGETHER = 50
_ENCODE_BATCH = 512
#: More than a product of two unit vectors of 512 numbers of 32 bits can be off by rounding.
_ROUNDING = 4e-5
#: Main directions of the vocabulary along which terms are compared first: of 20,000 terms some ten are left to compare.
_DIRECTIONS = 192
#: Terms from which on it pays to look for main directions.
_MANY = 4_096

Float32 = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Translation:
    """A term of the other language, how it is written, and how near it is (cosine)."""

    term: str
    surface: str
    similarity: float


class Bridge:
    """Read access to the term vectors and what was derived from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hubness: dict[str, Float32] = {}
        self._projected: dict[str, tuple[Float32, Float32, Float32]] = {}
        self._translations: dict[tuple[Lang, str, str], list[Translation]] = {}

    @cached_property
    def vocabulary(self) -> pl.DataFrame:
        """Columns ``language``, ``term``, ``surface``, ``patents``; rows in the order of the vectors."""
        return pl.read_parquet(self.folder / "vocabulary.parquet")

    @cached_property
    def vectors(self) -> Float32:
        """(terms, 512) unit vectors."""
        stored: npt.NDArray[np.float16] = np.load(self.folder / "vectors.npy", allow_pickle=False)
        return stored.astype(np.float32)

    @cached_property
    def idf(self) -> Float32:
        """(terms,) inverse document frequency when the bridge was made."""
        patents = self.vocabulary["patents"].to_numpy().astype(np.float64)
        total = int(json.loads((self.folder / "about.json").read_text(encoding="utf-8"))["patents"])
        return np.log(1.0 + (total - patents + 0.5) / (patents + 0.5)).astype(np.float32)

    @cached_property
    def _place(self) -> dict[tuple[str, str], int]:
        frame = self.vocabulary
        return {key: i for i, key in enumerate(zip(frame["language"], frame["term"], strict=True))}

    @cached_property
    def by_code(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        """Term codes ascending and the rows of the vocabulary they belong to (the commoner of two languages)."""
        frame = self.vocabulary.with_row_index("row").sort("patents", descending=True)
        codes = np.array([term_code(term) for term in frame["term"]], dtype=np.uint32)
        unique, first = np.unique(codes, return_index=True)
        return unique, frame["row"].to_numpy()[first].astype(np.int64)

    @cached_property
    def _language_rows(self) -> dict[str, npt.NDArray[np.int64]]:
        languages = self.vocabulary["language"].to_numpy()
        return {lang: np.flatnonzero(languages == lang) for lang in ("ko", "en")}

    def languages(self) -> frozenset[str]:
        """Languages that the vocabulary has terms of."""
        return frozenset(lang for lang, rows in self._language_rows.items() if len(rows))

    def translate(self, terms: Sequence[tuple[str, str]], source: Lang) -> list[list[Translation]]:
        """Return the counterparts of each (term, surface) in the other language, the surest first; may be empty.

        The glossary's where it has any, else the nearest terms of the vocabulary. Of terms that neither knows, the
        first ``MAX_UNKNOWN`` are led over; the others have no counterpart, whatever is remembered of them: the answer
        depends on the terms alone.
        """
        remembered = self._translations
        found: dict[tuple[str, str], list[Translation]] = {}
        left: list[tuple[str, str]] = []
        beyond: list[tuple[str, str]] = []
        unknown = 0
        for term, surface in dict.fromkeys(terms):
            near = remembered.get((source, term, surface))
            if near is None:
                near = self._by_glossary(term, surface, source) or None
            if (source, term) not in self._place and not counterparts(term, surface, source):
                unknown += 1
                if unknown > MAX_UNKNOWN:
                    beyond.append((term, surface))
                    continue
            if near is None:
                left.append((term, surface))
            else:
                found[term, surface] = near
        found.update(zip(left, self._by_vector(left, source), strict=True))
        if len(remembered) > MAX_REMEMBERED:  # another thread may still read the old one
            remembered = self._translations = {}
        for pair, translations in found.items():
            remembered[source, *pair] = translations
        found.update((pair, []) for pair in beyond)
        return [found[pair] for pair in terms]

    def to_encode(self, terms: Sequence[tuple[str, str]], source: Lang) -> list[str]:
        """Return the spellings that ``translate`` of these terms asks the encoder for, then that of counterparts."""
        other: Lang = "en" if source == "ko" else "ko"
        texts: list[str] = []
        for term, surface in dict.fromkeys(terms):
            known = counterparts(term, surface, source)[:MAX_TRANSLATIONS]
            texts += [spelling for counterpart, spelling in known if (other, counterpart) not in self._place]
            asked = (source, term) not in self._place and (source, term, surface) not in self._translations
            texts += [surface] if asked and not known else []
        return texts[:MAX_UNKNOWN]

    def _by_glossary(self, term: str, surface: str, source: Lang) -> list[Translation]:
        found: list[Translation] = []
        for place, (index_term, spelling) in enumerate(counterparts(term, surface, source)[:MAX_TRANSLATIONS]):
            found.append(Translation(index_term, spelling, GLOSSARY_SIMILARITY - 0.05 * place))
        return found

    def _by_vector(self, terms: Sequence[tuple[str, str]], source: Lang) -> list[list[Translation]]:
        target = self._language_rows["en" if source == "ko" else "ko"]
        if not len(target) or not terms:
            return [[] for _ in terms]
        asked, vectors = self.vectors_of(terms, source), self._target_vectors(source)
        # Some terms are near to everything; half of their nearness to commonplace words is taken off for the ranking.
        commonplace = 0.5 * self._commonplace(source)
        keep = min(MAX_TRANSLATIONS, len(target))
        rows, columns = self._among_the_nearest(source, asked, commonplace, keep)
        near = _nearness(asked[rows], vectors[columns])
        order = np.lexsort((columns, -(near - commonplace[columns]), rows))
        names, surfaces = self.vocabulary["term"], self.vocabulary["surface"]
        found: list[list[Translation]] = [[] for _ in terms]
        for row, places in itertools.groupby(order.tolist(), key=lambda place: int(rows[place])):
            for place in itertools.islice(places, keep):
                at = int(target[columns[place]])
                if near[place] >= MIN_TRANSLATION_SIMILARITY:
                    found[row].append(Translation(names[at], surfaces[at], float(near[place])))
        return found

    def _among_the_nearest(
        self, source: Lang, asked: Float32, commonplace: Float32, keep: int
    ) -> tuple[Places, Places]:
        """Return pairs of a row of ``asked`` and a term, among them all that may be of its ``keep`` nearest.

        Along the main directions alone, a product is off by that of what the vectors have beside them at most (Cauchy
        and Schwarz). Which further pairs there are depends on rounding, and so on what else was asked; what is made of
        them does not.
        """
        directions, shadows, beside = self._shadows(source)
        along = asked @ directions
        rough = along @ shadows.T - commonplace
        best = np.argpartition(-rough, keep - 1, axis=1)[:, :keep]
        rows = np.repeat(np.arange(len(asked)), keep)
        near = _nearness(asked[rows], self._target_vectors(source)[best.ravel()])
        least = (near - commonplace[best.ravel()]).reshape(len(asked), keep).min(axis=1)
        rough += _beside(asked, along)[:, None] * beside
        pairs = np.nonzero(rough >= least[:, None] - _ROUNDING)
        return pairs[0], pairs[1]

    def _shadows(self, source: Lang) -> tuple[Float32, Float32, Float32]:
        """Return main directions, (512, d), the other language's vectors along them, and how much is beside them."""
        if source not in self._projected:
            vectors = self._target_vectors(source)
            main = np.eye(DIMENSIONS, dtype=np.float32)
            if len(vectors) >= _MANY:
                _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
                main = np.ascontiguousarray(directions[:, ::-1][:, :_DIRECTIONS]).astype(np.float32)
            along = vectors @ main
            self._projected[source] = main, along, _beside(vectors, along)
        return self._projected[source]

    def vectors_of(self, terms: Sequence[tuple[str, str]], language: Lang) -> Float32:
        """Return unit vectors of (term, surface): from the vocabulary where it has them, else encoded now."""
        vectors = np.empty((len(terms), DIMENSIONS), dtype=np.float32)
        unknown: list[int] = []
        for i, (term, _) in enumerate(terms):
            row = self._place.get((language, term))
            if row is None:
                unknown.append(i)
            else:
                vectors[i] = self.vectors[row]
        vectors[unknown] = encode_remembered([terms[i][1] for i in unknown])
        return vectors

    def _commonplace(self, source: Lang) -> Float32:
        """Return how near each term of the other language is to commonplace words of the source language."""
        if source not in self._hubness:
            words = sorted(word for word in word_list(f"generic_{source}") if len(word) > 1)
            near = self._target_vectors(source) @ encode(words).T
            nearest = np.sort(near, axis=1)[:, -COMMONPLACE_NEIGHBOURS:]
            self._hubness[source] = nearest.mean(axis=1).astype(np.float32)
        return self._hubness[source]

    def of_source(self, terms: Sequence[tuple[str, str]], language: Lang) -> Float32:
        """Return vectors of terms outside the corpus's own language: of their glossary words where there are any."""
        other: Lang = "en" if language == "ko" else "ko"
        vectors = np.empty((len(terms), DIMENSIONS), dtype=np.float32)
        known = [counterparts(term, surface, language) for term, surface in terms]
        by_glossary = iter(self.vectors_of([pair for pairs in known for pair in pairs], other))
        unknown = [i for i, pairs in enumerate(known) if not pairs]
        vectors[unknown] = encode_remembered([terms[i][1] for i in unknown])
        for i, pairs in enumerate(known):
            if pairs:
                mean = np.stack([next(by_glossary) for _ in pairs]).mean(axis=0)
                vectors[i] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return vectors

    def _target_vectors(self, source: Lang) -> Float32:
        languages = self.languages()
        if len(languages) == 1:
            return self.vectors
        return self._korean_english[0 if source == "en" else 1]

    @cached_property
    def _korean_english(self) -> tuple[Float32, Float32]:
        return self.vectors[self._language_rows["ko"]], self.vectors[self._language_rows["en"]]

    def row_of(self, term: str, language: Lang) -> int | None:
        """Return the row of a term in the vocabulary."""
        return self._place.get((language, term))

    def rarity(self, terms: Sequence[tuple[str, str]], language: Lang) -> list[float]:
        """Return how much each term says: its idf, else that of its nearest counterpart, else the median idf."""
        if not len(self.idf):
            return [1.0] * len(terms)
        other: Lang = "en" if language == "ko" else "ko"
        median = float(np.median(self.idf))
        found: list[float] = []
        for term, near in zip(terms, self.translate(terms, language), strict=True):
            row = self.row_of(term[0], language)
            rows = [self.row_of(counterpart.term, other) for counterpart in near]
            row = next((known for known in (row, *rows) if known is not None), None)
            found.append(median if row is None else float(self.idf[row]))
        return found


def _nearness(one: Float32, other: Float32) -> Float32:
    """Return the products of rows, each by itself: those of matrices are rounded by what stands beside a row."""
    found: Float32 = np.einsum("ij,ij->i", one.astype(np.float64), other.astype(np.float64)).astype(np.float32)
    return found


def _beside(vectors: Float32, along: Float32) -> Float32:
    """Return the length of what vectors have beside some directions, given what they have along them."""
    rest = np.einsum("ij,ij->i", vectors, vectors) - np.einsum("ij,ij->i", along, along)
    found: Float32 = np.sqrt(np.maximum(rest, 0.0))
    return found


# --- making it --------------------------------------------------------------------------------------------------------


def build_bridge(corpus: Corpus, content: Content, folder: Path, progress: Progress) -> None:
    """Choose the vocabulary and embed it."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(corpus, content)
    vocabulary.write_parquet(folder / "vocabulary.parquet")
    surfaces = vocabulary["surface"].to_list()
    vectors = np.zeros((len(surfaces), DIMENSIONS), dtype=np.float16)
    for start in range(0, len(surfaces), _ENCODE_BATCH):
        vectors[start : start + _ENCODE_BATCH] = encode(surfaces[start : start + _ENCODE_BATCH])
        progress(min(start + _ENCODE_BATCH, len(surfaces)), len(surfaces), "bridge")
    np.save(folder / "vectors.npy", vectors, allow_pickle=False)
    about = {"patents": len(content), "terms": len(surfaces)}
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")


def _vocabulary(corpus: Corpus, content: Content) -> pl.DataFrame:
    """Return the commonest words and pairs of the corpus; English stems are spelt as the shortest word met.

    Which terms there are is seen in an even sample of the texts; how many patents have each is counted in the index.
    """
    analyser = Analyser()
    met: Counter[tuple[str, str]] = Counter()
    for language, text in sampled_texts(corpus, SAMPLE_TEXTS):
        for terms in analyser.terms_and_pairs(text, language):
            met.update((language, term) for term in set(terms))
    sampled = min(SAMPLE_TEXTS, len(content))
    fewest = 2 if sampled > 1_000 else 1
    chosen = pl.DataFrame(
        sorted(key for key, count in met.items() if count >= fewest),
        schema={"language": pl.String, "term": pl.String},
        orient="row",
    )
    codes = np.array([term_code(term) for term in chosen["term"]], dtype=np.uint32)
    patents = content.term_counts.of(codes)
    common = chosen.with_columns(patents=pl.Series(patents, dtype=pl.Int64)).sort(
        ["patents", "term", "language"], descending=[True, False, False]
    )
    pair = pl.col("term").str.contains(PAIR, literal=True)
    least_word = max(2, math.ceil(len(content) / 15_000))
    least_pair = max(3, math.ceil(len(content) / 5_000))
    parts = []
    for language in ("ko", "en"):
        own = common.filter(pl.col("language") == language)
        parts.append(own.filter(~pair & (pl.col("patents") >= least_word)).head(MAX_WORDS))
        parts.append(own.filter(pair & (pl.col("patents") >= least_pair)).head(MAX_PAIRS))
    kept = pl.concat(parts)
    spelling = analyser.new_surfaces()
    surfaces = [" ".join(spelling.get(piece, piece) for piece in term.split(PAIR)) for term in kept["term"]]
    return kept.with_columns(surface=pl.Series(surfaces, dtype=pl.String)).select(
        "language", "term", "surface", "patents"
    )


def sampled_texts(corpus: Corpus, size: int) -> Iterator[tuple[Lang, str]]:
    """Yield language and text (title and abstract) of about ``size`` patents, evenly over the years."""
    total = sum(partition.rows for partition in corpus.manifest.partitions.values())
    for year, partition in sorted(corpus.manifest.partitions.items(), key=lambda item: item[0] or 0):
        frame = corpus.patents([year]).select("language", "title", "abstract", "first_claim")
        wanted = min(partition.rows, math.ceil(size * partition.rows / max(total, 1)))
        if wanted == partition.rows:
            slices = [frame]
        else:  # a few rows in each of many places: only their parts of the file are read
            together = min(_ROWS_TOGETHER, wanted)
            starts = np.linspace(0, partition.rows - together, max(1, wanted // together)).astype(int)
            slices = [frame.slice(int(start), together) for start in starts]
        for part in slices:
            for language, title, abstract, claim in part.collect().iter_rows():
                text = f"{title or ''}. {abstract or claim or ''}"
                language = language or detect_language(text[:600])
                if language:
                    yield language, text
