"""A copy taken while others write is of one moment and comes back the same everywhere; a damaged one does not."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from databases import BACK_ENDS, database_url
from sqlalchemy import select

from ktop.domain.party.actor import LOCAL_OWNER, Actor
from ktop.kernel.errors import ConflictError, ForbiddenError, InputError
from ktop.kernel.settings import Settings
from ktop.models.registry import ModelRegistry
from ktop.store.dump import tables
from ktop.store.unit_of_work import Store
from ktop.usecases.audit.service import AuditService
from ktop.usecases.operations.service import OperationService

BANK = Actor("kim", "ibk", frozenset({"bank_officer"}))


class _Corpora:
    def is_prepared(self, actor: Actor) -> bool:
        return False


class Installation:
    """An installation of one back end in a folder of its own."""

    def __init__(self, back_end: str, folder: Path) -> None:
        folder.mkdir()
        self.data = folder
        self.store = Store.open(database_url(back_end, folder))
        settings = Settings(data=folder)
        corpora: Callable[[], Any] = _Corpora
        self.operations = OperationService(settings, lambda: self.store, ModelRegistry(settings.models), corpora)
        self.audit = AuditService(lambda: self.store)

    def rate(self, actor: Actor, subject: str) -> None:
        with self.store.unit(actor) as unit:
            unit.ratings.add(
                kind="company",
                subject=subject,
                as_of=date(2026, 5, 1),
                inputs={"record": {"name": subject, "sales_krw": 0.1 + 0.2}, "text": "줄\n바꿈\u2028"},
                results=[{"model": {"name": "m", "version": "1"}, "scores": {"index": 1e-300}}],
            )

    def rows(self) -> dict[str, list[Any]]:
        with self.store.installation() as work:
            return {
                table.name: [tuple(row) for row in work.connection.execute(select(table).order_by(*table.primary_key))]
                for table in tables()
            }


@pytest.fixture(params=[(a, b) for a in BACK_ENDS for b in BACK_ENDS], ids="-to-".join)
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Installation, Installation]:
    source, target = request.param
    return Installation(source, tmp_path / "source"), Installation(target, tmp_path / "target")


def test_what_is_restored_is_what_was_there(pair: tuple[Installation, Installation], tmp_path: Path) -> None:
    source, target = pair
    for number in range(3):
        source.rate(BANK, f"기업 {number}")
    source.audit.seal(LOCAL_OWNER)
    (source.data / "keys").mkdir()
    (source.data / "keys" / "sealing").write_bytes(b"\x00secret")
    before = source.rows()
    rows = source.operations.backup(LOCAL_OWNER, tmp_path / "copy.zip")
    assert rows["ratings"] == 3 and (tmp_path / "copy.zip").stat().st_mode & 0o777 == 0o600
    target.operations.restore(LOCAL_OWNER, tmp_path / "copy.zip")
    after = target.rows()
    for name, found in before.items():
        assert [row for row in after[name] if row in found] == found, name
    assert target.audit.verify(LOCAL_OWNER).events == 3
    assert (target.data / "keys" / "sealing").read_bytes() == b"\x00secret"
    assert (target.data / "keys" / "sealing").stat().st_mode & 0o777 == 0o600
    target.rate(BANK, "다음 기업")  # numbers go on behind those restored
    target.audit.seal(LOCAL_OWNER)
    assert target.audit.verify(LOCAL_OWNER).events == 5


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_copy_is_of_one_moment_while_others_write(back_end: str, tmp_path: Path) -> None:
    source, target = Installation(back_end, tmp_path / "source"), Installation("sqlite", tmp_path / "target")
    for number in range(20):
        source.rate(BANK, str(number))
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            source.rate(BANK, "later")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            source.operations.backup(LOCAL_OWNER, tmp_path / f"{number}.zip")
    finally:
        stop.set()
        writer.join()
    target.operations.restore(LOCAL_OWNER, tmp_path / "2.zip")
    found = target.rows()
    made = [event for event in found["audit_events"] if event[4] == "rating.made"]
    assert len(made) == len(found["ratings"]) >= 20, "each rating with its event, none half"


def test_an_installation_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    source, target = Installation("sqlite", tmp_path / "source"), Installation("sqlite", tmp_path / "target")
    source.rate(BANK, "a")
    target.rate(BANK, "b")
    source.operations.backup(LOCAL_OWNER, tmp_path / "copy.zip")
    before = target.rows()
    with pytest.raises(ConflictError):
        target.operations.restore(LOCAL_OWNER, tmp_path / "copy.zip")
    assert target.rows() == before


def _rewritten(source: Path, out: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out


def _manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(parts: dict[str, bytes]) -> None:
        manifest = json.loads(parts["manifest.json"])
        change(manifest)
        parts["manifest.json"] = json.dumps(manifest).encode()

    return changed


def _leading_out(manifest: dict[str, Any]) -> None:
    manifest["parts"]["files/../../evil"] = manifest["parts"].popitem()[1]


DAMAGE: dict[str, Callable[[dict[str, bytes]], None]] = {
    "a row changed": lambda parts: parts.update(
        {"tables/ratings.jsonl": parts["tables/ratings.jsonl"].replace(b"company", b"compony")}
    ),
    "a part gone": lambda parts: parts.pop("tables/ratings.jsonl") and None,
    "no manifest": lambda parts: parts.pop("manifest.json") and None,
    "another format": _manifest(lambda manifest: manifest.update(format="zip")),
    "another revision": _manifest(lambda manifest: manifest.update(revision="9999")),
    "a path that leads out": _manifest(_leading_out),
    "a list for a manifest": lambda parts: parts.update({"manifest.json": b"[]"}),
}


@pytest.mark.parametrize("how", sorted(DAMAGE))
def test_a_damaged_copy_restores_nothing(tmp_path: Path, how: str) -> None:
    source, target = Installation("sqlite", tmp_path / "source"), Installation("sqlite", tmp_path / "target")
    source.rate(BANK, "a")
    source.operations.backup(LOCAL_OWNER, tmp_path / "copy.zip")
    with pytest.raises(InputError):
        target.operations.restore(LOCAL_OWNER, _rewritten(tmp_path / "copy.zip", tmp_path / "bad.zip", DAMAGE[how]))
    assert all(not rows for rows in target.rows().values())
    assert not (tmp_path / "evil").exists()


def test_a_file_that_is_no_copy_is_refused(tmp_path: Path) -> None:
    target = Installation("sqlite", tmp_path / "target")
    (tmp_path / "text.zip").write_text("no zip")
    for source in (tmp_path / "text.zip", tmp_path / "absent.zip"):
        with pytest.raises(InputError):
            target.operations.restore(LOCAL_OWNER, source)


def test_only_who_may_backs_up(tmp_path: Path) -> None:
    source = Installation("sqlite", tmp_path / "source")
    with pytest.raises(ForbiddenError):
        source.operations.backup(BANK, tmp_path / "copy.zip")
    assert not (tmp_path / "copy.zip").exists()


def _states(installation: Installation) -> dict[str, str]:
    return {finding.name: finding.key for finding in installation.operations.doctor(LOCAL_OWNER)}


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_sound_installation_is_found_sound(back_end: str, tmp_path: Path) -> None:
    states = _states(Installation(back_end, tmp_path / "one"))
    assert states.pop("corpus") == "operations.corpus_missing" and states.pop("disk").startswith("operations.disk_")
    assert all(key.endswith("_good") for key in states.values()), states


def test_the_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    ill = Installation("sqlite", tmp_path / "one")
    ill.rate(BANK, "a")
    ill.audit.seal(LOCAL_OWNER)
    (ill.data / "keys").mkdir()
    (ill.data / "keys" / "sealing").touch(0o644)
    (ill.data / "keys" / "sealing").chmod(0o644)
    ill.data.chmod(0o777)
    with ill.store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_events_no_update")
        connection.exec_driver_sql("UPDATE audit_events SET actor = 'x'")
    states = _states(ill)
    assert states["keys"] == "operations.keys_open" and states["data"] == "operations.data_open"
    assert states["audit"] == "operations.audit_broken"
    assert next(iter(states)) in ("data", "audit", "keys"), "what is bad comes first"
    assert ill.operations.ready(LOCAL_OWNER) == {"database": True, "models": True, "corpus": False}
