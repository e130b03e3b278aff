"""One value that a source states, where it belongs in the company record, and the answer that states it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

#: Whose accounts: the company's own, or its group's; "" where the difference does not arise.
Scope: TypeAlias = Literal["", "separate", "consolidated"]
Plain: TypeAlias = str | float | int | bool | date

_LEGAL_FORMS = re.compile(
    r"\(주\)|㈜|\(유\)|\(합\)|주식회사|유한회사|유한책임회사|합자회사|합명회사|농업회사법인|"
    r"\bco\b\.?|\bltd\b\.?|\binc\b\.?|\bcorp\b\.?|\bcorporation\b|\blimited\b"
)
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Value:
    """One value.

    Parameters
    ----------
    path : ``founded``, ``statements.2024.sales``, ``staff.2024-12-31.total``, ``ip.1020190012345.filed`` …; the second
        part of a list's path names the entry, which the record itself does not hold.
    on : the day that the source states it for.
    scope : whose accounts.
    order : tells later statements of the same value from earlier ones (the number of a filing); the last one holds.
    sure : False where the entry was found by its name alone: a person has to say that it is the company's.
    """

    path: str
    value: Plain
    on: date | None = None
    scope: Scope = ""
    order: str = ""
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """The numbers that a company is known by, as far as they were found; its names only narrow a search."""

    business_number: str
    corporate_number: str | None = None
    dart_code: str | None = None
    applicant_codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    english_names: tuple[str, ...] = ()

    def named(self, name: str | None) -> bool:
        """Return whether a name is one of the company's, whatever its legal form and spaces."""
        return name is not None and plain_name(name) in {
            plain_name(known) for known in (*self.names, *self.english_names)
        }


Parser: TypeAlias = Callable[[bytes, Mapping[str, str], Identity], Sequence[Value]]


def plain_name(name: str) -> str:
    """Return a company's name without legal form, spaces and signs, to compare it."""
    folded = unicodedata.normalize("NFKC", name.replace("㈜", "")).casefold()
    bare = _NO_WORD.sub("", _LEGAL_FORMS.sub(" ", folded))
    return bare or _NO_WORD.sub("", folded)
