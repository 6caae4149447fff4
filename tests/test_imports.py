"""The direction of imports: billing <- storage, personas, world <- api, control, hosted <- app <- cli."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mockserver

PACKAGE = Path(mockserver.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)

# Where each part of the house stands: it may import what stands lower, and nothing beside or above it.
# A part that is not here yet is a decision.
FLOORS: list[set[str]] = [
    {
        "billing",
        "clock",
        "framework",
        "loopback",
        "resources",
        "schemas",
        "uvicorn_parts",
        "yaml_file",
    },
    {"contract", "docs", "faults", "generator", "personas", "settings", "storage", "webhooks"},
    {"world"},
    {"fixtures"},
    {"api"},
    {"control", "hosted", "stripe"},
    {"app", "banner", "watch"},
    {"cli"},
    {"__main__"},
    {"child_server", "testing"},
    {"pytest_plugin"},
]
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}

# What the domain may use of the standard library: nothing that reads a clock, a file, a socket or chance.
PURE = {
    "__future__",
    "array",
    "calendar",
    "collections",
    "dataclasses",
    "datetime",
    "functools",
    "hashlib",
    "hmac",
}
PURE |= {"itertools", "operator", "pickle", "re", "typing", "zlib"}

WALL_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}


def part_of(path: Path) -> str:
    """The part of the house to which a module belongs: ``billing``, ``world``, ..."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they point"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """The parts of the house that a module imports."""
    names = (name.split(".") for name in imported(path))
    return {name[1] for name in names if name[0] == "mockserver" and len(name) > 1}


def attributes(path: Path) -> set[tuple[str, str]]:
    """What a module reads of names: ``(datetime, now)`` for ``datetime.now``."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {
        (node.value.id, node.attr)
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    """A module imports what stands lower, or what belongs to its own part."""
    part = part_of(path)
    if part == "__init__":
        assert ours(path) == set()
        return
    assert {part, *ours(path)} - {"__version__"} <= set(FLOOR_OF), (
        "say in FLOORS where the new part stands"
    )
    for other in ours(path) - {part, "__version__"}:
        assert FLOOR_OF[other] < FLOOR_OF[part], f"{name_of(path)} imports {other}"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if part_of(path) == "billing"], ids=name_of
)
def test_the_domain_is_pure(path: Path) -> None:
    """No HTTP, no YAML, no wall clock, no chance, nothing of ours outside this folder."""
    others = {name.split(".")[0] for name in imported(path)} - {"mockserver"}
    assert others <= PURE
    assert ours(path) <= {"billing"}


def loops(folder: Path) -> list[str]:
    """The modules of a folder that import each other in a loop, types included."""
    graph = {path.stem: set[str]() for path in folder.glob("*.py") if path.stem != "__init__"}
    package = f"mockserver.{folder.relative_to(PACKAGE).as_posix().replace('/', '.')}."
    for name, targets in graph.items():
        for target in imported(folder / f"{name}.py"):
            if target.startswith(package):
                targets.add(target.removeprefix(package).split(".")[0])
    while leaves := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in leaves:
            del graph[name]
    return sorted(graph)


def test_no_rules_of_billing_import_each_other_in_a_loop() -> None:
    """State is one page below the rules, so that no rule needs another for its types."""
    assert loops(PACKAGE / "billing") == []


def test_no_rule_of_billing_hides_an_import() -> None:
    """Imports stand at the top of a module: none is inside a function or for types alone."""
    for path in (PACKAGE / "billing").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        everywhere = [
            node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert [node for node in everywhere if node not in tree.body] == [], name_of(path)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_there_is_one_clock(path: Path) -> None:
    """One clock for everything: no other module asks the machine what time it is."""
    read = attributes(path) & WALL_CLOCKS
    assert read == ({("datetime", "now")} if name_of(path) == "clock.py" else set())


def test_the_walk_sees_the_house() -> None:
    """Every part that stands in the plan is there, and what is pure is of the standard library."""
    assert {part_of(path) for path in MODULES} - {"__init__"} == set(FLOOR_OF)
    assert sys.stdlib_module_names >= PURE
    assert "billing" in ours(PACKAGE / "world.py")
    assert ("datetime", "now") in attributes(PACKAGE / "clock.py")
