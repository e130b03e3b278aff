"""Signed reports that were changed, added to, re-signed or made to burst: each is refused before it is read as PDF."""

from __future__ import annotations

import io
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import invented
import pytest
from asn1crypto import cms
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import embed
from pyhanko.pdf_utils.generic import NameObject, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.signers import PdfSigner
from pypdf import PdfWriter
from signed import Installation

from ktop.catalogue import LANGS, message
from ktop.report.pdf import Seal, report
from ktop.signing import pdf
from ktop.signing.errors import NotAuthenticError
from ktop.signing.pdf import ATTACHMENT, read_pdf, sign_pdf

ADDRESS = "https://ktop.example.org/verify/" + "a" * 32


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installation") / "signing")


def sealed(issuer: Installation) -> bytes:
    return report([invented.ktrs_fm()], "en", seal=Seal(ADDRESS, ATTACHMENT, issuer.issue().to_bytes()))


@pytest.fixture(scope="module")
def unsigned(issuer: Installation) -> bytes:
    return sealed(issuer)


@pytest.fixture(scope="module")
def signed(issuer: Installation, unsigned: bytes) -> bytes:
    return sign_pdf(unsigned, issuer.keys.current(), "K-TOP", "signature")


def refused(content: bytes, issuer: Installation) -> str:
    with pytest.raises(NotAuthenticError) as told:
        read_pdf(content, issuer.public)
    assert all(message(told.value, lang) for lang in LANGS)
    return told.value.key


def place(content: bytes) -> tuple[int, int]:
    """Where the signature stands: from its ``<`` to behind its ``>``."""
    found = list(pdf._BYTE_RANGE.finditer(content))[-1]
    return int(found[1]), int(found[2])


@pytest.fixture(scope="module")
def changes(issuer: Installation, signed: bytes) -> tuple[int, int]:
    assert read_pdf(signed, issuer.public)
    return place(signed)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_any_changed_byte_of_the_signed_part_is_found(
    issuer: Installation, signed: bytes, changes: tuple[int, int], where: float, by: int
) -> None:
    begins, ends = changes
    covered = [*range(begins), *range(ends, len(signed))]
    at = covered[int(where * len(covered))]
    with pytest.raises(NotAuthenticError):
        read_pdf(signed[:at] + bytes([signed[at] ^ by]) + signed[at + 1 :], issuer.public)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_any_changed_byte_of_the_signature_is_found_or_spells_the_same(
    issuer: Installation, signed: bytes, changes: tuple[int, int], where: float, by: int
) -> None:
    begins, ends = changes
    at = begins + int(where * (ends - begins))
    other = bytes([signed[at] ^ by])
    changed = signed[:at] + other + signed[at + 1 :]
    if other.lower() == signed[at : at + 1].lower() and other.isalpha():
        assert read_pdf(changed, issuer.public)
    else:
        with pytest.raises(NotAuthenticError):
            read_pdf(changed, issuer.public)


def test_no_digit_of_a_signature_can_be_another(issuer: Installation, signed: bytes) -> None:
    """Certificates and what a signature says of itself, too, which its own covered part does not hold."""
    begins, ends = place(signed)
    digits, covered = signed[begins + 1 : ends - 1], signed[:begins] + signed[ends:]
    pdf._check(bytes.fromhex(digits.decode()), covered, issuer.public)
    for at in range(len(digits.rstrip(b"0")) + 2):
        other = b"%x" % (int(digits[at : at + 1], 16) ^ (1 << at % 4))
        with pytest.raises(NotAuthenticError):
            pdf._check(bytes.fromhex((digits[:at] + other + digits[at + 1 :]).decode()), covered, issuer.public)


@pytest.mark.parametrize(
    "more",
    [b" ", b"\n", b"%%EOF\n", b"\0", b"1 0 obj\n<<>>\nendobj\n", b"startxref\n0\n%%EOF\n", b"%PDF-1.7\n" * 100],
)
def test_what_is_added_before_or_behind_is_found(issuer: Installation, signed: bytes, more: bytes) -> None:
    assert refused(signed + more, issuer) == "signing.pdf_changed"
    assert refused(more + signed, issuer) == "signing.pdf_changed"


