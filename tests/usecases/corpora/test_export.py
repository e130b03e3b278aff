"""The patents of a corpus as one table: every patent once, as it was read, citations by the corpus's ids."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel.errors import InputError, NotFoundError
from ktop.patents.corpus.importing import import_paths
from ktop.usecases.corpora.export import COLUMNS, export_patents

PATENTS = [
    {
        "id": "US7654321B2", "application": "US11123456", "family": "F1", "filed": "2007-05-02",
        "grant_date": "2010-02-02",
        "title": "=A pump", "abstract": "A pump moves water.",
        "first_claim": "A pump, comprising a rotor.", "claims_count": 2,
        "ipc": ["F04D 29/04"], "applicants": ["Pump Co"], "inventors": ["Kim, A", "Lee, B"], "language": "en",
    },
    {
        "id": "US8000001B2", "filed": "2009-01-05", "title": "A valve", "language": "en",
        "citations": ["US7654321", "US7654321B2", "EP1234567A1"],
    },
]  # fmt: skip


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "two.jsonl").write_text("\n".join(json.dumps(patent) for patent in PATENTS) + "\n", "utf-8")
    report = import_paths(tmp_path / "corpus", [tmp_path / "two.jsonl"], "json")
    assert report.added == 2
    return tmp_path / "corpus"


def rows_of(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dicts()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return pl.read_csv(path, infer_schema=False).to_dicts()


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_every_patent_is_a_row(corpus: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"out{ending}"
    assert export_patents(corpus, out) == 2
    pump, valve = rows_of(out)
    assert tuple(pump) == COLUMNS
    assert (pump["patent_id"], pump["family_id"]) == ("US7654321B2", "F1")
    assert str(pump["filing_date"]) == str(date(2007, 5, 2)) and str(pump["grant_date"]) == "2010-02-02"
    assert int(str(pump["claims_count"])) == 2 and pump["first_claim"] == "A pump, comprising a rotor."
    lists = {name: pump[name] if ending != ".csv" else json.loads(str(pump[name])) for name in ("ipc", "inventors")}
    assert lists == {"ipc": ["F04D29/04"], "inventors": ["Kim, A", "Lee, B"]}
    cited = valve["cited"] if ending != ".csv" else json.loads(str(valve["cited"]))
    assert cited == ["EP1234567A1", "US7654321B2"]
    assert valve["abstract"] is None and valve["claims_count"] is None, "what is not known stays empty"
    assert pump["title"] == ("'=A pump" if ending == ".csv" else "=A pump"), "a spreadsheet runs nothing"


def test_what_cannot_be_written_is_refused_before_the_work(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        export_patents(corpus, tmp_path / "out.xlsx")
    assert caught.value.key == "records.export_ending"
    with pytest.raises(NotFoundError):
        export_patents(tmp_path / "none", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
