"""Nothing is swallowed: the records seen in a source are those read, superseded and rejected, whatever it holds.

``KTOP_MUTATIONS`` sets how many damaged copies of each sample are read, 100 unless said otherwise.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ktop import catalogue
from ktop.kernel.errors import InputError, KtopError
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import ImportReport, import_paths
from ktop.patents.readers import Reader, Record, Reject, reader_for, readers, records_of
from ktop.patents.readers.source import Source

from .samples import NUMBERS, samples

MUTATIONS = int(os.environ.get("KTOP_MUTATIONS", "100"))
SAMPLES = samples()
_PIECES = [b'"', b"<", b">", b"&", b"\n", b"\r", b"\t", b",", b"{", b"}", b"[", b"]", b"\x00", b"\xff", b"</doc>",
           b"<?xml ", b"''", b'",\n"', b"\xef\xbb\xbf", b"PATN\n", "가".encode()]  # fmt: skip


def law(report: ImportReport) -> bool:
    return report.records_seen == report.records_read + report.records_superseded + report.records_rejected


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with one to three damages: cut off, dropped, overwritten, inserted, repeated, moved."""
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(data) + 1), chance.choice([1, 2, 10, 100, 1_000])
        piece = chance.choice(_PIECES)
        match chance.randrange(6):
            case 0:
                data = data[:at] if chance.random() < 0.3 else data[:at] + data[at + length :]
            case 1:
                data = data[:at] + piece + data[at + len(piece) :]
            case 2:
                data = data[:at] + piece + data[at:]
            case 3:
                data = data[:at] + data[at : at + length] + data[at:]
            case 4:
                data = data[:at] + bytes(reversed(data[at : at + length])) + data[at + length :]
            case 5:
                other = chance.randrange(len(data) + 1)
                data = data[:at] + data[other : other + length] + data[at:]
    return data


