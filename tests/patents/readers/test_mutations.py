"""Every reader and every kind of archive, on inputs changed by chance: records, rejects or one sentence, nothing else.

``KTOP_MUTATIONS=1000`` tries that many for each; the suite tries some of the same seeds.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import random
import resource
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ktop import catalogue
from ktop.kernel.errors import KtopError
from ktop.patents.readers import CitationLink, Completion, Patent, Reject, Sample, reader_for, readers
from ktop.patents.readers.source import Source, sources
from ktop.patents.readers.unknown_files import why_unknown

from .samples import samples

TRIES = int(os.environ.get("KTOP_MUTATIONS", "100"))
MAX_GROWN_KB = 1_000_000

US = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<us-patent-grant><us-bibliographic-data-grant><publication-reference>'
    "<document-id><country>US</country><doc-number>0{0}</doc-number><kind>B2</kind><date>20160105</date></document-id>"
    "</publication-reference><invention-title>Caf{{acute over (e)}} mast {0}</invention-title><us-references-cited>"
    "<us-citation><patcit><document-id><country>DE</country><doc-number>10142737</doc-number><kind>B4</kind>"
    "</document-id></patcit><category>cited by examiner</category></us-citation></us-references-cited>"
    "</us-bibliographic-data-grant><abstract><p>A mast.</p></abstract><claims><claim><claim-text>1.-3. (canceled)"
    "</claim-text></claim><claim><claim-text>4. A mast.</claim-text></claim></claims></us-patent-grant>\n"
)
KIPRIS = (
    '\ufeff<?xml version="1.0" encoding="UTF-8"?><response><header><resultCode>00</resultCode></header><body><items>'
    "<item><applicationNumber>1020180012345</applicationNumber><openNumber>1020200012345</openNumber><inventionTitle>"
    "솥 뚜껑</inventionTitle><ipcNumber>A47J 27/00|A47J 36/06</ipcNumber></item></items></body></response>"
)
LENS = {
    "lens_id": "1", "jurisdiction": "US", "doc_number": "7000001", "kind": "B2", "publication_type": "GRANTED_PATENT",
    "biblio": {"invention_title": [{"text": "Ｌamp", "lang": "EN"}], "references_cited": {"citations": [
        {"patcit": {"document_id": {"jurisdiction": "US", "doc_number": "6000001", "kind": "B1"}}}]}},
    "legal_status": {"grant_date": "2005-03-04"},
    "claims": [{"lang": "EN", "claims": [{"claim_text": ["1. A lamp."]}]}],
}  # fmt: skip
BIGQUERY = {
    "publication_number": "US-7000001-B2", "title_localized": [{"text": "Lamp", "language": "en"}], "family_id": "-1",
    "claims_localized": [{"text": "1.一种灯。2.根据权利要求1所述的灯。", "language": "zh"}], "filing_date": 20030304,
}  # fmt: skip
OWN = {
    "id": "US7000001B2",
    "title": "Lamp",
    "filed": "2003-03-04",
    "ipc": "['F21S2/00', 'G06F 17/30']",
    "cites": "US1, US2",
}
TABLE = (
    "검색결과,,,,\n번호,공개번호,발명의명칭,출원일자,IPC분류\n"
    "1,1020200012344,솥 뚜껑,2018.08.23,A47J 27/00|A47J 36/06\n"
    '2,1020200012345,"솥 ""손잡이""\n이중",23/08/2018,"[\'A47J 27/00\']"\n3,="1020200012346",솥,2018-08,\n'
)
LENS_CSV = (
    "#,Jurisdiction,Kind,Display Key,Lens ID,Publication Date,Title,Document Type\n"
    "1,US,B2,US 7000001 B2,1,13/01/2005,Lamp,Granted Patent\n"
)
GOOGLE = (
    "search URL:,https://x\nid,title,inventor/author,filing/creation date\nUS-7000001-B2,Lamp,Odo Fennick,13/01/2003\n"
)
VIEW = (
    "patent_id\tpatent_date\tpatent_title\twipo_kind\n"
    '7000001\t2006-02-14\t"Quick" lamp\tB2\n7000002\t2006-02-14\t"Lamp\tB2\n'
)
CITES = "citing,cited,category\nUS7000001B2,US6000001B1,X\n"

TEXTS: dict[str, str] = {
    "uspto-xml": US.format(9_100_001) + "\ufeff" + US.format(9_100_002), 
    "kipris-xml": KIPRIS,
    "lens-json": json.dumps(LENS) + "\n" + json.dumps({"data": [LENS]}) + "\n",
    "bigquery-json": json.dumps([BIGQUERY], indent=1),
    "json": json.dumps({"results": [OWN, OWN]}, indent=1), "table": TABLE, "lens-csv": LENS_CSV,
    "google-csv": GOOGLE,
    "patentsview": VIEW, "citations": CITES,
}  # fmt: skip
PIECES = [
    b"<", b">", b"&", b'"', b"'", b"\x00", b"\x1a", b"\xef\xbb\xbf", b"\xff\xfe", b"]]>", b"<![CDATA[", b"<?xml ",
    b"<!--",
    b"\r",
    b"\n", b"{", b"}", b"[", b"]", b",", b";", b"\t", b"|", b"=", b"#", b"9" * 30, b"e+99", b".0",
    b"13/13/13", b"\xb0\xa1",
    b"\x81",
    "ＬＥＤ".encode(), "１".encode(), b"{acute over (", b"1. 2. 3. ", b"-1", b"nan",
    b"1.-9. (canceled)", b"\\ud800",
    b"\\u0000",
]  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with one to four changes."""
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data) + 1), chance.choice((1, 1, 3, 20, 200))
        match chance.randrange(8):
            case 0:
                data = data[:at]
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case 3 | 4:
                data = data[:at] + chance.choice(PIECES) + data[at:]
            case 5:
                data = data[:at] + data[at : at + length] * chance.choice((2, 2, 50)) + data[at + length :]
            case 6:
                data = data[:at] + data[at : at + length][::-1] + data[at + length :]
            case _:
                other = chance.choice(("utf-16", "cp949", "utf-8-sig", "cp1252"))
                data = data.decode("utf-8", "replace").encode(other, "replace")
    return data


