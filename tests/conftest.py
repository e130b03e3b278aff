"""Fixtures shared by all tests: a small indexed corpus, where real data lies, no reading of a user's own settings."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Seeds are fixed, and how fast a machine is never decides a test.
settings.register_profile("ktop", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ktop")

ROOT = Path(__file__).resolve().parents[1]

#: Patents that the reference table of the tests' corpus holds: 400, as in use, take longer than the index itself.
REFERENCE_PATENTS = int(os.environ.get("KTOP_REFERENCE", "100"))

#: Files that take longest, begun first: one begun last would leave the other processes of a run without work.
LONGEST_FIRST = (
    "browser/test_season.py",
    "usecases/training/test_originality_validation.py",
    "browser/test_browser.py",
    "browser/test_roles.py",
    "kills/test_job_kills.py",
    "training/test_release.py",
    "training/test_fit.py",
    "web/test_journeys.py",
    "attacks/test_access_attacks.py",
    "contract/test_company_models.py",
    "usecases/technologies/test_rating.py",
    "attacks/test_injection_attacks.py",
    "patents/engine/test_generations.py",
    "patents/engine/test_equal_content.py",
    "patents/engine/test_indexing.py",
    "patents/engine/test_integrity.py",
    "usecases/corpora/test_equating.py",
    "usecases/corpora/test_keys.py",
    "usecases/technologies/test_same_technology.py",
    "training/guards/test_guards.py",
    "attacks/test_connection_attacks.py",
    "browser/test_collect.py",
    "browser/test_finance.py",
    "patents/corpus/test_corpus.py",
    "patents/readers/test_conservation.py",
    "patents/readers/test_hostile.py",
    "cli/test_technology.py",
    "web/test_pages.py",
)


#: Files that one process takes, one after the other: what the first makes in the corpus of the tests serves the others.
TOGETHER = (
    "usecases/training/test_originality_validation.py",
    "usecases/training/test_originality_training.py",
    "usecases/training/test_wording_noise.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give out whole files, as ``--dist loadfile`` does, and those that share what they make together."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return TOGETHER[0] if file.removeprefix("tests/") in TOGETHER else file

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring the files that take longest to the front, where several processes share a run."""
    if not hasattr(config, "workerinput"):
        return
    place = {ROOT / "tests" / name: number for number, name in enumerate(LONGEST_FIRST)}
    assert all(file.is_file() for file in place), "a file of LONGEST_FIRST was renamed"
    assert all((ROOT / "tests" / name).is_file() for name in TOGETHER), "a file of TOGETHER was renamed"
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """Take what is loaded by now, which stays, out of the garbage collector's sight: it took a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _one_event_loop() -> Iterator[None]:
    """Let the clients of tests ask all in one event loop, as a server has one: a new one cost each request 3 ms."""
    client = sys.modules.get("starlette.testclient")
    if client is None:  # no test of this run has one
        yield
        return
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal() as loop:
        client.TestClient.portal = loop
        yield
        client.TestClient.portal = None


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Let nothing of this process wait until the disk holds it: no test takes the machine's power away."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        event.listen(Pool, "checkout", _wait_for_no_disk)
        yield
        event.remove(Pool, "checkout", _wait_for_no_disk)


def _wait_for_no_disk(connection: Any, *_: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def waiting_for_the_disk(_no_waiting_for_the_disk: None) -> Iterator[None]:
    """Leave databases as users have them, for the tests of just that."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    event.remove(Pool, "checkout", _wait_for_no_disk)
    yield
    event.listen(Pool, "checkout", _wait_for_no_disk)


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Begin new SQLite databases as copies of one that was migrated: from nothing takes .3 s, each time the same."""
    from ktop.store import database

    made, migrate = tmp_path_factory.mktemp("migrated") / "ktop.sqlite3", database.migrate
    one_at_a_time = threading.Lock()

    def migrate_copy(engine: Any, revision: str = "head") -> None:
        file = Path(engine.url.database or ":memory:")
        if engine.dialect.name == "sqlite" and file.name != ":memory:":
            with one_at_a_time:
                if not made.is_file():
                    first = database.connect(f"sqlite:///{made}")
                    migrate(first)
                    first.dispose()
                if not file.exists():
                    with contextlib.suppress(OSError):  # told by what comes next
                        shutil.copyfile(made, file)
        migrate(engine, revision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", migrate_copy)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; a test that needs it is left out, plainly, where it is absent."""
    folder = Path(os.environ.get("KTOP_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip("real data sets are not beside this checkout; set KTOP_SHARED to their folder to run this test")
    return folder


@pytest.fixture(scope="session")
def demo_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an indexed corpus with every sixth patent of the demo corpus.

    Made once a run, because it takes long; every process of the run has a copy of its own, which tests may add to.
    """
    folder = tmp_path_factory.mktemp("corpus")
    run = tmp_path_factory.getbasetemp()
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    with (run / "corpus.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (run / "corpus-made").is_dir():
            # under the name of the copies: a reference table remembers the name of its corpus
            (run / "corpus-being-made").mkdir(exist_ok=True)
            _make_demo_corpus(run / "corpus-being-made" / "corpus")
            (run / "corpus-being-made").rename(run / "corpus-made")
    shutil.copytree(run / "corpus-made" / "corpus", folder / "corpus")
    return folder / "corpus"


def _make_demo_corpus(folder: Path) -> None:
    from ktop.patents.corpus.importing import import_paths
    from ktop.training.demo_corpus import shipped_lines
    from ktop.usecases.corpora import reference
    from ktop.usecases.corpora.corpus import index_patents

    source = folder.with_suffix(".jsonl")
    source.write_text("\n".join(shipped_lines()[::6]) + "\n", "utf-8")
    import_paths(folder, [source])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reference, "REFERENCE_PATENTS", REFERENCE_PATENTS)
        index_patents(folder, workers=1)
