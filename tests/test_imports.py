"""The directions of imports. ARCHITECTURE.md says why they are as they are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sized
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LAYERS: list[set[str]] = [
    {"candidates", "clock", "compat", "json_bytes", "limits", "loopback", "packaged"},
    {"locales", "openapi"},
    {"docs", "faults", "generator", "setting_values", "webhooks"},
    {"settings"},
    {"engine"},
    {"console", "control", "server", "workbench"},
    {"billing", "resources"},
    {"app"},
    {"remote"},
    {
        "banner",
        "contract",
        "control_command",
        "remote_commands",
        "impossible_responses",
        "resources_command",
        "watch",
    },
    {"check_command"},
    {"cli"},
    {"__main__"},
    {"testing"},
    {"pytest_plugin"},
]
"""The parts of ``mockserver``. A part imports parts of lower layers only."""
LAYER_OF = {part: layer for layer, parts in enumerate(LAYERS) for part in parts}

GENERAL = {
    *(
        "candidates",
        "clock",
        "compat",
        "json_bytes",
        "locales",
        "limits",
        "loopback",
        "packaged",
        "openapi",
        "docs",
        "faults",
        "generator",
    ),
    *(
        "generator",
        "setting_values",
        "settings",
        "webhooks",
        "engine",
        "console",
        "control",
        "server",
        "resources",
    ),
    *("contract", "workbench"),
}
"""The parts of ``mockserver`` that know nothing of billing."""

KIT_COMPOSITION = {"contract_tests.cli", "contract_tests.runner"}
"""The modules of the kit that choose what is known of an API."""

PURE = {
    *(
        "__future__",
        "array",
        "calendar",
        "collections",
        "copy",
        "dataclasses",
        "datetime",
        "functools",
    ),
    *("hashlib", "hmac", "itertools", "operator", "pickle", "re", "typing", "zlib"),
}
"""Modules of the standard library that rules may use: no clock, file, socket or randomness."""

STRUCTS = {"msgspec"}
"""Rules define their plain data with it."""

WALL_CLOCKS = {
    *(("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today")),
    *(("date", "today"), ("time", "time"), ("time", "time_ns")),
}

Imports = Mapping[str, set[str]]
"""The modules that each module imports, by dotted name."""


def name_of(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_of(package: str) -> dict[str, Path]:
    """Return the modules of a package by dotted name."""
    paths = sorted((ROOT / package).rglob("*.py"))
    return {name_of(path): path for path in paths if "_data" not in path.parts}


@cache
def imported(source: str) -> list[str]:
    """Return the dotted names that a module imports, wherever it does, types included."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they point"
            names += (f"{node.module}.{alias.name}" for alias in node.names)
    return names


def imports_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return which of our own modules each module imports."""
    return {
        module: {
            target
            for name in imported(path.read_text(encoding="utf-8"))
            if (target := _module_in(name, modules)) is not None and target != module
        }
        for module, path in modules.items()
    }


def _module_in(name: str, modules: Mapping[str, Path]) -> str | None:
    """Return the module that an import names: itself, or the module of an attribute."""
    if name in modules:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in modules else None


def loops(imports: Imports) -> list[set[str]]:
    """Return the groups of modules that import each other in a loop."""
    reached = {module: _reached(module, imports) for module in imports}
    groups = {
        frozenset({module, *(other for other in reached[module] if module in reached[other])})
        for module in imports
        if module in reached[module]
    }
    return [set(group) for group in groups]


def _reached(module: str, imports: Imports) -> set[str]:
    seen: set[str] = set()
    left = [*imports[module]]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            left += imports.get(name, ())
    return seen


def part_of(module: str) -> str:
    """Return the part of ``mockserver`` that a module belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def upward(imports: Imports) -> list[tuple[str, str]]:
    """Return imports that do not point to a lower layer, as pairs of modules."""
    return [
        (module, target)
        for module, targets in imports.items()
        for target in targets
        if "__init__" not in (part_of(module), part_of(target))
        and part_of(target) != part_of(module)
        and LAYER_OF[part_of(target)] >= LAYER_OF[part_of(module)]
    ]


def of_billing(imports: Imports) -> list[tuple[str, str]]:
    """Return imports of billing by the general half of ``mockserver``."""
    return [
        (module, target)
        for module, targets in imports.items()
        for target in targets
        if part_of(module) in GENERAL and part_of(target) == "billing"
    ]


def of_kit_billing(imports: Imports) -> list[tuple[str, str]]:
    """Return imports of ``contract_tests.billing`` by the general half of the kit."""
    billing = "contract_tests.billing"
    return [
        (module, target)
        for module, targets in imports.items()
        for target in targets
        if target.startswith(billing)
        and not module.startswith(billing)
        and module not in KIT_COMPOSITION
    ]


