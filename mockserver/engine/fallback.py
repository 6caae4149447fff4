"""Answers to what no operation serves: unknown paths, wrong methods, and errors from Connexion and Starlette."""

import logging

from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from mockserver.billing.api import auth, rate_limits
from mockserver.billing.api.rate_limits import Headers
from mockserver.compat import ConnexionRequest, ConnexionResponse, ProblemException
from mockserver.engine.errors import Unauthorized
from mockserver.engine.reply import JSON_HEADERS, encode, kept, send_json
from mockserver.engine.world import Exchange, World
from mockserver.openapi.contract import Contract

logger = logging.getLogger(__name__)

_API_PREFIX = "/api/"
_KEPT_CHARACTERS = 1_024


class Fallback:
    """Speaks the envelope where no compiled operation does."""

    def __init__(self, world: World, contracts: dict[str, Contract]) -> None:
        self._world = world
        self._contracts = contracts
        """By the prefix of their paths."""

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """The last ASGI app of the chain: nothing is here."""
        detail = f"No such path: {scope['path'][:200]}"
        self._remember(scope, 404, detail)
        await self.refuse(send, 404, detail)

    async def refuse(self, send: Send, status: int, detail: str) -> None:
        """Answer with an error."""
        await send_json(send, status, encode({"detail": detail}), self._headers())

    async def on_http_exception(
        self, request: ConnexionRequest, error: Exception
    ) -> ConnexionResponse:
        """Starlette's own errors: 405 above all, whose ``Allow`` must name every method of the path."""
        if not isinstance(error, HTTPException):
            raise error
        headers = self._headers()
        detail = str(error.detail)
        if error.status_code == 405:
            path = request.scope["path"]
            allowed = ", ".join(self._allowed(path)) or (error.headers or {}).get("Allow", "")
            headers.append((b"allow", allowed.encode()))
            detail = f"Method {request.method} is not allowed here. Allowed: {allowed}."
        self._remember(request.scope, error.status_code, detail)
        return _response(error.status_code, detail, headers)

    async def on_problem(self, _: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Connexion's own errors."""
        if not isinstance(error, ProblemException):
            raise error
        return _response(error.status, str(error.detail), self._headers())

    async def on_exception(self, request: ConnexionRequest, error: Exception) -> ConnexionResponse:
        """Anything else is a fault of the mock."""
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return _response(
            500, "The mock failed; its log says why. Please report it.", self._headers()
        )

    def _remember(self, scope: Scope, status: int, detail: str) -> None:
        """Keep what was asked of the Billing API and is no operation of it: a client's typing error, most often."""
        if not scope["path"].startswith(_API_PREFIX) or not self._world.exchanges.maxlen:
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
                kept(encode({"detail": detail})),
            )
        )

    def _account_id(self, scope: Scope) -> str | None:
        try:
            key = auth.check_key(dict(scope["headers"][::-1]).get(auth.HEADER))
        except Unauthorized:
            return None
        return self._world.tenant(key).account.id

    def _headers(self) -> Headers:
        return rate_limits.anonymous(self._world.clock.now()).headers

    def _allowed(self, path: str) -> list[str]:
        for prefix, contract in self._contracts.items():
            if path.startswith(prefix):
                return contract.allowed_methods(path.removeprefix(prefix))
        return []


def _response(status: int, detail: str, headers: Headers) -> ConnexionResponse:
    names = [(name.decode(), value.decode()) for name, value in [*JSON_HEADERS, *headers]]
    return ConnexionResponse(
        status_code=status, body=encode({"detail": detail}), headers=dict(names)
    )
