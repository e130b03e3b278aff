"""Secrets that have to be read again (a second factor's seed, a webhook's key) are kept sealed by a key file."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ktop.kernel.errors import UnavailableError
from ktop.kernel.files import sync_folder

_KEY_BYTES = 32
_NONCE_BYTES = 12
#: What a sealed text begins with: the way it was sealed, so that another one can follow.
_FORM = "s1."


class Sealer:
    """Seals texts and opens them again with the key of one installation (AES-256-GCM, NIST SP 800-38D).

    The key file is made, readable by its owner alone, when something is first sealed; of several processes that do so
    at the same time, one makes it and all use it. It is never made anew to open something: where it was lost, that is
    said.

    Parameters
    ----------
    key_file : ``settings.data / "keys" / "sealing.key"``; 32 random bytes.
    """

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file
        self._key = b""

    def seal(self, secret: str, place: str) -> str:
        """Return a secret sealed for one place: about 4/3 of its length and 50 characters, printable.

        ``place`` names where it is kept (``"totp:"`` and the user's identifier): copied to another, it does not open.
        """
        self._make_key()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(self._opened_key()).encrypt(nonce, secret.encode(), place.encode())
        return _written(sealed)

    def unseal(self, sealed: str, place: str) -> str:
        """Return the secret again.

        Raises ``UnavailableError`` where it was sealed with another key or for another place, or was changed, and where
        the key file is missing or damaged.
        """
        try:
            content = base64.b64decode(sealed.removeprefix(_FORM), altchars=b"-_", validate=True)
            if sealed != _written(content) or len(content) < _NONCE_BYTES:
                raise ValueError("not a sealed text")
            cipher = AESGCM(self._opened_key())
            return cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise UnavailableError("sealing.does_not_open", file=self._key_file.name) from error

    def fingerprint(self, value: str, place: str) -> str:
        """Return 64 hexadecimal digits that tell whether a value comes again; who lacks the key can guess none by them.

        HMAC-SHA-256 (RFC 2104) over ``place`` and the value.
        """
        self._make_key()
        written = len(place.encode()).to_bytes(8, "big") + place.encode() + value.encode()
        return hmac.digest(self._opened_key(), b"fingerprint" + written, "sha256").hex()

    def _make_key(self) -> None:
        if not self._key_file.exists():
            make_private_file(self._key_file, secrets.token_bytes(_KEY_BYTES))

    def _opened_key(self) -> bytes:
        if not self._key:
            try:
                key = self._key_file.read_bytes()
            except OSError as error:
                raise UnavailableError("sealing.key_missing", file=str(self._key_file)) from error
            if len(key) != _KEY_BYTES:
                raise UnavailableError("sealing.key_missing", file=str(self._key_file))
            self._key = key
        return self._key


def _written(content: bytes) -> str:
    return _FORM + base64.urlsafe_b64encode(content).decode()


def make_private_file(target: Path, content: bytes) -> bool:
    """Make a file whole, readable by its owner alone (0600), in a folder of the owner's (0700) where that is new.

    Returns False, and leaves the file as it is, where there is one already: of several at a time one makes it.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(beside, target)  # unlike a rename, a link never takes the place of what is there
            sync_folder(target.parent)
            return True
    finally:
        beside.unlink()
    return False
