"""Direct deliveries are callbacks of the contract: their payloads must satisfy it."""

from collections.abc import Callable
from typing import Any

from mockserver.openapi.contract import Contract

Check = Callable[[Any], str | None]
"""Takes a payload; returns how it violates the contract, None if it does not."""


def checker(contract: Contract) -> Check:
    """Return the check of a contract.

    A payload has to satisfy one of the documented callbacks. Their schemas are compiled on first
    use.
    """

    def check(payload: Any) -> str | None:
        problem = None
        for validator in contract.callback_validators:
            error = next(validator.iter_errors(payload), None)
            if error is None:
                return None
            where = "/".join(str(part) for part in error.instance_path)
            problem = problem or f"{where or 'the payload'}: {error.message}"
        return problem

    return check
