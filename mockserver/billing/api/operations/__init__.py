"""One function per operation of the contract; its name is the operationId."""

from collections.abc import Mapping

from mockserver.billing.api.operations import (
    account,
    auto_recharge,
    checkout,
    payment_methods,
    subscription,
    usage,
    usage_alerts,
    verification,
)
from mockserver.engine.call import Handler
from mockserver.engine.registry import functions_of

HANDLERS: Mapping[str, Handler] = functions_of(
    account,
    auto_recharge,
    checkout,
    payment_methods,
    subscription,
    usage,
    usage_alerts,
    verification,
)

BASE_PATH = "/api/v1/billing/"
"""The beginning of all paths of the Billing API."""
