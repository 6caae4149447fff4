"""Prism, the server to compare with: installed from the lock file, and started with the same contract."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import yaml

from benchmarks.errors import BenchError
from benchmarks.scenarios import PAGE_PATH, PAGE_SIZE
from benchmarks.servers import PROJECT, Program

SPEC = PROJECT / "spec" / "openapi.yaml"
_HERE = Path(__file__).resolve().parent
_PACKAGE = "@stoplight/prism-cli"
_INSTALLED = _HERE / "node_modules" / _PACKAGE / "package.json"
_INSTALLS_WITHIN_SECONDS = 300


def install() -> str:
    """Put Prism where it can be started, unless it is there; its version. Raises BenchError."""
    if shutil.which("node") is None:
        raise BenchError("Node is missing: the comparison with Prism needs it. Install Node 20 or newer.")
    wanted = json.loads((_HERE / "package.json").read_text())["dependencies"][_PACKAGE]
    if _installed_version() != wanted:
        _run_npm()
    if _installed_version() != wanted:
        raise BenchError(f"{_PACKAGE} {wanted} is not what npm ci installed; is benchmarks/package-lock.json current?")
    return str(wanted)


def node_version() -> str:
    """What ``node --version`` says."""
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def program(spec: Path = SPEC, name: str = "Prism") -> Program:
    """Prism with a contract: one process, which is its default, and without logs, with which it is fastest."""
    entry = str(_INSTALLED.parent / "dist" / "index.js")
    return Program(
        name, ("node", entry, "mock", str(spec), "-p", "{port}", "--multiprocess", "false", "--verboseLevel", "silent")
    )


def spec_with_full_page(folder: Path) -> Path:
    """A copy of the contract, in a folder, whose example of a page has 100 entries: the contract's own, repeated."""
    spec: dict[str, Any] = yaml.load(SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader)
    content = spec["paths"][PAGE_PATH]["get"]["responses"]["200"]["content"]["application/json"]
    longest = max((each["value"] for each in content["examples"].values()), key=lambda page: len(page["transactions"]))
    entries = list(islice(cycle(longest["transactions"]), PAGE_SIZE))
    value = {**longest, "transactions": entries, "total": 10_000, "has_more": True}
    content["examples"] = {"full_page": {"summary": "A page of 100", "value": value}}
    path = folder / "openapi.json"
    path.write_text(json.dumps(spec, default=str), encoding="utf-8")
    return path


def _installed_version() -> str | None:
    try:
        version: str = json.loads(_INSTALLED.read_text())["version"]
        return version
    except (OSError, ValueError, KeyError):
        return None


def _run_npm() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise BenchError("npm is missing: it installs Prism. It comes with Node.")
    print("installing Prism from benchmarks/package-lock.json ...", flush=True)
    command = [npm, "ci", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=_HERE, capture_output=True, text=True, check=False, timeout=_INSTALLS_WITHIN_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise BenchError(
            f"npm ci took longer than {_INSTALLS_WITHIN_SECONDS} s; is the registry within reach?"
        ) from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise BenchError(f"npm ci failed in benchmarks/: {lines[0] if lines else 'it said nothing'}")
