"""Injects faults into operations, which do not know of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from mockserver.clock import Clock
from mockserver.engine import connection
from mockserver.engine.behaviour import ErrorResponse
from mockserver.engine.errors import Headers, Refusal, envelope
from mockserver.engine.operation import CompiledOperation
from mockserver.engine.reply import Reply, encode, send_response
from mockserver.engine.request import Request
from mockserver.engine.responses import BrokenContract
from mockserver.faults.registry import FaultRegistry, Injection
from mockserver.faults.rule import Rule, phrase
from mockserver.openapi.security import OPEN

logger = logging.getLogger(__name__)


class FaultyOperation:
    """An ASGI app that injects faults into one operation."""

    def __init__(self, operation: CompiledOperation, faults: FaultRegistry, clock: Clock) -> None:
        self._operation = operation
        self._faults = faults
        self._clock = clock

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request. A coroutine function would cost another 0.5 us."""
        request = Request(scope, self._clock.now())
        if self._faults.active:
            return self._maybe_inject(request, receive, send)
        return self._operation.serve(request, receive, send)

    async def _maybe_inject(self, request: Request, receive: Receive, send: Send) -> None:
        if self._operation.body is not None:
            # The body is received first: the client may disconnect during a latency.
            arrived = await connection.arrived(receive, self._operation.body.max_bytes)
            if arrived is None:
                return
            receive = arrived
        injection = self._faults.match(self._operation.id, self._key(request))
        if injection is None:
            await self._operation.serve(request, receive, send)
        else:
            await self._inject(injection, request, receive, send)

    def _key(self, request: Request) -> str:
        """Return the caller's key; empty if unauthenticated."""
        with suppress(Refusal):
            security = self._operation.security.optional
            return self._operation.service.identify(request, security).key
        return ""

    async def _inject(
        self, injection: Injection, request: Request, receive: Receive, send: Send
    ) -> None:
        """Delay a request, then fail it, break its connection, or serve it."""
        request.fault = injection.names
        if injection.seconds:
            await asyncio.sleep(injection.seconds)
            request.now = self._clock.now()
        send = connection.mark(send, injection.names)
        rule = injection.rule
        if rule is None:
            await self._operation.serve(request, receive, send)
        elif rule.status is not None:
            await self._fail(rule, rule.status, request, receive, send)
        else:
            await self._break(rule, request, receive, send)

    async def _fail(
        self, rule: Rule, status: int, request: Request, receive: Receive, send: Send
    ) -> None:
        """Send an error instead of carrying out the operation. No rate-limit token is taken."""
        operation = self._operation
        await operation.peek(request, receive)
        seconds, extra, sentence = rule.retry_after_seconds, Headers(), None
        if status == 429:
            caller = request.caller
            if caller is None:
                caller = request.caller = operation.service.identify(request, OPEN)
            refusal = caller.throttle(request.now, seconds)
            sentence, extra = str(refusal.detail), refusal.headers
        elif seconds is not None:
            extra = [(b"retry-after", b"%d" % seconds)]
        reply = self._error(rule, status, sentence)
        shared = operation.service.headers(request.caller, request.now)
        operation.record(request, status, reply.payload)
        headers = _merge([*shared, *extra], rule.headers or {})
        await send_response(send, status, reply.payload, headers, reply.media_type)

    async def _break(self, rule: Rule, request: Request, receive: Receive, send: Send) -> None:
        """Break the connection before or after the operation is carried out."""
        operation = self._operation
        transport = connection.transport_of(request.scope)
        if transport is None:
            refusal = connection.no_transport(request.fault or "")
            logger.error("%s: %s", operation.id, refusal.detail)
            body = encode(envelope(refusal))
            operation.record(request, refusal.status, body)
            await send_response(send, refusal.status, body, [])
        elif rule.connection == "reset":
            await operation.peek(request, receive)
            operation.record(request, None, b"")
            await send_response(connection.lose(send, transport), 503, b"", [])
        elif rule.connection == "answer_lost":
            await operation.serve(request, receive, connection.lose(send, transport))
        else:
            await operation.serve(request, receive, connection.truncate(send, transport))

    def _error(self, rule: Rule, status: int, sentence: str | None) -> Reply:
        """Return an error response that satisfies the contract, where it documents the status."""
        responses = self._operation.responses
        if rule.detail is None and sentence is None:
            example = responses.example(status)
            if example is not None:
                return Reply(status, encode(example), [])
        detail = rule.detail or sentence or phrase(status)
        place = "body" if self._operation.body is not None else "query"
        problem = {"loc": [place], "msg": detail, "type": "value_error"}
        written = [
            self._written(Refusal(status, text_or_problems))
            for text_or_problems in (detail, [problem])
        ]
        for response in written:
            with suppress(BrokenContract):
                return Reply(status, responses.encode(status, response.body), [])
        return written[0].reply

    def _written(self, refusal: Refusal) -> ErrorResponse:
        """Return an error as the API writes it, or in the mock's own envelope."""
        response = self._operation.service.error(refusal, self._operation.operation)
        return response or ErrorResponse(refusal.status, envelope(refusal), [])


def _merge(headers: Headers, chosen: dict[str, str]) -> Headers:
    """Return headers in which those that a rule chose replace others of the same name."""
    own = {name.lower().encode("ascii"): value.encode("ascii") for name, value in chosen.items()}
    return [*((name, value) for name, value in headers if name not in own), *own.items()]
