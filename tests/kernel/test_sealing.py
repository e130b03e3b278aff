"""Sealed secrets open with their key at their place, and with no other; the key file is its owner's alone."""

from __future__ import annotations

import stat
import string
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import UnavailableError
from ktop.kernel.sealing import Sealer, make_private_file


@pytest.fixture(scope="module")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> Sealer:
    return Sealer(tmp_path_factory.mktemp("sealing") / "keys" / "sealing.key")


@given(st.text(max_size=80), st.text(max_size=40))
def test_what_was_sealed_opens_again_and_is_never_sealed_alike_twice(sealer: Sealer, secret: str, place: str) -> None:
    sealed = sealer.seal(secret, place)
    assert sealer.unseal(sealed, place) == secret
    assert sealed.isascii() and sealer.seal(secret, place) != sealed


def test_the_key_file_and_its_folder_are_their_owners_alone(tmp_path: Path) -> None:
    key_file = tmp_path / "keys" / "sealing.key"
    Sealer(key_file).seal("secret", "totp:1")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in key_file.parent.iterdir()] == ["sealing.key"]
    assert b"secret" not in key_file.read_bytes()


def test_another_process_opens_it_with_the_same_file(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "k").seal("seed", "totp:1")
    assert Sealer(tmp_path / "k").unseal(sealed, "totp:1") == "seed"


ALPHABET = string.ascii_letters + string.digits + "-_=.+/"


@given(st.floats(0, 1, exclude_max=True), st.sampled_from(ALPHABET))
def test_a_changed_character_is_found(sealer: Sealer, where: float, other: str) -> None:
    sealed = sealer.seal("whsec_0123456789", "webhook:1")
    at = int(where * len(sealed))
    if sealed[at] != other:
        with pytest.raises(UnavailableError):
            sealer.unseal(sealed[:at] + other + sealed[at + 1 :], "webhook:1")


@pytest.mark.parametrize("sealed", ["", "s1.", "s1.AAAA", "plain text", "가나다", "s1.=====", "s2." + "A" * 60])
def test_what_is_no_sealed_text_is_refused(sealer: Sealer, sealed: str) -> None:
    sealer.seal("x", "y")
    with pytest.raises(UnavailableError) as told:
        sealer.unseal(sealed, "y")
    assert told.value.key == "sealing.does_not_open"


def test_moved_to_another_place_it_does_not_open(sealer: Sealer) -> None:
    sealed = sealer.seal("seed", "totp:alice")
    with pytest.raises(UnavailableError):
        sealer.unseal(sealed, "totp:bob")


def test_a_lost_key_is_told_and_never_replaced(tmp_path: Path) -> None:
    key_file = tmp_path / "sealing.key"
    sealed = Sealer(key_file).seal("seed", "totp:1")
    key_file.unlink()
    with pytest.raises(UnavailableError) as told:
        Sealer(key_file).unseal(sealed, "totp:1")
    assert told.value.key == "sealing.key_missing" and not key_file.exists()
    assert all("sealing.key" in message(told.value, lang) for lang in LANGS)


def test_a_damaged_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(UnavailableError) as told:
        Sealer(tmp_path / "k").seal("seed", "totp:1")
    assert told.value.key == "sealing.key_missing"


def test_with_another_key_it_does_not_open(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path / "a").seal("seed", "totp:1")
    Sealer(tmp_path / "b").seal("x", "y")
    with pytest.raises(UnavailableError):
        Sealer(tmp_path / "b").unseal(sealed, "totp:1")


def test_of_many_at_a_time_one_makes_the_key_and_all_use_it(tmp_path: Path) -> None:
    key_file = tmp_path / "keys" / "sealing.key"
    ready = threading.Barrier(8)
    sealed: list[str] = []

    def seal() -> None:
        own = Sealer(key_file)
        ready.wait()
        sealed.append(own.seal("seed", "totp:1"))

    threads = [threading.Thread(target=seal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Sealer(key_file).unseal(text, "totp:1") for text in sealed] == ["seed"] * 8


def test_a_private_file_is_never_overwritten(tmp_path: Path) -> None:
    assert make_private_file(tmp_path / "k", b"one")
    assert not make_private_file(tmp_path / "k", b"two")
    assert (tmp_path / "k").read_bytes() == b"one"


def test_a_fingerprint_tells_what_comes_again_and_nothing_else(sealer: Sealer, tmp_path: Path) -> None:
    other = Sealer(tmp_path / "other")
    told = {sealer.fingerprint(value, place) for value in ("홍길동", "a") for place in ("x", "y")}
    assert len(told) == 4 and all(len(one) == 64 for one in told)
    assert sealer.fingerprint("a", "x") in told
    assert sealer.fingerprint("a", "bc") != sealer.fingerprint("ca", "b"), "value and place are kept apart"
    assert other.fingerprint("a", "x") not in told, "without the key nobody can guess by it"
