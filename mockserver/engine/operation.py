"""One operation, made ready at start-up: parameters, validators, security and handler.

Connexion reads the contract, resolves operations and routes to them; this stands in for its chain of security,
validation and response middlewares, which look everything up again on each request (250 us instead of 20).
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from inspect import iscoroutinefunction
from typing import Any

from starlette.types import Receive, Scope, Send

from mockserver.billing import money
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.api import auth, rate_limits
from mockserver.billing.api.rate_limits import Allowance, Headers
from mockserver.billing.context import Context
from mockserver.billing.tiers import warning_of
from mockserver.compat import AbstractOperation, RoutedAPI, RoutedMiddleware
from mockserver.engine import connection, preference
from mockserver.engine.body import BodyReader, Disconnected, Json
from mockserver.engine.errors import PreferenceRefused, Refusal, Unprocessable, refusal_of
from mockserver.engine.parameters import Parameters
from mockserver.engine.reply import JSON, Listing, Reply, encode, kept, send_json, send_other
from mockserver.engine.responses import BrokenContract, Responses
from mockserver.engine.samples import Samples
from mockserver.engine.world import Exchange, World
from mockserver.faults.registry import FaultRegistry, Injection
from mockserver.faults.rule import Rule
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract, Operation

logger = logging.getLogger(__name__)

_KEPT_BODY_BYTES = 1_024
_ORGANIZATION = "X-Organization-Id"
_HOST = re.compile(rb"[A-Za-z0-9_.:\[\]-]{1,255}")


@dataclass(slots=True)
class Call:
    """What a handler is given: the account's context, and the request, already checked against the contract."""

    world: World
    context: Context
    key: str
    params: Mapping[str, Any]
    body: Json
    base_url: str
    """Where this server is, as the caller sees it: for URLs in answers."""


Handler = Callable[[Call], Json | Listing | Awaitable[Json]]
"""One that waits for something is the exception: what it has seen of the world before may have changed after."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What all operations of one API share."""

    world: World
    contract: Contract
    handlers: Mapping[str, Handler]
    enforce_rate_limits: bool
    public_url: str
    generator: Generator
    counted: bool = True
    """Whether calls spend rate-limit tokens, are listed among the requests, and may prefer a documented answer."""
    ready: dict[tuple[str, str], CompiledOperation] = field(default_factory=dict)
    """The operations whose paths have no parameters, by method and path, as Connexion registers them."""


