"""Base64url without padding (RFC 4648 section 5, RFC 7515 section 2), one spelling for every content."""

from __future__ import annotations

import base64


def encode(content: bytes) -> str:
    """Return the content as base64url text without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the content of base64url text.

    Raises ``ValueError`` for other characters, and for another spelling of the same content: usual decoders drop the
    last character's spare bits, so that a changed signature would still verify.
    """
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(content) != text:
        raise ValueError("not the spelling of this content")
    return content
