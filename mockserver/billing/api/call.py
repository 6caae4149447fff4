"""The argument of every handler of the Billing API."""

from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.context import Context
from mockserver.engine.call import Call as EngineCall

Call = EngineCall[Context, Accounts]
"""A checked request with the context of the caller's account."""
