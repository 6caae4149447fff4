"""The general operations of the control API. The name of a function is its operationId."""

from collections.abc import Mapping

from mockserver.control.operations import (
    accounts,
    clock,
    due,
    faults,
    requests,
    server,
    snapshots,
    state,
    webhooks,
)
from mockserver.engine.call import Handler
from mockserver.engine.registry import functions_of

HANDLERS: Mapping[str, Handler] = functions_of(
    accounts, clock, due, faults, requests, server, snapshots, state, webhooks
)
"""All but ``get_openapi_document``, which needs the document."""
