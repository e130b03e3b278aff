"""Generates the records of the demo corpus from the vocabularies and writes them as one compressed file."""

from __future__ import annotations

import json
import lzma
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ktop.kernel.files import atomic_path
from ktop.training.demo_corpus import SHIPPED
from ktop.training.demo_corpus.chance import Chance
from ktop.training.demo_corpus.inventions import Invention, draw_inventions
from ktop.training.demo_corpus.writing import Writer

SEED = 20241103
#: Office code that no patent office has.
OFFICE = "ZZ"

_PUBLICATION_DAYS = 548  # applications are laid open 18 months after filing
_FAMILY_DELAY_DAYS = (90, 365)  # a second filing claims the first one's priority within a year


def generate(seed: int = SEED) -> list[dict[str, Any]]:
    """Return the records of the demo corpus as plain JSON types, in the order of their filing dates."""
    chance = Chance(seed + 1)
    documents: list[tuple[date, Invention, str]] = []
    for invention in draw_inventions(seed):
        first, *others = invention.languages
        documents.append((invention.filing_date, invention, first))
        for language in others:
            delay = timedelta(days=chance.between(*_FAMILY_DELAY_DAYS))
            documents.append((invention.filing_date + delay, invention, language))
    documents.sort(key=lambda document: (document[0], document[1].number))
    numbers: dict[int, str] = {}
    serials: dict[int, int] = {}
    writers: dict[int, Writer] = {}
    records = []
    for filed, invention, language in documents:
        serial = serials[filed.year] = serials.get(filed.year, 100) + chance.between(1, 9)
        application = f"{OFFICE}{filed.year}{serial:06d}"
        granted = chance.happens(0.45)
        published = filed + timedelta(days=chance.between(700, 1500) if granted else _PUBLICATION_DAYS)
        identifier = application + ("B1" if granted else "A1")
        writer = writers.setdefault(invention.number, Writer(invention, seed + 1000 * (invention.number + 1)))
        title, abstract = writer.write(language)
        records.append(
            {
                "id": identifier,
                "application": application,
                "family": f"{OFFICE}F{invention.number:06d}",
                "language": language,
                "title": title,
                "abstract": abstract,
                "filed": filed.isoformat(),
                "published": published.isoformat(),
                "granted": granted,
                "claims": invention.claims_count,
                "ipc": list(invention.ipc),
                "applicants": invention.applicants,
                "cites": [numbers[number] for number in invention.cites],
                "theme": invention.theme.name,
                "synthetic": True,
            }
        )
        numbers.setdefault(invention.number, identifier)
    return records


def write(target: Path = SHIPPED, seed: int = SEED) -> int:
    """Write the compressed file to ``target``, complete or not at all; return the number of records."""
    records = generate(seed)
    lines = "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records)
    with atomic_path(target) as temporary:
        temporary.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    return len(records)
