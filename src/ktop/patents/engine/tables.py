"""Tables over the whole corpus that rating needs at hand: columns by document number, classes, citations, a sample."""

from __future__ import annotations

import json
import shutil
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine.layout import IndexManifest, Layout
from ktop.patents.engine.segment import LANGUAGES, NO_DAY, Segment, mapped
from ktop.patents.engine.sorted_search import first_not_less
from ktop.patents.engine.vectors import TextSpace

#: Patents of the fixed sample that similarity is compared with.
SAMPLE = 2_000
_COLUMNS = ("day", "language", "family", "claims")


def build_tables(corpus: Corpus, layout: Layout, manifest: IndexManifest, folder: Path, bridge: Path) -> None:
    """Write the tables of an index to ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    segments = layout.open_segments(manifest)

    def save(name: str, array: npt.NDArray[Any]) -> None:
        np.save(folder / f"{name}.npy", array, allow_pickle=False)

    columns = {name: np.concatenate([segment.column(name) for segment in segments]) for name in _COLUMNS}
    columns["topic"] = np.concatenate([np.load(segment.folder / bridge.name / "topic.npy") for segment in segments])
    for name, column in columns.items():
        save(name, column)
    ids = np.concatenate([segment.column("id") for segment in segments])
    order = np.argsort(ids, kind="stable")
    save("id_order", order.astype(np.uint32))
    save("country", ids.view(np.uint8).reshape(len(ids), -1)[:, :2].copy().view(np.uint16).ravel())
    alive = np.ones(manifest.rows, dtype=bool)
    alive[layout.dead(manifest)] = False
    save("alive", alive)
    save("days", np.sort(columns["day"][alive]))

    codes, totals = _term_totals(segments)
    save("term_codes", codes)
    save("term_totals", totals)

    docs_by_day = np.flatnonzero(alive)[np.argsort(columns["day"][alive], kind="stable")]
    even = np.linspace(0, len(docs_by_day) - 1, min(SAMPLE, len(docs_by_day))).astype(np.int64)
    sample = docs_by_day[even].astype(np.int64)
    starts = np.array([segment.start for segment in segments], dtype=np.int64)
    pieces = []
    for doc in sample.tolist():
        segment = segments[int(np.searchsorted(starts, doc, side="right")) - 1]
        pieces.append(segment.terms_of(doc - segment.start))
    save("sample", sample)
    save("sample_offsets", np.concatenate([[0], np.cumsum([len(terms) for terms, _ in pieces])]).astype(np.int64))
    terms, places = np.unique(np.concatenate([terms for terms, _ in pieces]), return_inverse=True)
    save("sample_terms", terms)
    save("sample_places", places.astype(np.int32))
    save("sample_counts", np.concatenate([counts for _, counts in pieces]))

    docs = pl.DataFrame(
        {
            "id": pl.Series(ids[alive].tolist(), dtype=pl.Binary).cast(pl.String),
            "doc": np.flatnonzero(alive).astype(np.int64),
        }
    )
    del ids, order
    _write_classes(corpus, docs, save, folder)
    _write_citations(corpus, docs, columns["day"], save, manifest.rows)
    about = {
        "version": corpus.version,
        "patents": manifest.patents,
        "languages": {
            LANGUAGES[code]: int(np.count_nonzero(columns["language"][alive] == code)) for code in LANGUAGES if code
        },
        "synthetic": _synthetic_share(corpus),
        "topics": TextSpace(bridge).topic_names,
    }
    (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _synthetic_share(corpus: Corpus) -> float:
    """Return the share of made-up patents: those whose source says so."""
    share = corpus.patents().select(pl.col("source").str.starts_with("synthetic").fill_null(value=False).mean())
    return float(share.collect().item() or 0.0)


def _term_totals(segments: Sequence[Segment]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return all term codes, ascending, and how many patents have each; two segments at a time."""
    codes, totals = np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint32)
    for segment in segments:
        own, counts = segment.term_totals()
        together = np.concatenate([codes, own])
        order = np.argsort(together, kind="stable")
        together = together[order]
        first = np.flatnonzero(np.concatenate([[True], together[1:] != together[:-1]])) if len(together) else order
        totals = np.concatenate([totals, counts.astype(np.uint32)])[order]
        totals = np.add.reduceat(totals, first) if len(first) else totals
        codes = together[first]
    return codes, totals


