"""The load generator: a small HTTP/1.1 client that keeps connections busy, in its own process.

``python -m benchmarks.load`` reads a ``Job`` as JSON from standard input and writes a ``Result``
as JSON to its output. Each connection has one request at a time, and sends the next as soon as the
response is complete. Nothing is parsed except the status and the length of the body, so that the
generator is faster than the servers.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

_HEAD_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LAST_RESPONSES_WITHIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """The request, the server, the number of connections, and the duration."""

    port: int
    request: str
    connections: int
    seconds: float


@dataclass(slots=True)
class Result:
    """The result of a job."""

    responses: int = 0
    """Good responses: 2xx, and complete in time."""
    seconds: float = 0.0
    busy: float = 0.0
    """The part of that time for which the generator itself kept a core busy."""
    errors: int = 0
    """Responses that are not 2xx, requests without a response, and broken connections."""
    first_error: str = ""
    bytes_per_response: int = 0
    """The size of the last response's body."""

    def fail(self, why: str) -> None:
        """Count an error."""
        self.errors += 1
        self.first_error = self.first_error or why


@dataclass(slots=True)
class _Run:
    """The shared state of a job's connections."""

    request: bytes
    result: Result = field(default_factory=Result)
    deadline: float = float("inf")


class _Connection(asyncio.Protocol):
    """One connection, which sends the next request when the response is complete."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._missing = -1
        self._status = 0
        self._transport: asyncio.WriteTransport | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def send(self) -> None:
        """Send the request."""
        assert self._transport is not None
        self._transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        """Count a response at its last byte."""
        if self._missing < 0:
            data = self._read_head(data)
            if self._missing < 0:
                return
        self._missing -= len(data)
        if self._missing == 0:
            self._missing = -1
            self._finish_response()
        elif self._missing < 0:
            self._stop("more bytes than the response's Content-Length")

    def connection_lost(self, exc: Exception | None) -> None:
        """Count an error, unless the time is up."""
        if not self.done.done():
            self._stop(f"the connection was closed: {exc or 'end of stream'}")

    def _read_head(self, data: bytes) -> bytes:
        """Remove the response's head from the data, and return the rest."""
        self._buffer += data
        head, found, rest = self._buffer.partition(_HEAD_END)
        if not found:
            return b""
        self._buffer = b""
        status, length = _STATUS.match(head), _LENGTH.search(head)
        if status is None or length is None:
            self._stop("a response without a status or a Content-Length")
            return b""
        self._status, self._missing = int(status[1]), int(length[1])
        self._run.result.bytes_per_response = self._missing
        return rest

    def _finish_response(self) -> None:
        if self._status // 100 != 2:
            self._run.result.fail(f"status {self._status}")
        elif time.perf_counter() <= self._run.deadline:
            self._run.result.responses += 1
        if time.perf_counter() < self._run.deadline:
            self.send()
        else:
            self._stop()

    def _stop(self, error: str = "") -> None:
        if self.done.done():
            return
        if error:
            self._run.result.fail(error)
        self.done.set_result(None)
        if self._transport is not None:
            self._transport.close()


async def drive(job: Job) -> Result:
    """Do a job."""
    run = _Run(job.request.encode("latin-1"))
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(lambda: _Connection(run), "127.0.0.1", job.port))[1]
        for _ in range(job.connections)
    ]
    started, cpu = time.perf_counter(), time.process_time()
    run.deadline = started + job.seconds
    for connection in connections:
        connection.send()
    patience = job.seconds + _LAST_RESPONSES_WITHIN_SECONDS
    _, pending = await asyncio.wait(
        [connection.done for connection in connections], timeout=patience
    )
    for _ in pending:
        run.result.fail(f"no response within {_LAST_RESPONSES_WITHIN_SECONDS:.0f} s")
    run.result.seconds = job.seconds
    run.result.busy = (time.process_time() - cpu) / (time.perf_counter() - started)
    return run.result


def main() -> int:
    """Read a job, do it, and write the result."""
    job = Job(**json.load(sys.stdin))
    try:
        result = uvloop.run(drive(job))
    except OSError as error:
        result = Result(errors=1, first_error=str(error))
    json.dump(asdict(result), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
