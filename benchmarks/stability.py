"""How far the originality grade moves when a technology is told in other words or language, longer or shorter.

    ./run --version && .venv/bin/python benchmarks/stability.py CORPUS [--half development|reported|all] [--as-of DAY]

Rates technology summaries written for this purpose in Korean and English, and once more in other words in each, against
an indexed corpus, and prints one table: notches and points moved. Twenty stand in the catalogue and fit the scale
between the languages (development); the twenty of tests/fixtures are for the report.

Rows
----
paraphrase   the same technology reworded in its language.
translation  Korean against English.
padding      sentences without content added (legal, marketing, generic advantages, the summary's own first sentence
             repeated), by 25, 100 and 300 % of the length.
truncation   without its last sentence.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import yaml

FIXTURES = ROOT / "tests" / "fixtures"
LANGUAGES = ("ko", "en")
SHARES = (25, 100, 300)
SUMMARIES = {
    "development": ROOT / "src" / "ktop" / "catalogue" / "patents" / "bilingual_summaries.yaml",
    "reported": FIXTURES / "technology_summaries.yaml",
}

Summary = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rated:
    """Score (0 to 100) and place on the ladder (0 the best) of one text; None where the model gives none."""

    score: float | None
    notch: int | None


def summaries(half: str = "all") -> list[Summary]:
    """Return the technology summaries: id, field, ko, en, ko_again, en_again."""
    found: list[Summary] = []
    for name in ("development", "reported"):
        if half in (name, "all"):
            found += yaml.safe_load(SUMMARIES[name].read_text(encoding="utf-8"))
    return found


def paddings(half: str) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Return sentences without content by kind and language: those for development, else those for the report."""
    found = yaml.safe_load((FIXTURES / "padding.yaml").read_text(encoding="utf-8"))
    chosen: Mapping[str, Mapping[str, Sequence[str]]] = found["development" if half == "development" else "reported"]
    return chosen


def padded(text: str, sentences: Sequence[str], share: int) -> str:
    """Return the text, longer by ``share`` per cent at least: whole sentences are added in turn."""
    added: list[str] = []
    for sentence in itertools.cycle(sentences):
        if sum(len(s) + 1 for s in added) >= len(text) * share / 100:
            return " ".join([text, *added])
        added.append(sentence)
    raise AssertionError


def variants(summary: Summary, half: str) -> Iterator[tuple[str, str, str]]:
    """Yield (row of the table, text, other text) of one technology."""
    yield "translation", summary["ko"], summary["en"]
    yield "translation", summary["ko_again"], summary["en_again"]
    for language in LANGUAGES:
        text = summary[language]
        yield f"paraphrase {language}", text, summary[f"{language}_again"]
        sentences = re.split(r"(?<=[.])\s+", text)
        yield f"truncation {language}", text, " ".join(sentences[:-1])
        kinds = {kind: by_language[language] for kind, by_language in paddings(half).items()}
        for (kind, added), share in itertools.product({**kinds, "repeated": sentences[:1]}.items(), SHARES):
            yield f"padding {kind} {share} % {language}", text, padded(text, added, share)


def moves(rate: Callable[[str], Rated], half: str, only: str = "") -> dict[str, list[tuple[Rated, Rated]]]:
    """Rate every pair of texts, every text once."""
    known: dict[str, Rated] = {}
    found: dict[str, list[tuple[Rated, Rated]]] = {}
    for summary in summaries(half):
        for row, text, other in variants(summary, half):
            if not row.startswith(only):
                continue
            for each in (text, other):
                if each not in known:
                    known[each] = rate(each)
            found.setdefault(row, []).append((known[text], known[other]))
    return found


def line(row: str, pairs: Sequence[tuple[Rated, Rated]]) -> str:
    """Return one row of the table: pairs, ungiven, within one notch, mean move, and |move| median, p95, largest."""
    given = [(a, b) for a, b in pairs if a.score is not None and b.score is not None]
    if not given:
        return f"| {row} | {len(pairs)} | {len(pairs)} | | | | | |"
    notches = np.array([abs((a.notch or 0) - (b.notch or 0)) for a, b in given])
    points = np.array([(b.score or 0.0) - (a.score or 0.0) for a, b in given])
    p50, p95 = np.quantile(np.abs(points), [0.5, 0.95])
    return (
        f"| {row} | {len(pairs)} | {len(pairs) - len(given)} | {100 * np.mean(notches == 0):.0f} % |"
        f" {100 * np.mean(notches <= 1):.0f} % | {points.mean():+.1f} | {p50:.1f} | {p95:.1f} |"
        f" {np.abs(points).max():.1f} |"
    )


def rating_of(corpus: Path, as_of: date | None) -> Callable[[str], Rated]:
    """Return what rates a text against a corpus as of a day; by default the day after the corpus's last patent."""
    from ktop.domain.rating.grades import ladder
    from ktop.domain.technology.neighbourhood import day_of
    from ktop.models.originality.model import LADDER
    from ktop.usecases.corpora.engine import open_corpus
    from ktop.usecases.technologies.rating import technology_of

    engine = open_corpus(corpus)
    days = np.asarray(engine.index.tables.days)
    day = as_of or day_of(int(days[-1])) + timedelta(days=1)
    symbols = list(ladder(LADDER).symbols)

    def rate(text: str) -> Rated:
        scored: Any = engine.model.score(engine.neighbourhood(technology_of(text, day)))
        return Rated(scored.scores["score"], None if scored.grade is None else symbols.index(scored.grade))

    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--half", choices=(*SUMMARIES, "all"), default="reported")
    parser.add_argument("--as-of", type=date.fromisoformat)
    parser.add_argument("--only", default="", help="rows whose names begin so")
    asked = parser.parse_args()
    found = moves(rating_of(asked.corpus, asked.as_of), asked.half, asked.only)
    print("| change | pairs | not rated | same grade | within one notch | mean move | median | p95 | largest |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in sorted(found):
        print(line(row, found[row]))


if __name__ == "__main__":
    main()
