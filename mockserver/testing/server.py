"""A server in a process of its own, for one test run: it ends with the run, however that ends."""

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
_PACKAGES = Path(__file__).resolve().parent.parent.parent
"""Where ``mockserver`` is: a folder of installed packages, or a checkout."""


class _Persona(TypedDict):
    slug: str
    key: str | None


class _Personas(TypedDict):
    personas: list[_Persona]


class BillingServer:
    """A running server. ``flags`` are those of ``mockserver serve``; the port is a free one."""

    def __init__(self, flags: Sequence[str] = ()) -> None:
        """Start it and wait until it serves. Raises BillingMockError with the one line that says why it does not."""
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        self._process = subprocess.Popen(  # noqa: S603 (this interpreter, with flags that the server checks)
            [sys.executable, "-P", "-m", "mockserver.child_server", *flags, "--port=0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=_environment(),
            # Ctrl-C is for the test run: the server must still be there while fixtures are torn down.
            start_new_session=True,
        )
        try:
            self.url = self._address()
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
        """Forget everything, as if the server had just been started: at a moment, or at that of its flags."""
        body = {"now": in_iso(now)} if now is not None else None
        self.connection.call("POST", "/reset", body=body)

    def key_of(self, persona: str) -> str:
        """The API key of a persona. Raises BillingMockError if there is none."""
        try:
            return self._keys[persona]
        except KeyError:
            known = ", ".join(sorted(self._keys))
            raise BillingMockError(
                f"There is no persona '{persona}' with a key. Those that have one: {known}."
            ) from None

    @property
    def log_size(self) -> int:
        """How many bytes it has logged so far."""
        return os.fstat(self._stderr.fileno()).st_size

    def log(self, since: int = 0) -> str:
        """What it has logged, from a size on."""
        # pread leaves the file where it is: the server writes on from there.
        return os.pread(self._stderr.fileno(), self.log_size - since, since).decode(
            errors="replace"
        )

    def close(self) -> None:
        """End it."""
        self.connection.close()
        self._end()

    @cached_property
    def _keys(self) -> dict[str, str]:
        answer = msgspec.json.decode(self.connection.call("GET", "/personas"), type=_Personas)
        return {each["slug"]: each["key"] for each in answer["personas"] if each["key"] is not None}

    def _address(self) -> str:
        """The address that the server prints when it is ready."""
        too_late = Timer(_START_SECONDS, self._process.kill)
        too_late.start()
        try:
            found = re.search(
                r"http://\S+",
                self._process.stdout.readline().decode() if self._process.stdout else "",
            )
        finally:
            too_late.cancel()
        if found is None:
            raise BillingMockError(self._complaint())
        return found[0]

    def _complaint(self) -> str:
        """Why the server did not start: the last line that it wrote."""
        code = self._process.wait()
        lines = self.log().strip().splitlines()
        return (
            lines[-1].removeprefix("mockserver: ")
            if lines
            else f"it ended with exit code {code} and said nothing"
        )

    def _end(self) -> None:
        with self._process as process:
            if process.stdin is not None:
                process.stdin.close()  # that ends it
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._stderr.close()


def _environment() -> dict[str, str]:
    """This process's environment, without what would make the server another one than the flags say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    kept.pop("PYTHONWARNINGS", None)
    if str(_PACKAGES) not in (*site.getsitepackages(), site.getusersitepackages()):
        # A checkout: the server must be of the same one as this module, whatever else is installed.
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_PACKAGES), kept.get("PYTHONPATH")]))
    return kept
