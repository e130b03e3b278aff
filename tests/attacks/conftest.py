"""Attacks meet invented services where they are about the web, the real reader where they are about files."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))
