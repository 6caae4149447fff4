"""Reads the stream of requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

PATH = "/_mock/requests/stream"


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: Any
    id: str | None


def events(response: httpx.Response) -> Iterator[Event]:
    """Yield the events of a response as they arrive."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name:
            fields[name] = value
        elif fields:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id"))
            fields = {}


@contextmanager
def stream(client: httpx.Client, **options: Any) -> Iterator[Iterator[Event]]:
    """Open the stream until the end of the block."""
    with client.stream("GET", PATH, **options) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        yield events(response)


def requests_of(found: Iterator[Event], count: int) -> list[Any]:
    """Return the next so many requests. Other events are skipped."""
    requests: list[Any] = []
    while len(requests) < count:
        event = next(found)
        requests += event.data if event.name == "requests" else []
    return requests
