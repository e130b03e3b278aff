"""Plants small faults in a copy of the source and counts how many the tests find. Prints one table and the survivors.

    pip install --no-deps --target FOLDER cosmic-ray parso attrs decorator stevedore   its operators and what they need
    PYTHONPATH=FOLDER .venv/bin/python benchmarks/mutation.py WORK [--mutants 300] [--seed 20261128]

A place to change is drawn by chance over the rooms below, then one of the operators of cosmic-ray that fit there.
Places that cannot change an answer are left out before drawing: type annotations, decorators, imports for the type
checker. All mutants meet the test files that import their module or mirror its name; those that survive meet all tests
of their room and the contract suites. A mutant is killed when a test fails or its time is over. WORK keeps the copy of
the tree and the answers: a run that was ended goes on where it was. The checkout is never changed. One process (POSIX).
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.metadata
import io
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
ROOT = Path(__file__).resolve().parents[1]
#: Room → the tests that stand for it beside those that import the mutated module.
ROOMS = {
    "domain": ("tests/domain", "tests/contract", "tests/models"),
    "models": ("tests/models", "tests/contract"),
    "patents/engine": ("tests/patents/engine", "tests/patents/neighbours"),
    "patents/measures": ("tests/patents/measures",),
    "patents/neighbours": ("tests/patents/neighbours", "tests/models/originality"),
}
#: Their bodies need no compiling to be tested, and would be compiled anew for every mutant.
INTERPRETED = {"src/ktop/patents/engine/kernels.py"}
#: Longest time for the tests of one stage, in seconds: what they take unchanged, and this much more.
PATIENCE_FACTOR, PATIENCE_SECONDS = 4.0, 30.0
HEAVY = ("numpy", "scipy.stats", "sklearn.linear_model", "numba", "hypothesis", "pytest")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the ``occurrence``-th place where ``operator`` fits in ``path``."""

    room: str
    path: str
    operator: str
    occurrence: int
    line: int


def main() -> None:
    """Draw, run what has not run yet, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--show", action="store_true", help="print what is known so far and run nothing")
    parser.add_argument("--again", action="store_true", help="take the tests of the checkout and run survivors again")
    options = parser.parse_args()
    tree, log = options.work / "tree", options.work / "answers.jsonl"
    if not tree.is_dir():
        copy_checkout(tree)
        shutil.copytree(tree / "src", options.work / "true")
    restore(options.work / "true", tree / "src")  # a run that was killed may have left a fault
    if options.again:
        shutil.rmtree(tree / "tests")
        copy_checkout(tree, "tests")
    drawn = draw(tree, options.mutants, options.seed)
    known = {line["key"]: line for line in map(json.loads, log.read_text().splitlines())} if log.exists() else {}
    if options.show:
        show(drawn, known)
        return
    for name in HEAVY:
        importlib.import_module(name)
    bench = Bench(tree, options.work / "seconds.json")
    for stage in ("near", "wide"):
        for number, mutant in enumerate(drawn):
            key = json.dumps(asdict(mutant), sort_keys=True)
            former = known.get(key)
            if former and (former["answer"] == "killed" or (former["stage"] in (stage, "wide") and not options.again)):
                continue
            survived, change = bench.survives(mutant, stage)
            known[key] = {"key": key, "answer": "survived" if survived else "killed", "stage": stage, "change": change}
            with log.open("a") as handle:
                handle.write(json.dumps(known[key], ensure_ascii=False) + "\n")
            told = f"{stage} {number + 1}/{len(drawn)} {known[key]['answer']:8} {mutant.path}:{mutant.line}"
            print(told, file=sys.stderr, flush=True)
    show(drawn, known)


def copy_checkout(tree: Path, *only: str) -> None:
    """Copy the files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z", *only], cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def restore(true: Path, sources: Path) -> None:
    """Put back every source file that differs."""
    for path in true.rglob("*.py"):
        here = sources / path.relative_to(true)
        if here.read_bytes() != path.read_bytes():
            shutil.copy2(path, here)


# --- mutants ---------------------------------------------------------------------------------------------------------


def draw(tree: Path, wanted: int, seed: int) -> list[Mutant]:
    """Return a sample of mutants, each at a place of its own, in the order drawn: any first part is a sample, too."""
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for room in ROOMS:
        for path in sorted((tree / "src/ktop" / room).rglob("*.py")):
            for column, mutant in mutants_of(path, str(path.relative_to(tree)), room):
                places.setdefault((mutant.path, mutant.line, column), []).append(mutant)
    generator = random.Random(seed)
    chosen = generator.sample(sorted(places), min(wanted, len(places)))
    return [generator.choice(places[place]) for place in chosen]


def mutants_of(path: Path, name: str, room: str) -> Iterator[tuple[int, Mutant]]:
    """Yield every mutant of a file with its column."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.operators.provider import OperatorProvider

    source = path.read_text("utf-8")
    silent = without_effect(source)
    nodes = list(ast_nodes(get_ast(source)))
    provider = OperatorProvider()
    for operator_name in provider:
        if provider[operator_name].arguments() or operator_name == "RemoveDecorator":
            continue
        operator = provider[operator_name]()
        found = (position for node in nodes for position in operator.mutation_positions(node))
        for occurrence, ((line, column), _) in enumerate(found):
            if not any(start <= (line, column) < stop for start, stop in silent):
                yield column, Mutant(room, name, operator_name, occurrence, line)


def without_effect(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the spans of annotations (never evaluated), type aliases, decorators and imports for the type checker."""
    silent: list[ast.expr | ast.stmt] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef():
                silent += node.decorator_list + [node.returns] * bool(node.returns)
            case ast.ClassDef():
                silent += node.decorator_list
            case ast.arg(annotation=ast.expr() as annotation):
                silent.append(annotation)
            case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
                silent.append(node)
            case ast.AnnAssign():
                silent.append(node.annotation)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                silent.append(node)
    return [((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0)) for n in silent]


