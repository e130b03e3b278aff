"""The documents hold together: no link leads nowhere, no file names this or any machine's folders or a registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_MACHINE_PATH = re.compile(r"(?<![A-Za-z0-9_.:/])/(?:home|root|mnt|tmp)/[A-Za-z0-9_.]")
_ADDRESS = re.compile(r"://|^\s*-(?:i|f|-index|-extra-index|-find)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def tracked_texts() -> list[Path]:
    try:
        names = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    endings = (".py", ".md", ".yaml", ".toml", ".txt", ".in", ".sh", "")
    return [ROOT / name for name in names if name and Path(name).suffix in endings and (ROOT / name).is_file()]


def test_nothing_names_a_machine_or_a_registry() -> None:
    for path in tracked_texts():
        if path == Path(__file__).resolve():
            continue
        text = path.read_text("utf-8", errors="replace")
        assert not _MACHINE_PATH.search(text), f"{path.relative_to(ROOT)} names a folder of a machine"
        if path.parent.name == "requirements" and path.suffix == ".txt":
            assert not _ADDRESS.search(text), f"{path.name} names where packages come from"


def test_the_repository_stays_small() -> None:
    sizes = {path: path.stat().st_size for path in tracked_texts()}
    assert max(sizes.values()) < 5_000_000
