"""The demo corpus as records: generated from the vocabularies, shipped as one compressed file, read back."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ktop.domain.patent.document import Patent, PatentCitation
from ktop.kernel.files import atomic_path
from ktop.patents.demo.chance import Chance
from ktop.patents.demo.inventions import Invention, draw_inventions
from ktop.patents.demo.writing import Writer

SEED = 20241103
#: Office code that no patent office has.
OFFICE = "ZZ"
SOURCE = "synthetic-demo"
STATUS = "가상 데이터 (synthetic)"
SHIPPED = Path(__file__).with_name("demo_corpus.jsonl.xz")

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
    found = []
    for filed, invention, language in documents:
        serial = serials[filed.year] = serials.get(filed.year, 100) + chance.between(1, 9)
        application = f"{OFFICE}{filed.year}{serial:06d}"
        granted = chance.happens(0.45)
        published = filed + timedelta(days=chance.between(700, 1500) if granted else _PUBLICATION_DAYS)
        identifier = application + ("B1" if granted else "A1")
        writer = writers.setdefault(invention.number, Writer(invention, seed + 1000 * (invention.number + 1)))
        title, abstract = writer.write(language)
        found.append(
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
    return found


def write(target: Path = SHIPPED, seed: int = SEED) -> int:
    """Write the compressed file to ``target``, complete or not at all; return the number of records."""
    found = generate(seed)
    lines = "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in found)
    with atomic_path(target) as temporary:
        temporary.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    return len(found)


def shipped_lines() -> list[str]:
    """Return the lines of the shipped file, one JSON object each."""
    return lzma.decompress(SHIPPED.read_bytes()).decode().splitlines()


def records() -> Iterator[Patent]:
    """Yield every patent of the shipped demo corpus, in the order of the filing dates."""
    for line in shipped_lines():
        yield as_patent(json.loads(line))


def as_patent(record: dict[str, Any]) -> Patent:
    """Return one record as the house's patent; its source and status say that it is made up."""
    published = date.fromisoformat(record["published"])
    return Patent(
        id=record["id"],
        title=record["title"],
        abstract=record["abstract"],
        kind=record["id"][-2:],
        application=record["application"],
        family=record["family"],
        filing_date=date.fromisoformat(record["filed"]),
        publication_date=published,
        grant_date=published if record["granted"] else None,
        claims_count=record["claims"],
        ipc=tuple(record["ipc"]),
        applicants=tuple(record["applicants"]),
        cited_patents=tuple(PatentCitation(number, "examiner") for number in record["cites"]),
        status=STATUS,
        language=record["language"],
        source=SOURCE,
    )
