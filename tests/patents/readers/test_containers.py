"""Archives of every kind and depth: read, or refused by name, and what lies beside what is refused is read."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from ktop import catalogue
from ktop.kernel.errors import InputError, TooLargeError
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers import source as source_module
from ktop.patents.readers.source import MAX_DEPTH, sources

from .reading import patents


def record(number: int) -> bytes:
    return json.dumps({"id": f"US{7_000_000 + number}B2", "title": f"Lamp {number}", "filed": "2003-04-05"}).encode()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_packed_files_archives_and_packed_archives_are_read(tmp_path: Path, pack, make) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "one").write_bytes(pack(record(1)))
    (tmp_path / "many").write_bytes(make({"a.jsonl": record(2), "folder/b.jsonl.packed": pack(record(3))}))
    (tmp_path / "packed").write_bytes(pack(make({"c.jsonl": record(4), "d.zip": zipped({"e.jsonl": record(5)})})))
    assert sorted(patents(tmp_path)) == [f"US{7_000_000 + number}B2" for number in range(1, 6)]
    assert [found.name for found in sources([tmp_path / "packed"])] == ["packed/c.jsonl", "packed/d.zip/e.jsonl"]


def test_zips_within_zips_are_read_as_deep_as_offices_pack_them_and_named_beyond(tmp_path: Path) -> None:
    data = record(9)
    name = "r.jsonl"
    for depth in range(1, MAX_DEPTH + 2):
        data, name = zipped({name: data, f"{depth}.jsonl": record(depth)}), f"{depth}.zip"
    (tmp_path / "outer.zip").write_bytes(data)
    report = import_paths(tmp_path / "corpus", [tmp_path / "outer.zip"])
    assert report.patents_in_corpus == MAX_DEPTH
    (line,) = (tmp_path / "corpus" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["file"] == "outer.zip/4.zip/3.zip/2.zip/1.zip"
    assert str(MAX_DEPTH) in json.loads(line)["message"]["en"]


def deflate64(data: bytes, name: str = "r.jsonl") -> bytes:
    """A zip that says Deflate64 where it is packed; the method is a number at known places."""
    whole = bytearray(zipped({name: data, "good.jsonl": record(1)}))
    for mark, shift in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        whole[whole.find(mark) + shift] = 9
    return bytes(whole)


@pytest.mark.parametrize("wrap", ["", "zip", "tar", "gz"])
def test_deflate64_is_refused_by_name_and_what_lies_beside_it_is_read(tmp_path: Path, wrap: str) -> None:
    data = deflate64(record(2) * 20)
    if wrap:
        data = {"zip": lambda d: zipped({"in.zip": d}), "tar": lambda d: tarred({"in.zip": d}), "gz": gzip.compress}[
            wrap
        ](data)
    (tmp_path / "a.zip").write_bytes(data)
    report = import_paths(tmp_path / "corpus", [tmp_path / "a.zip"])
    assert (report.patents_in_corpus, report.rejected) == (1, 1)
    (line,) = (tmp_path / "corpus" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["file"].endswith("/r.jsonl")
    assert all("Deflate64" in json.loads(line)["message"][lang] for lang in catalogue.LANGS)


def test_a_zip_of_nothing_that_can_be_unpacked_is_one_sentence(tmp_path: Path) -> None:
    whole = bytearray(zipped({"r.jsonl": record(2) * 20}))
    for mark, shift in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        whole[whole.find(mark) + shift] = 9
    (tmp_path / "a.zip").write_bytes(whole)
    with pytest.raises(InputError) as caught:
        import_paths(tmp_path / "corpus", [tmp_path / "a.zip"])
    assert (caught.value.key, caught.value.params["method"]) == ("patents.archive_method", "Deflate64")


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(30), "patents.archive_kind"), 
        (b"Rar!\x1a\x07\x01\x00" + bytes(30), "patents.archive_kind"),
        (b"\x28\xb5\x2f\xfd" + bytes(30), "patents.archive_kind"), (zipped({}), "patents.archive_empty"),
        (tarred({"a.jsonl": record(1) * 900})[:9_000], "patents.archive_broken"),
        (zipped({"a": b"x" * 99})[:60], "patents.archive_broken"),
    ],
    ids=["7z", "rar", "zstd", "empty zip", "cut tar", "cut zip"],
)  # fmt: skip
def test_archives_that_are_not_opened_are_named_wherever_they_lie(tmp_path: Path, data: bytes, key: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InputError) as caught:
        import_paths(tmp_path / "corpus", [tmp_path / "a"])
    assert caught.value.key == key and all(catalogue.message(caught.value, lang) for lang in catalogue.LANGS)
    (tmp_path / "a").write_bytes(tarred({"bad": data, "good.jsonl": record(1)}))
    report = import_paths(tmp_path / "corpus", [tmp_path / "a"])
    assert (report.patents_in_corpus, report.rejected) == (1, 1)


def test_bombs_within_archives_stop_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped({"zeros": bytes(20_000_000)})
    for data in (zipped({"a.jsonl": record(1), "b.zip": bomb}), tarred({"b.zip": bomb}), gzip.compress(bomb)):
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(TooLargeError) as caught:
            import_paths(tmp_path / "corpus", [tmp_path / "a"])
        assert caught.value.key == "patents.archive_bomb"
    monkeypatch.setattr(source_module, "MAX_ZIP_MEMBERS", 12)  # members of all archives together
    inner = {f"{n}.jsonl": record(n) for n in range(5)}
    (tmp_path / "a").write_bytes(zipped({f"{n}.zip": zipped(inner) for n in range(3)}))
    with pytest.raises(TooLargeError):
        import_paths(tmp_path / "corpus", [tmp_path / "a"])


def test_an_inner_archive_beyond_its_size_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_NESTED_BYTES", 1_000)
    inner = zipped({"a.jsonl": record(1) * 200}, zipfile.ZIP_STORED)
    (tmp_path / "a.zip").write_bytes(zipped({"big.zip": inner, "b.jsonl": record(2)}))
    report = import_paths(tmp_path / "corpus", [tmp_path / "a.zip"])
    assert (report.patents_in_corpus, report.rejected) == (1, 1)


def test_unpacked_copies_go_when_nothing_reads_them_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    (tmp_path / "a.tar.gz").write_bytes(
        gzip.compress(tarred({"b.zip": zipped({"r.jsonl": record(1)}), "c": record(2)}))
    )
    found = list(sources([tmp_path / "a.tar.gz"]))
    assert len(list((tmp_path / "scratch").iterdir())) == 2
    with found[0].open() as stream:
        assert stream.read() == record(1)
    del found, stream
    gc.collect()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_members_of_one_name_are_each_read_and_korean_names_are_shown(tmp_path: Path) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (tmp_path / "a.zip").write_bytes(zipped_twice())
    assert sorted(patents(tmp_path)) == ["US7000001B2", "US7000002B2"]
    name = "특허.jsonl".encode("cp949")
    data = bytearray(zipped({"x" * len(name): record(1)}))
    (tmp_path / "a.zip").write_bytes(bytes(data).replace(b"x" * len(name), name))
    assert [found.name for found in sources([tmp_path / "a.zip"])] == ["a.zip/특허.jsonl"]


def zipped_twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("r.jsonl", record(1))
        archive.writestr("r.jsonl", record(2))
    return buffer.getvalue()


def test_the_weekly_zips_of_an_office_become_its_patents(tmp_path: Path) -> None:
    document = (
        '<?xml version="1.0"?><exch:exchange-documents xmlns:exch="e"><exch:exchange-document country="AP" '
        'doc-number="{0}" kind="A" date-publ="20200131"><exch:bibliographic-data>'
        '<exch:invention-title lang="en">Oven {0}'
        "</exch:invention-title></exch:bibliographic-data></exch:exchange-document></exch:exchange-documents>"
    )
    weeks = {n: zipped({f"DOCDB-{n}.xml": document.format(6_000 + n).encode()}) for n in (1, 2)}
    inner = {f"Root/DOC/DOCDB-{n}.zip": data for n, data in weeks.items()}
    (tmp_path / "docdb.zip").write_bytes(zipped({"Root/index.xml": b'<?xml version="1.0"?><index/>'} | inner))
    report = import_paths(tmp_path / "corpus", [tmp_path / "docdb.zip"])
    assert (report.skipped, report.rejected) == (["docdb.zip/Root/index.xml"], 0)
    assert set(Corpus(tmp_path / "corpus").patents().collect()["id"]) == {"AP6001A", "AP6002A"}