def _write_classes(corpus: Corpus, docs: pl.DataFrame, save: Any, folder: Path) -> None:
    """Write, for every subclass, its patents."""
    symbols = pl.when(pl.col("ipc").list.len() > 0).then(pl.col("ipc")).otherwise(pl.col("cpc"))
    rows = (
        corpus.patents()
        .select("id", symbols.list.eval(pl.element().str.slice(0, 4)).list.unique().alias("subclass"))
        .explode("subclass")
        .drop_nulls("subclass")
        .with_columns(pl.col("subclass").cast(pl.Categorical))
        .join(docs.lazy(), on="id")
        .select(pl.col("subclass").cast(pl.String), "doc")
        .collect()
    )
    names, owner = np.unique(rows["subclass"].to_numpy().astype("U4"), return_inverse=True)
    members = rows["doc"].to_numpy()
    order = np.lexsort((members, owner))
    save("class_offsets", np.searchsorted(owner[order], np.arange(len(names) + 1)).astype(np.int64))
    save("class_docs", members[order].astype(np.uint32))
    (folder / "classes.json").write_text(json.dumps(names.tolist()), encoding="utf-8")


def _write_citations(corpus: Corpus, doc_of: pl.DataFrame, day: npt.NDArray[np.int32], save: Any, rows: int) -> None:
    """Write, for every patent, the days of the patents of the corpus that cite it, in order."""
    citing = doc_of.rename({"id": "citing_id", "doc": "citing_doc"})
    cited = doc_of.rename({"id": "cited_id", "doc": "cited_doc"})
    links = (
        resolved_citations(corpus)
        .drop_nulls(["citing_id", "cited_id"])
        .join(citing, on="citing_id")
        .join(cited, on="cited_id")
        .select("citing_doc", "cited_doc")
    )
    by, of = links["citing_doc"].to_numpy(), links["cited_doc"].to_numpy()
    days = day[by]
    order = np.lexsort((days, of))
    save("cited_offsets", np.searchsorted(of[order], np.arange(rows + 1)).astype(np.uint32))
    save("cited_days", days[order])


@dataclass(frozen=True, slots=True)
class Sample:
    """Patents evenly over time, and their terms.

    Parameters
    ----------
    docs : (n,) document numbers in the order of their days.
    terms : (t,) all their term codes, ascending.
    owners, places, weights : an entry per patent and term: patent (0 to n - 1), place in ``terms``, 1 + log of count.
    """

    docs: npt.NDArray[np.int64]
    owners: npt.NDArray[np.int64]
    terms: npt.NDArray[np.uint32]
    places: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]


