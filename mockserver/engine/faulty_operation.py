"""Injects faults into operations, which do not know of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress

from mockserver.clock import Clock
from mockserver.engine.behaviour import ErrorResponse
from mockserver.engine.errors import Headers, Refusal, envelope
from mockserver.engine.operation import CompiledOperation
from mockserver.engine.reply import Reply, encode
from mockserver.engine.request import Request
from mockserver.engine.responses import BrokenContract
from mockserver.faults.registry import FaultRegistry, Injection
from mockserver.faults.rule import Rule, phrase
from mockserver.openapi.security import OPEN

logger = logging.getLogger(__name__)

HEADER = b"x-mock-fault"


class FaultyOperation:
    """An operation that meets faults."""

    def __init__(self, operation: CompiledOperation, faults: FaultRegistry, clock: Clock) -> None:
        self._operation = operation
        self._faults = faults
        self._clock = clock
        self.body = operation.body

    def respond(self, request: Request) -> Reply | Awaitable[Reply]:
        """Return the response, or what to await where the request is delayed."""
        if not self._faults.active:
            return self._operation.respond(request)
        injection = self._faults.match(self._operation.id, self._key(request))
        if injection is None:
            return self._operation.respond(request)
        return self._inject(injection, request)

    def _key(self, request: Request) -> str:
        """Return the caller's key; empty if unauthenticated."""
        with suppress(Refusal):
            security = self._operation.security.optional
            return self._operation.service.identify(request, security).key
        return ""

    async def _inject(self, injection: Injection, request: Request) -> Reply:
        """Delay a request, then fail it, break its connection, or serve it."""
        request.fault = injection.names
        if injection.seconds:
            await asyncio.sleep(injection.seconds)
            request.now = self._clock.now()
        rule = injection.rule
        if rule is None:
            reply = await self._served(request)
        elif rule.status is not None:
            reply = self._fail(rule, rule.status, request)
        else:
            reply = await self._break(rule, request)
        reply.headers.append((HEADER, injection.names.encode("ascii")))
        return reply

    async def _served(self, request: Request) -> Reply:
        reply = self._operation.respond(request)
        return reply if isinstance(reply, Reply) else await reply

    def _fail(self, rule: Rule, status: int, request: Request) -> Reply:
        """Send an error instead of carrying out the operation. No rate-limit token is taken."""
        operation = self._operation
        operation.peek(request)
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
        headers = _merge([*shared, *extra, *operation.warnings(request)], rule.headers or {})
        return Reply(status, reply.payload, headers, reply.media_type)

    async def _break(self, rule: Rule, request: Request) -> Reply:
        """Break the connection before or after the operation is carried out."""
        operation = self._operation
        if not request.can_break:
            refusal = _cannot_break(request.fault or "")
            logger.error("%s: %s", operation.id, refusal.detail)
            body = encode(envelope(refusal))
            operation.record(request, refusal.status, body)
            return Reply(refusal.status, body, [])
        if rule.connection == "reset":
            operation.peek(request)
            operation.record(request, None, b"")
            return Reply(503, b"", [], delivery="reset")
        reply = await self._served(request)
        reply.delivery = "reset" if rule.connection == "answer_lost" else "half"
        return reply

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


def _cannot_break(names: str) -> Refusal:
    """Return the 500 for a fault that needs a server that can break connections."""
    return Refusal(
        500,
        f"The fault '{names}' breaks the connection, and this server cannot do that. "
        "Start the mock with 'mockserver serve'.",
    )
