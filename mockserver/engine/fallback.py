"""Responses where no operation serves: unknown paths, wrong methods, errors of the framework."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Any

from starlette.types import Receive, Scope, Send

from mockserver.engine import mistakes
from mockserver.engine.asgi import request_of, send_reply
from mockserver.engine.behaviour import Service
from mockserver.engine.errors import Headers, Refusal, envelope
from mockserver.engine.mistakes import Paths
from mockserver.engine.reply import Reply, encode
from mockserver.engine.request import Request
from mockserver.engine.world import Exchange, World
from mockserver.json_bytes import kept
from mockserver.openapi.contract import Contract

_KEPT_CHARACTERS = 1_024
_BAD_PREFLIGHT = Refusal(
    400,
    "The preflight is refused: Origin, Access-Control-Request-Method or "
    "Access-Control-Request-Headers is too long or has characters that no name may have.",
)
_SHOWN_CHARACTERS = 200


class Fallback:
    """Sends errors in the shape of the served API."""

    def __init__(
        self,
        world: World[Any],
        service: Service,
        contract: Contract,
        others: Mapping[str, Callable[[], Contract]],
        is_recorded: Callable[[str], bool],
    ) -> None:
        """Take functions that return further contracts, by the prefix of their paths.

        ``is_recorded`` takes a path.
        """
        self._world = world
        self._service = service
        self._contract = contract
        self._others = others
        self._is_recorded = is_recorded
        self._paths = Paths(contract)

    def not_found(self, request: Request) -> Reply:
        """Return the 404 of an unknown path, with the path that the client probably means."""
        sentence = f"No such path: {request.path[:_SHOWN_CHARACTERS]}"
        nearest = self._nearest_path(request.path)
        if nearest is not None:
            sentence = f"{sentence}. Did you mean {nearest}?"
            unknown = mistakes.UNKNOWN_PATH.decode()
            mistakes.add(request.warnings, f"{unknown}: did you mean '{nearest}'?")
        return self._error(request, Refusal(404, sentence))

    def not_allowed(self, request: Request, allowed: str) -> Reply:
        """Return the 405 of a path that has other methods, or the response to OPTIONS."""
        if self._service.negotiates:
            allowed = f"{allowed}, OPTIONS"
            if request.method == "OPTIONS":
                return Reply(204, b"", [(b"allow", allowed.encode())], None)
        detail = f"Method {request.method} is not allowed here. Allowed: {allowed}."
        reply = self._error(request, Refusal(405, detail))
        reply.headers.append((b"allow", allowed.encode()))
        return reply

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send the 404 of an unknown path."""
        await send_reply(send, self.not_found(request_of(scope, self._world.clock)))

    def bad_preflight(self, request: Request) -> Reply:
        """Return the 400 of a preflight whose values cannot be echoed, and record it."""
        reply = self._own_reply(_BAD_PREFLIGHT)
        self._record(request, reply.status, reply.payload)
        return reply

    async def refuse_preflight(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send a 400 to a preflight whose values cannot be echoed."""
        await send_reply(send, self.bad_preflight(request_of(scope, self._world.clock)))

    async def refuse(self, send: Send, refusal: Refusal) -> None:
        """Send an error in the mock's own envelope."""
        await send_reply(send, Reply(refusal.status, encode(envelope(refusal)), self._headers()))

    def http_error(self, request: Request, status: int, detail: str, allow: str) -> Reply:
        """Return the response to an error of a framework, which knows the allowed methods."""
        if status == 404:
            return self.not_found(request)
        if status == 405:
            return self.not_allowed(request, ", ".join(self._allowed(request.path)) or allow)
        return self._error(request, Refusal(status, detail))

    def failure(self) -> Reply:
        """Return the 500 of an unexpected error, which the caller has logged."""
        refusal = Refusal(500, "The mock failed; its log says why. Please report it.")
        return self._own_reply(refusal)

    def _error(self, request: Request, refusal: Refusal) -> Reply:
        """Return the response to an error, and record it where the path is the API's."""
        if any(request.path.startswith(prefix) for prefix in self._others):
            reply = self._own_reply(refusal)
            reply.headers.extend(mistakes.headers_of(request.warnings, self._world.redactor))
            return reply
        response = self._service.error(refusal, None)
        if response is None:
            reply = self._own_reply(refusal)
        else:
            if response.unsaid and not request.warnings:
                mistakes.add(request.warnings, response.unsaid)
            reply = response.reply
            reply.headers = [*reply.headers, *self._headers()]
        reply.headers.extend(mistakes.headers_of(request.warnings, self._world.redactor))
        if self._is_recorded(request.path):
            self._record(request, reply.status, reply.payload)
        return reply

    def _own_reply(self, refusal: Refusal) -> Reply:
        """Return a refusal in the mock's own envelope."""
        return Reply(refusal.status, encode(envelope(refusal)), self._headers())

    def _record(self, request: Request, status: int, body: bytes) -> None:
        """Record a request that no operation serves: most often a client's typing error."""
        if not self._world.exchanges.maxlen:
            return
        self._world.record(
            Exchange(
                request.now,
                self._account_id(request),
                None,
                request.method,
                request.path[:_KEPT_CHARACTERS],
                request.query[:_KEPT_CHARACTERS].decode("latin-1"),
                status,
                b"",
                kept(body),
                warnings=tuple(request.warnings),
                number=self._world.recorded + 1,
                seconds=perf_counter() - request.began,
            )
        )

    def _account_id(self, request: Request) -> str | None:
        with suppress(Refusal):
            caller = self._service.identify(request, self._contract.any_scheme)
            caller.peek(request.now)
            return caller.account_id
        return None

    def _headers(self) -> Headers:
        return self._service.headers(None, self._world.clock.now())

    def _nearest_path(self, path: str) -> str | None:
        for prefix, contract in self._others.items():
            if path.startswith(prefix):
                return Paths(contract()).nearest(path)
        return self._paths.nearest(path)

    def _allowed(self, path: str) -> list[str]:
        for prefix, contract in self._others.items():
            if path.startswith(prefix):
                return contract().allowed_methods(path)
        return self._contract.allowed_methods(path)
