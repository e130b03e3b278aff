"""Signs a report as a PDF (PAdES B-B, ETSI EN 319 142-1) and finds out whether one is as it was signed.

The signature covers the file from its first byte to its last, and certifies that nothing may be added. A file is
checked before anything in it is read as PDF: its bytes but for the place of the signature itself must be what one of
the given keys signed. What was appended, packed to burst or made to confuse readers never reaches a parser.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
from concurrent.futures import ThreadPoolExecutor

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey

from ktop.signing.document import SignedResult
from ktop.signing.errors import NotAuthenticError
from ktop.signing.keys import InstalledKey
from ktop.signing.tokens import PublicKeys

#: The attached signed result.
ATTACHMENT = "signed-result.json"
BEGINNING = b"%PDF-"
MAX_PDF_BYTES = 20_000_000
_FIELD = "K-TOP"
_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
#: Signatures have some 2 KB with their certificates; the place for one is of the same size in every report.
_PLACE_BYTES = 6_144

#: Of a file full of places not all are looked at, nor of a place as long as the file.
_MOST_PLACES, _LONGEST_PLACE = 50, 100_000

#: DER of what a signature of ours says of itself (RFC 5652): versions, nothing enclosed, SHA-256 twice, ECDSA with it.
_OUR_FORM = [
    *("020101", "020101", "300b06092a864886f70d010701"),
    *("310f300d06096086480165030402010500", "300d06096086480165030402010500", "300a06082a8648ce3d040302"),
]
#: What reading a signature or certificate that somebody changed may raise.
_UNREADABLE = (ValueError, TypeError, KeyError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion)
# pyhanko takes .6 s to import: inside the functions that need it.


def sign_pdf(content: bytes, key: InstalledKey, issuer_name: str, label: str) -> bytes:
    """Return a report with the signature of ``key`` over all of it.

    Parameters
    ----------
    content : a PDF that has no signature.
    label : what a screen reader calls the signature, in the report's language.
    """
    from asn1crypto import keys, x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    assert key.private is not None
    leaf, root = (
        x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)) for certificate in key.chain
    )
    private = key.private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = SimpleCertificateStore()
    chain.register(root)
    signer = signers.SimpleSigner(
        signing_cert=leaf,
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=chain,
        embed_roots=True,
    )
    # Not hidden, as PDF/A wants it, and outside the page, so that PDF/UA wants no tag for it.
    invisible = fields.InvisSigSettings(set_hidden_flag=False, set_print_flag=True, box_out_of_bounds=True)
    field = fields.SigFieldSpec(_FIELD, invis_sig_settings=invisible, readable_field_name=label)
    about = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm="sha256",
        name=issuer_name,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )

    class AsWritten(IncrementalPdfFileWriter):
        """Adds the signature and nothing else: the file stays the PDF 1.7 that PDF/A-3 is made of, and its metadata,
        written anew, would declare PDF/A's schemas in another form."""

        def _update_meta(self) -> None:
            pass

        def register_extension(self, ext: object) -> None:
            pass

        def ensure_output_version(self, version: object) -> None:
            pass

    writer = AsWritten(io.BytesIO(content))
    signing = signers.PdfSigner(about, signer, new_field_spec=field)
    # pyHanko runs an event loop of its own, which a thread that has one already refuses.
    with ThreadPoolExecutor(max_workers=1) as alone:
        made = alone.submit(signing.sign_pdf, writer, bytes_reserved=2 * _PLACE_BYTES).result()
    return bytes(made.getvalue())


