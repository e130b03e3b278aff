"""Files made to harm: memory stays bounded, nothing is expanded or fetched, good records beside them still come in."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel.errors import InputError, TooLargeError
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers import Patent, reader_for, tabular, xml_safe
from ktop.patents.readers.source import MAX_ZIP_MEMBERS, sources

from .reading import patents, read, rejects

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (
    '<exch:exchange-document xmlns:exch="e" country="EP" doc-number="{}" kind="A1" date-publ="20000517">'
    '<exch:bibliographic-data><exch:invention-title lang="en">Brick {}</exch:invention-title></exch:bibliographic-data>'
    "</exch:exchange-document>\n"
)
OPENING = '<?xml version="1.0" encoding="UTF-8"?>\n<exch:exchange-documents xmlns:exch="e">\n'
CLOSING = "</exch:exchange-documents>"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {chr(99 + i)} "{f"&{chr(98 + i)};" * 10}">' for i in range(9))
    + "]>\n"
)


def docdb(*numbers: int) -> str:
    return OPENING + "".join(DOCUMENT.format(number, number) for number in numbers) + CLOSING


@pytest.mark.parametrize(
    "root",
    [
        '<exchange-documents><exchange-document country="EP">&k;</exchange-document></exchange-documents>',
        "<ops:world-patent-data xmlns:ops='o'>&k;</ops:world-patent-data>",
        "<ep-patent-document>&k;</ep-patent-document>",
        "<us-patent-grant>&k;</us-patent-grant>",
        "<response><body><items>&k;</items></body></response>",
        '<doc><str name="Patent Number">&k;</str></doc>',
    ],
    ids=["docdb", "ops", "ep", "uspto", "kipris", "patsnap"],
)
def test_a_billion_laughs_is_refused_by_every_reader(tmp_path: Path, root: str) -> None:
    (tmp_path / "laughs.xml").write_text(LAUGHS + root)
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert caught.value.key == "patents.xml_refused"


def test_a_document_among_many_that_never_ends_is_rejected_and_the_others_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_safe, "MAX_DOCUMENT_BYTES", 3_000_000)
    bloated = DOCUMENT.format(2, "x" * 9_000_000)
    unended = DOCUMENT.format(4, 4).replace("</exch:exchange-document>", "")
    text = OPENING + DOCUMENT.format(1, 1) + bloated + DOCUMENT.format(3, 3) + unended + DOCUMENT.format(5, 5) + CLOSING
    (tmp_path / "many.xml").write_text(text)
    assert set(patents(tmp_path)) == {"EP0000001A1", "EP0000003A1", "EP0000005A1"}
    assert sorted(reason for _, reason in rejects(tmp_path)) == ["patents.reject_too_large", "patents.reject_xml"]


def test_elements_are_found_wherever_a_chunk_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    text = docdb(*range(1, 30)).encode()
    whole = [(d.line, d.data) for d in xml_safe.elements(io.BytesIO(text), "exchange-document")]
    assert [line for line, _ in whole] == list(range(3, 32))
    for chunk in (64, 97, 250, 1_000):
        monkeypatch.setattr(xml_safe, "_CHUNK", chunk)
        assert [(d.line, d.data) for d in xml_safe.elements(io.BytesIO(text), "exchange-document")] == whole


def test_deep_nesting_neither_overflows_nor_fills_memory(tmp_path: Path) -> None:
    depth = 400_000
    nested = "<p>" * depth + "deep" + "</p>" * depth
    grant = f"<us-patent-grant><us-bibliographic-data-grant/>{nested}</us-patent-grant>"
    (tmp_path / "deep.xml").write_text(f'<?xml version="1.0"?>{grant}')
    assert rejects(tmp_path) == [("line 1", "patents.reject_number")]
    (tmp_path / "deep.xml").write_text(f'<?xml version="1.0"?>{grant.replace("<p>", "<p><q/><q/><q/><q/><q/><q/>")}')
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert caught.value.key == "patents.xml_too_large", "more elements than any patent has"


@pytest.mark.parametrize("opening", ["[" * 100_000, '{"ops:world-patent-data": ' + '{"a": ' * 100_000])
def test_deeply_nested_json_is_one_sentence(tmp_path: Path, opening: str) -> None:
    (tmp_path / "deep.json").write_text(opening)
    try:
        assert read(tmp_path) == []
    except InputError as error:
        assert error.key == "patent_sources.json_broken"


def test_a_field_and_a_line_without_end_cost_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "_MAX_FIELD_CHARS", 50_000)
    monkeypatch.setattr(tabular, "_MAX_LINE_CHARS", 80_000)
    rows = ["patent_id,title", "US7000001B2,Lamp", f"US7000002B2,{'x' * 60_000}", f"US7000003B2,{'y' * 500_000}"]
    (tmp_path / "a.csv").write_text("\n".join([*rows, "US7000004B2,Candle"]))
    assert set(patents(tmp_path)) == {"US7000001B2", "US7000004B2"}
    assert rejects(tmp_path) == [("line 3", "patents.reject_too_large"), ("line 4", "patents.reject_too_large")]


def test_a_zip_of_more_members_than_allowed_is_refused(tmp_path: Path) -> None:
    """Written by hand: 300,000 entries of the directory over one empty member."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"")
    data = path.read_bytes()
    start = data.find(b"PK\x01\x02")
    end = data.find(b"PK\x05\x06")
    entry, count = data[start:end], MAX_ZIP_MEMBERS + 100_000
    directory = entry * count
    ending = b"PK\x06\x06" + (44).to_bytes(8, "little") + b"\x2d\x00\x2d\x00" + bytes(8)
    ending += count.to_bytes(8, "little") * 2 + len(directory).to_bytes(8, "little") + start.to_bytes(8, "little")
    locator = b"PK\x06\x07" + bytes(4) + (start + len(directory)).to_bytes(8, "little") + (1).to_bytes(4, "little")
    last = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2 + b"\xff\xff\xff\xff" * 2 + bytes(2)
    path.write_bytes(data[:start] + directory + ending + locator + last)
    with pytest.raises((TooLargeError, InputError)) as caught:
        list(sources([path]))
    assert caught.value.key in ("patents.archive_bomb", "patents.archive_broken")


