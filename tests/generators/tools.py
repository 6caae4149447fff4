"""The generators of clients, as ``make test-slow`` installs them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).parent / "programs"
NODE_MODULES = Path(__file__).parent / "node_modules"
PYTHON = PROJECT / ".venv" / "generators" / "bin"


def npm_tool(name: str) -> Path:
    """Return a program of ``package.json`` in this folder."""
    return _installed(NODE_MODULES / ".bin" / name, has_runtime=shutil.which("node") is not None)


def python_tool(name: str) -> Path:
    """Return a program of ``requirements.lock`` in this folder."""
    return _installed(PYTHON / name)


def java_tool(name: str) -> Path:
    """Return a program that runs a jar. Skip the test without Java, in CI too."""
    path = python_tool(name)
    if shutil.which("java") is None:
        pytest.skip(f"{name} runs a jar, and Java is not installed")
    return path


def _installed(path: Path, *, has_runtime: bool = True) -> Path:
    """Return the path of a program; skip the test without it, but not in CI."""
    if not path.exists() or not has_runtime:
        reason = f"{path.name} is not installed; 'make test-slow' does it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path
