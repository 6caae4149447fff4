"""The payload of a usage alert held against the contract, before it is sent."""

from collections.abc import Callable
from functools import cache
from typing import Any

from mockserver.openapi.schemas import Validator


def checker(load: Callable[[], Validator | None]) -> Callable[[Any], str | None]:
    """Tells what is wrong with a payload; None if nothing is. The schema is compiled when the first alert goes out."""
    validator = cache(load)

    def check(payload: Any) -> str | None:
        schema = validator()
        for error in schema.iter_errors(payload) if schema is not None else ():
            where = "/".join(str(part) for part in error.instance_path)
            return f"{where or 'the payload'}: {error.message}"
        return None

    return check
