"""A small corpus of made-up patents, built once for all tests that rate technologies."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def demo_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an indexed corpus with every sixth patent of the demo corpus."""
    from ktop.patents.corpus.importing import import_paths
    from ktop.patents.demo.shipped import shipped_lines
    from ktop.usecases.corpora.corpus import index_patents

    folder = tmp_path_factory.mktemp("corpus")
    source = folder / "some.jsonl"
    source.write_text("\n".join(shipped_lines()[::6]) + "\n", "utf-8")
    import_paths(folder / "corpus", [source])
    index_patents(folder / "corpus", workers=1)
    return folder / "corpus"
