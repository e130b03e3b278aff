"""Forged, altered and borrowed signed results: each is refused, with one sentence."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from signed import NOW, Installation, part, written

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import InputError, KtopError
from ktop.signing import base64url, document, tokens
from ktop.signing.document import SignedResult
from ktop.signing.errors import NotAuthenticError


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installation") / "signing")


@pytest.fixture(scope="module")
def result(issuer: Installation) -> SignedResult:
    return issuer.issue()


def refused(result: SignedResult | bytes, issuer: Installation) -> str:
    """Return the key of the sentence a result is refused with."""
    with pytest.raises(KtopError) as told:
        read = SignedResult.parse(result) if isinstance(result, bytes) else result
        document.verify(read, issuer.public, NOW)
    assert all(message(told.value, lang) for lang in LANGS)
    return told.value.key


def better(token: str) -> str:
    """The payload with a better grade."""
    body = part(token, 1)
    body["credentialSubject"]["ratings"][1]["grades"]["business"] = "AAA"
    return written(body)


# ── the algorithm ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "ES256K", "ES384", "RS256", "HS256", "EdDSA", 0])
def test_only_es256_counts(issuer: Installation, result: SignedResult, name: Any) -> None:
    header, payload, signature = result.token.split(".")
    forged = written(part(result.token, 0) | {"alg": name})
    assert refused(SignedResult(f"{forged}.{payload}.{signature}"), issuer) == "signing.wrong_algorithm"
    assert refused(SignedResult(f"{forged}.{better(result.token)}."), issuer) == "signing.wrong_algorithm"
    assert refused(SignedResult(f"{header}.{payload}."), issuer) == "signing.wrong_algorithm"


def test_the_public_key_is_no_secret_of_an_hmac(issuer: Installation, result: SignedResult) -> None:
    key = issuer.keys.current().chain[0].public_key()
    jwk = issuer.keys.jwks()["keys"][0]
    secrets = [
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        json.dumps(jwk).encode(),
        jwk["x"].encode(),
        b"",
    ]
    for secret in secrets:
        signed = f"{written(part(result.token, 0) | {'alg': 'HS256'})}.{better(result.token)}"
        tag = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert refused(SignedResult(f"{signed}.{written(tag)}"), issuer) == "signing.wrong_algorithm"
        # the same under the name of the right algorithm
        signed = f"{result.token.split('.')[0]}.{better(result.token)}"
        tag = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert refused(SignedResult(f"{signed}.{written(tag * 2)}"), issuer) == "signing.altered"


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(63) + b"\x01", b"\x01" * 63, b"\x01" * 65])
def test_signatures_of_special_numbers_do_not_hold(
    issuer: Installation, result: SignedResult, signature: bytes
) -> None:
    header, payload, _ = result.token.split(".")
    assert refused(SignedResult(f"{header}.{payload}.{written(signature)}"), issuer) == "signing.altered"


# ── the key ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def forged_by(other: ECKey, header: dict[str, Any], result: SignedResult) -> SignedResult:
    body = part(result.token, 1)
    body["credentialSubject"]["ratings"][1]["grades"]["business"] = "AAA"
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = 10_000
    return SignedResult(jws.serialize_compact(header, json.dumps(body), other, registry=registry))


def test_another_s_key_under_our_key_s_name_does_not_verify(issuer: Installation, result: SignedResult) -> None:
    other = ECKey.generate_key("P-256")
    assert refused(forged_by(other, part(result.token, 0), result), issuer) == "signing.altered"


@pytest.mark.parametrize("kid", ["", "../../keys/0001.pem", "' OR 1=1 --", "한글", "k" * 300, None, 7, ["a"], {"a": 1}])
def test_a_key_is_found_by_a_name_in_the_given_set_or_not_at_all(
    issuer: Installation, result: SignedResult, kid: Any
) -> None:
    _, payload, signature = result.token.split(".")
    forged = written(part(result.token, 0) | {"kid": kid})
    assert refused(SignedResult(f"{forged}.{payload}.{signature}"), issuer) == "signing.unknown_key"


def _injections(other: ECKey) -> dict[str, dict[str, Any]]:
    public = other.as_dict(private=False)
    return {
        "jwk": {"jwk": public},
        "jku": {"jku": "https://evil.example/jwks.json"},
        "x5u": {"x5u": "https://evil.example/chain.pem"},
        "x5c": {"x5c": ["MIIB"]},
        "x5t": {"x5t": "abc"},
        "x5t#S256": {"x5t#S256": "abc"},
        "crit": {"crit": ["exp"], "exp": 1},
        "b64": {"b64": False, "crit": ["b64"]},
        "zip": {"zip": "DEF"},
        "cty": {"cty": "vc"},
        "url": {"url": "https://evil.example/"},
    }


@pytest.mark.parametrize("name", list(_injections(ECKey.generate_key("P-256"))))
def test_a_header_that_brings_a_key_or_a_way_to_one_is_refused(
    issuer: Installation, result: SignedResult, name: str
) -> None:
    other = ECKey.generate_key("P-256")
    header = part(result.token, 0) | _injections(other)[name]
    _, payload, signature = result.token.split(".")
    assert refused(SignedResult(f"{written(header)}.{payload}.{signature}"), issuer) == "signing.foreign_header"
    if name == "jwk":
        assert refused(forged_by(other, header, result), issuer) == "signing.foreign_header"
    header.pop("kid")
    assert refused(SignedResult(f"{written(header)}.{payload}.{signature}"), issuer) == "signing.foreign_header"


def test_a_withdrawn_installation_s_result_is_not_ours(
    issuer: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Installation(tmp_path_factory.mktemp("other"))
    assert refused(other.issue(), issuer) == "signing.unknown_key"


def test_a_key_set_with_a_private_key_is_refused(issuer: Installation) -> None:
    leaked = ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=True)
    with pytest.raises(InputError) as told:
        tokens.read_keys(json.dumps({"keys": [leaked]}).encode())
    assert told.value.key == "signing.private_key_in_set"


KEY = ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=False)
RSA = RSAKey.generate_key(2048, {"kid": "r"}).as_dict(private=False)


@pytest.mark.parametrize(
    "keys",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1]}',
        b'{"keys": [], "keys": []}',
        json.dumps({"keys": [KEY, KEY]}).encode(),
        json.dumps({"keys": [RSA]}).encode(),
        json.dumps({"keys": [{**KEY, "use": "enc"}]}).encode(),
        json.dumps({"keys": [{**KEY, "alg": "ES384"}]}).encode(),
        json.dumps({"keys": [{**KEY, "crv": "P-384"}]}).encode(),
        json.dumps({"keys": [{**KEY, "x": KEY["y"]}]}).encode(),  # no point of the curve
        json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "kid": "a"}]}).encode(),
        json.dumps({"keys": [{**KEY, "kid": str(number)} for number in range(300)]}).encode(),
        b'{"keys": [' + b" " * 300_000 + b"]}",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_set_of_our_kind_of_keys_is_refused(keys: bytes) -> None:
    with pytest.raises(InputError) as told:
        tokens.read_keys(keys)
    assert told.value.key == "signing.no_key_set"


def test_keys_of_other_kinds_beside_ours_are_left_out() -> None:
    assert list(tokens.read_keys(json.dumps({"keys": [RSA, KEY]}).encode())) == ["a"]


# ── the token ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typ", ["JWT", "vc+sd-jwt", "VC+JWT", "", None, ["vc+jwt"]])
def test_a_token_for_another_use_is_refused(issuer: Installation, result: SignedResult, typ: Any) -> None:
    _, payload, signature = result.token.split(".")
    forged = written(part(result.token, 0) | {"typ": typ})
    assert refused(SignedResult(f"{forged}.{payload}.{signature}"), issuer) == "signing.wrong_type"


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_any_changed_byte_of_the_signed_part_is_found(
    issuer: Installation, result: SignedResult, where: float, by: int
) -> None:
    content = bytearray(result.token, "ascii")
    content[int(where * len(content))] ^= by
    try:
        token = content.decode("ascii")
    except UnicodeDecodeError:
        token = content.decode("latin-1")
    with pytest.raises(NotAuthenticError):
        document.verify(SignedResult(token), issuer.public, NOW)


def test_every_other_spelling_of_the_last_characters_is_found(issuer: Installation, result: SignedResult) -> None:
    """The last character of a signature has four spare bits that a usual decoder ignores."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \n"
    for number in range(3):
        parts = result.token.split(".")
        for other in alphabet:
            if other != parts[number][-1]:
                changed = [*parts]
                changed[number] = parts[number][:-1] + other
                refused(SignedResult(".".join(changed)), issuer)
    for token in (result.token + "\n", " " + result.token, result.token + "=", result.token + ".", "." + result.token):
        assert refused(SignedResult(token), issuer) == "signing.no_token"


