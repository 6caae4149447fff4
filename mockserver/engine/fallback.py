"""Responses where no operation serves: unknown paths, wrong methods, errors of the framework."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from mockserver.compat import (
    ConnexionMiddleware,
    ConnexionRequest,
    ConnexionResponse,
    ProblemException,
)
from mockserver.engine import mistakes
from mockserver.engine.behaviour import Service
from mockserver.engine.errors import Headers, Refusal, envelope
from mockserver.engine.mistakes import Paths
from mockserver.engine.reply import NO_STORE, Reply, encode, kept, send_response
from mockserver.engine.request import Request
from mockserver.engine.world import Exchange, World
from mockserver.openapi.contract import Contract

logger = logging.getLogger(__name__)

_KEPT_CHARACTERS = 1_024
_SHOWN_CHARACTERS = 200


class Fallback:
    """Sends errors in the shape of the served API."""

    def __init__(
        self,
        world: World[Any],
        service: Service,
        contract: Contract,
        others: Mapping[str, Contract],
        is_recorded: Callable[[str], bool],
    ) -> None:
        """Take further contracts by the prefix of their paths. ``is_recorded`` takes a path."""
        self._world = world
        self._service = service
        self._contract = contract
        self._others = others
        self._is_recorded = is_recorded
        self._paths = Paths(contract)
        self._other_paths = {prefix: Paths(other) for prefix, other in others.items()}

    def handle_errors_of(self, app: ConnexionMiddleware) -> None:
        """Handle all errors of Connexion's application."""
        app.add_error_handler(HTTPException, self.on_http_exception)
        app.add_error_handler(ProblemException, self.on_problem)
        app.add_error_handler(Exception, self.on_exception)

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Send the 404 of an unknown path, with the path that the client probably means."""
        path, headers = scope["path"], self._headers()
        sentence = f"No such path: {path[:_SHOWN_CHARACTERS]}"
        warnings: list[str] = []
        nearest = self._nearest_path(path)
        if nearest is not None:
            sentence = f"{sentence}. Did you mean {nearest}?"
            mistakes.add(warnings, f"{mistakes.UNKNOWN_PATH.decode()}: did you mean '{nearest}'?")
            headers += mistakes.headers_of(warnings, self._world.redactor)
        reply = self._error(scope, Refusal(404, sentence), warnings)
        await send_response(send, reply.status, reply.payload, headers, reply.media_type)

    async def refuse(self, send: Send, refusal: Refusal) -> None:
        """Send an error in the mock's own envelope."""
        await send_response(send, refusal.status, encode(envelope(refusal)), self._headers())

    async def on_http_exception(
        self, request: ConnexionRequest, error: Exception
    ) -> ConnexionResponse:
        """Return the response to Starlette's errors: a 405 names all methods of the path."""
        if not isinstance(error, HTTPException):
            raise error
        headers = self._headers()
        detail = str(error.detail)
        if error.status_code == 405:
            path = request.scope["path"]
            allowed = ", ".join(self._allowed(path)) or (error.headers or {}).get("Allow", "")
            headers.append((b"allow", allowed.encode()))
            detail = f"Method {request.method} is not allowed here. Allowed: {allowed}."
        reply = self._error(request.scope, Refusal(error.status_code, detail))
        return _response(reply, headers)

    async def on_problem(self, _: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Return the response to Connexion's errors."""
        if not isinstance(error, ProblemException):
            raise error
        return _response(_own_reply(Refusal(error.status, str(error.detail))), self._headers())

    async def on_exception(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Log any other error and return a 500."""
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        refusal = Refusal(500, "The mock failed; its log says why. Please report it.")
        return _response(_own_reply(refusal), self._headers())

    def _error(self, scope: Scope, refusal: Refusal, warnings: Sequence[str] = ()) -> Reply:
        """Return the response to an error, and record it where the path is the API's."""
        if any(scope["path"].startswith(prefix) for prefix in self._others):
            return _own_reply(refusal)
        response = self._service.error(refusal, None)
        reply = response.reply if response is not None else _own_reply(refusal)
        self._record(scope, reply.status, reply.payload, warnings)
        return reply

    def _record(self, scope: Scope, status: int, body: bytes, warnings: Sequence[str]) -> None:
        """Record a request that no operation serves: most often a client's typing error."""
        if not self._is_recorded(scope["path"]) or not self._world.exchanges.maxlen:
            return
        self._world.exchanges.append(
            Exchange(
                self._world.clock.now(),
                self._account_id(scope),
                None,
                scope["method"],
                scope["path"][:_KEPT_CHARACTERS],
                scope["query_string"][:_KEPT_CHARACTERS].decode("latin-1"),
                status,
                b"",
                kept(body),
                warnings=tuple(warnings),
            )
        )

    def _account_id(self, scope: Scope) -> str | None:
        now = self._world.clock.now()
        with suppress(Refusal):
            request = Request(scope, now)
            caller = self._service.identify(request, self._contract.any_scheme)
            caller.peek(now)
            return caller.account_id
        return None

    def _headers(self) -> Headers:
        return self._service.headers(None, self._world.clock.now())

    def _nearest_path(self, path: str) -> str | None:
        for prefix, paths in self._other_paths.items():
            if path.startswith(prefix):
                return paths.nearest(path)
        return self._paths.nearest(path)

    def _allowed(self, path: str) -> list[str]:
        for prefix, contract in self._others.items():
            if path.startswith(prefix):
                return contract.allowed_methods(path)
        return self._contract.allowed_methods(path)


def _own_reply(refusal: Refusal) -> Reply:
    """Return a refusal in the mock's own envelope."""
    return Reply(refusal.status, encode(envelope(refusal)), [])


def _response(reply: Reply, headers: Headers) -> ConnexionResponse:
    media_type = [(b"content-type", reply.media_type)] if reply.media_type is not None else []
    names = {name.decode(): value.decode() for name, value in [*media_type, NO_STORE, *headers]}
    return ConnexionResponse(status_code=reply.status, body=reply.payload, headers=names)
