"""Tracked files work on every machine: no registry, no local path, no undeclared package."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.outside.tools import PROJECT

# Written in pieces, so that this file does not name them either.
REGISTRIES = tuple(
    ".".join(name)
    for name in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("anaconda", "org"),
        ("crates", "io"),
        ("golang", "org"),
    )
)
LOCKS = (
    "requirements.lock",
    "tests/generators/package-lock.json",
    "tests/generators/requirements.lock",
    "tools/package-lock.json",
    "tools/stripe/package-lock.json",
    "examples/frontend/package-lock.json",
)


@cache
def tracked() -> dict[str, str]:
    """Return the text of every tracked or new file that is text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True
    ).stdout
    found: dict[str, str] = {}
    for name in filter(None, listed.split("\0")):
        try:
            found[name] = (PROJECT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):  # not text, deleted, or a link to a folder
            continue
    return found


def lines_with(pattern: str) -> list[str]:
    """Return file and line of every match of a pattern."""
    wanted = re.compile(pattern)
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in tracked().items()
        for number, line in enumerate(text.splitlines(), 1)
        if wanted.search(line)
    ]


def test_the_tree_is_not_empty() -> None:
    """The tests below do search files."""
    assert {"pyproject.toml", "Makefile", "spec/openapi.yaml", *LOCKS} <= set(tracked())


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host: str) -> None:
    """The registry is each machine's own setting."""
    assert lines_with(rf"(?i)(?<![\w-]){re.escape(host)}") == []


@pytest.mark.parametrize("place", [PROJECT, Path.home()], ids=["project", "home"])
def test_no_file_names_a_path_of_this_machine(place: Path) -> None:
    """Files are used elsewhere; a home that is the root folder is not searched."""
    assert place.is_absolute()
    if place == Path(place.anchor):
        return
    assert lines_with(rf"(?<![\w.~-]){re.escape(str(place))}(?=[/\"'\s:]|$)") == []


def test_no_file_names_a_home_folder() -> None:
    """Home folders of other machines are not named either."""
    assert lines_with(r"(?<![\w.])/(home|Users)/\w+/") == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_has_no_addresses(name: str) -> None:
    """URLs would tie the project to one registry."""
    text = tracked()[name]
    lines = [line for line in text.splitlines() if "://" in line and '"url": "https://' not in line]
    assert lines == []
    assert text.count('"resolved": ') == text.count('"resolved": "../')  # folders of this project
    assert "index-url" not in text


def test_every_locked_package_has_hashes() -> None:
    """Each package has one pinned version."""
    blocks = re.split(r"\n(?=\S)", tracked()["requirements.lock"].strip())
    pinned = [block for block in blocks if not block.startswith("#")]
    assert len(pinned) > 30
    for block in pinned:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", block), block
        assert "--hash=sha256:" in block


PLUGIN = "mockserver/pytest_plugin.py"
LOAD = "contract_tests/load/"


@pytest.mark.parametrize(
    ("folder", "without", "extras"),
    [
        ("mockserver/", (PLUGIN,), []),
        (PLUGIN, (), ["pytest"]),
        ("contract_tests/", (LOAD,), ["contract"]),
        (LOAD, (), ["contract", "load"]),
    ],
    ids=["server", "plugin", "kit", "load"],
)
def test_every_import_is_declared(folder: str, without: tuple[str, ...], extras: list[str]) -> None:
    """A plain install, or one with its extra, has every imported package."""
    imported: set[str] = set()
    for name, text in tracked().items():
        if name.startswith(folder) and name.endswith(".py") and not name.startswith(without):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"mockserver", "contract_tests"}
    project = tomllib.loads(tracked()["pyproject.toml"])["project"]
    wanted = project["dependencies"] + [
        requirement for extra in extras for requirement in project["optional-dependencies"][extra]
    ]
    declared = {re.split(r"[><=;\[ ]", requirement)[0].lower() for requirement in wanted}
    of_module = packages_distributions()
    for module in foreign:
        assert {
            distribution.lower().replace("_", "-") for distribution in of_module[module]
        } & declared, f"{module} is not declared"
