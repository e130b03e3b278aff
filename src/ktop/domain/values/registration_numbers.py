"""Value types for the numbers that identify a Korean firm: business and corporate registration numbers.

Companies are joined by these numbers, never by name alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from ktop.domain.values.kind import MAX_CHARACTERS, RefusedValueError, ValueKind, half_width, shown

_SEPARATORS = re.compile(r"[\s\-‐-―.]")


def clean_digits(text: str) -> str:
    """Return ``text`` without spaces, hyphens and dots, full-width digits made plain; other characters stay."""
    return _SEPARATORS.sub("", half_width(text))


@dataclass(frozen=True, slots=True, order=True)
class BusinessNumber:
    """Business registration number 사업자등록번호: 10 digits, given by the tax office to each place of business.

    Use it to join a firm across sources of one point in time. Do not use it as a key over decades or for a whole
    corporation: a firm that moves its head office or changes its legal form may get another number, each branch has its
    own, and a sole proprietor's number tells of a private person.
    """

    digits: str
    LENGTH: ClassVar[int] = 10
    #: Weights of the first nine digits; the ninth's product also adds its own tens.
    WEIGHTS: ClassVar[tuple[int, ...]] = (1, 3, 7, 1, 3, 7, 1, 3, 5)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number written in ``text`` in any usual form.

        Raises ``RefusedValueError`` where it does not have 10 digits, its check digit is wrong, or it only fills its
        place (nine times the same digit).
        """
        digits = clean_digits(text)
        if len(digits) != cls.LENGTH or not digits.isascii() or not digits.isdigit():
            raise RefusedValueError("business_number_digits", text)
        if len(set(digits[:9])) == 1:
            raise RefusedValueError("business_number_placeholder", text)
        if cls.check_digit(digits[:9]) != int(digits[9]):
            raise RefusedValueError("business_number_check_digit", text)
        return cls(digits)

    @classmethod
    def check_digit(cls, first_nine: str) -> int:
        """Return the tenth digit that belongs to the first nine."""
        body = np.array([[int(digit) for digit in first_nine]])
        return int(cls._check_digits(body)[0])

    @classmethod
    def _check_digits(cls, body: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the check digits of many numbers; ``body`` has shape ``(n, 9)`` with one digit a cell."""
        total = body @ np.array(cls.WEIGHTS) + body[:, 8] * cls.WEIGHTS[8] // 10
        check: npt.NDArray[np.int64] = (10 - total % 10) % 10
        return check

    @classmethod
    def valid(cls, digits: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return which rows of a ``(n, 10)`` array of single digits have a right check digit."""
        flags: npt.NDArray[np.bool_] = cls._check_digits(digits[:, :9]) == digits[:, 9]
        return flags

    @classmethod
    def invented(cls, serial: int) -> Self:
        """Return a valid number that no firm can have, for synthetic data and examples only.

        The kind-of-business digits (fourth and fifth) are 00, which tax offices do not issue. ``serial`` 0 … 3 999 999.
        """
        office, running = divmod(serial, 10_000)
        first_nine = f"{101 + office:03d}00{running:04d}"
        return cls(f"{first_nine}{cls.check_digit(first_nine)}")

    @property
    def formatted(self) -> str:
        """The number as people write it, ``123-45-67890``."""
        return f"{self.digits[:3]}-{self.digits[3:5]}-{self.digits[5:]}"

    def __str__(self) -> str:
        return self.formatted


@dataclass(frozen=True, slots=True, order=True)
class CorporateNumber:
    """Corporate registration number 법인등록번호: 13 digits, given by the court registry to a corporation.

    Use it to tell corporations apart over time: it stays when the firm moves. Sole proprietors and most foreign firms
    have none, so a missing one says nothing.

    The first six digits are the registry office and the kind of corporation. By the registry's rule the thirteenth
    digit is a check digit, but not every number in use follows it (errors stay once registered, and the check digit is
    reported to have given way to a longer serial number for registrations from 2025 on; not confirmed at the source).
    A wrong check digit is therefore a reason to look again, never to refuse: see ``follows_check_digit``.
    """

    digits: str
    LENGTH: ClassVar[int] = 13
    WEIGHTS: ClassVar[tuple[int, ...]] = (1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number written in ``text``.

        Raises ``RefusedValueError`` where it does not have 13 digits or only fills its place (all digits the same).
        """
        digits = clean_digits(text)
        if len(digits) != cls.LENGTH or not digits.isascii() or not digits.isdigit():
            raise RefusedValueError("corporate_number_digits", text)
        if len(set(digits)) == 1:
            raise RefusedValueError("corporate_number_placeholder", text)
        return cls(digits)

    @classmethod
    def check_digit(cls, first_twelve: str) -> int:
        """Return the thirteenth digit that belongs to the first twelve, products added whole."""
        total = sum(int(digit) * weight for digit, weight in zip(first_twelve, cls.WEIGHTS, strict=True))
        return (10 - total % 10) % 10

    @property
    def follows_check_digit(self) -> bool:
        """Whether the last digit is the one the registry's rule gives."""
        return self.check_digit(self.digits[:12]) == int(self.digits[12])

    @classmethod
    def invented(cls, serial: int) -> Self:
        """Return a number of the right form that no corporation can have, for synthetic data and examples only.

        The kind-of-corporation digits (fifth and sixth) are 00, which registries do not use. ``serial`` 0 … 999 999.
        """
        first_twelve = f"110100{serial:06d}"
        return cls(f"{first_twelve}{cls.check_digit(first_twelve)}")

    @property
    def formatted(self) -> str:
        """The number as people write it, ``110111-1234567``."""
        return f"{self.digits[:6]}-{self.digits[6:]}"

    def __str__(self) -> str:
        return self.formatted


class RegistrationNumber(ValueKind[str]):
    """A registration number as people write it, read from digits with or without separators.

    Zeros alone (``000-00-00000``) stand where there is no number: they are missing, whatever their check digit.
    """

    def __init__(self, number: type[BusinessNumber | CorporateNumber]) -> None:
        self.number = number

    def parse(self, given: object) -> str | None:
        """Return the number given, None for one that is not known; raises ``RefusedValueError``."""
        zeros = isinstance(given, str) and len(given) <= MAX_CHARACTERS and re.fullmatch("0+", clean_digits(given))
        return None if zeros or (given == 0 and given is not False) else super().parse(given)

    def _of_text(self, text: str) -> str:
        return self.number.parse(text).formatted

    def _of_value(self, given: object) -> str:
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1e15 or given % 1:
            return self._of_text(shown(given))
        return self._of_text(str(int(given)))


BUSINESS_NUMBER = RegistrationNumber(BusinessNumber)
CORPORATE_NUMBER = RegistrationNumber(CorporateNumber)
