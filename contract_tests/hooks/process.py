"""Values on their way to another process, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from contract_tests.hooks.hook import Account

TIME_LIMIT = 60.0
"""Seconds that a hook may take."""
_GRACE = 2.0
"""Seconds that an ended process may take to exit."""


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, Account):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else value


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    with suppress(OSError, AttributeError):  # Windows has no groups
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)
