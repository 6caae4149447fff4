"""Runs modules of a checkout in a folder of their own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.recording.caller import Json
from tools.recording.server import environment, python

_PATIENCE = 1_200
_KEYS = {"BILLING_API_KEY": "sk_test_recorded_4711", "OTHER_KEY": "sk_test_recorded_0815"}
"""Keys that no sentence of the mock names: the kit would take that for a leak."""
PORT = re.compile(r"127\.0\.0\.1:\d+")
_FOLDER = re.compile(r"/[\w./-]*/recording-\w+")


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Workshop:
    """A checkout, and a folder in which its programs run."""

    checkout: Path
    folder: Path

    def run(self, *words: str, **variables: str) -> Ended:
        """Run a module of the checkout: ``python -m WORDS``."""
        done = subprocess.run(
            [python(self.checkout), "-m", *words],
            cwd=self.folder,
            env=self._environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a module of the checkout and return its process."""
        return subprocess.Popen(
            [python(self.checkout), "-m", *words],
            cwd=self.folder,
            env=self._environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _environment(self, variables: dict[str, str]) -> dict[str, str]:
        return {**environment(), "PYTHONPATH": str(self.checkout), **_KEYS, **variables}


@contextmanager
def workshop(checkout: Path) -> Iterator[Workshop]:
    """Yield an empty folder for the programs of a checkout."""
    with TemporaryDirectory(prefix="recording-") as folder:
        yield Workshop(checkout, Path(folder))


Part = Callable[[Path], Json]
"""Runs programs of a checkout and returns what is known of them."""


def without_places(value: Any, checkout: Path) -> Any:
    """Return facts without the ports and folders of this run."""
    if isinstance(value, dict):
        return {name: without_places(item, checkout) for name, item in value.items()}
    if isinstance(value, list):
        return [without_places(item, checkout) for item in value]
    if isinstance(value, str):
        named = _FOLDER.sub("FOLDER", PORT.sub("URL", value))
        return named.replace(str(checkout), "CHECKOUT")
    return value
