"""How well empty sentences are told from technical ones: judges the sentence rule, or makes it.

    ./run --version && .venv/bin/python benchmarks/empty_sentences.py [--write]

Every kind of example sentence is judged by a rule fitted to the other kinds (cross-validation by kind, both languages
of a kind left out together). The sentences of a kind are put behind each of the twenty summaries of the catalogue, all
together, so that their surroundings count. Where the development data sets are beside the checkout (KTOP_SHARED names
their folder), the last rows give how many sentences of real abstracts the whole rule leaves out. --write fits the rule
to all examples and stores its weights in the catalogue.

Columns: sentences; share left out; share of the summaries of which the same is left as without the added sentences.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop import catalogue
from ktop.domain.technology.summary import Lang
from ktop.patents.analysis import sentence_rule
from ktop.patents.analysis.encoder import encode
from ktop.patents.analysis.text import Analyser
from ktop.patents.neighbours.boilerplate_filter import MOST_TELLING_OF_EMPTY, SENTENCE_END, without_boilerplate

DATA = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data" / "patents"
RULE = ROOT / "src" / "ktop" / "catalogue" / "patents" / "sentence_rule.yaml"
LANGUAGES: tuple[Lang, ...] = ("en", "ko")
REAL: tuple[tuple[str, str, Lang], ...] = (
    ("us_fulltext_2005_2016", "abstract", "en"),
    ("kr_kipris_1329", "abstract_ko", "ko"),
)
HEADER = """\
# The rule that tells empty sentences (ktop.patents.analysis.sentence_rule): weights of the 512 numbers of the encoder's
# sentence vector, of log(1 + telling words), and the constant. Made from the examples in sentences.yaml by
# benchmarks/empty_sentences.py --write; a test compares them.
weights:
"""

Vectors = npt.NDArray[np.float32]


class Sentences:
    """Sentences with their vectors and numbers of telling words."""

    def __init__(self, sentences: Sequence[str], languages: Sequence[Lang]) -> None:
        analyser = Analyser()
        self.vectors: Vectors = np.concatenate([encode(sentences[i : i + 200]) for i in range(0, len(sentences), 200)])
        self.telling = np.array(
            [
                len(sentence_rule.telling_words(analyser.terms(sentence, language), language))
                for sentence, language in zip(sentences, languages, strict=True)
            ]
        )

    def values(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = (
            np.column_stack([self.vectors, np.log1p(self.telling), np.ones(len(self.telling))]) @ weights
        )
        return found


def weights_of(
    rows: Sequence[sentence_rule.Example], known: Sentences, fitted: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the rule fitted to the chosen examples."""
    idle = np.array([row.idle for row in rows])
    return sentence_rule.fit(known.vectors[fitted], known.telling[fitted], idle[fitted])


def judge() -> None:
    """Print how each kind fares under a rule that was fitted to the others."""
    rows = sentence_rule.examples()
    known = Sentences([row.sentence for row in rows], [row.language for row in rows])
    hosts: list[tuple[Lang, Sentences]] = []
    for summary in catalogue.load("patents/bilingual_summaries"):
        for key in ("ko", "en", "ko_again", "en_again"):
            language: Lang = "ko" if key.startswith("ko") else "en"
            sentences = [sentence for sentence in SENTENCE_END.split(summary[key]) if sentence]
            hosts.append((language, Sentences(sentences, [language] * len(sentences))))
    print("| kind | language | sentences | left out | text as before |\n|---|---|---|---|---|")
    total: dict[tuple[bool, Lang], list[tuple[float, float]]] = {}
    for kind in dict.fromkeys(row.kind for row in rows):
        mine = np.array([row.kind == kind for row in rows])
        weights = weights_of(rows, known, ~mine)
        by_themselves = known.values(weights)
        for language in LANGUAGES:
            added = np.flatnonzero(mine & np.array([row.language == language for row in rows]))
            out: list[float] = []
            same: list[bool] = []
            for _, host in (pair for pair in hosts if pair[0] == language):
                own = host.values(weights)
                before = sentence_rule.empty(host.vectors, own) & (host.telling <= MOST_TELLING_OF_EMPTY)
                gone = sentence_rule.empty(
                    np.concatenate([host.vectors, known.vectors[added]]), np.concatenate([own, by_themselves[added]])
                ) & (np.concatenate([host.telling, known.telling[added]]) <= MOST_TELLING_OF_EMPTY)
                out.append(float(gone[len(own) :].mean()))
                same.append(bool(np.array_equal(before, gone[: len(own)])) and bool(gone[len(own) :].all()))
            idle = rows[int(added[0])].idle
            mean, unchanged = float(np.mean(out)), float(np.mean(same))
            total.setdefault((idle, language), []).append((mean, unchanged))
            print(f"| {kind} | {language} | {len(added)} | {mean:.3f} | {f'{unchanged:.2f}' if idle else ''} |")
    for (idle, language), found in total.items():
        mean, unchanged = np.mean(found, axis=0)
        name = "all empty kinds" if idle else "all technical kinds"
        print(f"| **{name}** | {language} | | **{mean:.3f}** | {f'{unchanged:.2f}' if idle else ''} |")


def real() -> None:
    """Print how many sentences of real abstracts are left out."""
    analyser = Analyser()
    for folder, column, language in REAL:
        if not (path := DATA / folder / "patents.parquet").is_file():
            continue
        texts = pl.read_parquet(path)[column].drop_nulls().sample(400, seed=5).to_list()
        before = after = chars = left = 0
        for text in texts:
            rest = without_boilerplate(text, language, analyser)
            before += len([s for s in SENTENCE_END.split(text) if s])
            after += len([s for s in SENTENCE_END.split(rest) if s])
            chars, left = chars + len(text), left + len(rest)
        print(
            f"| {folder} | {language} | {before} | {1 - after / before:.3f} ({1 - left / chars:.3f} of characters) | |"
        )


def write() -> None:
    """Fit the rule to all examples and store it."""
    rows = sentence_rule.examples()
    known = Sentences([row.sentence for row in rows], [row.language for row in rows])
    weights = weights_of(rows, known, np.ones(len(rows), dtype=np.bool_))
    lines = [", ".join(f"{x:.5f}" for x in weights[i : i + 12]) for i in range(0, len(weights), 12)]
    RULE.write_text(HEADER + "  [" + ",\n   ".join(lines) + "]\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="fit the rule to all examples and store it")
    if parser.parse_args().write:
        write()
        return
    judge()
    real()


if __name__ == "__main__":
    main()
