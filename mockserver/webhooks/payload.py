"""Validation of a direct delivery's payload against the contract, before it is sent."""

from collections.abc import Callable
from functools import cache
from typing import Any

from mockserver.schemas import Validator

Check = Callable[[Any], str | None]
"""Returns why a payload does not match the contract; None if it does."""


def checker(load: Callable[[], Validator | None]) -> Check:
    """Return a check against the schema that ``load`` returns; with None, every payload passes.

    The schema is loaded and compiled when the first payload is checked.
    """
    validator = cache(load)

    def check(payload: Any) -> str | None:
        schema = validator()
        for error in schema.iter_errors(payload) if schema is not None else ():
            where = "/".join(str(part) for part in error.instance_path)
            return f"{where or 'the payload'}: {error.message}"
        return None

    return check
