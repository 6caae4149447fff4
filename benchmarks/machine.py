"""The machine and the versions of a measurement."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("connexion", "starlette", "uvicorn", "uvloop", "httptools", "jsonschema-rs", "orjson")
_KIB_PER_GIB = 1024 * 1024


def describe(prism: str, node: str) -> dict[str, str]:
    """Return what a reader needs to judge figures, by name."""
    return hardware() | {
        "Packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "Node": node.removeprefix("v"),
        "Prism": prism,
    }


def hardware() -> dict[str, str]:
    """Return the machine and its Python."""
    return {
        "Processor": f"{_field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "Memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / _KIB_PER_GIB:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Load average": f"{os.getloadavg()[0]:.2f}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