def attributes(source: str) -> set[tuple[str, str]]:
    """Return what a module reads of names: ``(datetime, now)`` for ``datetime.now``."""
    return {
        (node.value.id, node.attr)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def impure(module: str, source: str) -> set[str]:
    """Return what a rule imports beside pure modules and other rules."""
    names = set(imported(source))
    others = {name.split(".")[0] for name in names} - {"mockserver"}
    ours = {name for name in names if name.startswith("mockserver.")}
    rules = {name for name in ours if name in RULES or name.rpartition(".")[0] in RULES}
    return {*(others - PURE - STRUCTS), *(ours - rules - PURE_OF_THE_ENGINE - {module})}


MOCK = modules_of("mockserver")
KIT = modules_of("contract_tests")
RULES = {
    name
    for name, path in MOCK.items()
    if path.parent == ROOT / "mockserver" / "billing" and path.stem != "__init__"
}
"""The modules directly in ``billing``; its folders are adapters."""
PURE_OF_THE_ENGINE = {"mockserver.engine.pages.Page", "mockserver.engine.pages.newest_first"}
"""Pages of lists are pure, and the engine's."""


@pytest.mark.slow
@pytest.mark.parametrize("package", ["mockserver", "contract_tests"])
def test_no_modules_import_each_other_in_a_loop(package: str) -> None:
    """Imports for types count: a loop of types is a loop of ideas."""
    assert loops(imports_of(modules_of(package))) == []


def test_mockserver_imports_point_to_lower_layers() -> None:
    """A part imports only what LAYERS puts below it."""
    parts = {part_of(module) for module in MOCK} - {"__init__"}
    assert parts == set(LAYER_OF), "say in LAYERS where a new part belongs"
    assert upward(imports_of(MOCK)) == []


def test_the_general_half_of_mockserver_knows_nothing_of_billing() -> None:
    """Another document is served without it."""
    assert of_billing(imports_of(MOCK)) == []


def test_the_kit_imports_nothing_of_mockserver() -> None:
    """It judges any deployment by HTTP alone."""
    for path in KIT.values():
        names = {name.split(".")[0] for name in imported(path.read_text(encoding="utf-8"))}
        assert "mockserver" not in names, path


def test_the_general_half_of_the_kit_knows_nothing_of_billing() -> None:
    """Another document is tested without it."""
    assert of_kit_billing(imports_of(KIT)) == []


@pytest.mark.parametrize("module", sorted(RULES))
def test_the_rules_of_billing_are_pure(module: str) -> None:
    """No HTTP, no YAML, no wall clock, no randomness."""
    assert impure(module, MOCK[module].read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("module", sorted(MOCK))
def test_there_is_one_clock(module: str) -> None:
    """Only ``clock`` reads the wall clock."""
    read = attributes(MOCK[module].read_text(encoding="utf-8")) & WALL_CLOCKS
    assert read == ({("time", "time_ns")} if module == "mockserver.clock" else set())


@pytest.mark.parametrize("package", ["mockserver", "contract_tests"])
def test_nothing_of_our_own_is_imported_for_types_only(package: str) -> None:
    """A ``TYPE_CHECKING`` import hides a direction from readers.

    The pytest plugin alone may have one: every pytest run loads it, and it must load nothing.
    """
    for path in modules_of(package).values():
        if path.stem == "pytest_plugin":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                hidden = {name.split(".")[0] for name in imported(ast.unparse(node))}
                assert hidden.isdisjoint({"mockserver", "contract_tests"}), path


BROKEN: list[tuple[str, Sized]] = [
    ("a loop", loops({"m.a": {"m.b"}, "m.b": {"m.c"}, "m.c": {"m.a"}})),
    ("an import upwards", upward({"mockserver.engine.world": {"mockserver.billing.money"}})),
    ("an import sideways", upward({"mockserver.docs.html": {"mockserver.faults.rule"}})),
    ("billing in general", of_billing({"mockserver.control.render": {"mockserver.billing.money"}})),
    (
        "billing in the general kit",
        of_kit_billing({"contract_tests.judge.judge": {"contract_tests.billing.stories"}}),
    ),
    ("a clock in a rule", impure("mockserver.billing.x", "from time import time")),
    ("HTTP in a rule", impure("mockserver.billing.x", "import starlette.requests")),
    ("an adapter in a rule", impure("mockserver.billing.x", "import mockserver.engine.call")),
    ("the wall clock", attributes("datetime.now(UTC)") & WALL_CLOCKS),
]


@pytest.mark.parametrize(("name", "found"), BROKEN, ids=[name for name, _ in BROKEN])
def test_each_rule_finds_what_breaks_it(name: str, found: Sized) -> None:
    """A rule that cannot fail holds nothing."""
    assert found, name


def test_what_may_be_used_is_of_the_standard_library() -> None:
    """A misspelt name in the list of pure modules would allow nothing."""
    assert sys.stdlib_module_names >= PURE
