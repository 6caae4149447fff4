"""One function per operation of the contract; its name is the operationId."""

from collections.abc import Mapping

from mockserver.api.compiled import Handler
from mockserver.api.operations import (
    account,
    auto_recharge,
    checkout,
    payment_methods,
    subscription,
    usage,
    usage_alerts,
    verification,
)
from mockserver.api.registry import functions_of

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