@given(st.floats(0, 1, exclude_max=True))
def test_a_token_cut_anywhere_is_found(issuer: Installation, result: SignedResult, where: float) -> None:
    with pytest.raises(NotAuthenticError):
        document.verify(SignedResult(result.token[: int(where * len(result.token))]), issuer.public, NOW)


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "a.b.c", "é.é.é", "A" * 200_000, ".".join("A" * 90_000 for _ in "abc")]
)
def test_what_is_no_token_is_refused(issuer: Installation, token: str) -> None:
    assert refused(SignedResult(token), issuer) in {"signing.no_token"}


def signed(issuer: Installation, change: Callable[[dict[str, Any]], Any]) -> SignedResult:
    """A token our own key signed, whose content is another."""
    body = part(issuer.issue().token, 1)
    change(body)
    return SignedResult(issuer.sign(body))


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.clear(),
        lambda body: body.pop("credentialSubject"),
        lambda body: body.update(credentialSubject=[]),
        lambda body: body.update(type=["VerifiableCredential", "BitstringStatusListCredential"]),
        lambda body: body.update(jti="https://ktop.example.org/verify/another"),
        lambda body: body.update(iss="https://evil.example"),
        lambda body: body.update(iat=0),
        lambda body: body.update(validFrom="2026-04-01"),
        lambda body: body.update(_sd_alg="md5"),
        lambda body: body["credentialStatus"].update(statusPurpose="message"),
        lambda body: body["credentialStatus"].update(statusListIndex="07"),
        lambda body: body["credentialStatus"].update(statusListIndex="x"),
        lambda body: body["credentialSubject"].update(ratings=[]),
        lambda body: body["credentialSubject"].update(ratings=[1]),
        lambda body: body["credentialSubject"]["inputs"].update(_sd=[1]),
        lambda body: body["credentialSubject"].update(asOf="yesterday"),
    ],
)
def test_what_our_key_signed_for_another_use_is_no_result(
    issuer: Installation, change: Callable[[dict[str, Any]], Any]
) -> None:
    assert refused(signed(issuer, change), issuer) == "signing.other_content"


