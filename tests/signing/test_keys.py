"""One key in force, earlier ones readable for good; a withdrawn one counts no more."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from signed import NOW, Installation

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.signing import document
from ktop.signing.errors import NotAuthenticError
from ktop.signing.keys import SigningKeys


def test_a_key_is_made_at_first_use_its_owner_s_alone(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "signing", "K-TOP")
    assert keys.jwks() == {"keys": []} and not (tmp_path / "signing").exists(), "looking makes nothing"
    made = keys.current()
    assert keys.current() is made
    for file in (tmp_path / "signing").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.private is not None and isinstance(made.private.curve, ec.SECP256R1)


def test_what_is_published_has_no_private_part_and_is_named_by_its_thumbprint(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path, "K-TOP")
    made = keys.current()
    (public,) = keys.jwks()["keys"]
    assert set(public) == {"kty", "crv", "x", "y", "kid", "use", "alg", "x5c"}
    bare = {name: public[name] for name in ("kty", "crv", "x", "y")}
    assert public["kid"] == made.id == ECKey.import_key(bare).thumbprint()


def test_of_many_at_a_time_one_makes_the_key_and_all_use_it(tmp_path: Path) -> None:
    ready, made = threading.Barrier(6), []

    def make() -> None:
        keys = SigningKeys(tmp_path / "signing", "K-TOP")
        ready.wait()
        made.append(keys.current().id)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6 and len(set(made)) == 1


def test_after_rotation_old_results_verify_and_the_old_key_can_sign_no_more(tmp_path: Path) -> None:
    issuer = Installation(tmp_path)
    other_process = SigningKeys(tmp_path, "K-TOP")
    old, first = issuer.issue(), issuer.keys.current()
    assert other_process.current().id == first.id
    second = issuer.keys.rotate()
    assert issuer.keys.current().id == second.id != first.id
    assert other_process.current().id == second.id, "another process signs with the new key at once"
    assert [key["kid"] for key in issuer.keys.jwks()["keys"]] == [second.id, first.id]
    assert b"PRIVATE" not in (tmp_path / "0001.pem").read_bytes()
    for result, key in ((old, first), (issuer.issue(), second)):
        assert document.verify(result, issuer.public, NOW).key_id == key.id


def test_what_a_withdrawn_key_signed_does_not_verify(tmp_path: Path) -> None:
    issuer = Installation(tmp_path)
    stolen, result = issuer.keys.current(), issuer.issue()
    assert issuer.keys.withdraw(stolen.id).id != stolen.id
    assert stolen.id not in {key["kid"] for key in issuer.keys.jwks()["keys"]}
    with pytest.raises(NotAuthenticError) as told:
        document.verify(result, issuer.public, NOW)
    assert told.value.key == "signing.unknown_key"
    assert document.verify(issuer.issue(), issuer.public, NOW)
    assert issuer.keys.rotate().number == 3, "its number is not given again"
    with pytest.raises(NotFoundError):
        issuer.keys.withdraw("no such key")


def test_the_certificates_make_a_chain_that_others_can_check(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path, "가온 기술평가 플랫폼 " * 8)
    leaf, root = keys.current().chain
    assert keys.rotate().chain[1] == root, "the root stays, so that readers learn it once"
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.content_commitment and not usage.key_cert_sign
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    SigningKeys(tmp_path, "K-TOP").current()
    (tmp_path / "0001.pem").write_bytes(content)
    with pytest.raises(UnavailableError) as told:
        SigningKeys(tmp_path, "K-TOP").current()
    assert all("0001.pem" in message(told.value, lang) for lang in LANGS)


def test_a_private_key_under_another_s_certificate_is_refused(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path, "K-TOP")
    keys.current()
    private = (tmp_path / "0001.pem").read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]
    keys.rotate()
    second = (tmp_path / "0002.pem").read_bytes()
    (tmp_path / "0002.pem").write_bytes(private + second[second.index(b"-----BEGIN CERTIFICATE") :])
    with pytest.raises(UnavailableError):
        SigningKeys(tmp_path, "K-TOP").current()
