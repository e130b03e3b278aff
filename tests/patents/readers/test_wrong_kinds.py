"""Every field of every JSON source, and of tables, holding another kind of value: that record is rejected, no other."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers import readers

HALF = "x\ud800"
WRONG: list[Any] = [
    None, True, 0, 5, -1, 1.5, 10**20, 1e300, "", "x", HALF, [], [5], [None], [HALF], [[1]], {}, {"a": 1}, [{"a": 5}],
]  # fmt: skip

OWN = {
    "id": "US7000001B2", "title": "Lamp", "abstract": "A lamp with a lens.", "filed": "2003-03-04", "claims": 3,
    "published": "2005-03-04", "ipc": ["F21S2/00"], "cpc": ["F21S2/00"], "applicants": ["Lamp Co"], "inventors": ["A"],
    "cites": ["US6000001B1"], "family": "1", "application_number": "US09123456", "language": "en", "status": "granted",
}  # fmt: skip
DEMO = {
    "id": "ZZ2005000101A1", "application": "ZZ2005000101", "family": "ZZF000001", "language": "en", "title": "Lamp",
    "abstract": "A lamp with a lens.", "filed": "2005-01-03", "published": "2006-07-05", "granted": False, "claims": 8,
    "ipc": ["F21S2/00"], "applicants": ["Lamp Co (synthetic)"], "cites": ["ZZ2004000101A1"], "theme": "lamps",
    "synthetic": True,
}  # fmt: skip
LENS = {
    "lens_id": "000-000-000-000-001", "jurisdiction": "US", "doc_number": "7000001", "kind": "B2",
    "date_published": "2005-03-04", "publication_type": "GRANTED_PATENT",
    "biblio": {
        "publication_reference": {"jurisdiction": "US", "doc_number": "7000001", "kind": "B2", "date": "2005-03-04"},
        "application_reference": {"jurisdiction": "US", "doc_number": "200309123456", "date": "2003-03-04"},
        "invention_title": [{"text": "Lamp", "lang": "en"}],
        "parties": {"applicants": [{"extracted_name": {"value": "Lamp Co"}}], "inventors": []},
        "classifications_ipcr": {"classifications": [{"symbol": "F21S2/00"}]},
        "references_cited": {"citations": [
            {"patcit": {"document_id": {"jurisdiction": "US", "doc_number": "6000001", "kind": "B1"}},
             "category": ["X"], "cited_phase": "SEA"},
            {"nplcit": {"text": "A book on lamps"}},
        ]},
    },
    "abstract": [{"text": "A lamp with a lens.", "lang": "en"}],
    "claims": [{"lang": "en", "claims": [{"claim_text": ["1. A lamp."]}]}],
    "description": {"text": "Lamps.", "lang": "en"},
    "families": {"simple_family": {"members": [{"document_id": {"jurisdiction": "US", "doc_number": "7000001"}}]}},
    "legal_status": {"grant_date": "2005-03-04", "patent_status": "ACTIVE"},
}  # fmt: skip
BIGQUERY = {
    "publication_number": "US-7000001-B2", "application_number": "US-12345603-A", "kind_code": "B2", "family_id": "1",
    "title_localized": [{"text": "Lamp", "language": "en"}], "filing_date": 20030304, "publication_date": 20050304,
    "abstract_localized": [{"text": "A lamp with a lens.", "language": "en"}], "grant_date": 20050304,
    "claims_localized": [{"text": "1. A lamp.", "language": "en"}], "ipc": [{"code": "F21S2/00"}],
    "description_localized": [{"text": "Lamps.", "language": "en"}], "cpc": [{"code": "F21S2/00"}],
    "assignee": ["Lamp Co"], "inventor": ["A"], "assignee_harmonized": [{"name": "LAMP CO"}],
    "citation": [{"publication_number": "US-6000001-B1", "category": "SEA", "type": "X", "npl_text": "A book"}],
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every value within a record."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*path, key))


def changed(record: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    found = copy.deepcopy(record)
    at: Any = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return found


@pytest.mark.parametrize(
    ("name", "record"),
    [("json", OWN), ("json", DEMO), ("lens-json", LENS), ("bigquery-json", BIGQUERY)],
    ids=["own", "demo", "lens", "bigquery"],
)
def test_no_value_of_any_field_of_a_json_source_ends_an_import(
    tmp_path: Path, name: str, record: dict[str, Any]
) -> None:
    records = [changed(record, path, value) for path in places(record) for value in WRONG]
    source = tmp_path / "wrong.jsonl"
    source.write_text("\n".join(json.dumps(one) for one in [record, *records]) + "\n", encoding="utf-8")
    report = import_paths(tmp_path / "corpus", [source], format_name=name)
    assert report.records + report.rejected == len(records) + 1
    assert len(records) > 200 and 50 < report.rejected < len(records)
    stored = Corpus(tmp_path / "corpus")
    assert len(stored) == report.patents_in_corpus > 0
    assert all(patent.title or patent.abstract for patent in stored.get(stored.patents().collect()["id"]).values())
    lines = (tmp_path / "corpus" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert all(json.loads(line)["message"]["ko"] for line in lines) and len(lines) == report.rejected
    again = import_paths(tmp_path / "corpus", [source], format_name=name)
    assert (again.new, again.updated) == (0, 0)


COLUMNS = {
    "whole numbers": [7, None], "numbers": [1.5, float("nan")], "yes and no": [True, None], "bytes": [b"\xff", None],
    "lists": [["F21S2/00"], None], "numbers in lists": [[5], []], "structures": [{"a": 1}, None], "texts": ["x", ""],
}  # fmt: skip


@pytest.mark.parametrize(
    "field", ["patent_id", "title", "abstract", "filing_date", "ipc", "applicants", "claims_count"]
)
@pytest.mark.parametrize("kind", list(COLUMNS))
def test_no_kind_of_a_column_of_a_table_ends_an_import(tmp_path: Path, field: str, kind: str) -> None:
    columns: dict[str, Any] = {"patent_id": ["US7000001B2", "US7000002B2"], "title": ["Lamp", "Candle"]}
    frame = pl.DataFrame(columns | {field: pl.Series(COLUMNS[kind])} | {"abstract": ["a", "b"]} | {
        name: pl.Series(COLUMNS[kind]) for name in [field] if name == "abstract"
    })  # fmt: skip
    frame.write_parquet(tmp_path / "table.parquet")
    report = import_paths(tmp_path / "corpus", [tmp_path / "table.parquet"])
    assert report.records + report.rejected == 2


def test_every_reader_takes_any_line_end_and_any_cut_without_a_trace(tmp_path: Path) -> None:
    """Whichever format the user names for whatever file: records, rejects or one sentence."""
    from ktop.kernel.errors import KtopError
    from ktop.patents.readers.source import Source

    texts = [
        "patent_id,title\nUS7000001B2,Lamp\n", "PATN\nWKU  039373754\nTTL  Lamp\n", json.dumps(LENS) + "\n",
        '<?xml version="1.0"?>\n<us-patent-grant>\n<a>x</a>\n</us-patent-grant>\n', "search URL:,x\nid,title\nUS1,L\n",
        json.dumps(BIGQUERY) + "\n", json.dumps(OWN) + "\n", "citing,cited\nUS7000001B2,US6000001B1\n",
    ]  # fmt: skip
    path, tried = tmp_path / "source", 0
    for text in texts:
        for end in ("\n", "\r", "\r\n", "\r\r\n"):
            data = text.replace("\n", end).encode()
            for part in (data, data[: len(data) // 2], data[:-1], data + data, b"\xef\xbb\xbf" + data):
                path.write_bytes(part)
                for reader in readers().values():
                    tried += 1
                    try:
                        list(reader.read(Source("source", path=path)))
                    except KtopError:
                        continue
    assert tried > 1_000
