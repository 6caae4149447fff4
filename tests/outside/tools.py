"""Other projects' programs that check this one, run with a time limit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SPEC = PROJECT / "spec" / "openapi.yaml"
NODE_MODULES = PROJECT / "tools" / "node_modules"


def node_tool(name: str) -> Path:
    """Return a program of ``tools/package.json``; skip the test without it, but not in CI."""
    path = NODE_MODULES / ".bin" / name
    if not path.exists() or shutil.which("node") is None:
        reason = f"{name} is not installed; 'make test-slow' does it, with Node.js"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def run(
    command: Sequence[str | Path], *, cwd: Path, within: float, code: int = 0, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end.

    It and its children are killed after the time limit; an unexpected exit code fails the test.
    """
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=10)
        pytest.fail(f"{command[0]} did not end within {within} s:\n{output}")
    assert process.returncode == code, f"{command[0]} ended with {process.returncode}:\n{output}"
    return subprocess.CompletedProcess(process.args, process.returncode, output)
