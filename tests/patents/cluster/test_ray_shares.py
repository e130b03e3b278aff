"""Shares on two nodes answer as one machine does, go on when a worker or a node is lost, and let no stranger in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.bootstrap import House
from ktop.domain.party.actor import LOCAL_OWNER
from ktop.kernel.errors import UnavailableError
from ktop.kernel.settings import Settings
from ktop.patents.cluster.joining import joined, open_on_cluster
from ktop.patents.cluster.plan import ClusterPlan
from ktop.patents.cluster.security import make_token
from ktop.patents.cluster.share import shares_of
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.engine.index import PatentIndex
from ktop.patents.engine.indexing import build_index
from ktop.patents.measures import citation, compute_measures

from ..conftest import made_up_records, write_records
from ..engine.answers import QUESTIONS, rated, searched
from .conftest import HOSTS, Nodes, small_segments

ASKED = QUESTIONS[9:11]


@pytest.fixture(scope="module")
def stranger(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> subprocess.Popen[str]:
    """A process with another token, which Ray lets try for twenty seconds."""
    token = tmp_path_factory.mktemp("stranger") / "token"
    make_token(token)
    code = (
        "import sys; from pathlib import Path; from ktop.kernel.errors import UnavailableError\n"
        "from ktop.patents.cluster.joining import joined\n"
        "from ktop.patents.cluster.plan import ClusterPlan\n"
        "try: joined(ClusterPlan(sys.argv[1], Path(sys.argv[2])))\n"
        "except UnavailableError as error: print(error.key)\n"
    )
    command = [sys.executable, "-c", code, nodes.address, str(token)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def plan(nodes: Nodes) -> ClusterPlan:
    """Three shares, each held twice; answers may take as long as a busy machine takes."""
    return ClusterPlan(nodes.address, nodes.token, shares=3, replicas=2, seconds=300.0)


@pytest.mark.usefixtures("stranger")
def test_a_cluster_answers_as_one_machine_while_workers_and_a_node_are_lost(
    segmented: Path, nodes: Nodes, plan: ClusterPlan
) -> None:
    ray_shares, alone, dealt = joined(plan), PatentIndex(segmented), open_on_cluster(segmented, plan)
    found, ratings = searched(alone, ASKED), rated(alone, ASKED[:1])
    assert searched(dealt, ASKED) == found
    assert rated(dealt, ASKED[:1]) == ratings
    held = ray_shares.shares_held()
    assert len(held) == plan.shares * plan.replicas
    for one, other in zip(held[::2], held[1::2], strict=True):
        assert {one.node, other.node} == set(HOSTS)  # replicas of a share
    assert open_on_cluster(segmented, plan) is not dealt
    assert ray_shares.shares_held() == held  # attached to what was there
    os.kill(held[0].pid, signal.SIGKILL)
    assert searched(dealt, ASKED) == found
    nodes.kill(HOSTS[1])
    assert searched(dealt, ASKED) == found
    assert rated(dealt, ASKED[:1]) == ratings


def test_where_a_share_does_not_answer_there_is_an_error_in_time_and_no_part_of_an_answer(
    segmented: Path, plan: ClusterPlan
) -> None:
    ray_shares = joined(plan)

    hurried = replace(plan, shares=2, replicas=1, at_once=1, seconds=2.0)
    manifest = PatentIndex(segmented).manifest
    dealt = open_on_cluster(segmented, replace(hurried, seconds=300.0))
    found = searched(dealt, ASKED[:1])
    shares = ray_shares.RayShares(segmented.resolve(), manifest.generation, shares_of(manifest, 2), hurried)
    share = next(held for held in ray_shares.shares_held() if "-1of2-" in held.name)
    every = [(np.ones(1, dtype=np.uint32), None)] * 2
    os.kill(share.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor() as pool:
            started = time.monotonic()
            asked = [pool.submit(shares.ask, "counted", every) for _ in range(2)]
            keys = {str(getattr(one.exception(), "key", None)) for one in asked}
            assert time.monotonic() - started < 20  # each says so in time; a busy machine may take some more
    finally:
        os.kill(share.pid, signal.SIGCONT)
    assert keys <= {"cluster.late", "cluster.busy"} and "cluster.late" in keys
    assert searched(dealt, ASKED[:1]) == found


def test_texts_are_analysed_by_nodes_as_by_one_process(
    segmented: Path, nodes: Nodes, tmp_path: Path, plan: ClusterPlan
) -> None:
    ray_shares = joined(plan)

    for name in ("alone", "dealt"):
        import_paths(tmp_path / name / "corpus", [segmented.parent / "2.jsonl"])
    with small_segments():
        build_index(tmp_path / "alone" / "corpus")
        assert ray_shares.cores_offered() >= 1
        build_index(tmp_path / "dealt" / "corpus", 2, in_order=ray_shares.tasks_in_order)
    made, dealt = (
        {file.relative_to(tmp_path / name): file.read_bytes() for file in (tmp_path / name).rglob("*.npy")}
        for name in ("alone", "dealt")
    )
    assert made == dealt
    assert len(made) > 50


def test_a_process_that_joined_ends_in_its_own_way_when_it_is_told_to(nodes: Nodes, plan: ClusterPlan) -> None:
    code = (
        "import os, signal, sys, threading; from pathlib import Path\n"
        "from ktop.patents.cluster.joining import joined\n"
        "from ktop.patents.cluster.plan import ClusterPlan\n"
        "told = threading.Event(); signal.signal(signal.SIGTERM, lambda *_: told.set())\n"
        "joining = threading.Thread(target=joined, args=(ClusterPlan(sys.argv[1], Path(sys.argv[2])),))\n"
        "joining.start(); joining.join(); os.kill(os.getpid(), signal.SIGTERM); print(told.wait(60))\n"
    )
    command = [sys.executable, "-c", code, nodes.address, str(plan.token)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert (ended.returncode, ended.stdout) == (0, "True\n"), ended.stderr[-500:]


def test_measures_are_worked_out_by_nodes_as_by_one_process(
    plan: ClusterPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray_shares = joined(plan)

    import_paths(tmp_path / "corpus", [write_records(tmp_path / "records.jsonl", made_up_records(per_theme=8))])
    corpus = Corpus(tmp_path / "corpus")
    alone = pl.read_parquet(compute_measures(corpus).file)
    asked: list[Any] = []

    def on_nodes(work: Any, parts: Any, workers: int) -> Iterator[Any]:
        asked.extend(parts)
        return ray_shares.tasks_in_order(work, asked[-len(parts) :], workers)

    monkeypatch.setattr(citation, "PATENTS_AT_A_TIME", 15)  # some years of filing each
    monkeypatch.setattr(citation, "PAIRS_AT_A_TIME", 15)
    dealt = compute_measures(corpus, memory_mb=300, workers=2, in_order=on_nodes)
    assert pl.read_parquet(dealt.file).equals(alone)
    assert len(asked) >= 8
    assert alone["disruption_5y"].count() > 5


def test_a_new_generation_is_switched_to_as_a_whole(
    segmented: Path, tmp_path: Path, plan: ClusterPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray_shares = joined(plan)

    folder = tmp_path / "corpus"
    shutil.copytree(segmented, folder)
    once = replace(plan, replicas=1)
    former = open_on_cluster(folder, once)
    before = searched(former, ASKED[:1])
    added = [record | {"id": f"US77{number:06d}"} for number, record in enumerate(made_up_records(per_theme=5))]
    import_paths(folder, [write_records(tmp_path / "added.jsonl", added)])
    built, asking = threading.Event(), threading.Barrier(3)

    def ask_on() -> list[Any]:
        index, answers = open_on_cluster(folder, once), []
        asking.wait(60)
        while not (built.is_set() and index.is_current and answers):
            if not index.is_current:
                index = open_on_cluster(folder, once)
            answers.append(searched(index, ASKED[:1]))
        return answers

    with ThreadPoolExecutor() as pool, small_segments():
        askers = [pool.submit(ask_on) for _ in range(2)]
        try:
            asking.wait(60)
            build_index(folder)
        finally:
            built.set()
        answers = [answer for asker in askers for answer in asker.result(120)]
    assert not former.is_current
    now = searched(PatentIndex(folder), ASKED[:1])
    assert answers.count(before) + answers.count(now) == len(answers)  # each is of one generation as a whole
    assert before in answers and now in answers
    assert searched(former, ASKED[:1]) == before
    present = open_on_cluster(folder, once)
    monkeypatch.setattr(ray_shares, "IDLE_SECONDS", 0.0)
    manifest = present.manifest  # ends the shares of the former one:
    ray_shares.opened_shares(folder.resolve(), manifest.generation, shares_of(manifest, once.shares), once)
    assert searched(present, ASKED[:1]) == now != before
    assert searched(former, ASKED[:1]) == before  # whose shares are opened again for whoever asks them still


def test_commands_start_a_node_that_is_given_shares_and_rate_against_the_cluster(
    segmented: Path, demo_corpus: Path, nodes: Nodes, plan: ClusterPlan, tmp_path: Path
) -> None:
    ray_shares, once = joined(plan), replace(plan, shares=2, replicas=1)
    if HOSTS[1] in nodes.running:
        nodes.kill(HOSTS[1])
    while ray_shares.nodes_alive() != [HOSTS[0]]:
        time.sleep(0.2)
    dealt, manifest = open_on_cluster(segmented, once), PatentIndex(segmented).manifest
    found = searched(dealt, ASKED[:1])
    shares = ray_shares.RayShares(segmented.resolve(), manifest.generation, shares_of(manifest, 2), once)
    key = ray_shares.corpus_key(segmented.resolve())
    settings = Settings(solo=True, data=tmp_path, corpus=demo_corpus)
    settings.keys.mkdir()
    shutil.copy2(nodes.token, settings.cluster_token)
    environment = os.environ | {"KTOP_DATA": str(tmp_path), "KTOP_LANG": "en", "KTOP_CLUSTER_SHARES": "2"}

    def ktop(*told: object) -> dict[str, Any]:
        command = [sys.executable, "-m", "ktop", *map(str, told), "--json", "--cluster", nodes.address]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert answer.returncode == 0, answer.stderr[-500:]
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    command = [sys.executable, "-m", "ktop", "cluster", "attach", nodes.address, "--host", HOSTS[1]]
    node = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, start_new_session=True)
    try:
        assert node.stderr is not None
        assert nodes.address in node.stderr.readline().decode()
        for _ in range(50):  # or what asks the cluster for this process has done it already
            shares.spread()
            holding = [s.node for s in ray_shares.shares_held() if s.name.startswith(key) and "of2-" in s.name]
            if sorted(holding) == sorted(HOSTS):
                break
        assert sorted(holding) == sorted(HOSTS)  # and none is lost
        assert not shares.spread()
        assert searched(dealt, ASKED[:1]) == found
        summary = f"{QUESTIONS[1]}, told at some length for a rating of how original it is"
        alone = House(settings).technologies.rate_summary(LOCAL_OWNER, summary).to_json(["en"])
        assert ktop("rate", "technology", summary, "--corpus", demo_corpus, "--lang", "en") == json.loads(
            json.dumps(alone)
        )
        seen = ktop("cluster", "status")
        assert seen["nodes"] == list(HOSTS)
        assert {share["node"] for share in seen["shares"]} == set(HOSTS)
    finally:
        node.terminate()
        assert node.wait(30) == 0


def test_nobody_joins_without_the_token_and_no_dashboard_is_open(nodes: Nodes, stranger: subprocess.Popen[str]) -> None:
    told, problem = stranger.communicate(timeout=60)
    assert told.strip().endswith("cluster.unreachable"), problem[-500:]
    with socket.socket() as dashboard:
        assert dashboard.connect_ex((HOSTS[0], 8265)) != 0


def test_when_the_first_node_is_lost_there_are_errors_until_a_new_one_stands_which_is_joined(
    segmented: Path, nodes: Nodes, plan: ClusterPlan
) -> None:
    nodes.leave_ray()
    alone = PatentIndex(segmented)
    found = searched(alone, ASKED[:1])

    def answered(index: PatentIndex) -> str:
        try:
            assert searched(index, ASKED[:1]) == found  # always complete
        except UnavailableError as refusal:
            return refusal.key
        return "answered"

    def until(end: str, index: PatentIndex) -> set[str]:
        told = [answered(index)]
        while told[-1] != end:
            assert len(told) < 1_000  # a busy machine may say several times that it is late
            told.append(answered(index))
        return set(told)

    dealt = open_on_cluster(segmented, replace(plan, seconds=300.0))
    assert until("answered", dealt) == {"answered"}
    for host in list(nodes.running):  # the further ones end by themselves within a minute
        nodes.kill(host)
    assert until("cluster.unreachable", dealt) <= {"answered", "cluster.lost", "cluster.late", "cluster.unreachable"}
    with pytest.raises(UnavailableError) as refused:
        open_on_cluster(segmented, plan)
    assert refused.value.key == "cluster.unreachable"
    nodes.start(HOSTS[0])
    assert until("answered", dealt) <= {"answered", "cluster.lost", "cluster.late"}
