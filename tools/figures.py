"""Prints the figures of a checkout by which its structure is judged.

``python -m tools.figures --checkout DIR`` counts import circles, what stands at the top of the
kit, functions over 40 lines, lines over 100 characters, and imports of our own modules for types
alone. Nothing of the checkout is imported.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("mockserver", "contract_tests")
MAX_FUNCTION_LINES = 40
MAX_LINE = 100
_GENERATED = re.compile(r"docs/reference\.\w+$")
_ENTRIES = ("__init__.py", "__main__.py")
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Module:
    """A module of one of our packages, read but not imported."""

    name: str
    path: Path
    tree: ast.Module


@dataclass
class Figures:
    """All figures of a checkout."""

    circles: dict[str, list[list[str]]] = field(default_factory=dict)
    """By package: the modules of each circle, largest circle first."""
    top_modules: list[str] = field(default_factory=list)
    top_packages: list[str] = field(default_factory=list)
    long_functions: list[tuple[str, int]] = field(default_factory=list)
    """Place and number of lines."""
    long_lines: dict[str, list[str]] = field(default_factory=dict)
    """By kind of file: the places."""
    type_blocks: list[str] = field(default_factory=list)
    """Places of ``if TYPE_CHECKING:`` blocks that import modules of ours."""
    type_imports: list[str] = field(default_factory=list)
    """Places of the import statements in these blocks."""


def measure(checkout: Path) -> Figures:
    """Return the figures of a checkout."""
    figures = Figures()
    for package in PACKAGES:
        modules = read(checkout, package)
        figures.circles[package] = circles(modules)
        figures.long_functions += _long_functions(modules, checkout)
        blocks, imports = _imports_for_types(modules, checkout)
        figures.type_blocks += blocks
        figures.type_imports += imports
    kit = checkout / "contract_tests"
    figures.top_modules = sorted(
        path.name for path in kit.glob("*.py") if path.name not in _ENTRIES
    )
    figures.top_packages = sorted(path.parent.name for path in kit.glob("*/__init__.py"))
    figures.long_lines = long_lines(checkout, files(checkout))
    return figures


def read(checkout: Path, package: str) -> list[Module]:
    """Parse all modules of a package."""
    found = []
    for path in sorted((checkout / package).rglob("*.py")):
        parts = path.relative_to(checkout).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"))))
    return found


def files(checkout: Path) -> list[Path]:
    """Return the files that git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=checkout, capture_output=True, text=True, check=True
    )
    return [checkout / name for name in listed.stdout.split("\0") if name]


# ----------------------------------------------------------------------------- circles


def circles(modules: Iterable[Module]) -> list[list[str]]:
    """Return groups of modules that import each other, directly or not; imports for types count."""
    named = {module.name: module for module in modules}
    arrows = {name: _imported(module, named) for name, module in named.items()}
    reached = {name: _reachable(name, arrows) for name in arrows}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached[other]))
        for name in arrows
        if name in reached[name]
    }
    return sorted((list(group) for group in groups if len(group) > 1), key=len, reverse=True)


