"""Tries every operation on accounts at random against its own OpenAPI description, then sequences over all rooms.

    ./run --version && .venv/bin/python benchmarks/api_fuzz.py [EXAMPLES [SEQUENCES]]

Well-formed and malformed requests of schemathesis by an administrator and an operator who are signed in, answered by
the real use cases on SQLite. Prints one line an operation, and what was answered otherwise than described.
Sequences build each request on what answers before it said, in all rooms but sign-in.
./test does a part of both (tests/web/api/test_accounts_at_random.py, test_sequences_at_random.py).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests" / "fixtures")]

from fuzzing import Fuzzed
from fuzzing_sequences import Sequences


def main(examples: int = 100, sequences: int = 200) -> int:
    """Try ``examples`` requests of each operation and mode, then sequences; return how many operations failed."""
    with tempfile.TemporaryDirectory() as folder:
        fuzzed = Fuzzed(Path(folder))
        failed = 0
        for name in fuzzed.operations():
            problem = fuzzed.try_operation(name, examples)
            failed += problem is not None
            print(f"{'bad ' if problem else 'good'} {name}{': ' + problem if problem else ''}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        tried = Sequences(Path(folder))
        tried.run(sequences)
        for name, problem in sorted(tried.problems.items()):
            print(f"bad  {name}: {problem}")
        reached = len({name for name, _ in tried.answers})
        print(f"{sum(tried.answers.values())} requests to {reached} operations in sequences")
        return failed + len(tried.problems)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
