"""A mock as a child process, for runs without a deployment. The kit calls it over HTTP."""

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
    """Run a mock until the end of the block. Raise Unreachable if it does not start."""
    command = [sys.executable, "-m", "mockserver", "serve", "--quiet", "--port", "0", *flags]
    process = subprocess.Popen(  # noqa: S603 (this interpreter)
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        found = _URL.search(line)
        if found is None:
            process.terminate()
            error = process.communicate(timeout=_PATIENCE)[1].strip().splitlines()
            reason = error[-1] if error else line.strip() or "it prints nothing"
            raise Unreachable(f"the mock does not start: {reason}")
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=_PATIENCE)
