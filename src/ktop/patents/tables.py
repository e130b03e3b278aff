"""Tables over the whole corpus that rating needs at hand: columns by document number, classes, citations, a sample."""

from __future__ import annotations

import json
import shutil
from bisect import bisect_left
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.patents.citing import resolved_citations
from ktop.patents.corpus import Corpus
from ktop.patents.layout import IndexManifest, Layout
from ktop.patents.segment import LANGUAGES, NO_DAY
from ktop.patents.vectors import TextSpace

#: Patents of the fixed sample that similarity is compared with.
SAMPLE = 2_000
_COLUMNS = ("id", "day", "language", "family", "claims", "topic")


def build_tables(corpus: Corpus, layout: Layout, manifest: IndexManifest, folder: Path, bridge: Path) -> None:
    """Write the tables of an index to ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    segments = layout.open_segments(manifest)

    def save(name: str, array: npt.NDArray[Any]) -> None:
        np.save(folder / f"{name}.npy", array, allow_pickle=False)

    columns = {name: np.concatenate([segment.column(name) for segment in segments]) for name in _COLUMNS}
    for name, column in columns.items():
        save(name, column)
    order = np.argsort(columns["id"], kind="stable")
    save("id_order", order.astype(np.int64))
    alive = np.ones(manifest.rows, dtype=bool)
    alive[layout.dead(manifest)] = False
    save("alive", alive)
    save("days", np.sort(columns["day"][alive]))

    terms = [segment.term_totals() for segment in segments]
    codes, inverse = np.unique(np.concatenate([codes for codes, _ in terms]), return_inverse=True)
    totals = np.bincount(inverse, weights=np.concatenate([n for _, n in terms])).astype(np.int64)
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
    save("sample_codes", np.concatenate([terms for terms, _ in pieces]))
    save("sample_counts", np.concatenate([counts for _, counts in pieces]))

    doc_of = pl.DataFrame({"id": np.char.decode(columns["id"][alive], "ascii"), "doc": np.flatnonzero(alive)})
    _write_classes(corpus, save, folder)
    _write_citations(corpus, doc_of, columns["day"], save, manifest.rows)
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


def _write_classes(corpus: Corpus, save: Any, folder: Path) -> None:
    """Write, for every subclass, the days of its patents in order."""
    symbols = pl.when(pl.col("ipc").list.len() > 0).then(pl.col("ipc")).otherwise(pl.col("cpc"))
    rows = (
        corpus.patents()
        .select(
            pl.col("known_from").cast(pl.Int32).alias("day"),
            symbols.list.eval(pl.element().str.slice(0, 4)).list.unique().alias("subclass"),
        )
        .drop_nulls("day")
        .explode("subclass")
        .drop_nulls("subclass")
        .sort("subclass", "day")
        .collect()
    )
    groups = rows.group_by("subclass", maintain_order=True).len()
    save("class_offsets", np.concatenate([[0], np.cumsum(groups["len"].to_numpy())]).astype(np.int64))
    save("class_days", rows["day"].to_numpy().astype(np.int32))
    (folder / "classes.json").write_text(json.dumps(groups["subclass"].to_list()), encoding="utf-8")


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
    save("cited_offsets", np.searchsorted(of[order], np.arange(rows + 1)).astype(np.int64))
    save("cited_days", days[order])


class Tables:
    """Read access to the tables; each is mapped on first use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _map(self, name: str) -> Any:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    @cached_property
    def about(self) -> dict[str, Any]:
        """Version, size, languages, share of made-up patents and topic names."""
        found: dict[str, Any] = json.loads((self.folder / "about.json").read_text(encoding="utf-8"))
        return found

    @cached_property
    def ids(self) -> Any:
        """(rows,) ids as bytes."""
        return self._map("id")

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
    def sample_terms(self) -> tuple[Any, Any, Any, Any]:
        """Document numbers of the fixed sample in date order, and their term codes and counts as offsets into both."""
        names = ("sample", "sample_offsets", "sample_codes", "sample_counts")
        documents, offsets, codes, counts = (np.load(self.folder / f"{name}.npy", allow_pickle=False) for name in names)
        return documents, offsets, codes, counts

    @cached_property
    def term_totals(self) -> tuple[Any, Any]:
        """All term codes, ascending, and how many patents have each."""
        return self._map("term_codes"), self._map("term_totals")

    @cached_property
    def _id_order(self) -> Any:
        return self._map("id_order")

    def docs_of(self, ids: list[str]) -> npt.NDArray[np.int64]:
        """Return the document numbers of the patents with these ids that the index has."""
        order, known = self._id_order, self.ids
        found: list[int] = []
        for name in ids:
            wanted = name.encode("ascii", "replace")
            place = bisect_left(_Ordered(known, order), wanted)
            while place < len(order) and known[order[place]] == wanted:
                if self.alive[order[place]]:
                    found.append(int(order[place]))
                place += 1
        return np.array(found, dtype=np.int64)

    def family_of(self, docs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return all patents of the families of some patents, themselves included."""
        families = np.unique(self.family[docs])
        families = families[families != 0]
        if not len(families):
            return np.unique(docs)
        return np.union1d(docs, np.flatnonzero(np.isin(self.family, families)))

    def class_totals(self, before: int) -> dict[str, int]:
        """Return subclass → patents of earlier days that have it."""
        names: list[str] = json.loads((self.folder / "classes.json").read_text(encoding="utf-8"))
        offsets, days = self._map("class_offsets"), self._map("class_days")
        found: dict[str, int] = {}
        for i, name in enumerate(names):
            count = int(np.searchsorted(days[offsets[i] : offsets[i + 1]], before))
            if count:
                found[name] = count
        return found

    def citations(self, docs: npt.NDArray[np.int64], before: int) -> list[npt.NDArray[np.int32]]:
        """Return for each patent the days, earlier than ``before``, on which patents that cite it were filed."""
        offsets, days = self._cited
        found = []
        for doc in docs:
            own = days[int(offsets[doc]) : int(offsets[doc + 1])]
            found.append(own[: int(np.searchsorted(own, before))])
        return found

    def dated_docs(self) -> npt.NDArray[np.int64]:
        """Return the document numbers of the patents that count and have a day."""
        return np.flatnonzero(np.asarray(self.alive) & (np.asarray(self.day) != NO_DAY))

    def has_citations(self, before: int) -> bool:
        """Return whether the corpus knows any citation made before a day."""
        days = self._cited[1]
        return bool(len(days)) and bool((days < before).any())

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


class _Ordered:
    """Lets ``bisect`` walk an array through its sorting order without copying it."""

    def __init__(self, values: Any, order: Any) -> None:
        self._values, self._order = values, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> bytes:
        return bytes(self._values[self._order[place]])