class Tables:
    """Read access to the tables; each is mapped on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _map(self, name: str) -> Any:
        return mapped(self.folder / f"{name}.npy")

    @cached_property
    def about(self) -> dict[str, Any]:
        """Version, size, languages, share of made-up patents and topic names."""
        found: dict[str, Any] = json.loads((self.folder / "about.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def country(self) -> Any:
        """(rows,) the two letters of the office, as one number (see ``country_code``)."""
        return self._map("country")

    @cached_property
    def day(self) -> Any:
        """(rows,) day numbers."""
        return self._map("day")

    @cached_property
    def language(self) -> Any:
        """(rows,) language codes."""
        return self._map("language")

    @cached_property
    def family(self) -> Any:
        """(rows,) family codes, 0 for none."""
        return self._map("family")

    @cached_property
    def claims(self) -> Any:
        """(rows,) number of claims, NaN where missing."""
        return self._map("claims")

    @cached_property
    def topic(self) -> Any:
        """(rows,) topic numbers, -1 where there is no text."""
        return self._map("topic")

    @cached_property
    def alive(self) -> Any:
        """(rows,) False for replaced and removed patents."""
        return self._map("alive")

    @cached_property
    def days(self) -> Any:
        """(patents,) day numbers of all patents, ascending."""
        return self._map("days")

    @cached_property
    def sample(self) -> Sample:
        """The fixed sample of patents that similarity is compared with."""
        names = ("sample", "sample_offsets", "sample_terms", "sample_places", "sample_counts")
        docs, offsets, terms, places, counts = (np.load(self.folder / f"{name}.npy") for name in names)
        weights = (1.0 + np.log(np.asarray(counts, dtype=np.float32))).astype(np.float32)
        owners = np.repeat(np.arange(len(docs)), np.diff(offsets))
        return Sample(docs, owners, terms, places, weights)

    @cached_property
    def term_totals(self) -> tuple[Any, Any]:
        """All term codes, ascending, and how many patents have each."""
        return self._map("term_codes"), self._map("term_totals")

    def totals_of(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        """Return how many patents have each of some terms, replaced ones included, shape (len(codes),)."""
        known, totals = self.term_totals
        if not len(known):
            return np.zeros(len(codes), dtype=np.int64)
        at = np.minimum(np.searchsorted(known, codes), len(known) - 1)
        return np.where(known[at] == codes, totals[at], 0).astype(np.int64)

    @cached_property
    def _id_order(self) -> Any:
        return self._map("id_order")

    def docs_of(self, ids: Sequence[str], known: Sequence[bytes]) -> npt.NDArray[np.int64]:
        """Return the document numbers of the patents with these ids that the index has.

        ``known`` gives the id of every document number.
        """
        ordered = _Ordered(known, self._id_order)
        found: list[int] = []
        for name in ids:
            wanted = name.encode("ascii", "replace")
            place = bisect_left(ordered, wanted)
            while place < len(ordered) and ordered[place] == wanted:
                doc = int(self._id_order[place])
                if self.alive[doc]:
                    found.append(doc)
                place += 1
        return np.array(found, dtype=np.int64)

    def family_of(self, docs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return all patents of the families of some patents, themselves included."""
        codes, members = self._families
        found = [docs]
        for family in np.unique(self.family[docs]):
            if family:
                first, last = np.searchsorted(codes, family), np.searchsorted(codes, family, side="right")
                found.append(members[first:last])
        return np.unique(np.concatenate(found))

    @cached_property
    def _classes(self) -> tuple[list[str], Any]:
        """Subclasses, and where the patents of each begin."""
        names: list[str] = json.loads((self.folder / "classes.json").read_text(encoding="utf-8"))
        return names, self._map("class_offsets")

    def docs_of_classes(self, prefixes: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the patents of all subclasses that begin with one of the prefixes (``G``, ``G06``, ``G06F``)."""
        names, offsets = self._classes
        docs = self._map("class_docs")
        wanted = [i for i, name in enumerate(names) if name.startswith(tuple(prefixes))]
        parts = [docs[int(offsets[i]) : int(offsets[i + 1])] for i in wanted]
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *parts])).astype(np.int64)

    def citations(self, docs: npt.NDArray[np.int64], before: int) -> list[npt.NDArray[np.int32]]:
        """Return for each patent the days, earlier than ``before``, on which patents that cite it were filed."""
        offsets, days = self._cited
        found = []
        for doc in docs:
            own = days[int(offsets[doc]) : int(offsets[doc + 1])]
            found.append(own[: first_not_less(own, before)])
        return found

    def dated_docs(self) -> npt.NDArray[np.int64]:
        """Return the document numbers of the patents that count and have a day."""
        return np.flatnonzero(np.asarray(self.alive) & (np.asarray(self.day) != NO_DAY))

    def has_citations(self, before: int) -> bool:
        """Return whether the corpus knows any citation made before a day."""
        return self._first_citation < before

    @cached_property
    def _first_citation(self) -> int:
        """Day of the earliest citation, ``NO_DAY`` where there is none."""
        return int(self._cited[1].min(initial=NO_DAY))

    def family_sizes(self, docs: npt.NDArray[np.int64], before: int) -> npt.NDArray[np.float64]:
        """Return how many patents of earlier days each patent's family has here, NaN where no family is known."""
        families, counts = self._families
        own = self.family[docs]
        found = np.full(len(docs), np.nan)
        for i, family in enumerate(own):
            if family:
                first = int(np.searchsorted(families, family))
                last = int(np.searchsorted(families, family, side="right"))
                found[i] = int(np.count_nonzero(self.day[counts[first:last]] < before))
        return found

    @cached_property
    def _families(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Family codes in order and the documents they belong to."""
        codes = np.asarray(self.family)
        order = np.argsort(codes, kind="stable")
        return codes[order], order

    @cached_property
    def _cited(self) -> tuple[Any, Any]:
        return self._map("cited_offsets"), self._map("cited_days")


class _Ordered(Sequence[bytes]):
    """Lets ``bisect`` walk ids through their sorting order without copying them."""

    def __init__(self, values: Sequence[bytes], order: Any) -> None:
        self._values, self._order = values, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: Any) -> Any:
        return self._values[int(self._order[place])]


def country_code(country: str) -> int:
    """Return the number that stands for a two-letter office code."""
    return int(np.frombuffer(country.encode("ascii", "replace")[:2].ljust(2, b"\0"), dtype=np.uint16)[0])
