"""A mock of one's own, as a process, for when no deployment is named. The kit speaks HTTP to it, like to any other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from contract_tests.errors import Unreachable

_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_PATIENCE = 10


@contextmanager
def running_mock(*flags: str) -> Iterator[str]:
    """The URL of a mock that runs until the end of the block. Raises Unreachable when it does not start."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = _URL.search(line)
        if found is None:
            process.terminate()
            error = process.communicate(timeout=_PATIENCE)[1].strip().splitlines()
            raise Unreachable(
                f"the mock does not start: {error[-1] if error else line.strip() or 'it says nothing'}"
            )
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)
