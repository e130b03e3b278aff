"""Drift reports of an installation's models: one file each, kept beside the models."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ktop.kernel.files import atomic_path
from ktop.models.registry import Entry, ModelRegistry

_STAMP = re.compile(r"[^0-9T]")


def latest_reports(registry: ModelRegistry) -> list[dict[str, Any]]:
    """Return the newest measurement of every version that has one, with the verdicts of the earlier ones."""
    folder = _folder(registry)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.json")) if folder is not None and folder.is_dir() else ():
        content = json.loads(path.read_text("utf-8"))
        found.setdefault((content["model"]["name"], content["model"]["version"]), []).append(content)
    answers = []
    for reports in found.values():
        ordered = sorted(reports, key=lambda report: report["at"])
        past = [{"at": r["at"], "rows": r["rows"], "verdict": r["verdict"], "scores": r["scores"]} for r in ordered]
        answers.append({**ordered[-1], "past": past[-12:]})
    return answers


def _folder(registry: ModelRegistry) -> Path | None:
    return None if registry.folder is None else registry.folder / "drift"


def keep_report(
    registry: ModelRegistry, entry: Entry, measured: Mapping[str, Any], source: Mapping[str, Any], keep: bool
) -> dict[str, Any]:
    """Return the report of a measurement, written to the data folder where it is to be kept."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    report = {
        "format": "drift-1",
        "model": {"name": entry.name, "version": entry.version},
        "at": at,
        "source": dict(source),
        **measured,
    }
    folder = _folder(registry)
    if keep and folder is not None and measured["rows"]:  # nothing measured must not hide what was
        stamp = _STAMP.sub("", at.split("+")[0])
        with atomic_path(folder / f"{entry.name}-{entry.version}-{stamp}.json") as beside:
            beside.write_text(json.dumps(report, ensure_ascii=False, allow_nan=False), "utf-8")
    return report