GREEN = "PATN\nWKU  039373754\n"
BIG = """
import resource, sys
from pathlib import Path
from ktop import catalogue
from ktop.kernel.errors import InputError
from ktop.patents.readers import Reject, reader_for
from ktop.patents.readers.source import sources
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(source,) = sources([Path(sys.argv[1])])
taken = rejected = 0
try:
    for record in reader_for(source).read(source):
        rejected += isinstance(record, Reject)
        taken += not isinstance(record, Reject)
except InputError as error:
    print(error.key)
print(taken, rejected, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def write_large(path: Path, opening: str, filler: str, closing: str, megabytes: int) -> None:
    piece = (filler * (1_000_000 // len(filler) + 1))[:1_000_000]
    with path.open("w") as out:
        out.write(opening)
        for _ in range(megabytes):
            out.write(piece)
        out.write(closing)


@pytest.mark.parametrize(
    ("name", "opening", "filler", "closing", "taken"),
    [
        ("one document", f'{OPENING}<exch:exchange-document country="EP"><p>', "x", "</p></exch:exchange-document>", 0),
        ("one file", '<?xml version="1.0"?><us-patent-grant><p>', "x", "</p></us-patent-grant>", 0),
        ("one line", '{"lens_id": "1", "doc_number": "1", "x": "', "x", '"}\n{"lens_id": "2", "doc_number": "2"}\n', 0),
        ("one cell", "patent_id,title\nUS1,", "x", "\nUS7000004B2,Candle\n", 1),
        ("one record", GREEN + "ABST\n", "PAL  abcdefghijklmnopqrst\n", f"\n{GREEN}TTL  Lamp\n", 1),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("one ") else "",
)  # fmt: skip
def test_a_gigantic_record_is_refused_in_bounded_memory(
    tmp_path: Path, name: str, opening: str, filler: str, closing: str, taken: int
) -> None:
    """A fifth of a gigabyte here; memory would grow with the file if any part of it were held."""
    path = tmp_path / "large"
    write_large(path, opening, filler, closing, 200)
    done = subprocess.run(
        [sys.executable, "-c", BIG, str(path)],
        env={"PYTHONPATH": str(ROOT / "src"), "POLARS_MAX_THREADS": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    *told, last = done.stdout.split("\n")[:-1]
    found, rejected, grown = map(int, last.split())
    assert found == taken
    assert rejected >= 1 or told == ["patents.xml_too_large"]
    assert grown < 350_000, "kilobytes"


def test_a_bomb_inside_a_packed_source_is_told_in_one_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "week.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("week.xml", docdb(1) + " " * 40_000_000)
    with pytest.raises(TooLargeError) as caught:
        import_paths(tmp_path / "corpus", [tmp_path / "week.zip"])
    assert caught.value.key == "patents.archive_bomb"
    assert not (tmp_path / "corpus").exists()


def test_nothing_is_read_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "patents.csv").write_text(docdb(1))
    (tmp_path / "week.xml").write_text(json.dumps({"lens_id": "1", "doc_number": "7", "jurisdiction": "US"}))
    names = {source.name: getattr(reader_for(source), "name", None) for source in sources([tmp_path])}
    assert names == {"patents.csv": "docdb-xml", "week.xml": "lens-json"}
    assert [type(record) for record in read(tmp_path / "patents.csv")] == [Patent]


GOOD = {"id": "US7000001B2", "filed": "2005-01-03", "title": "A lamp", "abstract": "A lamp with a lens is told."}


@pytest.mark.parametrize("field", ["cited_patents", "applicants", "inventors", "ipc", "cpc"])
@pytest.mark.parametrize("value", [7, 1.5, True, {"a": 1}, [{"a": 1}], [[1]]], ids=str)
def test_a_json_field_of_the_wrong_kind_rejects_its_record_only(tmp_path: Path, field: str, value: object) -> None:
    file = tmp_path / "some.jsonl"
    bad = GOOD | {"id": "US7000002B2", field: value}
    file.write_text("\n".join(json.dumps(record) for record in (bad, GOOD)) + "\n", "utf-8")
    report = import_paths(tmp_path / "corpus", [file])
    assert (report.new, report.rejected) == (1, 1)
    (line,) = (tmp_path / "corpus" / "rejects.jsonl").read_text("utf-8").splitlines()
    assert field in json.loads(line)["message"]["en"]


@pytest.mark.parametrize("field", ["title", "abstract", "id", "applicants"])
@pytest.mark.parametrize("array", [False, True])
def test_half_a_character_in_json_rejects_its_record_only(tmp_path: Path, field: str, array: bool) -> None:
    file = tmp_path / "some.json"
    bad = GOOD | {"id": "US7000002B2"}
    bad[field] = f"x{chr(0xD800)}"
    lines = [json.dumps(record) for record in (GOOD, bad)]
    file.write_text(f"[{','.join(lines)}]" if array else "\n".join(lines), "utf-8")
    report = import_paths(tmp_path / "corpus", [file])
    assert (report.new, report.rejected) == (1, 1)


def test_a_damaged_member_of_a_zip_is_rejected_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    archive = tmp_path / "week.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for number in range(3):
            made.writestr(f"part-{number}.jsonl", json.dumps(GOOD | {"id": f"US700000{number}B2"}))
    data = bytearray(archive.read_bytes())
    second = data.index(b"PK\x03\x04", 4)
    data[second + 1] = 0  # the header of the second member in front of it; the directory at the end is whole
    archive.write_bytes(bytes(data))
    report = import_paths(tmp_path / "corpus", [archive])
    assert (report.new, report.rejected) == (2, 1)
    (line,) = (tmp_path / "corpus" / "rejects.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["file"] == "week.zip/part-1.jsonl"


def test_parquet_damaged_anywhere_is_told_in_one_sentence(tmp_path: Path) -> None:
    """Every place that is changed gives patents or a sentence, also where the library's core panics."""
    rows = [GOOD | {"id": f"US{7_000_000 + number}B2"} for number in range(40)]
    whole = tmp_path / "whole.parquet"
    pl.DataFrame(rows).rename({"id": "patent_id", "filed": "filing_date"}).write_parquet(whole)
    data = whole.read_bytes()
    chance = random.Random(3)
    told = 0
    for number in range(120):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 4, 40])):
            changed[chance.randrange(4, len(changed))] = chance.randrange(256)
        file = tmp_path / f"damaged-{number}.parquet"
        file.write_bytes(bytes(changed[: chance.choice([len(changed), len(changed) // 2])]))
        try:
            import_paths(tmp_path / f"corpus-{number}", [file])
        except InputError:
            told += 1
    assert told > 60
