"""Tries every operation on accounts at random against its own OpenAPI description.

    ./run --version && .venv/bin/python benchmarks/api_fuzz.py [EXAMPLES]

Well-formed and malformed requests of schemathesis by an administrator and an operator who are signed in, answered by
the real use cases on SQLite. Prints one line an operation, and what was answered otherwise than described.
./test does a part of it (tests/web/api/test_accounts_at_random.py).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "fixtures")]

from fuzzing import Fuzzed


def main(examples: int) -> int:
    """Try ``examples`` requests of each operation and mode; return how many operations failed."""
    with tempfile.TemporaryDirectory() as folder:
        fuzzed = Fuzzed(Path(folder))
        failed = 0
        for name in fuzzed.operations():
            problem = fuzzed.try_operation(name, examples)
            failed += problem is not None
            print(f"{'bad ' if problem else 'good'} {name}{': ' + problem if problem else ''}", flush=True)
        return failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
