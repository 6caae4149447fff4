"""Billing's operations of the control API. A function's name is its operationId."""

from collections.abc import Mapping

from mockserver.billing.control.operations import accounts, checkout_sessions, webhooks
from mockserver.engine.call import Handler
from mockserver.engine.registry import functions_of

HANDLERS: Mapping[str, Handler] = functions_of(accounts, checkout_sessions, webhooks)
