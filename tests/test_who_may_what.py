"""The page on who may do what is what its script makes of the list of permissions."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ktop.domain.party.actor import ROLES
from ktop.domain.party.permission import permissions, role_permissions

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(("lang", "name"), [("en", "who-may-what.md"), ("ko", "who-may-what.ko.md")])
def test_the_page_is_what_the_script_makes(lang: str, name: str) -> None:
    spec = importlib.util.spec_from_file_location("who_may_what", ROOT / "benchmarks" / "who_may_what.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    kept = (ROOT / "docs" / name).read_text("utf-8")
    assert kept == script.page(lang), "make it anew: python benchmarks/who_may_what.py"
    assert all(f"`{permission}`" in kept for permission in permissions())


def test_every_permission_is_some_role_s() -> None:
    people = ROLES - {"owner", "visitor"}
    held = frozenset[str]().union(*(role_permissions()[role] for role in people))
    assert permissions().keys() - held == set()