def test_a_status_list_is_no_result(issuer: Installation) -> None:
    assert refused(SignedResult(issuer.status()), issuer) == "signing.other_content"


def test_a_payload_with_a_name_twice_or_no_figures_is_refused(issuer: Installation, result: SignedResult) -> None:
    key = issuer.keys.current()
    assert key.signer is not None
    for payload in (b'{"id": 1, "id": 2}', b'{"id": NaN}', b"[]", b"no json", b"\xff", b'{"a":' * 5_000):
        registry = jws.JWSRegistry(algorithms=["ES256"])
        token = jws.serialize_compact(part(result.token, 0), payload, key.signer, registry=registry)
        assert refused(SignedResult(token), issuer) == "signing.altered"


# ── the inputs shown ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_input_of_another_result_of_the_same_company_is_refused(issuer: Installation) -> None:
    one, other = issuer.issue(), issuer.issue()
    for borrowed in other.disclosed:
        assert refused(SignedResult(one.token, [borrowed]), issuer) == "signing.foreign_input"


def test_an_input_shown_twice_is_refused(issuer: Installation, result: SignedResult) -> None:
    assert refused(SignedResult(result.token, [result.disclosed[0]] * 2), issuer) == "signing.foreign_input"


@given(st.integers(0, 20), st.floats(0, 1, exclude_max=True), st.integers(1, 127))
def test_any_changed_byte_of_an_input_is_found(
    issuer: Installation, result: SignedResult, which: int, where: float, by: int
) -> None:
    text = bytearray(result.disclosed[which], "ascii")
    text[int(where * len(text))] ^= by
    with pytest.raises(NotAuthenticError):
        document.verify(SignedResult(result.token, [text.decode("latin-1")]), issuer.public, NOW)


