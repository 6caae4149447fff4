"""The mock with a fault that only requests at the same time show."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mockserver import app, packaged
from mockserver.settings import Settings
from tests.contract_kit.faulty import API, Faulty, Response, Upstream, upstream


class Racy:
    """Keeps the newest list of cards for a moment, before it is sent: whoever comes next wins."""

    def __init__(self, app: Any) -> None:
        self._app = Faulty(app, self._note)
        self._newest = b""

    def _note(self, response: Response) -> None:
        if response.is_of("GET", "/payment-methods"):
            self._newest = response.body

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_listed = (scope["method"], scope["path"]) == ("GET", f"{API}/payment-methods")
        held: list[Any] = []

        async def hold(message: Any) -> None:
            held.append(message)

        if not is_listed:
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, hold)
        await asyncio.sleep(0.02)
        start, body = held
        if start["status"] == 200:
            body = {**body, "body": self._newest}
            rest = [header for header in start["headers"] if header[0] != b"content-length"]
            length = (b"content-length", str(len(self._newest)).encode())
            start = {**start, "headers": [*rest, length]}
        await send(start)
        await send(body)


@contextmanager
def racy() -> Iterator[Upstream]:
    """Serve the mock with the fault until the end of the block."""
    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with upstream(Racy(built)) as running:
        yield running
