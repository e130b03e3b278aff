"""The made-up technology summaries that come with the project, to try the platform with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ktop.catalogue import Lang
from ktop.usecases.technologies.interface import TechnologyExample

#: In a checkout the examples lie beside ``src``.
EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "technologies"


@cache
def example_technologies() -> tuple[TechnologyExample, ...]:
    """Return the sample summaries: files named ``<topic>.<language>.txt``, whose first sentence is the title."""
    found = []
    for path in sorted(EXAMPLES.glob("*.txt")):
        lang: Lang = "ko" if path.stem.endswith(".ko") else "en"
        text = path.read_text("utf-8").strip()
        found.append(TechnologyExample(id=path.stem.split(".")[0], title=text.split(". ")[0], text=text, lang=lang))
    return tuple(found)
