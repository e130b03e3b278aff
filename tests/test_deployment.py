"""What is handed out for servers names settings, commands and files that there are."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from ktop.cli.app import app
from ktop.kernel.settings import Settings
from ktop.web.route_access import ACCESS

ROOT = Path(__file__).resolve().parents[1]
DEPLOYMENT = [
    ROOT / "Dockerfile",
    ROOT / "compose.yaml",
    ROOT / "deploy" / "Caddyfile",
    *sorted((ROOT / "deploy" / "systemd").iterdir()),
]
#: Names that the files themselves introduce for whoever fills them in.
_OWN = {"KTOP_DATABASE_PASSWORD"}


def _compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return found


def test_every_setting_named_is_one() -> None:
    known = {f"KTOP_{name.upper()}" for name in Settings.model_fields} | _OWN
    for path in DEPLOYMENT:
        assert set(re.findall(r"KTOP_[A-Z_]+", path.read_text("utf-8"))) <= known, path.name


def test_every_command_is_one() -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    called = set()
    for path in DEPLOYMENT:
        called |= set(re.findall(r"/opt/ktop/run ([a-z]+)", path.read_text("utf-8")))
    called |= {service["command"][0] for service in _compose()["services"].values() if "command" in service}
    assert called == {"serve", "worker", "backup"} and called <= known


def test_every_address_asked_whether_it_is_well_is_a_route() -> None:
    asked = [
        found for path in DEPLOYMENT for found in re.findall(r"127\.0\.0\.1:8000(/[a-z/]*)", path.read_text("utf-8"))
    ]
    assert asked and {f"GET {address}" for address in asked} <= ACCESS.keys()


def test_every_file_copied_into_the_image_is_there_and_packages_are_pinned() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split()[:-1]), line
    for name in re.findall(r"-r (requirements/\S+)", text):
        assert (ROOT / name).is_file()
    assert "--require-hashes" in text and "USER ktop" in text


def test_one_machine_installs_nothing_of_a_cluster() -> None:
    named = {
        path.stem: set(re.findall(r"^([a-z0-9-]+)==", path.read_text("utf-8"), re.MULTILINE))
        for path in (ROOT / "requirements").glob("*.txt")
    }
    assert [stem for stem, packages in named.items() if "ray" in packages] == ["cluster"]
    told = (ROOT / "run").read_text("utf-8")
    assert [line.split(")")[0].strip() for line in told.splitlines() if "ensure cluster" in line] == [
        '"cluster "*',
        'set* | *" --cluster"*',
    ]


def test_nothing_listens_beyond_this_machine_by_itself() -> None:
    for name, service in _compose()["services"].items():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", [])), name
        if "build" in service:
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name


def test_two_web_processes_and_two_workers_stand_behind_a_proxy_that_is_believed() -> None:
    compose, handed_on = _compose(), (ROOT / "deploy" / "Caddyfile").read_text("utf-8")
    services = compose["services"]
    assert services["database"]["image"].startswith("postgres:") and services["worker"]["command"] == ["worker"]
    assert [services[name]["deploy"]["replicas"] for name in ("web", "worker")] == [2, 2]
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]
    assert re.findall(r"dynamic a (\w+) (\d+)", handed_on) == [("web", "8000")]
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    web, worker = (services[name]["environment"] for name in ("web", "worker"))
    assert web["KTOP_DATABASE_URL"].startswith("postgresql://") and "@database/" in web["KTOP_DATABASE_URL"]
    assert web == worker and web["KTOP_PROXY"] == network["subnet"]
    assert Settings(worker=web["KTOP_WORKER"]).worker is False  # the two workers are services of their own
    assert re.findall(r"trusted_proxies static (\S+)", handed_on) == [f"{network['gateway']}/32"]


def test_units_run_without_rights_they_do_not_need() -> None:
    for name in ("ktop.service", "ktop-worker@.service"):
        unit = (ROOT / "deploy" / "systemd" / name).read_text("utf-8")
        for line in ("User=ktop", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
            assert line in unit.splitlines(), (name, line)


def test_compiled_modules_are_kept_where_the_surroundings_say_no() -> None:
    script = f"root={ROOT}; . requirements/environment.sh; env"
    surroundings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    told = subprocess.run(
        ["sh", "-euc", script], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True
    )
    assert "PYTHONDONTWRITEBYTECODE" not in told.stdout and "PATH=" in told.stdout
