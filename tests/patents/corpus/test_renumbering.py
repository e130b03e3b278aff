"""A corpus of an earlier version opens as it is, and takes on today's numbers with the next import."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.domain.patent.document import Patent, PatentCitation
from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import (
    NUMBERS_VERSION,
    SCHEMA,
    Corpus,
    Manifest,
    Partition,
    patent_of,
    row_of,
    write_manifest,
)
from ktop.patents.corpus.importing import import_paths
from ktop.patents.corpus.merging import _stored_form, digest_of
from ktop.patents.corpus.renumbering import renumbered


def earlier(directory: Path, *patents: Patent, citations: list[tuple[str, str, str | None]] | None = None) -> None:
    """Write a corpus as the version before wrote it: whatever numbers, and no word of their form."""
    frame = _stored_form(pl.DataFrame([row_of(patent) for patent in patents], schema=SCHEMA, orient="row"))
    digest = digest_of(frame)
    part = Partition(2001, f"patents/year=2001/{digest}.parquet", frame.height, digest)
    (directory / "patents" / "year=2001").mkdir(parents=True)
    frame.write_parquet(directory / part.file)
    table = None
    if citations:
        table = Partition(0, "citations/old.parquet", len(citations), "old")
        (directory / "citations").mkdir()
        schema = dict.fromkeys(("citing", "cited", "category"), pl.String)
        pl.DataFrame(citations, schema=schema, orient="row").write_parquet(directory / table.file)
    write_manifest(directory, Manifest({2001: part}, table))
    stored = json.loads((directory / "corpus.json").read_text())
    del stored["numbers"]
    (directory / "corpus.json").write_text(json.dumps(stored))


def content(directory: Path) -> dict[str, Patent]:
    return {row["id"]: patent_of(row) for row in Corpus(directory).patents().collect().iter_rows(named=True)}


def made(patent_id: str, **fields: object) -> Patent:
    return replace(Patent(patent_id, "Lamp", filing_date=date(2001, 2, 3), source="table"), **fields)  # type: ignore[arg-type]


def more(tmp_path: Path) -> Path:
    path = tmp_path / "more.jsonl"
    path.write_text(json.dumps({"id": "US7000009B2", "title": "Candle", "filed": "2001-05-06"}))
    return path


OLD = [
    made("KR0176645B1"),
    made("JP2001024348A", application="JP2000190001", cited_patents=(PatentCitation("KR20010024348"),)),
    made("WO2014148622A1", application="JP2014058123"), made("JP3190000U", application="JP2014058123"),
    made("EP240590A1", application="EP86104873", cited_patents=(PatentCitation("DE000010142737B4", "X"),)),
    made("US7000001B2", also_published_as=("US20030000001A1",), status="granted"),
]  # fmt: skip


def test_a_corpus_of_an_earlier_version_opens_as_it_is(tmp_path: Path) -> None:
    earlier(tmp_path / "corpus", *OLD)
    corpus = Corpus.open(tmp_path / "corpus")
    assert corpus.manifest.numbers == 1 and set(content(tmp_path / "corpus")) == {patent.id for patent in OLD}


def test_the_next_import_writes_its_numbers_as_today(tmp_path: Path) -> None:
    directory = tmp_path / "corpus"
    earlier(directory, *OLD, citations=[("KR0176645B1", "EP240590A1", "X"), ("US7000001", "JP2001024348", None)])
    report = import_paths(directory, [more(tmp_path)])
    found = content(directory)
    assert set(found) == {
        "KR100176645B1", "JP2001024348A", "WO2014148622A1", "JP3190000U", "EP0240590A1", "US7000001B2", "US7000009B2",
    }  # fmt: skip
    assert (report.new, report.patents_in_corpus) == (1, 7)
    assert found["WO2014148622A1"].application == "JP2014058123W" and found["JP3190000U"].application == "JP2014058123U"
    assert found["JP2001024348A"].cited_patents == (PatentCitation("KR1020010024348"),)
    assert found["EP0240590A1"].cited_patents == (PatentCitation("DE10142737B4", "X"),)
    assert found["US7000001B2"] == OLD[-1]
    links = set(resolved_citations(Corpus(directory)).select("citing_id", "cited_id").drop_nulls().rows())
    assert links == {("KR100176645B1", "EP0240590A1"), ("US7000001B2", "JP2001024348A")}
    assert Corpus(directory).manifest.numbers == NUMBERS_VERSION
    version = Corpus(directory).version
    import_paths(directory, [more(tmp_path)])
    assert Corpus(directory).version == version


def test_a_corpus_whose_numbers_are_as_today_keeps_its_version(tmp_path: Path) -> None:
    directory = tmp_path / "corpus"
    import_paths(directory, [more(tmp_path)])
    version = Corpus(directory).version
    stored = json.loads((directory / "corpus.json").read_text())
    del stored["numbers"]
    (directory / "corpus.json").write_text(json.dumps(stored))
    report = import_paths(directory, [more(tmp_path)])
    assert (report.unchanged, Corpus(directory).version, Corpus(directory).manifest.numbers) == (
        1,
        version,
        NUMBERS_VERSION,
    )


@pytest.mark.parametrize("number", ["JP30990091", "JP1991309900"])
def test_old_japanese_applications_get_their_year(number: str) -> None:
    assert renumbered(made("JPH05142789A", application=number)).application == "JP1991309900"
