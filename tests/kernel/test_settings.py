"""Every setting is described where an operator looks for it."""

from __future__ import annotations

from pathlib import Path

from ktop.kernel.settings import Settings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_every_setting_is_documented_with_its_own_words() -> None:
    page = OPERATIONS.read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert f"`KTOP_{name.upper()}` | {field.description}" in page
