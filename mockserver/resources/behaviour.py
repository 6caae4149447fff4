"""Serves any document: callers by its security schemes, errors in its shapes, inferred state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mockserver import packaged
from mockserver.engine import mistakes
from mockserver.engine.behaviour import About, Beside, ControlPart, ErrorResponse
from mockserver.engine.call import Handler
from mockserver.engine.caller import Caller
from mockserver.engine.errors import Headers, Refusal, Unauthorized
from mockserver.engine.redaction import USUAL_SECRETS, Redactor
from mockserver.engine.reply import header_value
from mockserver.engine.request import Request
from mockserver.engine.responses import NoResponse
from mockserver.engine.state import State
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.security import Security
from mockserver.resources.accounts import Accounts
from mockserver.resources.callers import AccountCaller, AnyCaller
from mockserver.resources.compiled import Compiled, Options
from mockserver.resources.errors import ErrorBodies, server_error
from mockserver.resources.inference import infer
from mockserver.resources.main_scheme import MainScheme
from mockserver.resources.operations import handlers_of
from mockserver.resources.state import NoState

NO_HANDLERS: Mapping[str, Handler] = {}
_CREDENTIAL = "mock"
"""The credential in the interactive docs' forms. Any other is accepted too."""


class Resources:
    """The default behaviour, derived from the document alone."""

    negotiates = True
    """Responses are in the media type that ``Accept`` selects, and OPTIONS is served."""

    def __init__(
        self,
        contract: Contract,
        state: Accounts | NoState,
        generator: Generator,
        handlers: Mapping[str, Handler] = NO_HANDLERS,
    ) -> None:
        self.handlers = handlers
        self.state: State = state
        self._accounts = state if isinstance(state, Accounts) else None
        self.control = ControlPart()
        self.beside = Beside(
            panels=packaged.resources_panels() if self._accounts is not None else ()
        )
        title = contract.document["info"]["title"]
        self.about = About(f"Mock of {title}", credentials=_credentials(contract))
        self._errors = ErrorBodies(contract, generator)
        self._any_scheme = contract.any_scheme
        self._main = MainScheme(contract)

    def identify(self, request: Request, security: Security) -> AnyCaller:
        """Return the caller that the credentials name. Raises Unauthorized."""
        key = security.credentials(request.headers, request.query)
        if self._accounts is not None and not self._any_scheme.is_used:
            # Without security schemes, all callers share one account.
            return AccountCaller("", accounts=self._accounts)
        if key is not None:
            if self._accounts is None:
                return AnyCaller(key)
            kind = self._main.kind(request, security)
            key = self._account_key(request, key)
            return AccountCaller(key, accounts=self._accounts, kind=kind)
        mistakes.warn_of_credentials(request.warnings, request.headers, security)
        challenge = header_value(security.challenge or "")
        headers = [(b"www-authenticate", challenge)] if challenge else []
        raise Unauthorized("Credentials are missing or have the wrong form.", headers)

    def _account_key(self, request: Request, key: str) -> str:
        """Return the credentials by any scheme of the document.

        Operations may require different schemes, and some none: the account is the same.
        """
        return self._any_scheme.credentials(request.headers, request.query) or key

    def headers(self, caller: Caller | None, now: datetime) -> Headers:  # noqa: ARG002 (no headers)
        """Return no headers."""
        return []

    def made_up(self, *_: Any) -> Any:
        """Return None: nothing is known of another document but its schemas."""
        return None

    def error(self, error: Exception, operation: Operation | None) -> ErrorResponse | None:
        """Return a refusal in the document's own shape; None for any other error.

        Where no response is possible, that is a documented server error, or a 501.
        """
        if isinstance(error, NoResponse):
            error = Refusal(server_error(operation), f"The document is wrong: {error}")
        return self._errors.response(error, operation) if isinstance(error, Refusal) else None


def resources_state(
    contract: Contract, seed: int, max_accounts: int, *, stateless: bool
) -> Accounts | NoState:
    """Return the state of a mock of a document."""
    title = str(contract.document["info"]["title"])
    return NoState() if stateless else Accounts(seed, title, max_accounts)


def resources_of(
    contract: Contract, state: Accounts | NoState, generator: Generator, options: Options
) -> Resources:
    """Return the behaviour of a document, with the operations that state is inferred for.

    Raises FileError if the user's handlers cannot be used.
    """
    if isinstance(state, NoState):
        return Resources(contract, state, generator)
    compiled = Compiled(contract, infer(contract), generator, options)
    handlers: dict[str, Handler] = {**handlers_of(compiled)}
    if options.handlers is not None:
        from mockserver.resources import handlers_file

        handlers |= handlers_file.load(options.handlers, compiled)
    return Resources(contract, state, generator, handlers)


def redactor_of(contract: Contract) -> Redactor:
    """Return a redactor that also hides API keys in query parameters."""
    names = {
        str(scheme.get("name"))
        for scheme in contract.security_schemes.values()
        if (scheme.get("type"), scheme.get("in")) == ("apiKey", "query")
    }
    return Redactor(USUAL_SECRETS | names)


def _credentials(contract: Contract) -> dict[str, str]:
    """Return credentials that the mock accepts, for the reference page."""
    return {
        name: _CREDENTIAL
        for name, scheme in contract.security_schemes.items()
        if scheme.get("type") == "apiKey" or str(scheme.get("scheme", "")).lower() == "bearer"
    }