class CompiledOperation:
    """An ASGI app that serves one operation of the contract."""

    def __init__(self, operation: Operation, rules: Rules) -> None:
        self._rules = rules
        self._world = rules.world
        self._id = operation.operation_id
        self._operation = operation
        self._handler = rules.handlers.get(operation.operation_id)
        self._waits = iscoroutinefunction(self._handler)
        self._success = operation.success
        self._is_write = operation.method not in ("get", "head")
        self._takes_key = bool(operation.security)
        self._needs_key = self._takes_key and {} not in operation.security
        self._parameters = Parameters(operation.parameters, rules.contract)
        self._takes_organization = any(
            each["name"] == _ORGANIZATION for each in operation.parameters
        )
        self._body = (
            BodyReader(operation.request_body, rules.contract) if operation.request_body else None
        )
        self._responses = Responses(operation, rules.contract)
        self._samples = Samples(operation, rules.contract, rules.generator)
        self._faults = rules.world.faults if rules.counted else FaultRegistry()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _Request(scope, self._world.clock.now())
        if self._faults.active:
            await self._risk(request, receive, send)
        else:
            await self._serve(request, receive, send)

    async def _serve(self, request: _Request, receive: Receive, send: Send) -> None:
        try:
            reply = await self._prefer(request) if self._may_prefer(request) else None
            if reply is None:
                await self._admit(request, receive)
                call = self._call(request)
                # A coroutine more would cost every request as much as looking up its account.
                reply = await self._wait_for(call) if self._waits else self._reply(request, call)
        except Disconnected:
            return
        except Exception as error:
            reply = self._refuse(refusal_of(error) or self._fault(error))
        headers = self._facts(request)
        headers += reply.headers
        headers += request.marks
        if self._rules.counted and self._world.exchanges.maxlen:
            self._remember(request, reply.status, reply.payload)
        if reply.media_type is JSON:
            await send_json(send, reply.status, reply.payload, headers)
        else:
            await send_other(send, reply, headers)

    def _reply(self, request: _Request, call: Call) -> Reply:
        """What the operation's function answers; where nobody has written it yet, a documented answer."""
        if self._handler is None:
            request.marks.append((b"x-mock-source", b"schema"))
            return self._samples.success(
                (request.scope["path"], request.scope["query_string"], request.payload)
            )
        answer: Any = self._handler(call)
        if call.context is not None and call.context.account.events:
            self._world.publish(call.context.account)
        return Reply(self._success, self._responses.encode(self._success, answer), [])

    async def _wait_for(self, call: Call) -> Reply:
        """The answer of a function that waits for something."""
        handler: Any = self._handler
        return Reply(self._success, self._responses.encode(self._success, await handler(call)), [])

    def _may_prefer(self, request: _Request) -> bool:
        return preference.HEADER in request.headers and self._rules.counted

    async def _prefer(self, request: _Request) -> Reply | None:
        """The documented answer that the caller would like to see, from no account at all; None to go on as usual."""
        preferred = preference.read(request.scope["headers"])
        if preferred.delay_ms:
            await asyncio.sleep(preferred.delay_ms / 1_000)
            request.now = self._world.clock.now()
        sample = None
        if preferred.wants_sample:
            if auth.HEADER in request.headers:
                auth.check_key(request.headers[auth.HEADER])
            sample = self._samples.preferred(
                preferred, (request.scope["path"], request.scope["query_string"])
            )
        if preferred.applied:
            request.marks.append((b"preference-applied", preferred.applied.encode("latin-1")))
        return sample

    async def _admit(self, request: _Request, receive: Receive) -> None:
        """Find out who calls, read the body, open the account and take the tokens."""
        value = request.headers.get(auth.HEADER)
        if self._needs_key or (self._takes_key and value):
            request.key = auth.check_key(value)
        refused: Refusal | None = None
        if self._body is not None:
            try:
                request.payload = await self._body.read(request.headers, receive)
            except Refusal as refusal:
                refused = refusal
            request.now = self._world.clock.now()
        # From here to the answer nothing else runs: what is seen of the world now holds.
        if request.key:
            request.tenant = self._world.tenant(request.key)
            if self._rules.counted:
                self._spend(request, request.tenant)
        if refused is not None:
            raise refused

    def _spend(self, request: _Request, tenant: Tenant) -> None:
        """Take the request's tokens. Raises Refusal when there are too few and this account's limit is enforced."""
        enough, request.allowance = rate_limits.spend(tenant, request.now, write=self._is_write)
        if not enough and (
            self._rules.enforce_rate_limits or tenant.requests_per_minute is not None
        ):
            seconds = rate_limits.retry_after(request.allowance, request.now)
            sentence = f"Rate limit exceeded. Try again in {seconds} seconds."
            raise Refusal(429, sentence, [(b"retry-after", b"%d" % seconds)])

    def _call(self, request: _Request) -> Call:
        """The request as a handler is given it. Raises Unprocessable on everything that the contract has against it."""
        scope, tenant = request.scope, request.tenant
        params, found = self._parameters.read(
            scope.get("path_params", {}), scope["query_string"], request.headers
        )
        body: Json = None
        if self._body is not None:
            body, more = self._body.parse(request.payload)
            found += more
        if found:
            raise Unprocessable(found)
        if self._takes_organization and params[_ORGANIZATION] is not None:
            tenant = self._world.organization(request.key, params[_ORGANIZATION])
        context = self._world.context(tenant, now=request.now) if tenant is not None else None
        base_url = base_url_of(
            request.headers.get(b"host", b""), scope["scheme"], self._rules.public_url
        )
        return Call(self._world, context, request.key, params, body, base_url)  # type: ignore[arg-type]

    async def _risk(self, request: _Request, receive: Receive, send: Send) -> None:
        """Serve a request that may fall under a rule for faults."""
        if self._body is not None:
            arrived = await connection.arrived(receive, self._body.max_bytes)
            if arrived is None:
                return
            receive = arrived
        injection = self._faults.match(self._id, auth.known_key(request.headers.get(auth.HEADER)))
        if injection is None:
            await self._serve(request, receive, send)
        else:
            await self._suffer(injection, request, receive, send)

    async def _suffer(
        self, injection: Injection, request: _Request, receive: Receive, send: Send
    ) -> None:
        """What happens to a request that a fault has hit. While it is held up the world goes on."""
        request.fault = injection.names
        if injection.seconds:
            await asyncio.sleep(injection.seconds)
            request.now = self._world.clock.now()
        send = connection.marked(send, injection.names)
        if injection.rule is None:
            await self._serve(request, receive, send)
        elif injection.rule.status is not None:
            await self._fail(injection.rule, injection.rule.status, request, receive, send)
        else:
            await self._break(injection.rule, request, receive, send)

    async def _fail(
        self, rule: Rule, status: int, request: _Request, receive: Receive, send: Send
    ) -> None:
        """Answer with an error in the operation's stead: nothing is carried out, and no token taken."""
        await self._look(request, receive)
        extra: Headers = []
        seconds, sentence = rule.retry_after_seconds, None
        if status == 429:
            allowance = request.allowance or rate_limits.anonymous(request.now)
            if seconds is None:
                seconds = rate_limits.retry_after(allowance, request.now)
            reset = int(request.now.timestamp()) + seconds
            request.allowance = allowance._replace(remaining=0, reset=reset)
            sentence = f"Rate limit exceeded. Try again in {seconds} seconds."
        if seconds is not None:
            extra = [(b"retry-after", b"%d" % seconds)]
        on = "body" if self._body is not None else "query"
        answer = connection.error_body(rule, status, self._responses, on=on, default=sentence)
        headers = connection.merged([*self._facts(request), *extra], rule.headers or {})
        self._remember(request, status, answer)
        await send_json(send, status, answer, headers)

    async def _break(self, rule: Rule, request: _Request, receive: Receive, send: Send) -> None:
        """Break the connection: before the operation is carried out, or after."""
        transport = connection.transport_of(request.scope)
        if transport is None:
            refusal = connection.no_transport(request.fault or "")
            logger.error("%s: %s", self._id, refusal.detail)
            self._remember(request, refusal.status, encode(refusal.body))
            await send_json(send, refusal.status, encode(refusal.body), [])
        elif rule.connection == "reset":
            await self._look(request, receive)
            self._remember(request, None, b"")
            await send_json(connection.unheard(send, transport), 503, b"", [])
        elif rule.connection == "answer_lost":
            await self._serve(request, receive, connection.unheard(send, transport))
        else:
            await self._serve(request, receive, connection.truncated(send, transport))

    async def _look(self, request: _Request, receive: Receive) -> None:
        """Find out who calls and what they sent, and change nothing."""
        if self._body is not None:
            with suppress(Refusal):
                request.payload = await self._body.read(request.headers, receive)
        request.key = auth.known_key(request.headers.get(auth.HEADER))
        if request.key:
            request.tenant = self._world.tenant(request.key)
            request.allowance = rate_limits.look(request.tenant, request.now)

    def _fault(self, error: Exception) -> Refusal:
        """An error that nobody raised on purpose: the mock is wrong, and says so loudly."""
        if isinstance(error, BrokenContract):
            logger.error("%s: %s", self._id, error)
            return Refusal(
                500, f"The mock's own answer to {self._id} is wrong: {error}. Please report it."
            )
        logger.error("%s failed", self._id, exc_info=error)
        return Refusal(500, f"The mock failed in {self._id}; its log says why. Please report it.")

    def _refuse(self, refusal: Refusal) -> Reply:
        """A refusal as it is sent: a 500 instead, if the contract does not know it."""
        if self._is_outside(refusal):
            return Reply(refusal.status, encode(refusal.body), refusal.headers)
        try:
            return Reply(
                refusal.status,
                self._responses.encode(refusal.status, refusal.body),
                refusal.headers,
            )
        except BrokenContract as error:
            return self._refuse(self._fault(error))

    def _is_outside(self, refusal: Refusal) -> bool:
        """Whether the contract has no say: the mock's own faults and preferences, and refusals that it does not foresee
        for an operation that nobody has written yet."""
        is_unforeseen = self._handler is None and self._operation.response(refusal.status) is None
        return refusal.status == 500 or isinstance(refusal, PreferenceRefused) or is_unforeseen

    def _facts(self, request: _Request) -> Headers:
        """The headers that say how the caller stands: rate limit and balance."""
        if not self._rules.counted:
            return []
        allowance = request.allowance or rate_limits.anonymous(request.now)
        if request.tenant is None:
            return allowance.headers
        balance = request.tenant.account.ledger.balance
        facts = allowance.headers
        facts.append((b"x-alterlab-balance", money.display(balance).encode()))
        warning = warning_of(balance)
        if warning is not None:
            facts.append((b"x-alterlab-balance-warning", warning.encode()))
        return facts

    def _remember(self, request: _Request, status: int | None, answer: bytes) -> None:
        scope, tenant = request.scope, request.tenant
        self._world.exchanges.append(
            Exchange(
                request.now,
                tenant.account.id if tenant else None,
                self._id,
                scope["method"],
                scope["path"],
                scope["query_string"].decode("latin-1"),
                status,
                request.payload[:_KEPT_BODY_BYTES],
                kept(answer, _KEPT_BODY_BYTES),
                request.fault,
            )
        )


