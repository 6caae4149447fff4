"""Prism with the same contract, for comparison."""

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
_INSTALLED = PROJECT / "tools" / "node_modules" / "@stoplight" / "prism-cli" / "package.json"


def find() -> str:
    """Return the version of Prism that ``make`` installed under ``tools/``. Raises BenchError."""
    if shutil.which("node") is None:
        raise BenchError(
            "Node is missing: the comparison with Prism needs it. Install Node 20 or newer."
        )
    try:
        version: str = json.loads(_INSTALLED.read_text(encoding="utf-8"))["version"]
    except OSError:
        raise BenchError(
            "Prism is not installed under tools/. 'make bench' does that first."
        ) from None
    return version


def node_version() -> str:
    """Return the output of ``node --version``."""
    return subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


def program(spec: Path = SPEC, name: str = "Prism") -> Program:
    """Return Prism with a contract: one process, which is its default, and no logs."""
    entry = str(_INSTALLED.parent / "dist" / "index.js")
    return Program(
        name,
        (
            "node",
            entry,
            "mock",
            str(spec),
            "-p",
            "{port}",
            "--multiprocess",
            "false",
            "--verboseLevel",
            "silent",
        ),
    )


def spec_with_full_page(folder: Path) -> Path:
    """Write a copy of the contract whose example page has 100 entries, repeated from its own."""
    spec: dict[str, Any] = yaml.load(SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader)
    content = spec["paths"][PAGE_PATH]["get"]["responses"]["200"]["content"]["application/json"]
    longest = max(
        (example["value"] for example in content["examples"].values()),
        key=lambda page: len(page["transactions"]),
    )
    entries = list(islice(cycle(longest["transactions"]), PAGE_SIZE))
    value = {**longest, "transactions": entries, "total": 10_000, "has_more": True}
    content["examples"] = {"full_page": {"summary": "A page of 100", "value": value}}
    path = folder / "openapi.json"
    path.write_text(json.dumps(spec, default=str), encoding="utf-8")
    return path
