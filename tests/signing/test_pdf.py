"""A signed report: other readers call it valid, it stays what PDF/A and PDF/UA ask, and carries the signed result."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import invented
import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, ValidationContext, validate_pdf_signature
from pypdf import PdfReader
from signed import NOW, Installation

from ktop.catalogue import Lang
from ktop.report.pdf import Seal, report
from ktop.signing import document
from ktop.signing.document import SignedResult
from ktop.signing.errors import NotAuthenticError
from ktop.signing.pdf import ATTACHMENT, read_pdf, sign_pdf

ADDRESS = "https://ktop.example.org/verify/" + "a" * 32


def sealed(issuer: Installation, result: SignedResult, lang: Lang = "ko") -> bytes:
    ratings = [invented.tech_index(), invented.ktrs_fm(), invented.originality()]
    return report(ratings, lang, seal=Seal(ADDRESS, ATTACHMENT, result.to_bytes()))


@pytest.fixture(scope="module")
def result(issuer: Installation) -> SignedResult:
    return issuer.issue()


@pytest.fixture(scope="module")
def before(issuer: Installation, result: SignedResult) -> bytes:
    return sealed(issuer, result)


@pytest.fixture(scope="module")
def signed(issuer: Installation, before: bytes) -> bytes:
    return sign_pdf(before, issuer.keys.current(), "K-TOP (가상)", "전자서명")


def catalog(content: bytes) -> Any:
    return PdfReader(io.BytesIO(content)).trailer["/Root"]


def test_it_carries_the_signed_result_and_both_verify(
    issuer: Installation, result: SignedResult, signed: bytes
) -> None:
    found = read_pdf(signed, issuer.public)
    assert found == result
    assert document.verify(found, issuer.public, NOW).withheld == 0
    assert PdfReader(io.BytesIO(signed)).attachments[ATTACHMENT] == [result.to_bytes()]


def test_other_readers_find_everything_in_order(issuer: Installation, signed: bytes, tmp_path: Path) -> None:
    """By pyhanko's own validation of the whole PDF, which ``read_pdf`` does not use, and poppler's where installed."""
    root = issuer.keys.current().chain[1].public_bytes(serialization.Encoding.DER)
    context = ValidationContext(trust_roots=[x509.Certificate.load(root)], allow_fetching=False)
    (embedded,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    with ThreadPoolExecutor(max_workers=1) as alone:  # pyhanko runs an event loop of its own
        status = alone.submit(validate_pdf_signature, embedded, context).result()
    assert status.bottom_line and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert embedded.docmdp_level is not None and embedded.docmdp_level.value == 1, "nothing may be added"
    pdfsig = shutil.which("pdfsig")
    if pdfsig:
        (tmp_path / "report.pdf").write_bytes(signed)
        told = subprocess.run([pdfsig, "-nocert", "report.pdf"], cwd=tmp_path, capture_output=True, text=True).stdout
        assert "Signature is Valid." in told and "Total document signed" in told


def test_what_archives_and_screen_readers_need_is_as_it_was(before: bytes, signed: bytes) -> None:
    """PDF/A-3a and PDF/UA-1 as far as structure tells; no checker of either standard is at hand."""
    assert signed.startswith(before), "an update behind what typst checked and wrote"
    was, now = catalog(before), catalog(signed)
    metadata = now["/Metadata"].get_data().decode()
    assert metadata == was["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert set(now) - set(was) == {"/AcroForm", "/Perms"}, "no /Version: PDF/A-3 is PDF 1.7"
    for name in set(was) - {"/Names", "/AF"}:
        assert _written(now[name]) == _written(was[name]), name
    assert now["/OutputIntents"] and now["/MarkInfo"]["/Marked"] and now["/Lang"] == "ko"
    assert PdfReader(io.BytesIO(before)).metadata == PdfReader(io.BytesIO(signed)).metadata


def _written(value: Any) -> str:
    return re.sub(r", \d{9,}", "", str(value))  # the reader's own numbers


def test_the_attachment_is_one_that_an_archive_may_hold(signed: bytes) -> None:
    """ISO 19005-3, 6.8: a kind, a relationship and a description, named by the document."""
    root = catalog(signed)
    (attached,) = (entry.get_object() for entry in root["/AF"])
    assert attached["/AFRelationship"] == "/Data" and attached["/Desc"] and attached["/UF"] == ATTACHMENT
    assert attached["/EF"]["/F"].get_object()["/Subtype"] == "/application/json"


def test_the_signature_field_is_outside_the_page_and_named(signed: bytes) -> None:
    """ISO 19005-3, 6.3: printed, not hidden, no appearance for one without an extent; ISO 14289-1, 7.18."""
    page = PdfReader(io.BytesIO(signed)).pages[0]
    assert page["/Tabs"] == "/S"
    (widget,) = [entry for entry in (a.get_object() for a in page["/Annots"]) if entry["/Subtype"] == "/Widget"]
    left, bottom, right, top = (float(edge) for edge in widget["/Rect"])
    assert left == right < 0 and bottom == top < 0
    assert int(widget["/F"]) & 0b100111 == 0b100, "print, and neither invisible, hidden nor without view"
    assert widget["/TU"] == "전자서명"
    (reference,) = catalog(signed)["/Perms"]["/DocMDP"]["/Reference"]
    assert not {"/DigestMethod", "/DigestValue", "/DigestLocation"} & set(reference), "ISO 19005-3, 6.1.12"


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_to_verify_at_stands_on_the_first_page(issuer: Installation, result: SignedResult, lang: Lang) -> None:
    page = PdfReader(io.BytesIO(sealed(issuer, result, lang))).pages[0]
    assert ADDRESS in "".join(page.extract_text().split())
    links = [a.get_object() for a in page["/Annots"]]
    outside = [link["/A"]["/URI"] for link in links if "/A" in link]  # the contents lead to places inside
    assert outside == [ADDRESS]


def test_a_report_without_a_seal_is_as_it_always_was(before: bytes) -> None:
    plain = report([invented.tech_index()], "ko")
    assert (
        "/AF" not in catalog(plain)
        and "<pdfaid:part>2</pdfaid:part>" in catalog(plain)["/Metadata"].get_data().decode()
    )


def test_after_a_rotation_the_report_verifies(tmp_path: Path, before: bytes) -> None:
    issuer = Installation(tmp_path)
    content = sign_pdf(sealed(issuer, issuer.issue()), issuer.keys.current(), "K-TOP", "signature")
    issuer.keys.rotate()
    assert read_pdf(content, issuer.public)
    issuer.keys.withdraw(issuer.keys.all()[0].id)
    with pytest.raises(NotAuthenticError) as told:
        read_pdf(content, issuer.public)
    assert told.value.key == "signing.unknown_key"
