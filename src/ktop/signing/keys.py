"""The keys that an installation signs with: P-256, one in force at a time, earlier public ones kept.

Each key has a file of its own, ``NNNN.pem``: the private key and the chain of certificates (its own, the root's). The
highest number is in force. A key that was followed by another keeps its certificates only: what it signed verifies for
good, and nobody can sign with it any more. A key that got into wrong hands becomes ``NNNN.withdrawn``: it leaves the
published set, and nothing it signed verifies.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.kernel.sealing import make_private_file
from ktop.signing import certificates

ALGORITHM = "ES256"
_ROOT = "root.pem"


@dataclass(frozen=True, slots=True)
class InstalledKey:
    """One key of this installation.

    Parameters
    ----------
    id : RFC 7638 thumbprint, 43 characters: the ``kid`` of what it signs.
    public : its public JWK (RFC 7517) with ``kid``, ``use``, ``alg`` and ``x5c``.
    chain : its certificate and the root's.
    private, signer : the private key, and the same as JOSE uses it; None for a key that was followed by another.
    """

    id: str
    number: int
    created: datetime
    public: Mapping[str, Any]
    chain: Sequence[x509.Certificate]
    private: ec.EllipticCurvePrivateKey | None
    signer: ECKey | None


class SigningKeys:
    """The keys under one folder, ``settings.data / "keys" / "signing"``; read again when a file came or went.

    Parameters
    ----------
    name : what the certificates call the issuer.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._lock = threading.Lock()
        self._seen: tuple[tuple[str, int], ...] = ()
        self._keys: tuple[InstalledKey, ...] = ()

    def current(self) -> InstalledKey:
        """Return the key in force, made at first use.

        Raises ``UnavailableError`` where its file is damaged or has lost its private key.
        """
        keys = self.all()
        if not keys:
            self._make(1)
            keys = self.all()
        if keys[-1].private is None:
            raise UnavailableError("signing.key_file_damaged", file=str(self._path(keys[-1].number)))
        return keys[-1]

    def all(self) -> Sequence[InstalledKey]:
        """Return every key that was not withdrawn, the one in force last; none before anything was signed."""
        paths = sorted(self._folder.glob("[0-9][0-9][0-9][0-9].pem"))
        seen = tuple((path.name, path.stat().st_mtime_ns) for path in paths)
        with self._lock:
            if seen != self._seen:
                self._keys = tuple(_read(path) for path in paths)
                self._seen = seen
            return self._keys

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK set (RFC 7517), the one in force first."""
        return {"keys": [dict(key.public) for key in reversed(self.all())]}

    def rotate(self) -> InstalledKey:
        """Make another key the one in force and destroy the private part of those before it."""
        self._make(self.current().number + 1)
        *earlier, newest = self.all()
        for key in earlier:
            if key.private is not None:
                with atomic_path(self._path(key.number)) as beside:
                    beside.write_bytes(b"".join(map(certificates.written, key.chain)))
        return newest

    def withdraw(self, key_id: str) -> InstalledKey:
        """Take a key that is in wrong hands out of use, with all that it signed; return the one in force afterwards.

        Raises ``NotFoundError`` for a key there is none of.
        """
        found = next((key for key in self.all() if key.id == key_id), None)
        if found is None:
            raise NotFoundError("signing.no_such_key", given=key_id[:64])
        if found.number == self.current().number:
            self.rotate()
        self._path(found.number).replace(self._folder / f"{found.number:04}.withdrawn")
        return self.current()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:04}.pem"

    def _make(self, number: int) -> None:
        """Write the key of a number; where another process did so first, that one stays."""
        root_path = self._folder / _ROOT
        if not root_path.exists():
            root_key = ec.generate_private_key(ec.SECP256R1())
            root = certificates.root_of(root_key, self._name)
            make_private_file(root_path, certificates.written(root_key) + certificates.written(root))
        content = root_path.read_bytes()
        signer, (root, *_) = _private(content, root_path), x509.load_pem_x509_certificates(content)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = certificates.leaf_of(key, self._name, number, signer, root)
        make_private_file(self._path(number), b"".join(certificates.written(part) for part in (key, leaf, root)))


def _private(content: bytes, path: Path) -> ec.EllipticCurvePrivateKey:
    with contextlib.suppress(ValueError):
        found = serialization.load_pem_private_key(content, None)
        if isinstance(found, ec.EllipticCurvePrivateKey):
            return found
    raise UnavailableError("signing.key_file_damaged", file=str(path))


def _read(path: Path) -> InstalledKey:
    content = path.read_bytes()
    try:
        chain = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise UnavailableError("signing.key_file_damaged", file=str(path)) from error
    own = chain[0].public_key()
    private = _private(content, path) if b"PRIVATE KEY" in content else None
    if not isinstance(own, ec.EllipticCurvePublicKey) or (private is not None and private.public_key() != own):
        raise UnavailableError("signing.key_file_damaged", file=str(path))
    jwk = ECKey.import_key(
        own.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    key_id = jwk.thumbprint()
    public = {
        **jwk.as_dict(private=False),
        "kid": key_id,
        "use": "sig",
        "alg": ALGORITHM,
        "x5c": [certificates.in_jwk(certificate) for certificate in chain],
    }
    signer = None if private is None else ECKey.import_key(certificates.written(private))
    created = chain[0].not_valid_before_utc
    return InstalledKey(key_id, int(path.stem), created, public, tuple(chain), private, signer)