def test_a_better_value_with_the_same_salt_is_refused(issuer: Installation, result: SignedResult) -> None:
    salt, name, value = json.loads(base64url.decode(result.disclosed[-2]))
    forged = written([salt, name, {**value, "value": 10**9}])
    assert refused(SignedResult(result.token, [forged]), issuer) == "signing.foreign_input"


@pytest.mark.parametrize(
    "text", ["", "x", "é", "=", written([]), written({"a": 1}), written("abc"), written([1, 2, 3])]
)
def test_what_is_no_input_is_refused(issuer: Installation, result: SignedResult, text: str) -> None:
    assert refused(SignedResult(result.token, [text]), issuer) == "signing.foreign_input"


def test_floods_of_inputs_are_refused(issuer: Installation, result: SignedResult) -> None:
    assert refused(SignedResult(result.token, ["A" * 200_000]), issuer) == "signing.too_large"
    assert refused(SignedResult(result.token, ["A"] * 3_000), issuer) == "signing.too_large"


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_words_beside_the_signed_part_are_refused(issuer: Installation, result: SignedResult) -> None:
    """A reader might believe a grade that stands in the file but is not signed."""
    whole = json.loads(result.to_bytes())
    for more in ({"grade": "AAA"}, {"credentialSubject": {}}, {"": 1}):
        assert refused(json.dumps(whole | more).encode(), issuer) == "signing.no_signed_result"
    for less in whole:
        rest = {name: value for name, value in whole.items() if name != less}
        assert refused(json.dumps(rest).encode(), issuer) == "signing.no_signed_result"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b'"eyJ"',
        b"{}",
        b"\xff\xfe{}",
        b"[" * 50_000,
        b'{"format": "ktop-signed-result/1", "credential": 1, "disclosures": []}',
        b'{"format": "ktop-signed-result/1", "credential": "a", "disclosures": "b"}',
        b'{"format": "ktop-signed-result/1", "credential": "a", "disclosures": [1]}',
        b'{"format": "ktop-signed-result/2", "credential": "a", "disclosures": []}',
        b'{"format": "ktop-signed-result/1", "credential": "a", "credential": "b", "disclosures": []}',
        b'{"format": "ktop-signed-result/1", "credential": "\\ud800", "disclosures": ["\\ud800"]}',
    ],
)
def test_a_file_of_another_form_is_one_sentence(issuer: Installation, content: bytes) -> None:
    assert refused(content, issuer) in {"signing.no_signed_result", "signing.no_token"}


def test_an_oversized_file_is_not_read(issuer: Installation, result: SignedResult) -> None:
    assert refused(result.to_bytes() + b" " * 1_000_000, issuer) == "signing.too_large"


def test_no_path_or_private_part_is_told(issuer: Installation, tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticError) as told:
        document.verify(SignedResult("a.b.c"), issuer.public, NOW)
    assert str(tmp_path.parent) not in str(told.value)
