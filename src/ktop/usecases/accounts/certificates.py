"""Sign-in by certificate: the port that an operator's service is joined to.

Korean banks and agencies know two ways to prove who a person or company is beyond a password: the joint certificate
(공동인증서: an X.509 certificate whose holder signs) and simple authentication (간편인증: a provider's app).
Both are services under contract with an accredited provider, so nothing here calls one; an installation that has a
contract gives the platform an object of this shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Proven:
    """What a provider vouches for. ``subject`` names the person or company at that provider and never changes.

    ``business_number`` (ten digits) is there for a company's certificate: it is what makes a company's number verified.
    """

    provider: str
    subject: str
    name: str
    business_number: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A proof that has begun: the provider's own reference, and the address that the person goes on at."""

    reference: str
    address: str


class CertificateSignIn(Protocol):
    """A provider of certificates or simple authentication. Calls may wait for it, and are bounded in time by it."""

    def begin(self, kind: Literal["joint_certificate", "simple"], back_to: str, challenge: str) -> Begun:
        """Begin a proof that ends at ``back_to``; ``challenge`` is random and signed with it.

        Raises ``UnavailableError`` where the provider does not answer.
        """
        ...

    def finish(self, reference: str, challenge: str) -> Proven:
        """Return what is proven, once for each reference.

        Raises ``SignInError`` where the proof does not hold: another challenge, a certificate revoked or over, a
        signature that does not verify.
        """
        ...