def told(error: KtopError) -> None:
    assert all(catalogue.message(error, lang) for lang in catalogue.LANGS)


def taken(source: Source, name: str | None = None) -> None:
    """Read as an import does, with the named reader or with the one that recognises the content."""
    known = readers()
    try:
        if name is None:
            reader = reader_for(source)
            if reader is None:
                told(why_unknown(source))
                return
        else:
            reader = known[name]
        for record in reader.read(source):
            assert isinstance(record, Patent | Reject | CitationLink | Completion)
            if isinstance(record, Reject):
                assert all(catalogue.text(record.reason, lang, **record.params) for lang in catalogue.LANGS)
            elif isinstance(record, Patent):
                assert record.id and (record.title or record.abstract)
    except KtopError as error:
        told(error)


def each(tmp_path: Path, data: bytes, look: Callable[[Path], None]) -> None:
    """Try changed inputs, the same ones on every machine; memory stays bounded."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    slowest = (0.0, -1)
    path = tmp_path / "input"
    for seed in range(TRIES):
        path.write_bytes(mutated(data, random.Random(seed)))
        started = time.perf_counter()
        look(path)
        slowest = max(slowest, (time.perf_counter() - started, seed))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{TRIES} inputs, slowest {slowest[0]:.2f} s (seed {slowest[1]}), {grown / 1000:.0f} MB more")
    assert grown < MAX_GROWN_KB


#: Beside these, the plain samples of every reader.
INPUTS: dict[str, bytes] = {f"{name} as people write it": text.encode() for name, text in TEXTS.items()} | samples()


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_changed_inputs_give_records_rejects_or_one_sentence(tmp_path: Path, name: str) -> None:
    def look(path: Path) -> None:
        for chosen in (name.split()[0], None):
            taken(Source("input", path=path), chosen)

    each(tmp_path, INPUTS[name], look)


def test_the_inputs_are_sound_before_they_are_changed(tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / "plain").write_text(text, encoding="utf-8")
        source = Source("plain", path=tmp_path / "plain")
        records = list(readers()[name].read(source))
        assert records and not any(isinstance(record, Reject) for record in records), name
        assert readers()[name].recognises(Sample(source)), name


def parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(
        {"publication_number": ["US7000001B2"] * 9, "title": ["Lamp"] * 9, "num_claims": [3.0] * 9}
    ).write_parquet(buffer)
    return buffer.getvalue()


def archive(kind: str) -> bytes:
    data = US.format(9_100_001).encode()
    buffer = io.BytesIO()
    if kind == "zip":
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("a.xml", data)
        with zipfile.ZipFile(buffer, "w") as outer:
            outer.writestr("in.zip", inner.getvalue())
            outer.writestr("b.csv", TABLE)
    elif kind == "tar":
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name in ("a.xml", "b.xml.gz"):
                info = tarfile.TarInfo(name)
                content = gzip.compress(data) if name.endswith("gz") else data
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return (
        {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind](data)
        if kind in ("gz", "bz2", "xz")
        else buffer.getvalue()
    )


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "bz2", "xz", "parquet"])
def test_changed_archives_give_their_files_or_one_sentence(tmp_path: Path, kind: str) -> None:
    def look(path: Path) -> None:
        try:
            for source in sources([path]):
                taken(source)
        except KtopError as error:
            told(error)

    each(tmp_path, parquet() if kind == "parquet" else archive(kind), look)