def read_pdf(content: bytes, keys: PublicKeys) -> SignedResult:
    """Return the signed result attached to a report.

    Raises ``NotAuthenticError`` unless the whole file, as it is, was signed by one of ``keys``.
    """
    if len(content) > MAX_PDF_BYTES:
        raise NotAuthenticError("signing.too_large")
    found = list(itertools.islice(_BYTE_RANGE.finditer(content), _MOST_PLACES))
    if not found:
        raise NotAuthenticError("signing.pdf_not_signed")
    # A title may read like a signature's place, but no signature stands where it says.
    places = [match for match in found if _holds_signature(content, int(match[1]), int(match[2]))]
    if len(found) == _MOST_PLACES or len(places) != 1 or int(places[0][2]) + int(places[0][3]) != len(content):
        raise NotAuthenticError("signing.pdf_changed")
    begins, ends = int(places[0][1]), int(places[0][2])
    try:
        signature = bytes.fromhex(content[begins + 1 : ends - 1].decode())
    except ValueError as error:
        raise NotAuthenticError("signing.pdf_changed") from error
    _check(signature, content[:begins] + content[ends:], keys)
    return SignedResult.parse(_attached(content))


def _holds_signature(content: bytes, begins: int, ends: int) -> bool:
    """Whether a hexadecimal string, and nothing else, stands at a place."""
    if (
        not 0 < begins < ends - 2 < begins + _LONGEST_PLACE
        or content[begins : begins + 1] + content[ends - 1 : ends] != b"<>"
    ):
        return False
    return _HEX.fullmatch(content, begins + 1, ends - 1) is not None


def _check(signature: bytes, covered: bytes, keys: PublicKeys) -> None:
    """Raise ``NotAuthenticError`` unless one of ``keys`` signed the bytes covered, in the one form that we sign in."""
    from asn1crypto import cms, core, parser
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_sig_integrity

    try:
        content = cms.ContentInfo.load(signature)  # zeros fill the place, but a signature may end with one, too
        length, kind = len(content.dump()), parser.peek(content.contents)
        whole = kind + parser.peek(content.contents[kind:]) == len(content.contents)  # and none of the zeros behind it
        if not whole or content["content_type"].native != "signed_data" or signature[length:].strip(b"\0"):
            raise ValueError("more than a signature")
        signed = content["content"]
        (signer,) = signed["signer_infos"]
        form = (
            *(signed["version"], signer["version"], signed["encap_content_info"], signed["digest_algorithms"]),
            *(signer["digest_algorithm"], signer["signature_algorithm"]),
        )
        if (
            [part.dump().hex() for part in form] != _OUR_FORM
            or signer["signed_attrs"] is core.VOID
            or signer["unsigned_attrs"] is not core.VOID
        ):
            raise ValueError("another form than ours")
        certificate = extract_certs_for_validation(signed).signer_cert
        public = certificate.public_key.dump()
        # What the file's signature does not cover, the certificates' own signatures do: the key's by the root's.
        (issued, root) = (x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"])
        if issued.public_bytes(serialization.Encoding.DER) != certificate.dump():
            issued, root = root, issued
        if signer["sid"].chosen["issuer"].dump() != issued.issuer.public_bytes():
            raise ValueError("another name than the certificate's")
        issued.verify_directly_issued_by(root)
        root.verify_directly_issued_by(root)
    except (*_UNREADABLE, SignatureValidationError) as error:
        raise NotAuthenticError("signing.pdf_changed") from error
    if public not in {_spki(key) for key in keys.values()}:
        raise NotAuthenticError("signing.unknown_key")
    try:
        intact, valid = validate_sig_integrity(signer, certificate, "data", hashlib.sha256(covered).digest())
    except (ValueError, TypeError, KeyError, SignatureValidationError) as error:
        raise NotAuthenticError("signing.pdf_changed") from error
    if not (intact and valid):
        raise NotAuthenticError("signing.pdf_changed")


def _spki(key: ECKey) -> bytes:
    return key.public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _attached(content: bytes) -> bytes:
    """Return the one attachment of a report that is known to be ours."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        files = PdfFileReader(io.BytesIO(content)).root["/Names"]["/EmbeddedFiles"]["/Names"]
        (_, specification) = (files[0], files[1])
        return bytes(specification["/EF"]["/F"].data)
    except (PdfError, KeyError, IndexError) as error:
        raise NotAuthenticError("signing.pdf_without_result") from error
