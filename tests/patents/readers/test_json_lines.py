"""JSON records: lines and arrays, the house's own names, the demo corpus as shipped, Google's tables."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.kernel.errors import InputError
from ktop.patents.readers import json_records, reader_for
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
    monkeypatch.setattr(json_records, "_CHUNK_CHARS", 7)
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
    monkeypatch.setattr(json_records, "MAX_RECORD_CHARS", 300)
    monkeypatch.setattr(json_records, "_CHUNK_CHARS", 64)
    long = json.dumps(LAMP | {"abstract": "x" * 1_000})
    (tmp_path / "own.jsonl").write_text("\n".join([json.dumps(LAMP), long, json.dumps(LAMP | {"id": "US7000002B2"})]))
    assert list(patents(tmp_path)) == ["US7000001B2", "US7000002B2"]
    assert rejects(tmp_path) == [("line 2", "patents.reject_too_large")]


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


def lens(number: int) -> dict[str, object]:
    return {
        "lens_id": str(number), "jurisdiction": "US", "doc_number": str(number), "kind": "B2",
        "biblio": {"invention_title": [{"text": f"Bow {number}", "lang": "en"}]},
    }  # fmt: skip


ROWS = [LAMP, LAMP | {"id": "US7000002B2", "title": "Candle"}]
FLAT = {
    "publication_number": ["US-7000001-B2", "US-7000002-B2"], "title": ["Lamp", "Candle"], "num_claims": [4.0, None],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "over lines"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"total": 2, "data": rows, "results": 2}, lambda rows: {"results": rows},
        lambda rows: {"took": 5, "hits": {"total": 2, "hits": [{"_index": "p", "_source": row} for row in rows]}},
        lambda rows: {"response": {"numFound": 2, "docs": rows}}, lambda rows: {"error": False, "patents": rows},
        lambda rows: {"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": rows}}}},
        lambda rows: {"0": rows[0], "1": rows[1]}, lambda rows: rows,
    ],
    ids=["lens", "results", "elastic", "solr", "patentsview", "kipris", "by index", "array"],
)  # fmt: skip
def test_records_are_found_within_what_wraps_them(tmp_path: Path, wrap, indent: int | None) -> None:  # type: ignore[no-untyped-def]
    for make, ids in (
        (lambda n: lens(n), {"US7000001B2", "US7000002B2"}),
        (lambda n: ROWS[n - 7_000_001], {"US7000001B2", "US7000002B2"}),
    ):
        rows = [make(7_000_001), make(7_000_002)]
        (tmp_path / "a.json").write_text(json.dumps(wrap(rows), indent=indent))
        assert set(patents(tmp_path)) == ids
        assert rejects(tmp_path) == []


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("between", ["\n", "\n\n", ",\n", " "])
def test_records_printed_over_lines_are_read_one_after_the_other(tmp_path: Path, between: str, mark: str) -> None:
    text = mark + between.join(json.dumps(row, indent=2) for row in ROWS) + "\n\x1a"
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert {key: p.title for key, p in patents(tmp_path).items()} == {"US7000001B2": "Lamp", "US7000002B2": "Candle"}


@pytest.mark.parametrize("indent", [None, 1])
def test_a_table_that_pandas_has_turned_gives_its_rows(tmp_path: Path, indent: int | None) -> None:
    columns = {name: {str(n): value for n, value in enumerate(values)} for name, values in FLAT.items()}
    split = {"columns": list(FLAT), "index": [0, 1], "data": [list(row) for row in zip(*FLAT.values(), strict=True)]}
    for layout in (columns, split):
        (tmp_path / "a.json").write_text(json.dumps(layout, indent=indent))
        found = patents(tmp_path)
        assert {key: (p.title, p.claims_count) for key, p in found.items()} == {
            "US7000001B2": ("Lamp", 4), "US7000002B2": ("Candle", None),
        }  # fmt: skip


def test_places_are_told_within_what_wraps_the_records(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"data": [LAMP, {"title": "x"}]}) + "\n" + json.dumps({"data": [5]}) + "\n"
    )
    assert rejects(tmp_path) == [
        ("line 1, record 2", "patents.reject_number"), ("line 2", "patents.reject_number"),
    ]  # fmt: skip


def test_json_that_breaks_off_says_where_what_was_expected_and_what_was_found(tmp_path: Path) -> None:
    from ktop import catalogue

    path = tmp_path / "a.json"
    for text, place, expected, found in (
        (json.dumps(ROWS, indent=1)[:-30], "line ", "a name in double quotes", "found the end of the file"),
        (json.dumps(LAMP, indent=1).replace('claims":', 'claims"'), "line 5, column 11", "a colon", "found 4,"),
        (
            json.dumps(LAMP, indent=1).replace('"claims": 4', '"claims": x4'),
            "line 5, column 12",
            "a value",
            "found x4,",
        ),
        (json.dumps(LAMP, indent=1).rstrip("}"), "", "a comma or a closing bracket", "found the end of the file"),
    ):
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            read(tmp_path)
        told = catalogue.message(caught.value, "en")
        assert caught.value.key == "patent_sources.json_broken"
        assert place in told and expected in told and found in told, told
        assert "a.json 파일의" in catalogue.message(caught.value, "ko")
