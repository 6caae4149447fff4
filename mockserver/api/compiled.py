"""One operation, made ready at start-up: parameters, validators, security and handler.

Connexion reads the contract, resolves operations and routes to them; this stands in for its chain of security,
validation and response middlewares, which look everything up again on each request (250 us instead of 20).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from mockserver.api import auth, rate_limits
from mockserver.api.body import BodyReader, Disconnected, Json
from mockserver.api.errors import Refusal, Unprocessable, refusal_of
from mockserver.api.parameters import Parameters
from mockserver.api.rate_limits import Allowance, Headers
from mockserver.api.reply import encode, send_json
from mockserver.billing import money
from mockserver.billing.context import Context
from mockserver.billing.tiers import warning_of
from mockserver.contract import JSON, Contract, Operation
from mockserver.framework import AbstractOperation, RoutedAPI, RoutedMiddleware
from mockserver.schemas import Schema, Validator, compile_schema
from mockserver.storage.memory import Tenant
from mockserver.world import Exchange, World

logger = logging.getLogger(__name__)

_KEPT_BODY_BYTES = 4_096
_ORGANIZATION = "X-Organization-Id"


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


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Rules:
    """What all operations of one API share."""

    world: World
    contract: Contract
    handlers: Mapping[str, Handler]
    enforce_rate_limits: bool
    public_url: str
    counted: bool = True
    """Whether calls spend rate-limit tokens and are listed among the requests."""


class CompiledOperation:
    """An ASGI app that serves one operation of the contract."""

    def __init__(self, operation: Operation, rules: Rules) -> None:
        components = rules.contract.schemas
        self._rules = rules
        self._world = rules.world
        self._id = operation.operation_id
        self._handler = rules.handlers[operation.operation_id]
        self._is_write = operation.method not in ("get", "head")
        self._takes_key = bool(operation.security)
        self._needs_key = self._takes_key and {} not in operation.security
        self._parameters = Parameters(operation.parameters, components)
        self._takes_organization = any(each["name"] == _ORGANIZATION for each in operation.parameters)
        self._body = BodyReader(operation.request_body, components) if operation.request_body else None
        self._responses = {
            int(status): _validator_of(rules.contract.follow(response), components)
            for status, response in operation.node["responses"].items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, value)
        tenant: Tenant | None = None
        allowance: Allowance | None = None
        payload = b""
        extra: Headers = []
        try:
            key = self._check_key(headers)
            if key:
                tenant = self._world.tenant(key)
                allowance = self._spend(tenant)
            if self._body is not None:
                payload = await self._body.read(headers, receive)
                # The world may have been reset or restored meanwhile; from here on nothing else runs.
                tenant = self._world.tenant(key) if key else None
            status, answer = self._checked(200, self._answer(scope, headers, tenant, key, payload))
        except Disconnected:
            return
        except Exception as error:
            refusal = refusal_of(error) or self._fault(error)
            status, answer = self._checked(refusal.status, refusal.body)
            extra = refusal.headers
        extra = [*self._facts(tenant, allowance), *extra]
        if self._rules.counted:
            self._remember(scope, tenant, status, payload, answer)
        await send_json(send, status, answer, extra)

    def _check_key(self, headers: Mapping[bytes, bytes]) -> str:
        value = headers.get(auth.HEADER)
        if self._needs_key or (self._takes_key and value):
            return auth.check_key(value)
        return ""

    def _spend(self, tenant: Tenant) -> Allowance | None:
        if not self._rules.counted:
            return None
        now = self._world.clock.now()
        enough, allowance = rate_limits.spend(tenant, now, write=self._is_write)
        if not enough and (self._rules.enforce_rate_limits or tenant.requests_per_minute is not None):
            seconds = rate_limits.retry_after(allowance, now)
            raise _TooManyRequests(seconds, allowance)
        return allowance

    def _answer(
        self, scope: Scope, headers: Mapping[bytes, bytes], tenant: Tenant | None, key: str, payload: bytes
    ) -> Json:
        params, found = self._parameters.read(scope["path_params"], scope["query_string"], headers)
        body: Json = None
        if self._body is not None:
            body, more = self._body.parse(payload)
            found += more
        if found:
            raise Unprocessable(found)
        if self._takes_organization and params[_ORGANIZATION] is not None:
            tenant = self._world.organization(key, params[_ORGANIZATION])
        context = self._world.context(tenant) if tenant is not None else None
        base_url = base_url_of(headers, scope, self._rules.public_url)
        return self._handler(Call(self._world, context, key, params, body, base_url))  # type: ignore[arg-type]

    def _fault(self, error: Exception) -> Refusal:
        logger.error("%s failed", self._id, exc_info=error)
        return Refusal(500, f"The mock failed in {self._id}; its log says why. Please report it.")

    def _checked(self, status: int, body: Json) -> tuple[int, bytes]:
        """The answer, if the contract allows it; else a 500 that says where it does not."""
        validator = self._responses.get(status)
        if status == 500 or (validator is not None and validator.is_valid(body)):
            return status, encode(body)
        if validator is None:
            fault = f"status {status} is not documented"
        else:
            error = next(validator.iter_errors(body))
            place = "/".join(map(str, error.instance_path))
            fault = f"status {status} breaks the contract at /{place}: {error.message}"
        logger.error("%s: %s", self._id, fault)
        return 500, encode({"detail": f"The mock's own answer to {self._id} is wrong: {fault}. Please report it."})

    def _facts(self, tenant: Tenant | None, allowance: Allowance | None) -> Headers:
        if not self._rules.counted:
            return []
        if tenant is None:
            return rate_limits.anonymous(self._world.clock.now()).headers
        if allowance is None:
            return []
        balance = tenant.account.ledger.balance
        facts = allowance.headers
        facts.append((b"x-alterlab-balance", money.display(balance).encode()))
        warning = warning_of(balance)
        if warning is not None:
            facts.append((b"x-alterlab-balance-warning", warning.encode()))
        return facts

    def _remember(self, scope: Scope, tenant: Tenant | None, status: int, payload: bytes, answer: bytes) -> None:
        self._world.exchanges.append(
            Exchange(
                self._world.clock.now(),
                tenant.account.id if tenant else None,
                self._id,
                scope["method"],
                scope["path"],
                scope["query_string"].decode("latin-1"),
                status,
                payload[:_KEPT_BODY_BYTES],
                answer[:_KEPT_BODY_BYTES],
            )
        )


class _TooManyRequests(Refusal):
    def __init__(self, seconds: int, allowance: Allowance) -> None:
        super().__init__(
            429,
            f"Rate limit exceeded. Try again in {seconds} seconds.",
            [(b"retry-after", b"%d" % seconds), *allowance.headers],
        )


class CompiledAPI(RoutedAPI[CompiledOperation]):
    """All operations of one contract, compiled."""

    def __init__(self, *args: Any, rules: Rules, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rules = rules
        self.add_paths()

    def make_operation(self, operation: AbstractOperation) -> CompiledOperation:
        return CompiledOperation(self._rules.contract.operations[operation.operation_id], self._rules)


class CompiledMiddleware(RoutedMiddleware[CompiledAPI]):
    """Connexion's seam: it finds the operation that routing named, and calls it."""

    api_cls = CompiledAPI


def base_url_of(headers: Mapping[bytes, bytes], scope: Scope, public_url: str) -> str:
    """The address by which the caller reached this server."""
    host = headers.get(b"host", b"").decode("latin-1")
    return f"{scope['scheme']}://{host}" if _is_host(host) else public_url


def _is_host(host: str) -> bool:
    return (
        bool(host) and len(host) < 256 and all(each.isalnum() or each in ".-:[]_" for each in host) and host.isascii()
    )


def _validator_of(response: Schema, components: Schema) -> Validator:
    return compile_schema(response["content"][JSON]["schema"], components, closed=True)
