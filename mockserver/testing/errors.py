"""What a test is told when the mock cannot do what it asked for."""


class BillingMockError(Exception):
    """The mock refused a call, or is not there: one sentence that says why."""
