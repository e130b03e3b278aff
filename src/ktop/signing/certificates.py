"""The installation's own certificates (X.509, RFC 5280): a root, and below it one for each key that signs.

A reader of signed PDFs that was given the root once trusts every later key of the installation.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ROOT_YEARS, _LEAF_YEARS = 25, 10
#: A common name has 64 bytes at most.
_NAME_BYTES = 56


def root_of(key: ec.EllipticCurvePrivateKey, name: str) -> x509.Certificate:
    """Return the self-signed certificate of an installation's root; it signs certificates and nothing else."""
    subject = _named(name, "root")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return _builder(subject, subject, key, _ROOT_YEARS, x509.BasicConstraints(True, 0), usage).sign(
        key, hashes.SHA256()
    )


def leaf_of(
    key: ec.EllipticCurvePrivateKey, name: str, number: int, signer: ec.EllipticCurvePrivateKey, root: x509.Certificate
) -> x509.Certificate:
    """Return the certificate of the installation's signing key ``number``; it signs documents and nothing else."""
    usage = _usage(digital_signature=True, content_commitment=True)
    subject = _named(name, str(number))
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        _builder(subject, root.subject, key, _LEAF_YEARS, x509.BasicConstraints(False, None), usage)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signer, hashes.SHA256())
    )


def written(part: ec.EllipticCurvePrivateKey | x509.Certificate) -> bytes:
    """Return a private key (PKCS#8, not encrypted) or a certificate as PEM."""
    if isinstance(part, x509.Certificate):
        return part.public_bytes(serialization.Encoding.PEM)
    return part.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def in_jwk(certificate: x509.Certificate) -> str:
    """Return a certificate as a JWK's ``x5c`` holds it: base64 of its DER."""
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def _named(name: str, what: str) -> x509.Name:
    shortened = name.encode()[:_NAME_BYTES].decode(errors="ignore").strip()
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{shortened} {what}")])


def _usage(**used: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    others = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: used.get(name, False) for name in (*names, *others)})


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    years: int,
    constraints: x509.BasicConstraints,
    usage: x509.KeyUsage,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
