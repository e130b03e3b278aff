"""Any raw sample, cut off or damaged anywhere, gives records, rejects or one sentence - never a crash."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop import catalogue
from ktop.kernel.errors import InputError, KtopError
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers import CitationLink, Completion, Patent, Reject, reader_for, readers
from ktop.patents.readers.source import Source

#: How a damage is made: (kind, place in the file from 0 to 1, length or value).
_DAMAGE = st.tuples(
    st.sampled_from(["cut", "drop", "flip", "insert", "repeat", "swap"]),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 3_000),
    st.binary(min_size=1, max_size=12)
    | st.sampled_from([b"<", b">", b"&", b'"', b"\x00", b"]]>", b"\r", b"\n", b"{", b"}", b"\t"]),
)


def damaged(data: bytes, damages: list[tuple[str, float, int, bytes]]) -> bytes:
    for kind, place, length, value in damages:
        at = int(place * len(data))
        match kind:
            case "cut":
                data = data[:at]
            case "drop":
                data = data[:at] + data[at + length :]
            case "flip":
                data = data[:at] + value + data[at + len(value) :]
            case "insert":
                data = data[:at] + value + data[at:]
            case "repeat":
                data = data[:at] + data[at : at + length] + data[at:]
            case "swap":
                middle = data[at : at + length]
                data = data[:at] + middle[::-1] + data[at + length :]
    return data


def check(path: Path) -> None:
    """Read as an import does; look at every record as far as storing would."""
    source = Source(path.name, path=path)
    reader = reader_for(source)
    if reader is None:
        return
    try:
        for record in reader.read(source):
            assert isinstance(record, Patent | Reject | CitationLink | Completion)
            if isinstance(record, Reject):
                assert all(catalogue.text(record.reason, lang, **record.params) for lang in catalogue.LANGS)
            if isinstance(record, Patent):
                assert record.id and (record.title or record.abstract)
    except KtopError as error:
        assert all(catalogue.message(error, lang) for lang in catalogue.LANGS)


def samples(shared_data: Path) -> list[Path]:
    raw = shared_data / "patents" / "raw"
    return sorted(path for path in raw.rglob("*") if path.is_file() and path.stat().st_size < 150_000)


@pytest.mark.real_data
@settings(max_examples=250)
@given(st.integers(0, 10_000), st.lists(_DAMAGE, min_size=1, max_size=4))
def test_damaged_samples_never_crash_a_reader(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    which: int,
    damages: list[tuple[str, float, int, bytes]],
) -> None:
    found = samples(shared_data)
    path = tmp_path_factory.mktemp("fuzz") / "sample"
    path.write_bytes(damaged(found[which % len(found)].read_bytes(), damages))
    check(path)


@pytest.mark.real_data
def test_every_sample_cut_off_at_many_places_never_crashes_its_reader(shared_data: Path, tmp_path: Path) -> None:
    chance = random.Random(5)
    for sample in samples(shared_data):
        data = sample.read_bytes()
        for _ in range(3):
            path = tmp_path / "sample"
            path.write_bytes(data[: chance.randrange(1, len(data))])
            check(path)


@pytest.mark.real_data
@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.lists(_DAMAGE, max_size=2)), min_size=4, max_size=8))
def test_a_folder_of_damaged_samples_is_imported_as_far_as_it_goes(
    shared_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
    picks: list[tuple[int, list[tuple[str, float, int, bytes]]]],
) -> None:
    found = samples(shared_data)
    folder = tmp_path_factory.mktemp("folder")
    (folder / "in").mkdir()
    for number, (which, damages) in enumerate(picks):
        data = damaged(found[which % len(found)].read_bytes(), damages)
        (folder / "in" / f"{number}").write_bytes(data)
    try:
        report = import_paths(folder / "corpus", [folder / "in"])
    except InputError as error:
        assert catalogue.message(error, "ko")
        return
    lines = (folder / "corpus" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == report.rejected == sum(report.reasons.values())
    assert all(set(json.loads(line)) == {"file", "where", "reason", "message"} for line in lines)
    again = import_paths(folder / "corpus", [folder / "in"])
    assert (again.new, again.updated, again.unchanged) == (0, 0, report.patents_in_corpus)


_NAMES = [
    "exchange-document", "bibliographic-data", "document-id", "country", "doc-number", "kind", "date", "abstract", "p",
    "us-patent-grant", "us-bibliographic-data-grant", "ep-patent-document", "SDOBI", "B540", "B541", "B542", "claims",
    "claim", "response", "body", "items", "PatentUtilityInfo", "item", "citationInfoV3", "doc", "str", "PATDOC",
    "world-patent-data", "fulltext-document", "family-member", "publication-reference", "references-cited", "citation",
    "patcit", "nplcit", "invention-title", "parties", "inventors", "inventor", "addressbook", "classification-ipcr",
]  # fmt: skip
_TREES = st.recursive(
    st.text(string.ascii_letters + string.digits + " 가/-.", max_size=12),
    lambda inner: st.tuples(st.sampled_from(_NAMES), st.lists(inner, max_size=4)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
    max_leaves=25,
)


@settings(max_examples=150)
@given(st.sampled_from(_NAMES), st.lists(_TREES, max_size=4))
def test_well_formed_xml_of_any_shape_never_crashes_a_reader(
    tmp_path_factory: pytest.TempPathFactory, root: str, children: list[str]
) -> None:
    path = tmp_path_factory.mktemp("tree") / "tree.xml"
    path.write_text(f'<?xml version="1.0"?><{root}>{"".join(children)}</{root}>', encoding="utf-8")
    for reader in readers().values():
        if "xml" in reader.name or reader.name == "ops":
            try:
                for record in reader.read(Source("tree.xml", path=path)):
                    assert isinstance(record, Patent | Reject | CitationLink | Completion)
            except KtopError as error:
                assert catalogue.message(error, "en")


_KEYS = [
    "lens_id", "doc_number", "kind", "jurisdiction", "biblio", "invention_title", "text", "lang", "parties", "families",
    "publication_number", "title_localized", "citation", "ipc", "code", "claims", "documents", "document_id", "country",
    "ops:world-patent-data", "exchange-document", "$", "id", "cites",
]  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 30_000_000) | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(_JSON, min_size=1, max_size=3))
def test_json_of_any_shape_never_crashes_a_reader(
    tmp_path_factory: pytest.TempPathFactory, values: list[object]
) -> None:
    path = tmp_path_factory.mktemp("json") / "rows.json"
    path.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
    for name in ("json", "lens-json", "bigquery-json", "ops"):
        try:
            for record in readers()[name].read(Source("rows.json", path=path)):
                assert isinstance(record, Patent | Reject | CitationLink | Completion)
        except KtopError as error:
            assert catalogue.message(error, "en")
