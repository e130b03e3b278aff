"""Writes ratings as PDF files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ktop.catalogue import Lang
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.report.pdf import company_report, technology_report


def write_company_report(ratings: Sequence[Mapping[str, Any]], path: Path, lang: Lang) -> None:
    """Write the ratings of one company as a PDF; raises ``InputError`` for another ending than .pdf."""
    write_report(company_report(ratings, lang), path)


def write_technology_report(rating: Mapping[str, Any], path: Path, lang: Lang) -> None:
    """Write the rating of one technology as a PDF."""
    write_report(technology_report(rating, lang), path)


def write_report(document: bytes, path: Path) -> None:
    """Write a report that is made; raises ``InputError`` for another ending than .pdf."""
    if path.suffix.lower() != ".pdf":
        raise InputError("records.pdf_only", path=path.name)
    with atomic_path(path) as beside:
        beside.write_bytes(document)