def test_there_is_a_sample_of_every_reader() -> None:
    assert {name.split()[0] for name in SAMPLES} == set(readers())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_record_of_a_whole_sample_is_accounted_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / "sample"
    path.write_bytes(SAMPLES[name])
    reader = reader_for(Source("sample", path=path))
    assert reader is not None and reader.name == name.split()[0]
    source = Source("sample", path=path)
    found = list(reader.read(source))
    assert not [record for record in found if isinstance(record, Reject)]
    rows = 3 if name == "patentsview rows" else 1
    assert source.tally.seen == sum(map(records_of, found)) == rows * len(NUMBERS)
    beside = tmp_path / "known.jsonl"
    beside.write_bytes(SAMPLES["json"])
    report = import_paths(tmp_path / "corpus", [path, beside])
    assert law(report) and report.records_seen == (rows + 1) * len(NUMBERS)
    again = import_paths(tmp_path / "corpus", [path, beside])
    assert law(again) and again.records_seen == report.records_seen and again.new == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_no_damage_lets_a_reader_swallow_a_record(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    path = tmp_path / "sample"
    for _ in range(MUTATIONS):
        path.write_bytes(damaged(SAMPLES[name], chance))
        for reader in {readers()[name.split()[0]], reader_for(Source("sample", path=path))} - {None}:
            source = Source("sample", path=path)
            told = 0
            try:
                for record in reader.read(source):  # type: ignore[union-attr]
                    told += records_of(record)
                    if isinstance(record, Reject):
                        assert all(catalogue.text(record.reason, lang, **record.params) for lang in catalogue.LANGS)
            except KtopError as error:
                assert all(catalogue.message(error, lang) for lang in catalogue.LANGS)
                assert told <= source.tally.seen
            else:
                assert told == source.tally.seen, path.read_bytes()


@pytest.mark.parametrize(
    "name", ["uspto-xml", "docdb-xml", "patsnap-xml", "json", "table", "table tabs", "google-csv", "patentsview"]
)
def test_one_damage_costs_the_records_that_it_touches_and_no_others(tmp_path: Path, name: str) -> None:
    """A mark set anywhere may break the record it stands in and the one before; all others are read or rejected."""
    chance = random.Random(7)
    path = tmp_path / "sample"
    data = SAMPLES[name]
    below = data.index(str(NUMBERS[0]).encode())
    for _ in range(MUTATIONS // 2):
        at = chance.randrange(below, len(data))
        path.write_bytes(data[:at] + chance.choice(_PIECES[:8]) + data[at:])
        source = Source("sample", path=path)
        try:
            told = sum(map(records_of, readers()[name.split()[0]].read(source)))
        except KtopError:
            continue
        fewest = len(NUMBERS) - (name not in ("docdb-xml", "patsnap-xml"))
        assert told >= fewest, data[at - 40 : at + 40]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_law_holds_over_imports_of_damaged_sources(tmp_path: Path, name: str) -> None:
    chance = random.Random(f"import {name}")
    for number in range(max(MUTATIONS // 25, 1)):
        folder, corpus = tmp_path / f"sources{number}", tmp_path / f"corpus{number}"
        folder.mkdir()
        (folder / "good.jsonl").write_bytes(SAMPLES["json"])
        (folder / "damaged").write_bytes(damaged(SAMPLES[name], chance))
        report = import_paths(corpus, [folder])
        assert law(report), report.to_json()
        lines = (corpus / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(lines) == report.rejected <= report.records_rejected
        assert report.records_seen >= len(NUMBERS) and len(Corpus(corpus)) >= len(NUMBERS)


def test_a_reader_that_swallows_a_record_ends_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = readers()["json"]
    whole = type(reader).read

    def less_one(self: Reader, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        yield from (record for place, record in enumerate(whole(self, source, column_map)) if place != 3)

    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "a.csv").write_bytes(SAMPLES["table"])
    (folder / "b.jsonl").write_bytes(SAMPLES["json"].replace(b"US71", b"US72"))
    import_paths(tmp_path / "corpus", [folder / "a.csv"])
    before = Corpus(tmp_path / "corpus").version
    monkeypatch.setattr(type(reader), "read", less_one)
    with pytest.raises(InputError) as caught:
        import_paths(tmp_path / "corpus", [folder])
    assert caught.value.key == "patent_sources.records_lost"
    assert Corpus(tmp_path / "corpus").version == before


def test_superseded_records_are_told(tmp_path: Path) -> None:
    opened = {"id": "US20030000001A1", "title": "Lamp", "published": "2003-01-02", "application_number": "US09123456"}
    granted = {"id": "US7000001B2", "title": "Lamp", "published": "2006-02-14", "application_number": "US09123456"}
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in (opened, granted, granted, {"title": "none"})))
    report = import_paths(tmp_path / "corpus", [path])
    told = (report.records_seen, report.records_read, report.records_superseded, report.records_rejected)
    assert told == (4, 1, 2, 1)
    later = import_paths(tmp_path / "corpus", [path])
    assert (later.records_read, later.records_superseded, later.unchanged) == (1, 2, 1)


def test_rows_that_complete_an_unknown_patent_are_rejected_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "cpc.tsv"
    path.write_bytes(SAMPLES["patentsview rows"])
    report = import_paths(tmp_path / "corpus", [path])
    assert law(report) and report.records_rejected == report.records_seen == 36 and report.rejected == 12


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<items><trialInfo><trialNumber>2019</trialNumber></trialInfo></items>", "reject_answer_kind"),
        (
            "<items><x><a>1</a></x><x><a>2</a></x></items><count><totalCount>2</totalCount></count>",
            "reject_answer_kind",
        ),
        ("<html>no access</html>", "reject_answer_kind"),
        ("<count><totalCount>5</totalCount></count>", "reject_answer_kind"),
    ],
)
def test_an_answer_that_is_not_understood_is_told(tmp_path: Path, body: str, reason: str) -> None:
    path = tmp_path / "answer.xml"
    path.write_text(f"<response><header><resultCode>00</resultCode></header><body>{body}</body></response>")
    report = import_paths(tmp_path / "corpus", [path])
    assert law(report) and report.records_seen == report.records_rejected >= 1
    line = json.loads((tmp_path / "corpus" / "rejects.jsonl").read_text().splitlines()[0])
    assert line["reason"] == reason and "PatentUtilityInfo" in line["message"]["en"]


@pytest.mark.parametrize(
    "answer",
    [
        "<response><header><resultCode>00</resultCode></header></response>",
        "<response><header><resultCode>10</resultCode><resultMsg>NO KEY</resultMsg></header><body/></response>",
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnReasonCode>30</returnReasonCode>"
        "</cmmMsgHeader></OpenAPI_ServiceResponse>",
    ],
)
def test_an_error_of_the_service_is_a_reject(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "answer.xml"
    path.write_text(answer)
    report = import_paths(tmp_path / "corpus", [path])
    assert law(report) and (report.records_seen, report.records_rejected) == (1, 1)


def test_an_answer_that_says_that_nothing_was_found_is_none_of_an_error(tmp_path: Path) -> None:
    path = tmp_path / "answer.xml"
    head = "<response><header><resultCode>00</resultCode></header><body><items/>"
    path.write_text(f"{head}<count><totalCount>0</totalCount></count></body></response>")
    report = import_paths(tmp_path / "corpus", [path])
    assert law(report) and (report.records_seen, report.rejected) == (0, 0)


def test_a_search_of_foreign_patents_is_read(tmp_path: Path) -> None:
    path = tmp_path / "foreign.xml"
    path.write_text(
        "<response><header><resultCode>00</resultCode></header><body><items><searchResult><applicant>LAMP</applicant>"
        "<applicationDate>20140204</applicationDate><applicationNo>14002106</applicationNo><countryCode>US</countryCode>"
        "<inventionName>Rudder with a bearing</inventionName><ipc>B63H 25/38</ipc><ltrtno>9234476</ltrtno><openDate>"
        "20150806</openDate><openNumber>20150217946</openNumber><registerDate>20160112</registerDate><registerNo>9234476"
        "</registerNo></searchResult><totalSearchCount>1</totalSearchCount></items></body></response>"
    )
    report = import_paths(tmp_path / "corpus", [path])
    assert law(report) and (report.records_seen, report.new) == (1, 1)
    (row,) = Corpus(tmp_path / "corpus").patents().collect().to_dicts()
    assert (row["id"], row["application"], row["also_published_as"]) == ("US9234476", "US14002106", ["US20150217946"])
    assert (str(row["grant_date"]), row["ipc"], row["language"]) == ("2016-01-12", ["B63H25/38"], "en")
