"""``ktop jobs``: what is given is listed, shown with its progress and cancelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def test_a_job_s_life_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ktop import cli
    from ktop.bootstrap import House
    from ktop.kernel.settings import Settings

    def ktop(*arguments: str) -> tuple[int, Any, str]:
        monkeypatch.setattr("sys.argv", ["ktop", *arguments])
        status = 0
        try:
            cli.main(Settings(data=tmp_path, lang="en"), House)
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capsys.readouterr()
        return status, json.loads(out) if out.startswith(("{", "[")) else out, err

    given = ktop("jobs", "give", "models.drift", "--key", "nightly", "--json")[1]
    assert given["progress"] == {"done": 0, "of": None} and given["state"] == "waiting"
    assert ktop("jobs", "give", "models.drift", "--key", "nightly", "--json")[1]["id"] == given["id"]
    assert [job["id"] for job in ktop("jobs", "list", "--json")[1]] == [given["id"]]
    assert ktop("jobs", "list", "--state", "done", "--json")[1] == []
    assert "measuring drift" in ktop("jobs", "show", given["id"])[1]
    assert ktop("jobs", "cancel", given["id"], "--json")[1]["state"] == "cancelled"
    assert {"error", "attempts", "state", "progress"} <= ktop("jobs", "show", given["id"], "--json")[1].keys()
    for wrong in (("cancel", given["id"]), ("show", "0" * 32), ("give", "patents.import"), ("give", "x", "y")):
        status, out, err = ktop("jobs", *wrong)
        assert (status, out) == (1, "") and len(err.strip().splitlines()) == 1
