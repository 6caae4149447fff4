"""The edge of the server: HEAD, headers, compression, and the noise of the way there."""

from __future__ import annotations

import gzip
import re
import time
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.staging import ledger, money
from tests.staging.caller import Facts, account_of
from tests.staging.site import Site

_PREFIX = "/api/v1/billing"
_GATEWAY = b"<html><body><center><h1>502 Bad Gateway</h1></center><hr>balancer</body></html>"
_WALL = b"<html><head><title>Request blocked</title></head><body>Incident 7f31.</body></html>"
_SLOW = b'{"detail":"Too many requests."}'
_ODD = re.compile(
    rb"<\w|\.\./|[\x00-\x08\x7f]|\\u00[01]|['\"]\s*(or|and|;)|\bunion\b", re.IGNORECASE
)
_HTML, _JSON = b"text/html; charset=utf-8", b"application/json"


class Edge:
    """An ASGI application around the API."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        self._minute = (0, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer it in the API's place."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        refusal = self._noise()
        if refusal is not None:
            await _answer(send, *refusal)
            return
        if self._site.on("waf"):
            body = await _whole(receive)
            if _ODD.search(body) or _ODD.search(_target(scope)):
                await _answer(send, 403, _HTML, _WALL)
                return
            receive = _replayed(body)
        if self._site.on("unknown_path_401") and self._is_stranger(scope):
            await _answer(send, 401, _JSON, b'{"detail":"API key is missing."}')
            return
        await self._serve(scope, receive, send)

    def _is_stranger(self, scope: Scope) -> bool:
        key = dict(scope["headers"]).get(b"x-api-key", b"").decode("latin-1")
        return account_of(self._site, key) is None

    def _noise(self) -> tuple[int, bytes, bytes] | None:
        site, amounts = self._site, self._site.deviations.amounts
        if site.on("gateway_502") and site.random.random() * 100 < amounts["gateway_502"]:
            return 502, _HTML, _GATEWAY
        if site.on("rate_limit"):
            minute = int(time.time()) // 60
            count = self._minute[1] if self._minute[0] == minute else 0
            self._minute = (minute, count + 1)
            if count >= amounts["rate_limit"]:
                return 429, _JSON, _SLOW
        return None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = Facts()
        is_head = scope["method"] == "HEAD"
        inner = {**scope, "staging": facts, "state": {}}
        if is_head and not self._site.on("head_405"):
            inner["method"] = "GET"
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            parts.append(message.get("body", b""))
            if message.get("more_body", False):
                return
            headers, body = self._finished(scope, start, b"".join(parts), facts)
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if is_head else body})

        await self._app(inner, receive, collect)

    def _finished(
        self, scope: Scope, start: Message, body: bytes, facts: Facts
    ) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Return the headers and the body as they are sent."""
        site = self._site
        headers = dict(start["headers"])
        kind = headers.get(b"content-type", b"")
        if site.on("charset") and kind == _JSON:
            headers[b"content-type"] = _JSON + b"; charset=utf-8"
        if (
            site.on("gzip")
            and body
            and b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        ):
            body = gzip.compress(body, 1)
            headers[b"content-length"] = str(len(body)).encode()
            headers[b"content-encoding"] = b"gzip"
            headers[b"vary"] = b"accept-encoding"
        for name, value in self._added(facts).items():
            headers[name.lower().encode()] = value.encode()
        if site.on("title_case_headers"):
            headers = {name.title(): value for name, value in headers.items()}
        return list(headers.items()), body

    def _added(self, facts: Facts) -> dict[str, Any]:
        site, added = self._site, {}
        if not site.on("no_rate_limit_headers"):
            if facts.remaining is None:
                facts.remaining, facts.reset = site.count("", 1)
            added["X-RateLimit-Limit"] = str(site.limit_per_minute)
            added["X-RateLimit-Remaining"] = str(max(0, facts.remaining))
            added["X-RateLimit-Reset"] = str(facts.reset)
        if facts.account is not None and not site.on("no_balance_headers"):
            with site.reading(facts.account) as books:
                balance = ledger.balance(books)
            added["X-AlterLab-Balance"] = money.display(balance)
            warning = money.warning(balance)
            if warning is not None:
                added["X-AlterLab-Balance-Warning"] = warning
        return added


def _target(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    return unquote(f"{scope['path']}?{query.decode('latin-1')}").encode(errors="replace")


async def _whole(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _replayed(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
