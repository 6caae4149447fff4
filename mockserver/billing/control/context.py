"""The context of changes that the control API makes."""

from mockserver.billing.api.call import Call
from mockserver.billing.context import Context


def as_mock(call: Call) -> Context:
    """Return the caller's context with the mock as the actor, for the audit log."""
    return call.context.at(call.context.now, "mock")
