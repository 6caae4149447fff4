"""The figures count what they say, on small packages that are invented here."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.figures import Figures, circles, is_too_long, measure, read, shown

_TYPES = "from typing import TYPE_CHECKING\n"


def write(folder: Path, modules: Mapping[str, str]) -> None:
    """Write modules by their paths without ``.py``."""
    for name, text in modules.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")


def checkout(folder: Path) -> Figures:
    """Measure a folder as a checkout of git, with both packages."""
    for package in ("mockserver", "contract_tests"):
        write(folder, {f"{package}/empty": ""})
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return measure(folder)


def test_a_circle_is_found_with_its_modules(tmp_path: Path) -> None:
    """Modules that import each other over others are one circle; who only imports them is not."""
    write(
        tmp_path,
        {
            "mockserver/a": "from mockserver.b import x",
            "mockserver/b": "import mockserver.c",
            "mockserver/c": "from mockserver import a",
            "mockserver/d": "from mockserver import a",
        },
    )
    found = circles(read(tmp_path, "mockserver"))
    assert found == [["mockserver.a", "mockserver.b", "mockserver.c"]]


@pytest.mark.parametrize(
    "back",
    [
        f"{_TYPES}if TYPE_CHECKING:\n    from mockserver.a import x",
        "def late() -> None:\n    from mockserver.a import x",
        "from .a import x",
        "from . import a",
    ],
)
def test_every_way_to_import_closes_a_circle(tmp_path: Path, back: str) -> None:
    """Imports for types, imports inside functions and relative ones count."""
    write(tmp_path, {"mockserver/a": "from mockserver.b import y", "mockserver/b": back})
    assert circles(read(tmp_path, "mockserver")) == [["mockserver.a", "mockserver.b"]]


def test_larger_circles_come_first(tmp_path: Path) -> None:
    """Two circles stay two, sorted by size."""
    ring = {f"mockserver/r{n}": f"import mockserver.r{(n + 1) % 3}" for n in range(3)}
    pair = {f"mockserver/p{n}": f"import mockserver.p{1 - n}" for n in range(2)}
    write(tmp_path, {**pair, **ring})
    assert [len(group) for group in circles(read(tmp_path, "mockserver"))] == [3, 2]


def test_a_package_and_its_module_can_be_a_circle(tmp_path: Path) -> None:
    """A package's ``__init__`` is a module like others."""
    write(tmp_path, {"mockserver/p/m": "from mockserver.p import thing"})
    (tmp_path / "mockserver" / "p" / "__init__.py").write_text("from mockserver.p.m import x")
    assert circles(read(tmp_path, "mockserver")) == [["mockserver.p", "mockserver.p.m"]]


def test_the_top_level_of_the_kit_is_counted(tmp_path: Path) -> None:
    """Modules and packages count, entry points of the package and deeper modules do not."""
    write(
        tmp_path, {"contract_tests/a": "", "contract_tests/__main__": "", "contract_tests/p/m": ""}
    )
    figures = checkout(tmp_path)
    assert figures.top_modules == ["a.py", "empty.py"]
    assert figures.top_packages == ["p"]


def test_functions_of_more_than_40_lines_are_counted(tmp_path: Path) -> None:
    """40 lines are allowed, decorators do not count, methods and inner functions do."""
    body = "    pass\n"
    allowed = "@decorator\ndef allowed() -> None:\n" + body * 39
    method = "class C:\n    async def method(self) -> None:\n" + f"    {body}" * 40
    write(
        tmp_path,
        {"mockserver/a": f"{allowed}\n{method}", "contract_tests/b": "def f():\n" + body * 50},
    )
    found = checkout(tmp_path).long_functions
    assert found == [("mockserver/a.py:44 method", 41), ("contract_tests/b.py:1 f", 51)]


def test_imports_for_types_count_if_they_are_ours(tmp_path: Path) -> None:
    """A block counts once, each import statement of ours in it once, others not at all."""
    ours = "    from mockserver.b import x\n    import contract_tests.a\n"
    block = f"if TYPE_CHECKING:\n    import os\n{ours}"
    others = f"{_TYPES}if TYPE_CHECKING:\n    from collections.abc import Iterator\n"
    write(
        tmp_path, {"mockserver/a": _TYPES + block, "contract_tests/a": others, "mockserver/b": ""}
    )
    figures = checkout(tmp_path)
    assert figures.type_blocks == ["mockserver/a.py:2"]
    assert figures.type_imports == ["mockserver/a.py:4", "mockserver/a.py:5"]


@pytest.mark.parametrize(
    ("line", "kind", "expected"),
    [
        ("x" * 100, "*.py", False),
        ("x" * 101, "*.py", True),
        (f"# https://example.com/{'x' * 100}", "*.py", True),
        ("word " * 21, "*.md", True),
        (f"| {'x' * 120} |", "*.md", False),
        (f"  | {'x' * 120} |", "*.md", False),
        (f"See [it](https://example.com/{'x' * 100}).", "*.md", False),
        (f"{'word ' * 21} https://example.com", "*.md", True),
        (f"      | {'x' * 120} | of a description |", "*.yaml", False),
        (f"      | {'x' * 120}", "*.yaml", True),
    ],
)
def test_tables_and_addresses_may_be_long(line: str, kind: str, expected: bool) -> None:
    """Code has no exception; prose may have tables and what an address makes too long."""
    assert is_too_long(line, kind) == expected


def test_lines_are_counted_by_kind_of_file(tmp_path: Path) -> None:
    """Only files that git tracks count, generated pages do not, rows of data stand apart."""
    long = "word " * 21
    texts = {
        "README.md": f"{long}\nshort\n{long}",
        "docs/reference.md": long,
        "docs/guide.md": long,
        "a.yaml": f"description: {long}\nrows:\n  - {{ id: 1, text: '{long}' }}\n",
        "b.yml": f"# {long}",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    write(tmp_path, {"tests/x": f"# {long}"})
    figures = checkout(tmp_path)
    (tmp_path / "untracked.md").write_text(long, encoding="utf-8")
    assert measure(tmp_path).long_lines == figures.long_lines
    assert figures.long_lines == {
        "*.py": ["tests/x.py:1"],
        "*.md": ["README.md:1", "README.md:3", "docs/guide.md:1"],
        "*.yaml": ["a.yaml:1", "b.yml:1"],
        "*.yaml, data": ["a.yaml:3"],
    }


def test_every_figure_is_shown(tmp_path: Path) -> None:
    """The output has a line for each figure, and the places only if they are asked for."""
    write(tmp_path, {"mockserver/a": "import mockserver.b", "mockserver/b": "import mockserver.a"})
    figures = checkout(tmp_path)
    short, long = (shown(figures, places=places) for places in (False, True))
    assert "import circles in mockserver" in short
    assert "1 (2)" in short
    assert "0 (none)" in short
    assert "    mockserver.a mockserver.b" not in short
    assert "    mockserver.a mockserver.b" in long
