"""Runs the tests that execute a faulty line, in forks of one process that has collected all tests (see mutation.py).

One session of pytest collects everything once. What a mutant changes is one function, nearly always: its code is put in
the place of the true one in a fork, and the tests that executed its line without the fault run there, the quickest
first, until one fails. A fault in what runs while modules are imported makes a fork from before the collection import
the faulty text. No file is changed. A process that a test starts runs the true code: such a test finds nothing.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import importlib
import importlib.machinery
import inspect
import json
import os
import re
import resource
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest

#: Loaded before the fork: others' code, which no mutant changes. Nothing of ours, and nothing that starts threads.
HEAVY = ("numpy", "scipy.stats", "sklearn.linear_model", "numba", "polars", "hypothesis", "sqlalchemy", "pydantic")
#: Longest that a mutant may take, in seconds: what its tests take unchanged times the first, and the second.
PATIENCE_FACTOR, PATIENCE_SECONDS = 3.0, 15.0
MEMORY_BYTES = 16 << 30
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Test:
    """What one test costs and runs: its own seconds, and the fixtures that outlive it with theirs."""

    name: str
    seconds: float
    fixtures: tuple[str, ...]
    fixture_seconds: float

    @property
    def file(self) -> str:
        return self.name.partition("::")[0]

    @property
    def alone(self) -> float:
        return self.seconds + self.fixture_seconds


@dataclass(slots=True)
class Footprint:
    """Which tests execute which lines, measured without a fault. A line holds one bit for each test."""

    tests: list[Test]
    lines: dict[str, dict[int, int]]
    imported: dict[str, set[int]]

    def of(self, path: str, lines: Iterable[int]) -> list[Test]:
        """Return the tests that execute one of some lines of a file."""
        bits = 0
        for line in lines:
            bits |= self.lines.get(path, {}).get(line, 0)
        return [test for number, test in enumerate(self.tests) if bits >> number & 1]


def affordable(tests: Sequence[Test], budget: float, first: Container[str] = ()) -> tuple[list[Test], float]:
    """Return the tests to run within so many seconds and how long they take: those of some files first, then the
    cheapest, fixtures once."""
    groups: dict[tuple[str, ...], list[Test]] = defaultdict(list)
    for test in tests:
        groups[test.fixtures].append(test)
    chosen: list[Test] = []
    spent = 0.0
    for group in sorted(groups.values(), key=lambda group: (group[0].file not in first, min(t.alone for t in group))):
        made = False
        for test in sorted(group, key=lambda test: (test.file not in first, test.seconds)):
            cost = test.seconds if made else test.alone
            if spent + cost <= budget or not chosen:
                chosen.append(test)
                spent, made = spent + cost, True
    return chosen, spent


# --- faults in memory ------------------------------------------------------------------------------------------------


def functions(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Yield the code of every function that a module defines at its top or in classes, by name and first line."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield (constant.co_qualname, constant.co_firstlineno), constant
            yield from functions(constant)


def skeleton(code: CodeType) -> tuple[object, ...]:
    """Return what one code object does by itself, the functions inside it apart."""
    constants = [(type(c).__name__, repr(c)) for c in code.co_consts if not isinstance(c, CodeType)]
    return (code.co_code, tuple(constants), code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


def changed_functions(true: CodeType, faulty: CodeType) -> set[tuple[str, int]] | None:
    """Return the functions that differ (with all that hold them); none where a module or a class body differs."""
    before, after = list(functions(true)), list(functions(faulty))
    names = [name for name, _ in before]
    if skeleton(true) != skeleton(faulty) or names != [name for name, _ in after]:
        return None
    pairs = [(name, one, other) for (name, one), (_, other) in zip(before, after, strict=True)]
    differ = [(name, one) for name, one, other in pairs if skeleton(one) != skeleton(other)]
    in_class_body = any(not one.co_flags & inspect.CO_OPTIMIZED for _, one in differ)  # it ran at import
    return None if in_class_body or any(names.count(name) > 1 for name, _ in differ) else {name for name, _ in differ}


def put_in(path: str, faulty: CodeType, names: set[tuple[str, int]]) -> bool:
    """Give the live functions of a file the faulty code. False where one of them is not to be found."""
    codes = dict(functions(faulty))
    met: set[tuple[str, int]] = set()
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == path:
            key = (thing.__code__.co_qualname, thing.__code__.co_firstlineno)
            inside = {key, *(inner for inner, _ in functions(codes[key]))} if key in codes else set()
            if inside & names and len(thing.__code__.co_freevars) == len(codes[key].co_freevars):
                thing.__code__ = codes[key]
                met |= inside & names
    return met == names


def caches() -> list[_lru_cache_wrapper[object]]:
    """Return every cache of ours: what was kept of a function before it was faulty must not hide the fault."""
    found = (thing for thing in gc.get_objects() if isinstance(thing, _lru_cache_wrapper))
    return [cache for cache in found if str(getattr(cache, "__module__", "")).startswith("ktop")]


def import_as(path: str, faulty: CodeType) -> None:
    """Let the file be imported with the fault."""
    true = importlib.machinery.SourceFileLoader.get_code

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return faulty if loader.path == path else true(loader, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


# --- sessions of pytest ----------------------------------------------------------------------------------------------


class Session:
    """A plugin that hands the collected tests to ``work`` in place of running them."""

    def __init__(self, work: Callable[[list[pytest.Item]], None]) -> None:
        self.work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.work(session.items)
        return True


def run_session(tree: Path, files: Sequence[str], work: Callable[[list[pytest.Item]], None]) -> int:
    """Collect files and do ``work`` with their tests."""
    os.chdir(tree)
    os.environ["PYTHONPATH"] = str(tree / "src")  # for processes that tests start
    sys.path.insert(0, str(tree / "src"))
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly", "--tb=no"]
    return int(pytest.main([*options, *files], plugins=[Session(work)]))


def run_items(items: Sequence[pytest.Item], seen: Callable[[pytest.Item], None] = lambda item: None) -> None:
    """Run tests in the order given; end the process with 1 and tell which one at the first that fails."""

    class Reports:
        @pytest.hookimpl
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                Path(os.environ["KTOP_MUTATION_ANSWER"]).write_text(report.nodeid)
                os._exit(1)

    if items:
        items[0].config.pluginmanager.register(Reports())
    for item, following in zip(items, [*items[1:], None], strict=True):
        seen(item)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class Runner:
    """Measures which tests execute what, and runs them against mutants."""

    def __init__(self, tree: Path, work: Path, rooms: Sequence[str], interpreted: bool) -> None:
        self.tree, self.work, self.interpreted = tree.resolve(), work.resolve(), interpreted
        self.rooms = [str(self.tree / "src/ktop" / room) for room in rooms]
        self.answer, self.temporary = self.work / "killed_by", self.work / "temporary"
        for name in HEAVY:
            importlib.import_module(name)
        from hypothesis.internal.conjecture import engine

        engine.MAX_SHRINKING_SECONDS = 0  # that a test fails is enough
        os.environ |= {"KTOP_MUTATION_ANSWER": str(self.answer), "PYTEST_DEBUG_TEMPROOT": str(self.temporary)}

    def serve(self, files: Sequence[str], work: Callable[[Footprint, dict[str, pytest.Item]], None]) -> None:
        """Collect the files in a fork, measure what has not been measured, do ``work`` there."""

        def collected(items: list[pytest.Item]) -> None:
            tracer.stop()
            imported = self._lines(tracer)
            by_file: dict[str, list[pytest.Item]] = defaultdict(list)
            for item in items:
                by_file[item.nodeid.partition("::")[0]].append(item)
            threads = len(list(Path("/proc/self/task").iterdir()))
            print(f"{len(items)} tests of {len(by_file)} files, {threads} thread(s)", file=sys.stderr, flush=True)
            work(self._footprint(by_file, imported), {item.nodeid: item for item in items})

        tracer = self._tracer()
        child = os.fork()
        if child == 0:
            code = 70
            try:
                if self.interpreted:
                    import numba

                    numba.config.DISABLE_JIT = True
                tracer.start()
                tracer.switch_context("import")
                code = run_session(self.tree, files, collected)
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in (0, 5), "the session of pytest failed"

    def _tracer(self) -> coverage.Coverage:
        include = [f"{room}/*" for room in self.rooms]
        return coverage.Coverage(data_file=None, config_file=False, include=include, messages=False)

    def _lines(self, tracer: coverage.Coverage) -> dict[str, dict[int, list[str]]]:
        data = tracer.get_data()
        return {os.path.relpath(path, self.tree): dict(data.contexts_by_lineno(path)) for path in data.measured_files()}

    def _footprint(self, by_file: dict[str, list[pytest.Item]], imported: dict[str, dict[int, list[str]]]) -> Footprint:
        found = Footprint([], defaultdict(lambda: defaultdict(int)), {p: set(lines) for p, lines in imported.items()})
        folder = self.work / ("footprint_interpreted" if self.interpreted else "footprint")
        folder.mkdir(exist_ok=True)
        for name, items in sorted(by_file.items()):
            stored = folder / (hashlib.sha256(name.encode()).hexdigest()[:16] + ".json")
            if not stored.exists():
                start = time.monotonic()
                code = self._forked(lambda items=items, stored=stored: self._measure(items, stored), 1800.0)
                assert code == 0, f"tests fail without a fault: {name} ({self._killer()})"
                print(f"{time.monotonic() - start:6.1f} s {len(items):4} {name}", file=sys.stderr, flush=True)
            known = json.loads(stored.read_text())
            shift = len(found.tests)
            found.tests += [Test(t["name"], t["seconds"], tuple(t["fixtures"]), t["outlive"]) for t in known["tests"]]
            for path, lines in known["lines"].items():
                for line, bits in lines.items():
                    found.lines[path][int(line)] |= int(bits, 16) << shift
        return found

    def _measure(self, items: list[pytest.Item], stored: Path) -> None:
        """Run all tests of a file; write which lines each executes, by itself and in fixtures that outlive it."""
        tracer, current, seconds = self._tracer(), [""], defaultdict(float)

        class Fixtures:
            @pytest.hookimpl(wrapper=True)
            def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
                if fixturedef.scope == "function":
                    return (yield)
                former, start, inner = current[0], time.monotonic(), seconds["#"]
                current[0] = f"fixture:{fixturedef.argname}"
                tracer.switch_context(current[0])
                try:
                    return (yield)
                finally:
                    spent = time.monotonic() - start
                    seconds[current[0]] = max(seconds[current[0]], spent - (seconds["#"] - inner))
                    seconds["#"] = inner + spent
                    current[0] = former
                    tracer.switch_context(former)

        def seen(item: pytest.Item) -> None:
            ends.append((time.monotonic(), seconds["#"]))
            if len(sys.modules) != kept[0]:
                kept[:] = [len(sys.modules), caches()]
            for cache in kept[1]:
                cache.cache_clear()  # else only the first test would be seen to run what is kept
            current[0] = item.nodeid
            tracer.switch_context(item.nodeid)
            starts.append((time.monotonic(), seconds["#"]))

        starts: list[tuple[float, float]] = []
        ends: list[tuple[float, float]] = []
        kept: list[Any] = [0, []]
        items[0].config.pluginmanager.register(Fixtures())
        tracer.start()
        run_items(items, seen)
        ends.append((time.monotonic(), seconds["#"]))
        tracer.stop()
        tests = []
        for item, (start, made), (stop, made_then) in zip(items, starts, ends[1:], strict=True):
            outlive = [name for name in getattr(item, "fixturenames", ()) if f"fixture:{name}" in seconds]
            heavy = [name for name in outlive if seconds[f"fixture:{name}"] > 0.2]
            params = item.callspec.params if hasattr(item, "callspec") else {}
            same = [f"{name}={params[name]!r:.60}" for name in outlive if name in params] if heavy else []
            place = [item.nodeid.partition("::")[0], *heavy, *same] if heavy else []
            tests.append(
                {
                    "name": item.nodeid,
                    "seconds": stop - start - (made_then - made),
                    "fixtures": place,
                    "outlive": sum(seconds[f"fixture:{name}"] for name in heavy),
                    "all": outlive,
                }
            )
        bits: dict[str, int] = defaultdict(int)
        for number, test in enumerate(tests):
            for context in (test["name"], *(f"fixture:{name}" for name in test["all"])):  # type: ignore[attr-defined]
                bits[str(context)] |= 1 << number
        lines = {
            path: {line: hex(sum_of(bits[name] for name in names)) for line, names in found.items()}
            for path, found in self._lines(tracer).items()
        }
        beside = stored.with_suffix(".part")
        beside.write_text(json.dumps({"tests": tests, "lines": lines}))
        beside.replace(stored)

    # --- mutants

    def killed(
        self, footprint: Footprint, items: dict[str, pytest.Item], path: str, line: int, faulty: str, budget: float
    ) -> dict[str, object]:
        """Return what the tests say to a fault in a line of a file."""
        file = str(self.tree / path)
        source = Path(file).read_text("utf-8")
        true, wrong = compile(source, file, "exec"), compile(faulty, file, "exec")
        names = changed_functions(true, wrong)
        if names == set():
            return {"answer": "survived", "how": "the same code", "tests": 0, "left_out": 0, "seconds": 0.0}
        span = statement(source, line)
        late = names is not None and not footprint.imported.get(path, set()) & set(span)
        tests, near = footprint.of(path, span), self.near(path)
        if late:
            chosen, seconds = affordable(tests, budget)
        else:
            tests = footprint.of(path, footprint.lines.get(path, {}))
            chosen, seconds = affordable(tests, budget, near)
        limit = PATIENCE_SECONDS + PATIENCE_FACTOR * seconds
        start = time.monotonic()
        if not chosen:  # no test of these rooms runs it: whoever imports it, in whatever room
            code = self._forked(lambda: self._as_import(file, wrong, sorted(near)), budget + PATIENCE_SECONDS)
        elif late:
            code = self._forked(
                lambda: self._as_code(file, wrong, names or set(), [items[t.name] for t in chosen]), limit
            )
        if chosen and (not late or code == 3):
            code = self._forked(lambda: self._as_import(file, wrong, [t.name for t in chosen]), limit + 60.0)
        return {
            "answer": "survived" if code == 0 else "killed",
            "how": "time" if code == TIMED_OUT else self._killer() or str(code),
            "late": late,
            "tests": len(chosen),
            "left_out": len(tests) - len(chosen),
            "seconds": round(time.monotonic() - start, 1),
        }

    def near(self, path: str) -> set[str]:
        """Return the test files that import a module or mirror its name."""
        parts = Path(path).with_suffix("").parts[1:]
        package, stem = ".".join(parts[:-1]), parts[-1]
        if stem == "__init__":
            package, stem = ".".join(parts[:-2]), parts[-2]
        dotted = re.escape(f"{package}.{stem}")
        imports = re.compile(rf"(from|import) {dotted}\b|from {re.escape(package)} import [^\n]*\b{stem}\b")
        mirrored = "/".join(("tests", *parts[1:-1], f"test_{stem}.py"))
        files = (str(file.relative_to(self.tree)) for file in (self.tree / "tests").rglob("test_*.py"))
        return {name for name in files if name == mirrored or imports.search((self.tree / name).read_text("utf-8"))}

    @staticmethod
    def _as_code(file: str, faulty: CodeType, names: set[tuple[str, int]], items: list[pytest.Item]) -> None:
        if not put_in(file, faulty, names):
            os._exit(3)
        for cache in caches():
            cache.cache_clear()
        run_items(items)

    def _as_import(self, file: str, faulty: CodeType, names: list[str]) -> None:
        """Import the faulty file and run tests, or whole files, in a process of their own: this one holds the true
        modules already."""
        order = {name: number for number, name in enumerate(names)}

        def work(items: list[pytest.Item]) -> None:
            whole = [item for item in items if item.nodeid.partition("::")[0] in order]
            run_items(sorted((i for i in items if i.nodeid in order), key=lambda i: order[i.nodeid]) or whole)
            if not whole and len({item.nodeid for item in items} & order.keys()) < len(order):
                os._exit(4)  # tests that the fault keeps from being collected

        import_as(file, faulty)
        for name in [name for name in sys.modules if name.split(".")[0] in ("ktop", "tests")]:
            del sys.modules[name]
        code = run_session(self.tree, sorted({name.partition("::")[0] for name in names}), work)
        os._exit(0 if code in (0, 5) else code)

    def _killer(self) -> str:
        return self.answer.read_text() if self.answer.exists() else ""

    def _forked(self, work: Callable[[], None], limit: float) -> int:
        """Do ``work`` in a child and return its exit status, 124 where the time was over."""
        self.answer.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.setsid()
                silent = os.open(os.devnull, os.O_RDWR)
                for number in (0, 1, 2):
                    os.dup2(silent, number)
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
                self.temporary.mkdir(exist_ok=True)
                work()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 70
            finally:
                os._exit(code)
        stop = time.monotonic() + limit
        code = TIMED_OUT
        while time.monotonic() < stop and code == TIMED_OUT:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.005)
        if code == TIMED_OUT:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        shutil.rmtree(self.temporary, ignore_errors=True)
        return code


def sum_of(bits: Iterable[int]) -> int:
    """Return all bits that are set in one of some numbers."""
    result = 0
    for each in bits:
        result |= each
    return result


def statement(source: str, line: int) -> range:
    """Return the lines of the innermost statement that holds a line, of one with a body its head alone."""
    best = range(line, line + 1)
    size = sys.maxsize
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line):
            body = getattr(node, "body", None)
            stop = (body[0].lineno if body else (node.end_lineno or line) + 1) if isinstance(body, list) else None
            span = range(node.lineno, max(stop or (node.end_lineno or line) + 1, node.lineno + 1))
            if line in span and len(span) <= size:
                best, size = span, len(span)
    return best
