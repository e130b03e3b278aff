"""Plants small faults in a copy of the source and counts how many the tests find. Prints one table and the survivors.

    pip install --no-deps --target FOLDER cosmic-ray parso attrs decorator stevedore coverage    what it needs
    PYTHONPATH=FOLDER .venv/bin/python benchmarks/mutation.py WORK [--mutants 300] [--seed 20261128]

A place to change is drawn by chance over the rooms below, then one of the operators of cosmic-ray that fit there.
Places that cannot change an answer are left out before drawing: type annotations, decorators, imports for the type
checker. Which test executes which line is measured once; every mutant then meets the tests that execute its line, the
quickest first, as mutation_runner.py tells. It is killed when one fails or its time is over. WORK keeps a copy of the
tree, the measurement and the answers: a run that was ended goes on where it was. Tests that take longer than
``--seconds`` together are left out and told; with more seconds, only survivors of that kind run. ``--again`` takes the
tree anew, finds the survivors' lines in it and runs them. The checkout is never changed. One core (POSIX).
"""

from __future__ import annotations

import argparse
import ast
import importlib.metadata
import json
import os
import platform
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("domain", "models", "patents/engine", "patents/measures", "patents/neighbours")
TESTS = (*(f"tests/{room}" for room in ROOMS), "tests/contract", "tests/usecases/rate")
#: Compiled code says nothing of its lines, and would be compiled anew for every mutant: tested as Python, in files
#: that hold it to plain loops. Through the whole engine that would take hours.
INTERPRETED = {
    f"src/ktop/patents/engine/{name}.py": (f"tests/patents/engine/test_{name}.py",)
    for name in ("kernels", "document_lists")
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the ``occurrence``-th place where ``operator`` fits in ``path``."""

    room: str
    path: str
    operator: str
    occurrence: int
    line: int

    @property
    def key(self) -> str:
        """What names its answer."""
        return json.dumps(asdict(self), sort_keys=True)


def main() -> None:
    """Draw, run what has not run yet, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument("--seconds", type=float, default=60.0, help="longest that the tests of a mutant may take")
    parser.add_argument("--show", action="store_true", help="print what is known so far and run nothing")
    parser.add_argument("--again", action="store_true", help="take the checkout anew and run survivors again")
    options = parser.parse_args()
    tree, log = options.work / "tree", options.work / "answers.jsonl"
    known = {line["key"]: line for line in map(json.loads, log.read_text().splitlines())} if log.exists() else {}
    if options.again:
        for folder in options.work.iterdir():
            if folder.is_dir():
                shutil.rmtree(folder)
    if not tree.is_dir():
        copy_checkout(tree)
        subprocess.run([sys.executable, "-m", "compileall", "-q", tree / "src"], check=True)
    drawn_file = options.work / "drawn.json"
    if not drawn_file.exists():
        drawn_file.write_text(json.dumps([asdict(m) for m in draw(tree, options.mutants, options.seed)]))
    drawn = [Mutant(**line) for line in json.loads(drawn_file.read_text())]
    if not options.show:
        run(tree, drawn, known, log, options.seconds, options.again)
    show(drawn, known)


def run(
    tree: Path, drawn: Sequence[Mutant], known: dict[str, dict[str, Any]], log: Path, seconds: float, again: bool
) -> None:
    """Run what has no answer yet, what survived fewer tests than ``seconds`` allow, or (again) all that survived."""
    from mutation_runner import Footprint, Runner

    def is_open(answer: dict[str, Any]) -> bool:
        return answer["answer"] == "survived" and (again or (answer["left_out"] > 0 and answer["budget"] < seconds))

    waiting = [mutant for mutant in drawn if mutant.key not in known or is_open(known[mutant.key])]

    def answer(runner: Runner, mutants: Sequence[Mutant], footprint: Footprint, items: dict[str, Any]) -> None:
        for number, mutant in enumerate(mutants):
            here = in_tree(tree, mutant, known[mutant.key]["change"]) if again else mutant
            if here is None:
                print(f"gone     {mutant.path}:{mutant.line}", file=sys.stderr, flush=True)
                continue
            source = (tree / here.path).read_text("utf-8")
            faulty = mutated(source, here)
            said = runner.killed(footprint, items, here.path, here.line, faulty, seconds) | {"budget": seconds}
            with log.open("a") as handle:
                line = {"key": mutant.key, "change": difference(source, faulty), **said}
                handle.write(json.dumps(line, ensure_ascii=False) + "\n")
            told = f"{number + 1}/{len(mutants)} {said['answer']:8} {said['seconds']:6} s"
            print(f"{told} {here.path}:{here.line}", file=sys.stderr, flush=True)

    for interpreted in (False, True):
        mutants = [mutant for mutant in waiting if (mutant.path in INTERPRETED) == interpreted]
        files = sorted({file for files in INTERPRETED.values() for file in files}) if interpreted else TESTS
        if mutants:
            runner = Runner(tree, log.parent, ROOMS, interpreted)
            runner.serve(files, partial(answer, runner, mutants))
    known |= {line["key"]: line for line in map(json.loads, log.read_text().splitlines())}


def in_tree(tree: Path, mutant: Mutant, change: str) -> Mutant | None:
    """Return the mutant of another state of its file that changes the same line in the same way."""
    path = tree / mutant.path
    if not path.exists():
        return None
    source = path.read_text("utf-8")
    near = sorted(
        (abs(m.line - mutant.line), m.occurrence, m)
        for _, m in mutants_of(path, mutant.path, mutant.room)
        if m.operator == mutant.operator
    )
    return next((m for _, _, m in near if difference(source, mutated(source, m)) == change), None)


def copy_checkout(tree: Path, *only: str) -> None:
    """Copy the files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z", *only], cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


# --- mutants ---------------------------------------------------------------------------------------------------------


def draw(tree: Path, wanted: int, seed: int) -> list[Mutant]:
    """Return a sample of mutants, each at a place of its own, in the order drawn: any first part is a sample, too."""
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for room in ROOMS:
        for path in sorted((tree / "src/ktop" / room).rglob("*.py")):
            for column, mutant in mutants_of(path, str(path.relative_to(tree)), room):
                places.setdefault((mutant.path, mutant.line, column), []).append(mutant)
    generator = random.Random(seed)
    drawn: list[Mutant] = []
    for place in generator.sample(sorted(places), len(places)):
        mutant = generator.choice(places[place])
        if len(drawn) < wanted and is_python(mutated((tree / mutant.path).read_text("utf-8"), mutant)):
            drawn.append(mutant)
    return drawn


def is_python(source: str) -> bool:
    """Whether it compiles: ``*`` for the ``**`` of a mapping does not, and is no fault that a test could find."""
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


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


# --- showing ---------------------------------------------------------------------------------------------------------


def difference(before: str, after: str) -> str:
    """Return the lines that differ."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((f"{a.strip()}  →  {b.strip()}" for a, b in pairs if a != b), "lines left out")


def show(drawn: Sequence[Mutant], known: dict[str, dict[str, Any]]) -> None:
    """Print the table and the survivors."""
    answers = [(mutant, known[mutant.key]) for mutant in drawn if mutant.key in known]
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
            run = f"{answer['tests']} tests" + f" of {answer['tests'] + answer['left_out']}" * (answer["left_out"] > 0)
            print(f"{mutant.path}:{mutant.line} {mutant.operator} ({run})\n    {answer['change']}")


if __name__ == "__main__":
    main()
