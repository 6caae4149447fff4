"""The exception of ``mockserver.testing``."""


class BillingMockError(Exception):
    """The mock refused a call or cannot be reached; the message says why in one line."""
