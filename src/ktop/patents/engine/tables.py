"""Tables over the whole corpus that rating needs at hand: columns by document number, classes, citations, a sample."""

from __future__ import annotations

import json
import shutil
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.engine import term_kernels
from ktop.patents.engine.content import Content, looked_up
from ktop.patents.engine.segment import LANGUAGES, NO_DAY, mapped
from ktop.patents.engine.sorted_search import first_not_less
from ktop.patents.engine.vectors import TextSpace

#: Patents of the fixed sample that similarity is compared with.
SAMPLE = 2_000
_COLUMNS = ("day", "language", "family", "claims")


def build_tables(corpus: Corpus, content: Content, folder: Path, space: TextSpace) -> None:
    """Write the tables of a generation to ``folder``; ``space`` is what its text vectors were made by."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def save(name: str, array: npt.NDArray[Any]) -> None:
        np.save(folder / f"{name}.npy", array, allow_pickle=False)

    columns: dict[str, npt.NDArray[Any]] = {name: content.column(name) for name in _COLUMNS}
    topics = [np.load(segment.folder / space.folder.name / "topic.npy") for segment in content.segments]
    columns["topic"] = np.concatenate(topics)
    for name, column in columns.items():
        save(name, column)
    ids, alive = content.column("id"), content.alive
    save("id_order", content.id_order)
    save("rank", content.rank)
    save("country", ids.view(np.uint8).reshape(len(ids), -1)[:, :2].copy().view(np.uint16).ravel())
    save("alive", alive)
    save("days", columns["day"][content.docs])
    save("term_codes", content.term_counts.codes)
    save("term_totals", content.term_counts.totals)
    _write_replaced(content, columns["day"], save)

    even = np.linspace(0, len(content) - 1, min(SAMPLE, len(content))).astype(np.int64)
    sample = content.docs[even]
    rows = content.terms_of(sample)
    save("sample", sample)
    save("sample_offsets", rows.offsets)
    terms, places = np.unique(rows.codes, return_inverse=True)
    save("sample_terms", terms)
    save("sample_places", places.astype(np.int32))
    save("sample_counts", rows.counts)

    docs = pl.DataFrame(
        {
            "id": pl.Series(ids[alive].tolist(), dtype=pl.Binary).cast(pl.String),
            "doc": np.flatnonzero(alive).astype(np.int64),
        }
    )
    del ids
    _write_classes(corpus, docs, save, folder)
    _write_citations(corpus, docs, columns["day"], save, content.rows)
    about = {
        "version": corpus.version,
        "patents": len(content),
        "languages": {
            LANGUAGES[code]: int(np.count_nonzero(columns["language"][alive] == code)) for code in LANGUAGES if code
        },
        "synthetic": _synthetic_share(corpus),
        "topics": space.topic_names,
    }
    (folder / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _synthetic_share(corpus: Corpus) -> float:
    """Return the share of made-up patents: those whose source says so."""
    share = corpus.patents().select(pl.col("source").str.starts_with("synthetic").fill_null(value=False).mean())
    return float(share.collect().item() or 0.0)


def _write_replaced(content: Content, day: npt.NDArray[Any], save: Any) -> None:
    """Write, for every term of a replaced or removed patent, the days of these patents, in order.

    The lists of the segments have them still; what is counted by the lists is put right by these.
    """
    dead = content.dead
    rows = content.terms_of(dead)
    days = np.repeat(day[dead], np.diff(rows.offsets))
    order = np.lexsort((days, rows.codes))
    terms, starts = np.unique(rows.codes[order], return_index=True)
    save("replaced_terms", terms)
    save("replaced_offsets", np.concatenate([starts, [len(order)]]).astype(np.int64))
    save("replaced_days", days[order])


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
    def rank(self) -> Any:
        """(rows,) place of each document in the order of days and ids: of equal scores the lower one comes first."""
        return self._map("rank")

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
        """Return how many patents have each of some terms, shape (len(codes),)."""
        return looked_up(*self.term_totals, codes)

    @cached_property
    def _replaced(self) -> tuple[Any, Any, Any]:
        """Terms of replaced and removed patents, where those of each begin, and their days."""
        return self._map("replaced_terms"), self._map("replaced_offsets"), self._map("replaced_days")

    def replaced_of(self, codes: npt.NDArray[np.uint32], before: int | None) -> npt.NDArray[np.int64]:
        """Return how many replaced or removed patents (earlier than a day) have each term, shape (len(codes),).

        The lists of the segments have these patents still.
        """
        terms, offsets, days = self._replaced
        found = np.zeros(len(codes), dtype=np.int64)
        if not len(terms):
            return found
        at = np.minimum(np.searchsorted(terms, codes), len(terms) - 1)
        for i in np.flatnonzero(terms[at] == codes):
            own = days[int(offsets[at[i]]) : int(offsets[at[i] + 1])]
            found[i] = len(own) if before is None else first_not_less(own, before)
        return found

    @cached_property
    def _id_order(self) -> Any:
        return self._map("id_order")

    def docs_of(self, ids: Sequence[str], id_of: Callable[[int], bytes]) -> npt.NDArray[np.int64]:
        """Return the document numbers of the patents with these ids that the index has.

        ``id_of`` gives the id of a document number.
        """
        ordered = _Ordered(id_of, self._id_order)
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

    def citations(self, docs: npt.NDArray[np.int64], before: int) -> npt.NDArray[np.int64]:
        """Return how many patents filed earlier than ``before`` cite each of some patents, (len(docs),)."""
        found: npt.NDArray[np.int64] = term_kernels.counts_before(*self._cited, docs, before)
        return found

    def dated_docs(self) -> npt.NDArray[np.int64]:
        """Return the document numbers of the patents that count and have a day, in the order of days and ids."""
        docs = np.flatnonzero(np.asarray(self.alive) & (np.asarray(self.day) != NO_DAY))
        return docs[np.argsort(self.rank[docs], kind="stable")]

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
        first, last = (np.searchsorted(families, own, side=side) for side in ("left", "right"))
        number = np.where(own != 0, last - first, 0)  # 0 is no family, and may be that of very many
        owner = np.repeat(np.arange(len(docs)), number)
        begin = np.cumsum(number) - number
        members = counts[np.repeat(first - begin, number) + np.arange(len(owner))]
        earlier = np.bincount(owner[self.day[members] < before], minlength=len(docs)).astype(np.float64)
        found: npt.NDArray[np.float64] = np.where(own != 0, earlier, np.nan)
        return found

    @cached_property
    def _families(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Family codes in order and the documents, of those that count, they belong to."""
        docs = np.flatnonzero(np.asarray(self.alive))
        codes = np.asarray(self.family)[docs]
        order = np.argsort(codes, kind="stable")
        return codes[order], docs[order]

    @cached_property
    def _cited(self) -> tuple[Any, Any]:
        return self._map("cited_offsets"), self._map("cited_days")


class _Ordered(Sequence[bytes]):
    """Lets ``bisect`` walk ids through their sorting order without copying them."""

    def __init__(self, id_of: Callable[[int], bytes], order: Any) -> None:
        self._id_of, self._order = id_of, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: Any) -> Any:
        return self._id_of(int(self._order[place]))


def country_code(country: str) -> int:
    """Return the number that stands for a two-letter office code."""
    return int(np.frombuffer(country.encode("ascii", "replace")[:2].ljust(2, b"\0"), dtype=np.uint16)[0])
