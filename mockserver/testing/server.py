"""A mock server as a child process, which ends with the test run in whatever way that ends."""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, TypedDict

import msgspec

from mockserver.testing.connection import Connection
from mockserver.testing.errors import BillingMockError
from mockserver.testing.moments import in_iso

__tracebackhide__ = True

_START_SECONDS = 60
_END_SECONDS = 5
_FLAGS = ("--port=0", "--stop-with-stdin")
_PACKAGES = Path(__file__).resolve().parent.parent.parent
"""Folder of the package ``mockserver``: site-packages or a checkout."""


class _Persona(TypedDict):
    slug: str
    key: str | None


class _Personas(TypedDict):
    personas: list[_Persona]


class BillingServer:
    """A mock server in a child process, on a free port of this machine; also a context manager."""

    def __init__(self, flags: Sequence[str] = ()) -> None:
        """Start the server with flags of ``mockserver serve`` and wait until it accepts requests.

        Raises BillingMockError with the server's last line of output if it does not start.
        """
        # Debug shows the requests of a failing test.
        quiet = [] if "debug" in " ".join(flags) else ["--quiet"]
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        self._process = subprocess.Popen(  # noqa: S603 (the server checks its flags)
            [sys.executable, "-P", "-m", "mockserver", "serve", *quiet, *flags, *_FLAGS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=_environment(),
            # Ctrl-C must not reach the server: fixtures still use it while they are torn down.
            start_new_session=True,
        )
        try:
            self.url = self._printed_url()
            self.connection = Connection(self.url)
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> BillingServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def reset(self, now: datetime | str | None = None) -> None:
        """Return all accounts, the clock and everything else to the state at start.

        ``now`` replaces the start time of the server's flags.
        """
        body = {"now": in_iso(now)} if now is not None else None
        self.connection.call("POST", "/reset", body=body)

    def key_of(self, persona: str) -> str:
        """Return the API key of a persona. Raises BillingMockError if there is none."""
        try:
            return self._keys[persona]
        except KeyError:
            known = ", ".join(sorted(self._keys))
            raise BillingMockError(
                f"There is no persona '{persona}' with a key. Personas with a key: {known}."
            ) from None

    @property
    def log_size(self) -> int:
        """Size of the server's log in bytes."""
        return os.fstat(self._stderr.fileno()).st_size

    def log(self, since: int = 0) -> str:
        """Return the server's log from an offset in bytes."""
        # pread does not move the file position, which the server shares.
        return os.pread(self._stderr.fileno(), self.log_size - since, since).decode(
            errors="replace"
        )

    def close(self) -> None:
        """Stop the server."""
        self.connection.close()
        self._end()

    @cached_property
    def _keys(self) -> dict[str, str]:
        response = msgspec.json.decode(self.connection.call("GET", "/personas"), type=_Personas)
        return {
            persona["slug"]: persona["key"]
            for persona in response["personas"]
            if persona["key"] is not None
        }

    def _printed_url(self) -> str:
        """Wait for the URL that the server prints when it is ready."""
        timeout = Timer(_START_SECONDS, self._process.kill)
        timeout.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout else b""
        finally:
            timeout.cancel()
        found = re.search(r"http://\S+", line.decode())
        if found is None:
            raise BillingMockError(self._start_error())
        return found[0]

    def _start_error(self) -> str:
        """Return why the server did not start: the last line that it wrote."""
        code = self._process.wait()
        lines = self.log().strip().splitlines()
        return (
            lines[-1].removeprefix("mockserver: ")
            if lines
            else f"it exited with code {code} and wrote nothing"
        )

    def _end(self) -> None:
        with self._process as process:
            if process.stdin is not None:
                process.stdin.close()  # the signal to exit
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._stderr.close()


def _environment() -> dict[str, str]:
    """Return this process's environment without settings that would override the flags."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    kept.pop("PYTHONWARNINGS", None)
    if str(_PACKAGES) not in (*site.getsitepackages(), site.getusersitepackages()):
        # In a checkout, the server must run this code, whatever else is installed.
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_PACKAGES), kept.get("PYTHONPATH")]))
    return kept
