"""Archives are opened only within limits; folders, zips, gzip and xz files give their files by name."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import zipfile
from pathlib import Path

import pytest

from ktop.kernel.errors import InputError, NotFoundError, TooLargeError
from ktop.patents.readers import source as source_module
from ktop.patents.readers.source import Source, sources


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def all_bytes(found: Source) -> bytes:
    with found.open() as stream:
        return stream.read()


def test_a_folder_gives_its_files_in_order_and_leaves_hidden_ones_out(tmp_path: Path) -> None:
    for name in ("b.xml", "a/c.xml", ".hidden/d.xml", ".e.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert [all_bytes(found) for found in sources([tmp_path])] == [b"a/c.xml", b"b.xml"]
    assert [found.name for found in sources([tmp_path])] == ["a/c.xml", "b.xml"]


def test_members_of_a_zip_are_read_and_named_after_it(tmp_path: Path) -> None:
    path = zipped(tmp_path / "week.zip", {"one.xml": b"1", "folder/two.xml": b"2"})
    assert {found.name: all_bytes(found) for found in sources([path])} == {
        "week.zip/one.xml": b"1",
        "week.zip/folder/two.xml": b"2",
    }


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_a_packed_file_is_unpacked_by_content_whatever_its_name(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "data.txt"
    path.write_bytes(pack(b"line\n" * 10))  # type: ignore[operator]
    (found,) = sources([path])
    assert found.head() == all_bytes(found) == b"line\n" * 10


def test_a_zip_bomb_is_refused_before_anything_of_it_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"fine.xml": b"<doc/>", "zeros": bytes(20_000_000)})
    with pytest.raises(TooLargeError) as caught:
        next(sources([path]))
    assert caught.value.key == "patents.archive_bomb"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_a_packed_bomb_is_stopped_at_its_limit(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack(bytes(20_000_000)))  # type: ignore[operator]
    (found,) = sources([path])
    with pytest.raises(TooLargeError):
        all_bytes(found)


def test_a_zip_over_the_absolute_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_UNPACKED_BYTES", 100)
    path = zipped(tmp_path / "large.zip", {"a": bytes(range(101))})
    with pytest.raises(TooLargeError):
        list(sources([path]))


def test_a_zip_with_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MAX_ZIP_MEMBERS", 2)
    path = zipped(tmp_path / "many.zip", dict.fromkeys("abc", b"x"))
    with pytest.raises(TooLargeError):
        list(sources([path]))


def test_a_member_that_holds_more_than_the_zip_says_gives_no_more_than_that(tmp_path: Path) -> None:
    path = zipped(tmp_path / "liar.zip", {"a.xml": b"x" * 5_000})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # where a header states the unpacked size
        at = data.find(mark) + offset
        data[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    (found,) = sources([path])
    try:
        assert len(all_bytes(found)) <= 10
    except InputError as error:
        assert error.key in ("patents.archive_broken", "patents.archive_bomb")


@pytest.mark.parametrize("keep", [30, 200])
def test_a_cut_off_zip_is_an_input_error(tmp_path: Path, keep: int) -> None:
    path = zipped(tmp_path / "cut.zip", {"a.xml": bytes(range(256)) * 8})
    path.write_bytes(path.read_bytes()[:keep])
    (found,) = sources([path])
    with pytest.raises(InputError) as caught:
        all_bytes(found)
    assert caught.value.key == "patents.archive_broken"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_a_cut_off_packed_file_is_an_input_error(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "cut"
    path.write_bytes(pack(bytes(range(256)) * 100)[:-12])  # type: ignore[operator]
    (found,) = sources([path])
    with pytest.raises(InputError) as caught:
        all_bytes(found)
    assert caught.value.key == "patents.archive_broken"


def test_a_damaged_member_is_an_input_error(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.xml", b"<doc>text</doc>")
    data = buffer.getvalue().replace(b"text", b"tezt")
    (tmp_path / "bad.zip").write_bytes(data)
    (found,) = sources([tmp_path / "bad.zip"])
    with pytest.raises(InputError):
        all_bytes(found)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "locked.zip", {"a.xml": b"x"})
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x03\x04") + 6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    (found,) = sources([path])
    with pytest.raises(InputError) as caught:
        all_bytes(found)
    assert caught.value.key == "patents.archive_encrypted"


def test_a_member_whose_own_header_is_damaged_or_packed_in_an_unknown_way_is_an_input_error(tmp_path: Path) -> None:
    path = zipped(tmp_path / "two.zip", {"a.xml": b"first" * 9, "b.xml": b"second"})
    whole = path.read_bytes()
    damages = ((b"PK\x03\x04", 0, "patents.archive_broken"), (b"PK\x01\x02", 10, "patents.archive_method"))
    for mark, shift, key in damages:  # local header; method in the directory
        data = bytearray(whole)
        data[data.rfind(mark) + shift] = 99
        path.write_bytes(data)
        first, second = sources([path])
        assert all_bytes(first) == b"first" * 9
        with pytest.raises(InputError) as caught:
            all_bytes(second)
        assert (caught.value.key, caught.value.params["file"]) == (key, "two.zip/b.xml")


def test_names_on_disk_that_are_no_text_are_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"patents-\xff.xml")).write_bytes(b"x")
    assert [found.name for found in sources([tmp_path])] == ["patents-?.xml"]


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(sources([tmp_path / "nowhere.xml"]))
