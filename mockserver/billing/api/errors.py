"""The HTTP statuses of the errors of billing.

The error body is FastAPI's, as first-party clients read it (observed).
"""

from mockserver.billing import errors
from mockserver.engine.errors import Refusal

_STATUS: dict[type[errors.BillingError], int] = {
    errors.InvalidRequest: 400,
    errors.PaymentRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
}


def refusal_of(error: Exception) -> Refusal | None:
    """Return the response to an error of billing or a refusal; None for any other error."""
    if isinstance(error, Refusal):
        return error
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return Refusal(_STATUS[kind], str(error))
    return None
