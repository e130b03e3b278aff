"""Damage is found and mended: changed bytes, missing files, a full disk, kills at any moment."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import killed_work
import pytest
from killing import LONG_SECONDS, started

from ktop.kernel.errors import InputError, NotFoundError, UnavailableError
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.engine.integrity import check
from ktop.patents.engine.layout import Layout

from ..conftest import made_up_records, write_records

RECORDS = made_up_records(per_theme=8)
QUESTION = "medical image diagnosis of cancer lesions in tissue of a patient"


def answers(folder: Path) -> dict[str, float]:
    """Return what is found by words, and how near; equal scores may stand in another order after a repair."""
    index = PatentIndex(folder)
    assert len(index.search(QUESTION, 200, mode="dense")) == len(index)
    return {hit.patent_id: round(hit.score, 4) for hit in index.search(QUESTION, 200, mode="lexical")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    for start, end in ((0, 20), (0, len(RECORDS))):  # two segments
        import_paths(folder / "corpus", [write_records(folder / "records.jsonl", RECORDS[start:end])])
        build_index(folder / "corpus")
    return folder / "corpus"


@pytest.fixture
def corpus(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "corpus")
    return tmp_path / "corpus"


def test_a_sound_corpus_is_sound(corpus: Path) -> None:
    report = check(corpus)
    assert report.intact
    assert report.checked >= 6
    assert not check(corpus, repair=True).repaired


def files_of_index(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in (folder / "index").rglob("*")
        if path.is_file() and path.name not in ("index.json", "seal.json", "seen.json")
        if path.parent.name != "generations"
    )


@pytest.mark.parametrize("damage", ["changed", "cut", "missing", "seal"])
def test_every_damaged_file_of_the_index_is_found_and_mended(corpus: Path, whole: Path, damage: str) -> None:
    chance = random.Random(damage)
    expected = answers(whole)
    paths = files_of_index(corpus)
    chosen = chance.sample([path.relative_to(corpus) for path in paths if path.stat().st_size > 8], 5)
    for relative in chosen:
        path = corpus / relative
        if not path.is_file():
            continue  # an earlier repair has given the part another name
        if damage == "changed":
            data = bytearray(path.read_bytes())
            data[chance.randrange(len(data))] ^= 0x55
            path.write_bytes(bytes(data))
        elif damage == "cut":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        elif damage == "missing":
            path.unlink()
        else:
            path.with_name("seal.json").unlink(missing_ok=True)
        found = check(corpus)
        assert not found.intact
        assert not found.lost
        if damage in ("changed", "cut", "missing"):
            assert str(path.relative_to(corpus)) in found.damaged
        mended = check(corpus, repair=True)
        assert mended.repaired
        build_index(corpus)
        assert check(corpus).intact
        assert answers(corpus) == expected


def test_a_cut_file_is_told_in_one_sentence(corpus: Path) -> None:
    manifest = Layout(corpus).read()
    path = Layout(corpus).segment(manifest.segments[0][0]) / "posting_low.npy"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError) as told:
        PatentIndex(corpus).search(QUESTION)
    assert told.value.key == "patents.index_damaged"


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
def test_no_damaged_file_of_the_index_is_answered_from(corpus: Path, damage: str) -> None:
    """Each file in turn, by one bit or by half: refused in a sentence, or (what is not read) the answers stay equal."""
    chance = random.Random(damage)

    def answer() -> list[tuple[str, float]]:
        index = PatentIndex(corpus)
        found = [(hit.patent_id, hit.score) for hit in index.search(QUESTION, 200)]
        index.close()
        return found

    expected = answer()
    files = [path for path in sorted((corpus / "index").rglob("*")) if path.is_file() and path.stat().st_size]
    refused = 0
    for path in files:
        data = path.read_bytes()
        if damage == "flipped":
            place = chance.randrange(len(data))
            path.write_bytes(data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])
        elif damage == "cut":
            path.write_bytes(data[: len(data) // 2])
        else:
            path.unlink()
        unread = path.name == "seen.json" or path.parent.name == "generations"
        try:
            assert answer() == expected and unread, path
        except (InputError, NotFoundError) as told:
            refused += 1
            assert not unread and told.key in ("patents.index_damaged", "patents.index_missing"), path
        path.write_bytes(data)
    assert refused > 40
    assert answer() == expected


def test_nothing_is_built_upon_a_damaged_file(corpus: Path) -> None:
    path = Layout(corpus).segment(Layout(corpus).read().segments[0][0]) / "forward_counts.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError) as told:
        build_index(corpus)
    assert told.value.key == "patents.index_damaged" and told.value.params["file"] == "forward_counts.npy"
    assert check(corpus, repair=True).repaired
    assert build_index(corpus).patents == len(RECORDS)


def test_a_damaged_pointer_is_mended(corpus: Path) -> None:
    pointer = Layout(corpus).pointer
    pointer.write_text(pointer.read_text("utf-8").replace('"average_length": ', '"average_length": 1'), "utf-8")
    with pytest.raises(InputError):
        PatentIndex(corpus)
    assert check(corpus).damaged == ["index/index.json"]
    assert check(corpus, repair=True).repaired
    assert build_index(corpus).patents == len(RECORDS)
    assert check(corpus).intact


def test_damaged_patents_are_named_and_nothing_is_thrown_away(corpus: Path) -> None:
    path = next(iter(sorted((corpus / "patents").rglob("*.parquet"))))
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 40] = bytes(40)
    path.write_bytes(bytes(data))
    report = check(corpus, repair=True)
    assert report.lost == [str(path.relative_to(corpus))]
    assert not report.damaged


def test_a_full_disk_is_told_and_nothing_committed_is_lost(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(small)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk of its own cannot be mounted here (needs the rights of an administrator)")
    try:
        source = write_records(tmp_path / "records.jsonl", RECORDS)
        import_paths(small / "corpus", [source])
        filler = small / "filler"
        free = shutil.disk_usage(small).free
        filler.write_bytes(bytes(max(free - 60_000, 0)))
        with pytest.raises(UnavailableError) as told:
            build_index(small / "corpus")
        assert told.value.key == "patents.disk_full"
        more = write_records(tmp_path / "more.jsonl", made_up_records(per_theme=40, seed=9))
        with pytest.raises(UnavailableError) as told:
            import_paths(small / "corpus", [more])
        assert told.value.key == "patents.disk_full"
        filler.unlink()
        assert check(small / "corpus").lost == []
        assert build_index(small / "corpus").patents == len(RECORDS)
        assert check(small / "corpus").intact
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)


def kills(seed: int, count: int) -> Iterator[float]:
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.uniform(0.0, 2.0)


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    """Kill import and indexing again and again; what then stands equals an undisturbed run, patent by patent."""
    source = write_records(tmp_path / "records.jsonl", RECORDS)
    folder = tmp_path / "corpus"
    for moment in kills(5, 8):
        process = started(killed_work.bringing_up_to_date, folder, [source], 10, 8)
        process.join(moment)
        process.kill()
        process.join(LONG_SECONDS)
        if (folder / "corpus.json").is_file():
            assert check(folder).intact
    process = started(killed_work.bringing_up_to_date, folder, [source], 10, 8)
    process.join(LONG_SECONDS)
    assert process.exitcode == 0
    assert check(folder).intact
    index = PatentIndex(folder)
    ids = [index.patent_id(doc) for doc in range(index.manifest.rows) if index.tables.alive[doc]]
    assert sorted(ids) == sorted(record["id"] for record in RECORDS)
    fresh = tmp_path / "fresh"
    import_paths(fresh, [source])
    build_index(fresh)
    assert answers(folder).keys() == answers(fresh).keys()