@given(st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_found(issuer: Installation, signed: bytes, where: float) -> None:
    with pytest.raises(NotAuthenticError):
        read_pdf(signed[: int(where * len(signed))], issuer.public)


def updated(content: bytes, change: str) -> bytes:
    """The file with an update behind it, as editors write them."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    if change == "attachment":
        stream = embed.EmbeddedFileObject.from_file_data(writer, b'{"grade": "AAA"}', compress=False)
        embed.embed_file(writer, embed.FileSpec("z.json", embedded_data=stream))
    elif change == "swapped":
        file = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1]["/EF"]
        file["/F"] = writer.add_object(embed.EmbeddedFileObject.from_file_data(writer, b"{}", compress=False))
        writer.update_container(file)
    elif change == "title":
        writer.root["/Lang"] = pdf_string("en")
        writer.update_root()
    elif change == "page":
        reference, _ = writer.find_page_for_modification(0)
        reference.get_object()["/Rotate"] = NameObject("/Null")
        writer.update_container(reference.get_object())
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("change", ["attachment", "swapped", "title", "page"])
def test_an_incremental_update_is_found(issuer: Installation, signed: bytes, change: str) -> None:
    assert refused(updated(signed, change), issuer) == "signing.pdf_changed"


def test_a_second_signature_is_found_whoever_gave_it(
    issuer: Installation,
    signed: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Installation(tmp_path_factory.mktemp("other"))
    monkeypatch.setattr(PdfSigner, "_enforce_certification_constraints", lambda *_: None)  # attackers obey nobody
    for who in (issuer, other):
        assert refused(second_signature(signed, who), issuer) == "signing.pdf_changed"


def second_signature(content: bytes, who: Installation) -> bytes:
    from asn1crypto import keys, x509
    from cryptography.hazmat.primitives import serialization

    key = who.keys.current()
    assert key.private is not None
    private = key.private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(key.chain[0].public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=None,
    )
    about = signers.PdfSignatureMetadata(field_name="second")
    # A browser test before this one in the same process leaves an event loop, which pyHanko's own cannot run in.
    with ThreadPoolExecutor(max_workers=1) as alone:
        made = alone.submit(signers.sign_pdf, IncrementalPdfFileWriter(io.BytesIO(content)), about, signer).result()
    return bytes(made.getvalue())


def test_a_signature_that_ends_with_a_zero_holds(
    issuer: Installation, unsigned: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of 256 does; zeros fill the place behind it, too."""
    sign_raw = signers.SimpleSigner.sign_raw

    def ending_with_zero(self: signers.SimpleSigner, data: bytes, digest_algorithm: str) -> bytes:
        while (signature := sign_raw(self, data, digest_algorithm))[-1]:  # each has its own random number
            pass
        return signature

    monkeypatch.setattr(signers.SimpleSigner, "sign_raw", ending_with_zero)
    content = sign_pdf(unsigned, issuer.keys.current(), "K-TOP", "signature")
    assert read_pdf(content, issuer.public)
    begins, ends = place(content)
    assert cms.ContentInfo.load(bytes.fromhex(content[begins + 1 : ends - 1].decode())).dump()[-1] == 0
    at = ends - 3
    assert refused(content[:at] + b"1" + content[at + 1 :], issuer) == "signing.pdf_changed"


def test_a_report_signed_by_somebody_else_is_not_ours(
    issuer: Installation, unsigned: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The result attached is ours and verifies: the report around it may say anything."""
    other = Installation(tmp_path_factory.mktemp("other"))
    forged = sign_pdf(unsigned, other.keys.current(), "K-TOP", "signature")
    assert refused(forged, issuer) == "signing.unknown_key"


def test_our_signature_on_another_s_file_does_not_hold(issuer: Installation, signed: bytes) -> None:
    other = sign_pdf(sealed(issuer), issuer.keys.current(), "K-TOP", "signature")
    begins, ends = place(signed)
    theirs = slice(*place(other))
    assert ends - begins == theirs.stop - theirs.start, "places are of one size"
    assert refused(signed[:begins] + other[theirs] + signed[ends:], issuer) == "signing.pdf_changed"


def test_a_report_written_anew_by_another_program_is_found(issuer: Installation, signed: bytes) -> None:
    out = io.BytesIO()
    PdfWriter(clone_from=io.BytesIO(signed)).write(out)
    assert refused(out.getvalue(), issuer) in {"signing.pdf_changed", "signing.pdf_not_signed"}


def test_a_report_without_a_signature_is_not_taken_for_one(issuer: Installation, unsigned: bytes) -> None:
    assert refused(unsigned, issuer) == "signing.pdf_not_signed"
    assert refused(b"%PDF-1.7\n", issuer) == "signing.pdf_not_signed"


def test_the_place_of_the_signature_holds_nothing_else(issuer: Installation, signed: bytes) -> None:
    """What stands in it is not covered: readers must find no objects there."""
    _, ends = place(signed)
    for filled in (b">>endobj 9 0 obj<<", b"    ", b"(text)", b"0123456789abcdefg"):
        changed = signed[: ends - 1 - len(filled)] + filled + signed[ends - 1 :]
        assert len(changed) == len(signed)
        assert refused(changed, issuer) == "signing.pdf_changed"
    hidden = signed[: ends - 9] + b"deadbeef" + signed[ends - 1 :]
    assert refused(hidden, issuer) == "signing.pdf_changed", "only zeros fill it"


@pytest.mark.parametrize("byte_range", [b"[0 10 20 30]", b"[0 0 0 0]", b"[0 5 5 999999999]", b"[0 1 99999999999 1]"])
def test_a_range_of_the_attacker_s_choice_covers_nothing(
    issuer: Installation, signed: bytes, byte_range: bytes
) -> None:
    found = list(pdf._BYTE_RANGE.finditer(signed))[-1]
    changed = signed[: found.start()] + b"/ByteRange " + byte_range + signed[found.end() :]
    assert refused(changed, issuer) in {"signing.pdf_changed", "signing.pdf_not_signed"}


def test_a_flood_of_places_is_refused(issuer: Installation, signed: bytes) -> None:
    flood = b"%PDF-1.7\n<" + b"0" * 5_000_000 + b">" + b"/ByteRange [0 9 5000011 1]" * 200_000
    assert refused(flood, issuer) == "signing.pdf_changed"
    assert refused(b"/ByteRange [0 9 5000011 1]" * 60 + signed, issuer) == "signing.pdf_changed"


def test_a_title_that_reads_like_a_signature_s_place_harms_nobody(issuer: Installation) -> None:
    rating = invented.ktrs_fm(subject={"name": "/ByteRange [0 1 2 3] /Contents <00>"})
    content = report([rating], "en", seal=Seal(ADDRESS, ATTACHMENT, issuer.issue().to_bytes()))
    assert b"/ByteRange [0 1 2 3]" in content
    assert read_pdf(sign_pdf(content, issuer.keys.current(), "K-TOP", "signature"), issuer.public)


def test_nothing_of_a_foreign_file_is_unpacked(issuer: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a few kilobytes that unfolds to gigabytes: refused by its bytes, never read as PDF."""

    def never(*_: object) -> bytes:
        raise AssertionError("read as PDF before its signature was checked")

    monkeypatch.setattr(pdf, "_attached", never)
    bomb = zlib.compress(bytes(10_000_000), 9)
    body = b"1 0 obj\n<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n" % (len(bomb), bomb)
    gap = b"<" + b"00" * 40 + b">"
    ahead = b"%PDF-1.7\n" + body + b"/ByteRange [0 "
    length = len(ahead) + 28
    content = ahead + b"%08d %08d %08d]\n" % (length, length + len(gap), 6) + gap + b"%%EOF\n"
    assert place(content) == (length, length + len(gap))
    assert refused(content, issuer) == "signing.pdf_changed"
    assert refused(b"%PDF-1.7\n" + bytes(21_000_000), issuer) == "signing.too_large"


def test_a_signed_report_without_a_result_is_told(issuer: Installation) -> None:
    content = sign_pdf(report([invented.ktrs_fm()], "en"), issuer.keys.current(), "K-TOP", "signature")
    assert refused(content, issuer) == "signing.pdf_without_result"


def test_no_path_of_the_installation_is_told(issuer: Installation, tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticError) as told:
        read_pdf(b"%PDF-1.7", issuer.public)
    assert "/" not in str(told.value)
