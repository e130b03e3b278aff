"""JSON records: lines and arrays, the house's own names, the demo corpus as shipped, Google's tables."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.kernel.errors import InputError
from ktop.patents.readers import json_lines, reader_for
from ktop.patents.readers.source import Source, sources
from ktop.patents.readers.synthetic import as_patent
from ktop.training import demo_corpus

from .reading import patents, read, rejects

LAMP = {
    "id": "US7000001B2",
    "title": "Lamp",
    "filed": "2005-01-02",
    "claims": 4,
    "ipc": ["F21V 1/00"],
    "cites": ["US1"],
}


def test_records_with_the_houses_own_names(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(LAMP) + "\n")
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.filing_date, patent.claims_count) == ("US7000001B2", date(2005, 1, 2), 4)
    assert (patent.ipc, [cited.number for cited in patent.cited_patents]) == (("F21V1/00",), ["US1"])
    assert patent.source == "json"


def test_made_up_records_say_so(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(LAMP | {"synthetic": True}))
    assert patents(tmp_path)["US7000001B2"].source == "synthetic"


def test_the_shipped_demo_file_gives_exactly_its_patents() -> None:
    expected = {patent.id: patent for patent in map(as_patent, map(json.loads, demo_corpus.shipped_lines()))}
    assert patents(demo_corpus.SHIPPED) == expected


def test_arrays_and_lines_give_the_same(tmp_path: Path) -> None:
    records = [LAMP | {"id": f"US70000{number:02}B2", "title": '[{,]} \\ "x" 등불'} for number in range(30)]
    (tmp_path / "lines.jsonl").write_text("\n\n".join(json.dumps(record) for record in records))
    (tmp_path / "array.json").write_text(json.dumps(records, indent=1, ensure_ascii=False), encoding="utf-8")
    lines, array = patents(tmp_path / "lines.jsonl"), patents(tmp_path / "array.json")
    assert lines == array and len(lines) == 30


def test_small_pieces_give_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "array.json").write_text(json.dumps([LAMP, LAMP | {"id": "US7000002B2"}], indent=2))
    (tmp_path / "lines.jsonl").write_text(json.dumps(LAMP) + "\r\n{broken\r\n" + json.dumps(LAMP))
    whole = read(tmp_path)
    monkeypatch.setattr(json_lines, "_CHUNK_CHARS", 7)
    assert read(tmp_path) == whole
    assert len(whole) == 5


def test_a_broken_line_is_rejected_alone(tmp_path: Path) -> None:
    lines = [json.dumps(LAMP), '{"id": "US70', "[1]", "3", json.dumps(LAMP | {"id": "US7000002B2"}), '{"title": "x"}']
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    assert list(patents(tmp_path)) == ["US7000001B2", "US7000002B2"]
    assert rejects(tmp_path) == [
        ("line 2", "patent_sources.reject_json"),
        ("line 3", "patent_sources.reject_json"),
        ("line 4", "patent_sources.reject_json"),
        ("line 6", "patents.reject_number"),
    ]


def test_a_broken_array_tells_the_line_after_giving_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "array.json"
    path.write_text(f"[\n{json.dumps(LAMP)},\n{json.dumps(LAMP)},\n{{broken\n]")
    source = Source("array.json", path=path)
    reader = reader_for(source)
    assert reader is not None
    records = reader.read(source)
    assert next(records) == next(records)
    with pytest.raises(InputError) as caught:
        next(records)
    assert (caught.value.key, caught.value.params["line"]) == ("patent_sources.json_broken", 4)


def test_a_line_that_never_ends_is_rejected_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "MAX_RECORD_CHARS", 300)
    monkeypatch.setattr(json_lines, "_CHUNK_CHARS", 64)
    long = json.dumps(LAMP | {"abstract": "x" * 1_000})
    (tmp_path / "own.jsonl").write_text("\n".join([json.dumps(LAMP), long, json.dumps(LAMP | {"id": "US7000002B2"})]))
    assert list(patents(tmp_path)) == ["US7000001B2", "US7000002B2"]
    assert rejects(tmp_path) == [("line 2", "patent_sources.reject_json")]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "ZZ1A1", "theme": "x", "synthetic": True},
        {"id": "US7000001B2", "title": {"en": "Lamp"}},
        {"id": "US7000001B2", "title": "Lamp", "ipc": [["F21V"]]},
    ],
    ids=["incomplete demo record", "object for a text", "list in a list"],
)
def test_records_of_another_shape_are_rejected(tmp_path: Path, record: dict[str, object]) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(LAMP) + "\n" + json.dumps(record))
    assert rejects(tmp_path) == [("line 2", "patent_sources.reject_json_record")]


def test_deep_nesting_is_rejected_not_followed(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(LAMP) + "\n" + "[" * 200_000 + "\n")
    assert rejects(tmp_path) == [("line 2", "patent_sources.reject_json")]


@given(st.text(max_size=200))
def test_any_text_is_read_or_rejected(tmp_path_factory: pytest.TempPathFactory, noise: str) -> None:
    path = tmp_path_factory.mktemp("noise") / "x.jsonl"
    path.write_text(json.dumps(LAMP) + "\n" + noise + "\n", encoding="utf-8", errors="surrogatepass")
    assert "US7000001B2" in patents(path)


@pytest.mark.real_data
def test_googles_exports_are_read_and_other_json_is_left_alone(shared_data: Path) -> None:
    raw = shared_data / "patents" / "raw"
    found = patents(raw / "google_bigquery_json")
    assert len(found) == 110
    assert [cited.number for cited in found["US4058776A"].cited_patents] == ["US3792375A", "US3882420A"]
    for other in ("lens_jsonl", "epo_ops_xml"):
        for source in sources([raw / other]):
            reader = reader_for(source)
            assert reader is None or reader.name != "json"
