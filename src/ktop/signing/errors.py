"""Why a signed result is not taken for what it says it is."""

from __future__ import annotations

from ktop.kernel.errors import InputError


class NotAuthenticError(InputError):
    """A document that is not, or is no longer, what the issuer signed; the sentence says what does not hold."""
