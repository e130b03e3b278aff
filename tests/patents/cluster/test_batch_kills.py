"""A batch of ratings on a cluster of three nodes while a worker and then a node are killed: each done once in effect.

Minutes long and left out of other runs: ``KTOP_CLUSTER_ROWS=200 ./test tests/patents/cluster/test_batch_kills.py``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import func, select

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.settings import Settings
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine import indexing
from ktop.patents.engine.index import PatentIndex
from ktop.store.tables import audit_events, job_items
from ktop.training.demo_corpus import shipped_lines
from ktop.usecases.corpora.corpus import index_patents
from ktop.usecases.technologies.many import TOGETHER, score_queries
from ktop.usecases.technologies.table_job import KIND

from .conftest import Nodes

ROWS = int(os.environ.get("KTOP_CLUSTER_ROWS", "0"))
SHARES = 4
THIRD = "127.0.0.4"
LONG_SECONDS = 1_800.0  # nothing takes this long unless it hangs

pytestmark = pytest.mark.skipif(not ROWS, reason="takes minutes: KTOP_CLUSTER_ROWS=200")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every sixth patent of the demo corpus, in segments."""
    folder = tmp_path_factory.mktemp("batch")
    lines = shipped_lines()[::6]
    (folder / "some.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    import_paths(folder / "corpus", [folder / "some.jsonl"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indexing, "BATCH_ROWS", 20)
        patch.setattr(indexing, "SEGMENT_ROWS", len(lines) // 8)
        patch.setattr(indexing, "MAX_SMALL_SEGMENTS", 100)
        index_patents(folder / "corpus", workers=1)
    assert len(PatentIndex(folder / "corpus").segments) >= 7
    return folder / "corpus"


def test_a_batch_is_done_once_in_effect_while_a_worker_and_a_node_are_killed(
    corpus: Path, nodes: Nodes, tmp_path: Path
) -> None:
    nodes.start(THIRD)
    patents = [json.loads(line) for line in shipped_lines()[1::6][:ROWS]]
    texts = [f"{patent['title']}. {patent['abstract']}" for patent in patents]
    queries = pl.DataFrame({"query_id": [patent["id"] for patent in patents], "text": texts})
    queries.write_parquet(tmp_path / "q.parquet")
    score_queries(tmp_path / "q.parquet", tmp_path / "alone.parquet", corpus=lambda: corpus, workers=1)
    house = House(Settings(data=tmp_path, corpus=corpus))
    given = []
    for share in range(1, SHARES + 1):
        asked = {"path": str(tmp_path / "q.parquet"), "out": str(tmp_path / f"{share}.parquet")}
        given.append(house.jobs.give(LOCAL_OWNER, KIND, asked | {"share": f"{share}/{SHARES}"}, key=str(share)).id)
    token = Settings(data=tmp_path).cluster_token
    token.parent.mkdir(exist_ok=True)
    token.write_text(nodes.token.read_text())
    token.chmod(0o600)
    environment = os.environ | {
        "KTOP_DATA": str(tmp_path),
        "KTOP_CORPUS": str(corpus),
        "KTOP_CLUSTER": nodes.address,
        "KTOP_CLUSTER_SHARES": "3",
        "KTOP_CLUSTER_SECONDS": "120",
        "KTOP_JOBS_PER_ORGANISATION": "8",
    }
    command = [sys.executable, "-m", "ktop", "worker"]
    workers = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]

    def finished() -> int:
        with house._store().engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(job_items)) or 0

    def wait(until: Callable[[], bool]) -> None:
        end = time.monotonic() + LONG_SECONDS
        while not until():
            assert time.monotonic() < end, f"only {finished()} parts were finished"
            time.sleep(0.5)

    parts = sum(-(-len(range(ROWS * share // SHARES, ROWS * (share + 1) // SHARES)) // TOGETHER) for share in range(4))
    try:
        wait(lambda: finished() > 0)
        os.kill(workers[0].pid, signal.SIGKILL)
        left = finished()
        wait(lambda: finished() > left)
        nodes.kill(THIRD)
        assert finished() < parts, "the batch was over before the node was killed"
        wait(lambda: all(house.jobs.job(LOCAL_OWNER, job).state == "done" for job in given))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    made = pl.concat([pl.read_parquet(tmp_path / f"{share}.parquet") for share in range(1, SHARES + 1)])
    assert made.equals(pl.read_parquet(tmp_path / "alone.parquet"))
    assert made["score"].count() > ROWS // 2
    assert finished() == parts
    with house._store().engine.connect() as connection:
        told = Counter(connection.scalars(select(audit_events.c.subject).where(audit_events.c.action == "batch.rated")))
    assert told == Counter(given)
