"""The way from a request for consent to a verified report works exactly as docs/quickstart.md writes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "quickstart.md"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "KTOP_DATA": str(tmp_path / "data"), "KTOP_LANG": "en", "PYTHONPATH": str(ROOT / "src")}


@pytest.fixture
def address(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """A platform as ./run starts it: demonstration institutions, accounts, its own database."""
    port = _free_port()
    log = (tmp_path / "log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "ktop", "serve", "--port", str(port)], env=environment, stdout=log, stderr=log
    )
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                    break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text("utf-8")
                time.sleep(0.2)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.mark.skipif(
    shutil.which("curl") is None, reason="the commands of the page use curl, which is not installed here"
)
def test_consent_look_up_and_offline_verification_as_written(
    address: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (block,) = re.findall(r"```sh\n(BANK=.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    script = block.replace("127.0.0.1:8000", address).replace("./run ", f"{sys.executable} -m ktop ")
    script = script.replace("python3 -c", f"{sys.executable} -c")
    done = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert said.strip().splitlines()[-1] == "404", "revoked: for the bank it is no longer there"
    assert '"ktrs-fm"' in said, "what the bank opened"
    assert "quickstart" not in done.stderr and "authentic" in (said + done.stderr).lower()
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
    accounts = json.loads((tmp_path / "data" / "demo-accounts.json").read_text("utf-8"))
    assert {one["role"] for one in accounts} >= {"company_owner", "bank_officer", "operator"}