class _Request:
    """A request on its way through an operation, and what has been found out about it."""

    __slots__ = (
        "allowance",
        "fault",
        "headers",
        "key",
        "marks",
        "now",
        "payload",
        "scope",
        "tenant",
    )

    def __init__(self, scope: Scope, now: datetime) -> None:
        self.scope = scope
        self.now = now
        # Of a header that is repeated, the first counts, as in FastAPI.
        self.headers: dict[bytes, bytes] = dict(scope["headers"][::-1])
        self.key = ""
        self.tenant: Tenant | None = None
        self.allowance: Allowance | None = None
        self.payload = b""
        self.marks: Headers = []
        """Headers that say how this answer came about."""
        self.fault: str | None = None


class CompiledAPI(RoutedAPI[CompiledOperation]):
    """All operations of one contract, compiled."""

    def __init__(self, *args: Any, rules: Rules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rules = rules
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> CompiledOperation:
        compiled = CompiledOperation(
            self._rules.contract.operations[operation.operation_id], self._rules
        )
        if "{" not in operation.path:
            self._rules.ready[operation.method.upper(), self.base_path + operation.path] = compiled
        return compiled


class CompiledMiddleware(RoutedMiddleware[CompiledAPI]):
    """Connexion's seam: it finds the operation that routing named, and calls it."""

    api_cls = CompiledAPI


@lru_cache(maxsize=64)
def base_url_of(host: bytes, scheme: str, public_url: str) -> str:
    """The address by which the caller reached this server; ``public_url`` if the Host header names none."""
    return f"{scheme}://{host.decode()}" if _HOST.fullmatch(host) else public_url
