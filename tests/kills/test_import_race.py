"""Two processes that import into one new folder at the same moment."""

from __future__ import annotations

from pathlib import Path

import killed_work
from killing import LONG_SECONDS, processes

from ktop.patents.corpus.corpus import Corpus
from ktop.training.demo_corpus.__init__ import shipped_lines

ATTEMPTS = 8


def test_two_processes_never_delete_each_others_work(tmp_path: Path) -> None:
    context = processes()
    source, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    source.write_text("\n".join(shipped_lines()[:40]) + "\n", "utf-8")
    bad.write_text("no patents here\n", "utf-8")
    for attempt in range(ATTEMPTS):
        folder = tmp_path / f"corpus-{attempt}"
        start, said = context.Barrier(2), context.Queue()
        both = [
            context.Process(target=killed_work.importing_beside, args=(folder, file, start, said))
            for file in (source, bad if attempt % 2 else source)
        ]
        for process in both:
            process.start()
        answers = sorted(said.get(timeout=LONG_SECONDS) for _ in both)
        for process in both:
            process.join(LONG_SECONDS)
            assert process.exitcode == 0
        assert set(answers) <= {"done", "patents.corpus_busy", "patents.format_unknown"}
        if "done" in answers:
            corpus = Corpus.open(folder)
            assert len(corpus) == corpus.patents().collect().height == 40
        else:  # nothing but the lock, where the refused one had found the folder made
            assert attempt % 2 and (not folder.exists() or [entry.name for entry in folder.iterdir()] == [".lock"])