def _imported(module: Module, named: dict[str, Module]) -> set[str]:
    """Return the modules that a module names in an import, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in named else base)
    return (found & set(named)) - {module.name}


def _base(module: Module, node: ast.ImportFrom) -> str:
    """Return the absolute name of what is imported from."""
    if node.level == 0:
        return node.module or ""
    parts = module.name.split(".")
    inside = 1 if module.path.name == "__init__.py" else 0
    above = parts[: len(parts) - node.level + inside]
    return ".".join((*above, *([node.module] if node.module else [])))


def _reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(arrows[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += arrows[name]
    return seen


# ------------------------------------------------------------------- functions and types


def _long_functions(modules: Iterable[Module], checkout: Path) -> Iterator[tuple[str, int]]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    yield f"{_place(module, node.lineno, checkout)} {node.name}", length


def _imports_for_types(modules: Iterable[Module], checkout: Path) -> tuple[list[str], list[str]]:
    blocks, imports = [], []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                statements = (inner for inner in ast.walk(node) if isinstance(inner, ast.stmt))
                ours = [inner for inner in statements if _is_ours(inner)]
                blocks += [_place(module, node.lineno, checkout)] if ours else []
                imports += [_place(module, inner.lineno, checkout) for inner in ours]
    return blocks, imports


def _is_ours(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").split(".")[0] in PACKAGES
    return isinstance(node, ast.Import) and any(
        alias.name.split(".")[0] in PACKAGES for alias in node.names
    )


def _place(module: Module, line: int, checkout: Path) -> str:
    return f"{module.path.relative_to(checkout).as_posix()}:{line}"


# ------------------------------------------------------------------------------- lines


def long_lines(checkout: Path, paths: Iterable[Path]) -> dict[str, list[str]]:
    """Return the places of lines that are too long, by kind of file."""
    found: dict[str, list[str]] = {"*.py": [], "*.md": [], "*.yaml": [], "*.yaml, data": []}
    for path in paths:
        kind = f"*{path.suffix.replace('.yml', '.yaml')}"
        name = path.relative_to(checkout).as_posix()
        if kind not in found or _GENERATED.search(name) or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if is_too_long(line, kind):
                data = kind == "*.yaml" and _is_data(line)
                found["*.yaml, data" if data else kind].append(f"{name}:{number}")
    return found


def is_too_long(line: str, kind: str) -> bool:
    """Return whether a line is too long. Rows of Markdown tables and addresses may be."""
    if len(line) <= MAX_LINE:
        return False
    if kind == "*.py":
        return True
    if line.lstrip().startswith("|") and line.rstrip().endswith("|"):
        return False
    return len(_URL.sub("", line)) > MAX_LINE


def _is_data(line: str) -> bool:
    """Return whether a line of YAML is a row of data, such as ``- { id: x, name: y }``."""
    text = line.strip().removeprefix("- ")
    value = re.sub(r"^[\w.$/{}\"-]+: +", "", text)
    return value.startswith(("{", "[")) or text.startswith(("{", "["))


# ------------------------------------------------------------------------------ output


def shown(figures: Figures, *, places: bool) -> str:
    """Return the figures as text, with the places of what is counted if they are asked for."""
    lines: list[str] = []

    def add(name: str, value: object, where: Iterable[str] = ()) -> None:
        lines.append(f"{name:58} {value}")
        lines.extend(f"    {place}" for place in where if places)

    for package, groups in figures.circles.items():
        sizes = " + ".join(str(len(group)) for group in groups)
        named = (" ".join(group) for group in groups)
        add(f"import circles in {package}", f"{len(groups)} ({sizes or 'none'})", named)
    total = len(figures.top_modules) + len(figures.top_packages)
    add("contract_tests, modules at the top level", len(figures.top_modules), figures.top_modules)
    add("contract_tests, packages at the top level", len(figures.top_packages))
    add("contract_tests, both", total)
    named = (f"{place}: {length} lines" for place, length in figures.long_functions)
    add(f"functions over {MAX_FUNCTION_LINES} lines", len(figures.long_functions), named)
    for kind, found in figures.long_lines.items():
        add(f"lines over {MAX_LINE} characters, {kind}", len(found), found)
    add("TYPE_CHECKING blocks that import our modules", len(figures.type_blocks))
    add("import statements in them", len(figures.type_imports), figures.type_imports)
    return "\n".join(lines)


def main() -> int:
    """Print the figures of a checkout."""
    parser = argparse.ArgumentParser(prog="python -m tools.figures", description=__doc__)
    parser.add_argument("--checkout", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--places", action="store_true", help="list what is counted, too")
    flags = parser.parse_args()
    print(shown(measure(flags.checkout.resolve()), places=flags.places))
    return 0


if __name__ == "__main__":
    sys.exit(main())
