"""One function per operation of the control API; its name is the operationId."""

from collections.abc import Mapping

from mockserver.control.operations import (
    account,
    checkout_sessions,
    clock,
    faults,
    requests,
    server,
    snapshots,
    webhooks,
)
from mockserver.engine.operation import Handler
from mockserver.engine.registry import functions_of
from mockserver.openapi.contract import Contract

_MODULES = (account, checkout_sessions, clock, faults, requests, server, snapshots, webhooks)
HANDLERS: Mapping[str, Handler] = functions_of(*_MODULES)
"""All but ``get_openapi_document``, which needs the document."""


def handlers(control: Contract) -> Mapping[str, Handler]:
    """The handlers of all operations of the control API, whose own document this is."""
    return {**HANDLERS, "get_openapi_document": lambda _: control.document}
