"""Kills meet the real rooms. What is killed is started from one process that has them loaded and runs no thread."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))