def mutated(source: str, mutant: Mutant) -> str:
    """Return the source with the fault."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.operators.provider import OperatorProvider

    changed: str | None = mutate_code(source, OperatorProvider()[mutant.operator](), mutant.occurrence)
    assert changed is not None, mutant
    return changed


# --- running ---------------------------------------------------------------------------------------------------------


class Bench:
    """Runs tests in children of this process, which has loaded the heavy libraries and nothing of ours."""

    def __init__(self, tree: Path, seconds: Path) -> None:
        self.tree = tree.resolve()
        folders = sorted({folder for room in ROOMS.values() for folder in room})
        files = {str(p.relative_to(self.tree)) for folder in folders for p in (self.tree / folder).rglob("test_*.py")}
        self.files = sorted(files)
        self.sources = {name: (self.tree / name).read_text("utf-8") for name in self.files}
        self.seconds: dict[str, float] = json.loads(seconds.read_text()) if seconds.exists() else {}
        for name in self.files:  # without a fault all must pass; compiled code is kept on the way
            if name not in self.seconds:
                start = time.monotonic()
                assert self.tested((name,), 1800.0, False) == 0, f"tests fail without a fault: {name}"
                self.seconds[name] = time.monotonic() - start
                seconds.write_text(json.dumps(self.seconds))

    def survives(self, mutant: Mutant, stage: str) -> tuple[bool, str]:
        """Return whether all tests of a stage pass with the fault, and the line before and after."""
        path = self.tree / mutant.path
        source, times = path.read_text("utf-8"), path.stat()
        changed = mutated(source, mutant)
        files = self.files_of(mutant, stage)
        limit = PATIENCE_SECONDS + PATIENCE_FACTOR * sum(self.seconds[name] for name in files)
        try:
            path.write_text(changed, "utf-8")
            os.utime(path, (times.st_atime, times.st_mtime - 1000))  # compiled files of the true source do not fit
            survived = not files or self.tested(files, limit, mutant.path in INTERPRETED) == 0
        finally:
            path.write_text(source, "utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        return survived, difference(source, changed)

    def files_of(self, mutant: Mutant, stage: str) -> list[str]:
        """Return the test files of a stage, the quickest first."""
        parts = Path(mutant.path).with_suffix("").parts[1:]
        package, stem = ".".join(parts[:-1]), parts[-1]
        if stem == "__init__":
            package, stem = ".".join(parts[:-2]), parts[-2]
        dotted = re.escape(f"{package}.{stem}")
        imports = re.compile(rf"(from|import) {dotted}\b|from {re.escape(package)} import [^\n]*\b{stem}\b")
        mirrored = "/".join(("tests", *parts[1:-1], f"test_{stem}.py"))
        near = {name for name in self.files if name == mirrored or imports.search(self.sources[name])}
        room = tuple(f"{folder}/" for folder in ROOMS[mutant.room])
        wide = {name for name in self.files if name.startswith(room)} - near
        if mutant.path in INTERPRETED:  # through the whole engine it would take hours
            near, wide = near & {mirrored}, set()
        return sorted(near if stage == "near" else wide, key=self.seconds.__getitem__)

    def tested(self, stage: Sequence[str], limit: float, interpreted: bool) -> int:
        """Return the exit status of pytest over some files, 124 where the time was over."""
        child = os.fork()
        if child == 0:
            self._in_child(stage, interpreted)
        stop = time.monotonic() + limit
        while time.monotonic() < stop:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return 124

    def _in_child(self, stage: Sequence[str], interpreted: bool) -> None:
        code = 70
        try:
            os.setsid()
            os.chdir(self.tree)
            os.environ["PYTHONPATH"] = str(self.tree / "src")  # for processes that tests start
            sys.path.insert(0, str(self.tree / "src"))
            if interpreted:
                import numba

                numba.config.DISABLE_JIT = True
            import pytest

            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *stage]))
        finally:
            os._exit(code)


# --- showing ---------------------------------------------------------------------------------------------------------


def difference(before: str, after: str) -> str:
    """Return the lines that differ."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((f"{a.strip()}  →  {b.strip()}" for a, b in pairs if a != b), "lines left out")


def show(drawn: Sequence[Mutant], known: dict[str, dict[str, str]]) -> None:
    """Print the table and the survivors."""
    keyed = [(mutant, json.dumps(asdict(mutant), sort_keys=True)) for mutant in drawn]
    answers = [(mutant, known[key]) for mutant, key in keyed if key in known]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("cosmic-ray", "pytest"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    print(f"{'room':22} {'mutants':>8} {'killed':>8} {'survived':>9} {'share':>8}")
    for room in (*ROOMS, "all"):
        given = [answer["answer"] for mutant, answer in answers if room in ("all", mutant.room)]
        killed = given.count("killed")
        if given:
            print(f"{room:22} {len(given):8} {killed:8} {len(given) - killed:9} {100 * killed / len(given):7.1f}%")
    print("\nsurvivors")
    for mutant, answer in sorted(answers, key=lambda entry: (entry[0].path, entry[0].line)):
        if answer["answer"] == "survived":
            print(f"{mutant.path}:{mutant.line} {mutant.operator}\n    {answer['change']}")


if __name__ == "__main__":
    main()
